"""What each element makes of the result before it, along a dimension: running extremes and linear recurrences."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import int64, uint32

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import position, row_start
from minitorch.kernels.cuda.scan import scan
from minitorch.kernels.halves import in_float32

__all__ = ["cummax", "cummin", "recurrence"]


@in_float32
def recurrence(b: DeviceArray, a: DeviceArray, dim: int) -> DeviceArray:
    """y_t = b_t + a_t y_(t-1), beginning with y_0 = b_0."""
    out = empty(b.shape, b.dtype)
    if out.size:
        count, inner = (b.shape[dim], math.prod(b.shape[dim + 1 :])) if b.ndim else (1, 1)
        sizes = tuple(map(np.uint32, (out.size // count, count, inner)))
        launch(_recurrence, blocks_for(out.size // count), (out, row_by_row(b), row_by_row(a), *sizes))
    return out


def _recurrence(out, b, a, rows, count, inner):
    """A thread for each row: the order of additions is that of the elements."""
    row = position()
    if row < rows:
        at = row_start(row, count, inner)
        y = b[at]
        out[at] = y
        i = uint32(1)
        while i < count:
            at = uint32(at + inner)
            y = b[at] + a[at] * y
            out[at] = y
            i = uint32(i + uint32(1))


@in_float32
def cummax(a: DeviceArray, dim: int) -> tuple[DeviceArray, DeviceArray]:
    """The largest element up to each one, NaN from the first NaN on, and where it is: the last of equal ones."""
    return _running_extreme(a, dim, _last_largest)


@in_float32
def cummin(a: DeviceArray, dim: int) -> tuple[DeviceArray, DeviceArray]:
    """The smallest element up to each one, NaN from the first NaN on, and where it is: the last of equal ones."""
    return _running_extreme(a, dim, _last_smallest)


def _running_extreme(a: DeviceArray, dim: int, later: Any) -> tuple[DeviceArray, DeviceArray]:
    a = row_by_row(a)
    found = scan(a, dim, _index, later, np.uint32)
    values, indices = empty(a.shape, a.dtype), empty(a.shape, np.int64)
    count, inner = (a.shape[dim], math.prod(a.shape[dim + 1 :])) if a.ndim else (1, 1)
    launch(_look_up, blocks_for(a.size), (values, indices, a, found, *map(np.uint32, (a.size, count, inner))))
    return values, indices


def _index(a: Any, at: Any, i: Any) -> Any:
    return i


def _last_largest(i: Any, j: Any, a: Any, start: Any, inner: Any) -> Any:
    x, y = a[uint32(start + uint32(i * inner))], a[uint32(start + uint32(j * inner))]
    return j if y >= x or y != y else i


def _last_smallest(i: Any, j: Any, a: Any, start: Any, inner: Any) -> Any:
    x, y = a[uint32(start + uint32(i * inner))], a[uint32(start + uint32(j * inner))]
    return j if y <= x or y != y else i


def _look_up(values, indices, a, found, size, count, inner):
    at = position()
    if at < size:
        i = found[at]
        row = uint32(at // uint32(count * inner))
        column = uint32(at % inner)
        values[at] = a[uint32(uint32(uint32(uint32(row * count) + i) * inner) + column)]
        indices[at] = int64(i)
