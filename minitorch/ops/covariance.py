"""Covariances and correlations of variables, each of which is a row of observations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.ops.arguments import dtype_name
from minitorch.ops.arithmetic import MulBackward1, div, mul, sub
from minitorch.ops.elementary import sqrt
from minitorch.ops.extremes import clamp
from minitorch.ops.matmul import mm
from minitorch.ops.operator import operator
from minitorch.ops.reduction import sum as add_up
from minitorch.ops.shape import squeeze, t, unsqueeze, view
from minitorch.ops.strided import diagonal
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def _check_weights(name: str, weights: Tensor, kinds: str, expected: str, count: int) -> None:
    array = weights._array
    if array.ndim > 1:
        raise RuntimeError(
            f"cov(): expected {name} to have one or fewer dimensions but got {name} with {array.ndim} dimensions"
        )
    if array.dtype.kind not in kinds:
        raise RuntimeError(
            f"cov(): expected {name} to have {expected} dtype but got {name} with {dtype_name(weights)} dtype"
        )
    if array.size != count:
        raise RuntimeError(
            f"cov(): expected {name} to have the same numel as there are observations in the input but got "
            f"{array.size} != {count}"
        )
    if array.size and array.min() < 0:
        raise RuntimeError(f"cov(): {name} cannot be negative")


@operator
def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """The covariance of each two rows; a row is a variable, a column an observation. Of a vector, its variance.

    Args:
        input: at most two dimensions.
        correction: what is taken off the number of observations (or the sum of their weights).
        fweights: how often each observation is counted, integers.
        aweights: how much each observation counts, floating point.

    Raises:
        RuntimeError: shapes, dtypes or weights other than these.
    """
    if input._array.ndim > 2:
        raise RuntimeError(
            f"cov(): expected input to have two or fewer dimensions but got an input with {input._array.ndim} dimensions"
        )
    if input._array.dtype.kind == "b":
        raise NotImplementedError("cov(): bool dtype is not supported for input")
    rows = input if input._array.ndim == 2 else view(input, (1, -1))
    count = rows._array.shape[1]
    weights = fweights
    if fweights is not None:
        _check_weights("fweights", fweights, "iu", "integral", count)
    if aweights is not None:
        _check_weights("aweights", aweights, "f", "floating point", count)
        weights = aweights if fweights is None else mul(fweights, aweights)
    return _weighted(rows, weights, aweights, correction)


def _weighted(rows: Tensor, weights: Tensor | None, aweights: Tensor | None, correction: int) -> Tensor:
    whole: Any = rows._array.shape[1] if weights is None else add_up(weights)
    if weights is not None and not whole._array.item():
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    mean = div(add_up(rows if weights is None else mul(rows, weights), 1), whole)
    if aweights is not None and correction:
        freedom = sub(whole, div(MulBackward1.apply(add_up(mul(weights, aweights)), correction), whole))
    else:
        freedom = whole - correction
    if (freedom if weights is None else freedom._array.item()) <= 0:
        warn(
            "cov(): degrees of freedom is <= 0. Correction should be strictly less than the number of observations.",
            UserWarning,
        )
        freedom = freedom * 0
    deviations = sub(rows, unsqueeze(mean, 1))
    products = mm(deviations, t(deviations if weights is None else mul(deviations, weights)))
    return squeeze(div(products, freedom))


@operator
def corrcoef(input: Tensor) -> Tensor:
    """The correlation of each two rows: their covariance, divided by their standard deviations; see ``cov``."""
    if input._array.ndim > 2:
        raise RuntimeError(
            f"corrcoef(): expected input to have two or fewer dimensions but got an input with {input._array.ndim} dimensions"
        )
    covariance = cov(input)
    if not covariance._array.ndim:
        return div(covariance, covariance)
    deviation = sqrt(diagonal(covariance))
    return clamp(div(div(covariance, view(deviation, (-1, 1))), view(deviation, (1, -1))), -1, 1)
