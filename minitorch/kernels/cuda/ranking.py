"""Where the k-th smallest, the median, the most frequent and the largest few are, and where numbers belong in sorted rows.

Rows are sorted along one dimension, stably. Of several equal elements the one is chosen that has the rank among them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import uint32, uint64

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty, from_host, on_device
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.device import cuda, function
from minitorch.kernels.cuda.elementwise import clone, row_by_row
from minitorch.kernels.cuda.folding import BLOCK, combiner, result_shape
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import cast, position
from minitorch.kernels.cuda.shape import slice, squeeze, view
from minitorch.kernels.cuda.sorting import comparable, sorted_rows, sorted_with_places

__all__ = ["kthvalue", "median", "mode", "of_ranks", "searchsorted", "topk"]

Formula = Callable[..., Any]
Pair = tuple[DeviceArray, DeviceArray]


def kthvalue(a: DeviceArray, dim: int, keepdim: bool, rank: int) -> Pair:
    """The element of that rank in order of size along a dimension, counted from 1, and where it is."""
    values, indices = _first(a, dim, rank - 1, rank, largest=False)
    return (values, indices) if keepdim or not a.ndim else (squeeze(values, (dim,)), squeeze(indices, (dim,)))


def topk(a: DeviceArray, dim: int, count: int, largest: bool, sorted: bool) -> Pair:
    """The largest (or smallest) few along a dimension, in order be it asked for or not, and where they are."""
    if not a.ndim and not count:
        return empty((0,), a.dtype), empty((0,), np.int64)
    return _first(a, dim, 0, count, largest)


def _first(a: DeviceArray, dim: int, start: int, stop: int, largest: bool) -> Pair:
    """The elements of these ranks, counted from 0, and where they are."""
    if not a.ndim:
        return clone(a), zeros((), a, np.dtype(np.int64))
    values, places = (slice(each, dim, start, stop, 1) for each in sorted_with_places(a, dim, largest))
    return row_by_row(values), row_by_row(cast(places, np.int64))


# -- of a rank that depends on the row ----------------------------------------------------------------------------------


def median(a: DeviceArray, dim: int, keepdim: bool, ignore_nan: bool) -> Pair:
    """The middle one in order of size, and where it is; the first NaN, if there is one and it is not ignored."""
    if not a.size:
        shape = result_shape(a, (dim,), keepdim)
        return from_host(np.full(shape, np.nan).astype(a.dtype)), from_host(np.zeros(shape, np.int64))

    def find(ranks: DeviceArray, ordered: DeviceArray) -> None:
        sizes = tuple(map(np.uint32, ordered.shape))
        launch(_find_medians, blocks_for(ranks.size), (ranks, ordered, *sizes, np.bool_(ignore_nan)))

    return _chosen(find, a, dim, keepdim)


def mode(a: DeviceArray, dim: int, keepdim: bool) -> Pair:
    """The most frequent along a dimension, the smallest of several, and where it is: the last of them."""

    def find(ranks: DeviceArray, ordered: DeviceArray) -> None:
        launch(_find_mode, (ranks.size,), (ranks, ordered, np.uint32(ordered.shape[1])), BLOCK)

    return _chosen(find, a, dim, keepdim)


def of_ranks(a: DeviceArray, ranks: DeviceArray | np.ndarray) -> DeviceArray:
    """For each row of ``ranks``, counted from 0, where in the same row of ``a`` the elements of those ranks are."""
    _, order = sorted_rows(a, a.ndim - 1, False)
    return _looked_up(order, on_device(ranks), np.dtype(np.int64))


def _chosen(find: Callable[[DeviceArray, DeviceArray], None], a: DeviceArray, dim: int, keepdim: bool) -> Pair:
    """The element of each row along a dimension whose rank ``find`` writes down, and where it is."""
    if not a.ndim:
        return clone(a), zeros((), a, np.dtype(np.int64))
    ordered, order = sorted_rows(a, dim, False)
    ranks = empty((len(ordered), 1), np.uint32)
    find(ranks, ordered)
    shape = result_shape(a, (dim,), keepdim)
    return view(_looked_up(ordered, ranks, a.dtype), shape), view(_looked_up(order, ranks, np.dtype(np.int64)), shape)


def _looked_up(rows: DeviceArray, ranks: DeviceArray, dtype: np.dtype) -> DeviceArray:
    """From each of the rows, which lie one after the other, the elements of these ranks."""
    out = empty(ranks.shape, dtype)
    sizes = tuple(map(np.uint32, (out.size, ranks.shape[-1], rows.shape[-1])))
    launch(_look_up, blocks_for(out.size), (out, rows, row_by_row(ranks), *sizes))
    return out


def _look_up(out, rows, ranks, size, each, length):
    i = position()
    if i < size:
        out[i] = rows[uint32(uint32(uint32(i // each) * length) + uint32(ranks[i]))]


@cache
def search(beyond: Formula) -> Any:
    """A function that gives the first index from ``low`` to ``high`` from which on ``beyond(element, x)`` holds."""
    f = function(beyond)

    @function
    def first_beyond(a, start, low, high, x):
        while low < high:
            half = uint32(uint32(low + high) >> uint32(1))
            if f(a[uint32(start + half)], x):
                high = half
            else:
                low = uint32(half + uint32(1))
        return low

    return first_beyond


_first_nan = search(lambda element, x: element != element)
_first_not_smaller = search(lambda element, x: element >= x)
_first_larger = search(lambda element, x: element > x)


def _find_medians(ranks, ordered, rows, length, ignore_nan):
    row = position()
    if row < rows:
        start = uint32(row * length)
        numbers = _first_nan(ordered, start, uint32(0), length, ordered[start])
        rank = (
            numbers
            if numbers == 0 or not (ignore_nan or numbers == length)
            else uint32(uint32(numbers - uint32(1)) >> uint32(1))
        )
        ranks[row] = rank


def _find_mode(ranks, ordered, length):
    """The last of each run of equal elements knows how many they are. The longest run counts, and the first of such."""
    best = cuda.shared.array(BLOCK, uint64)
    thread, row = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.x)
    start = uint32(row * length)
    longest = uint64(0)
    i = thread
    while i < length:
        x, after = ordered[uint32(start + i)], uint32(i + uint32(1))
        if after == length or ordered[uint32(start + after)] != x:
            first = i if x != x else _first_not_smaller(ordered, start, uint32(0), i, x)
            longest = max(longest, uint64(uint64(uint32(after - first)) << uint64(32)) | uint64(uint32(length - i)))
        i = uint32(i + uint32(BLOCK))
    longest = _longest_of_all(best, longest)
    if thread == 0:
        ranks[row] = uint32(length - uint32(longest & uint64(0xFFFFFFFF)))


_longest_of_all = combiner(formulas.larger, BLOCK)


# -- places in sorted rows ----------------------------------------------------------------------------------------------


def searchsorted(
    rows: DeviceArray, values: DeviceArray, right: bool, dtype: np.dtype, sorter: DeviceArray | None = None
) -> DeviceArray:
    """How many elements of a sorted row are smaller than each value (with ``right``, not larger).

    There is one row for all values, or one for each row of values; ``sorter`` puts the rows in order.
    """
    out = empty(values.shape, dtype)
    if out.size:
        length = rows.shape[-1]
        keys, wanted = (row_by_row(comparable(on_device(each))) for each in (rows, values))
        if sorter is not None:
            keys = _looked_up(keys, on_device(sorter), keys.dtype)
        sizes = map(np.uint32, (out.size, values.shape[-1] if rows.ndim > 1 else out.size, length))
        launch(_search_right if right else _search_left, blocks_for(out.size), (out, keys, wanted, *sizes))
    return out


def _search_right(out, rows, values, size, each, length):
    i = position()
    if i < size:
        out[i] = _first_larger(rows, uint32(uint32(i // each) * length), uint32(0), length, values[i])


def _search_left(out, rows, values, size, each, length):
    i = position()
    if i < size:
        out[i] = _first_not_smaller(rows, uint32(uint32(i // each) * length), uint32(0), length, values[i])
