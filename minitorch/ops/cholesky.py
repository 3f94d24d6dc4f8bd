"""A = L Lᵀ for symmetric, positive definite A, and what is solved with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import return_types
from minitorch.autograd.graph import Function, Unary
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.linear_algebra import (
    check_infos,
    check_precise,
    check_real,
    check_square,
    linalg_error,
    linalg_operator,
    safely_castable,
    transposed,
)  # fmt: skip
from minitorch.ops.maxima import check_exact_dtype
from minitorch.ops.operator import operator
from minitorch.ops.triangular import check_right_hand_side

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class LinalgCholeskyExBackward0(Function, saves={"factor": "L", "upper": "upper"}):
    """L⁻¹ dL is the lower triangle of L⁻¹ dA L⁻ᵀ with half of its diagonal; the gradient is symmetric.

    Source: Murray, Differentiation of the Cholesky Decomposition, 2016.
    """

    __slots__ = ("upper",)

    def forward(self, k: Table, a: Any, upper: bool) -> tuple[Any, Any]:
        self.upper = upper
        factor, infos = k.linalg_cholesky(a, upper)
        self.save(factor)
        return factor, infos

    def backward(self, k: Table, grad: Any, _: Any, factor: Any) -> tuple[Any, ...]:
        lower, grad = (transposed(k, each) if self.upper else each for each in (factor, grad))
        turned = transposed(k, lower)
        inner = k.matmul(turned, grad)
        halved = k.mul(k.add(k.tril(inner, 0), transposed(k, k.tril(inner, -1))), 0.5)
        through = k.linalg_solve_triangular(turned, halved, upper=True)
        return (k.linalg_solve_triangular(lower, through, upper=False, left=False),)


class CholeskySolveBackward0(Function, saves={"b": "self", "a": "input2", "x": "result", "upper": "upper"}):
    """A X = B with A = L Lᵀ: the gradient for A is -A⁻¹ grad Xᵀ, and L takes part on both sides."""

    __slots__ = ("upper",)
    broadcasts = True

    def forward(self, k: Table, b: Any, a: Any, upper: bool) -> Any:
        self.upper = upper
        x = k.cholesky_solve(b, a, upper)
        self.save(b, a, x)
        return x

    def backward(self, k: Table, grad: Any, b: Any, a: Any, x: Any) -> tuple[Any, ...]:
        of_b = k.cholesky_solve(grad, a, self.upper)
        return of_b, self.needs[1] and _through_square(k, a, k.matmul(of_b, transposed(k, x)), self.upper)


class CholeskyInverseBackward0(Unary, saves={"x": "result", "upper": "upper"}):
    """X = A⁻¹ with A = L Lᵀ: the gradient for A is -X grad X."""

    __slots__ = ("upper",)

    def forward(self, k: Table, a: Any, upper: bool) -> Any:
        self.upper = upper
        x = k.cholesky_inverse(a, upper)
        self.save(a, x)
        return x

    def backward(self, k: Table, grad: Any, a: Any, x: Any) -> tuple[Any, ...]:
        return (_through_square(k, a, k.matmul(k.matmul(x, grad), x), self.upper),)


def _through_square(k: Table, factor: Any, grad: Any, upper: bool) -> Any:
    """The gradient for L, where that for A = L Lᵀ is ``-grad``; or for U of A = Uᵀ U."""
    both = k.neg(k.add(grad, transposed(k, grad)))
    return k.matmul(factor, both) if upper else k.matmul(both, factor)


def _factored(name: str, input: Tensor, upper: bool, check_errors: bool) -> tuple[Tensor, Tensor]:
    check_square("linalg.cholesky", input)
    check_real("linalg.cholesky", input)
    check_precise("cholesky_cpu", input)
    factor, infos = LinalgCholeskyExBackward0.apply(input, upper=upper)
    if check_errors:
        check_infos(
            name,
            infos,
            "The factorization could not be completed because the input is not positive-definite (the leading minor of order {} "
            "is not positive-definite).",
        )
    return factor, infos


@linalg_operator(out=check_exact_dtype)
def cholesky(input: Tensor, *, upper: bool = False) -> Tensor:
    """L, lower triangular, with A = L Lᵀ: (…, n, n) -> (…, n, n).

    Args:
        input: symmetric and positive definite, float32 or float64; only one triangle is read.
        upper: U of A = Uᵀ U instead, from the upper triangle.

    Raises:
        linalg.LinAlgError: a matrix is not positive definite.
        RuntimeError, NotImplementedError: not square matrices, or another dtype.
    """
    return _factored("linalg.cholesky", input, upper, True)[0]


@linalg_operator(out=check_exact_dtype)
def cholesky_ex(input: Tensor, *, upper: bool = False, check_errors: bool = False) -> Any:
    """As ``cholesky``, but says by numbers which matrices are not positive definite: ``(L, info)``.

    ``info``, as int32 of shape (…), is the order of the first minor that is not positive, or 0; from there on, L means nothing.
    With ``check_errors``, it is an error.
    """
    return return_types.linalg_cholesky_ex(_factored("linalg.cholesky_ex", input, upper, check_errors))


def _removed(input: Tensor, upper: bool = False) -> Tensor:
    """Is no more: ``linalg.cholesky`` is.

    Raises:
        RuntimeError: always.
    """
    raise RuntimeError(
        "This function was deprecated since version 1.9 and is now removed. `torch.cholesky` is deprecated in favor of "
        "`torch.linalg.cholesky`.\nL = torch.cholesky(A) should be replaced with:\nL = torch.linalg.cholesky(A)\n"
        "U = torch.cholesky(A, upper=True) should be replaced with:\nU = torch.linalg.cholesky(A).mH"
    )


_removed.__name__ = "cholesky"
operator(_removed)


@operator(out=safely_castable("cholesky_solve"))
def cholesky_solve(input: Tensor, input2: Tensor, upper: bool = False) -> Tensor:
    """X with L Lᵀ X = B: (…, n, k) and (…, n, n) -> (…, n, k); stacks are broadcast.

    Args:
        input: B, float32 or float64.
        input2: a factor that ``cholesky`` gave, of the same dtype.
        upper: it is U of Uᵀ U X = B.

    Raises:
        RuntimeError, NotImplementedError: shapes or dtypes that do not fit.
    """
    check_right_hand_side("cholesky_solve", input, input2, ("b should", "u should"))
    check_precise("cholesky_solve_cpu", input)
    return CholeskySolveBackward0.apply(input, input2, upper=upper)


@operator(out=safely_castable("cholesky_inverse"))
def cholesky_inverse(input: Tensor, upper: bool = False) -> Tensor:
    """The inverse of L Lᵀ: (…, n, n) -> (…, n, n).

    Args:
        input: a factor that ``cholesky`` gave, float32 or float64.
        upper: it is U of Uᵀ U.

    Raises:
        linalg.LinAlgError: there is a 0 on the diagonal.
        RuntimeError, NotImplementedError: not square matrices, or another dtype.
    """
    check_square("cholesky_inverse", input)
    check_precise("cholesky_inverse_out_cpu", input)
    zeros = np.argwhere(as_numpys(input._array).diagonal(0, -2, -1) == 0)
    if len(zeros):
        *place, row = (int(each) for each in zeros[0])
        raise linalg_error(
            "cholesky_inverse",
            f"The diagonal element {row + 1} is zero, the inversion could not be completed because the input matrix is singular.",
            tuple(place),
            input._array.shape[:-2],
        )
    return CholeskyInverseBackward0.apply(input, upper=upper)
