"""Reading and adding at indices along one dimension; the order of additions is that of the indices, always."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty, on_device
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.elementwise import add, contiguous_clone, ne, neg, write_over
from minitorch.kernels.cuda.lifting import cast
from minitorch.kernels.cuda.positions import elements_at, part, read_at, with_dims, write_at
from minitorch.kernels.cuda.rearranging import flip
from minitorch.kernels.cuda.reduction import argmax
from minitorch.kernels.cuda.shape import slice

__all__ = ["gather", "gather_backward", "scatter_add", "write_changes"]


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


def write_changes(target: DeviceArray, new: DeviceArray) -> None:
    """Writes what differs over ``target``, some of whose elements lie at one place; the last of them stays there."""
    changed = cast(ne(new, target), np.int32)
    for d, (size, step) in reversed([*enumerate(zip(target.shape, target.steps, strict=True))]):
        if size > 1 and not step:
            last = add(neg(argmax(flip(changed, (d,)), d, True)), size - 1)
            new, changed, target = gather(new, d, last), gather(changed, d, last), slice(target, d, 0, 1, 1)
    write_over(target, new)
