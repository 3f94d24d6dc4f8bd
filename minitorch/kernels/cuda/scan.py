"""Along a dimension, from each element to the next.

Blocks scan slices of rows, a tile at a time. Where there are several slices to a row, their last results are scanned in turn, and
what comes before each slice is added to it in a further launch. So nothing depends on which block is the first to finish.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import uint32

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.launch import MOST_BLOCKS, blocks_for, launch
from minitorch.kernels.cuda.lifting import cast, position, row_start

__all__ = ["cumprod", "cumsum", "logcumsumexp"]

Formula = Callable[..., Any]

TILE = 256  # elements that a block scans at a time
SLICE = 16 * TILE  # elements of a row that a block takes
SHORT = 32  # elements up to which a thread takes a row alone
MANY = 1 << 12  # rows from which threads take one each, if elements of different rows are side by side


def cumsum(a: DeviceArray, dim: int, dtype: np.dtype | None = None) -> DeviceArray:
    """The sums up to each element, in ``dtype`` (the array's own unless given)."""
    return _accumulated(formulas.add, a, dim, np.dtype(dtype or a.dtype))


def cumprod(a: DeviceArray, dim: int, dtype: np.dtype | None = None) -> DeviceArray:
    """The products up to each element, in ``dtype`` (the array's own unless given)."""
    return _accumulated(formulas.multiply, a, dim, np.dtype(dtype or a.dtype))


def logcumsumexp(a: DeviceArray, dim: int) -> DeviceArray:
    """The logarithms of the sums of exp(a) up to each element."""
    return _accumulated(_add_logarithms, a, dim, a.dtype)


def _add_logarithms(x: Any, y: Any) -> Any:
    if x == y:  # which infinities may be, whose difference is no number
        return x + type(x)(math.log(2))
    return max(x, y) + math.log1p(math.exp(-abs(x - y)))


def _accumulated(formula: Formula, a: DeviceArray, dim: int, dtype: np.dtype) -> DeviceArray:
    if dtype == np.float16:
        return cast(_accumulated(formula, a, dim, np.dtype(np.float32)), dtype)
    return scan(row_by_row(a), dim, _element, _of_elements(formula), dtype)


def _element(a: Any, at: Any, i: Any) -> Any:
    return a[at]


@cache
def _of_elements(formula: Formula) -> Formula:
    f = function(formula)
    return lambda x, y, a, start, inner: f(x, y)


# -- of any results -----------------------------------------------------------------------------------------------------


def scan(a: DeviceArray, dim: int, load: Formula, combine: Formula, dtype: Any) -> DeviceArray:
    """Along a dimension, ``combine(… combine(x_0, x_1) …, x_i)`` for each i, in ``dtype``.

    Args:
        a: row by row.
        load: ``load(a, at, i)`` is x_i, where ``a[at]`` is the i-th element of its row.
        combine: ``combine(x, y, a, start, inner)``, where ``a[start + i * inner]`` is the i-th element. It has to be associative.
    """
    dtype = np.dtype(dtype)
    out = empty(a.shape, dtype)
    if not out.size:
        return out
    count, inner = (a.shape[dim], math.prod(a.shape[dim + 1 :])) if a.ndim else (1, 1)
    rows = out.size // count
    number, sizes = number_type(dtype), tuple(map(np.uint32, (rows, count, inner)))
    if count <= SHORT or (inner > 1 and rows >= MANY):
        launch(_by_thread(load, combine, number), blocks_for(rows), (out, a, *sizes))
        return out
    slices = min(-(-count // SLICE), MOST_BLOCKS[1])
    length = np.uint32(-(-count // slices))
    kernel = _by_block(load, combine, number)
    launch(kernel, (rows, slices), (out, a, a, *sizes, length, *sizes[1:]), TILE)
    if slices > 1:
        _join_slices(out, a, combine, sizes, length, slices)
    return out


def _join_slices(
    out: DeviceArray, a: DeviceArray, combine: Formula, sizes: tuple[np.uint32, ...], length: np.uint32, slices: int
) -> None:
    rows, count, inner = sizes
    before = empty((int(rows), slices), out.dtype)
    number = number_type(out.dtype)
    launch(_last, blocks_for(before.size), (before, out, *sizes, length, np.uint32(slices)))
    shape = rows, np.uint32(slices), np.uint32(1)
    joined = empty(before.shape, out.dtype)
    launch(
        _by_block(_element, combine, number), (int(rows),), (joined, before, a, *shape, shape[1], count, inner), TILE
    )
    launch(_add(combine, number), blocks_for(out.size), (out, joined, a, *sizes, length, np.uint32(slices)))


@cache
def _by_thread(load: Formula, combine: Formula, number: Any) -> Callable[..., None]:
    """A thread for each row, which takes one element after the other."""
    x_at, f = function(load), function(combine)

    def kernel(out, a, rows, count, inner):
        row = position()
        if row < rows:
            start = row_start(row, count, inner)
            total, at = number(x_at(a, start, uint32(0))), start
            out[at] = total
            i = uint32(1)
            while i < count:
                at = uint32(at + inner)
                total = number(f(total, number(x_at(a, at, i)), a, start, inner))
                out[at] = total
                i = uint32(i + uint32(1))

    return kernel


@cache
def _by_block(load: Formula, combine: Formula, number: Any) -> Callable[..., None]:
    """A block for each row and slice. In a tile, threads take in what is 1, 2, 4, … elements before theirs.

    ``x`` has ``count`` elements in a row, and ``a``, which formulas are given, ``a_count``.
    """
    x_at, f = function(load), function(combine)

    def kernel(out, x, a, rows, count, inner, length, a_count, a_inner):
        totals = cuda.shared.array(TILE, number)
        thread, row = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.x)
        start, a_start = row_start(row, count, inner), row_start(row, a_count, a_inner)
        first = uint32(uint32(cuda.blockIdx.y) * length)
        begin, stop = first, min(uint32(first + length), count)
        before = number(0)
        while first < stop:
            i = uint32(first + thread)
            at = uint32(start + uint32(i * inner))
            total = number(0)
            if i < stop:
                total = number(x_at(x, at, i))
            totals[thread] = total
            cuda.syncthreads()
            step = uint32(1)
            while step < TILE:
                other = number(0)
                if thread >= step:
                    other = totals[uint32(thread - step)]
                cuda.syncthreads()
                if thread >= step and i < stop:
                    total = number(f(other, total, a, a_start, a_inner))
                    totals[thread] = total
                cuda.syncthreads()
                step = uint32(step << uint32(1))
            if i < stop:
                out[at] = total if first == begin else number(f(before, total, a, a_start, a_inner))
            last = totals[uint32(TILE - 1)]
            if first == begin:
                before = last
            elif uint32(first + uint32(TILE)) < stop:
                before = number(f(before, last, a, a_start, a_inner))
            cuda.syncthreads()  # before anybody writes there again
            first = uint32(first + uint32(TILE))

    return kernel


def _last(totals, out, rows, count, inner, length, slices):
    """What each slice of each row comes to."""
    i = position()
    if i < uint32(rows * slices):
        row = uint32(i // slices)
        end = min(uint32(uint32(uint32(i - uint32(row * slices)) + uint32(1)) * length), count)
        totals[i] = out[uint32(row_start(row, count, inner) + uint32(uint32(end - uint32(1)) * inner))]


@cache
def _add(combine: Formula, number: Any) -> Callable[..., None]:
    """Combines what comes before a slice with each element of it."""
    f = function(combine)

    def kernel(out, before, a, rows, count, inner, length, slices):
        at = position()
        if at < uint32(uint32(rows * count) * inner):
            above = uint32(at // inner)
            column = uint32(at - uint32(above * inner))
            outer = uint32(above // count)
            place = uint32(uint32(above - uint32(outer * count)) // length)
            if place > 0:
                row = uint32(uint32(outer * inner) + column)
                start = row_start(row, count, inner)
                total = before[uint32(uint32(uint32(row * slices) + place) - uint32(1))]
                out[at] = number(f(total, out[at], a, start, inner))

    return kernel
