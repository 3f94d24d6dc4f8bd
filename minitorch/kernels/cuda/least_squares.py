"""Least squares, pseudo-inverses and exponentials of stacks of matrices, in double precision."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cpu.least_squares import PADE, REACH
from minitorch.kernels.cuda.array import DeviceArray, empty, from_host, on_device, to_host
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.elementwise import abs, add, div, eq, gt, maximum, mul, reciprocal, sub, write_over
from minitorch.kernels.cuda.gemm import bmm, matmul
from minitorch.kernels.cuda.lifting import cast
from minitorch.kernels.cuda.linalg import by_columns, stacked_identity, turned
from minitorch.kernels.cuda.lu import linalg_solve
from minitorch.kernels.cuda.orthogonal import linalg_qr
from minitorch.kernels.cuda.reduction import all, amax, any, sum
from minitorch.kernels.cuda.selection import where
from minitorch.kernels.cuda.shape import reshape, slice, unsqueeze, view
from minitorch.kernels.cuda.spectral import finite, linalg_eigh, linalg_svd
from minitorch.kernels.cuda.strides import diagonal
from minitorch.kernels.cuda.substitution import linalg_solve_triangular

__all__ = ["linalg_lstsq", "linalg_matrix_exp", "linalg_pinv"]


def linalg_pinv(
    a: DeviceArray, atol: DeviceArray | float = 0.0, rtol: DeviceArray | float | None = None, hermitian: bool = False
) -> DeviceArray:
    """The inverse of what is not 0 in a matrix: singular values up to ``max(atol, rtol * the largest)`` count as 0."""
    if rtol is None:
        rtol = float(np.finfo(a.dtype).eps) * max(a.shape[-2:])
    if 0 in a.shape:
        return zeros((*a.shape[:-2], a.shape[-1], a.shape[-2]), a)
    if hermitian:
        values, vectors = linalg_eigh(a, "L")
        left, right, sizes = vectors, turned(vectors), abs(values)
    else:
        u, values, vh = linalg_svd(a, False)
        left, right, sizes = turned(vh), turned(u), values
    last = values.ndim - 1
    atol, rtol = (on_device(each) if isinstance(each, np.ndarray) else each for each in (atol, rtol))
    tolerance = unsqueeze(maximum(mul(amax(sizes, (last,), False), rtol), atol), last)
    inverse = where(gt(sizes, tolerance), reciprocal(values), a.dtype.type(0))
    return matmul(mul(left, unsqueeze(inverse, last)), right)


def linalg_lstsq(
    a: DeviceArray, b: DeviceArray, rcond: float, driver: str
) -> tuple[DeviceArray, DeviceArray, DeviceArray, DeviceArray]:
    """The smallest X that minimises |A X - B|: X, the squares of |A X - B|, the ranks and the singular values.

    What LAPACK's driver of that name does not compute is empty. ``"gels"`` goes by QR, the others here by singular values.
    There may be one matrix A for many B.

    Raises:
        ValueError: there are numbers that are not finite, or for ``"gels"`` a matrix has not full rank.
    """
    *own, m, n = a.shape
    whole = np.dtype(np.int64)
    rank, values = zeros(tuple(own), a, whole), zeros((*own, min(m, n)), a)
    precise, sides = cast(finite(a), np.float64), cast(b, np.float64)
    x = zeros((*b.shape[:-2], n, b.shape[-1]), sides)
    if driver == "gels":
        x, rank = _by_triangles(precise, sides), empty((0,), whole)
    elif a.size:
        u, s, vh = linalg_svd(precise, False)
        last = s.ndim - 1
        counts = gt(s, mul(slice(s, last, 0, 1, 1), rcond))
        rank, values = sum(counts, (last,), False, whole), cast(s, a.dtype)
        inverse = where(counts, reciprocal(s), 0.0)
        x = matmul(turned(vh), mul(unsqueeze(inverse, last + 1), matmul(turned(u), sides)))
    memory = by_columns(zeros((*b.shape[:-2], max(m, n), b.shape[-1]), a))  # LAPACK writes X over B
    solution = slice(memory, memory.ndim - 2, 0, n, 1)
    write_over(solution, x)
    squares = empty((0,), a.dtype)
    if m > n and driver != "gelsy" and (driver == "gels" or all(eq(rank, n), None, False).item()):
        rest = sub(matmul(precise, x), sides)
        squares = cast(sum(mul(rest, rest), (rest.ndim - 2,), False), a.dtype)
    return solution, squares, rank, values if driver in ("gelsd", "gelss") else empty((0,), a.dtype)


def _by_triangles(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    wide = a.shape[-2] < a.shape[-1]
    q, r = linalg_qr(turned(a) if wide else a, "reduced")
    if any(eq(diagonal(r, 0, r.ndim - 2, r.ndim - 1), 0.0), None, False).item():
        raise ValueError("there is a matrix that has not full rank")
    if wide:
        return matmul(q, linalg_solve_triangular(turned(r), b, False))
    return linalg_solve_triangular(r, matmul(turned(q), b), True)


def linalg_matrix_exp(a: DeviceArray) -> DeviceArray:
    """exp(A) = I + A + A²/2 + …, by a quotient of polynomials for A / 2^s, squared s times.

    Source: Higham, The Scaling and Squaring Method for the Matrix Exponential Revisited, 2005.
    """
    if not a.size:
        return zeros(a.shape, a)
    n = a.shape[-1]
    x = reshape(cast(a, np.float64), (a.size // n**2, n, n))
    norm = to_host(amax(sum(abs(x), (1,), False), (1,), False))
    times = np.ceil(np.log2(np.where(np.isfinite(norm) & (norm > REACH), norm / REACH, 1)))[:, None, None]
    x = div(x, from_host(np.exp2(times)))
    one = stacked_identity(x)
    x2 = bmm(x, x)
    x4 = bmm(x2, x2)
    x6 = bmm(x2, x4)

    def polynomial(i: int) -> DeviceArray:
        """Every second term: the odd ones, divided by x, for i = 1."""
        low, high = (
            add(add(mul(x6, float(PADE[j + 6])), mul(x4, float(PADE[j + 4]))), mul(x2, float(PADE[j + 2])))
            for j in (i, i + 6)
        )
        return add(add(bmm(x6, high), low), mul(one, float(PADE[i])))

    odd, even = bmm(x, polynomial(1)), polynomial(0)
    result = linalg_solve(sub(even, odd), add(even, odd))
    for number in range(int(times.max())):
        result = where(from_host(times > number), bmm(result, result), result)
    return cast(view(result, a.shape), a.dtype)
