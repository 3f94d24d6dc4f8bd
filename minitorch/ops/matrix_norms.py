"""Norms of vectors and matrices, and the condition of matrices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minitorch.dtypes import dtype as Dtype
from minitorch.ops.arguments import Dim, check_tensors, dimension, dtype_name
from minitorch.ops.arithmetic import div, mul, reciprocal
from minitorch.ops.conversion import cast, zeros
from minitorch.ops.linear_algebra import check_matrices, check_real, check_square, linalg_operator, safely_castable
from minitorch.ops.maxima import amax, amin, check_exact_dtype
from minitorch.ops.operator import Number, operator, operators
from minitorch.ops.parts import slice
from minitorch.ops.reduction import check_no_narrowing, sum, vector_norm
from minitorch.ops.scattering import masked_fill
from minitorch.ops.shape import permute, squeeze, unsqueeze
from minitorch.ops.spectral import svdvals

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

linalg_operator(out=check_exact_dtype)(vector_norm)


def _checked_out(name: str) -> Any:
    def check(result: Tensor, out: Tensor) -> None:
        if result._array.dtype != out._array.dtype:
            raise RuntimeError(f"{name} expected out tensor dtype {dtype_name(result)} but got: {dtype_name(out)}")

    return check


def _matrix_dims(name: str, A: Tensor, dim: Sequence[int], dtype: Dtype | None, halves: bool) -> tuple[int, int]:
    check_real(name, A)
    check_matrices(name, A)
    check_real(name, A, halves)
    given = (dim,) if isinstance(dim, int) else tuple(dim)
    if len(given) != 2:
        raise RuntimeError(f"{name}: dim must be a 2-tuple. Got {' '.join(map(str, given))}")
    first, second = (dimension(d, A._array.ndim) for d in given)
    if first == second:
        raise RuntimeError(f"{name}: dims must be different. Got ({given[0]}, {given[1]})")
    if dtype is not None:
        check_no_narrowing(name, A, dtype)
    return first, second


@linalg_operator(out=_checked_out("linalg.matrix_norm"))
def matrix_norm(
    input: Tensor,
    ord: Number | str = "fro",
    dim: Sequence[int] = (-2, -1),
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
) -> Tensor:
    """A norm of matrices.

    Args:
        input: any shape with two dimensions or more, floating point.
        ord: ``"fro"``, the root of the sum of squares; ``"nuc"``, the sum of the singular values; ``2`` or ``-2``, the largest or
            smallest of them; ``1`` or ``-1``, the largest or smallest sum of magnitudes in a column; ``inf`` or ``-inf``, in a
            row.
        dim: the two dimensions of the matrices.
        keepdim: these dimensions stay, with size 1.
        dtype: cast to this first.

    Raises:
        RuntimeError: an integer dtype, dimensions that are not two, another ``ord``, or for singular values float16.
    """
    check_tensors("linalg_matrix_norm", input=input)
    name = "linalg.matrix_norm"
    if ord not in ("fro", "nuc") and (isinstance(ord, str) or abs(ord) not in (1, 2, math.inf)):
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    of_values = ord in ("nuc", 2, -2)
    first, second = _matrix_dims(name, input, dim, dtype, not of_values)
    if ord == "fro":
        return vector_norm(input, 2, (first, second), keepdim, dtype=dtype)
    if of_values:
        order = [d for d in range(input._array.ndim) if d not in (first, second)] + [first, second]
        values = svdvals(permute(input if dtype is None else cast(input, dtype.numpy), order))
        norm = sum(values, -1, keepdim) if ord == "nuc" else _extreme(values, ord, -1, keepdim)
        return permute(unsqueeze(norm, -1), [order.index(d) for d in range(len(order))]) if keepdim else norm
    if abs(ord) == math.inf:  # type: ignore[arg-type]  # a number, since the texts are done with
        first, second = second, first
    sums = vector_norm(input, 1, first, keepdim, dtype=dtype)
    return _extreme(sums, ord, second - (first < second and not keepdim), keepdim)


def _extreme(values: Tensor, ord: Any, dim: int, keepdim: bool) -> Tensor:
    """The largest along ``dim``, or the smallest for a negative ``ord``; the largest of nothing is 0."""
    if ord < 0:
        return amin(values, dim, keepdim)
    if values._array.shape[dim]:
        return amax(values, dim, keepdim)
    shape = list(values._array.shape)
    d = dim % len(shape)
    return zeros((*shape[:d], *([1] if keepdim else []), *shape[d + 1 :]), values)


def _linalg_norm(
    input: Tensor,
    ord: Number | str | None = None,
    dim: Dim = None,
    keepdim: bool = False,
    *,
    dtype: Dtype | None = None,
) -> Tensor:
    """A norm of vectors for one dimension, of matrices for two.

    Args:
        input: any shape, floating point.
        ord: as for ``vector_norm`` or ``matrix_norm``; ``None`` is the root of the sum of squares, for all dimensions too.
        dim: one dimension or two; by default all, which for an ``ord`` may be two at most.
        keepdim: these dimensions stay, with size 1.
        dtype: cast to this first.
    """
    check_tensors("linalg_norm", input=input)
    ndim = input._array.ndim
    dims = (dim,) if isinstance(dim, int) else None if dim is None else tuple(dim)
    if dims is not None and len(dims) not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}")
    if dims is None and ord is not None and ndim not in (1, 2):
        raise RuntimeError(f"linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. Got {ndim}D.")
    of_matrices = len(dims) == 2 if dims is not None else ndim == 2
    if isinstance(ord, str) or (ord is not None and of_matrices):
        return matrix_norm(input, ord, (0, 1) if dims is None else dims, keepdim, dtype=dtype)
    return vector_norm(input, 2 if ord is None else ord, dims, keepdim, dtype=dtype)


_linalg_norm.__name__ = "norm"
linalg_operator(out=_checked_out("linalg.norm"))(_linalg_norm)


@operator(out=check_exact_dtype)
def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dim = None, keepdim: bool = False, *, dtype: Dtype | None = None
) -> Tensor:
    """The p-norm of the elements taken as one vector, or of those along ``dim``.

    Args:
        input: any shape, floating point.
        p: a number; ``"fro"`` is 2; ``"nuc"`` is the sum of the singular values of a matrix.
        dim: one dimension or several, for ``"nuc"`` two; by default all.
        keepdim: these dimensions stay, with size 1.
        dtype: cast to this first.

    Raises:
        RuntimeError: the dtype is not floating point, or the kind of norm is not known.
    """
    if isinstance(p, str) and (p != "fro" or not (dim is None or isinstance(dim, int) or len(dim) <= 2)):
        return matrix_norm(input, p, range(input._array.ndim) if dim is None else dim, keepdim, dtype=dtype)
    return vector_norm(input, 2.0 if p is None or isinstance(p, str) else p, dim, keepdim, dtype=dtype)


# -- condition --------------------------------------------------------------------------------------------------------------


@linalg_operator(out=safely_castable("linalg.cond"))
def cond(input: Tensor, p: Number | str | None = None) -> Tensor:
    """How much an error in a right-hand side can grow in the solution: |A| |A⁻¹|, infinite for matrices without an inverse.

    Args:
        input: (…, m, n), float32 or float64; square unless ``p`` is ``None``, 2 or -2.
        p: the norm, as for ``matrix_norm``; ``None`` is 2. For 2 and -2 it is the largest singular value over the smallest, or
            the other way round.

    Raises:
        RuntimeError: not (square) matrices, or an integer dtype.
        ValueError: another norm.
    """
    check_tensors("linalg_cond", input=input)
    shape = input._array.shape
    if isinstance(p, str):
        check_square(f"linalg.cond(ord={p})", input)
    elif len(shape) < 2:
        raise RuntimeError("linalg.cond: The input tensor must have at least 2 dimensions.")
    if p is not None and p not in ("fro", "nuc", 1, -1, 2, -2, math.inf, -math.inf):
        raise ValueError(f"linalg.cond got an invalid norm type: {p}")
    if not input._array.size:
        return zeros(shape[:-2], input)
    if p in (None, 2, -2):
        values = svdvals(input)
        count = values._array.shape[-1]
        last = len(shape) - 2
        largest, smallest = slice(values, last, 0, 1, 1), slice(values, last, count - 1, count, 1)
        return squeeze(div(smallest, largest) if p == -2 else div(largest, smallest), -1)
    check_square(f"linalg.cond(ord={p})", input)
    if p == "nuc":
        values = svdvals(input)
        return mul(sum(values, -1), sum(reciprocal(values), -1))
    inverse, info = operators.linalg_inv_ex(input)
    inverse = masked_fill(inverse, unsqueeze(unsqueeze(info, -1), -1) > 0, math.inf)
    product = mul(matrix_norm(input, p), matrix_norm(inverse, p))
    return operators.nan_to_num(product, math.inf, math.inf, -math.inf)
