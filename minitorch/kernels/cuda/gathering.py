"""Reading and adding at indices along one dimension; the order of additions is that of the indices, always."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty, on_device
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.elementwise import contiguous_clone
from minitorch.kernels.cuda.positions import elements_at, part, read_at, with_dims, write_at

__all__ = ["gather", "gather_backward", "scatter_add"]


def gather(a: DeviceArray, dim: int, indices: DeviceArray | np.ndarray) -> DeviceArray:
    """Along one dimension, the elements at those indices; along the others the indices may be fewer."""
    indices = on_device(indices)
    out = empty(indices.shape, a.dtype)
    if out.size:
        a = with_dims(a)
        read_at(a, elements_at(a, dim, with_dims(indices)), with_dims(out))
    return out


def gather_backward(
    grad: DeviceArray, indices: DeviceArray | np.ndarray, shape: tuple[int, ...], dim: int
) -> DeviceArray:
    """Zeros, with the values added at those indices of one dimension."""
    return _added(zeros(shape, grad), dim, indices, grad)


def scatter_add(a: DeviceArray, dim: int, indices: DeviceArray | np.ndarray, src: DeviceArray) -> DeviceArray:
    """A copy with values added at those indices of one dimension; along the others the indices may be fewer."""
    return _added(contiguous_clone(a), dim, indices, src)


def _added(whole: DeviceArray, dim: int, indices: DeviceArray | np.ndarray, values: DeviceArray) -> DeviceArray:
    """Adds values at indices of one dimension of an array; returns it."""
    indices = on_device(indices)
    if indices.size:
        indices = with_dims(indices)
        write_at(whole, elements_at(with_dims(whole), dim, indices), part(values, indices.shape), formulas.add)
    return whole
