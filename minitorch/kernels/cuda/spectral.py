"""Singular values and eigenvalues of stacks of matrices, by Jacobi's rotations: a block of threads for each matrix.

Columns of A are turned in their plane, two by two, until all are orthogonal: A V = W for the product V of the rotations. Then the
singular values are the lengths of W's columns. The eigenvectors of a symmetric matrix are the right singular vectors of one
that a multiple of the identity made positive.

How matrices lie, and are computed, is told in ``linalg``. As on the CPU, a ValueError (numpy's ``LinAlgError`` is one) says that
there are NaN or infinities.

Source: Golub and Van Loan, Matrix Computations, 8.6.3; Brent and Luk, The Solution of Singular-Value and Symmetric Eigenvalue
Problems on Multiprocessor Arrays, 1985, for which columns are turned at the same time.
"""

from __future__ import annotations

from math import copysign, fabs, sqrt
from typing import Literal

import numpy as np
from numba import float64

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.block import BLOCK, thread_and_block, total
from minitorch.kernels.cuda.device import cuda, function
from minitorch.kernels.cuda.elementwise import (
    abs,
    add,
    div,
    gt,
    isfinite,
    isinf,
    isnan,
    logical_and,
    logical_not,
    lt,
    mul,
    row_by_row,
)
from minitorch.kernels.cuda.elementwise import sqrt as root
from minitorch.kernels.cuda.gemm import matmul
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.lifting import cast, write
from minitorch.kernels.cuda.linalg import as_columns, by_columns, identity, turned
from minitorch.kernels.cuda.orthogonal import linalg_qr
from minitorch.kernels.cuda.rearranging import tril, triu
from minitorch.kernels.cuda.reduction import all, amax, any, sum
from minitorch.kernels.cuda.selection import where
from minitorch.kernels.cuda.shape import cat, reshape, slice, unsqueeze, view
from minitorch.kernels.cuda.strides import diagonal

__all__ = ["linalg_eigh", "linalg_eigvalsh", "linalg_svd", "linalg_svdvals", "null_vectors"]

SWEEPS = 40  # after which it is given up, far more than are needed
EPSILON = float(np.finfo(np.float64).eps)


def finite(a: DeviceArray) -> DeviceArray:
    """The same array.

    Raises:
        ValueError: it has NaN or infinities.
    """
    if not all(isfinite(a), None, False).item():
        raise np.linalg.LinAlgError("there are numbers that are not finite")
    return a


# -- rotations --------------------------------------------------------------------------------------------------------------


