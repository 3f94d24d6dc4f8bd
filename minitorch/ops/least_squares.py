"""Pseudo-inverses and what is near to them: least squares, ranks; and the exponential of a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import return_types
from minitorch.autograd.graph import Function, Unary, beside
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import check_tensors, dtype_name, invalid_combination
from minitorch.ops.comparison import gt
from minitorch.ops.elementary import abs
from minitorch.ops.linear_algebra import (
    check_matrices,
    check_real,
    check_square,
    columns,
    first_not_finite,
    linalg_error,
    linalg_operator,
    safely_castable,
    transposed,
)  # fmt: skip
from minitorch.ops.operator import Number, operator
from minitorch.ops.promotion import broadcast_shapes
from minitorch.ops.reduction import sum
from minitorch.ops.spectral import LinalgEighBackward0, LinalgSvdBackward0, eigvalsh, svdvals

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


def _tolerances(function: str, input: Tensor, atol: Any, rtol: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays; the relative one is by default the precision times the larger size, or 0 where there is an absolute one."""
    if atol is not None and rtol is not None and isinstance(atol, Variable) != isinstance(rtol, Variable):
        raise invalid_combination(function, input, atol, rtol)
    dtype = input._array.dtype
    if dtype.kind != "f" or dtype.itemsize == 2:
        raise RuntimeError("This function doesn't handle types other than float and double")
    absolute, relative = (
        np.asarray(as_numpys(each._array) if isinstance(each, Variable) else each) for each in (atol, rtol)
    )
    usual = np.finfo(dtype).eps * max(input._array.shape[-2:])
    if atol is None:
        absolute = np.zeros((), dtype)
    if rtol is None:
        relative = np.where(absolute > 0, 0, usual)
    return absolute, relative


# -- pseudo-inverses ------------------------------------------------------------------------------------------------------


def _through_pinv(k: Table, grad: Any, a: Any, inverse: Any) -> Any:
    """The gradient for A of P, its pseudo-inverse: dP = -P dA P + P Pᵀ dAᵀ (I - A P) + (I - P A) dAᵀ Pᵀ P.

    Source: Golub and Pereyra, The Differentiation of Pseudo-Inverses and Nonlinear Least Squares Problems, 1973.
    """
    across, turned = transposed(k, inverse), transposed(k, grad)
    through = k.matmul(k.matmul(across, grad), across)
    left = k.matmul(k.matmul(turned, inverse), across)
    right = k.matmul(across, k.matmul(inverse, turned))
    outside_left = k.sub(left, k.matmul(a, k.matmul(inverse, left)))
    outside_right = k.sub(right, k.matmul(k.matmul(right, inverse), a))
    return k.sub(k.add(outside_left, outside_right), through)


class LinalgPinvBackward0(Unary, saves={"inverse": "result"}):
    def forward(self, k: Table, a: Any, **params: Any) -> Any:
        inverse = k.linalg_pinv(a, **params)
        self.save(a, inverse)
        return inverse

    def backward(self, k: Table, grad: Any, a: Any, inverse: Any) -> tuple[Any, ...]:
        return (_through_pinv(k, grad, a, inverse),)


@linalg_operator(out=True)
def pinv(
    input: Tensor,
    rcond: Tensor | Number | None = None,
    hermitian: bool = False,
    *,
    atol: Tensor | Number | None = None,
    rtol: Tensor | Number | None = None,
) -> Tensor:
    """The pseudo-inverse of Moore and Penrose: (…, m, n) -> (…, n, m).

    Args:
        input: float32 or float64.
        rcond: an older word for ``rtol``.
        hermitian: the matrices are symmetric, and eigenvalues take the place of singular values.
        atol, rtol: singular values up to ``max(atol, rtol * the largest one)`` count as 0; either may be a tensor with a number
            for each matrix. By default ``rtol`` is the precision of the dtype times the larger size, or 0 where ``atol`` is not.

    Raises:
        RuntimeError: not matrices, another dtype, or numbers that are not finite.
    """
    if not isinstance(input, Variable):
        raise invalid_combination("linalg_pinv", input)
    array = input._array
    if array.ndim < 2 or array.dtype.kind != "f" or array.dtype.itemsize == 2:
        shape = ", ".join(map(str, array.shape))
        raise RuntimeError(
            f"linalg.pinv({dtype_name(input)}{{[{shape}]}}): expected a tensor with 2 or more dimensions of float, double, "
            "cfloat or cdouble types"
        )
    absolute, relative = _tolerances("linalg_pinv", input, atol, rcond if rtol is None else rtol)
    if hermitian and array.size:
        check_square("linalg.eigh", input)
    try:
        return LinalgPinvBackward0.apply(input, atol=absolute, rtol=relative, hermitian=hermitian)
    except ValueError:
        (LinalgEighBackward0 if hermitian else LinalgSvdBackward0).explain((input,))
        raise


