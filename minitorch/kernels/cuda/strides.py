"""Views that only strides can express, parts in a row, and what undoes them. As on the CPU, arguments always fit the array."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minitorch.dtypes import BFLOAT16
from minitorch.kernels.cpu.creation import memory_dtype
from minitorch.kernels.cuda.array import BFloat16Array, DeviceArray
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.elementwise import contiguous_clone, write_over
from minitorch.kernels.cuda.lines import added, terms_of
from minitorch.kernels.cuda.placement import storage
from minitorch.kernels.cuda.reduction import sum
from minitorch.kernels.cuda.shape import permute, reshape, slice
from minitorch.kernels.halves import in_float32

__all__ = [
    "as_strided", "as_strided_scatter", "diagonal", "diagonal_backward", "read_region", "split", "unfold", "unfold_backward",
    "view_dtype", "write_region",
]  # fmt: skip

Region = Callable[[DeviceArray], DeviceArray]


def as_strided(a: DeviceArray, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int) -> DeviceArray:
    """The elements of ``a``'s storage that lie ``stride`` apart, from ``storage_offset`` on."""
    return DeviceArray(a.memory, a.dtype, tuple(size), tuple(stride), storage_offset)


def as_strided_scatter(
    a: DeviceArray, src: DeviceArray, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int
) -> DeviceArray:
    """``a`` in a copy of its storage, in which ``src`` is where ``as_strided`` shows elements."""
    copied = contiguous_clone(storage(a))
    write_over(as_strided(copied, size, stride, storage_offset), src)
    return as_strided(copied, a.shape, a.steps, a.offset)


def diagonal(a: DeviceArray, offset: int, dim1: int, dim2: int) -> DeviceArray:
    """The elements whose indices in two dimensions differ by ``offset``, as a last dimension."""
    down, right = max(-offset, 0), max(offset, 0)
    count = max(min(a.shape[dim1] - down, a.shape[dim2] - right), 0)
    kept = [d for d in range(a.ndim) if d not in (dim1, dim2)]
    first = down * a.steps[dim1] + right * a.steps[dim2] if count else 0
    shape = [*[a.shape[d] for d in kept], count]
    return a.seen(shape, [*[a.steps[d] for d in kept], a.steps[dim1] + a.steps[dim2]], first)


def diagonal_backward(grad: DeviceArray, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> DeviceArray:
    """Zeros, but for the gradient on that diagonal."""
    whole = zeros(shape, grad)
    write_over(diagonal(whole, offset, dim1, dim2), grad)
    return whole


def split(a: DeviceArray, sizes: Sequence[int], dim: int) -> tuple[DeviceArray, ...]:
    """Pieces of these sizes, one after another along a dimension."""
    pieces, start = [], 0
    for size in sizes:
        pieces.append(slice(a, dim, start, start + size, 1))
        start += size
    return tuple(pieces)


def unfold(a: DeviceArray, dim: int, size: int, step: int) -> DeviceArray:
    """Windows of ``size`` elements along a dimension, ``step`` apart; their elements are a new last dimension."""
    if not a.ndim:
        return a.seen((size,), (1,))
    count = (a.shape[dim] - size) // step + 1
    shape = (*a.shape[:dim], count, *a.shape[dim + 1 :], size)
    return a.seen(shape, (*a.steps[:dim], a.steps[dim] * step, *a.steps[dim + 1 :], a.steps[dim]))


@in_float32
def unfold_backward(grad: DeviceArray, shape: tuple[int, ...], dim: int, size: int, step: int) -> DeviceArray:
    """The gradients of all windows, added up where the windows lie."""
    if not shape:
        return sum(grad, None, False)
    count, last = grad.shape[dim], grad.ndim - 1
    by_window = permute(grad, (*range(dim + 1), last, *range(dim + 1, last)))
    places = (np.arange(count)[:, None] * step + np.arange(size)).reshape(-1)
    elements = reshape(by_window, (*grad.shape[:dim], count * size, *grad.shape[dim + 1 : last]))
    return added(elements, dim, terms_of(places, shape[dim]))


def view_dtype(a: DeviceArray, dtype: np.dtype) -> DeviceArray:
    """The same bytes, read as another dtype: the last dimension, without gaps, is of as many elements as they make up."""
    if a.dtype == dtype:
        return a
    old, new = a.dtype.itemsize, dtype.itemsize
    memory = a.memory.view(memory_dtype(dtype))
    kind = BFloat16Array if dtype is BFLOAT16 else DeviceArray
    if old == new:
        return kind(memory, dtype, a.shape, a.steps, a.offset)
    shape = (*a.shape[:-1], a.shape[-1] * old // new)
    steps = (*[step * old // new for step in a.steps[:-1]], 1)
    return kind(memory, dtype, shape, steps, a.offset * old // new)


def read_region(base: DeviceArray, region: Region) -> DeviceArray:
    """The part that ``region`` shows of an array."""
    return region(base)


def write_region(base: DeviceArray, values: DeviceArray, region: Region) -> DeviceArray:
    """A copy of ``base`` with other values in the part that ``region`` shows; what lies at one place is added up."""
    base = contiguous_clone(base)
    target = region(base)
    for d, (size, step) in enumerate(zip(target.shape, target.steps, strict=True)):
        if size > 1 and not step:
            values, target = sum(values, (d,), True), slice(target, d, 0, 1, 1)
    write_over(target, values)
    return base
