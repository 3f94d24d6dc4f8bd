"""Products of matrices and vectors, through numpy's BLAS."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cpu.threads import on_one_blas_thread

__all__ = ["addmm", "bmm", "dot", "mm", "mv", "outer"]

Array = np.ndarray

LARGE = 2**26  # multiplications from which more than one thread pays


def _product(a: Array, b: Array) -> Array:
    columns = b.shape[-1] if b.ndim > 1 else 1
    if a.size * columns < LARGE:
        return on_one_blas_thread(np.matmul, a, b)
    return np.matmul(a, b)


def mm(a: Array, b: Array) -> Array:
    """(n, k) @ (k, m)."""
    return _product(a, b)


def bmm(a: Array, b: Array) -> Array:
    """(b, n, k) @ (b, k, m)."""
    return _product(a, b)


def mv(a: Array, b: Array) -> Array:
    """(n, k) @ (k,)."""
    return _product(a, b)


def dot(a: Array, b: Array) -> Array:
    """(k,) @ (k,)."""
    return np.asarray(np.dot(a, b))


def outer(a: Array, b: Array) -> Array:
    """(n,) by (m,): every product, (n, m)."""
    return np.multiply(a[:, None], b[None, :])


def addmm(bias: Array, a: Array, b: Array, beta: float, alpha: float) -> Array:
    """beta * bias + alpha * (a @ b); the bias is broadcast, and ignored (NaN too) for beta = 0."""
    product = _product(a, b)
    if alpha != 1:
        product *= product.dtype.type(alpha)
    if beta != 0:
        product += bias if beta == 1 else bias * bias.dtype.type(beta)
    return product
