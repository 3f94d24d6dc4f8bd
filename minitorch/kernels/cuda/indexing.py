"""Reading and writing at positions that arrays name, for leading dimensions. Masks are positions too: those where they hold."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty, on_device
from minitorch.kernels.cuda.compaction import nonzero
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.elementwise import contiguous_clone
from minitorch.kernels.cuda.lifting import BOOL, broadcast_strides
from minitorch.kernels.cuda.positions import Positions, latest, read_at, slices_at, write_at
from minitorch.kernels.cuda.shape import expand, permute, unbind
from minitorch.kernels.lookup import first_dimension, memory_order

__all__ = ["index", "index_backward", "index_put"]

Indices = tuple[DeviceArray | np.ndarray | None, ...]  # one for each leading dimension; None takes the whole dimension


def index(a: DeviceArray, *indices: DeviceArray | np.ndarray | None) -> DeviceArray:
    """The elements at those positions, laid out as torch does it."""
    lookups = _by_dimension(indices)
    at = slices_at(a, lookups)
    shape, dims = _layout(at, lookups)
    order = None
    if not (a.contiguous and all(each.contiguous for each in lookups.values())):
        read = [broadcast_strides(each, at.places.shape) for each in lookups.values()]
        order = memory_order(a.shape, a.steps, [*lookups], at.places.shape, read)
    out = empty(shape, a.dtype, order)
    read_at(a, at, permute(out, dims))
    return out


def index_backward(grad: DeviceArray, *indices: DeviceArray | np.ndarray | None, shape: tuple[int, ...]) -> DeviceArray:
    """Zeros, but for the gradient at those positions, summed up where a position occurs more than once."""
    return index_put(zeros(shape, grad), indices, grad, accumulate=True, over=True)


def index_put(
    a: DeviceArray, indices: Indices, values: DeviceArray | float, accumulate: bool = False, over: bool = False
) -> DeviceArray:
    """A copy (or, with ``over``, the array itself) with other values at those positions, or with the values added to them."""
    changed = a if over else contiguous_clone(a)
    lookups = _by_dimension(indices)
    at = slices_at(changed, lookups)
    if isinstance(values, DeviceArray):
        shape, dims = _layout(at, lookups)
        values = permute(expand(values, shape), dims)
    write_at(changed, at, values, formulas.add if accumulate else latest)
    return changed


def _by_dimension(indices: Indices) -> dict[int, DeviceArray]:
    """The index of each dimension that has one. A mask is one for each of the dimensions that it covers."""
    found: dict[int, DeviceArray] = {}
    dim = 0
    for each in indices:
        if each is None:
            dim += 1
            continue
        array = on_device(each)
        for part in unbind(nonzero(array), 1) if array.dtype == BOOL else (array,):
            found[dim] = part
            dim += 1
    return found


def _layout(at: Positions, lookups: dict[int, DeviceArray]) -> tuple[tuple[int, ...], list[int]]:
    """The shape of what is read, and where in it the dimensions of the indices are and then those of the slices."""
    first, extra = first_dimension([*lookups]), at.places.ndim
    dims = [*range(first, first + extra), *range(first), *range(first + extra, extra + len(at.shape))]
    return tuple(at.whole_shape[dims.index(d)] for d in range(len(dims))), dims
