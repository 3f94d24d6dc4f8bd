"""Losses that are negative log-likelihoods, element by element, and the divergence between distributions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.ops.arguments import check_floating, check_tensors, dtype_name
from minitorch.ops.arithmetic import AddBackward1, MulBackward1, add, mul, sub
from minitorch.ops.comparison import le
from minitorch.ops.conversion import cast
from minitorch.ops.elementary import exp, log
from minitorch.ops.exponential import xlogy
from minitorch.ops.operator import operator
from minitorch.ops.reduced_loss import ReducedLoss, check_reduction, reduced
from minitorch.ops.scattering import masked_fill

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

LOWEST_LOGARITHM = -100.0
"""Logarithms of probabilities are cut off here, so that an impossible event has a finite loss."""
SMALLEST_VARIANCE = 1e-12
"""Of a probability p: p (1 - p), by which gradients are divided."""


class BinaryCrossEntropyBackward0(ReducedLoss):
    """dl/da = (a - b) / a (1 - a), dl/db = log(1 - a) - log(a)."""

    def losses(self, k: Table, a: Any, b: Any) -> Any:
        of_one = k.maximum(k.log(a), LOWEST_LOGARITHM)
        of_zero = k.maximum(k.log1p(k.neg(a)), LOWEST_LOGARITHM)
        return k.sub(k.mul(k.sub(b, 1), of_zero), k.mul(b, of_one))

    def gradients(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        rest = k.sub(1, a)
        return (
            self.needs[0] and k.div(k.mul(grad, k.sub(a, b)), k.clamp(k.mul(rest, a), SMALLEST_VARIANCE, None)),
            self.needs[1] and k.mul(grad, k.sub(k.log(rest), k.log(a))),
        )


class BinaryCrossEntropyWithLogitsBackward0(ReducedLoss):
    """-b w log s(a) - (1 - b) log s(-a), for the sigmoid s and the weight w of what is positive."""

    def losses(self, k: Table, a: Any, b: Any, pos_weight: Any) -> Any:
        logarithm = k.log_sigmoid(a)
        if pos_weight is not None:
            logarithm = k.mul(logarithm, k.add(k.mul(k.sub(pos_weight, 1), b), 1))
        return k.sub(k.mul(k.sub(1, b), a), logarithm)

    def gradients(self, k: Table, grad: Any, a: Any, b: Any, pos_weight: Any) -> tuple[Any, ...]:
        if pos_weight is None:
            return (
                self.needs[0] and k.mul(grad, k.sub(k.sigmoid(a), b)),
                self.needs[1] and k.mul(grad, k.neg(a)),
            )
        weighted = k.mul(pos_weight, b)
        return (
            self.needs[0] and k.mul(grad, k.sub(k.mul(k.sub(k.add(weighted, 1), b), k.sigmoid(a)), weighted)),
            self.needs[1] and k.mul(grad, k.sub(k.log_sigmoid(k.neg(a)), k.mul(pos_weight, k.log_sigmoid(a)))),
        )


@operator(method=False, public=False)
def binary_cross_entropy(
    input: Tensor, target: Tensor, weight: Tensor | None = None, reduction: str | int = "mean"
) -> Tensor:
    """``-target log(input) - (1 - target) log(1 - input)``, where logarithms are no less than -100; its mean or its sum.

    Args:
        input: probabilities, any shape, floating point.
        target: the same shape and dtype.
        weight: how much each element counts; broadcast.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError: the dtypes differ, or an input is no probability.
        ValueError: the reduction is not known.
    """
    reduction = check_reduction(reduction)
    if target._array.dtype != input._array.dtype:
        raise RuntimeError(f"Found dtype {dtype_name(target)} but expected {dtype_name(input)}")
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"binary_cross_entropy\" not implemented for '{dtype_name(input)}'")
    array = input._array
    if array.size and not 0 <= array.min() <= array.max() <= 1:
        raise RuntimeError("all elements of input should be between 0 and 1")
    if weight is not None:
        weight = cast(weight, array.dtype)
    return BinaryCrossEntropyBackward0.apply(input, target, weight, reduction=reduction)


@operator(method=False)
def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    pos_weight: Tensor | None = None,
    reduction: str | int = "mean",
) -> Tensor:
    """``binary_cross_entropy`` of ``sigmoid(input)``, without overflow.

    Args:
        input: any shape, floating point.
        target: the same shape.
        weight: how much each element counts; broadcast.
        pos_weight: how much the positive part of each target counts; broadcast.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the reduction is not known.
    """
    check_tensors("binary_cross_entropy_with_logits", input=input, target=target)
    reduction = check_reduction(reduction)
    check_floating("log_sigmoid_cpu", input)
    if target._array.dtype.kind != "f":
        raise RuntimeError(
            f"result type {dtype_name(input)} can't be cast to the desired output type {dtype_name(target)}"
        )
    return BinaryCrossEntropyWithLogitsBackward0.apply(input, target, weight, pos_weight, reduction=reduction)


@operator(method=False)
def kl_div(input: Tensor, target: Tensor, reduction: str | int = "mean", *, log_target: bool = False) -> Tensor:
    """``target (log(target) - input)``, of which the sum is the divergence of Kullback and Leibler.

    Args:
        input: logarithms of probabilities, any shape.
        target: probabilities, or with ``log_target`` their logarithms; broadcast.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        log_target: see there.

    Raises:
        ValueError: the reduction is not known.
    """
    if input._array.dtype.kind != "f":
        raise RuntimeError("kl_div: Integral inputs not supported.")
    if log_target:
        return reduced(mul(exp(target), sub(target, input)), reduction)
    return reduced(sub(xlogy(target, target), mul(target, input)), reduction)


@operator(method=False)
def poisson_nll_loss(
    input: Tensor, target: Tensor, log_input: bool, full: bool, eps: float, reduction: str | int
) -> Tensor:
    """The negative log-likelihood of counts with a Poisson distribution: ``exp(input) - target * input``, and a constant.

    Args:
        input: logarithms of expected counts, any shape; or the counts.
        target: counts; broadcast.
        log_input: whether the input has the logarithms.
        full: add Stirling's approximation of ``log(target!)``, where the target is above 1.
        eps: is added to expected counts, so that they have a logarithm.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the reduction is not known.
    """
    expected, logarithm = (exp(input), input) if log_input else (input, log(AddBackward1.apply(input, eps)))
    losses = sub(expected, mul(target, logarithm))
    if full:
        half_logarithm = MulBackward1.apply(log(MulBackward1.apply(target, 2 * math.pi)), 0.5)
        stirling = add(sub(mul(target, log(target)), target), half_logarithm)
        losses = add(losses, masked_fill(stirling, le(target, 1), 0))
    return reduced(losses, reduction)
