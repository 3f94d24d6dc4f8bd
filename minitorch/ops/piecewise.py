"""Activations made of straight pieces, element by element. Where two pieces meet, the derivative is torch's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.dtypes import limits_of
from minitorch.ops.arguments import check_floating, check_found_dtype, check_tensors, dtype_name
from minitorch.ops.operator import Binary, Fused, Number, Parametric, formula, in_place, operator
from minitorch.ops.shape import reshape

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


@formula("depend")
class Depend(Function):
    """A gradient, tied to the input that decided between its pieces: torch's graph has that edge, along which nothing goes."""

    def forward(self, k: Table, grad: Any, a: Any) -> Any:
        return k.depend(grad, a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return grad, self.needs[1] and k.zeros(grad.shape, grad)


class LeakyReluBackward0(Fused):
    kernel = "leaky_relu"

    def gradient(self, k: Table, grad: Any, a: Any, negative_slope: float) -> Any:
        return k.depend(k.where(k.gt(a, 0), grad, k.mul(grad, negative_slope)), a)


class LeakyReluBackward1(LeakyReluBackward0):
    """Written over the input: the result is positive where that was, for slopes that are not negative."""

    def forward(self, k: Table, a: Any, negative_slope: float) -> Any:
        self.params = {"negative_slope": negative_slope}
        result = k.leaky_relu(a, negative_slope)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        if self.params["negative_slope"] < 0:
            raise RuntimeError(
                "In-place leakyReLu backward calculation is triggered with a negative slope which is not supported. "
                "This is caused by calling in-place forward function with a negative slope, "
                "please call out-of-place version instead. File an issue at https://github.com/pytorch/pytorch if you do "
                "require supporting in-place leakRelu backward calculation with negative slope"
            )
        return super().backward(k, grad, result)


class RreluWithNoiseBackward0(Function):
    """Times a slope that was drawn for each number, 1 where that is positive."""

    graph_inputs = 1

    def forward(self, k: Table, a: Any, slopes: Any) -> Any:
        self.save(slopes)
        return k.mul(a, slopes)

    def backward(self, k: Table, grad: Any, slopes: Any) -> tuple[Any, ...]:
        return (k.mul(grad, slopes),)


class RreluWithNoiseBackward1(RreluWithNoiseBackward0):
    """Written over the input."""


class HardtanhBackward0(Fused):
    """1 between the bounds, 0 outside and at the bounds."""

    kernel = "hardtanh"
    floats = False

    def gradient(self, k: Table, grad: Any, a: Any, low: float, high: float) -> Any:
        return k.depend(k.where(k.logical_or(k.le(a, low), k.ge(a, high)), 0.0, grad), a)


class HardsigmoidBackward0(Fused):
    kernel = "hardsigmoid"

    def gradient(self, k: Table, grad: Any, a: Any) -> Any:
        return k.where(k.logical_and(k.gt(a, -3), k.lt(a, 3)), k.div(grad, 6), 0.0)


class HardswishBackward0(Fused):
    """0 below -3, 1 above 3, and a/3 + 1/2 between."""

    kernel = "hardswish"

    def gradient(self, k: Table, grad: Any, a: Any) -> Any:
        between = k.where(k.lt(a, 3), k.mul(grad, k.add(k.div(a, 3), 0.5)), grad)
        return k.where(k.le(a, -3), 0.0, between)


class HardshrinkBackward0(Fused):
    kernel = "hardshrink"

    def gradient(self, k: Table, grad: Any, a: Any, lambd: float) -> Any:
        return k.depend(k.where(k.logical_and(k.ge(a, -lambd), k.le(a, lambd)), 0.0, grad), a)


class SoftshrinkBackward0(HardshrinkBackward0):
    kernel = "softshrink"


class ThresholdBackward0(Parametric):
    kernel = "threshold"
    floats = False

    def gradient(self, k: Table, grad: Any, a: Any, threshold: float, value: float) -> Any:
        return k.depend(k.where(k.le(a, threshold), 0.0, grad), a)


class ThresholdBackward1(ThresholdBackward0):
    """Written over the input."""


class PreluKernelBackward0(Binary):
    """The weight counts where the input is not positive."""

    def forward(self, k: Table, a: Any, weight: Any) -> Any:
        self.save(a, weight)
        return k.where(k.gt(a, 0), a, k.mul(a, weight))

    def backward(self, k: Table, grad: Any, a: Any, weight: Any) -> tuple[Any, ...]:
        positive = k.gt(a, 0)
        return (
            self.needs[0] and k.depend(k.where(positive, grad, k.mul(grad, weight)), a),
            self.needs[1] and k.where(positive, 0.0, k.mul(grad, a)),
        )


@operator(method=False, public=False)
def leaky_relu(input: Tensor, negative_slope: Number = 0.01) -> Tensor:
    """``input``, and ``negative_slope * input`` below 0."""
    check_floating("leaky_relu_cpu", input)
    return LeakyReluBackward0.apply(input, negative_slope=negative_slope)


@in_place
def leaky_relu_(input: Tensor, negative_slope: Number = 0.01) -> Tensor:
    check_floating("leaky_relu_cpu", input)
    return LeakyReluBackward1.apply(input, negative_slope=negative_slope)


@operator(method=False, public=False)
def hardtanh(input: Tensor, min_val: Number = -1.0, max_val: Number = 1.0) -> Tensor:
    """``input``, but between ``min_val`` and ``max_val``.

    Raises:
        ValueError: ``min_val`` is larger than ``max_val``.
        NotImplementedError: the dtype is bool.
    """
    if min_val > max_val:
        raise ValueError("min_val cannot be greater than max_val")
    dtype = input._array.dtype
    if dtype.kind == "b":
        raise NotImplementedError("Bool inputs not supported for hardtanh")
    if dtype.kind == "u" and min_val < 0:
        raise RuntimeError("cannot do hardtanh on an unsigned type with negative limits")
    low, high = (min_val, max_val) if dtype.kind == "f" else (int(min_val), int(max_val))
    return HardtanhBackward0.apply(input, low=low, high=high)


@operator(method=False, public=False)
def hardsigmoid(input: Tensor) -> Tensor:
    """(input + 3) / 6, but between 0 and 1."""
    check_floating("hardsigmoid_cpu", input)
    return HardsigmoidBackward0.apply(input)


@operator(method=False, public=False)
def hardswish(input: Tensor) -> Tensor:
    """``input * hardsigmoid(input)``."""
    check_floating("hardswish_cpu", input)
    return HardswishBackward0.apply(input)


@operator(out=check_found_dtype)
def hardshrink(input: Tensor, lambd: Number = 0.5) -> Tensor:
    """0 from ``-lambd`` to ``lambd``, ``input`` elsewhere."""
    check_floating("hardshrink_cpu", input)
    return HardshrinkBackward0.apply(input, lambd=lambd)


@operator(method=False, public=False)
def softshrink(input: Tensor, lambd: Number = 0.5) -> Tensor:
    """0 from ``-lambd`` to ``lambd``; ``input``, brought nearer to 0 by that much, elsewhere.

    Raises:
        RuntimeError: ``lambd`` is negative.
    """
    check_floating("softshrink_check", input)
    most = limits_of(input._array.dtype).max
    if not 0 <= lambd <= most:
        raise RuntimeError(
            f"lambda must be in range [0, {most:g}] for input dtype {dtype_name(input)}, but found {lambd:g}"
        )
    return SoftshrinkBackward0.apply(input, lambd=lambd)


@operator(method=False)
def threshold(input: Tensor, threshold: Number, value: Number) -> Tensor:
    """``input`` where it is above the threshold, ``value`` elsewhere.

    Raises:
        NotImplementedError: the dtype is bool.
    """
    return _threshold(ThresholdBackward0, input, threshold, value)


@in_place
def threshold_(input: Tensor, threshold: Number, value: Number) -> Tensor:
    return _threshold(ThresholdBackward1, input, threshold, value)


def _threshold(node: type[ThresholdBackward0], input: Tensor, threshold: Number, value: Number) -> Tensor:
    if input._array.dtype.kind == "b":
        raise NotImplementedError("\"threshold_cpu\" not implemented for 'Bool'")
    return node.apply(input, threshold=threshold, value=value)


@operator
def prelu(input: Tensor, weight: Tensor) -> Tensor:
    """``input``, and ``weight * input`` below 0.

    Args:
        input: (batch, channels, …), or any shape for a single weight.
        weight: (channels,), or a single number, learnt.

    Raises:
        RuntimeError: the shapes do not go together, or the dtypes differ.
    """
    check_tensors("prelu", input=input, weight=weight)
    if input.dtype is not weight.dtype:
        raise RuntimeError(f"prelu: Type promoting not supported. Got {dtype_name(input)} and {dtype_name(weight)}")
    shape, count = input._array.shape, weight._array.size
    if weight._array.ndim > 1:
        raise RuntimeError(
            f"prelu: Expected `weight` to be a scalar or 1D tensor, but got: ndim = {weight._array.ndim}"
        )
    if count != 1:
        if not shape:
            raise RuntimeError("Not allow zero-dim input tensor.")
        channels = shape[1] if len(shape) > 1 else 1
        if channels != count:
            raise RuntimeError(
                f"Mismatch of parameter numbers and input channel size. Found parameter numbers = {count} and channel size = "
                f"{channels}."
            )
    return PreluKernelBackward0.apply(input, reshape(weight, [count if d == 1 else 1 for d in range(len(shape))]))
