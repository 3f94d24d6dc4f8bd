"""What each element makes of the result before it, along a dimension, compiled: running extremes and linear recurrences."""

from __future__ import annotations

from math import prod

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.halves import in_float32

__all__ = ["cummax", "cummin", "recurrence"]

Array = np.ndarray

SHARED = 2**14  # elements from which more than one thread pays


@in_float32
def recurrence(b: Array, a: Array, dim: int) -> Array:
    """y_t = b_t + a_t y_(t-1), beginning with y_0 = b_0."""
    shape = b.shape
    around = prod(shape[:dim]), shape[dim], prod(shape[dim + 1 :])
    out = np.empty(around, b.dtype)
    kernel = _recurrence if out.size >= SHARED else _recurrence.serial
    kernel(*(np.ascontiguousarray(each).reshape(around) for each in (b, a)), out)
    return out.reshape(shape)


def cummax(a: Array, dim: int) -> tuple[Array, Array]:
    """The largest element up to each one, NaN from the first NaN on, and where it is: the last of equal ones."""
    return _running_extreme(a, dim, True)


def cummin(a: Array, dim: int) -> tuple[Array, Array]:
    """The smallest element up to each one, NaN from the first NaN on, and where it is: the last of equal ones."""
    return _running_extreme(a, dim, False)


@in_float32
def _running_extreme(a: Array, dim: int, largest: bool) -> tuple[Array, Array]:
    shape = a.shape
    around = prod(shape[:dim]), shape[dim] if shape else 1, prod(shape[dim + 1 :])
    numbers = np.ascontiguousarray(a).reshape(around)
    values, indices = np.empty(around, a.dtype), np.empty(around, np.int64)
    kernel = _extremes if a.size >= SHARED else _extremes.serial
    kernel(numbers, largest, values, indices)
    return values.reshape(shape), indices.reshape(shape)


@parallel_jit
def _extremes(a, largest, values, indices):
    outer, count, inner = a.shape
    for o in prange(outer):
        for t in range(count):
            for i in range(inner):
                number = a[o, t, i]
                known = values[o, t - 1, i] if t else number
                if number != number or (number >= known if largest else number <= known):
                    values[o, t, i], indices[o, t, i] = number, t
                else:
                    values[o, t, i], indices[o, t, i] = known, indices[o, t - 1, i]


@parallel_jit
def _recurrence(b, a, out):
    outer, count, inner = b.shape
    for o in prange(outer):
        for t in range(count):
            for i in range(inner):
                before = out[o, t - 1, i] if t else b.dtype.type(0)
                out[o, t, i] = b[o, t, i] + (a[o, t, i] * before if t else b.dtype.type(0))
