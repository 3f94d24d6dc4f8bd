"""A = L D Lᵀ, of stacks of symmetric matrices that need not be positive definite, compiled; and what is solved with it.

L has ones on its diagonal and D blocks of one row or two; rows are exchanged as Bunch and Kaufman do it. How matrices lie, and
are computed, is told in ``substitution``.

Source: Golub and Van Loan, Matrix Computations, 4.4; LAPACK's documentation of sytrf, for how the result is laid out.
"""

from __future__ import annotations

from math import prod, sqrt

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit
from minitorch.kernels.cpu.substitution import as_columns, as_matrices, broadcast_stacks, shared

__all__ = ["linalg_ldl_factor", "linalg_ldl_solve"]

Array = np.ndarray

ALPHA = (1 + sqrt(17)) / 8  # bounds how far elements grow


def linalg_ldl_factor(a: Array) -> tuple[Array, Array, Array]:
    """L below D in one matrix; the row exchanged with each, negative for blocks of two rows; and the first pivot that is 0.

    As in LAPACK, rows and pivots count from 1; 0 says that there is no such pivot. Only the lower triangle is read.
    """
    columns = as_columns(np.tril(a))
    pivots, infos = np.empty(columns.shape[:2], np.int32), np.zeros(len(columns), np.int32)
    shared(_factor, columns.size * a.shape[-1])(columns, pivots, infos)
    return as_matrices(columns, a), pivots.reshape(a.shape[:-1]), infos.reshape(a.shape[:-2])


@parallel_jit
def _factor(columns, pivots, infos):
    stack, size, _ = columns.shape
    for s in prange(stack):
        matrix = columns[s]
        k = 0
        while k < size:
            row, block = _choose(matrix, k)
            if row < 0:
                if infos[s] == 0:
                    infos[s] = k + 1
                pivots[s, k] = k + 1
                k += 1
                continue
            _exchange(matrix, k, k + block - 1, row)
            if block == 1:
                pivots[s, k] = row + 1
                _eliminate_one(matrix, k)
            else:
                pivots[s, k] = pivots[s, k + 1] = -(row + 1)
                _eliminate_two(matrix, k)
            k += block


@jit
def _choose(matrix, k):
    """The row to exchange, and how many rows the next block has; -1 where the whole column is 0."""
    size = len(matrix)
    here, largest, row = abs(matrix[k, k]), 0.0, k
    for i in range(k + 1, size):
        if abs(matrix[k, i]) > largest:
            largest, row = abs(matrix[k, i]), i
    if max(here, largest) == 0 or here != here:
        return -1, 1
    if here >= ALPHA * largest:
        return k, 1
    in_row = 0.0
    for j in range(k, row):
        in_row = max(in_row, abs(matrix[j, row]))
    for i in range(row + 1, size):
        in_row = max(in_row, abs(matrix[row, i]))
    if here >= ALPHA * largest * (largest / in_row):
        return k, 1
    return row, 1 if abs(matrix[row, row]) >= ALPHA * in_row else 2


@jit
def _exchange(matrix, k, last, row):
    """Exchanges a row and a column, of which only the lower triangle is there."""
    if row == last:
        return
    for i in range(row + 1, len(matrix)):
        matrix[last, i], matrix[row, i] = matrix[row, i], matrix[last, i]
    for i in range(last + 1, row):
        matrix[last, i], matrix[i, row] = matrix[i, row], matrix[last, i]
    matrix[last, last], matrix[row, row] = matrix[row, row], matrix[last, last]
    if last > k:
        matrix[k, last], matrix[k, row] = matrix[k, row], matrix[k, last]


@jit
def _eliminate_one(matrix, k):
    size = len(matrix)
    for j in range(k + 1, size):
        factor = matrix[k, j] / matrix[k, k]
        for i in range(j, size):
            matrix[j, i] -= factor * matrix[k, i]
    for i in range(k + 1, size):
        matrix[k, i] /= matrix[k, k]


@jit
def _eliminate_two(matrix, k):
    size = len(matrix)
    beside = matrix[k, k + 1]
    first, second = matrix[k, k] / beside, matrix[k + 1, k + 1] / beside
    scale = 1 / ((first * second - 1) * beside)
    for j in range(k + 2, size):
        a, b = matrix[k, j], matrix[k + 1, j]
        by_a, by_b = scale * (second * a - b), scale * (first * b - a)
        for i in range(j, size):
            matrix[j, i] -= matrix[k, i] * by_a + matrix[k + 1, i] * by_b
        matrix[k, j], matrix[k + 1, j] = by_a, by_b


def linalg_ldl_solve(ld: Array, pivots: Array, b: Array) -> Array:
    """X with A X = B for a factored A. Stacks are broadcast."""
    ld, b = broadcast_stacks(ld, b)
    size = ld.shape[-1]
    rows = np.ascontiguousarray(np.broadcast_to(pivots, ld.shape[:-1]), np.int32).reshape(prod(ld.shape[:-2]), size)
    sides = as_columns(b)
    shared(_solve, sides.size * size)(as_columns(ld), rows, sides)
    return as_matrices(sides, b)


@parallel_jit
def _solve(columns, pivots, sides):
    stack, count, _ = sides.shape
    for place in prange(stack * count):
        s = place // count
        _solve_one(columns[s], pivots[s], sides[s, place % count])


@jit
def _solve_one(matrix, pivots, side):
    size = len(side)
    k = 0
    while k < size:  # L D Y = B
        row = abs(pivots[k]) - 1
        if pivots[k] > 0:
            side[k], side[row] = side[row], side[k]
            for i in range(k + 1, size):
                side[i] -= matrix[k, i] * side[k]
            side[k] /= matrix[k, k]
            k += 1
            continue
        side[k + 1], side[row] = side[row], side[k + 1]
        for i in range(k + 2, size):
            side[i] -= matrix[k, i] * side[k] + matrix[k + 1, i] * side[k + 1]
        beside = matrix[k, k + 1]
        first, second = matrix[k, k] / beside, matrix[k + 1, k + 1] / beside
        a, b = side[k] / beside, side[k + 1] / beside
        side[k] = (second * a - b) / (first * second - 1)
        side[k + 1] = (first * b - a) / (first * second - 1)
        k += 2
    k = size - 1
    while k >= 0:  # Lᵀ X = Y
        block = 1 if pivots[k] > 0 else 2
        for j in range(k - block + 1, k + 1):
            for i in range(k + 1, size):
                side[j] -= matrix[j, i] * side[i]
        row = abs(pivots[k]) - 1
        side[k], side[row] = side[row], side[k]
        k -= block
