"""Inverses and linear systems: d A⁻¹ = -A⁻¹ dA A⁻¹; and powers of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import return_types
from minitorch.autograd.graph import Function, beside
from minitorch.ops.arguments import dtype_name
from minitorch.ops.dimensions import movedim
from minitorch.ops.linear_algebra import (
    check_infos,
    check_matrices,
    check_precise,
    check_real,
    check_solvable,
    check_square,
    linalg_operator,
    safely_castable,
    transposed,
)  # fmt: skip
from minitorch.ops.matmul import matmul
from minitorch.ops.maxima import check_exact_dtype
from minitorch.ops.operator import operator, operators
from minitorch.ops.promotion import broadcast_shapes
from minitorch.ops.shape import clone, flatten, reshape, unsqueeze

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


# -- inverses -----------------------------------------------------------------------------------------------------------------


class LinalgInvExBackward0(Function):
    def forward(self, k: Table, a: Any) -> tuple[Any, Any]:
        lu, pivots, infos = k.linalg_lu_factor(a)
        inverse = k.linalg_lu_solve(lu, pivots, k.stacked_identity(a))
        self.save(inverse)
        return inverse, infos

    def backward(self, k: Table, grad: Any, _: Any, inverse: Any) -> tuple[Any, ...]:
        turned = transposed(k, inverse)
        return (k.neg(k.matmul(turned, k.matmul(grad, turned))),)


def _inverted(name: str, input: Tensor, check_errors: bool = True) -> tuple[Tensor, Tensor]:
    check_square("linalg.inv", input)
    check_real("linalg.inv", input, halves=False)
    inverse, infos = LinalgInvExBackward0.apply(input)
    if check_errors:
        check_infos(
            name,
            infos,
            "The diagonal element {} is zero, the inversion could not be completed because the input matrix is singular.",
        )
    return inverse, infos


@linalg_operator(out=check_exact_dtype)
def inv(A: Tensor) -> Tensor:
    """The inverse: (…, n, n) -> (…, n, n).

    Args:
        A: float32 or float64.

    Raises:
        linalg.LinAlgError: a matrix is singular.
        RuntimeError: not square matrices, or another dtype.
    """
    return _inverted("linalg.inv", A)[0]


@linalg_operator(out=check_exact_dtype)
def inv_ex(A: Tensor, *, check_errors: bool = False) -> Any:
    """As ``inv``, but says by numbers which matrices are singular: ``(inverse, info)``.

    ``info``, as int32 of shape (…), is the first pivot that is 0, from 1 on, or 0. With ``check_errors``, it is an error.
    """
    return return_types.linalg_inv_ex(_inverted("linalg.inv_ex", A, check_errors))


@operator(out=check_exact_dtype)
def inverse(input: Tensor) -> Tensor:
    """As ``linalg.inv``."""
    return inv(input)


# -- systems ------------------------------------------------------------------------------------------------------------------


class LinalgSolveExBackward0(Function, saves={"a": "A", "lu": "LU", "x": "result", "left": "left"}):
    """A X = B, or X A = B: dB - dA X = A dX. With ``vectors``, B is a stack of them."""

    __slots__ = ("left", "vectors")
    broadcasts = True

    def forward(self, k: Table, a: Any, b: Any, left: bool, vectors: bool) -> tuple[Any, Any]:
        self.left, self.vectors = left, vectors
        lu, pivots, infos = k.linalg_lu_factor(a)
        x = k.linalg_lu_solve(lu, pivots, k.unsqueeze(b, b.ndim) if vectors else b, left)
        if vectors:
            x = k.squeeze(x, (x.ndim - 1,))
            x = k.copied_stack(x, x.shape[:-2]) if x.ndim > 1 else x
        self.save(a, lu, pivots, x)
        return x, infos

    def backward(self, k: Table, grad: Any, _: Any, a: Any, lu: Any, pivots: Any, x: Any) -> tuple[Any, ...]:
        if self.vectors:
            grad, x = (k.unsqueeze(each, len(each.shape)) for each in (grad, x))
        if k is operators:
            of_b = k.linalg_solve(transposed(k, a), grad, left=self.left)
        else:
            of_b = k.linalg_lu_solve(lu, pivots, grad, left=self.left, adjoint=True)
        first, second = (of_b, transposed(k, x)) if self.left else (transposed(k, x), of_b)
        of_a = self.needs[0] and k.neg(k.matmul(first, second))
        return of_a, k.squeeze(of_b, (len(of_b.shape) - 1,)) if self.vectors else of_b


def _solved(name: str, A: Tensor, B: Tensor, left: bool, check_errors: bool) -> tuple[Tensor, Tensor]:
    check_real("linalg.solve", A)
    a, b = A._array, B._array
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"linalg.solve: Expected A and B to have the same dtype, but found A of type {dtype_name(A)} and B of type "
            f"{dtype_name(B)} instead"
        )
    vectors = b.ndim == 1 or (a.ndim - 1 == b.ndim and b.shape == a.shape[:-1])
    check_matrices("linalg.solve", A)
    columns = unsqueeze(B.detach(), -1) if vectors else B
    check_solvable("linalg.solve", A, columns, left)
    check_precise("lu_cpu", A)
    broadcast_shapes(columns._array.shape[:-2], a.shape[:-2])
    x, infos = LinalgSolveExBackward0.apply(A, B, left=left, vectors=vectors)
    if check_errors:
        check_infos(name, infos, "The solver failed because the input matrix is singular.")
    return x, infos


@linalg_operator(out=check_exact_dtype)
def solve(A: Tensor, B: Tensor, *, left: bool = True) -> Tensor:
    """X with A X = B: (…, n, n) and (…, n, k) -> (…, n, k); stacks are broadcast.

    Args:
        A: float32 or float64.
        B: of the same dtype. One vector, or as many as A has matrices, are columns.
        left: A is on the left; else X A = B for B of (…, k, n).

    Raises:
        linalg.LinAlgError: a matrix is singular.
        RuntimeError, NotImplementedError: shapes or dtypes that do not fit.
    """
    return _solved("torch.linalg.solve", A, B, left, True)[0]


@linalg_operator(out=check_exact_dtype)
def solve_ex(A: Tensor, B: Tensor, *, left: bool = True, check_errors: bool = False) -> Any:
    """As ``solve``, but says by numbers which matrices are singular: ``(result, info)``.

    ``info``, as int32 of shape (…), is the first pivot that is 0, from 1 on, or 0. With ``check_errors``, it is an error.
    """
    return return_types.linalg_solve_ex(_solved("torch.linalg.solve_ex", A, B, left, check_errors))


@linalg_operator(out=safely_castable("tensorsolve"))
def tensorsolve(input: Tensor, other: Tensor, dims: Sequence[int] | None = None) -> Tensor:
    """X with ``tensordot(A, X, X.ndim) = B``: (*b, *x) and (*b) -> (*x), where both have as many elements.

    Args:
        input: A, float32 or float64.
        other: B, of the same dtype.
        dims: dimensions of A that are moved to the end first.

    Raises:
        linalg.LinAlgError: there is no X, or there are several.
        RuntimeError: sizes that do not fit.
    """
    if dims is not None:
        input = movedim(input, tuple(dims), tuple(range(-len(dims), 0)))
    wanted = input._array.shape[other._array.ndim :]
    size = math.prod(wanted)
    if size != other._array.size:
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == prod(self.shape[:other.ndim]), but got "
            f"{size} != {other._array.size}"
        )
    return reshape(solve(reshape(input, (size, size)), flatten(other)), wanted)


@linalg_operator(out=safely_castable("tensorinv"))
def tensorinv(input: Tensor, ind: int = 2) -> Tensor:
    """The tensor that undoes ``tensordot`` with A: of shape (*a, *b), with ``ind`` dimensions in a, -> (*b, *a).

    Raises:
        linalg.LinAlgError: there is none.
        RuntimeError: a and b have different numbers of elements, or ``ind`` is not positive.
    """
    if ind <= 0:
        raise RuntimeError(f"Expected a strictly positive integer for 'ind', but got {ind}")
    rows, columns = input._array.shape[:ind], input._array.shape[ind:]
    if math.prod(rows) != math.prod(columns):
        raise RuntimeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == prod(self.shape[:ind]), but got "
            f"{math.prod(columns)} != {math.prod(rows)}"
        )
    size = math.prod(rows)
    return reshape(_inverted("inv", reshape(input, (size, size)))[0], (*columns, *rows))


# -- powers -------------------------------------------------------------------------------------------------------------------


def _power(A: Tensor, n: int) -> Tensor:
    check_square("linalg.matrix_power", A)
    if n == 0:
        one = beside(np.eye(A._array.shape[-1], dtype=A._array.dtype), A)
        return clone(A).copy_(one)
    if n < 0:
        A, n = inv(A), -n
        if n == 1:
            return A
    elif n == 1:
        return clone(A)
    if n == 3:
        return matmul(matmul(A, A), A)
    result, square = None, A
    while True:
        if n % 2:
            result = square if result is None else matmul(result, square)
        n //= 2
        if not n:
            assert result is not None
            return result
        square = matmul(square, square)


def _linalg_matrix_power(input: Tensor, n: int) -> Tensor:
    """A A … A, ``n`` times; of the inverse for a negative ``n``: (…, n, n) -> (…, n, n).

    Raises:
        TypeError: ``n`` is no integer.
        linalg.LinAlgError: ``n`` is negative, and a matrix is singular.
        RuntimeError: not square matrices.
    """
    if not isinstance(n, int):
        raise TypeError(f"linalg_matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    return _power(input, n)


_linalg_matrix_power.__name__ = "matrix_power"
linalg_operator(out=safely_castable("matrix_power"))(_linalg_matrix_power)


@operator(out=safely_castable("matrix_power"))
def matrix_power(input: Tensor, n: int) -> Tensor:
    """As ``linalg.matrix_power``."""
    if not isinstance(n, int):
        raise TypeError(f"matrix_power(): argument 'n' (position 2) must be int, not {type(n).__name__}")
    return _power(input, n)
