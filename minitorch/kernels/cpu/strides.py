"""Views that only strides can express, parts in a row, and what undoes them.

Dimensions are never negative here, and arguments always fit the array.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = [
    "as_strided", "as_strided_scatter", "diagonal", "diagonal_backward", "split", "unfold", "unfold_backward",
]  # fmt: skip

Array = np.ndarray
_strided = np.lib.stride_tricks.as_strided
_dtype_of = Array.dtype.__get__  # type: ignore[attr-defined]  # numpy's own, also for classes that have another


def owner(a: Array) -> Array:
    """The array that has the memory that an array lies in; it is sought no further than to memory of another dtype."""
    owner = a
    while owner.base is not None:
        # numpy puts a stand-in between an array and another that was made of it by its strides.
        below = owner.base if isinstance(owner.base, Array) else getattr(owner.base, "base", None)
        if not isinstance(below, Array) or _dtype_of(below) != _dtype_of(a):
            break
        owner = below
    return owner


def storage(a: Array) -> Array:
    """The whole memory that an array lies in, as one row of elements; it ends where memory of another dtype begins."""
    whole = owner(a)
    last = sum((size - 1) * step for size, step in zip(whole.shape, whole.strides, strict=True)) // whole.itemsize
    return _strided(whole.view(Array), (last + 1 if whole.size else 0,), (whole.itemsize,))


def as_strided(a: Array, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int) -> Array:
    """The elements of ``a``'s storage that lie ``stride`` apart, from ``storage_offset`` on."""
    return _strided(storage(a)[storage_offset:], size, [step * a.itemsize for step in stride])


def as_strided_scatter(
    a: Array, src: Array, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int
) -> Array:
    """``a`` in a copy of its storage, in which ``src`` is where ``as_strided`` shows elements."""
    whole = storage(a)
    first = a.__array_interface__["data"][0] - whole.__array_interface__["data"][0]
    copied = whole.copy()
    as_strided(copied, size, stride, storage_offset)[...] = src
    return _strided(copied[first // a.itemsize :], a.shape, a.strides)


def diagonal(a: Array, offset: int, dim1: int, dim2: int) -> Array:
    """The elements whose indices in two dimensions differ by ``offset``, as a last dimension."""
    view = a.diagonal(offset, dim1, dim2)
    view.flags.writeable = a.flags.writeable  # numpy shows diagonals for reading only
    return view


def diagonal_backward(grad: Array, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Array:
    """Zeros, but for the gradient on that diagonal."""
    whole = np.zeros(shape, grad.dtype)
    diagonal(whole, offset, dim1, dim2)[...] = grad
    return whole


def split(a: Array, sizes: Sequence[int], dim: int) -> tuple[Array, ...]:
    """Pieces of these sizes, one after another along a dimension."""
    pieces, start = [], 0
    for size in sizes:
        pieces.append(a[(slice(None),) * dim + (slice(start, start + size),)])
        start += size
    return tuple(pieces)


def unfold(a: Array, dim: int, size: int, step: int) -> Array:
    """Windows of ``size`` elements along a dimension, ``step`` apart; their elements are a new last dimension."""
    if not a.ndim:
        return _strided(a, (size,), (a.itemsize,))
    count = (a.shape[dim] - size) // step + 1
    shape = (*a.shape[:dim], count, *a.shape[dim + 1 :], size)
    return _strided(a, shape, (*a.strides[:dim], a.strides[dim] * step, *a.strides[dim + 1 :], a.strides[dim]))


def unfold_backward(grad: Array, shape: tuple[int, ...], dim: int, size: int, step: int) -> Array:
    """The gradients of all windows, added up where the windows lie."""
    whole = np.zeros(shape, grad.dtype)
    if not shape:
        return np.asarray(grad.sum(dtype=grad.dtype))
    count = grad.shape[dim]
    for first in range(size):
        whole[(slice(None),) * dim + (slice(first, first + step * (count - 1) + 1, step),)] += grad[..., first]
    return whole