@operator
def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """As ``linalg.pinv`` with ``rtol=rcond``."""
    check_tensors("pinverse", input=input)
    return pinv(input, rcond)


@linalg_operator(out=safely_castable("torch.linalg.matrix_rank"))
def matrix_rank(
    input: Tensor,
    tol: Tensor | Number | None = None,
    hermitian: bool = False,
    *,
    atol: Tensor | Number | None = None,
    rtol: Tensor | Number | None = None,
) -> Tensor:
    """How many singular values are not 0, as int64: (…, m, n) -> (…).

    Args:
        input: float32 or float64.
        tol: an older word for ``atol``, without a relative one.
        hermitian: the matrices are symmetric, and eigenvalues take the place of singular values.
        atol, rtol: as for ``pinv``.

    Raises:
        RuntimeError: not matrices, another dtype, or numbers that are not finite.
    """
    if not isinstance(input, Variable):
        raise invalid_combination("linalg_matrix_rank", input)
    check_matrices("torch.linalg.matrix_rank", input, "input")
    if tol is not None:
        atol, rtol = tol, 0.0 if not isinstance(tol, Variable) else Variable._of(np.zeros(()))
    absolute, relative = _tolerances("linalg_matrix_rank", input, atol, rtol)
    array = input._array
    if not array.size:
        return beside(np.zeros(array.shape[:-2], np.int64), input)
    sizes = abs(eigvalsh(input.detach())) if hermitian else svdvals(input.detach())
    largest = as_numpys(sizes._array).max(-1)
    least = np.maximum(absolute, relative * largest).astype(array.dtype)
    return sum(gt(sizes, beside(least[..., None], input)), -1)


# -- least squares ------------------------------------------------------------------------------------------------------------


class LinalgLstsqBackward0(Function, saves={"x": "solution"}):
    """X = P B, for the pseudo-inverse P of A. The squares have their least value, so that X does not count in their slope."""

    __slots__ = ("vectors",)
    broadcasts = True
    fills_in_zeros = False

    def forward(self, k: Table, a: Any, b: Any, rcond: float, driver: str, vectors: bool) -> tuple[Any, ...]:
        self.vectors = vectors
        lead = broadcast_shapes(a.shape[:-2], b.shape[: a.ndim - 2])
        whole = k.expand(k.unsqueeze(b, -1) if vectors else b, (*lead, a.shape[-2], 1 if vectors else b.shape[-1]))
        x, squares, rank, values = k.linalg_lstsq(a, whole, rcond, driver)
        x = k.squeeze(x, (x.ndim - 1,)) if vectors else x
        self.save(a, b, x)
        return x, squares, rank, values

    def backward(
        self, k: Table, grad_x: Any, grad_squares: Any, grad_rank: Any, grad_values: Any, a: Any, b: Any, x: Any
    ) -> tuple[Any, ...]:
        if self.vectors:
            b, x = k.unsqueeze(b, -1), k.unsqueeze(x, -1)
            grad_x = None if grad_x is None else k.unsqueeze(grad_x, -1)
        of_a = of_b = None
        if grad_x is not None:
            inverse = k.linalg_pinv(a)
            if self.needs[0]:
                of_a = _through_pinv(k, k.matmul(grad_x, transposed(k, b)), a, inverse)
            if self.needs[1]:
                of_b = k.matmul(transposed(k, inverse), grad_x)
        if grad_squares is not None and 0 not in grad_squares.shape:
            twice = k.mul(k.sub(k.matmul(a, x), b), k.mul(k.unsqueeze(grad_squares, -2), 2))
            through_a, through_b = k.matmul(twice, transposed(k, x)), k.neg(twice)
            of_a = through_a if of_a is None else k.add(of_a, through_a)
            of_b = through_b if of_b is None else k.add(of_b, through_b)
        if self.vectors and of_b is not None:
            of_b = k.squeeze(of_b, (len(of_b.shape) - 1,))
        return of_a, of_b


