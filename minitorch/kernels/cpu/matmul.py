"""Products of matrices and vectors, through numpy's BLAS. Those of two matrices have a shorter way to it, in ``gemm``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from minitorch.kernels.cpu import elementwise
from minitorch.kernels.cpu.threads import BLAS_SHARES, on_one_blas_thread

__all__ = ["bmm", "dot", "matmul", "mv", "outer"]

Array = np.ndarray

LARGE = 2**26  # multiplications from which more than one thread pays


def _product(product: Callable[..., Array], a: Array, b: Array) -> Array:
    multiplications = a.size * (b.shape[-1] if b.ndim > 1 else 1)
    if BLAS_SHARES <= multiplications < LARGE:
        return on_one_blas_thread(product, a, b)
    return product(a, b)


def mm(a: Array, b: Array) -> Array:
    """(n, k) @ (k, m), of any dtype and layout."""
    if (
        a.size == 1 or b.size == 1
    ):  # np.dot, which is quicker, takes 0 for a lone 0 times whatever, even for 0 times NaN
        return np.matmul(a, b)
    return _product(np.dot, a, b)


def bmm(a: Array, b: Array) -> Array:
    """(b, n, k) @ (b, k, m)."""
    return _product(np.matmul, a, b)


def matmul(a: Array, b: Array) -> Array:
    """(…, n, k) @ (…, k, m), which are broadcast."""
    return _product(np.matmul, a, b)


def mv(a: Array, b: Array) -> Array:
    """(n, k) @ (k,)."""
    return _product(np.matmul, a, b)


def dot(a: Array, b: Array) -> Array:
    """(k,) @ (k,)."""
    return np.asarray(np.dot(a, b))


def outer(a: Array, b: Array) -> Array:
    """(n,) by (m,): every product, (n, m)."""
    if a.size * b.size < elementwise.SHARED or a.itemsize == 2 or a.dtype.kind == "b":
        return np.multiply(a[:, None], b[None, :])
    from minitorch.kernels.cpu import copying  # which needs numba, whose import takes longer than all else

    out = np.empty((len(a), len(b)), a.dtype)
    copying.outer(np.ascontiguousarray(a), np.ascontiguousarray(b), out)
    return out
