"""Products of stacks and vectors that numpy has no name for, and what formulas for determinants need."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.halves import in_float32

__all__ = ["add_product", "addbmm", "null_vectors", "stacked_identity", "vector_product"]

Array = np.ndarray


def add_product(a: Array, product: Array, beta: float, alpha: float) -> Array:
    """beta * a + alpha * product; ``a`` is broadcast, and ignored (NaN too) for beta = 0."""
    if alpha != 1:
        product = product * product.dtype.type(alpha)
    if beta == 0:
        return product
    return np.add(product, a if beta == 1 else a * a.dtype.type(beta), out=...)


@in_float32
def addbmm(a: Array, b: Array, c: Array, beta: float, alpha: float) -> Array:
    """beta * a + alpha * (the products of the two stacks, added up one after the other)."""
    shape = b.shape[1], c.shape[2]
    result = np.zeros(shape, b.dtype) if beta == 0 else np.multiply(np.broadcast_to(a, shape), b.dtype.type(beta))
    for x, y in zip(b, c, strict=True):
        result = add_product(result, np.matmul(x, y), 1, alpha)
    return result


def vector_product(a: Array, b: Array, dim: int) -> Array:
    """The vector product along a dimension of size 3."""
    a, b = np.broadcast_arrays(a, b)
    return np.roll(a, -1, dim) * np.roll(b, -2, dim) - np.roll(a, -2, dim) * np.roll(b, -1, dim)


def by_columns(a: Array) -> Array:
    """The same numbers, each matrix column by column."""
    result = np.empty((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype).swapaxes(-1, -2)
    result[...] = a
    return result


def stacked_identity(a: Array) -> Array:
    """Ones on the diagonals, and zeros elsewhere, for every matrix of a stack, which need not be square."""
    return np.broadcast_to(np.eye(*a.shape[-2:], dtype=a.dtype), a.shape)


def null_vectors(a: Array) -> tuple[Array, Array]:
    """W and V, of a few columns, such that A + W Vᵀ is as far from singular as A's rank allows.

    V has the right singular vectors of the smallest singular values, as many as are 0 in one of the matrices, up to rounding,
    and at least one; W the left ones, times the largest singular value.
    """
    finite = np.isfinite(a).all((-2, -1), keepdims=True)
    u, sizes, vt = np.linalg.svd(np.where(finite, a, 0).astype(np.float64))
    largest = sizes[..., :1]
    small = sizes <= largest * a.shape[-1] * np.finfo(a.dtype).eps
    count = max(1, int(small.sum(-1).max(initial=0)))
    w = u[..., -count:] * np.where(largest > 0, largest, 1)[..., None]
    return w.astype(a.dtype), vt[..., -count:, :].swapaxes(-1, -2).astype(a.dtype)
