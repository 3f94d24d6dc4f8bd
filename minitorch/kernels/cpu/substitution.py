"""Triangular systems, compiled, for stacks of matrices.

Matrices lie column by column, as LAPACK has them: in the compiled loops ``columns[stack, column, row]``, so that the inner loops
run along memory; and right-hand sides one after the other, ``sides[stack, side, row]``. Unknowns are found in blocks; what those
of some blocks mean for other rows is a product of matrices, which is left to BLAS. Small matrices of float32 are computed in
double precision.

Source: Golub and Van Loan, Matrix Computations, 3.1.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.cpu.linalg import by_columns
from minitorch.kernels.cpu.matmul import matmul

__all__ = ["copied_stack", "linalg_solve_triangular"]

Array = np.ndarray

BLOCK = 32  # columns
SMALL = 64  # rows, up to which float32 is computed in double precision
SHARED = 2**20  # multiplications from which more than one thread pays


def linalg_solve_triangular(a: Array, b: Array, upper: bool, left: bool = True, unitriangular: bool = False) -> Array:
    """X with A X = B, or X A = B; only one triangle of A is read. Stacks are broadcast."""
    if not left:
        x = linalg_solve_triangular(a.swapaxes(-1, -2), b.swapaxes(-1, -2), not upper, True, unitriangular)
        return by_columns(x.swapaxes(-1, -2))
    a, b = broadcast_stacks(a, b)
    columns, sides = as_columns(a), as_columns(b)
    substitute(columns, sides, upper, unitriangular)
    return as_matrices(sides, b)


def copied_stack(a: Array, lead: tuple[int, ...]) -> Array:
    """A copy of a stack of matrices, broadcast to a stack of the shape ``lead``, that lies column by column."""
    return by_columns(np.broadcast_to(a, (*lead, *a.shape[-2:])))


def substitute(columns: Array, sides: Array, upper: bool, unitriangular: bool = False) -> None:
    """Writes the solutions over the right-hand sides."""
    _substitute_rows(columns, sides, slice(0, sides.shape[-1]), upper, unitriangular)


def _substitute_rows(columns: Array, sides: Array, rows: slice, upper: bool, unitriangular: bool) -> None:
    """One half of these rows, what that means for the other half, and that half."""
    size = rows.stop - rows.start
    if size <= BLOCK:
        loop = shared(_substitute, sides.shape[0] * sides.shape[1] * size**2)
        loop(columns, sides, rows.start, rows.stop, upper, unitriangular)
        return
    middle = rows.start + max(BLOCK, size // (2 * BLOCK) * BLOCK)
    halves = slice(rows.start, middle), slice(middle, rows.stop)
    first, second = reversed(halves) if upper else halves
    _substitute_rows(columns, sides, first, upper, unitriangular)
    sides[:, :, second] -= matmul(sides[:, :, first], columns[:, first, second])
    _substitute_rows(columns, sides, second, upper, unitriangular)


@parallel_jit
def _substitute(columns, sides, start, stop, upper, unitriangular):
    stack, count, _ = sides.shape
    for place in prange(stack * count):
        matrix, side = columns[place // count], sides[place // count, place % count]
        for step in range(stop - start):
            j = stop - 1 - step if upper else start + step
            if not unitriangular:
                side[j] /= matrix[j, j]
            unknown = side[j]
            for i in range(start if upper else j + 1, j if upper else stop):
                side[i] -= unknown * matrix[j, i]


# -- what the solvers share -------------------------------------------------------------------------------------------------


def as_columns(a: Array) -> Array:
    """A copy to compute with: the columns of each matrix of a stack."""
    *lead, m, n = a.shape
    wide = a.dtype == np.float32 and m <= SMALL
    columns = np.empty((*lead, n, m), np.float64 if wide else a.dtype)
    columns[...] = a.swapaxes(-1, -2)
    return columns.reshape(prod(lead), n, m)


def as_matrices(columns: Array, like: Array) -> Array:
    """The stack that ``as_columns`` made columns of, column by column."""
    *lead, m, n = like.shape
    return columns.astype(like.dtype, copy=False).reshape(*lead, n, m).swapaxes(-1, -2)


def broadcast_stacks(a: Array, b: Array) -> tuple[Array, Array]:
    """Two stacks of matrices of any sizes, with as many matrices in both."""
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    return np.broadcast_to(a, (*lead, *a.shape[-2:])), np.broadcast_to(b, (*lead, *b.shape[-2:]))


def shared(loop, multiplications: int):  # type: ignore[no-untyped-def]  # a compiled kernel
    """The loop itself, or its form for one thread where more do not pay."""
    return loop if multiplications >= SHARED else loop.serial
