"""Activations, and their gradients, in one launch each. (The formulas of the gradients are on floor 2.)"""

from __future__ import annotations

import math
from typing import Any

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.lifting import Formula, lift, numbers_of, unary
from minitorch.kernels.cuda.selection import clamp

__all__ = [
    "elu", "elu_backward", "gelu", "gelu_backward", "hardshrink", "hardshrink_backward", "hardsigmoid",
    "hardsigmoid_backward", "hardswish", "hardswish_backward", "hardtanh", "hardtanh_backward", "leaky_relu",
    "leaky_relu_backward", "log_sigmoid", "log_sigmoid_backward", "mish", "mish_backward", "silu", "silu_backward",
    "softplus", "softplus_backward", "softshrink", "softshrink_backward", "threshold",
]  # fmt: skip

ROOT_HALF = math.sqrt(0.5)
ROOT_2_BY_PI = math.sqrt(2 / math.pi)
PEAK = 1 / math.sqrt(2 * math.pi)  # of the normal density

hardtanh = clamp


def _pass(formula: Formula, *arrays: DeviceArray, numbers: tuple[float, ...] = ()) -> DeviceArray:
    return lift(formula, *arrays, numbers=numbers_of(arrays[0].dtype, *numbers))


def elu(a: DeviceArray, alpha: float, scale: float, input_scale: float) -> DeviceArray:
    """``scale * a``, and below 0 ``scale * alpha * (exp(input_scale * a) - 1)``."""
    return _pass(_elu, a, numbers=(alpha * scale, scale, input_scale))


def elu_backward(grad: DeviceArray, a: DeviceArray, alpha: float, scale: float, input_scale: float) -> DeviceArray:
    return _pass(_elu_backward, grad, a, numbers=(alpha * scale * input_scale, scale, input_scale))


def gelu(a: DeviceArray, approximate: str) -> DeviceArray:
    """a times the standard normal distribution function of a; ``"tanh"``: nearly."""
    return _pass(_gelu if approximate == "none" else _gelu_by_tanh, a)


def gelu_backward(grad: DeviceArray, a: DeviceArray, approximate: str) -> DeviceArray:
    return _pass(_gelu_backward if approximate == "none" else _gelu_by_tanh_backward, grad, a)


def hardshrink(a: DeviceArray, lambd: float) -> DeviceArray:
    """0 from -lambd to lambd, a elsewhere."""
    return _pass(_hardshrink, a, numbers=(lambd,))


def softshrink(a: DeviceArray, lambd: float) -> DeviceArray:
    """0 from -lambd to lambd; a, brought nearer to 0 by that much, elsewhere."""
    return _pass(_softshrink, a, numbers=(lambd,))


def hardshrink_backward(grad: DeviceArray, a: DeviceArray, lambd: float) -> DeviceArray:
    return _pass(_hardshrink_backward, grad, a, numbers=(lambd,))


softshrink_backward = hardshrink_backward


def hardtanh_backward(grad: DeviceArray, a: DeviceArray, low: float, high: float) -> DeviceArray:
    return _pass(_hardtanh_backward, grad, a, numbers=(low, high))


def leaky_relu(a: DeviceArray, negative_slope: float) -> DeviceArray:
    """a, and ``negative_slope * a`` below 0."""
    return _pass(_leaky_relu, a, numbers=(negative_slope,))


def leaky_relu_backward(grad: DeviceArray, a: DeviceArray, negative_slope: float) -> DeviceArray:
    return _pass(_leaky_relu_backward, grad, a, numbers=(negative_slope,))


def softplus(a: DeviceArray, beta: float, threshold: float) -> DeviceArray:
    """log(1 + exp(beta * a)) / beta; a where ``beta * a`` is above the threshold."""
    return _pass(_softplus, a, numbers=(beta, threshold))


def softplus_backward(grad: DeviceArray, a: DeviceArray, beta: float, threshold: float) -> DeviceArray:
    return _pass(_softplus_backward, grad, a, numbers=(beta, threshold))


def threshold(a: DeviceArray, threshold: float, value: float) -> DeviceArray:
    """a where it is above the threshold, or NaN; ``value`` elsewhere."""
    return _pass(_threshold, a, numbers=(threshold, value))


def hardsigmoid_backward(grad: DeviceArray, a: DeviceArray) -> DeviceArray:
    return _pass(_hardsigmoid_backward, grad, a)


def hardswish_backward(grad: DeviceArray, a: DeviceArray) -> DeviceArray:
    return _pass(_hardswish_backward, grad, a)


def log_sigmoid_backward(grad: DeviceArray, a: DeviceArray) -> DeviceArray:
    return _pass(_log_sigmoid_backward, grad, a)


def mish_backward(grad: DeviceArray, a: DeviceArray) -> DeviceArray:
    return _pass(_mish_backward, grad, a)


