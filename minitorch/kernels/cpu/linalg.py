"""Products of stacks and vectors that numpy has no name for."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cpu.halves import in_float32

__all__ = ["add_product", "addbmm", "vector_product"]

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
