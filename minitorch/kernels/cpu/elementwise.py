"""Element by element: arithmetic, powers, comparisons. Shapes broadcast as in numpy; dtypes are the caller's business.

``out=...`` makes a numpy ufunc return an array also where there are no dimensions.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from minitorch.kernels.cpu.creation import cast

__all__ = [
    "abs", "add", "add_into", "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "clamp", "clone",
    "contiguous_clone", "cos", "div", "div_rounded", "eq", "exp", "floor", "ge", "gt", "isfinite", "isinf", "isnan",
    "le", "log", "log1p", "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "maximum", "minimum",
    "mul", "ne", "neg", "pow", "reciprocal", "remainder", "sigmoid", "sign", "sin", "sqrt",
    "sub", "tanh", "where",
]  # fmt: skip

Array = np.ndarray

add = partial(np.add, out=...)
sub = partial(np.subtract, out=...)
mul = partial(np.multiply, out=...)
div = partial(np.true_divide, out=...)
neg = partial(np.negative, out=...)
abs = partial(np.absolute, out=...)
exp = partial(np.exp, out=...)
log = partial(np.log, out=...)
log1p = partial(np.log1p, out=...)
sqrt = partial(np.sqrt, out=...)
sin = partial(np.sin, out=...)
cos = partial(np.cos, out=...)
tanh = partial(np.tanh, out=...)
floor = partial(np.floor, out=...)
remainder = partial(np.remainder, out=...)
maximum = partial(np.maximum, out=...)  # NaN wins, as in torch
minimum = partial(np.minimum, out=...)
eq = partial(np.equal, out=...)
ne = partial(np.not_equal, out=...)
lt = partial(np.less, out=...)
le = partial(np.less_equal, out=...)
gt = partial(np.greater, out=...)
ge = partial(np.greater_equal, out=...)
isnan = partial(np.isnan, out=...)
isinf = partial(np.isinf, out=...)
isfinite = partial(np.isfinite, out=...)
bitwise_and = partial(np.bitwise_and, out=...)
bitwise_or = partial(np.bitwise_or, out=...)
bitwise_xor = partial(np.bitwise_xor, out=...)
bitwise_not = partial(np.bitwise_not, out=...)
logical_and = partial(np.logical_and, out=...)
logical_or = partial(np.logical_or, out=...)
logical_xor = partial(np.logical_xor, out=...)
logical_not = partial(np.logical_not, out=...)


def add_into(total: Array, term: Array) -> Array:
    """``total + term``, written over ``total``."""
    return np.add(total, term, out=total)


def clone(a: Array) -> Array:
    """A copy; laid out as the original where that is dense, row by row where it is not."""
    return a.copy(order="K")


def contiguous_clone(a: Array) -> Array:
    """A copy that lies row by row in memory."""
    return a.copy(order="C")


def where(condition: Array, a: Array | float, b: Array | float) -> Array:
    """``a`` where the condition holds, else ``b``."""
    return np.asarray(np.where(condition, a, b))


def sign(a: Array) -> Array:
    """-1, 0 or 1; 0 for NaN, as in torch."""
    if a.dtype.kind == "b":
        return a.copy()
    return cast(np.asarray(a > 0), a.dtype) - cast(np.asarray(a < 0), a.dtype)


def reciprocal(a: Array) -> Array:
    """1 / a."""
    return np.true_divide(1, a, out=..., dtype=a.dtype)


def div_rounded(a: Array, b: Array, rounding_mode: str) -> Array:
    """The quotient, rounded down (``"floor"``) or towards zero (``"trunc"``); exact for integers."""
    if rounding_mode == "floor":
        return np.floor_divide(a, b, out=...)
    if np.result_type(a, b).kind == "f":
        return np.trunc(np.true_divide(a, b), out=...)
    quotient = np.floor_divide(a, b, out=...)
    return quotient + ((quotient < 0) & (quotient * b != a))


def clamp(a: Array, low: float | Array | None, high: float | Array | None) -> Array:
    """``min(max(a, low), high)``: the upper bound wins where they cross, NaN stays."""
    if low is not None:
        a = np.maximum(a, low, out=...)
    return a if high is None else np.minimum(a, high, out=...)


def pow(a: Array | float, b: Array | float) -> Array:
    """a to the power of b. Small whole powers are products and halves are roots, as in torch."""
    if isinstance(b, int | float) and isinstance(a, np.ndarray):
        if b == 2:
            return np.multiply(a, a, out=...)
        if b == 1:
            return a.copy()
        if b == 0:
            return np.ones_like(a)
        if b == 3:
            return np.multiply(np.multiply(a, a), a, out=...)
        if a.dtype.kind == "f":
            if b == 0.5:
                return sqrt(a)
            if b == -0.5:
                return reciprocal(sqrt(a))
            if b == -1:
                return reciprocal(a)
            if b == -2:
                return reciprocal(np.multiply(a, a, out=...))
    if isinstance(b, np.ndarray) and b.dtype.kind == "i" and b.size and b.min() < 0:
        return _integer_power(a, b)
    return np.power(a, b, out=...)


def _integer_power(a: Array | float, b: Array) -> Array:
    """Integers to powers of which some are negative: those are 0, but for those of 1 and -1."""
    of_minus_one = np.where(b % 2 == 0, 1, -1)
    negative = np.where(a == 1, 1, np.where(a == -1, of_minus_one, 0))
    return np.asarray(np.where(b < 0, negative, np.power(a, np.maximum(b, 0)))).astype(b.dtype, copy=False)


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a))."""
    return reciprocal(np.add(1, np.exp(np.negative(a)), out=...))
