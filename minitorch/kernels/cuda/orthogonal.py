"""Orthogonal decompositions by Householder's reflections, of stacks of matrices: a block of threads for each.

How matrices lie, and are computed, is told in ``linalg``.

Source: Golub and Van Loan, Matrix Computations, 5.1 and 5.2; LAPACK's documentation of geqrf, for signs and for how the result is
laid out.
"""

from __future__ import annotations

from math import copysign, fabs, sqrt
from typing import Literal

import numpy as np
from numba import float64

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.block import BLOCK, greatest, thread_and_block, total
from minitorch.kernels.cuda.device import cuda, function
from minitorch.kernels.cuda.elementwise import add, mul, sub
from minitorch.kernels.cuda.gemm import matmul
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.lifting import cast
from minitorch.kernels.cuda.linalg import (
    as_columns,
    as_matrices,
    by_columns,
    identity,
    stacked_identity,
    turned,
)
from minitorch.kernels.cuda.rearranging import tril, triu
from minitorch.kernels.cuda.shape import slice, unsqueeze, view
from minitorch.kernels.cuda.substitution import linalg_solve_triangular

__all__ = ["geqrf", "linalg_householder_product", "linalg_qr", "ormqr"]


def geqrf(a: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """Reflections that make a matrix triangular: below the diagonal their vectors, above the triangle; and their factors."""
    columns, tau = _triangular(a)
    return as_matrices(columns, a), cast(tau, a.dtype)


def _triangular(a: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """The reflections, and their factors, in double precision."""
    *lead, m, n = a.shape
    columns, tau = as_columns(a), empty((*lead, min(m, n)), np.float64)
    launch(_reflect, columns.shape[:1], (columns, tau, np.int64(m), np.int64(n)), BLOCK)
    return columns, tau


_larger = function(formulas.larger)


def _reflect(columns, tau, height, width):
    shared = cuda.shared.array(BLOCK, float64)
    thread, s = thread_and_block()
    count = min(height, width)
    for j in range(count):
        column = (s * width + j) * height
        first = columns[column + j]
        size = 0.0
        for i in range(j + 1 + thread, height, BLOCK):
            size = _larger(size, fabs(columns[column + i]))
        size = greatest(shared, size)
        if size == 0:
            if thread == 0:
                tau[s * count + j] = 0.0
            continue
        size = _larger(size, fabs(first))
        squares = (first / size) ** 2 if thread == 0 else 0.0
        for i in range(j + 1 + thread, height, BLOCK):
            squares += (columns[column + i] / size) ** 2
        onto = -copysign(size * sqrt(total(shared, squares)), first)
        factor = (onto - first) / onto
        for i in range(j + 1 + thread, height, BLOCK):
            columns[column + i] /= first - onto
        if thread == 0:
            columns[column + j] = onto
            tau[s * count + j] = factor
        cuda.syncthreads()
        for k in range(j + 1 + thread, width, BLOCK):  # every thread has columns of its own
            other = (s * width + k) * height
            along = columns[other + j]
            for i in range(j + 1, height):
                along += columns[column + i] * columns[other + i]
            along *= factor
            columns[other + j] -= along
            for i in range(j + 1, height):
                columns[other + i] -= along * columns[column + i]
        cuda.syncthreads()


def linalg_qr(a: DeviceArray, mode: Literal["reduced", "complete", "r"]) -> tuple[DeviceArray, DeviceArray]:
    """Q and R; for the mode ``"r"`` Q is empty."""
    *lead, m, n = a.shape
    columns, tau = _triangular(a)
    packed = turned(view(columns, (*lead, n, m)))
    height = m if mode == "complete" else min(m, n)
    r = by_columns(cast(triu(slice(packed, len(lead), 0, height, 1), 0), a.dtype))
    if mode == "r":
        return empty((0,), a.dtype), r
    q = _reflected(packed, tau, identity((*lead, m, height), tau), False)
    return by_columns(cast(q, a.dtype)), r


def linalg_householder_product(a: DeviceArray, tau: DeviceArray) -> DeviceArray:
    """The first columns of the product of reflections I - tau v vᵀ, whose vectors lie below the diagonal."""
    a, tau, dtype = cast(a, np.float64), cast(tau, np.float64), a.dtype
    return by_columns(cast(_reflected(a, tau, stacked_identity(a), False), dtype))


def ormqr(a: DeviceArray, tau: DeviceArray, other: DeviceArray, left: bool, transpose: bool) -> DeviceArray:
    """The product of all the reflections, or its transpose, times ``other``, or ``other`` times it."""
    dtype = a.dtype
    a, tau, other = (cast(each, np.float64) for each in (a, tau, other))
    if not left:
        return by_columns(cast(turned(_reflected(a, tau, turned(other), not transpose)), dtype))
    return by_columns(cast(_reflected(a, tau, other, transpose), dtype))


def _reflected(a: DeviceArray, tau: DeviceArray, other: DeviceArray, transpose: bool) -> DeviceArray:
    """Reflections times ``other``, all at once, in double precision.

    H1 H2 … = I - V T Vᵀ, with T⁻¹ = D⁻¹ + (the part of VᵀV above its diagonal) for the diagonal matrix D of all tau.
    Source: Schreiber and Van Loan, A Storage-Efficient WY Representation for Products of Householder Transformations, 1989.
    """
    count, last = tau.shape[-1], a.ndim - 1
    v = tril(slice(a, last, 0, count, 1), -1)
    v = add(v, stacked_identity(v))
    above = triu(matmul(turned(v), v), 1)
    scaled = mul(above, unsqueeze(tau, last - 1))  # T D⁻¹ is the inverse of this and ones on the diagonal
    inverse = linalg_solve_triangular(scaled, stacked_identity(scaled), True, True, True)
    t = mul(unsqueeze(tau, last), inverse)
    return sub(other, matmul(v, matmul(turned(t) if transpose else t, matmul(turned(v), other))))
