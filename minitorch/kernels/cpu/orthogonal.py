"""Orthogonal and spectral decompositions of stacks of matrices, by numpy's LAPACK.

numpy computes in double precision, also for float32. Results that are matrices lie column by column, as LAPACK writes them.
Where LAPACK does not converge, which is what NaN do to it, a ValueError says so (numpy's ``LinAlgError`` is one).
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from minitorch.kernels.cpu.linalg import by_columns

__all__ = [
    "geqrf", "linalg_eigh", "linalg_eigvalsh", "linalg_householder_product", "linalg_qr", "linalg_svd", "linalg_svdvals",
    "ormqr",
]  # fmt: skip

Array = np.ndarray


def geqrf(a: Array) -> tuple[Array, Array]:
    """Reflections that make a matrix triangular: below the diagonal their vectors, above the triangle; and their factors."""
    packed, tau = np.linalg.qr(a, "raw")
    return by_columns(packed.swapaxes(-1, -2)), np.ascontiguousarray(tau)


def linalg_qr(a: Array, mode: Literal["reduced", "complete", "r"]) -> tuple[Array, Array]:
    """Q and R; for the mode ``"r"`` Q is empty."""
    if mode == "r":
        triangle: Array = np.linalg.qr(a, mode)  # type: ignore[assignment]  # which for this mode is all
        return np.empty(0, a.dtype), by_columns(triangle)
    q, r = np.linalg.qr(a, mode)
    return by_columns(q), by_columns(r)


def finite(a: Array) -> Array:
    """What LAPACK can decompose; it prints complaints about infinities."""
    if not np.isfinite(a).all():
        raise np.linalg.LinAlgError("there are numbers that are not finite")
    return a


def linalg_svd(a: Array, full_matrices: bool) -> tuple[Array, Array, Array]:
    """U, the singular values and V transposed."""
    u, s, vh = np.linalg.svd(finite(a), full_matrices)
    return by_columns(u), np.ascontiguousarray(s), by_columns(vh)


def linalg_svdvals(a: Array) -> Array:
    """The singular values alone; NaN where there are infinities."""
    infinite = np.isinf(a).any((-2, -1))
    if infinite.any():
        values = linalg_svdvals(np.where(infinite[..., None, None] & ~np.isnan(a), 0, a))
        return np.where(infinite[..., None], a.dtype.type(np.nan), values)
    return np.ascontiguousarray(np.linalg.svd(finite(a), compute_uv=False))


def linalg_eigh(a: Array, uplo: Literal["L", "U"]) -> tuple[Array, Array]:
    """Eigenvalues and eigenvectors of symmetric matrices, of which only one triangle is read."""
    values, vectors = np.linalg.eigh(a, uplo)
    return np.ascontiguousarray(values), by_columns(vectors)


def linalg_eigvalsh(a: Array, uplo: Literal["L", "U"]) -> Array:
    """The eigenvalues alone."""
    return np.ascontiguousarray(np.linalg.eigvalsh(a, uplo))


def linalg_householder_product(a: Array, tau: Array) -> Array:
    """The first columns of the product of reflections I - tau v vᵀ, whose vectors lie below the diagonal."""
    return by_columns(_reflected(a, tau, np.eye(*a.shape[-2:]), False).astype(a.dtype, copy=False))


def ormqr(a: Array, tau: Array, other: Array, left: bool, transpose: bool) -> Array:
    """The product of all the reflections, or its transpose, times ``other``, or ``other`` times it."""
    if left:
        product = _reflected(a, tau, other, transpose)
    else:
        product = _reflected(a, tau, other.swapaxes(-1, -2), not transpose).swapaxes(-1, -2)
    return by_columns(product.astype(a.dtype, copy=False))


def _reflected(a: Array, tau: Array, other: Array, transpose: bool) -> Array:
    """Reflections times ``other``, all at once, in double precision.

    H1 H2 … = I - V T Vᵀ, with T⁻¹ = D⁻¹ + (the part of VᵀV above its diagonal) for the diagonal matrix D of all tau.
    Source: Schreiber and Van Loan, A Storage-Efficient WY Representation for Products of Householder Transformations, 1989.
    """
    a, tau, other = (each.astype(np.float64, copy=False) for each in (a, tau, other))
    count = tau.shape[-1]
    v = np.tril(a[..., :count], -1) + np.eye(a.shape[-2], count)
    vt = v.swapaxes(-1, -2)
    above = np.triu(np.matmul(vt, v), 1)
    t = tau[..., :, None] * np.linalg.inv(np.eye(count) + above * tau[..., None, :])
    return other - np.matmul(v, np.matmul(t.swapaxes(-1, -2) if transpose else t, np.matmul(vt, other)))
