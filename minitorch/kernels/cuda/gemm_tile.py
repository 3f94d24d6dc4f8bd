"""The product of matrices, tile by tile: one main loop for matrices, batches of them, and convolutions.

A block makes a tile of the result, of ``rows`` by ``columns``. Step by step it brings ``depth`` columns of A and rows of B to
shared memory, and each thread adds their products to its own part of the tile, which stays in registers: ``high`` by ``wide``
elements, in groups of neighbours that one access reads, so that threads beside each other read from different banks, and write
beside each other what is stored together.

Where A and B come from, and where the result goes, is said by functions:

* a *source* prepares, once, what depends on the thread alone, ``prepare(args, first, batch)``, and fills shared memory for a
  step, ``fill(shared, args, prepared, first, k, stop)``: element (k, row) at ``k * pitch + row``, 0 beyond the edges;
* a *sink* takes elements of a row, ``width`` neighbours at once. ``locate(args, column, batch)`` prepares what depends on the
  column alone; ``put(args, located, row, column, batch, values)`` writes them, and passes over what is beyond the edges.

Source: Volkov and Demmel, "Benchmarking GPUs to tune dense linear algebra"; NVIDIA's CUTLASS.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numba import uint32, uint64

from minitorch.kernels.cuda.device import SIMULATED, cuda, function, number_type, resident
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.vector import BYTES, lanes, load

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


class Sink(NamedTuple):
    width: int
    locate: Any
    put: Any


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


def pitch(extent: int, number: Any) -> int:
    """How far apart the lines of a tile lie in shared memory.

    That is 16 bytes more than they are long, which vectors need. Their lengths alone are multiples of 32 banks, and threads that
    fill a column would all write to one bank, one after the other.
    """
    return extent + BYTES * 8 // number.bitwidth


ALIGNMENT = None if SIMULATED else BYTES  # of tiles in shared memory, for vectors; the simulator has none
DEEP = 256  # sums that take so long that it matters more how columns are read than how they are written


def multiply(
    tile: Tile, dtype: np.dtype, sources: tuple[Source, Source], sink: Sink, args: tuple[Any, Any, Any],
    size: tuple[int, int, int], batches: int, splits: int = 1,
) -> None:  # fmt: skip
    """Launches the kernel.

    Args:
        args: of the sink and of the sources.
        size: rows, columns, and the depth that is summed over.
        batches: of how many products.
        splits: into how many parts to cut the depth. The sink gets part s of batch b as batch b * splits + s.
    """
    rows, columns, depth = size
    length = -(-depth // (splits * tile.depth)) * tile.depth  # of whole steps, which vectors do not reach beyond
    most = lanes(dtype)
    widths = most, most if length >= DEEP else sink.width
    kernel = _kernel(tile, number_type(dtype), widths, *sources, sink)
    grid = (-(-columns // tile.columns), -(-rows // tile.rows), batches * splits)
    numbers = tuple(map(np.uint32, (depth, length, splits)))
    launch(kernel, grid, (*args, *numbers), THREADS)


@cache
def _kernel(
    tile: Tile, number: Any, widths: tuple[int, int], a_source: Source, b_source: Source, sink: Sink
) -> Callable[..., None]:
    """The kernel, in which so many rows, and so many columns, of a thread are neighbours: the widths of what it reads."""
    rows, columns, depth, high, wide = tile
    across = columns // wide  # threads beside each other
    a_size, b_size = depth * pitch(rows, number), depth * pitch(columns, number)
    shape = (high, wide)
    a_prepare, a_fill, b_prepare, b_fill = *a_source, *b_source
    row_of, read_rows = _side(rows, high, widths[0], number)
    column_of, read_columns = _side(columns, wide, widths[1], number)
    add_products = _main_loop(tile, number, read_rows, read_columns)
    write = _epilogue(tile, row_of, column_of, sink)

    def kernel(out, a, b, size, length, splits):
        a_tile = cuda.shared.array(a_size, number, alignment=ALIGNMENT)
        b_tile = cuda.shared.array(b_size, number, alignment=ALIGNMENT)
        totals = cuda.local.array(shape, number)
        a_part = cuda.local.array(high, number)
        b_part = cuda.local.array(wide, number)
        thread, z = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.z)
        y, x = uint32(thread // uint32(across)), uint32(thread % uint32(across))
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
            add_products(totals, a_part, b_part, a_tile, b_tile, row_of(y, 0), column_of(x, 0))
            cuda.syncthreads()
            k = uint32(k + uint32(depth))
        write(out, totals, b_part, top, left, y, x, z)

    # Elements that are stored at once are in registers beside each other, which leaves others unused: not too many of them.
    return resident(kernel, 2) if tile == LARGE else kernel


def _side(extent: int, own: int, width: int, number: Any) -> tuple[Any, Any]:
    """How one side of a tile, its rows or its columns, is shared among threads, each of which has ``own`` of them.

    The first groups of all threads lie beside each other, then their second groups, and so on.

    Returns:
        Two functions: ``place_of(thread, i)`` is where in the tile a thread's i-th row, or column, is; ``read(part, tile, at)``
        reads a line's elements in all rows, or columns, of the thread whose first one is at ``at``.
    """
    apart = extent // own * width  # from a thread's group to its next
    zeros = (number(0),) * width

    @function
    def place_of(thread, i):
        return uint32(uint32(thread * uint32(width)) + uint32(i // width * apart + i % width))

    @function
    def read(part, tile, at):
        for group in range(own // width):
            found = load(tile, uint64(at + uint64(group * apart)), zeros)
            for n in range(width):
                part[group * width + n] = found[n]

    return place_of, read


def _main_loop(tile: Tile, number: Any, read_rows: Any, read_columns: Any) -> Any:
    """The function that adds the products of what is in shared memory to a thread's totals."""
    rows, columns, depth, high, wide = tile
    a_line, b_line = pitch(rows, number), pitch(columns, number)
    a_one, b_one, a_two, b_two, a_four, b_four = (uint64(n * line) for n in (1, 2, 4) for line in (a_line, b_line))
    a_size = uint64(depth * a_line)

    @function
    def add_one(totals, a_part, b_part, a_tile, b_tile, a_at, b_at):
        """A column of A's tile times a row of B's: each is a line in shared memory."""
        read_rows(a_part, a_tile, a_at)
        read_columns(b_part, b_tile, b_at)
        for i in range(high):
            for j in range(wide):
                totals[i, j] += a_part[i] * b_part[j]

    @function
    def add_two(totals, a_part, b_part, a_tile, b_tile, a_at, b_at):
        add_one(totals, a_part, b_part, a_tile, b_tile, a_at, b_at)
        add_one(totals, a_part, b_part, a_tile, b_tile, uint64(a_at + a_one), uint64(b_at + b_one))

    @function
    def add_all(totals, a_part, b_part, a_tile, b_tile, row, column):
        a_at, b_at = uint64(row), uint64(column)
        stop = uint64(a_at + a_size)
        while a_at < stop:  # four lines are written out, so that fewer instructions count and jump
            add_two(totals, a_part, b_part, a_tile, b_tile, a_at, b_at)
            add_two(totals, a_part, b_part, a_tile, b_tile, uint64(a_at + a_two), uint64(b_at + b_two))
            a_at, b_at = uint64(a_at + a_four), uint64(b_at + b_four)

    return add_all


def _epilogue(tile: Tile, row_of: Any, column_of: Any, sink: Sink) -> Any:
    """The function that gives a thread's totals to the sink."""
    width, locate, put = sink
    high, groups = tile.high, tile.wide // width

    @function
    def write(out, totals, values, top, left, y, x, batch):
        for group in range(groups):
            column = uint32(left + column_of(x, group * width))
            located = locate(out, column, batch)
            for i in range(high):
                for n in range(width):
                    values[n] = totals[i, group * width + n]
                put(out, located, uint32(top + row_of(y, i)), column, batch, values)

    return write
