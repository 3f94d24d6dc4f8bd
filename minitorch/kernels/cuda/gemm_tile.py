"""The product of matrices, tile by tile: one main loop for matrices, batches of them, and convolutions.

A block makes a tile of the result, of ``rows`` by ``columns``. Step by step it brings ``depth`` columns of A and rows of B to
shared memory, and each thread adds their products to its own part of the tile, which stays in registers: ``high`` by ``wide``
elements, in groups of neighbours that one access reads, so that threads beside each other read from different banks.

Where A and B come from, and where the result goes, is said by functions:

* a *source* prepares, once, what depends on the thread alone, ``prepare(args, first, batch)``, and fills shared memory for a
  step, ``fill(shared, args, prepared, first, k, stop)``: element (k, row) at ``k * rows + row``, 0 beyond the edges;
* a *sink* takes an element, ``put(args, row, column, batch, value)``, and passes over what is beyond the edges.

Source: Volkov and Demmel, "Benchmarking GPUs to tune dense linear algebra"; NVIDIA's CUTLASS.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import uint32, uint64

from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.vector import load

THREADS = 256


class Tile(NamedTuple):
    """The shape of what a block and a thread compute. 256 threads have one part each; four divides the depth."""

    rows: int
    columns: int
    depth: int
    high: int
    wide: int


LARGE = Tile(128, 128, 8, 8, 8)
SMALL = Tile(64, 64, 16, 4, 4)


class Source(NamedTuple):
    prepare: Any
    fill: Any


def choose(rows: int, columns: int, dtype: np.dtype, batches: int = 1) -> Tile:
    """Large tiles where there are enough of them to keep a GPU busy."""
    large = -(-rows // LARGE.rows) * -(-columns // LARGE.columns) * batches
    return LARGE if dtype.itemsize <= 4 and large >= 64 and min(rows, columns) > SMALL.rows else SMALL


ENOUGH = 256  # tiles that keep a GPU busy
SHORTEST = 256  # depth that a part of a sum has at least


def splits_for(tile: Tile, rows: int, columns: int, depth: int, batches: int) -> int:
    """Into how many parts to cut a deep sum that gives few results. It depends on the sizes alone, and so do the results."""
    tiles = -(-rows // tile.rows) * -(-columns // tile.columns) * batches
    return max(1, min(ENOUGH // tiles, depth // SHORTEST))


def multiply(
    tile: Tile, dtype: np.dtype, sources: tuple[Source, Source], sink: Any, args: tuple[Any, Any, Any],
    size: tuple[int, int, int], batches: int, splits: int = 1,
) -> None:  # fmt: skip
    """Launches the kernel.

    Args:
        args: of the sources and of the sink.
        size: rows, columns, and the depth that is summed over.
        batches: of how many products.
        splits: into how many parts to cut the depth. The sink gets part s of batch b as batch b * splits + s.
    """
    rows, columns, depth = size
    length = -(-depth // (splits * tile.depth)) * tile.depth  # of whole steps, which vectors do not reach beyond
    kernel = _kernel(tile, number_type(dtype), 16 // dtype.itemsize, *sources, sink)
    grid = (-(-columns // tile.columns), -(-rows // tile.rows), batches * splits)
    numbers = tuple(map(np.uint32, (depth, length, splits)))
    launch(kernel, grid, (*args, *numbers), THREADS)


@cache
def _kernel(tile: Tile, number: Any, lanes: int, a_source: Source, b_source: Source, sink: Any) -> Callable[..., None]:
    rows, columns, depth, high, wide = tile
    across = columns // wide  # threads beside each other
    a_size, b_size = depth * rows, depth * columns
    like = (number(0),) * lanes
    high_groups, wide_groups = high // lanes, wide // lanes
    row_group, column_group = rows // high_groups, columns // wide_groups
    a_prepare, a_fill, b_prepare, b_fill = *a_source, *b_source
    accumulators = (high, wide)
    a_step, b_step, a_two, b_two, two = map(uint64, (rows, columns, 2 * rows, 2 * columns, 2))

    @function
    def row_of(thread, i):
        """The row, in the tile, of the i-th that a thread has."""
        return uint32(uint32(i // lanes * row_group) + uint32(uint32(thread // uint32(across)) * uint32(lanes)))

    @function
    def column_of(thread, i):
        return uint32(uint32(i // lanes * column_group) + uint32(uint32(thread % uint32(across)) * uint32(lanes)))

    @function
    def add_products(totals, a_part, b_part, a_tile, b_tile, a_at, b_at):
        """One step: a column of A's tile times a row of B's."""
        for group in range(high_groups):
            found = load(a_tile, uint64(a_at + uint64(group * row_group)), like)
            for n in range(lanes):
                a_part[group * lanes + n] = found[n]
        for group in range(wide_groups):
            found = load(b_tile, uint64(b_at + uint64(group * column_group)), like)
            for n in range(lanes):
                b_part[group * lanes + n] = found[n]
        for i in range(high):
            for j in range(wide):
                totals[i, j] += a_part[i] * b_part[j]

    @function
    def add_two(totals, a_part, b_part, a_tile, b_tile, a_at, b_at):
        add_products(totals, a_part, b_part, a_tile, b_tile, a_at, b_at)
        add_products(totals, a_part, b_part, a_tile, b_tile, uint64(a_at + a_step), uint64(b_at + b_step))

    def kernel(out, a, b, size, length, splits):
        a_tile = cuda.shared.array(a_size, number)
        b_tile = cuda.shared.array(b_size, number)
        totals = cuda.local.array(accumulators, number)
        a_part = cuda.local.array(high, number)
        b_part = cuda.local.array(wide, number)
        thread, z = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.z)
        top, left = uint32(uint32(cuda.blockIdx.y) * uint32(rows)), uint32(uint32(cuda.blockIdx.x) * uint32(columns))
        batch = uint32(z // splits)
        k = uint32(uint32(z - uint32(batch * splits)) * length)
        stop = min(uint32(k + length), size)
        for i in range(high):
            for j in range(wide):
                totals[i, j] = number(0)
        a_prepared, b_prepared = a_prepare(a, top, batch), b_prepare(b, left, batch)
        while k < stop:
            a_fill(a_tile, a, a_prepared, top, k, stop)
            b_fill(b_tile, b, b_prepared, left, k, stop)
            cuda.syncthreads()
            a_at, b_at = uint64(row_of(thread, 0)), uint64(column_of(thread, 0))
            stop_at = uint64(a_at + uint64(a_size))
            while a_at < stop_at:  # four steps are written out, so that fewer instructions count and jump
                add_two(totals, a_part, b_part, a_tile, b_tile, a_at, b_at)
                add_two(totals, a_part, b_part, a_tile, b_tile, uint64(a_at + a_two), uint64(b_at + b_two))
                a_at, b_at = uint64(a_at + uint64(a_two * two)), uint64(b_at + uint64(b_two * two))
            cuda.syncthreads()
            k = uint32(k + uint32(depth))
        for i in range(high):
            row = uint32(top + uint32(row_of(thread, i) + uint32(i % lanes)))
            for j in range(wide):
                column = uint32(left + uint32(column_of(thread, j) + uint32(j % lanes)))
                sink(out, row, column, z, totals[i, j])

    return kernel
