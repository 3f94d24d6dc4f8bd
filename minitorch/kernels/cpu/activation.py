"""Activations, in one compiled pass each."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from minitorch.kernels.cpu import transcendental
from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.cpu.exponential import each
from minitorch.kernels.cpu.halves import in_float32

__all__ = [
    "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "leaky_relu", "log_sigmoid", "mish", "silu", "softplus",
    "softshrink", "threshold",
]  # fmt: skip

Array = np.ndarray

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
    return np.where((a >= -lambd) & (a <= lambd), a.dtype.type(0), a)


@in_float32
def softshrink(a: Array, lambd: float) -> Array:
    """0 from -lambd to lambd; a, brought nearer to 0 by that much, elsewhere."""
    nearer = np.where(a > lambd, a - lambd, a + lambd)
    return np.where((a >= -lambd) & (a <= lambd), a.dtype.type(0), nearer)


@in_float32
def hardsigmoid(a: Array) -> Array:
    """(a + 3) / 6, but between 0 and 1."""
    return np.clip(a + 3, 0, 6) / 6


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
    return each(_log_sigmoid, np.ascontiguousarray(a))


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
        out[i] = x * half * (one + math.erf(x * root_half))


@parallel_jit
def _gelu_by_tanh(a, out):
    number = a.dtype.type
    half, one, cubic, factor = number(0.5), number(1), number(0.044715), number(ROOT_2_BY_PI)
    for i in prange(len(a)):
        x = a[i]
        out[i] = half * x * (one + math.tanh(factor * (x + cubic * x * x * x)))


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