def silu_backward(grad: DeviceArray, a: DeviceArray) -> DeviceArray:
    return _pass(_silu_backward, grad, a)


# -- for one element ----------------------------------------------------------------------------------------------------


def _elu(x: Any, below: Any, above: Any, input_scale: Any) -> Any:
    return math.expm1(x * input_scale) * below if x < 0 else x * above


def _elu_backward(grad: Any, x: Any, below: Any, above: Any, input_scale: Any) -> Any:
    return grad * (math.exp(x * input_scale) * below if x <= 0 else above)


def _gelu(x: Any) -> Any:
    number = type(x)
    return x * number(0.5) * (number(1) + math.erf(x * number(ROOT_HALF)))


def _gelu_backward(grad: Any, x: Any) -> Any:
    number = type(x)
    density = math.exp(-number(0.5) * x * x) * number(PEAK)
    return grad * (number(0.5) * (number(1) + math.erf(x * number(ROOT_HALF))) + x * density)


def _gelu_by_tanh(x: Any) -> Any:
    number = type(x)
    return number(0.5) * x * (number(1) + math.tanh(number(ROOT_2_BY_PI) * (x + number(0.044715) * x * x * x)))


def _gelu_by_tanh_backward(grad: Any, x: Any) -> Any:
    number = type(x)
    half, one, cubic, factor = number(0.5), number(1), number(0.044715), number(ROOT_2_BY_PI)
    t = math.tanh(factor * (x + cubic * x * x * x))
    slope = factor * (one + number(3) * cubic * x * x)
    return grad * half * (one + t + x * (one - t * t) * slope)


def _hardshrink(x: Any, lambd: Any) -> Any:
    return type(x)(0) if x >= -lambd and x <= lambd else x


def _softshrink(x: Any, lambd: Any) -> Any:
    return type(x)(0) if x >= -lambd and x <= lambd else x - lambd if x > lambd else x + lambd


def _hardshrink_backward(grad: Any, x: Any, lambd: Any) -> Any:
    return type(x)(0) if x >= -lambd and x <= lambd else grad


def _hardtanh_backward(grad: Any, x: Any, low: Any, high: Any) -> Any:
    return type(x)(0) if x <= low or x >= high else grad


def _hardsigmoid(x: Any) -> Any:
    number = type(x)
    shifted = x + number(3)
    return (number(0) if shifted < 0 else number(6) if shifted > 6 else shifted) / number(6)


def _hardsigmoid_backward(grad: Any, x: Any) -> Any:
    return grad / type(x)(6) if x > -3 and x < 3 else type(x)(0)


def _hardswish(x: Any) -> Any:
    number = type(x)
    shifted = x + number(3)
    return x * (number(0) if shifted < 0 else number(6) if shifted > 6 else shifted) / number(6)


def _hardswish_backward(grad: Any, x: Any) -> Any:
    number = type(x)
    return number(0) if x <= -3 else grad * (x / number(3) + number(0.5) if x < 3 else number(1))


def _leaky_relu(x: Any, slope: Any) -> Any:
    return x if x > 0 else x * slope


def _leaky_relu_backward(grad: Any, x: Any, slope: Any) -> Any:
    return grad if x > 0 else grad * slope


def _log_sigmoid(x: Any) -> Any:
    return (x if x < 0 else type(x)(0)) - math.log1p(math.exp(-abs(x)))


def _log_sigmoid_backward(grad: Any, x: Any) -> Any:
    return grad / (type(x)(1) + math.exp(x))


def _mish(x: Any) -> Any:
    return x * math.tanh(math.log1p(math.exp(x)))


def _mish_backward(grad: Any, x: Any) -> Any:
    one = type(x)(1)
    t = math.tanh(math.log1p(math.exp(x)))
    s = one / (one + math.exp(-x))
    return grad * (t + x * s * (one - t * t))


def _silu(x: Any) -> Any:
    return x / (type(x)(1) + math.exp(-x))


def _silu_backward(grad: Any, x: Any) -> Any:
    one = type(x)(1)
    s = one / (one + math.exp(-x))
    return grad * (s * (one + x * (one - s)))


def _softplus(x: Any, beta: Any, threshold: Any) -> Any:
    z = x * beta
    return x if z > threshold else math.log1p(math.exp(z)) / beta


def _softplus_backward(grad: Any, x: Any, beta: Any, threshold: Any) -> Any:
    z = x * beta
    return grad if z > threshold else grad / (type(x)(1) + math.exp(-z))


def _threshold(x: Any, threshold: Any, value: Any) -> Any:
    return value if x <= threshold else x


hardsigmoid = unary(_hardsigmoid)
hardswish = unary(_hardswish)
log_sigmoid = unary(_log_sigmoid)
mish = unary(_mish)
silu = unary(_silu)
