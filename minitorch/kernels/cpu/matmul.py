"""Products of matrices and vectors, through numpy's BLAS."""

from __future__ import annotations

import numpy as np

__all__ = ["addmm", "bmm", "dot", "mm", "mv", "outer"]

Array = np.ndarray


def mm(a: Array, b: Array) -> Array:
    """(n, k) @ (k, m)."""
    return np.matmul(a, b)


def bmm(a: Array, b: Array) -> Array:
    """(b, n, k) @ (b, k, m)."""
    return np.matmul(a, b)


def mv(a: Array, b: Array) -> Array:
    """(n, k) @ (k,)."""
    return np.matmul(a, b)


def dot(a: Array, b: Array) -> Array:
    """(k,) @ (k,)."""
    return np.asarray(np.dot(a, b))


def outer(a: Array, b: Array) -> Array:
    """(n,) by (m,): every product, (n, m)."""
    return np.multiply(a[:, None], b[None, :])


def addmm(bias: Array, a: Array, b: Array, beta: float, alpha: float) -> Array:
    """beta * bias + alpha * (a @ b); the bias is broadcast, and ignored (NaN too) for beta = 0."""
    product = np.matmul(a, b)
    if alpha != 1:
        product *= product.dtype.type(alpha)
    if beta != 0:
        product += bias if beta == 1 else bias * bias.dtype.type(beta)
    return product
