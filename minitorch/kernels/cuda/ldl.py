"""A = L D Lᵀ, of stacks of symmetric matrices that need not be positive definite: a block of threads for each; and what is solved
with it.

L has ones on its diagonal and D blocks of one row or two; rows are exchanged as Bunch and Kaufman do it. How matrices lie, and
are computed, is told in ``linalg``.

Source: Golub and Van Loan, Matrix Computations, 4.4; LAPACK's documentation of sytrf, for how the result is laid out.
"""

from __future__ import annotations

from math import fabs, prod, sqrt

import numpy as np
from numba import float64, int64

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.block import BLOCK, greatest, least, thread_and_block
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.device import cuda, function
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import position
from minitorch.kernels.cuda.linalg import as_columns, as_matrices, broadcast_stacks
from minitorch.kernels.cuda.rearranging import tril
from minitorch.kernels.cuda.shape import expand

__all__ = ["linalg_ldl_factor", "linalg_ldl_solve"]

ALPHA = (1 + sqrt(17)) / 8  # bounds how far elements grow


def linalg_ldl_factor(a: DeviceArray) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """L below D in one matrix; the row exchanged with each, negative for blocks of two rows; and the first pivot that is 0.

    As in LAPACK, rows and pivots count from 1; 0 says that there is no such pivot. Only the lower triangle is read.
    """
    columns = as_columns(tril(a, 0))
    pivots, infos = empty(a.shape[:-1], np.int32), zeros(a.shape[:-2], a, np.dtype(np.int32))
    launch(_factor, columns.shape[:1], (columns, pivots, infos, np.int64(a.shape[-1])), BLOCK)
    return as_matrices(columns, a), pivots, infos


def _factor(columns, pivots, infos, size):
    shared = cuda.shared.array(BLOCK, float64)
    thread, s = thread_and_block()
    matrix, k = s * size * size, int64(0)
    while k < size:
        row, block = _choose(shared, columns, matrix, k, size, thread)
        if row < 0:
            if thread == 0:
                if infos[s] == 0:
                    infos[s] = k + 1
                pivots[s * size + k] = k + 1
            k += 1
            continue
        _exchange(columns, matrix, k, k + block - 1, row, size, thread)
        if thread == 0:
            sign = 1 if block == 1 else -1
            for each in range(k, k + block):
                pivots[s * size + each] = sign * (row + 1)
        if block == 1:
            _eliminate_one(columns, matrix, k, size, thread)
        else:
            _eliminate_two(columns, matrix, k, size, thread)
        k += block


@function
def _choose(shared, columns, matrix, k, size, thread):
    """The row to exchange, and how many rows the next block has; -1 where the whole column is 0."""
    column = matrix + k * size
    here = fabs(columns[column + k])
    row, mine = k, 0.0
    for i in range(k + 1 + thread, size, BLOCK):
        if fabs(columns[column + i]) > mine:
            row, mine = i, fabs(columns[column + i])
    largest = greatest(shared, mine)
    row = int64(least(shared, float64(row if mine == largest and row > k else size)))
    row = row if row < size else k
    if max(here, largest) == 0 or here != here:
        return int64(-1), int64(1)
    if here >= ALPHA * largest:
        return k, int64(1)
    mine = 0.0
    for j in range(k + thread, size, BLOCK):
        if j != row:
            place = j * size + row if j < row else row * size + j
            mine = max(mine, fabs(columns[matrix + place]))
    in_row = greatest(shared, mine)
    if here >= ALPHA * largest * (largest / in_row):
        return k, int64(1)
    return row, int64(1 if fabs(columns[matrix + row * size + row]) >= ALPHA * in_row else 2)


@function
def _swap(columns, here, there):
    columns[here], columns[there] = columns[there], columns[here]


