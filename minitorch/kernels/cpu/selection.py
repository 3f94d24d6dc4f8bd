"""What chooses between numbers, element by element, in one compiled pass: numpy takes several for these, or looks twice.

Integers, halves, broadcast operands and small arrays are left to numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit

__all__ = ["clamp", "masked_fill", "relu", "relu_backward", "sign", "where"]

Array = np.ndarray

COMPILED = 2**10  # elements from which the call of a compiled kernel pays, with all that it takes
SHARED = 2**15  # elements from which more than one thread pays


def relu(a: Array) -> Array:
    """max(a, 0); NaN stays."""
    return pass_over(_relu, a) if a.size >= COMPILED and _is_plain(a) else np.maximum(a, 0, out=...)


def relu_backward(grad: Array, result: Array) -> Array:
    """The gradient, but 0 where the result is not positive (also where the input was exactly 0); NaN lets it through."""
    return pass_over(_relu_backward, grad, result) if _is_plain(grad) else where(result <= 0, 0.0, grad)


def sign(a: Array) -> Array:
    """-1, 0 or 1; 0 for NaN, as in torch."""
    if a.dtype.kind == "b":
        return a.copy()
    if _is_plain(a):
        return pass_over(_sign, a)
    return np.asarray(a > 0).astype(a.dtype) - np.asarray(a < 0).astype(a.dtype)


def clamp(a: Array, low: float | Array | None, high: float | Array | None) -> Array:
    """``min(max(a, low), high)``: the upper bound wins where they cross, NaN stays."""
    if a.size >= COMPILED and _is_plain(a) and type(low) is not Array and type(high) is not Array:
        return pass_over(_clamp, a, numbers=(-np.inf if low is None else low, np.inf if high is None else high))
    if low is not None:
        a = np.maximum(a, low, out=...)
    return a if high is None else np.minimum(a, high, out=...)


def where(condition: Array, a: Any, b: Any) -> Array:
    """``a`` where the condition holds, else ``b``; each is an array or a number."""
    given = [each for each in (a, b) if type(each) is Array]
    alike = given and all(each.shape == condition.shape and each.dtype is given[0].dtype for each in given)
    if condition.size < COMPILED or not alike or not _is_plain(given[0]):
        return np.asarray(np.where(condition, a, b))
    if len(given) == 2:
        return pass_over(_where, a, b, condition)
    number, holds = (b, True) if type(a) is Array else (a, False)
    return pass_over(_where_or_number, given[0], condition, numbers=(number, holds))


def masked_fill(a: Array, mask: Array, value: float | Array) -> Array:
    """``value`` where the mask holds."""
    return where(mask, np.asarray(value).astype(a.dtype) if type(value) is Array or not _is_plain(a) else value, a)


def _is_plain(a: Array) -> bool:
    return a.dtype.kind == "f" and a.itemsize > 2


def pass_over(kernel: Any, *arrays: Array, numbers: tuple[Any, ...] = ()) -> Array:
    """Calls a kernel on arrays of one shape, on numbers, and on a new array like the first, all as flat and in the same order."""
    order: Any = "C"
    if not all(each.flags.c_contiguous for each in arrays):
        if all(each.flags.f_contiguous for each in arrays):
            order = "F"
        else:
            arrays = tuple(map(np.ascontiguousarray, arrays))
    out = np.empty(arrays[0].shape, arrays[0].dtype, order)
    flat = [each.reshape(-1, order=order) for each in arrays]
    (kernel if out.size >= SHARED else kernel.serial)(*flat, *numbers, out.reshape(-1, order=order))
    return out


@parallel_jit
def _relu(a, out):
    zero = a.dtype.type(0)
    for i in prange(a.size):
        value = a[i]
        out[i] = zero if value <= 0 else value


@parallel_jit
def _relu_backward(grad, result, out):
    zero = grad.dtype.type(0)
    for i in prange(grad.size):
        value = grad[i]
        out[i] = zero if result[i] <= 0 else value


@parallel_jit
def _sign(a, out):
    number = a.dtype.type
    for i in prange(a.size):
        value = a[i]
        out[i] = number(value > 0) - number(value < 0)


@parallel_jit
def _clamp(a, low, high, out):
    low, high = a.dtype.type(low), a.dtype.type(high)
    for i in prange(a.size):
        value = a[i]
        value = low if value < low else value
        out[i] = high if value > high else value


@parallel_jit
def _where(a, b, condition, out):
    for i in prange(a.size):
        value, other = a[i], b[i]
        out[i] = value if condition[i] else other


@parallel_jit
def _where_or_number(a, condition, number, holds, out):
    number = a.dtype.type(number)
    for i in prange(a.size):
        value = a[i]
        out[i] = value if condition[i] == holds else number
