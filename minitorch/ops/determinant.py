"""Determinants: d det A = det A tr(A⁻¹ dA)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import return_types
from minitorch.autograd.graph import Function, Unary
from minitorch.ops.arguments import check_tensors
from minitorch.ops.comparison import eq, where
from minitorch.ops.linear_algebra import (
    check_precise,
    check_real,
    check_square,
    diagonal_matrix,
    linalg_operator,
    transposed,
)  # fmt: skip
from minitorch.ops.maxima import check_exact_dtype
from minitorch.ops.operator import formula, operator, operators

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


@formula("null_vectors")
class NullVectors(Function):
    """Constants."""

    differentiable = False

    def forward(self, k: Table, a: Any) -> tuple[Any, Any]:
        return k.null_vectors(a)


def _adjugate(k: Table, c: Any) -> tuple[Any, Any]:
    """The adjugate adj C, which is C⁻¹ det C where C has an inverse, and det C itself, both as polynomials of C.

    For small matrices only: this takes n products of matrices. Source: Faddeev and Le Verrier's algorithm.
    """
    size, last = c.shape[-1], len(c.shape) - 1
    one = k.stacked_identity(c)

    def trace(a: Any) -> Any:
        return k.unsqueeze(k.sum(k.diagonal(a, 0, last - 1, last), (last - 1,), True), last)

    adjugate = one
    for step in range(1, size):
        product = k.matmul(c, adjugate)
        adjugate = k.sub(k.mul(one, k.div(trace(product), step)), product)
    return adjugate, k.div(trace(k.matmul(c, adjugate)), size)


def _cofactors(k: Table, a: Any) -> Any:
    """The derivative of det A by A, which A may be singular for.

    With W and V of a few columns, such that M = A + W Vᵀ has an inverse, det A = det M det C for C = I - Vᵀ M⁻¹ W, and
    d det C = tr(adj C dC) needs no inverse of C.
    """
    w, v = k.null_vectors(a)
    vt = transposed(k, v)
    whole = k.add(a, k.matmul(w, vt))
    inverse = k.linalg_inv(whole)
    left, right = k.matmul(inverse, w), k.matmul(vt, inverse)
    product = k.matmul(vt, left)
    adjugate, det = _adjugate(k, k.sub(k.stacked_identity(product), product))
    turned = k.add(k.mul(inverse, det), k.matmul(k.matmul(left, adjugate), right))
    return k.mul(transposed(k, turned), _of_matrices(k, k.linalg_det(whole)))


def _of_matrices(k: Table, numbers: Any) -> Any:
    """Numbers, one for each matrix of a stack, to be multiplied with the matrices."""
    return k.unsqueeze(k.unsqueeze(numbers, len(numbers.shape)), len(numbers.shape) + 1)


class LinalgDetBackward0(Unary, saves={"a": "A", "lu": "LU"}):
    """The gradient G has Aᵀ G = grad det A I."""

    def forward(self, k: Table, a: Any) -> Any:
        lu, pivots, _ = k.linalg_lu_factor(a)
        result = k.lu_det(lu, pivots)
        self.save(a, lu, pivots, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, lu: Any, pivots: Any, result: Any) -> tuple[Any, ...]:
        if 0 in a.shape:
            return (k.zeros(a.shape, grad),)
        # Near a singular matrix the derivatives of A⁻¹, of which those of G are made, exceed all bounds, though G's do not.
        least = np.finfo(self.outputs[1]).eps ** 0.5 if k is operators else 0.0
        last = len(a.shape) - 1
        sizes = k.abs(k.diagonal(lu, 0, last - 1, last))
        largest, smallest = k.amax(sizes, (last - 1,), False), k.amin(sizes, (last - 1,), False)
        if k.any(k.le(smallest, k.mul(largest, least)), None, False):
            return (k.mul(_of_matrices(k, grad), _cofactors(k, a)),)
        right = diagonal_matrix(k, k.expand(k.unsqueeze(k.mul(grad, result), len(grad.shape)), a.shape[:-1]))
        if k is operators:
            return (k.linalg_solve(transposed(k, a), right),)
        return (k.linalg_lu_solve(lu, pivots, right, left=True, adjoint=True),)


class LinalgSlogdetBackward0(Function, saves={"a": "A", "lu": "LU"}):
    """d log |det A| = tr(A⁻¹ dA): the gradient G has Aᵀ G = grad I. The sign is a step."""

    def forward(self, k: Table, a: Any) -> tuple[Any, Any]:
        lu, pivots, _ = k.linalg_lu_factor(a)
        sign, logarithm = k.lu_slogdet(lu, pivots)
        self.save(sign, a, lu, pivots)
        return sign, logarithm

    def backward(self, k: Table, _sign: Any, grad: Any, sign: Any, a: Any, lu: Any, pivots: Any) -> tuple[Any, ...]:
        right = diagonal_matrix(k, k.expand(k.unsqueeze(grad, len(grad.shape)), a.shape[:-1]))
        if k is operators:
            return (k.linalg_solve(transposed(k, a), right),)
        return (k.linalg_lu_solve(lu, pivots, right, left=True, adjoint=True),)


def _det(A: Tensor) -> Tensor:
    """The determinant: (…, n, n) -> (…). Singular matrices have gradients too.

    Args:
        A: float32 or float64.

    Raises:
        RuntimeError, NotImplementedError: not square matrices, or another dtype.
    """
    check_tensors("linalg_det", A=A)
    check_square("linalg.det", A)
    check_real("linalg.det", A)
    check_precise("lu_cpu", A)
    return LinalgDetBackward0.apply(A)


_det.__name__ = "det"
linalg_operator(out=check_exact_dtype)(_det)


@operator
def det(input: Tensor) -> Tensor:
    """As ``linalg.det``."""
    check_tensors("det", input=input)
    return _det(input)


def _sign_and_logarithm(name: str, input: Tensor) -> tuple[Tensor, Tensor]:
    check_square(name, input)
    check_real(name, input, halves=False)
    return LinalgSlogdetBackward0.apply(input)


def _slogdet(A: Tensor) -> Any:
    """The sign of the determinant, and the logarithm of its size: (…, n, n) -> ``(sign, logabsdet)``, both (…).

    Of a singular matrix, they are 0 and -inf.

    Args:
        A: float32 or float64.

    Raises:
        RuntimeError: not square matrices, or another dtype.
    """
    return return_types.linalg_slogdet(_sign_and_logarithm("linalg.slogdet", A))


_slogdet.__name__ = "slogdet"
linalg_operator(out=check_exact_dtype)(_slogdet)


@operator(out=check_exact_dtype)
def slogdet(input: Tensor) -> Any:
    """As ``linalg.slogdet``."""
    return return_types.slogdet(_sign_and_logarithm("linalg.slogdet", input))


@operator
def logdet(input: Tensor) -> Tensor:
    """The logarithm of the determinant: (…, n, n) -> (…). It is NaN for negative ones, and -inf for 0.

    Args:
        input: float32 or float64.

    Raises:
        RuntimeError: not square matrices, or another dtype.
    """
    check_tensors("logdet", input=input)
    sign, logarithm = _sign_and_logarithm("logdet", input)
    return where(eq(sign, -1), float("nan"), logarithm)