@function
def _exchange(columns, matrix, k, last, row, size, thread):
    """Exchanges a row and a column, of which only the lower triangle is there."""
    cuda.syncthreads()
    if row != last:
        for i in range(last + 1 + thread, size, BLOCK):
            if i > row:
                _swap(columns, matrix + last * size + i, matrix + row * size + i)
            elif i < row:
                _swap(columns, matrix + last * size + i, matrix + i * size + row)
        if thread == 0:
            _swap(columns, matrix + last * size + last, matrix + row * size + row)
            if last > k:
                _swap(columns, matrix + k * size + last, matrix + k * size + row)
    cuda.syncthreads()


@function
def _eliminate_one(columns, matrix, k, size, thread):
    column, rest = matrix + k * size, size - k - 1
    pivot = columns[column + k]
    for q in range(thread, rest * rest, BLOCK):
        j, i = k + 1 + q // rest, k + 1 + q % rest
        if i >= j:
            columns[matrix + j * size + i] -= columns[column + j] / pivot * columns[column + i]
    cuda.syncthreads()
    for i in range(k + 1 + thread, size, BLOCK):
        columns[column + i] /= pivot
    cuda.syncthreads()


@function
def _eliminate_two(columns, matrix, k, size, thread):
    one, two, rest = matrix + k * size, matrix + (k + 1) * size, size - k - 2
    beside = columns[one + k + 1]
    first, second = columns[one + k] / beside, columns[two + k + 1] / beside
    scale = 1 / ((first * second - 1) * beside)
    for q in range(thread, rest * rest, BLOCK):
        j, i = k + 2 + q // rest, k + 2 + q % rest
        if i >= j:
            a, b = columns[one + j], columns[two + j]
            by_a, by_b = scale * (second * a - b), scale * (first * b - a)
            columns[matrix + j * size + i] -= columns[one + i] * by_a + columns[two + i] * by_b
    cuda.syncthreads()
    for j in range(k + 2 + thread, size, BLOCK):
        a, b = columns[one + j], columns[two + j]
        columns[one + j], columns[two + j] = scale * (second * a - b), scale * (first * b - a)
    cuda.syncthreads()


def linalg_ldl_solve(ld: DeviceArray, pivots: DeviceArray, b: DeviceArray) -> DeviceArray:
    """X with A X = B for a factored A. Stacks are broadcast."""
    ld, b = broadcast_stacks(ld, b)
    rows = row_by_row(expand(pivots, ld.shape[:-1]))
    sides = as_columns(b)
    total = prod(sides.shape[:2])
    sizes = map(np.int64, (sides.shape[1], sides.shape[2], total))
    launch(_solve, blocks_for(total), (as_columns(ld), rows, sides, *sizes))
    return as_matrices(sides, b)


def _solve(columns, pivots, sides, count, size, total):
    """A thread for each right-hand side."""
    place = int64(position())
    if place < total:
        s, side = place // count, place * size
        matrix, rows = s * size * size, s * size
        k = int64(0)
        while k < size:  # L D Y = B
            row = abs(int64(pivots[rows + k])) - 1
            one, two = matrix + k * size, matrix + (k + 1) * size
            if pivots[rows + k] > 0:
                _swap(sides, side + k, side + row)
                for i in range(k + 1, size):
                    sides[side + i] -= columns[one + i] * sides[side + k]
                sides[side + k] /= columns[one + k]
                k += 1
                continue
            _swap(sides, side + k + 1, side + row)
            for i in range(k + 2, size):
                sides[side + i] -= columns[one + i] * sides[side + k] + columns[two + i] * sides[side + k + 1]
            beside = columns[one + k + 1]
            first, second = columns[one + k] / beside, columns[two + k + 1] / beside
            a, b = sides[side + k] / beside, sides[side + k + 1] / beside
            sides[side + k] = (second * a - b) / (first * second - 1)
            sides[side + k + 1] = (first * b - a) / (first * second - 1)
            k += 2
        k = size - 1
        while k >= 0:  # Lᵀ X = Y
            block = 1 if pivots[rows + k] > 0 else 2
            for j in range(k - block + 1, k + 1):
                for i in range(k + 1, size):
                    sides[side + j] -= columns[matrix + j * size + i] * sides[side + i]
            row = abs(int64(pivots[rows + k])) - 1
            _swap(sides, side + k, side + row)
            k -= block
