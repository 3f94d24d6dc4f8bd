"""More activations, made of exponentials: elu and its kin, softplus, silu, gelu, glu."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Unary
from minitorch.ops.activation import tanh
from minitorch.ops.arguments import check_floating, dimension
from minitorch.ops.arithmetic import add, div, sub
from minitorch.ops.elementary import abs
from minitorch.ops.operator import Fused, Number, in_place, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

SELU_ALPHA, SELU_SCALE = 1.6732632423543772848170429916717, 1.0507009873554804934193349852946  # of its paper, 2017


class EluBackward0(Fused):
    """scale * alpha * input_scale * exp(input_scale * a) up to 0, scale above."""

    kernel = "elu"

    def gradient(self, k: Table, grad: Any, a: Any, alpha: float, scale: float, input_scale: float) -> Any:
        below = k.mul(k.exp(k.mul(a, input_scale)), alpha * scale * input_scale)
        return k.where(k.le(a, 0), k.mul(grad, below), k.mul(grad, scale))


class CeluBackward0(EluBackward0):
    pass


class EluBackward1(EluBackward0):
    """Written over the input, so that only the result is left: below 0, exp(input_scale * a) = result / (scale * alpha) + 1."""

    def forward(self, k: Table, a: Any, **params: Any) -> Any:
        self.params = params
        result = k.elu(a, **params)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (self.gradient(k, grad, a, **self.params),)

    def gradient(self, k: Table, grad: Any, result: Any, alpha: float, scale: float, input_scale: float) -> Any:
        if alpha < 0:
            raise RuntimeError(
                "In-place elu backward calculation is triggered with a negative slope which is not supported. "
                "This is caused by calling in-place forward function with a negative slope, "
                "please call out-of-place version instead."
            )
        below = k.mul(k.add(result, alpha * scale), input_scale)
        return k.where(k.le(result, 0), k.mul(grad, below), k.mul(grad, scale))


class CeluBackward1(EluBackward1):
    pass


class SoftplusBackward0(Fused):
    kernel = "softplus"

    def gradient(self, k: Table, grad: Any, a: Any, beta: float, threshold: float) -> Any:
        scaled = k.mul(a, beta)
        return k.where(k.gt(scaled, threshold), grad, k.mul(grad, k.sigmoid(scaled)))


class LogSigmoidBackward0(Fused):
    kernel = "log_sigmoid"

    def gradient(self, k: Table, grad: Any, a: Any) -> Any:
        return k.mul(grad, k.sigmoid(k.neg(a)))


class SiluBackward0(Fused):
    """s (1 + a (1 - s)), for the sigmoid s."""

    kernel = "silu"

    def gradient(self, k: Table, grad: Any, a: Any) -> Any:
        s = k.sigmoid(a)
        return k.mul(grad, k.mul(s, k.add(k.mul(a, k.sub(1, s)), 1)))


class MishBackward0(Fused):
    """t + a s (1 - t²), for the sigmoid s and t = tanh(softplus(a))."""

    kernel = "mish"

    def gradient(self, k: Table, grad: Any, a: Any) -> Any:
        t = k.tanh(k.softplus(a, beta=1.0, threshold=20.0))
        return k.mul(grad, k.add(t, k.mul(k.mul(a, k.sigmoid(a)), k.sub(1, k.mul(t, t)))))


class GeluBackward0(Fused):
    """Φ(a) + a φ(a), for the normal distribution function Φ and density φ; or the derivative of the approximation."""

    kernel = "gelu"

    def gradient(self, k: Table, grad: Any, a: Any, approximate: str) -> Any:
        square = k.mul(a, a)
        if approximate == "none":
            cumulative = k.mul(k.add(k.erf(k.mul(a, math.sqrt(0.5))), 1), 0.5)
            density = k.mul(k.exp(k.mul(square, -0.5)), 1 / math.sqrt(2 * math.pi))
            return k.mul(grad, k.add(cumulative, k.mul(a, density)))
        factor = math.sqrt(2 / math.pi)
        t = k.tanh(k.mul(k.mul(a, k.add(k.mul(square, 0.044715), 1)), factor))
        slope = k.mul(k.add(k.mul(square, 3 * 0.044715), 1), factor)
        return k.mul(grad, k.mul(k.add(k.add(t, 1), k.mul(a, k.mul(k.sub(1, k.mul(t, t)), slope))), 0.5))


class GluBackward0(Unary):
    """One half of the input times the sigmoid of the other."""

    __slots__ = ("dim", "size")

    def halves(self, k: Table, a: Any) -> Any:
        return (k.slice(a, self.dim, start, start + self.size, 1) for start in (0, self.size))

    def forward(self, k: Table, a: Any, dim: int) -> Any:
        self.dim, self.size = dim, a.shape[dim] // 2
        self.save(a)
        first, second = self.halves(k, a)
        return k.mul(first, k.sigmoid(second))

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        first, second = self.halves(k, a)
        s = k.sigmoid(second)
        by_first = k.mul(grad, s)
        return (k.cat([by_first, k.mul(k.mul(by_first, k.sub(1, s)), first)], self.dim),)


@operator(method=False, public=False)
def elu(input: Tensor, alpha: Number = 1.0, scale: Number = 1.0, input_scale: Number = 1.0) -> Tensor:
    """``scale * input``, and below 0 ``scale * alpha * (exp(input_scale * input) - 1)``.

    Raises:
        NotImplementedError: the dtype is not floating point.
    """
    return _elu(EluBackward0, input, alpha, scale, input_scale)


@operator(method=False)
def celu(input: Tensor, alpha: Number = 1.0) -> Tensor:
    """``input``, and below 0 ``alpha * (exp(input / alpha) - 1)``.

    Raises:
        RuntimeError: ``alpha`` is 0.
        NotImplementedError: the dtype is not floating point.
    """
    return _elu(CeluBackward0, input, alpha, 1.0, _inverse(alpha))


@operator(method=False)
def selu(input: Tensor) -> Tensor:
    """``elu`` with the constants that keep mean 0 and variance 1 from layer to layer."""
    return _elu(EluBackward0, input, SELU_ALPHA, SELU_SCALE, 1.0)


@in_place
def elu_(input: Tensor, alpha: Number = 1.0) -> Tensor:
    return _elu(EluBackward1, input, alpha, 1.0, 1.0)


@in_place
def celu_(input: Tensor, alpha: Number = 1.0) -> Tensor:
    return _elu(CeluBackward1, input, alpha, 1.0, _inverse(alpha))


@in_place
def selu_(input: Tensor) -> Tensor:
    return _elu(EluBackward1, input, SELU_ALPHA, SELU_SCALE, 1.0)


def _elu(node: type[EluBackward0], input: Tensor, alpha: Number, scale: Number, input_scale: Number) -> Tensor:
    check_floating("elu_cpu", input)
    return node.apply(input, alpha=alpha, scale=scale, input_scale=input_scale)


def _inverse(alpha: Number) -> float:
    if alpha == 0:
        raise RuntimeError("ZeroDivisionError: alpha cannot be 0 for CELU")
    return 1 / alpha


@operator(method=False, public=False)
def softplus(input: Tensor, beta: Number = 1.0, threshold: Number = 20.0) -> Tensor:
    """``log(1 + exp(beta * input)) / beta``; ``input`` where ``beta * input`` is above the threshold."""
    check_floating("softplus_cpu", input)
    return SoftplusBackward0.apply(input, beta=beta, threshold=threshold)


@operator(method=False, public=False)
def log_sigmoid(input: Tensor) -> Tensor:
    """log(sigmoid(input)), without overflow."""
    check_floating("log_sigmoid_cpu", input)
    return LogSigmoidBackward0.apply(input)


@operator(method=False, public=False)
def silu(input: Tensor) -> Tensor:
    """``input * sigmoid(input)``, also called swish."""
    check_floating("silu_cpu", input)
    return SiluBackward0.apply(input)


@operator(method=False, public=False)
def mish(input: Tensor) -> Tensor:
    """``input * tanh(softplus(input))``."""
    check_floating("mish_cpu", input)
    return MishBackward0.apply(input)


@operator(method=False, public=False)
def gelu(input: Tensor, *, approximate: str = "none") -> Tensor:
    """``input`` times the standard normal distribution function of it.

    Args:
        input: any shape, floating point.
        approximate: ``"none"``, or ``"tanh"`` for an approximation by the hyperbolic tangent (Hendrycks and Gimpel, 2016).

    Raises:
        RuntimeError: there is no such approximation.
    """
    if approximate not in ("none", "tanh"):
        raise RuntimeError("approximate argument must be either none or tanh.")
    check_floating("GeluKernelImpl", input)
    return GeluBackward0.apply(input, approximate=approximate)


@operator(method=False, public=False)
def glu(input: Tensor, dim: int = -1) -> Tensor:
    """The first half of ``input`` along ``dim``, times the sigmoid of the second.

    Raises:
        RuntimeError: the dimension has an odd size, or there is none.
    """
    if not input._array.ndim:
        raise RuntimeError("glu does not support scalars because halving size must be even")
    dim = dimension(dim, input._array.ndim)
    size = input._array.shape[dim]
    if size % 2:
        raise RuntimeError(f"Halving dimension must be even, but dimension {dim} is size {size}")
    return GluBackward0.apply(input, dim=dim)


@operator(method=False, public=False)
def softsign(input: Tensor) -> Tensor:
    """``input / (1 + |input|)``."""
    return div(input, add(abs(input), 1))


@operator(method=False, public=False)
def tanhshrink(input: Tensor) -> Tensor:
    """``input - tanh(input)``."""
    return sub(input, tanh(input))
