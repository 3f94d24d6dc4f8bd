"""Quantiles: places between sorted elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.gathering import check_together
from minitorch.autograd.graph import beside
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import dimension, same_dtype
from minitorch.ops.arithmetic import MulBackward1, mul, sub
from minitorch.ops.bivariate import lerp
from minitorch.ops.comparison import isnan, logical_not, lt
from minitorch.ops.conversion import cast
from minitorch.ops.gathering import gather
from minitorch.ops.operator import operator
from minitorch.ops.promotion import broadcast_shapes
from minitorch.ops.reduction import any, sum
from minitorch.ops.scattering import masked_fill
from minitorch.ops.shape import (
    SqueezeBackward4,
    TransposeBackward0,
    UnsqueezeBackward0,
    contiguous,
    expand,
    flatten,
    reshape,
    transpose,
    unsqueeze,
)
from minitorch.ops.sorting import sort

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

LARGEST = 2**24  # elements whose ranks float32 holds
ROUNDING = {"linear": np.floor, "midpoint": np.floor, "lower": np.floor, "higher": np.ceil, "nearest": np.rint}
"""The kinds of interpolation, and how each turns a rank into that of an element."""


class TransposeBackward1(TransposeBackward0):
    """Of a tensor that nobody else sees: it counts as a result of its own."""

    is_view = False


class UnsqueezeBackward1(UnsqueezeBackward0):
    """Likewise."""

    is_view = False


@operator(out=same_dtype("quantile() out tensor must be same dtype as the input tensor"))
def quantile(
    input: Tensor, q: Tensor | float, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """The number below which a share ``q`` of the elements lies; NaN where one of them is NaN.

    Args:
        input: float32 or float64.
        q: a number in [0, 1], or a tensor of such of at most one dimension, which becomes the first one of the result.
        dim: the dimension to take the elements along; without it all of them.
        keepdim: keep the dimension, with size 1.
        interpolation: what lies between two elements: ``"linear"``, ``"midpoint"``, ``"lower"``, ``"higher"`` or ``"nearest"``.

    Raises:
        RuntimeError: other inputs than these, or none.
    """
    return _quantile("quantile", input, q, dim, keepdim, interpolation)


@operator(out=same_dtype("quantile() out tensor must be same dtype as the input tensor"))
def nanquantile(
    input: Tensor, q: Tensor | float, dim: int | None = None, keepdim: bool = False, *, interpolation: str = "linear"
) -> Tensor:
    """``quantile`` of the elements that are not NaN; NaN where there are no others."""
    return _quantile("nanquantile", input, q, dim, keepdim, interpolation)


def _quantile(name: str, input: Tensor, q: Any, dim: int | None, keepdim: bool, interpolation: str) -> Tensor:
    shares = _shares(input, q)
    if interpolation not in ROUNDING:
        raise RuntimeError(
            f"quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, but got {interpolation}"
        )
    shape = list(input._array.shape)
    d = dimension(dim or 0, len(shape))
    if dim is None:
        rows, shape = flatten(input), [1] * len(shape) if keepdim else []
    else:
        rows = input if d == len(shape) - 1 else transpose(unsqueeze(input, -1), d, -1)
        shape[d : d + 1] = [1] if keepdim and shape else []
    count = rows._array.shape[-1]
    if count > LARGEST:
        raise RuntimeError("quantile() input tensor is too large")
    rows = reshape(rows, (*shape, count))
    ranks = _ranks(rows, cast(shares, np.dtype(np.float64)), count, ignore_nan=name == "nanquantile")
    values = _interpolated(rows, ranks, interpolation)
    if shares._array.ndim:
        values = TransposeBackward1.apply(UnsqueezeBackward1.apply(values, dim=0), dim0=0, dim1=values._array.ndim)
    return SqueezeBackward4.apply(values, dim=(values._array.ndim - 1,))


def _shares(input: Tensor, q: Any) -> Tensor:
    """``q`` as a tensor; raises torch's errors if it or the input is not what it has to be."""
    given, array = isinstance(q, Variable), input._array
    if given:
        check_together("quantile() q tensor must be on the same device as the input tensor", input, q)
    if not given and not 0 <= q <= 1:
        raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q:g}")
    shares: Tensor = q if given else beside(np.asarray(q, array.dtype.type), input)
    if not array.size:
        raise RuntimeError("quantile() input tensor must be non-empty")
    if shares._array.ndim > 1:
        raise RuntimeError("quantile() q must be a scalar or 1D tensor")
    if array.dtype.kind != "f" or array.itemsize == 2:
        raise RuntimeError("quantile() input tensor must be either float or double dtype")
    if shares._array.dtype != array.dtype:
        raise RuntimeError("quantile() q tensor must be same dtype as the input tensor")
    numbers = as_numpys(shares._array)
    if not ((numbers >= 0) & (numbers <= 1)).all():
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    return shares


def _ranks(rows: Tensor, shares: Tensor, count: int, ignore_nan: bool) -> Tensor:
    """Where among the sorted elements each quantile lies; NaN come last, and where one decides, its rank is taken."""
    if ignore_nan:
        ranks = mul(shares, sub(sum(logical_not(isnan(rows)), -1, True), 1))
        return masked_fill(ranks, lt(ranks, 0), 0)
    unknown = any(isnan(rows), -1, True)
    ranks = MulBackward1.apply(shares, count - 1)
    return masked_fill(expand(ranks, broadcast_shapes(ranks._array.shape, unknown._array.shape)), unknown, count - 1)


def _interpolated(rows: Tensor, ranks: Tensor, interpolation: str) -> Tensor:
    """The elements of those ranks: a few are selected from their rows, for many the rows are sorted."""
    between = interpolation in ("linear", "midpoint")
    numbers, k = as_numpys(ranks._array), tables[type(rows._array)]
    below = ROUNDING[interpolation](numbers).astype(np.int64)
    above = np.ceil(numbers).astype(np.int64)
    places = k.beside(np.concatenate([below, above], -1) if between else below, rows._array)
    if places.shape[-1] ** 2 <= rows._array.shape[-1]:
        rows = contiguous(rows)
        places = k.of_ranks(rows._array, places)
    else:
        rows = sort(rows).values
    last, count = places.ndim - 1, below.shape[-1]
    parts = [gather(rows, -1, Variable._of(each)) for each in k.split(places, [count] * (1 + between), last)]
    if not between:
        return parts[0]
    midpoint = interpolation == "midpoint"
    weights = beside(np.full_like(numbers, 0.5), rows) if midpoint else sub(ranks, beside(below, rows))
    return lerp(*parts, cast(weights, rows._array.dtype))
