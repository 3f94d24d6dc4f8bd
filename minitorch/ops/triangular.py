"""Triangular systems: for A X = B, dX = A⁻¹ (dB - dA X)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch import return_types
from minitorch.autograd.graph import Function
from minitorch.ops.arguments import dtype_name
from minitorch.ops.linear_algebra import (
    check_precise,
    check_solvable,
    linalg_operator,
    transposed,
)  # fmt: skip
from minitorch.ops.maxima import check_exact_dtype
from minitorch.ops.operator import operator
from minitorch.ops.promotion import broadcast_shapes
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


def _triangle(k: Table, a: Any, upper: bool, without_diagonal: bool) -> Any:
    return k.triu(a, int(without_diagonal)) if upper else k.tril(a, -int(without_diagonal))


TRIANGLE = {setting: setting for setting in ("left", "transpose", "unitriangular", "upper")}


class LinalgSolveTriangularBackward0(Function, saves={"x": "result", **TRIANGLE}):
    """A X = B, or X A = B."""

    __slots__ = ("left", "unitriangular", "upper")
    broadcasts = True

    def forward(self, k: Table, a: Any, b: Any, upper: bool, left: bool, unitriangular: bool) -> Any:
        self.upper, self.left, self.unitriangular = upper, left, unitriangular
        x = k.linalg_solve_triangular(a, b, upper=upper, left=left, unitriangular=unitriangular)
        self.save(a, x if self.needs[0] else None)
        return x

    def backward(self, k: Table, grad: Any, a: Any, x: Any) -> tuple[Any, ...]:
        of_b = k.linalg_solve_triangular(
            transposed(k, a), grad, upper=not self.upper, left=self.left, unitriangular=self.unitriangular
        )
        if not self.needs[0]:
            return None, of_b
        of_a = k.matmul(of_b, transposed(k, x)) if self.left else k.matmul(transposed(k, x), of_b)
        return k.neg(_triangle(k, of_a, self.upper, self.unitriangular)), of_b


class TriangularSolveBackward0(Function, saves={"b": "self", "a": "A", "x": "solution", **TRIANGLE}):
    """A X = B, or Aᵀ X = B; A itself is a result too."""

    __slots__ = ("transpose", "unitriangular", "upper")
    broadcasts = True
    fills_in_zeros = False

    def forward(self, k: Table, b: Any, a: Any, upper: bool, transpose: bool, unitriangular: bool) -> tuple[Any, Any]:
        self.upper, self.transpose, self.unitriangular = upper, transpose, unitriangular
        turned = transposed(k, a) if transpose else a
        x = k.linalg_solve_triangular(turned, b, upper=upper != transpose, left=True, unitriangular=unitriangular)
        self.save(b, a, x)
        return x, k.copied_stack(a, x.shape[:-2])

    def backward(self, k: Table, grad: Any, grad_a: Any, b: Any, a: Any, x: Any) -> tuple[Any, ...]:
        if grad is None:
            return None, grad_a
        turned, upper = (a, self.upper) if self.transpose else (transposed(k, a), not self.upper)
        of_b = k.linalg_solve_triangular(turned, grad, upper=upper, left=True, unitriangular=self.unitriangular)
        if not self.needs[1]:
            return of_b, None
        of_a = k.matmul(x, transposed(k, of_b)) if self.transpose else k.matmul(of_b, transposed(k, x))
        of_a = k.neg(_triangle(k, of_a, self.upper, self.unitriangular))
        return of_b, of_a if grad_a is None else k.add(of_a, grad_a)


def _check_scalar_type(tensor: Tensor, other: Tensor) -> None:
    if tensor._array.dtype is not other._array.dtype:
        raise RuntimeError(f"expected scalar type {dtype_name(tensor)} but found {dtype_name(other)}")


@linalg_operator(out=_check_scalar_type)
def solve_triangular(
    input: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False
) -> Tensor:
    """X with A X = B for a triangular A: (…, n, n) and (…, n, k) -> (…, n, k); stacks are broadcast.

    Args:
        input: A, float32 or float64; only one triangle is read, and gets a gradient.
        B: of the same dtype.
        upper: it is the upper triangle.
        left: A is on the left; else X A = B for B of (…, k, n).
        unitriangular: the diagonal is not read, but taken to be 1.

    Raises:
        RuntimeError, NotImplementedError: shapes or dtypes that do not fit.
    """
    check_solvable("linalg.solve_triangular", input, B, left)
    check_precise("triangular_solve_cpu", input)
    _check_scalar_type(input, B)
    broadcast_shapes(B._array.shape[:-2], input._array.shape[:-2])
    return LinalgSolveTriangularBackward0.apply(input, B, upper=upper, left=left, unitriangular=unitriangular)


def check_right_hand_side(name: str, b: Tensor, a: Tensor, names: tuple[str, str]) -> None:
    """Raises RuntimeError: not matrices, sizes or dtypes that do not fit for A X = B."""
    for each, called in zip((b, a), names, strict=True):
        if each._array.ndim < 2:
            raise RuntimeError(f"{called} have at least 2 dimensions, but {'it ' * ('.' in called)}has "
                               f"{each._array.ndim} dimensions instead")  # fmt: skip
    if b._array.dtype is not a._array.dtype:
        raise RuntimeError(
            f"Expected b and A to have the same dtype, but found b of type {dtype_name(b)} and A of type {dtype_name(a)} instead."
        )
    m, n = a._array.shape[-2:]
    if m != n:
        raise RuntimeError(f"A must be batches of square matrices, but they are {m} by {n} matrices")
    rows, columns = b._array.shape[-2:]
    if rows != n:
        raise RuntimeError(
            f"Incompatible matrix sizes for {name}: each A matrix is {n} by {n} but each b matrix is {rows} by {columns}"
        )
    broadcast_shapes(b._array.shape[:-2], a._array.shape[:-2])


def deprecated(text: str) -> None:
    """Warns the caller of the operator that calls this."""
    warn(text, UserWarning)


@operator(out=check_exact_dtype)
def triangular_solve(
    input: Tensor, A: Tensor, upper: bool = True, transpose: bool = False, unitriangular: bool = False
) -> Any:
    """As ``linalg.solve_triangular(A, input)``, with a copy of A: ``(solution, cloned_coefficient)``.

    With ``transpose``, for the transpose of A.
    """
    deprecated(
        "torch.triangular_solve is deprecated in favor of torch.linalg.solve_triangularand will be removed in a future PyTorch "
        "release.\ntorch.linalg.solve_triangular has its arguments reversed and does not return a copy of one of the inputs.\n"
        "X = torch.triangular_solve(B, A).solution\nshould be replaced with\nX = torch.linalg.solve_triangular(A, B)."
    )
    check_right_hand_side(
        "triangular_solve", input, A, ("torch.triangular_solve: Expected b to", "torch.triangular_solve: Expected A to")
    )
    check_precise("triangular_solve_cpu", A)
    return return_types.triangular_solve(
        TriangularSolveBackward0.apply(input, A, upper=upper, transpose=transpose, unitriangular=unitriangular)
    )
