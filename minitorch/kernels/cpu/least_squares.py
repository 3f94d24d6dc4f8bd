"""Least squares, pseudo-inverses and exponentials of stacks of matrices, in double precision."""

from __future__ import annotations

import math

import numpy as np

from minitorch.kernels.cpu.linalg import by_columns
from minitorch.kernels.cpu.orthogonal import finite

__all__ = ["linalg_lstsq", "linalg_matrix_exp", "linalg_pinv"]

Array = np.ndarray


def linalg_pinv(
    a: Array, atol: Array | float = 0.0, rtol: Array | float | None = None, hermitian: bool = False
) -> Array:
    """The inverse of what is not 0 in a matrix: singular values up to ``max(atol, rtol * the largest)`` count as 0."""
    if rtol is None:
        rtol = float(np.finfo(a.dtype).eps) * max(a.shape[-2:])
    if 0 in a.shape:
        return np.zeros((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype)
    if hermitian:
        values, vectors = np.linalg.eigh(a)
        left, right, sizes = vectors, vectors.swapaxes(-1, -2), np.abs(values)
    else:
        u, values, vh = np.linalg.svd(finite(a), full_matrices=False)
        left, right, sizes = vh.swapaxes(-1, -2), u.swapaxes(-1, -2), values
    tolerance = np.maximum(atol, rtol * sizes.max(-1))[..., None]
    inverse = np.where(sizes > tolerance, 1 / values, 0).astype(a.dtype, copy=False)
    return np.matmul(left * inverse[..., None, :], right)


def linalg_lstsq(a: Array, b: Array, rcond: float, driver: str) -> tuple[Array, Array, Array, Array]:
    """The smallest X that minimises |A X - B|: X, the squares of |A X - B|, the ranks and the singular values.

    What LAPACK's driver of that name does not compute is empty. ``"gels"`` goes by QR, the others here by singular values.
    There may be one matrix A for many B.

    Raises:
        ValueError: there are numbers that are not finite, or for ``"gels"`` a matrix has not full rank.
    """
    *own, m, n = a.shape
    rank, values = np.zeros(own, np.int64), np.zeros((*own, min(m, n)), a.dtype)
    precise = finite(a).astype(np.float64)
    x = np.zeros((*b.shape[:-2], n, b.shape[-1]))
    if driver == "gels":
        x, rank = _by_triangles(precise, b), np.empty(0, np.int64)
    elif a.size:
        u, s, vh = np.linalg.svd(precise, full_matrices=False)
        counts = s > rcond * s[..., :1]
        rank, values = np.asarray(counts.sum(-1, dtype=np.int64)), s.astype(a.dtype)
        inverse = np.divide(1, s, out=np.zeros_like(s), where=counts)
        x = np.matmul(vh.swapaxes(-1, -2), inverse[..., None] * np.matmul(u.swapaxes(-1, -2), b))
    memory = by_columns(np.zeros((*b.shape[:-2], max(m, n), b.shape[-1]), a.dtype))  # LAPACK writes X over B
    solution = memory[..., :n, :]
    solution[...] = x
    squares = np.empty(0, a.dtype)
    if m > n and driver != "gelsy" and (driver == "gels" or bool((rank == n).all())):
        squares = np.square(np.matmul(precise, x) - b).sum(-2).astype(a.dtype)
    return solution, squares, rank, values if driver in ("gelsd", "gelss") else np.empty(0, a.dtype)


def _by_triangles(a: Array, b: Array) -> Array:
    wide = a.shape[-2] < a.shape[-1]
    q, r = np.linalg.qr(a.swapaxes(-1, -2) if wide else a)
    if (np.diagonal(r, axis1=-2, axis2=-1) == 0).any():
        raise ValueError("there is a matrix that has not full rank")
    if wide:
        return np.matmul(q, np.linalg.solve(r.swapaxes(-1, -2), b))
    return np.linalg.solve(r, np.matmul(q.swapaxes(-1, -2), b))


PADE = [math.factorial(26 - i) // (math.factorial(i) * math.factorial(13 - i)) for i in range(14)]
"""The coefficients of the polynomial p of degree 13 for which exp(x) is nearly p(x) / p(-x)."""

REACH = 5.371920351148152
"""Up to this norm of x, the quotient is exact in double precision."""


def linalg_matrix_exp(a: Array) -> Array:
    """exp(A) = I + A + A²/2 + …, by a quotient of polynomials for A / 2^s, squared s times.

    Source: Higham, The Scaling and Squaring Method for the Matrix Exponential Revisited, 2005.
    """
    if not a.size:
        return np.zeros(a.shape, a.dtype)
    x = a.astype(np.float64).reshape(-1, *a.shape[-2:])
    norm = np.abs(x).sum(-2).max(-1)
    times = np.ceil(np.log2(np.where(np.isfinite(norm) & (norm > REACH), norm / REACH, 1))).astype(int)
    x = x / np.exp2(times)[:, None, None]
    one = np.eye(a.shape[-1])
    x2 = np.matmul(x, x)
    x4 = np.matmul(x2, x2)
    x6 = np.matmul(x2, x4)

    def quarter(i: int) -> Array:
        return PADE[i + 6] * x6 + PADE[i + 4] * x4 + PADE[i + 2] * x2

    odd = np.matmul(x, np.matmul(x6, quarter(7)) + quarter(1) + PADE[1] * one)
    even = np.matmul(x6, quarter(6)) + quarter(0) + PADE[0] * one
    result = np.linalg.solve(even - odd, even + odd)
    for number in range(times.max()):
        again = times > number
        result[again] = np.matmul(result[again], result[again])
    return result.reshape(a.shape).astype(a.dtype)
