"""The elements for which a mask holds, one after the other: each is counted, and its number is its place among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import int32, uint32

from minitorch.kernels.cuda.array import DeviceArray, empty, to_host
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import broadcast, cast, position, write
from minitorch.kernels.cuda.positions import Positions, read_at
from minitorch.kernels.cuda.scan import cumsum
from minitorch.kernels.cuda.shape import expand, reshape, select, t

__all__ = ["masked_scatter", "masked_select", "nonzero"]


def masked_select(a: DeviceArray, mask: DeviceArray) -> DeviceArray:
    """The elements for which a mask holds, row by row; the two are broadcast. The host waits for their number."""
    a, mask = _alike(a, mask)
    return read_at(a, Positions(_places(mask)))


def masked_scatter(a: DeviceArray, mask: DeviceArray, source: DeviceArray) -> DeviceArray:
    """A copy with the first values of ``source`` where a mask holds, row by row; the first two are broadcast."""
    a, mask = _alike(a, mask)
    out = empty(a.shape, a.dtype)
    launch(_replace, blocks_for(out.size), (out, a, mask, _counts(mask), row_by_row(source), np.uint32(out.size)))
    return out


def nonzero(a: DeviceArray) -> DeviceArray:
    """The indices of the elements that are not 0, one to a row: (elements, dimensions), column by column in memory.

    The host waits for their number.
    """
    found = _places(row_by_row(cast(a, bool)))
    out = empty((a.ndim, found.size), np.int64)
    below = 1
    for d in reversed(range(a.ndim)):
        write(_coordinate, select(out, 0, d), found, numbers=(np.uint32(below), np.uint32(a.shape[d])))
        below *= a.shape[d]
    return t(out)


def _coordinate(place: Any, below: Any, size: Any) -> Any:
    return uint32(uint32(uint32(place) // below) % size)


def _alike(a: DeviceArray, mask: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """Both in the shape that they are broadcast to, row by row."""
    shape = broadcast([a.shape, mask.shape])
    return row_by_row(expand(a, shape)), row_by_row(expand(mask, shape))


def _places(mask: DeviceArray) -> DeviceArray:
    """Where a mask, which lies row by row, holds: int32, in ascending order."""
    counts = _counts(mask)
    total = int(to_host(select(counts, 0, mask.size - 1))) if mask.size else 0
    out = empty((total,), np.int32)
    launch(_collect, blocks_for(mask.size), (out, mask, counts, np.uint32(mask.size)))
    return out


def _counts(mask: DeviceArray) -> DeviceArray:
    """How many elements of a mask, which lies row by row, hold up to and with each: int32."""
    return cumsum(reshape(mask, (mask.size,)), 0, np.dtype(np.int32))


def _collect(out, mask, counts, size):
    i = position()
    if i < size and mask[i]:
        out[uint32(counts[i] - int32(1))] = int32(i)


def _replace(out, a, mask, counts, source, size):
    i = position()
    if i < size:
        if mask[i]:
            out[i] = source[uint32(counts[i] - int32(1))]
        else:
            out[i] = a[i]