@linalg_operator(out=True)
def lstsq(input: Tensor, b: Tensor, rcond: float | None = None, *, driver: str | None = None) -> Any:
    """The smallest X that minimises |input X - b|.

    Args:
        input: (…, m, n), float32 or float64.
        b: (…, m, k), or (…, m) for one vector to a matrix.
        rcond: singular values up to this part of the largest count as 0; by default the precision times the larger size.
        driver: ``"gelsy"``, ``"gelsd"``, ``"gelss"``, or ``"gels"`` for matrices of full rank: LAPACK's function. ``"gels"``
            gives no rank; only ``"gelsd"`` and ``"gelss"`` give singular values; ``"gelsy"`` gives no residuals.

    Returns:
        solution: (…, n, k) or (…, n).
        residuals: the squares of |input X - b|, (…, k), where m > n and every matrix has full rank.
        rank, singular_values: (…) and (…, min(m, n)).

    Raises:
        RuntimeError: shapes or dtypes that do not fit, another driver, or for ``"gels"`` a matrix that has not full rank.
    """
    check_tensors("linalg_lstsq", input=input, b=b)
    name, array, other = "torch.linalg.lstsq", input._array, b._array
    if array.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if other.ndim < 1:
        raise RuntimeError(f"{name}: other must have at least 1 dimension.")
    if not 0 <= array.ndim - other.ndim <= 1:
        raise RuntimeError(
            f"{name}: input.dim() must be greater or equal to other.dim() and (input.dim() - other.dim()) <= 1"
        )
    vectors = other.ndim == 1 or other.shape == array.shape[:-1]
    rows = other.shape[-1 if vectors else -2]
    if array.shape[-2] != rows:
        raise RuntimeError(f"{name}: input.size(-2) should match other.size(-2)")
    if array.dtype != other.dtype:
        raise RuntimeError(
            f"{name}: Expected input and other to have the same dtype, but got input's dtype {dtype_name(input)} and other's "
            f"dtype {dtype_name(b)}"
        )
    if driver not in (None, "gels", "gelsy", "gelsd", "gelss"):
        raise RuntimeError(f"{name}: parameter `driver` should be one of (gels, gelsy, gelsd, gelss)")
    broadcast_shapes(array.shape[:-2], other.shape[: array.ndim - 2])
    _, usual = _tolerances("linalg_lstsq", input, None, None)
    driver = driver or "gelsy"
    limit = float(usual) if rcond is None else rcond
    try:
        x, squares, rank, values = LinalgLstsqBackward0.apply(input, b, rcond=limit, driver=driver, vectors=vectors)
    except ValueError:
        _explain_no_solution(input, driver)
        raise
    return return_types.linalg_lstsq((x, squares, rank, values.detach()))


def _explain_no_solution(input: Tensor, driver: str) -> None:
    array = as_numpys(input._array)
    lead, place = array.shape[:-2], first_not_finite(array)
    if place is not None:
        raise linalg_error("torch.linalg.lstsq", "the input matrix contains numbers that are not finite.", place, lead)
    tall = array if array.shape[-2] >= array.shape[-1] else array.swapaxes(-1, -2)
    _, triangle = tables[type(array)].linalg_qr(tall, "r")
    *place, column = np.argwhere(np.diagonal(triangle, axis1=-2, axis2=-1) == 0)[0]
    raise linalg_error(
        "torch.linalg.lstsq",
        "The least squares solution could not be computed because the input matrix does not have full rank (error code: "
        f"{column + 1}).",
        tuple(place),
        lead,
    )


# -- exponentials -------------------------------------------------------------------------------------------------------------


class LinalgMatrixExpBackward0(Unary):
    """exp [[A, E], [0, A]] has the derivative of exp at A in the direction E in its corner; the gradient is that at Aᵀ.

    Source: Mathias, A Chain Rule for Matrix Functions and Applications, 1996.
    """

    def forward(self, k: Table, a: Any) -> Any:
        self.save(a)
        return k.linalg_matrix_exp(a)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        n, across = a.shape[-1], transposed(k, a)
        above = k.cat([across, grad], -1)
        below = k.cat([k.zeros(a.shape, a), across], -1)
        right = columns(k, k.linalg_matrix_exp(k.cat([above, below], -2)), n, 2 * n)
        return (k.slice(right, len(a.shape) - 2, 0, n, 1),)


@operator
def matrix_exp(input: Tensor) -> Tensor:
    """I + A + A²/2 + A³/6 + …, for square matrices A: (…, n, n) -> (…, n, n).

    Raises:
        RuntimeError: not square matrices, or an integer dtype.
    """
    check_tensors("matrix_exp", input=input)
    return _exponential(input)


def _linalg_matrix_exp(input: Tensor) -> Tensor:
    """As ``matrix_exp``."""
    check_tensors("linalg_matrix_exp", input=input)
    return _exponential(input)


_linalg_matrix_exp.__name__ = "matrix_exp"
linalg_operator(_linalg_matrix_exp)


def _exponential(input: Tensor) -> Tensor:
    check_square("linalg.matrix_exp", input)
    check_real("linalg.matrix_exp", input)
    return LinalgMatrixExpBackward0.apply(input)
