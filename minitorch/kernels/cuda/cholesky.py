"""A = L Lᵀ, of stacks of symmetric matrices: a block of threads for each; and what is solved with it.

How matrices lie, and are computed, is told in ``linalg``.

Source: Golub and Van Loan, Matrix Computations, 4.2.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.block import BLOCK, thread_and_block
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.device import cuda
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.linalg import (
    as_columns,
    as_matrices,
    broadcast_stacks,
    by_columns,
    stacked_identity,
    turned,
)
from minitorch.kernels.cuda.rearranging import triu
from minitorch.kernels.cuda.substitution import substitute

__all__ = ["cholesky_inverse", "cholesky_solve", "linalg_cholesky"]


def linalg_cholesky(a: DeviceArray, upper: bool) -> tuple[DeviceArray, DeviceArray]:
    """L, or with ``upper`` its transpose, from one triangle of A; and the order of the first minor that is not positive, or 0.

    From such a minor on, L means nothing.
    """
    if upper:
        result, infos = linalg_cholesky(turned(a), False)
        return by_columns(turned(result)), infos
    columns, infos = as_columns(a), zeros(a.shape[:-2], a, np.dtype(np.int32))
    launch(_factor, columns.shape[:1], (columns, infos, np.int64(a.shape[-1])), BLOCK)
    return as_matrices(triu(columns, 0), a), infos


def _factor(columns, infos, size):
    thread, s = thread_and_block()
    for j in range(size):
        column = s * size * size + j * size
        pivot = columns[column + j]
        if not pivot > 0:
            if thread == 0:
                infos[s] = j + 1
            break
        root = sqrt(pivot)
        cuda.syncthreads()
        for i in range(j + thread, size, BLOCK):
            columns[column + i] /= root
        cuda.syncthreads()
        rest = size - j - 1
        for q in range(thread, rest * rest, BLOCK):
            k, i = j + 1 + q // rest, j + 1 + q % rest
            if i >= k:
                columns[s * size * size + k * size + i] -= columns[column + k] * columns[column + i]
        cuda.syncthreads()


def cholesky_solve(b: DeviceArray, a: DeviceArray, upper: bool) -> DeviceArray:
    """X with L Lᵀ X = B, or with ``upper`` Uᵀ U X = B. Stacks are broadcast."""
    lower, b = broadcast_stacks(turned(a) if upper else a, b)
    sides = as_columns(b)
    substitute(as_columns(lower), sides, False)
    substitute(as_columns(turned(lower)), sides, True)
    return as_matrices(sides, b)


def cholesky_inverse(a: DeviceArray, upper: bool) -> DeviceArray:
    """The inverse of L Lᵀ, or with ``upper`` of Uᵀ U."""
    return cholesky_solve(stacked_identity(a), a, upper)