def _orthogonal_columns(a: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """W and V, with A V = W, as columns (stack, column, row). V lies below W all the time, and starts as the identity."""
    *lead, m, n = a.shape
    columns = as_columns(cat([a, identity((*lead, n, n), a)], a.ndim - 2))
    launch(_turn_all, columns.shape[:1], (columns, np.int64(n), np.int64(m), np.int64(m + n)), BLOCK)
    return slice(columns, 2, 0, m, 1), slice(columns, 2, m, m + n, 1)


def _turn_all(columns, width, rows, height):
    """In each round every column meets another, as in a tournament of ``players``; after a sweep it has met all."""
    shared = cuda.shared.array(BLOCK, float64)
    thread, s = thread_and_block()
    matrix, players = s * width * height, width + width % 2
    turns, sweep = 1.0, 0
    while turns > 0 and sweep < SWEEPS:
        mine = 0.0
        for stage in range(players - 1):
            for pair in range(thread, players // 2, BLOCK):
                one = (stage + pair) % (players - 1) if pair > 0 else players - 1
                two = (stage + players - 1 - pair) % (players - 1)
                if one < width:  # else the other column pauses
                    mine += _turn(columns, matrix + one * height, matrix + two * height, rows, height)
            cuda.syncthreads()
        turns = total(shared, mine)
        sweep += 1


@function
def _turn(columns, one, two, rows, height):
    """Makes two columns orthogonal. Returns how many times that was needed: once or never."""
    a, b, across = 0.0, 0.0, 0.0
    for i in range(rows):
        x, y = columns[one + i], columns[two + i]
        a += x * x
        b += y * y
        across += x * y
    if not fabs(across) > EPSILON * sqrt(float64(rows)) * sqrt(a) * sqrt(b):
        return 0.0
    cotangent = (b - a) / (2 * across)  # of twice the angle
    tangent = copysign(1 / (fabs(cotangent) + sqrt(1 + cotangent * cotangent)), cotangent)
    cosine = 1 / sqrt(1 + tangent * tangent)
    sine = cosine * tangent
    for i in range(height):
        x, y = columns[one + i], columns[two + i]
        columns[one + i] = cosine * x - sine * y
        columns[two + i] = sine * x + cosine * y
    return 1.0


def _in_order(values: DeviceArray, columns: DeviceArray, descending: bool) -> tuple[DeviceArray, DeviceArray]:
    """Values (stack, column) in order, and the columns (stack, column, row), which lie densely, that belong to them."""
    stack, width, height = columns.shape
    in_order, moved = empty(values.shape, values.dtype), empty(columns.shape, columns.dtype)
    sizes = np.int64(width), np.int64(height), np.bool_(descending)
    launch(_sort, (stack,), (in_order, moved, values, columns, *sizes), BLOCK)
    return in_order, moved


def _sort(in_order, moved, values, columns, width, height, descending):
    """The place of each column is the number of those that come before it."""
    thread, s = thread_and_block()
    for j in range(thread, width, BLOCK):
        value, place = values[s * width + j], 0
        for k in range(width):
            other = values[s * width + k]
            before = other > value if descending else other < value
            if before or (other == value and k < j):
                place += 1
        in_order[s * width + place] = value
        for i in range(height):
            moved[(s * width + place) * height + i] = columns[(s * width + j) * height + i]


# -- what is made of them ---------------------------------------------------------------------------------------------------


def _scaled(a: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """Matrices in double precision whose largest elements are of size 1, or 0, and by what they were divided."""
    a = cast(a, np.float64)
    sizes = amax(abs(a), (a.ndim - 2, a.ndim - 1), True)
    sizes = where(gt(sizes, 0.0), sizes, 1.0)
    return div(a, sizes), sizes


def _tall_svd(a: DeviceArray) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """W, whose columns are orthogonal, their lengths, in descending order, and V, with A V = W / the largest of A's elements."""
    *lead, m, n = a.shape
    a, sizes = _scaled(a)
    w, v = _orthogonal_columns(a)
    both = cat([w, v], 2)
    lengths, both = _in_order(root(sum(mul(w, w), (2,), False)), both, True)
    both = turned(view(both, (*lead, n, m + n)))
    lengths = mul(view(lengths, (*lead, n)), reshape(sizes, (*lead, 1)))
    return slice(both, len(lead), 0, m, 1), lengths, slice(both, len(lead), m, m + n, 1)


def linalg_svd(a: DeviceArray, full_matrices: bool) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """U, the singular values and V transposed."""
    if a.shape[-2] < a.shape[-1]:
        u, values, vh = linalg_svd(turned(a), full_matrices)
        return by_columns(turned(vh)), values, by_columns(turned(u))
    w, values, v = _tall_svd(finite(a))
    # W = Q R with a diagonal R but for its signs; Q has more columns where W has too few, or zeros.
    q, r = linalg_qr(w, "complete" if full_matrices else "reduced")
    first = slice(q, q.ndim - 1, 0, a.shape[-1], 1)
    signs = where(lt(diagonal(r, 0, r.ndim - 2, r.ndim - 1), 0.0), -1.0, 1.0)
    write(formulas.multiply, first, first, unsqueeze(signs, signs.ndim - 1))
    return by_columns(cast(q, a.dtype)), cast(values, a.dtype), by_columns(turned(cast(v, a.dtype)))


def linalg_svdvals(a: DeviceArray) -> DeviceArray:
    """The singular values alone; NaN where there are infinities."""
    infinite = any(isinf(a), (a.ndim - 2, a.ndim - 1), True)
    known = finite(where(logical_and(infinite, logical_not(isnan(a))), 0.0, a))
    values = cast(_tall_svd(turned(known) if a.shape[-2] < a.shape[-1] else known)[1], a.dtype)
    return where(reshape(infinite, (*a.shape[:-2], 1)), a.dtype.type(np.nan), values)


def linalg_eigh(a: DeviceArray, uplo: Literal["L", "U"]) -> tuple[DeviceArray, DeviceArray]:
    """Eigenvalues and eigenvectors of symmetric matrices, of which only one triangle is read."""
    half = tril(a, 0) if uplo == "L" else turned(triu(a, 0))
    whole, sizes = _scaled(finite(add(half, turned(tril(half, -1)))))
    shift = amax(sum(abs(whole), (a.ndim - 1,), True), (a.ndim - 2,), True)  # not smaller than any eigenvalue is
    _, vectors = _orthogonal_columns(add(whole, mul(shift, identity(whole.shape, whole))))
    *lead, n, _ = a.shape
    images = matmul(vectors, reshape(whole, vectors.shape))
    values, vectors = _in_order(sum(mul(vectors, images), (2,), False), row_by_row(vectors), False)
    values = mul(view(values, (*lead, n)), reshape(sizes, (*lead, 1)))
    return cast(values, a.dtype), turned(cast(view(vectors, a.shape), a.dtype))


def linalg_eigvalsh(a: DeviceArray, uplo: Literal["L", "U"]) -> DeviceArray:
    """The eigenvalues alone."""
    return linalg_eigh(a, uplo)[0]


def null_vectors(a: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """W and V, of a few columns, such that A + W Vᵀ is as far from singular as A's rank allows.

    V has the right singular vectors of the smallest singular values, as many as are 0 in one of the matrices, up to rounding,
    and at least one; W the left ones, times the largest singular value.
    """
    last, n = a.ndim - 1, a.shape[-1]
    known = all(isfinite(a), (last - 1, last), True)
    u, sizes, vh = linalg_svd(cast(where(known, a, 0.0), np.float64), True)
    largest = slice(sizes, last - 1, 0, 1, 1)
    small = logical_not(gt(sizes, mul(largest, n * float(np.finfo(a.dtype).eps))))
    count = max(1, int(amax(sum(small, (last - 1,), False, np.dtype(np.int64)), None, False).item()))
    w = mul(slice(u, last, n - count, n, 1), unsqueeze(where(gt(largest, 0.0), largest, 1.0), last))
    v = turned(slice(vh, last - 1, n - count, n, 1))
    return cast(w, a.dtype), cast(v, a.dtype)
