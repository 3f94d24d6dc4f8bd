"""Orthogonal polynomials, number by number, by their recurrences (NIST Digital Library of Mathematical Functions, 18.9)."""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit
from minitorch.kernels.cpu.exponential import each_pair

__all__ = ["polynomial"]

Array = np.ndarray

# The first polynomial of each family is 1. These say which recurrence it has, and the second, as slope and constant.
CHEBYSHEV, HERMITE, PROBABILISTS_HERMITE, LAGUERRE, LEGENDRE = range(5)
SECOND = {
    "chebyshev_polynomial_t": (CHEBYSHEV, 1.0, 0.0), "chebyshev_polynomial_u": (CHEBYSHEV, 2.0, 0.0),
    "chebyshev_polynomial_v": (CHEBYSHEV, 2.0, -1.0), "chebyshev_polynomial_w": (CHEBYSHEV, 2.0, 1.0),
    "hermite_polynomial_h": (HERMITE, 2.0, 0.0), "hermite_polynomial_he": (PROBABILISTS_HERMITE, 1.0, 0.0),
    "laguerre_polynomial_l": (LAGUERRE, -1.0, 1.0), "legendre_polynomial_p": (LEGENDRE, 1.0, 0.0),
}  # fmt: skip
LIMITS = {np.dtype(np.float32): 128, np.dtype(np.float64): 512}  # degrees beyond which torch gives up Hermite's


def polynomial(x: Array | float, n: Array | float, family: str) -> Array:
    """The polynomial of degree n at x: n is cut to a whole number, and negative ones give 0."""
    dtype = (x if isinstance(x, Array) else n).dtype  # type: ignore[union-attr]  # one of them is an array
    return each_pair(_polynomial, np.asarray(x, dtype), np.asarray(n, dtype), *settings(family, dtype))


def settings(family: str, dtype: np.dtype) -> tuple[int, float, float, float, bool]:
    """The recurrence, slope and constant of the second polynomial, the largest degree, and whether x is shifted."""
    name = family.removeprefix("shifted_")
    kind, slope, constant = SECOND[name]
    most = LIMITS[dtype] if kind in (HERMITE, PROBABILISTS_HERMITE) else 2**62
    return kind, slope, constant, float(most), name != family


@parallel_jit
def _polynomial(x, n, kind, slope, constant, most, shifted, out):
    for i in prange(len(x)):
        out[i] = value(np.float64(x[i]), np.float64(n[i]), kind, slope, constant, most, shifted)


@jit
def value(given, n, kind, slope, constant, most, shifted):
    x = 2 * given - 1 if shifted else given
    if not -1 < n < 2.0**62:
        return 0.0
    if n > most:
        return np.nan
    degree = int(n)
    before, now = 1.0, slope * x + constant
    if degree == 0:
        return before
    if kind == CHEBYSHEV and degree > 64 and abs(x) < 1:
        return _by_angle(math.acos(x), degree, slope, constant)
    for k in range(1, degree):
        if kind == CHEBYSHEV:
            after = 2 * x * now - before
        elif kind == HERMITE:
            after = 2 * x * now - 2 * k * before
        elif kind == PROBABILISTS_HERMITE:
            after = x * now - k * before
        elif kind == LAGUERRE:
            after = ((2 * k + 1 - x) * now - k * before) / (k + 1)
        else:
            after = ((2 * k + 1) * x * now - k * before) / (k + 1)
        before, now = now, after
        if now != now:
            break
    return now


@jit
def _by_angle(angle, degree, slope, constant):
    """Source: DLMF 18.5.1 to 18.5.4."""
    if slope == 1:
        return math.cos(degree * angle)
    if constant == 0:
        return math.sin((degree + 1) * angle) / math.sin(angle)
    if constant < 0:
        return math.cos((degree + 0.5) * angle) / math.cos(angle / 2)
    return math.sin((degree + 0.5) * angle) / math.sin(angle / 2)
