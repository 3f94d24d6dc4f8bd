"""How many numbers there are of each kind. Numbers are sorted by their kind, and those of one kind follow one another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from numba import int64, uint32

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty, on_device, to_host
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.device import cuda, number_type
from minitorch.kernels.cuda.elementwise import add, bitwise_and, div, ge, le, minimum, mul, row_by_row, sub
from minitorch.kernels.cuda.folding import BLOCK, combiner
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.lifting import cast, lift
from minitorch.kernels.cuda.ranking import searchsorted
from minitorch.kernels.cuda.reduction import sum
from minitorch.kernels.cuda.selection import where
from minitorch.kernels.cuda.shape import reshape, select, slice
from minitorch.kernels.cuda.sorting import count_up, sorted_rows
from minitorch.kernels.halves import in_float32

__all__ = ["bincount", "histc", "histogram"]

INT64 = np.dtype(np.int64)


def bincount(a: DeviceArray, weights: DeviceArray | None, minlength: int) -> DeviceArray:
    """How often each number from 0 on occurs, as int64; or the sums of the weights, in float32 if they are that, else double.

    The host waits for the largest number.
    """
    if not a.size:
        return zeros((minlength,), a, INT64)
    ordered, order = sorted_rows(a, 0, False)
    bins = max(minlength, int(to_host(select(reshape(ordered, (a.size,)), 0, a.size - 1))) + 1)
    if weights is None:
        return _counts(ordered, bins)
    return _sums(ordered, order, weights, bins)


@in_float32
def histc(a: DeviceArray, bins: int, low: float, high: float) -> DeviceArray:
    """How many elements fall into each of ``bins`` intervals of equal width, in the array's dtype."""
    number = a.dtype.type
    numbers = (number(low), number(high), number(bins), np.int64(bins))
    bin_of = lift(_interval, reshape(a, (a.size,)), numbers=numbers, dtype=INT64)
    return cast(_counts(sorted_rows(bin_of, 0, False)[0], bins), a.dtype)


def _interval(x: Any, low: Any, high: Any, bins: Any, outside: Any) -> Any:
    if x >= low and x <= high:
        return min(int64((x - low) * bins / (high - low)), outside - int64(1))
    return outside


def histogram(
    a: DeviceArray, edges: Sequence[DeviceArray | np.ndarray], weights: DeviceArray | None, density: bool
) -> DeviceArray:
    """How many points lie between edges, or what their weights add up to; coordinates are the last dimension.

    With ``density`` this is divided by the total and by the volume of each bin.
    """
    lines = [on_device(each) for each in edges]
    points, sizes = reshape(a, (math.prod(a.shape[:-1]), a.shape[-1])), [len(each) - 1 for each in lines]
    place: Any = 0
    inside: Any = None
    for d, (line, size) in enumerate(zip(lines, sizes, strict=True)):
        x = row_by_row(select(points, 1, d))
        within = bitwise_and(ge(x, select(line, 0, 0)), le(x, select(line, 0, size)))
        inside = within if inside is None else bitwise_and(inside, within)
        bin_of = minimum(sub(searchsorted(line, x, True, INT64), 1), size - 1)
        place = bin_of if d == 0 else add(mul(place, size), bin_of)
    bins = math.prod(sizes)
    ordered, order = sorted_rows(where(inside, place, bins), 0, False)
    counted = (
        _counts(ordered, bins)
        if weights is None
        else _sums(ordered, order, reshape(weights, (a.size // len(lines),)), bins)
    )
    hist = reshape(cast(counted, a.dtype), tuple(sizes))
    if density:
        hist = div(hist, sum(hist, None, False))
        for d, (line, size) in enumerate(zip(lines, sizes, strict=True)):
            widths = sub(slice(line, 0, 1, size + 1, 1), slice(line, 0, 0, size, 1))
            hist = div(hist, reshape(widths, (size, *[1] * (len(sizes) - 1 - d))))
    return hist


def _bounds(ordered: DeviceArray, bins: int) -> DeviceArray:
    """Where in a sorted row the numbers from 0 to ``bins`` begin."""
    return searchsorted(reshape(ordered, (ordered.size,)), count_up(bins + 1), False, INT64)


def _counts(ordered: DeviceArray, bins: int) -> DeviceArray:
    bounds = _bounds(ordered, bins)
    return sub(slice(bounds, 0, 1, bins + 1, 1), slice(bounds, 0, 0, bins, 1))


def _sums(ordered: DeviceArray, order: DeviceArray, weights: DeviceArray, bins: int) -> DeviceArray:
    """What the weights of each number add up to."""
    dtype = weights.dtype if weights.dtype == np.float32 else np.dtype(np.float64)
    out = empty((bins,), dtype)
    launch(_sum_bins(number_type(dtype)), (bins,), (out, row_by_row(weights), order, _bounds(ordered, bins)), BLOCK)
    return out


@cache
def _sum_bins(number: Any) -> Any:
    """A block for each bin."""
    sum_of_all = combiner(formulas.add, BLOCK)

    def kernel(out, weights, order, bounds):
        totals = cuda.shared.array(BLOCK, number)
        thread, n = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.x)
        i, stop = uint32(uint32(bounds[n]) + thread), uint32(bounds[uint32(n + uint32(1))])
        total = number(0)
        while i < stop:
            total += number(weights[uint32(order[i])])
            i = uint32(i + uint32(BLOCK))
        total = sum_of_all(totals, total)
        if thread == 0:
            out[n] = total

    return kernel
