"""Losses of the difference between input and target: its square, and what is less steep far out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.ops.arguments import check_floating
from minitorch.ops.arithmetic import sub
from minitorch.ops.conversion import cast
from minitorch.ops.elementary import abs
from minitorch.ops.operator import operator
from minitorch.ops.reduced_loss import ReducedLoss, check_reduction, reduced

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class DifferenceLoss(ReducedLoss):
    """The target's gradient is the input's with the other sign."""

    def gradients(self, k: Table, grad: Any, a: Any, b: Any, *others: Any, **params: Any) -> tuple[Any, ...]:
        by_a = self.gradient(k, grad, k.sub(a, b), **params)
        return self.needs[0] and by_a, self.needs[1] and k.neg(by_a)

    def gradient(self, k: Table, grad: Any, difference: Any, **params: Any) -> Any:
        """The input's gradient."""
        raise NotImplementedError


class MseLossBackward0(DifferenceLoss):
    """d(a - b)² = 2 (a - b) (da - db)."""

    def losses(self, k: Table, a: Any, b: Any) -> Any:
        difference = k.sub(a, b)
        return k.mul(difference, difference)

    def gradient(self, k: Table, grad: Any, difference: Any) -> Any:
        return k.mul(difference, k.mul(grad, 2.0))


class SmoothL1LossBackward0(DifferenceLoss):
    """d²/2β for |d| < β, |d| - β/2 beyond, for the difference d."""

    def losses(self, k: Table, a: Any, b: Any, beta: float) -> Any:
        distance = k.abs(k.sub(a, b))
        near = k.mul(k.mul(distance, distance), 0.5 / beta)
        return k.where(k.lt(distance, beta), near, k.sub(distance, 0.5 * beta))

    def gradient(self, k: Table, grad: Any, difference: Any, beta: float) -> Any:
        far = k.ge(k.abs(difference), beta)
        return k.mul(grad, k.where(far, k.sign(difference), k.div(difference, beta)))


class HuberLossBackward0(DifferenceLoss):
    """d²/2 for |d| <= δ, δ (|d| - δ/2) beyond, for the difference d."""

    def losses(self, k: Table, a: Any, b: Any, delta: float) -> Any:
        distance = k.abs(k.sub(a, b))
        near = k.mul(k.mul(distance, distance), 0.5)
        return k.where(k.le(distance, delta), near, k.mul(k.sub(distance, 0.5 * delta), delta))

    def gradient(self, k: Table, grad: Any, difference: Any, delta: float) -> Any:
        far = k.ge(k.abs(difference), delta)
        return k.mul(grad, k.where(far, k.mul(k.sign(difference), delta), difference))


@operator(method=False, public=False)
def mse_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """``(input - target)²``, its mean or its sum.

    Args:
        input: any shape, floating point.
        target: the same shape.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError: the shapes differ.
        NotImplementedError: the dtypes are not floating point.
        ValueError: the reduction is not known.
    """
    check_reduction(reduction)
    check_floating("mse_cpu", input, target)
    return MseLossBackward0.apply(input, target, None, reduction=reduction)


@operator(method=False, public=False)
def l1_loss(input: Tensor, target: Tensor, reduction: str = "mean") -> Tensor:
    """``abs(input - target)``, its mean or its sum; arguments as for ``mse_loss``."""
    return reduced(abs(sub(input, target)), reduction)


@operator(method=False, public=False)
def smooth_l1_loss(input: Tensor, target: Tensor, reduction: str = "mean", beta: float = 1.0) -> Tensor:
    """``d² / (2 beta)`` where the difference d is nearer to 0 than ``beta``, and ``|d| - beta / 2`` beyond; its mean or its sum.

    Args:
        input: any shape, floating point.
        target: the same shape.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        beta: where the parabola ends; 0 is ``l1_loss``.

    Raises:
        RuntimeError: ``beta`` is negative.
        ValueError: the reduction is not known.

    Source: R. Girshick, Fast R-CNN, 2015.
    """
    check_reduction(reduction)
    if beta <= 0:
        if beta == 0:
            return l1_loss(input, target, reduction)
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    check_floating("smooth_l1_cpu", input, target)
    return SmoothL1LossBackward0.apply(input, target, None, reduction=reduction, beta=beta)


@operator(method=False, public=False)
def huber_loss(input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0) -> Tensor:
    """``d² / 2`` where the difference d is no further from 0 than ``delta``, and ``delta (|d| - delta / 2)`` beyond.

    Args:
        input: any shape, floating point.
        target: the same shape.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        delta: where the parabola ends.

    Raises:
        RuntimeError: ``delta`` is not positive.
        ValueError: the reduction is not known.

    Source: P. Huber, Robust estimation of a location parameter, 1964.
    """
    check_reduction(reduction)
    if not delta > 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    check_floating("huber_cpu", input, target)
    if input._array.dtype.kind == "f":
        target = cast(target, input._array.dtype)
    return HuberLossBackward0.apply(input, target, None, reduction=reduction, delta=delta)
