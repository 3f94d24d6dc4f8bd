"""Products of stacks and vectors, and what decompositions have in common.

Decompositions work on stacks of matrices, mostly with a block of threads for each, and in double precision, also of float32.
Their matrices lie column by column, as LAPACK has them: in kernels element (row, column) is at ``column * height + row``. These
kernels count in 64 bits, signed: their loops run in both directions, and wait for memory anyway.
"""

from __future__ import annotations

from math import prod

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.creation import ones, zeros
from minitorch.kernels.cuda.elementwise import add, mul, sub, write_over
from minitorch.kernels.cuda.gemm import addmm
from minitorch.kernels.cuda.lifting import broadcast, cast, write
from minitorch.kernels.cuda.shape import cat, expand, permute, reshape, slice, transpose, view
from minitorch.kernels.cuda.strides import diagonal

__all__ = ["add_product", "addbmm", "stacked_identity", "vector_product"]


def add_product(a: DeviceArray, product: DeviceArray, beta: float, alpha: float) -> DeviceArray:
    """beta * a + alpha * product; ``a`` is broadcast, and ignored (NaN too) for beta = 0."""
    number = product.dtype.type
    if alpha != 1:
        product = mul(product, number(alpha))
    if beta == 0:
        return product
    return add(product, a if beta == 1 else mul(a, number(beta)))


def addbmm(a: DeviceArray, b: DeviceArray, c: DeviceArray, beta: float, alpha: float) -> DeviceArray:
    """beta * a + alpha * (the sum of the products of two stacks), as one product of long matrices."""
    count, n, depth = b.shape
    beside = reshape(permute(b, (1, 0, 2)), (n, count * depth))
    return addmm(a, beside, reshape(c, (count * depth, c.shape[2])), beta, alpha)


def vector_product(a: DeviceArray, b: DeviceArray, dim: int) -> DeviceArray:
    """The vector product along a dimension of size 3."""
    shape = broadcast([a.shape, b.shape])
    a, b = (cat([expand(each, shape)] * 2, dim) for each in (a, b))
    a1, a2, b1, b2 = (slice(each, dim, start, start + 3, 1) for each in (a, b) for start in (1, 2))
    return sub(mul(a1, b2), mul(a2, b1))


def stacked_identity(a: DeviceArray) -> DeviceArray:
    """Ones on the diagonals, and zeros elsewhere, for every matrix of a stack, which need not be square."""
    return identity(a.shape, a)


# -- what decompositions share ----------------------------------------------------------------------------------------------


def identity(shape: tuple[int, ...], like: DeviceArray) -> DeviceArray:
    """A stack of identities, which need not be square, of another array's dtype."""
    one = zeros(shape[-2:], like)
    write_over(diagonal(one, 0, 0, 1), ones((), like))
    return expand(one, shape)


def turned(a: DeviceArray) -> DeviceArray:
    """Every matrix transposed."""
    return transpose(a, a.ndim - 2, a.ndim - 1)


def by_columns(a: DeviceArray) -> DeviceArray:
    """The same numbers, each matrix column by column."""
    out = empty((*a.shape[:-2], a.shape[-1], a.shape[-2]), a.dtype)
    write(formulas.same, out, turned(a))
    return turned(out)


def as_columns(a: DeviceArray) -> DeviceArray:
    """A copy to compute with: (stack, columns, rows), row by row, in double precision."""
    *lead, m, n = a.shape
    columns = empty((prod(lead), n, m), np.float64)
    write(formulas.same, view(columns, (*lead, n, m)), turned(a))
    return columns


def as_matrices(columns: DeviceArray, like: DeviceArray) -> DeviceArray:
    """The stack that ``as_columns`` made columns of, column by column."""
    *lead, m, n = like.shape
    return turned(view(cast(columns, like.dtype), (*lead, n, m)))


def broadcast_stacks(a: DeviceArray, b: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """Two stacks of matrices of any sizes, with as many matrices in both."""
    lead = broadcast([a.shape[:-2], b.shape[:-2]])
    return expand(a, (*lead, *a.shape[-2:])), expand(b, (*lead, *b.shape[-2:]))
