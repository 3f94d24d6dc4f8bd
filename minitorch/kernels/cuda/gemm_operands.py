"""Matrices as sources and sinks of products, by how they lie in memory."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import uint32

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.gemm_tile import THREADS, Sink, Source, pitch
from minitorch.kernels.cuda.placement import address
from minitorch.kernels.cuda.vector import BYTES, lanes, load, store


def matrix(a: DeviceArray, extent: int, depth: int) -> tuple[Source, tuple[Any, ...]]:
    """A batch of matrices (batch, line, k) as the source of a product, and its arguments.

    The source takes tiles of so many lines and so deep. It does not matter how the matrices lie; some ways are faster.
    """
    batch_step, line_step, step = a.steps
    _, lines, size = a.shape
    count = lanes(a.dtype)
    deep = step <= line_step  # neighbours in memory follow each other along k
    run, steps = (size, (line_step, batch_step)) if deep else (lines, (step, batch_step))
    vectors = (
        (step if deep else line_step) == 1
        and not run % count
        and not address(a) % BYTES
        and not any(s % count for s in steps)
    )
    make = _vectors if vectors else _elements
    source = make(extent, depth, deep, number_type(a.dtype), count)
    return source, (a, *map(np.uint32, (lines, line_step, step, batch_step)))


@function
def _start_of_batch(args, first, batch):
    return uint32(batch * args[4])


@cache
def _elements(extent: int, depth: int, deep: bool, number: Any, count: int) -> Source:
    """One element after the other; threads beside each other read along k if that is how the matrix lies."""
    turns = extent * depth // THREADS
    line_apart = pitch(extent, number)

    @function
    def fill(shared, args, start, first, k, stop):
        a, lines, line_step, step, _ = args
        for turn in range(turns):
            q = uint32(uint32(cuda.threadIdx.x) + uint32(turn * THREADS))
            if deep:
                line, at = uint32(q // uint32(depth)), uint32(q % uint32(depth))
            else:
                line, at = uint32(q % uint32(extent)), uint32(q // uint32(extent))
            wanted, inner = uint32(first + line), uint32(k + at)
            value = number(0)
            if wanted < lines and inner < stop:
                value = a[uint32(uint32(start + uint32(wanted * line_step)) + uint32(inner * step))]
            shared[uint32(uint32(at * uint32(line_apart)) + line)] = value

    return Source(_start_of_batch, fill)


@cache
def _vectors(extent: int, depth: int, deep: bool, number: Any, count: int) -> Source:
    """Sixteen bytes at a time, all of them within the matrix or none."""
    total = extent * depth // count
    turns = -(-total // THREADS)
    zeros = (number(0),) * count
    along = (depth if deep else extent) // count
    line_apart = pitch(extent, number)

    @function
    def fill(shared, args, start, first, k, stop):
        a, lines, line_step, step, _ = args
        for turn in range(turns):
            q = uint32(uint32(cuda.threadIdx.x) + uint32(turn * THREADS))
            outer, inner = uint32(q // uint32(along)), uint32(uint32(q % uint32(along)) * uint32(count))
            values = zeros
            if deep:
                line, at = uint32(first + outer), uint32(k + inner)
                if line < lines and at < stop:
                    values = load(a, uint32(uint32(start + uint32(line * line_step)) + at), zeros)
                for n in range(count):
                    shared[uint32(uint32(uint32(inner + uint32(n)) * uint32(line_apart)) + outer)] = values[n]
            else:
                line, at = uint32(first + inner), uint32(k + outer)
                if line < lines and at < stop:
                    values = load(a, uint32(uint32(start + uint32(at * step)) + line), zeros)
                store(shared, uint32(uint32(outer * uint32(line_apart)) + inner), values)

    return Source(_start_of_batch, fill)


@cache
def result(biased: bool, scaled: bool, number: Any, width: int) -> Sink:
    """A batch of matrices that lie row by row as the sink of products; its arguments are ``result_args``.

    It takes so many elements of a row at once, which divide the rows' length.
    """
    zeros = (number(0),) * width

    @function
    def locate(args, column, batch):
        _, rows, columns, _, _, _, _, _ = args
        return uint32(uint32(uint32(batch * rows) * columns) + column)

    @function
    def put(args, located, row, column, batch, values):
        out, rows, columns, bias, row_step, column_step, alpha, beta = args
        if row < rows and column < columns:
            for n in range(width):
                if scaled:
                    values[n] *= alpha
                if biased:
                    term = bias[uint32(uint32(row * row_step) + uint32(uint32(column + uint32(n)) * column_step))]
                    values[n] += term * beta if scaled else term
            store(out, uint32(located + uint32(row * columns)), load(values, 0, zeros))

    return Sink(width, locate, put)


def result_args(
    out: DeviceArray, bias: DeviceArray | None = None, alpha: float = 1, beta: float = 1
) -> tuple[Any, ...]:
    """The arguments of ``result``: out (batch, rows, columns), and a bias that is broadcast to (rows, columns)."""
    term = out if bias is None else bias
    steps = (0, 0) if bias is None else bias.steps
    number = out.dtype.type
    return (out, *map(np.uint32, out.shape[1:]), term, *map(np.uint32, steps), number(alpha), number(beta))
