"""exp, log, log1p and erf of one number, for compiled kernels: without branches and tables, so that loops over them use SIMD.

For float32; float64, which must be exact to twice as many digits, goes to the C library, number by number. Results are within one
unit in the last place, or two for log1p and three for erf.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from minitorch.kernels.cpu.compiler import jit

__all__ = ["erf", "exp", "log", "log1p"]

f32, i32 = np.float32, np.int32  # a number without a type would be float64, and the arithmetic with it

LOG2_E = f32(1 / math.log(2))
# ln 2 in two parts, of which the first has so few digits that its whole multiples are exact
LN2_HIGH = f32(0.693359375)
LN2_LOW = f32(math.log(2) - 0.693359375)
WHOLE = f32(1.5 * 2**23)  # adding this to a number, and subtracting it, rounds to the nearest whole number
LEAST, MOST = f32(-104), f32(89)  # exp is 0 below and infinite above
HALF, ONE, TWO = f32(0.5), f32(1), f32(2)
EXPONENT_BIAS, MANTISSA_BITS = i32(127), i32(23)

E2, E3, E4, E5, E6, E7 = (f32(1 / math.factorial(n)) for n in range(2, 8))  # of the series of exp
L3, L5, L7, L9 = (f32(2 / n) for n in range(3, 10, 2))  # of the series of 2 artanh

S = tuple(f32((-1) ** n * 2 / math.sqrt(math.pi) / (math.factorial(n) * (2 * n + 1))) for n in range(11))  # of erf
P = f32(0.3275911)  # and the coefficients of its tail
A1, A2, A3, A4, A5 = f32(0.254829592), f32(-0.284496736), f32(1.421413741), f32(-1.453152027), f32(1.061405429)

ROOT_HALF_BITS = i32(np.sqrt(HALF).view(i32))
MANTISSA = i32(2**23 - 1)
TINIEST, INTO_RANGE, INFINITY = f32(2.0**-126), f32(2.0**23), f32(np.inf)


def exp(x: Any) -> Any:
    """e to the power of x."""


def log(x: Any) -> Any:
    """The natural logarithm of x."""


def log1p(x: Any) -> Any:
    """The natural logarithm of 1 + x, exact for small x too."""


def erf(x: Any) -> Any:
    """2/√π times the integral of exp(-t²) from 0 to x."""


@overload(erf)
def _choose_erf(x):
    return (lambda x: _erf(x)) if x == types.float32 else (lambda x: math.erf(x))


@overload(exp)
def _choose_exp(x):
    return (lambda x: _exp(x)) if x == types.float32 else (lambda x: math.exp(x))


@overload(log)
def _choose_log(x):
    return (lambda x: _log(x)) if x == types.float32 else (lambda x: math.log(x))


@overload(log1p)
def _choose_log1p(x):
    return (lambda x: _log1p(x)) if x == types.float32 else (lambda x: math.log1p(x))


@jit(fuse=True)
def _exp(x):
    """``2**n * exp(r)``, with n the whole number nearest to x / ln 2, so that r, which remains, is at most ln 2 / 2."""
    x = LEAST if x < LEAST else x
    x = MOST if x > MOST else x
    n = (x * LOG2_E + WHOLE) - WHOLE
    r = (x - n * LN2_HIGH) - n * LN2_LOW
    series = ((((E7 * r + E6) * r + E5) * r + E4) * r + E3) * r + E2
    result = (series * (r * r) + r) + ONE
    exponent = i32(n)
    first = exponent >> i32(1)  # in two steps: 2**n itself may be too large or too small for a float
    return result * _two_to(first) * _two_to(exponent - first)


@jit(fuse=True)
def _two_to(exponent):
    return i32((exponent + EXPONENT_BIAS) << MANTISSA_BITS).view(f32)


@jit(fuse=True)
def _log(x):
    """``n ln 2 + log(1 + f)``, with 1 + f between the roots of 1/2 and 2.

    Source: log(1 + f) = 2 artanh(s) = 2s + 2s³/3 + 2s⁵/5 + … for s = f / (2 + f), and 2s = f - f²/2 + s f²/2, where f is
    exact and all else is smaller.
    """
    small = x < TINIEST
    scaled = f32(x * (INTO_RANGE if small else ONE))
    bits = i32(scaled.view(i32) - ROOT_HALF_BITS)
    n = f32(bits >> MANTISSA_BITS) - (f32(23) if small else f32(0))
    f = i32((bits & MANTISSA) + ROOT_HALF_BITS).view(f32) - ONE
    s = f / (TWO + f)
    z = s * s
    series = z * (((L9 * z + L7) * z + L5) * z + L3)
    half_square = HALF * f * f
    result = n * LN2_HIGH - ((half_square - (s * (half_square + series) + n * LN2_LOW)) - f)
    result = x if x == INFINITY else result
    result = -INFINITY if x == f32(0) else result
    return result if x >= f32(0) else f32(np.nan)


@jit(fuse=True)
def _log1p(x):
    """Source: the rounding error of 1 + x, divided by 1 + x, is what its logarithm lacks, to first order (Kahan)."""
    total = ONE + x
    result = _log(total)
    error = (total - ONE) - x
    corrected = result - error / total
    corrected = result if abs(result) == INFINITY else corrected
    return x if x == f32(0) else corrected  # -0.0 stays


@jit(fuse=True)
def _erf(x):
    """Source: DLMF 7.6.1, the power series, up to 1, and Abramowitz and Stegun 7.1.26, good to 1.5e-7, beyond."""
    size, square = abs(x), x * x
    series = S[10]
    for n in range(9, -1, -1):
        series = series * square + S[n]
    t = ONE / (ONE + P * size)
    tail = ONE - ((((A5 * t + A4) * t + A3) * t + A2) * t + A1) * t * _exp(-square)
    tail = tail if x > f32(0) else -tail
    return series * x if size < ONE else tail
