"""Stable sorting of the rows along a dimension: blocks sort tiles of them, and further launches merge these by twos.

An element goes past as many others of its own run as come before it there, and past as many of the other run as a search finds.
Equal elements of the first run go before those of the second, so that they all keep their order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import int32, uint32

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.folding import Plan, plan
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import places, position

Formula = Callable[..., Any]

TILE = 256  # elements that a block sorts


def merge_sort(
    a: DeviceArray, dim: int, before: Formula, numbers: tuple[Any, ...] = ()
) -> tuple[DeviceArray, DeviceArray]:
    """The elements in order along a dimension, and where each was in its row, as int32.

    Args:
        before: ``before(x, y, *numbers)`` says whether x has to come before y.

    Returns:
        Arrays of shape (rows, elements of a row).
    """
    planned = plan(a, (dim,))
    shape = (planned.outputs, planned.elements)
    keys, order = (empty(shape, dtype) for dtype in (a.dtype, np.int32))
    if not keys.size:
        return keys, order
    _sort_tiles(keys, order, a, planned, before, numbers)
    run = TILE
    while run < planned.elements:
        merged = empty(shape, a.dtype), empty(shape, np.int32)
        sizes = tuple(map(np.uint32, (keys.size, planned.elements, run)))
        launch(_merge(before), blocks_for(keys.size), (*merged, keys, order, *sizes, numbers))
        keys, order = merged
        run *= 2
    return keys, order


def _sort_tiles(
    keys: DeviceArray, order: DeviceArray, a: DeviceArray, planned: Plan, before: Formula, numbers: tuple[Any, ...]
) -> None:
    length = planned.elements
    tiles = -(-length // TILE)  # of a row
    width = min(length, TILE)
    together = TILE // width  # tiles of a block
    kernel = _tile(before, number_type(a.dtype), len(planned.kept_shape))
    sizes = tuple(map(np.uint32, (planned.outputs * tiles, length, tiles, width, together)))
    kept_shape, kept_steps, _, (step,) = planned.for_kernel
    blocks = -(-planned.outputs * tiles // together)
    launch(kernel, (blocks,), (keys, order, a, *sizes, kept_shape, kept_steps, step, numbers), TILE)


@cache
def _destination(before: Formula) -> Any:
    """A function that gives where the i-th of ``count`` keys goes when runs of a length are merged by twos."""
    f = function(before)

    @function
    def destination(keys, start, i, run, count, numbers):
        first = uint32(uint32(i // uint32(run * uint32(2))) * uint32(run * uint32(2)))
        middle = min(uint32(first + run), count)
        in_first = i < middle
        low, high = (middle, min(uint32(middle + run), count)) if in_first else (first, middle)
        passed = uint32(uint32(i - uint32(0 if in_first else run)) - low)
        key = keys[uint32(start + i)]
        while low < high:
            half = uint32(uint32(low + high) >> uint32(1))
            other = keys[uint32(start + half)]
            if f(other, key, *numbers) if in_first else not f(key, other, *numbers):
                low = uint32(half + uint32(1))
            else:
                high = half
        return uint32(passed + low)

    return destination


@cache
def _tile(before: Formula, number: Any, kept_dims: int) -> Callable[..., None]:
    """A block for each tile of a long row, or for several short rows: runs of one element are merged until they are whole."""
    place, destination = places(kept_dims), _destination(before)

    def kernel(keys, order, a, all_tiles, length, tiles, width, together, kept_shape, kept_steps, step, numbers):
        sorted_keys = cuda.shared.array(TILE, number)
        sorted_order = cuda.shared.array(TILE, uint32)
        thread = uint32(cuda.threadIdx.x)
        nth = uint32(thread // width)
        tile = uint32(uint32(uint32(cuda.blockIdx.x) * together) + nth)
        row = uint32(tile // tiles)
        first = uint32(uint32(tile - uint32(row * tiles)) * uint32(TILE))
        start = uint32(nth * width)
        i = uint32(thread - start)
        count = min(width, uint32(length - first))
        busy = nth < together and tile < all_tiles and i < count
        if busy:
            from_ = uint32(place(row, kept_shape, kept_steps) + uint32(uint32(first + i) * step))
            sorted_keys[thread] = a[from_]
            sorted_order[thread] = uint32(first + i)
        cuda.syncthreads()
        run = uint32(1)
        while run < width:
            to, key, where = thread, number(0), uint32(0)
            if busy:
                key, where = sorted_keys[thread], sorted_order[thread]
                to = uint32(start + destination(sorted_keys, start, i, run, count, numbers))
            cuda.syncthreads()
            if busy:
                sorted_keys[to] = key
                sorted_order[to] = where
            cuda.syncthreads()
            run = uint32(run << uint32(1))
        if busy:
            to = uint32(uint32(uint32(row * length) + first) + i)
            keys[to] = sorted_keys[thread]
            order[to] = int32(sorted_order[thread])

    return kernel


@cache
def _merge(before: Formula) -> Callable[..., None]:
    """A thread for each element."""
    destination = _destination(before)

    def kernel(keys, order, runs, runs_order, size, length, run, numbers):
        at = position()
        if at < size:
            i = uint32(at % length)
            start = uint32(at - i)
            to = uint32(start + destination(runs, start, i, run, length, numbers))
            keys[to] = runs[at]
            order[to] = runs_order[at]

    return kernel
