"""A = P L U, with partial pivoting, of stacks of matrices: a block of threads for each; and what is solved with it.

How matrices lie, and are computed, is told in ``linalg``.

Source: Golub and Van Loan, Matrix Computations, 3.2 and 3.4.
"""

from __future__ import annotations

from math import fabs

import numpy as np
from numba import float64, int64

from minitorch.kernels.cuda.array import DeviceArray, empty, from_host
from minitorch.kernels.cuda.block import BLOCK, greatest, least, thread_and_block
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.device import cuda
from minitorch.kernels.cuda.elementwise import abs, bitwise_and, log, mul, ne, row_by_row, sub
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import cast, position
from minitorch.kernels.cuda.linalg import as_columns, as_matrices, broadcast_stacks, identity, stacked_identity, turned
from minitorch.kernels.cuda.reduction import prod, sum
from minitorch.kernels.cuda.selection import sign
from minitorch.kernels.cuda.shape import expand, view
from minitorch.kernels.cuda.strides import diagonal
from minitorch.kernels.cuda.substitution import substitute

__all__ = [
    "linalg_det", "linalg_inv", "linalg_lu_factor", "linalg_lu_solve", "linalg_solve", "lu_det", "lu_permutation", "lu_slogdet",
]  # fmt: skip


def linalg_lu_factor(a: DeviceArray) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """L below the diagonal and U from it on, in one matrix; the rows exchanged with each; and the first pivot that is 0.

    As in LAPACK, rows and pivots count from 1; 0 says that there is no such pivot.
    """
    *lead, m, n = a.shape
    count = min(m, n)
    columns = as_columns(a)
    pivots, infos = empty((*lead, count), np.int32), zeros(tuple(lead), a, np.dtype(np.int32))
    launch(_factor, columns.shape[:1], (columns, pivots, infos, *map(np.int64, (m, n, count))), BLOCK)
    return as_matrices(columns, a), pivots, infos


def _factor(columns, pivots, infos, height, width, count):
    shared = cuda.shared.array(BLOCK, float64)
    thread, s = thread_and_block()
    matrix = s * height * width
    for j in range(count):
        column = matrix + j * height
        # The row of the largest element, the first of equals. NaN counts only on the diagonal, where it wins.
        row, size = j, fabs(columns[column + j])
        for i in range(j + thread, height, BLOCK):
            if fabs(columns[column + i]) > size:
                row, size = i, fabs(columns[column + i])
        largest = greatest(shared, size)
        row = int64(least(shared, float64(row if size == largest else height)))
        row = row if row < height else j
        pivot = columns[column + row]
        if thread == 0:
            pivots[s * count + j] = row + 1
        if pivot == 0:
            if thread == 0 and infos[s] == 0:
                infos[s] = j + 1
            continue
        cuda.syncthreads()
        for k in range(thread, width, BLOCK):
            here, there = matrix + k * height + j, matrix + k * height + row
            columns[here], columns[there] = columns[there], columns[here]
        cuda.syncthreads()
        for i in range(j + 1 + thread, height, BLOCK):
            columns[column + i] /= pivot
        cuda.syncthreads()
        rest = height - j - 1
        for q in range(thread, rest * (width - j - 1), BLOCK):
            other, i = matrix + (j + 1 + q // rest) * height, j + 1 + q % rest
            columns[other + i] -= columns[other + j] * columns[column + i]
        cuda.syncthreads()


def _exchange(columns, pivots, sides, count, height, total, backwards):
    """Exchanges rows as the pivots say, a thread for each column of a matrix."""
    place = int64(position())
    if place < total:
        first = place // sides * count
        for step in range(count):
            i = count - 1 - step if backwards else step
            other = int64(pivots[first + i]) - 1
            here, there = place * height + i, place * height + other
            columns[here], columns[there] = columns[there], columns[here]


def exchange(columns: DeviceArray, pivots: DeviceArray, backwards: bool) -> None:
    """Exchanges the rows of a stack (stack, column, row) as the pivots (stack, pivot) say."""
    stack, sides, height = columns.shape
    sizes = map(np.int64, (sides, pivots.shape[-1], height, stack * sides))
    launch(_exchange, blocks_for(stack * sides), (columns, row_by_row(pivots), *sizes, np.bool_(backwards)))


def lu_permutation(pivots: DeviceArray, lu: DeviceArray) -> DeviceArray:
    """P, as a matrix, which makes L U into A."""
    lead, height = pivots.shape[:-1], lu.shape[-2]
    ones = as_columns(identity((*lead, height, height), lu))
    exchange(ones, pivots, False)
    return cast(view(ones, (*lead, height, height)), lu.dtype)


def linalg_lu_solve(
    lu: DeviceArray, pivots: DeviceArray, b: DeviceArray, left: bool = True, adjoint: bool = False
) -> DeviceArray:
    """X with A X = B, or X A = B, for a factored A or, with ``adjoint``, its transpose. Stacks are broadcast."""
    if not left:
        return turned(linalg_lu_solve(lu, pivots, turned(b), True, not adjoint))
    lu, b = broadcast_stacks(lu, b)
    pivots = expand(pivots, lu.shape[:-1])
    columns, sides = as_columns(turned(lu) if adjoint else lu), as_columns(b)
    if adjoint:
        substitute(columns, sides, False)
        substitute(columns, sides, True, True)
        exchange(sides, pivots, True)
    else:
        exchange(sides, pivots, False)
        substitute(columns, sides, False, True)
        substitute(columns, sides, True)
    return as_matrices(sides, b)


def linalg_solve(a: DeviceArray, b: DeviceArray, left: bool = True) -> DeviceArray:
    """X with A X = B, or X A = B. Stacks are broadcast."""
    lu, pivots, _ = linalg_lu_factor(a)
    return linalg_lu_solve(lu, pivots, b, left)


def linalg_inv(a: DeviceArray) -> DeviceArray:
    """The inverse of each matrix; where there is none, it has infinities or NaN."""
    return linalg_solve(a, stacked_identity(a))


def linalg_det(a: DeviceArray) -> DeviceArray:
    """The determinant of each matrix."""
    lu, pivots, _ = linalg_lu_factor(a)
    return lu_det(lu, pivots)


def lu_det(lu: DeviceArray, pivots: DeviceArray) -> DeviceArray:
    """The determinant of each factored matrix."""
    product = prod(_diagonal(lu), (lu.ndim - 2,), False, np.dtype(np.float64))
    return cast(mul(product, _sign(pivots)), lu.dtype)


def lu_slogdet(lu: DeviceArray, pivots: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """The sign of each determinant, and the logarithm of its size."""
    values = cast(_diagonal(lu), np.float64)
    signs = prod(sign(values), (lu.ndim - 2,), False, values.dtype)
    logarithms = sum(log(abs(values)), (lu.ndim - 2,), False)
    return cast(mul(signs, _sign(pivots)), lu.dtype), cast(logarithms, lu.dtype)


def _diagonal(a: DeviceArray) -> DeviceArray:
    return diagonal(a, 0, a.ndim - 2, a.ndim - 1)


def _sign(pivots: DeviceArray) -> DeviceArray:
    """1 for an even number of exchanges of rows, and -1 for an odd one."""
    count = pivots.shape[-1]
    exchanged = ne(pivots, from_host(np.arange(1, count + 1, dtype=np.int32)))
    exchanges = sum(exchanged, (pivots.ndim - 1,), False, np.dtype(np.int64))
    return cast(sub(1, mul(bitwise_and(exchanges, 1), 2)), np.float64)
