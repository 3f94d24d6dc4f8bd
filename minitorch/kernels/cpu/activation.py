"""Activations, and their gradients, in one compiled pass each. (The formulas of the gradients are on floor 2.)"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from minitorch.kernels.cpu import transcendental
from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.cpu.exponential import each
from minitorch.kernels.cpu.selection import clamp, pass_over
from minitorch.kernels.halves import in_float32

__all__ = [
    "elu", "elu_backward", "gelu", "gelu_backward", "hardshrink", "hardshrink_backward", "hardsigmoid",
    "hardsigmoid_backward", "hardswish", "hardswish_backward", "hardtanh", "hardtanh_backward", "leaky_relu",
    "leaky_relu_backward", "log_sigmoid", "log_sigmoid_backward", "mish", "mish_backward", "silu", "silu_backward",
    "softplus", "softplus_backward", "softshrink", "softshrink_backward", "threshold",
]  # fmt: skip

Array = np.ndarray

hardtanh = clamp

ROOT_HALF = math.sqrt(0.5)
ROOT_2_BY_PI = math.sqrt(2 / math.pi)


@in_float32
def elu(a: Array, alpha: float, scale: float, input_scale: float) -> Array:
    """``scale * a``, and below 0 ``scale * alpha * (exp(input_scale * a) - 1)``."""
    return each(_elu, a, alpha * scale, scale, input_scale)


@in_float32
def gelu(a: Array, approximate: str) -> Array:
    """a times the standard normal distribution function of a; ``"tanh"``: nearly."""
    return each(_gelu if approximate == "none" else _gelu_by_tanh, a)


@in_float32
def hardshrink(a: Array, lambd: float) -> Array:
    """0 from -lambd to lambd, a elsewhere."""
    return each(_hardshrink, a, lambd)


@in_float32
def softshrink(a: Array, lambd: float) -> Array:
    """0 from -lambd to lambd; a, brought nearer to 0 by that much, elsewhere."""
    return each(_softshrink, a, lambd)


@in_float32
def hardsigmoid(a: Array) -> Array:
    """(a + 3) / 6, but between 0 and 1."""
    return np.divide(np.clip(a + 3, 0, 6), 6, out=...)


@in_float32
def hardswish(a: Array) -> Array:
    """a times hardsigmoid(a)."""
    return each(_hardswish, a)


@in_float32
def leaky_relu(a: Array, negative_slope: float) -> Array:
    """a, and ``negative_slope * a`` below 0."""
    return each(_leaky_relu, a, negative_slope)


@in_float32
def log_sigmoid(a: Array) -> Array:
    """The logarithm of sigmoid(a); row by row in memory, as torch has it."""
    return each(_log_sigmoid, np.asarray(a, order="C"))


@in_float32
def mish(a: Array) -> Array:
    """a tanh(log(1 + exp(a)))."""
    return each(_mish, a)


@in_float32
def silu(a: Array) -> Array:
    """a times sigmoid(a)."""
    return each(_silu, a)


@in_float32
def softplus(a: Array, beta: float, threshold: float) -> Array:
    """log(1 + exp(beta * a)) / beta; a where ``beta * a`` is above the threshold."""
    return each(_softplus, a, beta, threshold)


def threshold(a: Array, threshold: float, value: float) -> Array:
    """a where it is above the threshold, or NaN; ``value`` elsewhere."""
    return np.asarray(np.where(a <= threshold, a.dtype.type(value), a))


# -- gradients --------------------------------------------------------------------------------------------------------


@in_float32
def elu_backward(grad: Array, a: Array, alpha: float, scale: float, input_scale: float) -> Array:
    return pass_over(_elu_backward, grad, a, numbers=(alpha * scale * input_scale, scale, input_scale))


@in_float32
def gelu_backward(grad: Array, a: Array, approximate: str) -> Array:
    return pass_over(_gelu_backward if approximate == "none" else _gelu_by_tanh_backward, grad, a)


@in_float32
def hardshrink_backward(grad: Array, a: Array, lambd: float) -> Array:
    return pass_over(_hardshrink_backward, grad, a, numbers=(lambd,))


softshrink_backward = hardshrink_backward


@in_float32
def hardsigmoid_backward(grad: Array, a: Array) -> Array:
    return pass_over(_hardsigmoid_backward, grad, a)


@in_float32
def hardtanh_backward(grad: Array, a: Array, low: float, high: float) -> Array:
    return pass_over(_hardtanh_backward, grad, a, numbers=(low, high))


@in_float32
def hardswish_backward(grad: Array, a: Array) -> Array:
    return pass_over(_hardswish_backward, grad, a)


@in_float32
def leaky_relu_backward(grad: Array, a: Array, negative_slope: float) -> Array:
    return pass_over(_leaky_relu_backward, grad, a, numbers=(negative_slope,))


@in_float32
def log_sigmoid_backward(grad: Array, a: Array) -> Array:
    return pass_over(_log_sigmoid_backward, grad, a)


@in_float32
def mish_backward(grad: Array, a: Array) -> Array:
    return pass_over(_mish_backward, grad, a)


@in_float32
def silu_backward(grad: Array, a: Array) -> Array:
    return pass_over(_silu_backward, grad, a)


@in_float32
def softplus_backward(grad: Array, a: Array, beta: float, threshold: float) -> Array:
    return pass_over(_softplus_backward, grad, a, numbers=(beta, threshold))


@parallel_jit
def _elu_backward(grad, a, below, above, input_scale, out):
    number = a.dtype.type
    below, above, input_scale = number(below), number(above), number(input_scale)
    for i in prange(len(a)):
        x = a[i]
        out[i] = grad[i] * (transcendental.exp(x * input_scale) * below if x <= 0 else above)


@parallel_jit
def _gelu_backward(grad, a, out):
    number = a.dtype.type
    half, one, root_half, peak = number(0.5), number(1), number(ROOT_HALF), number(1 / math.sqrt(2 * math.pi))
    for i in prange(len(a)):
        x = a[i]
        density = transcendental.exp(-half * x * x) * peak
        out[i] = grad[i] * (half * (one + transcendental.erf(x * root_half)) + x * density)


@parallel_jit
def _gelu_by_tanh_backward(grad, a, out):
    number = a.dtype.type
    half, one, cubic, factor = number(0.5), number(1), number(0.044715), number(ROOT_2_BY_PI)
    three = number(3)
    for i in prange(len(a)):
        x = a[i]
        t = math.tanh(factor * (x + cubic * x * x * x))
        slope = factor * (one + three * cubic * x * x)
        out[i] = grad[i] * half * (one + t + x * (one - t * t) * slope)


@parallel_jit
def _hardshrink_backward(grad, a, lambd, out):
    zero, lambd = a.dtype.type(0), a.dtype.type(lambd)
    for i in prange(len(a)):
        g = grad[i]
        out[i] = zero if (a[i] >= -lambd) & (a[i] <= lambd) else g


@parallel_jit
def _hardsigmoid_backward(grad, a, out):
    zero, three, six = a.dtype.type(0), a.dtype.type(3), a.dtype.type(6)
    for i in prange(len(a)):
        g = grad[i] / six
        out[i] = g if (a[i] > -three) & (a[i] < three) else zero


@parallel_jit
def _hardtanh_backward(grad, a, low, high, out):
    zero, low, high = a.dtype.type(0), a.dtype.type(low), a.dtype.type(high)
    for i in prange(len(a)):
        g = grad[i]
        out[i] = zero if (a[i] <= low) | (a[i] >= high) else g


@parallel_jit
def _hardswish_backward(grad, a, out):
    number = a.dtype.type
    zero, one, half, three = number(0), number(1), number(0.5), number(3)
    for i in prange(len(a)):
        x = a[i]
        out[i] = zero if x <= -three else grad[i] * (x / three + half if x < three else one)


@parallel_jit
def _leaky_relu_backward(grad, a, negative_slope, out):
    slope = a.dtype.type(negative_slope)
    for i in prange(len(a)):
        g = grad[i]
        out[i] = g if a[i] > 0 else g * slope


@parallel_jit
def _log_sigmoid_backward(grad, a, out):
    one = a.dtype.type(1)
    for i in prange(len(a)):
        out[i] = grad[i] / (one + transcendental.exp(a[i]))


@parallel_jit
def _mish_backward(grad, a, out):
    one = a.dtype.type(1)
    for i in prange(len(a)):
        x = a[i]
        t = math.tanh(transcendental.log1p(transcendental.exp(x)))
        s = one / (one + transcendental.exp(-x))
        out[i] = grad[i] * (t + x * s * (one - t * t))


@parallel_jit
def _silu_backward(grad, a, out):
    one = a.dtype.type(1)
    for i in prange(len(a)):
        x = a[i]
        s = one / (one + transcendental.exp(-x))
        out[i] = grad[i] * (s * (one + x * (one - s)))


@parallel_jit
def _softplus_backward(grad, a, beta, threshold, out):
    one, beta, threshold = a.dtype.type(1), a.dtype.type(beta), a.dtype.type(threshold)
    for i in prange(len(a)):
        z = a[i] * beta
        out[i] = grad[i] if z > threshold else grad[i] / (one + transcendental.exp(-z))


# -- values -----------------------------------------------------------------------------------------------------------


@parallel_jit
def _elu(a, below, above, input_scale, out):
    number = a.dtype.type
    below, above, input_scale = number(below), number(above), number(input_scale)
    for i in prange(len(a)):
        x = a[i]
        out[i] = math.expm1(x * input_scale) * below if x < 0 else x * above


@parallel_jit
def _gelu(a, out):
    half, one, root_half = a.dtype.type(0.5), a.dtype.type(1), a.dtype.type(ROOT_HALF)
    for i in prange(len(a)):
        x = a[i]
        out[i] = x * half * (one + transcendental.erf(x * root_half))


@parallel_jit
def _gelu_by_tanh(a, out):
    number = a.dtype.type
    half, one, cubic, factor = number(0.5), number(1), number(0.044715), number(ROOT_2_BY_PI)
    for i in prange(len(a)):
        x = a[i]
        out[i] = half * x * (one + math.tanh(factor * (x + cubic * x * x * x)))


@parallel_jit
def _hardshrink(a, lambd, out):
    zero, lambd = a.dtype.type(0), a.dtype.type(lambd)
    for i in prange(len(a)):
        x = a[i]
        out[i] = zero if (x >= -lambd) & (x <= lambd) else x


@parallel_jit
def _softshrink(a, lambd, out):
    zero, lambd = a.dtype.type(0), a.dtype.type(lambd)
    for i in prange(len(a)):
        x = a[i]
        nearer = x - lambd if x > lambd else x + lambd
        out[i] = zero if (x >= -lambd) & (x <= lambd) else nearer


@parallel_jit
def _hardswish(a, out):
    zero, three, six = a.dtype.type(0), a.dtype.type(3), a.dtype.type(6)
    for i in prange(len(a)):
        x = a[i] + three
        x = zero if x < zero else x
        out[i] = a[i] * (six if x > six else x) / six


@parallel_jit
def _leaky_relu(a, negative_slope, out):
    slope = a.dtype.type(negative_slope)
    for i in prange(len(a)):
        x = a[i]
        out[i] = x if x > 0 else x * slope


@parallel_jit
def _log_sigmoid(a, out):
    zero = a.dtype.type(0)
    for i in prange(len(a)):
        x = a[i]
        out[i] = (x if x < zero else zero) - transcendental.log1p(transcendental.exp(-abs(x)))


@parallel_jit
def _mish(a, out):
    for i in prange(len(a)):
        x = a[i]
        out[i] = x * math.tanh(transcendental.log1p(transcendental.exp(x)))


@parallel_jit
def _silu(a, out):
    one = a.dtype.type(1)
    for i in prange(len(a)):
        x = a[i]
        out[i] = x / (one + transcendental.exp(-x))


@parallel_jit
def _softplus(a, beta, threshold, out):
    beta, threshold = a.dtype.type(beta), a.dtype.type(threshold)
    for i in prange(len(a)):
        x = a[i]
        z = x * beta
        out[i] = x if z > threshold else transcendental.log1p(transcendental.exp(z)) / beta
