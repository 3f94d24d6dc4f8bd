"""A = P L U, with partial pivoting, of stacks of matrices, compiled; and what is solved with it.

How matrices lie, and are computed, is told in ``substitution``. Columns are factored in blocks; what a block means for the
columns after it is a product of matrices, which is left to BLAS.

Source: Golub and Van Loan, Matrix Computations, 3.2 and 3.4.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit
from minitorch.kernels.cpu.linalg import stacked_identity
from minitorch.kernels.cpu.matmul import matmul
from minitorch.kernels.cpu.substitution import (
    BLOCK,
    as_columns,
    as_matrices,
    broadcast_stacks,
    shared,
    substitute,
)  # fmt: skip

__all__ = [
    "linalg_det", "linalg_inv", "linalg_lu_factor", "linalg_lu_solve", "linalg_solve", "lu_det", "lu_permutation", "lu_slogdet",
]  # fmt: skip

Array = np.ndarray


def linalg_lu_factor(a: Array) -> tuple[Array, Array, Array]:
    """L below the diagonal and U from it on, in one matrix; the rows exchanged with each; and the first pivot that is 0.

    As in LAPACK, rows and pivots count from 1; 0 says that there is no such pivot.
    """
    *lead, m, n = a.shape
    count = min(m, n)
    columns = as_columns(a)
    pivots, infos = np.empty((len(columns), count), np.int32), np.zeros(len(columns), np.int32)
    for start in range(0, count, BLOCK):
        stop = min(start + BLOCK, count)
        work = len(columns) * (stop - start) ** 2
        shared(_factor, work * (m - start))(columns, pivots, infos, start, stop)
        if n > stop - start:
            shared(_carry_on, work * n)(columns, pivots, start, stop)
        if n > stop < m:
            columns[:, stop:, stop:] -= matmul(columns[:, stop:, start:stop], columns[:, start:stop, stop:])
    return as_matrices(columns, a), pivots.reshape(*lead, count), infos.reshape(lead)


@parallel_jit
def _factor(columns, pivots, infos, start, stop):
    """A block of columns; the rows above it are done with."""
    stack, _, height = columns.shape
    for s in prange(stack):
        for j in range(start, stop):
            column = columns[s, j]
            largest = j
            for i in range(j + 1, height):
                if abs(column[i]) > abs(column[largest]):
                    largest = i
            pivots[s, j] = largest + 1
            pivot = column[largest]
            if pivot == 0:
                if infos[s] == 0:
                    infos[s] = j + 1
                continue
            for k in range(start, stop):
                columns[s, k, j], columns[s, k, largest] = columns[s, k, largest], columns[s, k, j]
            for i in range(j + 1, height):
                column[i] /= pivot
            for k in range(j + 1, stop):
                other = columns[s, k]
                factor = other[j]
                for i in range(j + 1, height):
                    other[i] -= factor * column[i]


@parallel_jit
def _carry_on(columns, pivots, start, stop):
    """Exchanges rows in all columns beyond a block, and solves for the block's rows of U in those that come after it."""
    stack, width, _ = columns.shape
    for place in prange(stack * width):
        s, k = place // width, place % width
        if start <= k < stop:
            continue
        column = columns[s, k]
        _exchange(column, pivots[s], start, stop, False)
        if k >= stop:
            for j in range(start, stop):
                factor = column[j]
                for i in range(j + 1, stop):
                    column[i] -= factor * columns[s, j, i]


@jit
def _exchange(column, pivots, start, stop, backwards):
    for step in range(stop - start):
        i = stop - 1 - step if backwards else start + step
        other = pivots[i] - 1
        column[i], column[other] = column[other], column[i]


@parallel_jit
def _exchange_all(columns, pivots, backwards):
    stack, count, _ = columns.shape
    for place in prange(stack * count):
        s = place // count
        _exchange(columns[s, place % count], pivots[s], 0, pivots.shape[1], backwards)


def _as_stack(pivots: Array) -> Array:
    *lead, count = pivots.shape
    return np.ascontiguousarray(pivots, np.int32).reshape(prod(lead), count)


def lu_permutation(pivots: Array, lu: Array) -> Array:
    """P, as a matrix, which makes L U into A."""
    lead = pivots.shape[:-1]
    height = lu.shape[-2]
    rows = np.empty((*lead, 1, height), np.int64)
    rows[...] = np.arange(height)
    shared(_exchange_all, rows.size)(rows.reshape(prod(lead), 1, height), _as_stack(pivots), False)
    result = np.zeros((*lead, height, height), lu.dtype)
    np.put_along_axis(result, rows, 1, -2)
    return result


def linalg_lu_solve(lu: Array, pivots: Array, b: Array, left: bool = True, adjoint: bool = False) -> Array:
    """X with A X = B, or X A = B, for a factored A or, with ``adjoint``, its transpose. Stacks are broadcast."""
    if not left:
        return linalg_lu_solve(lu, pivots, b.swapaxes(-1, -2), True, not adjoint).swapaxes(-1, -2)
    lu, b = broadcast_stacks(lu, b)
    rows = _as_stack(np.broadcast_to(pivots, lu.shape[:-1]))
    sides = as_columns(b)
    exchange = shared(_exchange_all, sides.size)
    if adjoint:
        columns = as_columns(lu.swapaxes(-1, -2))
        substitute(columns, sides, False)
        substitute(columns, sides, True, True)
        exchange(sides, rows, True)
    else:
        columns = as_columns(lu)
        exchange(sides, rows, False)
        substitute(columns, sides, False, True)
        substitute(columns, sides, True)
    return as_matrices(sides, b)


def linalg_solve(a: Array, b: Array, left: bool = True) -> Array:
    """X with A X = B, or X A = B. Stacks are broadcast."""
    lu, pivots, _ = linalg_lu_factor(a)
    return linalg_lu_solve(lu, pivots, b, left)


def linalg_inv(a: Array) -> Array:
    """The inverse of each matrix; where there is none, it has infinities or NaN."""
    return linalg_solve(a, stacked_identity(a))


def linalg_det(a: Array) -> Array:
    """The determinant of each matrix."""
    return lu_det(*linalg_lu_factor(a)[:2])


def lu_det(lu: Array, pivots: Array) -> Array:
    """The determinant of each factored matrix."""
    product = np.multiply.reduce(lu.diagonal(0, -2, -1), -1, dtype=np.float64)
    return np.asarray(product * _sign(pivots)).astype(lu.dtype)


def lu_slogdet(lu: Array, pivots: Array) -> tuple[Array, Array]:
    """The sign of each determinant, and the logarithm of its size."""
    diagonal = lu.diagonal(0, -2, -1)
    signs = np.multiply.reduce(np.sign(diagonal), -1) * _sign(pivots)
    logarithms = np.add.reduce(np.log(np.abs(diagonal), dtype=np.float64), -1)
    return np.asarray(signs).astype(lu.dtype), np.asarray(logarithms).astype(lu.dtype)


def _sign(pivots: Array) -> Array:
    """1 for an even number of exchanges of rows, and -1 for an odd one."""
    exchanges = (pivots != np.arange(1, pivots.shape[-1] + 1)).sum(-1)
    return 1 - 2 * (exchanges % 2)
