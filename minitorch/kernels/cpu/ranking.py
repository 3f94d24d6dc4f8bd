"""Where the k-th smallest, the median, the most frequent and the largest few are, and where numbers belong in sorted rows.

Rows are taken along one dimension, on all threads. Which of several equal elements is chosen is what torch's algorithms choose.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import prange

from minitorch.kernels.cpu import introsort
from minitorch.kernels.cpu.compiler import jit, parallel_jit

__all__ = ["kthvalue", "median", "mode", "of_ranks", "searchsorted", "topk"]

Array = np.ndarray

SHARED = 2**12  # elements from which more than one thread pays
FEW = 64  # with so many elements for each that is wanted, a heap finds them soonest


def kthvalue(a: Array, dim: int, keepdim: bool, rank: int) -> tuple[Array, Array]:
    """The element of that rank in order of size along a dimension, counted from 1, and where it is."""
    return _chosen(_kthvalue, a, dim, 1, keepdim, rank - 1)


def median(a: Array, dim: int, keepdim: bool, ignore_nan: bool) -> tuple[Array, Array]:
    """The middle one in order of size, and where it is; the first NaN, if there is one and it is not ignored."""
    if not a.size:
        shape = [1 if d == dim else size for d, size in enumerate(a.shape)] if keepdim else np.delete(a.shape, dim)
        return np.full(shape, np.nan).astype(a.dtype), np.zeros(shape, np.int64)
    return _chosen(_median, a, dim, 1, keepdim, ignore_nan)


def mode(a: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The most frequent along a dimension, the smallest of several, and where it is."""
    return _chosen(_mode, a, dim, 1, keepdim)


def of_ranks(a: Array, ranks: Array) -> Array:
    """For each row of ``ranks``, counted from 0, where in the same row of ``a`` the elements of those ranks are."""
    rows, wanted = np.ascontiguousarray(a.reshape(-1, a.shape[-1])), ranks.reshape(-1, ranks.shape[-1])
    out = np.empty(wanted.shape, np.int64)
    (_of_ranks if rows.size >= SHARED else _of_ranks.serial)(rows, wanted, out)
    return out.reshape(ranks.shape)


def topk(a: Array, dim: int, count: int, largest: bool, sorted: bool) -> tuple[Array, Array]:
    """The largest (or smallest) few along a dimension, in order if ``sorted``, and where they are."""
    return _chosen(_topk, a, dim, count, True, largest, sorted)


def order(a: Array, dim: int, descending: bool) -> Array:
    """The indices that sort along a dimension, in the order in which torch leaves equal elements."""
    return _indices(_order, a, dim, a.shape[dim], descending)


def searchsorted(rows: Array, values: Array, right: bool, dtype: np.dtype, sorter: Array | None = None) -> Array:
    """How many elements of a sorted row are smaller than each value (with ``right``, not larger).

    There is one row for all values, or one for each row of values; ``sorter`` puts the rows in order.
    """
    out = np.empty(values.shape, dtype)
    if out.size:
        length = rows.shape[-1]
        wide = [_keys(np.ascontiguousarray(each)) for each in (rows.reshape(-1, length), values.reshape(-1))]
        per_row = values.shape[-1] if rows.ndim > 1 else values.size
        order = np.empty((0, 0), np.int64) if sorter is None else np.ascontiguousarray(sorter.reshape(-1, length))
        kernel = _searchsorted if out.size >= SHARED else _searchsorted.serial
        kernel(*wide, per_row, right, order, out.reshape(-1))
    return out


def _indices(kernel: Callable[..., Any], a: Array, dim: int, count: int, *params: Any) -> Array:
    """Calls a kernel for the indices of ``count`` elements in each row along a dimension."""
    rows = np.ascontiguousarray(np.moveaxis(a, dim, -1))
    indices = np.empty((*rows.shape[:-1], count), np.int64)
    if indices.size:
        keys = _keys(rows.reshape(-1, rows.shape[-1]))
        call = kernel if keys.size >= SHARED else kernel.serial  # type: ignore[attr-defined]  # parallel_jit gives it
        call(keys, *params, indices.reshape(-1, count))
    return np.ascontiguousarray(np.moveaxis(indices, -1, dim))


def _chosen(kernel: Callable[..., Any], a: Array, dim: int, count: int, keepdim: bool, *params: Any) -> Any:
    """The elements that a kernel chooses, and their indices."""
    if not a.ndim:
        return a.copy() if count else a.reshape(1)[:0], np.zeros(() if count else 0, np.int64)
    indices = _indices(kernel, a, dim, count, *params)
    values = np.take_along_axis(a, indices, dim)
    return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))


def _keys(a: Array) -> Array:
    """The same order in a dtype that compiled kernels know."""
    if a.dtype.kind == "b":
        return a.view(np.uint8)
    return a.astype(np.float32) if a.dtype.char == "e" else a


