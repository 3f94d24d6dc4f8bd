"""The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 - P(a, x), number by number.

Each is found from the smaller of the two, or from the one for which there is a series, so that neither loses its digits.
Sources are sections of the NIST Digital Library of Mathematical Functions (DLMF, https://dlmf.nist.gov).
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit
from minitorch.kernels.cpu.exponential import each_pair
from minitorch.kernels.cpu.special import EPSILON, hurwitz
from minitorch.kernels.halves import in_float32

__all__ = ["igamma", "igammac"]

Array = np.ndarray

EULER = 0.57721566490153286061
ZETA_LESS_1 = tuple(hurwitz.py_func(float(n), 2.0) for n in range(2, 30))  # of 2, 3, …
TINY = 1e-300  # stands for 0 in the divisors of a continued fraction
LARGE = 1e6  # from here on the distribution is nearly normal


@in_float32
def igamma(a: Array, x: Array) -> Array:
    """P(a, x): the integral of t^(a - 1) exp(-t) from 0 to x, divided by that to infinity."""
    return each_pair(_igamma, a, x)


@in_float32
def igammac(a: Array, x: Array) -> Array:
    """Q(a, x): likewise, from x to infinity."""
    return each_pair(_igammac, a, x)


@parallel_jit
def _igamma(a, x, out):
    for i in prange(len(a)):
        out[i] = lower(np.float64(a[i]), np.float64(x[i]))


@parallel_jit
def _igammac(a, x, out):
    for i in prange(len(a)):
        out[i] = upper(np.float64(a[i]), np.float64(x[i]))


@jit
def _at_the_edge(a, x):
    """P where it needs no arithmetic; -1 elsewhere."""
    if x < 0 or a < 0:
        return np.nan
    if a == 0:
        return 1.0 if x > 0 else np.nan
    if x == 0:
        return 0.0
    if a == np.inf:
        return np.nan if x == np.inf else 0.0
    if x == np.inf:
        return 1.0
    return np.nan if a != a or x != x else -1.0


@jit
def lower(a, x):
    edge = _at_the_edge(a, x)
    if edge != -1:
        return edge
    if a > LARGE:
        return _nearly_normal(a, x, -1.0)
    return 1 - upper(a, x) if x > 1 and x > a else _series(a, x)


@jit
def upper(a, x):
    edge = _at_the_edge(a, x)
    if edge != -1:
        return 1 - edge
    if a > LARGE:
        return _nearly_normal(a, x, 1.0)
    if x > 1.1:
        return 1 - _series(a, x) if x < a else _continued_fraction(a, x)
    most = -0.4 / math.log(x) if x <= 0.5 else 1.1 * x  # for larger a, it is P that is small
    return 1 - _series(a, x) if a > most else _complementary_series(a, x)


@jit
def _factor(a, x):
    """x^a exp(-x) / Γ(a + 1); for large a by Stirling's series, DLMF 5.11.1, in which large terms cancel beforehand."""
    if a < 10:
        return math.exp(a * math.log(x) - x - math.lgamma(a + 1))
    excess = (x - a) / a
    exponent = a * ((math.log1p(excess) if abs(excess) < 0.5 else math.log(x / a)) - excess)
    square = a * a
    correction = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / a
    return math.exp(exponent - correction) / math.sqrt(2 * math.pi * a)


@jit
def _series(a, x):
    """P by DLMF 8.7.1."""
    term = total = 1.0
    divisor = a
    while term > EPSILON * total:
        divisor += 1
        term *= x / divisor
        total += term
    return total * _factor(a, x)


@jit
def _continued_fraction(a, x):
    """Q by DLMF 8.9.2, evaluated by Lentz's method."""
    b = x + 1 - a
    c, d = 1 / TINY, 1 / b
    result = d
    n = 0
    change = 0.0
    while abs(change - 1) > EPSILON * 2:
        n += 1
        numerator = -n * (n - a)
        b += 2
        d = numerator * d + b
        c = b + numerator / c
        d = 1 / (d if d != 0 else TINY)
        c = c if c != 0 else TINY
        change = d * c
        result *= change
    return a * _factor(a, x) * result


@jit
def _complementary_series(a, x):
    """Q by DLMF 8.7.3, for small x and a."""
    power, total = 1.0, 0.0
    n = 0
    while True:
        n += 1
        power *= -x / n
        term = power / (a + n)
        total += term
        if abs(term) <= EPSILON * abs(total):
            break
    exponent = a * math.log(x)
    return -math.expm1(exponent - _log_gamma_of_1_and(a)) - math.exp(exponent - math.lgamma(a)) * total


@jit
def _log_gamma_of_1_and(a):
    """log Γ(1 + a), by DLMF 5.7.3 for small a."""
    if a > 0.5:
        return math.lgamma(1 + a)
    total, power = 0.0, -a
    for n in range(len(ZETA_LESS_1)):
        power *= -a
        total += ZETA_LESS_1[n] * power / (n + 2)
    return total + a * (1 - EULER) - math.log1p(a)


@jit
def _nearly_normal(a, x, side):
    """Q (side 1) or P (side -1) for large a, by the first terms of Temme's expansion, DLMF 8.12.3 to 8.12.10."""
    excess = (x - a) / a
    logarithm = math.log1p(excess) if abs(excess) < 0.5 else math.log(x / a)
    half_square = excess - logarithm
    eta = math.copysign(math.sqrt(2 * max(half_square, 0.0)), excess)
    first = -1 / 3 + eta * (1 / 12 - eta * 2 / 135) if abs(eta) < 1e-3 else 1 / excess - 1 / eta
    rest = math.exp(-a * half_square) / math.sqrt(2 * math.pi * a) * first
    return 0.5 * math.erfc(side * eta * math.sqrt(a / 2)) + side * rest
