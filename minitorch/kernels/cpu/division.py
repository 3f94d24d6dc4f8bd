"""Division with a whole quotient.

numpy finds the remainder of floating point numbers digit by digit. For float32 there is a shorter way: as long as the quotient
has no more than 24 digits, it is exact in double precision, and so is what remains. What has more, or is not finite, is
left to numpy.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange

from minitorch.kernels.cpu import elementwise
from minitorch.kernels.cpu.compiler import parallel_jit

__all__ = ["div_rounded", "remainder"]

Array = np.ndarray

COMPILED = 2**10  # elements from which it pays to look for the shorter way
BLOCK = 2**12  # elements to take together
MOST = 2.0**24


def remainder(a: Array | float, b: Array | float) -> Array:
    """``a - b * floor(a / b)``, exactly: of the sign of ``b``."""
    result = _in_double(_remainder, a, b)
    return elementwise.remainder(a, b) if result is None else result


def div_rounded(a: Array, b: Array | float, rounding_mode: str) -> Array:
    """The quotient, rounded down (``"floor"``) or towards zero (``"trunc"``); exact for integers."""
    if rounding_mode == "floor":
        result = _in_double(_floor_divide, a, b)
        return elementwise.floor_divide(a, b) if result is None else result
    if np.result_type(a, b).kind == "f":
        return np.trunc(elementwise.div(a, b), out=...)
    quotient = np.floor_divide(a, b, out=...)
    return np.add(quotient, (quotient < 0) & (quotient * b != a), out=...)


def _in_double(kernel: Any, a: Array | float, b: Array | float) -> Array | None:
    """The kernel's result, or ``None`` where there is one that it cannot find."""
    if type(a) is not Array or a.dtype != np.float32 or a.size < COMPILED or not a.flags.forc:
        return None
    if type(b) is not Array:
        b = np.full(1, b, np.float32)
    if b.dtype is not a.dtype or not (b.size == 1 or (b.shape == a.shape and b.strides == a.strides)):
        return None
    out, found = np.empty_like(a), np.empty(-(-a.size // BLOCK), np.bool_)
    kernel(*[each.reshape(-1, order="A") for each in (a, b, out)], found)
    return out if found.all() else None


@parallel_jit
def _remainder(a, b, out, found):
    for block in prange(len(found)):
        good = True
        for i in range(block * BLOCK, min((block + 1) * BLOCK, a.size)):
            divisor = np.float64(b[i] if b.size > 1 else b[0])
            quotient = np.floor(a[i] / divisor)
            good &= (abs(quotient) < MOST) & (abs(divisor) < np.inf)
            out[i] = a[i] - quotient * divisor
        found[block] = good


@parallel_jit
def _floor_divide(a, b, out, found):
    for block in prange(len(found)):
        good = True
        for i in range(block * BLOCK, min((block + 1) * BLOCK, a.size)):
            quotient = np.floor(a[i] / np.float64(b[i] if b.size > 1 else b[0]))
            good &= abs(quotient) < MOST
            out[i] = quotient
        found[block] = good
