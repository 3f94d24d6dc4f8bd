"""Singular values and eigenvalues.

Where gradients ask for vectors that belong to equal values, which are not determined, they are infinite or NaN, as in torch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import return_types
from minitorch.autograd.grad_mode import recording
from minitorch.autograd.graph import Function
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import check_tensors
from minitorch.ops.conversion import zeros
from minitorch.ops.linear_algebra import (
    check_matrices,
    check_precise,
    check_real,
    check_square,
    columns,
    diagonal_matrix,
    first_not_finite,
    linalg_error,
    linalg_operator,
    transposed,
)  # fmt: skip
from minitorch.ops.maxima import check_exact_dtype
from minitorch.ops.operator import operator
from minitorch.ops.reduction import Question
from minitorch.ops.shape import transpose

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


def _differences(k: Table, of: Any, squares: bool) -> Any:
    """At (i, j) value j minus value i, or for ``squares`` the difference of their squares; as divisors, infinite for i = j."""
    row, column = k.unsqueeze(of, -2), k.unsqueeze(of, -1)
    difference = k.sub(row, column)
    if squares:
        difference = k.mul(difference, k.add(row, column))
    return k.add(difference, diagonal_matrix(k, k.add(k.zeros(of.shape, of), math.inf)))


def _skew(k: Table, a: Any) -> Any:
    return k.sub(a, transposed(k, a))


class LinalgSvdBackward0(Function, saves={"u": "U", "s": "S", "vh": "Vh"}):
    """For A = U S Vᵀ: gA = U ((skew(UᵀgU) S + S skew(VᵀgV)) / E + gS) Vᵀ, E_ij = s_j² - s_i²; and where U or V are not square,
    what of gU and gV lies outside their columns.

    Source: Townsend, Differentiating the Singular Value Decomposition, 2016.
    """

    fills_in_zeros = False

    def forward(self, k: Table, a: Any, full_matrices: bool) -> tuple[Any, Any, Any]:
        u, s, vh = k.linalg_svd(a, full_matrices)
        self.save(u, s, vh)
        return u, s, vh

    def backward(self, k: Table, grad_u: Any, grad_s: Any, grad_vh: Any, u: Any, s: Any, vh: Any) -> tuple[Any, ...]:
        (m, n), count = (u.shape[-2], vh.shape[-1]), s.shape[-1]
        if u.shape[-1] > count:
            u = columns(k, u, 0, count)
            grad_u = None if grad_u is None else columns(k, grad_u, 0, count)
        if vh.shape[-2] > count:
            vh = transposed(k, columns(k, transposed(k, vh), 0, count))
            grad_vh = None if grad_vh is None else transposed(k, columns(k, transposed(k, grad_vh), 0, count))
        row, column = k.unsqueeze(s, -2), k.unsqueeze(s, -1)
        if grad_u is None and grad_vh is None:
            if grad_s is None:
                return (None,)
            if m >= n:
                return (k.matmul(u, k.mul(k.unsqueeze(grad_s, -1), vh)),)
            return (k.matmul(k.mul(u, k.unsqueeze(grad_s, -2)), vh),)
        inner = None
        if grad_u is not None:
            turned = k.matmul(transposed(k, u), grad_u)
            inner = k.mul(_skew(k, turned), row)
        if grad_vh is not None:
            turned_v = k.matmul(grad_vh, transposed(k, vh))
            of_v = k.mul(column, _skew(k, turned_v))
            inner = k.neg(of_v) if inner is None else k.sub(inner, of_v)
        inner = k.div(inner, _differences(k, s, squares=True))  # now that what cancels has cancelled
        if grad_s is not None:
            inner = k.add(inner, diagonal_matrix(k, grad_s))
        left = k.matmul(u, inner)
        if m > count and grad_u is not None:
            left = k.add(left, k.div(k.sub(grad_u, k.matmul(u, turned)), row))
        grad = k.matmul(left, vh)
        if n > count and grad_vh is not None:
            outside = k.sub(grad_vh, k.matmul(turned_v, vh))
            grad = k.add(grad, k.matmul(u, k.div(outside, column)))
        return (grad,)

    @classmethod
    def explain(cls, inputs: tuple[Any, ...]) -> None:
        explain_singular(inputs[0]._array)


def explain_singular(array: np.ndarray) -> None:
    """Raises RuntimeError: there is something in a stack of matrices that is not finite."""
    place = first_not_finite(array)
    if place is not None:
        text = "the input matrix contained non-finite values."
        if not np.isnan(as_numpys(array)[place]).any():
            code = max(min(array.shape[-2:]) - 1, 1)
            text = f"the input matrix is ill-conditioned or has too many repeated singular values (error code: {code})."
        raise linalg_error("linalg.svd", f"The algorithm failed to converge because {text}", place, array.shape[:-2])


class _SingularValues(Question):
    """Without vectors, for which there is no gradient."""

    explain = LinalgSvdBackward0.explain


def _decomposed(A: Tensor, full_matrices: bool) -> tuple[Tensor, Tensor, Tensor]:
    check_matrices("linalg.svd", A)
    check_real("linalg.svd", A)
    check_precise("linalg_svd_cpu", A)
    return LinalgSvdBackward0.apply(A, full_matrices=full_matrices)


def _check_driver(driver: str | None) -> None:
    if driver is not None:
        raise RuntimeError(
            "torch.linalg.svd: keyword argument `driver=` is only supported on CUDA inputs with cuSOLVER backend."
        )


def _linalg_svd(A: Tensor, full_matrices: bool = True, *, driver: str | None = None) -> Any:
    """A = U diag(S) Vᵀ: U and V have orthonormal columns, and the singular values S fall.

    Args:
        A: (…, m, n), float32 or float64.
        full_matrices: U is (…, m, m) and Vᵀ (…, n, n); without, (…, m, k) and (…, k, n), for k = min(m, n).
        driver: only for GPUs.

    Raises:
        RuntimeError: not matrices, an integer dtype, or numbers that are not finite.
    """
    check_tensors("linalg_svd", A=A)
    _check_driver(driver)
    return return_types.linalg_svd(_decomposed(A, full_matrices))


_linalg_svd.__name__ = "svd"
linalg_operator(out=check_exact_dtype)(_linalg_svd)


@linalg_operator(out=check_exact_dtype)
def svdvals(A: Tensor, *, driver: str | None = None) -> Tensor:
    """The singular values of ``linalg.svd``: (…, m, n) -> (…, min(m, n))."""
    check_tensors("linalg_svdvals", A=A)
    _check_driver(driver)
    if recording.get() and A._wants_grad():
        return _decomposed(A, False)[1]
    check_matrices("linalg.svd", A)
    check_real("linalg.svd", A)
    check_precise("linalg_svd_cpu", A)
    return _SingularValues.apply(A, kernel="linalg_svdvals")


@operator(out=True)
def svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """input = U diag(S) Vᵀ, with V itself, not transposed; see ``linalg.svd``.

    Args:
        input: (…, m, n), float32 or float64.
        some: U and V have no more columns than there are singular values.
        compute_uv: without, U and V are zeros, (…, m, m) and (…, n, n).
    """
    check_tensors("svd", input=input)
    *lead, m, n = input._array.shape if input._array.ndim > 1 else (0, 0)
    if input._array.ndim < 2:
        raise RuntimeError(
            f"linalg.svd: input should have at least 2 dimensions, but has {input._array.ndim} dimensions instead"
        )
    if not compute_uv:
        s = svdvals(input)
        return return_types.svd((zeros((*lead, m, m), input), s, transpose(zeros((*lead, n, n), input), -2, -1)))
    u, s, vh = _decomposed(input, not some)
    return return_types.svd((u, s, transpose(vh, -2, -1)))


# -- symmetric matrices -------------------------------------------------------------------------------------------------------


class LinalgEighBackward0(Function, saves={"values": "eigenvalues", "vectors": "eigenvectors"}):
    """For A = V diag(w) Vᵀ: gA = V (skew(VᵀgV)/(2 E) + gw) Vᵀ, with E_ij = w_j - w_i.

    Source: Giles, An Extended Collection of Matrix Derivative Results, 2008, 3.1.
    """

    fills_in_zeros = False

    def forward(self, k: Table, a: Any, uplo: str) -> tuple[Any, Any]:
        values, vectors = k.linalg_eigh(a, uplo)
        self.save(values, vectors)
        return values, vectors

    def backward(self, k: Table, grad_values: Any, grad_vectors: Any, values: Any, vectors: Any) -> tuple[Any, ...]:
        rows = transposed(k, vectors)
        if grad_vectors is None:
            if grad_values is None:
                return (None,)
            return (k.matmul(vectors, k.mul(k.unsqueeze(grad_values, -1), rows)),)
        turned = k.mul(_skew(k, k.matmul(rows, grad_vectors)), 0.5)
        inner = k.div(turned, _differences(k, values, squares=False))
        if grad_values is not None:
            inner = k.add(inner, diagonal_matrix(k, grad_values))
        return (k.matmul(vectors, k.matmul(inner, rows)),)

    @classmethod
    def explain(cls, inputs: tuple[Any, ...]) -> None:
        explain_symmetric(inputs[0]._array, inputs[0]._array.shape[-1] - 1)


def explain_symmetric(array: np.ndarray, code: int) -> None:
    """Raises RuntimeError: there is something in a stack of symmetric matrices that is not finite."""
    place = first_not_finite(array)
    if place is not None:
        raise linalg_error(
            "linalg.eigh",
            "The algorithm failed to converge because the input matrix is ill-conditioned or has too many repeated eigenvalues "
            f"(error code: {max(code, 1)}).",
            place,
            array.shape[:-2],
        )


class _Eigenvalues(Question):
    """Without vectors, for which there is no gradient."""

    @classmethod
    def explain(cls, inputs: tuple[Any, ...]) -> None:
        explain_symmetric(inputs[0]._array, 1)


def _check_symmetric(input: Tensor, UPLO: str) -> None:
    check_square("linalg.eigh", input)
    if UPLO not in ("L", "U", "l", "u"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    check_precise("linalg_eigh_cpu", input)


@linalg_operator(out=check_exact_dtype)
def eigh(input: Tensor, UPLO: str = "L") -> Any:
    """The eigenvalues w of symmetric matrices, which rise, and their eigenvectors V, as columns: input V = V diag(w).

    Args:
        input: (…, n, n), float32 or float64.
        UPLO: which triangle is read: ``"L"`` the one below the diagonal, ``"U"`` the one above.

    Raises:
        RuntimeError: not square matrices, another triangle, or numbers that are not finite.
    """
    check_tensors("linalg_eigh", input=input)
    _check_symmetric(input, UPLO)
    return return_types.linalg_eigh(LinalgEighBackward0.apply(input, uplo=UPLO.upper()))


@linalg_operator(out=check_exact_dtype)
def eigvalsh(input: Tensor, UPLO: str = "L") -> Tensor:
    """The eigenvalues of ``linalg.eigh``: (…, n, n) -> (…, n)."""
    check_tensors("linalg_eigvalsh", input=input)
    _check_symmetric(input, UPLO)
    if recording.get() and input._wants_grad():
        return LinalgEighBackward0.apply(input, uplo=UPLO.upper())[0]
    return _Eigenvalues.apply(input, kernel="linalg_eigvalsh", uplo=UPLO.upper())
