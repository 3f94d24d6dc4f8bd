"""Triangular systems, for stacks of matrices: a block of threads for each right-hand side.

How matrices lie, and are computed, is told in ``linalg``.

Source: Golub and Van Loan, Matrix Computations, 3.1.
"""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.block import BLOCK, thread_and_block
from minitorch.kernels.cuda.device import cuda
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.linalg import as_columns, as_matrices, broadcast_stacks, by_columns, turned
from minitorch.kernels.cuda.shape import expand

__all__ = ["copied_stack", "linalg_solve_triangular"]


def linalg_solve_triangular(
    a: DeviceArray, b: DeviceArray, upper: bool, left: bool = True, unitriangular: bool = False
) -> DeviceArray:
    """X with A X = B, or X A = B; only one triangle of A is read. Stacks are broadcast."""
    if not left:
        return by_columns(turned(linalg_solve_triangular(turned(a), turned(b), not upper, True, unitriangular)))
    a, b = broadcast_stacks(a, b)
    sides = as_columns(b)
    substitute(as_columns(a), sides, upper, unitriangular)
    return as_matrices(sides, b)


def copied_stack(a: DeviceArray, lead: tuple[int, ...]) -> DeviceArray:
    """A copy of a stack of matrices, broadcast to a stack of the shape ``lead``, that lies column by column."""
    return by_columns(expand(a, (*lead, *a.shape[-2:])))


def substitute(columns: DeviceArray, sides: DeviceArray, upper: bool, unitriangular: bool = False) -> None:
    """Writes the solutions over the right-hand sides (stack, side, row)."""
    stack, count, size = sides.shape
    flags = np.bool_(upper), np.bool_(unitriangular)
    launch(_substitute, (stack * count,), (columns, sides, np.int64(count), np.int64(size), *flags), BLOCK)


def _substitute(columns, sides, count, size, upper, unitriangular):
    thread, place = thread_and_block()
    matrix, side = place // count * size * size, place * size
    for step in range(size):
        j = size - 1 - step if upper else step
        column = matrix + j * size
        if not unitriangular:
            if thread == 0:
                sides[side + j] /= columns[column + j]
            cuda.syncthreads()
        unknown = sides[side + j]
        start, stop = (0, j) if upper else (j + 1, size)
        for i in range(start + thread, stop, BLOCK):
            sides[side + i] -= unknown * columns[column + i]
        cuda.syncthreads()
