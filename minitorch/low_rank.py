"""Decompositions of matrices that are near to matrices of low rank, by products with random vectors.

Source: Halko, Martinsson and Tropp, Finding Structure with Randomness, 2009, algorithms 4.4 and 5.1.
"""

from __future__ import annotations

from minitorch.drawing import randn
from minitorch.dtypes import get_default_dtype
from minitorch.ops.linear_algebra import linalg
from minitorch.tensor import Tensor

Decomposition = tuple[Tensor, Tensor, Tensor]


def svd_lowrank(A: Tensor, q: int | None = 6, niter: int | None = 2, M: Tensor | None = None) -> Decomposition:
    """U, S and V, for which A - M is nearly U diag(S) Vᵀ.

    Args:
        A: (…, m, n).
        q: the rank, somewhat more than that of A; U is (…, m, q), S (…, q) and V (…, n, q).
        niter: how often the range of A is refined.
        M: what is taken off, broadcast to the shape of A.
    """
    wide = A.shape[-2] < A.shape[-1]
    M = None if M is None else M.broadcast_to(A.shape)
    if wide:
        A, M = A.mT, None if M is None else M.mT
    basis = _range(A, 6 if q is None else q, 2 if niter is None else niter, M)
    u, s, vh = linalg["svd"](_product(basis.mT, A, M), full_matrices=False)
    u, v = basis @ u, vh.mT
    return (v, s, u) if wide else (u, s, v)


def _range(A: Tensor, q: int, niter: int, M: Tensor | None) -> Tensor:
    """Orthonormal columns that nearly span those of A - M."""
    dtype = A.dtype if A.is_floating_point() else get_default_dtype()
    basis = _orthonormal(A, randn(A.shape[-1], q, dtype=dtype), M)
    for _ in range(niter):
        basis = _orthonormal(A.mT, basis, None if M is None else M.mT)
        basis = _orthonormal(A, basis, M)
    return basis


def _orthonormal(A: Tensor, vectors: Tensor, M: Tensor | None) -> Tensor:
    product = A @ vectors
    return linalg["qr"](product if M is None else product - M @ vectors).Q


def _product(rows: Tensor, A: Tensor, M: Tensor | None) -> Tensor:
    return rows @ A if M is None else rows @ A - rows @ M


def pca_lowrank(A: Tensor, q: int | None = None, center: bool = True, niter: int = 2) -> Decomposition:
    """The principal components of rows of numbers: ``svd_lowrank`` of A without the mean of its rows.

    Args:
        A: (…, m, n), m samples of n features. The columns of V are the directions, and S² / (m - 1) the variances along them.
        q: the rank; by default 6, or the smaller size.
        center: without, the mean stays.
        niter: how often the range is refined.

    Raises:
        ValueError: the rank is larger than a size, or there are fewer than no refinements.
    """
    least = min(A.shape[-2:])
    if q is None:
        q = min(6, least)
    elif not 0 <= q <= least:
        raise ValueError(f"q(={q}) must be non-negative integer and not greater than min(m, n)={least}")
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - A.mean(dim=(-2,), keepdim=True) if center else A, q, niter)
