"""First-order recurrences along a dimension, compiled: what numpy's cumulative functions have no name for."""

from __future__ import annotations

from math import prod

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.cpu.halves import in_float32

__all__ = ["recurrence"]

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


@parallel_jit
def _recurrence(b, a, out):
    outer, count, inner = b.shape
    for o in prange(outer):
        for t in range(count):
            for i in range(inner):
                before = out[o, t - 1, i] if t else b.dtype.type(0)
                out[o, t, i] = b[o, t, i] + (a[o, t, i] * before if t else b.dtype.type(0))
