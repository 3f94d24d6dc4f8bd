"""Sorting, and distinct elements."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int32, int64, uint32

from minitorch.kernels.cuda.array import DeviceArray, empty, to_host
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.elementwise import clone, clone_as, row_by_row, sub
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import cast, position
from minitorch.kernels.cuda.merging import merge_sort
from minitorch.kernels.cuda.scan import cumsum
from minitorch.kernels.cuda.shape import permute, reshape, select, slice, view

__all__ = ["sort", "unique", "unique_dim"]


def sort(a: DeviceArray, dim: int, descending: bool, stable: bool) -> tuple[DeviceArray, DeviceArray]:
    """The elements in order of size along a dimension, and where each was; NaN are the largest.

    Equal elements keep their order, be it asked for or not.
    """
    if not a.ndim:
        return clone(a), zeros((), a, np.dtype(np.int64))
    values, places = sorted_with_places(a, dim, descending)
    places = cast(places, np.int64)
    if a.flags.f_contiguous and not a.flags.c_contiguous:  # results are laid out as the input is
        return clone_as(values, a), clone_as(places, a)
    return row_by_row(values), row_by_row(places)


def sorted_with_places(a: DeviceArray, dim: int, descending: bool) -> tuple[DeviceArray, DeviceArray]:
    """The elements in order of size along a dimension, and where each was in its row, as int32.

    NaN are the largest, and equal elements keep their order. The results may have any strides.
    """
    rest = [d for d in range(a.ndim) if d != dim]
    shape = (*(a.shape[d] for d in rest), a.shape[dim])
    back = [a.ndim - 1 if d == dim else rest.index(d) for d in range(a.ndim)]
    values, places = sorted_rows(a, dim, descending)
    return permute(view(cast(values, a.dtype), shape), back), permute(view(places, shape), back)


def sorted_rows(a: DeviceArray, dim: int, descending: bool) -> tuple[DeviceArray, DeviceArray]:
    """The same, each of shape (rows, elements of a row). The elements are of a dtype that kernels can compare."""
    return merge_sort(comparable(a), dim, _descending if descending else _ascending)


# -- distinct elements --------------------------------------------------------------------------------------------------

Distinct = tuple[DeviceArray, DeviceArray, DeviceArray]


def unique(a: DeviceArray, sorted: bool) -> Distinct:
    """The distinct elements, for each element the place of its equal among them, and how often each occurs.

    Unless ``sorted``, an element is distinct where it differs from the one before it. The host waits for their number.
    """
    flat = reshape(a, (a.size,))
    order = sorted_rows(flat, 0, False)[1] if sorted else count_up(a.size)
    values, places, counts = _distinct(reshape(flat, (a.size, 1)), reshape(order, (a.size,)))
    return reshape(values, (len(values),)), reshape(places, a.shape), counts


def unique_dim(a: DeviceArray, dim: int, sorted: bool) -> Distinct:
    """As ``unique``, of the slices along a dimension, which are compared element by element."""
    to_front = [dim, *(d for d in range(a.ndim) if d != dim)]
    rows = row_by_row(permute(a, to_front))
    count = a.shape[dim]
    flat = comparable(view(rows, (count, rows.size // max(count, 1))))
    order = count_up(count)
    if sorted and flat.size:
        order = merge_sort(order, 0, _row_comes_before, (flat, np.uint32(flat.shape[1])))[1]
    values, places, counts = _distinct(flat, reshape(order, (count,)))
    values = view(cast(values, a.dtype), (len(values), *rows.shape[1:]))
    return permute(values, [to_front.index(d) for d in range(a.ndim)]), places, counts


def _row_comes_before(i: Any, j: Any, rows: Any, columns: Any) -> Any:
    at, other = uint32(uint32(i) * columns), uint32(uint32(j) * columns)
    for _ in range(columns):
        x, y = rows[at], rows[other]
        if x < y or (x == x and y != y):
            return True
        if y < x or (y == y and x != x):
            return False
        at, other = uint32(at + uint32(1)), uint32(other + uint32(1))
    return False


def _distinct(rows: DeviceArray, order: DeviceArray) -> Distinct:
    """Of rows that come in this order: those that differ from the one before, the number of each, and how often each occurs."""
    rows, (count, columns) = row_by_row(rows), rows.shape
    sizes = np.uint32(count), np.uint32(columns)
    first = empty((count,), np.int32)
    launch(_mark_first, blocks_for(count), (first, rows, order, *sizes))
    numbers = cumsum(first, 0)
    total = int(to_host(select(numbers, 0, count - 1))) if count else 0
    places, starts = empty((count,), np.int64), empty((total + 1,), np.int64)
    launch(_number, blocks_for(count), (places, starts, order, numbers, sizes[0]))
    values = empty((total, columns), rows.dtype)
    launch(_take_first, blocks_for(values.size), (values, rows, order, starts, np.uint32(values.size), sizes[1]))
    return values, places, sub(slice(starts, 0, 1, total + 1, 1), slice(starts, 0, 0, total, 1))


def _mark_first(first, rows, order, count, columns):
    i = position()
    if i < count:
        differs = i == 0
        if not differs:
            at, before = uint32(uint32(order[i]) * columns), uint32(uint32(order[uint32(i - uint32(1))]) * columns)
            for _ in range(columns):
                differs = differs or rows[at] != rows[before]
                at, before = uint32(at + uint32(1)), uint32(before + uint32(1))
        first[i] = int32(1 if differs else 0)


def _number(places, starts, order, numbers, count):
    i = position()
    if i < count:
        number = numbers[i]
        places[uint32(order[i])] = int64(number - int32(1))
        if i == 0 or numbers[uint32(i - uint32(1))] != number:
            starts[uint32(number - int32(1))] = int64(i)
        if i == uint32(count - uint32(1)):
            starts[uint32(number)] = int64(count)


def _take_first(values, rows, order, starts, size, columns):
    at = position()
    if at < size:
        n = uint32(at // columns)
        row = uint32(order[uint32(starts[n])])
        values[at] = rows[uint32(uint32(row * columns) + uint32(at - uint32(n * columns)))]


def count_up(size: int) -> DeviceArray:
    """0, 1, 2, …, as int32."""
    out = empty((size,), np.int32)
    launch(_count_up, blocks_for(size), (out, np.uint32(size)))
    return out


def _count_up(out, size):
    i = position()
    if i < size:
        out[i] = int32(i)


# -- what is compared ---------------------------------------------------------------------------------------------------


def comparable(a: DeviceArray) -> DeviceArray:
    """The same order in a dtype that kernels can compare."""
    return cast(a, {"?": np.uint8, "e": np.float32}.get(a.dtype.char, a.dtype))


def _ascending(x: Any, y: Any) -> Any:
    return x < y or (x == x and y != y)


def _descending(x: Any, y: Any) -> Any:
    return x > y or (x != x and y == y)