@parallel_jit
def _order(keys, descending, out):
    for row in prange(len(keys)):
        out[row] = np.arange(keys.shape[1])
        introsort.sort(keys[row].copy(), out[row], descending)


@parallel_jit
def _kthvalue(keys, k, out):
    for row in prange(len(keys)):
        order = np.arange(keys.shape[1])
        _quickselect(keys[row].copy(), order, k)
        out[row, 0] = order[k]


@jit
def _after(a, b):
    return a > b or (a != a and b == b)


@jit
def _swap(keys, order, i, j):
    keys[i], keys[j] = keys[j], keys[i]
    order[i], order[j] = order[j], order[i]


@jit
def _quickselect(keys, order, k):
    """Hoare's selection, with the median of the first, the middle and the last element for a pivot."""
    low, high = 0, len(order) - 1
    while high > low:
        if high == low + 1:
            if _after(keys[low], keys[high]):
                _swap(keys, order, low, high)
            return
        _swap(keys, order, low + (high - low) // 2, low + 1)
        if _after(keys[low + 1], keys[high]):
            _swap(keys, order, low + 1, high)
        if _after(keys[low], keys[high]):
            _swap(keys, order, low, high)
        if _after(keys[low + 1], keys[low]):
            _swap(keys, order, low + 1, low)
        pivot, i, j = keys[low], low + 1, high
        while True:
            i += 1
            while _after(pivot, keys[i]):
                i += 1
            j -= 1
            while _after(keys[j], pivot):
                j -= 1
            if j < i:
                break
            _swap(keys, order, i, j)
        _swap(keys, order, low, j)
        if j <= k:
            low = i
        if j >= k:
            high = j - 1


@parallel_jit
def _median(keys, ignore_nan, out):
    for row in prange(len(keys)):
        out[row, 0] = _middle(keys[row], ignore_nan)


@jit
def _middle(row, ignore_nan):
    """The index of the median: of equal elements, that which a stable sort would bring to the middle."""
    numbers = 0
    for i in range(len(row)):
        if row[i] == row[i]:
            numbers += 1
        elif not ignore_nan:
            return i
    if numbers == 0:
        return 0
    nth = (numbers - 1) // 2
    keys = row.copy()
    introsort.select(keys, np.arange(len(row)), nth, False)
    value, smaller = keys[nth], 0
    for i in range(len(row)):
        smaller += row[i] < value
    return _occurrence(row, value, nth - smaller)


@jit
def _occurrence(row, value, number):
    """Where a value occurs for the time of that number, counted from 0."""
    for i in range(len(row)):
        if row[i] == value:
            if number == 0:
                return i
            number -= 1
    return 0


@parallel_jit
def _mode(keys, out):
    for row in prange(len(keys)):
        ordered, order = keys[row].copy(), np.arange(keys.shape[1])
        introsort.sort(ordered, order, introsort.PLAIN)
        most = 0
        count = 0
        for i in range(len(order)):
            count += 1
            if i == len(order) - 1 or ordered[i] != ordered[i + 1]:
                if count > most:
                    most = count
                    out[row, 0] = order[i]
                count = 0


@parallel_jit
def _of_ranks(keys, ranks, out):
    for row in prange(len(keys)):
        ordered, order = keys[row].copy(), np.arange(keys.shape[1])
        _select_each(ordered, order, np.unique(ranks[row]))
        for i in range(out.shape[1]):
            out[row, i] = order[ranks[row, i]]


@jit
def _select_each(keys, order, ranks):
    """Brings the elements of these ranks (distinct, in order) to their places: the middle one first, which parts the others."""
    waiting = [(0, len(ranks), 0, len(keys))]
    while len(waiting):
        first, last, begin, end = waiting.pop()
        if first < last:
            middle = first + (last - first) // 2
            nth = ranks[middle]
            introsort.select(keys[begin:end], order[begin:end], nth - begin, False)
            waiting.append((first, middle, begin, nth))
            waiting.append((middle + 1, last, nth + 1, end))


@parallel_jit
def _topk(keys, largest, sorted, out):
    k = out.shape[1]
    for row in prange(len(keys)):
        ordered, order = keys[row].copy(), np.arange(keys.shape[1])
        if k * FEW <= len(order):
            introsort.partial_sort(ordered, order, 0, k, len(order), largest)
        else:
            introsort.select(ordered, order, k - 1, largest)
            if sorted:
                introsort.sort(ordered[: k - 1], order[: k - 1], largest)
        out[row] = order[:k]


@parallel_jit
def _searchsorted(rows, values, per_row, right, order, out):
    length = rows.shape[1]
    for i in prange(len(values)):
        row = i // per_row
        value = values[i]
        low, high = 0, length
        while low < high:
            middle = low + (high - low) // 2
            element = rows[row, order[row, middle] if len(order) else middle]
            if (element > value) if right else (element >= value):
                high = middle
            else:
                low = middle + 1
        out[i] = low
