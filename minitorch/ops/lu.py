"""A = P L U, with partial pivoting: the factors, in one matrix or in three, and what is solved with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import return_types
from minitorch.autograd.graph import Function
from minitorch.ops.arguments import check_tensors, dtype_name, lies_within
from minitorch.ops.linear_algebra import (
    check_infos,
    check_precise,
    check_real,
    check_solvable,
    columns,
    linalg_operator,
    transposed,
)  # fmt: skip
from minitorch.ops.maxima import check_exact_dtype
from minitorch.ops.operator import formula, operator, operators
from minitorch.ops.promotion import broadcast_shapes
from minitorch.ops.triangular import deprecated

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

# -- formulas -----------------------------------------------------------------------------------------------------------------


def _rows(k: Table, a: Any, start: int, stop: int) -> Any:
    return k.slice(a, len(a.shape) - 2, start, stop, 1)


def _apart(k: Table, lu: Any) -> tuple[Any, Any]:
    """L and U, which lie in one matrix; or their gradients, but for the diagonal of L."""
    m, n = lu.shape[-2:]
    count = min(m, n)
    return k.tril(columns(k, lu, 0, count), -1), k.triu(_rows(k, lu, 0, count), 0)


def _together(k: Table, lower: Any, upper: Any) -> Any:
    """L and U in one matrix, without the diagonal of L."""
    (m, count), n = lower.shape[-2:], upper.shape[-1]
    last = len(lower.shape) - 1
    lower, upper = k.tril(lower, -1), k.triu(upper, 0)
    both = k.add(_rows(k, lower, 0, count), columns(k, upper, 0, count))
    if m > count:
        return k.cat([both, _rows(k, lower, count, m)], last - 1)
    return k.cat([both, columns(k, upper, count, n)], last) if n > count else both


def _through_factors(k: Table, of_l: Any, of_u: Any, p: Any, lower: Any, upper: Any) -> Any:
    """The gradient for A = P L U.

    Square, L⁻¹ Pᵀ dA U⁻¹ = L⁻¹ dL + dU U⁻¹ falls into the part below the diagonal and the rest. Further rows L2 = Pᵀ A2 U⁻¹ of a
    tall matrix depend on U, and further columns U2 = L⁻¹ Pᵀ A2 of a wide one on L.
    """
    (m, count), n = lower.shape[-2:], upper.shape[-1]
    last = len(lower.shape) - 1
    l1, u1 = _rows(k, lower, 0, count), columns(k, upper, 0, count)
    of_l1, of_u1 = _rows(k, of_l, 0, count), columns(k, of_u, 0, count)
    lt, ut = transposed(k, l1), transposed(k, u1)
    rest = None
    if m > count:
        rest = k.linalg_solve_triangular(ut, _rows(k, of_l, count, m), upper=False, left=False)
        of_u1 = k.sub(of_u1, k.matmul(transposed(k, _rows(k, lower, count, m)), rest))
    elif n > count:
        rest = k.linalg_solve_triangular(lt, columns(k, of_u, count, n), upper=True, unitriangular=True)
        of_l1 = k.sub(of_l1, k.matmul(rest, transposed(k, columns(k, upper, count, n))))
    inner = k.add(k.tril(k.matmul(lt, of_l1), -1), k.triu(k.matmul(of_u1, ut), 0))
    through = k.linalg_solve_triangular(lt, inner, upper=True, unitriangular=True)
    through = k.linalg_solve_triangular(ut, through, upper=False, left=False)
    if rest is not None:
        through = k.cat([through, rest], last - 1 if m > count else last)
    return k.matmul(p, through)


@formula("lu_permutation")
class LuPermutation(Function):
    """P, of which there is no derivative."""

    differentiable = False

    def forward(self, k: Table, pivots: Any, lu: Any) -> Any:
        return k.lu_permutation(pivots, lu)


class LinalgLuFactorExBackward0(Function, saves={"lu": "LU", "pivot": "pivot"}):
    """L and U in one matrix."""

    __slots__ = ("pivot",)

    def forward(self, k: Table, a: Any, pivot: bool) -> tuple[Any, Any, Any]:
        self.pivot = pivot
        lu, pivots, infos = k.linalg_lu_factor(a)
        self.save(lu, pivots)
        return lu, pivots, infos

    def backward(self, k: Table, grad: Any, _: Any, _infos: Any, lu: Any, pivots: Any) -> tuple[Any, ...]:
        lower, upper = _apart(k, lu)
        return (_through_factors(k, *_apart(k, grad), k.lu_permutation(pivots, lu), _with_ones(k, lower), upper),)


def _with_ones(k: Table, lower: Any) -> Any:
    """A lower triangle with ones on its diagonal, which was 0."""
    return k.add(lower, k.stacked_identity(lower))


@formula("stacked_identity")
class StackedIdentity(Function):
    """Ones on the diagonals of matrices of the same shape."""

    differentiable = False

    def forward(self, k: Table, a: Any) -> Any:
        return k.stacked_identity(a)


class LuUnpackBackward0(Function):
    """L and U, the parts of one matrix."""

    def forward(self, k: Table, lu: Any) -> tuple[Any, Any]:
        lower, upper = _apart(k, lu)
        return _with_ones(k, lower), upper

    def backward(self, k: Table, grad_l: Any, grad_u: Any) -> tuple[Any, ...]:
        return (_together(k, grad_l, grad_u),)


class LinalgLuBackward0(Function, saves={"lower": "L", "upper": "U", "pivot": "pivot"}):
    """L and U; and the pivots, of which P is made."""

    __slots__ = ("pivot",)

    def forward(self, k: Table, a: Any, pivot: bool) -> tuple[Any, Any, Any]:
        self.pivot = pivot
        lu, pivots, _ = k.linalg_lu_factor(a)
        lower, upper = _apart(k, lu)
        lower = _with_ones(k, lower)
        self.save(lower, upper, pivots)
        return lower, upper, pivots

    def backward(
        self, k: Table, grad_l: Any, grad_u: Any, _: Any, lower: Any, upper: Any, pivots: Any
    ) -> tuple[Any, ...]:
        return (_through_factors(k, grad_l, grad_u, k.lu_permutation(pivots, lower), lower, upper),)


class LinalgLuSolveBackward0(Function, saves={"lu": "LU", "x": "result", "left": "left", "adjoint": "adjoint"}):
    """A X = B, or X A = B, or with Aᵀ in place of A: dB - dA X = A dX, and Pᵀ dA = dL U + L dU."""

    __slots__ = ("adjoint", "left")
    broadcasts = True
    graph_inputs = 2

    def forward(self, k: Table, lu: Any, b: Any, pivots: Any, left: bool, adjoint: bool) -> Any:
        self.left, self.adjoint = left, adjoint
        x = k.linalg_lu_solve(lu, pivots, b, left, adjoint)
        self.save(lu, pivots, x)
        return x

    def backward(self, k: Table, grad: Any, lu: Any, pivots: Any, x: Any) -> tuple[Any, ...]:
        of_b = k.linalg_lu_solve(lu, pivots, grad, left=self.left, adjoint=not self.adjoint)
        if not self.needs[0]:
            return None, of_b
        first, second = (of_b, transposed(k, x)) if self.left else (transposed(k, x), of_b)
        of_a = k.neg(k.matmul(first, second))
        of_a = k.matmul(transposed(k, k.lu_permutation(pivots, lu)), transposed(k, of_a) if self.adjoint else of_a)
        lower, upper = _apart(k, lu)
        of_l, of_u = k.matmul(of_a, transposed(k, upper)), k.matmul(transposed(k, _with_ones(k, lower)), of_a)
        return _together(k, of_l, of_u), of_b


# -- operators ----------------------------------------------------------------------------------------------------------------


def _check_factorable(name: str, input: Tensor, pivot: bool = True) -> None:
    if input._array.ndim < 2:
        raise RuntimeError(
            f"{name}: Expected tensor with 2 or more dimensions. Got size: {list(input._array.shape)} instead"
        )
    check_precise("lu_cpu", input)
    if not pivot:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


def _factored(name: str, input: Tensor, pivot: bool, check_errors: bool) -> tuple[Tensor, ...]:
    _check_factorable("torch.lu_factor", input, pivot)
    results = LinalgLuFactorExBackward0.apply(input, pivot=pivot)
    if check_errors:
        check_infos(
            f"torch.linalg.{name}",
            results[2],
            "U[{0},{0}] is zero and using it on lu_solve would result in a division by zero. If you still want to perform the "
            "factorization, consider calling linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)",
            RuntimeError,
        )
    return results


@linalg_operator(out=check_exact_dtype)
def lu_factor(A: Tensor, *, pivot: bool = True) -> Any:
    """A = P L U, with L and U in one matrix: ``(LU, pivots)``, for ``lu_solve``.

    Args:
        A: (…, m, n), float32 or float64.
        pivot: rows may be exchanged; without that, the CPU has no decomposition.

    ``pivots``, as int32 of shape (…, min(m, n)), are the rows that were exchanged with the first, second, … one, from 1 on.

    Raises:
        RuntimeError: U has a 0 on its diagonal; or not matrices.
        NotImplementedError: another dtype.
    """
    return return_types.linalg_lu_factor(_factored("lu_factor", A, pivot, True)[:2])


@linalg_operator(out=check_exact_dtype)
def lu_factor_ex(A: Tensor, *, pivot: bool = True, check_errors: bool = False) -> Any:
    """As ``lu_factor``, but says by numbers where U has a 0: ``(LU, pivots, info)``.

    ``info``, as int32 of shape (…), is the place on the diagonal, from 1 on, or 0. With ``check_errors``, it is an error.
    """
    return return_types.linalg_lu_factor_ex(_factored("lu_factor_ex", A, pivot, check_errors))


def _linalg_lu(A: Tensor, *, pivot: bool = True) -> Any:
    """A = P L U: ``(P, L, U)``, a permutation of rows, a lower triangle with ones on its diagonal, and an upper triangle.

    Args:
        A: (…, m, n), float32 or float64. P is (…, m, m), L (…, m, k) and U (…, k, n), for the smaller size k.
        pivot: rows may be exchanged; without that, the CPU has no decomposition.

    Raises:
        RuntimeError, NotImplementedError: not matrices, or another dtype.
    """
    _check_factorable("linalg.lu", A, pivot)
    lower, upper, pivots = LinalgLuBackward0.apply(A, pivot=pivot)
    return return_types.linalg_lu((LuPermutation.apply(pivots, lower), lower, upper))


_linalg_lu.__name__ = "lu"
linalg_operator(out=check_exact_dtype)(_linalg_lu)


@operator(out=check_exact_dtype)
def lu(A: Tensor, pivot: bool = True, get_infos: bool = False) -> Any:
    """As ``linalg.lu_factor``, but a 0 in U is no error: ``(LU, pivots)``; with ``get_infos``, as ``linalg.lu_factor_ex``."""
    deprecated(
        "torch.lu is deprecated in favor of torch.linalg.lu_factor / torch.linalg.lu_factor_ex and will be removed in a future "
        "PyTorch release.\nLU, pivots = torch.lu(A, compute_pivots)\nshould be replaced with\n"
        "LU, pivots = torch.linalg.lu_factor(A, compute_pivots)\nand\n"
        "LU, pivots, info = torch.lu(A, compute_pivots, get_infos=True)\nshould be replaced with\n"
        "LU, pivots, info = torch.linalg.lu_factor_ex(A, compute_pivots)"
    )
    results = _factored("lu_factor_ex", A, pivot, False)
    return return_types._lu_with_info(results) if get_infos else tuple(results[:2])


@operator(method=False, out=check_exact_dtype)
def lu_unpack(LU_data: Tensor, LU_pivots: Tensor, unpack_data: bool = True, unpack_pivots: bool = True) -> Any:
    """The factors that ``lu_factor`` has put in one matrix: ``(P, L, U)``; those that are not wanted are empty.

    Args:
        LU_data: (…, m, n).
        LU_pivots: (…, min(m, n)), int32.
        unpack_data: L and U are wanted.
        unpack_pivots: P is wanted.

    Raises:
        RuntimeError, ValueError: shapes, dtypes or numbers that ``lu_factor`` does not give.
    """
    check_tensors("lu_unpack", LU_data=LU_data, LU_pivots=LU_pivots)
    data, pivots = LU_data._array, LU_pivots._array
    if data.ndim < 2:
        raise RuntimeError(
            f"torch.lu_unpack: Expected tensor with 2 or more dimensions. Got size: {list(data.shape)} instead"
        )
    if unpack_pivots and pivots.dtype != np.int32:
        raise RuntimeError(
            "torch.lu_unpack: LU_pivots is expected to be a contiguous tensor of torch.int32 dtype.\n"
            "Note: this function is intended to be used with the output produced by torch.linalg.lu_factor"
        )
    wanted = (*data.shape[:-2], min(data.shape[-2:]))
    if pivots.shape != wanted:
        raise ValueError(f"Expected LU_pivots to have shape {list(wanted)} but got {list(pivots.shape)} instead.")
    if unpack_pivots and not lies_within(pivots, 1, data.shape[-2] + 1):
        raise RuntimeError(
            "pivots passed to lu_unpack must be between 1 and LU.size(-2) inclusive."
            "Did you properly pass the result of lu_factor?"
        )
    empty = operators.zeros((0,), LU_data)
    p = LuPermutation.apply(LU_pivots, LU_data) if unpack_pivots else empty
    return return_types.lu_unpack((p, *(LuUnpackBackward0.apply(LU_data) if unpack_data else (empty, empty))))


def _linalg_lu_solve(LU: Tensor, pivots: Tensor, B: Tensor, *, left: bool = True, adjoint: bool = False) -> Tensor:
    """X with A X = B, for A as ``lu_factor`` has factored it: (…, n, n) and (…, n, k) -> (…, n, k); stacks are broadcast.

    Args:
        LU: float32 or float64.
        pivots: the other result of ``lu_factor``.
        B: of the same dtype.
        left: A is on the left; else X A = B for B of (…, k, n).
        adjoint: for the transpose of A.

    Raises:
        RuntimeError, NotImplementedError: shapes or dtypes that do not fit.
    """
    check_real("torch.linalg.lu_solve", LU)
    if LU._array.dtype is not B._array.dtype:
        raise RuntimeError(
            f"linalg.lu_solve: Expected LU and B to have the same dtype, but found LU of type {dtype_name(LU)} and B of type "
            f"{dtype_name(B)} instead"
        )
    if pivots._array.dtype != np.int32:
        raise RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    check_solvable("torch.linalg.lu_solve", LU, B, left)
    if LU._array.shape[-1] != pivots._array.shape[-1]:
        raise RuntimeError("linalg.lu_solve: Number of pivots per batch should be same as the dimension of the matrix")
    if LU._array.shape[:-1] != pivots._array.shape:
        raise RuntimeError(
            "linalg.lu_solve: Expected LU.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(pivots._array.shape)} instead"
        )
    check_precise("linalg.lu_solve_cpu", LU)
    broadcast_shapes(B._array.shape[:-2], LU._array.shape[:-2])
    return LinalgLuSolveBackward0.apply(LU, B, pivots, left=left, adjoint=adjoint)


_linalg_lu_solve.__name__ = "lu_solve"
linalg_operator(out=check_exact_dtype)(_linalg_lu_solve)


@operator(out=check_exact_dtype)
def lu_solve(input: Tensor, LU_data: Tensor, LU_pivots: Tensor) -> Tensor:
    """As ``linalg.lu_solve(LU_data, LU_pivots, input)``."""
    deprecated(
        "torch.lu_solve is deprecated in favor of torch.linalg.lu_solveand will be removed in a future PyTorch release.\n"
        "Note that torch.linalg.lu_solve has its arguments reversed.\nX = torch.lu_solve(B, LU, pivots)\n"
        "should be replaced with\nX = torch.linalg.lu_solve(LU, pivots, B)"
    )
    return _linalg_lu_solve(LU_data, LU_pivots, input)
