"""A = L Lᵀ, of stacks of symmetric matrices, compiled; and what is solved with it.

How matrices lie, and are computed, is told in ``substitution``.

Source: Golub and Van Loan, Matrix Computations, 4.2.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.cpu.matmul import matmul
from minitorch.kernels.cpu.substitution import (
    BLOCK,
    as_columns,
    as_matrices,
    broadcast_stacks,
    by_columns,
    shared,
    substitute,
)  # fmt: skip

__all__ = ["cholesky_inverse", "cholesky_solve", "linalg_cholesky"]

Array = np.ndarray


def linalg_cholesky(a: Array, upper: bool) -> tuple[Array, Array]:
    """L, or with ``upper`` its transpose, from one triangle of A; and the order of the first minor that is not positive, or 0.

    From such a minor on, L means nothing.
    """
    if upper:
        result, infos = linalg_cholesky(a.swapaxes(-1, -2), False)
        return by_columns(result.swapaxes(-1, -2)), infos
    size = a.shape[-1]
    columns = as_columns(a)
    infos = np.zeros(len(columns), np.int32)
    for start in range(0, size, BLOCK):
        stop = min(start + BLOCK, size)
        work = len(columns) * (stop - start) ** 2 * (size - start)
        shared(_factor, work)(columns, infos, start, stop)
        if stop < size:
            below = columns[:, start:stop, stop:]
            columns[:, stop:, stop:] -= matmul(below.swapaxes(-1, -2), below)
    return as_matrices(np.triu(columns), a), infos.reshape(a.shape[:-2])


@parallel_jit
def _factor(columns, infos, start, stop):
    """A block of columns; the columns before it are done with."""
    stack, _, size = columns.shape
    for s in prange(stack):
        for j in range(start, stop):
            column = columns[s, j]
            if infos[s] != 0:
                break
            for k in range(start, j):
                column[j] -= columns[s, k, j] * columns[s, k, j]
            if not column[j] > 0:
                infos[s] = j + 1
                break
            for k in range(start, j):
                factor = columns[s, k, j]
                for i in range(j + 1, size):
                    column[i] -= factor * columns[s, k, i]
            root = sqrt(column[j])
            column[j] = root
            for i in range(j + 1, size):
                column[i] /= root


def cholesky_solve(b: Array, a: Array, upper: bool) -> Array:
    """X with L Lᵀ X = B, or with ``upper`` Uᵀ U X = B. Stacks are broadcast."""
    lower = a.swapaxes(-1, -2) if upper else a
    lower, b = broadcast_stacks(lower, b)
    sides = as_columns(b)
    substitute(as_columns(lower), sides, False)
    substitute(as_columns(lower.swapaxes(-1, -2)), sides, True)
    return as_matrices(sides, b)


def cholesky_inverse(a: Array, upper: bool) -> Array:
    """The inverse of L Lᵀ, or with ``upper`` of Uᵀ U."""
    return cholesky_solve(np.broadcast_to(np.eye(a.shape[-1], dtype=a.dtype), a.shape), a, upper)
