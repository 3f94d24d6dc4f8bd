"""A = L D Lᵀ for symmetric A: for linear systems, without derivatives, of which torch has none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import return_types
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import dtype_name
from minitorch.ops.linear_algebra import check_precise, check_real, check_square, linalg_operator
from minitorch.ops.maxima import check_exact_dtype
from minitorch.ops.triangular import check_right_hand_side
from minitorch.ops.without_formula import WithoutFormula

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class LdlFactor(WithoutFormula):
    operator = "linalg_ldl_factor_ex"

    def forward(self, k: Table, a: Any) -> tuple[Any, Any, Any]:
        return k.linalg_ldl_factor(a)


class LdlSolve(WithoutFormula):
    operator = "linalg_ldl_solve"
    graph_inputs = 2

    def forward(self, k: Table, ld: Any, b: Any, pivots: Any) -> Any:
        return k.linalg_ldl_solve(ld, pivots, b)


def _factored(name: str, input: Tensor, check_errors: bool) -> tuple[Tensor, ...]:
    check_square("torch.linalg.ldl_factor_ex", input)
    check_real("torch.linalg.ldl_factor_ex", input)
    check_precise("ldl_factor_kernel_cpu", input)
    results = LdlFactor.apply(input)
    infos = as_numpys(results[2]._array)
    failed = np.flatnonzero(infos)
    if check_errors and len(failed):
        raise RuntimeError(
            f"torch.linalg.{name}: the factorization is of no use for a system: the pivot "
            f"{infos.flat[failed[0]]} of a matrix is zero"
        )
    return results


@linalg_operator(out=check_exact_dtype)
def ldl_factor(input: Tensor, *, hermitian: bool = False) -> Any:
    """A = L D Lᵀ, with L and D in one matrix: ``(LD, pivots)``, for ``ldl_solve``.

    Args:
        input: A, (…, n, n), symmetric, float32 or float64; only the lower triangle is read.
        hermitian: makes no difference for real numbers.

    ``pivots``, as int32 of shape (…, n), are the rows that were exchanged with each, from 1 on; those of a block of two rows in D
    are negative.

    Raises:
        RuntimeError: D is singular, not square matrices, or not floating point.
        NotImplementedError: another dtype.
    """
    return return_types.linalg_ldl_factor(_factored("ldl_factor", input, True)[:2])


@linalg_operator(out=check_exact_dtype)
def ldl_factor_ex(input: Tensor, *, hermitian: bool = False, check_errors: bool = False) -> Any:
    """As ``ldl_factor``, but says by numbers where D is singular: ``(LD, pivots, info)``.

    ``info``, as int32 of shape (…), is the place on the diagonal, from 1 on, or 0. With ``check_errors``, it is an error.
    """
    return return_types.linalg_ldl_factor_ex(_factored("ldl_factor_ex", input, check_errors))


@linalg_operator(out=check_exact_dtype)
def ldl_solve(LD: Tensor, pivots: Tensor, B: Tensor, *, hermitian: bool = False) -> Tensor:
    """X with A X = B, for A as ``ldl_factor`` has factored it: (…, n, n) and (…, n, k) -> (…, n, k); stacks are broadcast.

    Args:
        LD: float32 or float64.
        pivots: the other result of ``ldl_factor``.
        B: of the same dtype.
        hermitian: makes no difference for real numbers.

    Raises:
        RuntimeError, IndexError, NotImplementedError: shapes or dtypes that do not fit.
    """
    check_square("torch.linalg.ldl_solve", LD)
    check_real("torch.linalg.ldl_solve", LD)
    if B._array.ndim < 2:
        raise IndexError("Dimension out of range (expected to be in range of [-1, 0], but got -2)")
    check_right_hand_side("torch.linalg.ldl_solve", B, LD, ("B should", "LD should"))
    if pivots._array.dtype.kind not in "iu":
        raise RuntimeError(f"torch.linalg.ldl_solve: Expected pivots to be integers. Got {dtype_name(pivots)}")
    if pivots._array.shape != LD._array.shape[:-1]:
        raise RuntimeError(
            "torch.linalg.ldl_solve: Expected LD.shape[:-1] and pivots.shape to be the same, but got pivots with shape "
            f"{list(pivots._array.shape)} instead"
        )
    check_precise("ldl_solve_kernel_cpu", LD)
    return LdlSolve.apply(LD, B, pivots)
