"""Bessel functions of orders 0 and 1, Airy's function, and Hurwitz's zeta function, number by number, in double precision.

Small arguments are summed by power series, large ones by the expansions of the NIST Digital Library of Mathematical Functions
(DLMF, https://dlmf.nist.gov); what decays is integrated, by the trapezoidal rule, which is as exact as can be here.
"""

from __future__ import annotations

import math

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit
from minitorch.kernels.cpu.exponential import each, each_pair
from minitorch.kernels.cpu.incomplete_gamma import EULER
from minitorch.kernels.cpu.special import EPSILON, hurwitz, is_whole

__all__ = ["airy_ai", "bessel_j", "bessel_k", "bessel_y", "spherical_bessel_j0", "zeta"]

Array = np.ndarray

FAR = 14.0  # from here on the expansions for large arguments are better than series
AIRY_AT_0, AIRY_SLOPE_AT_0 = 0.355028053887817239, -0.258819403792806798


def airy_ai(a: Array) -> Array:
    """Ai(a)."""
    return each(_airy_ai, a)


def bessel_j(a: Array, order: int) -> Array:
    """J0 or J1."""
    return each(_bessel_j, a, order)


def bessel_y(a: Array, order: int) -> Array:
    """Y0 or Y1; NaN for negative numbers."""
    return each(_bessel_y, a, order)


def bessel_k(a: Array, order: int, scaled: bool) -> Array:
    """K0 or K1, or these times exp(a); NaN for negative numbers."""
    return each(_bessel_k, a, order, scaled)


def spherical_bessel_j0(a: Array) -> Array:
    """sin(a) / a."""
    return each(_spherical, a)


def zeta(s: Array | float, q: Array | float) -> Array:
    """The sum of (q + k)^-s over k = 0, 1, 2, …"""
    dtype = (s if isinstance(s, Array) else q).dtype  # type: ignore[union-attr]  # one of them is an array
    return each_pair(_zeta, np.asarray(s, dtype), np.asarray(q, dtype))


@jit
def _series(x, order, harmonic):
    """The series of J (DLMF 10.2.2), or with ``harmonic`` that in which harmonic numbers stand before its terms (10.8.1)."""
    term = 0.5 * x if order else 1.0
    number = 1.0 if order else 0.0  # H[k] + H[k + order]
    total = term * number if harmonic else term
    for k in range(1, 200):
        term *= -x * x / (4 * k * (k + order))
        number += 1 / k + 1 / (k + 1) if order else 2 / k
        total += term * number if harmonic else term
        if abs(term) * (1 + number) < EPSILON * abs(total) * 1e-3:
            break
    return total


@jit
def _expansion(x, order):
    """The two sums of Hankel's expansion, DLMF 10.17.3, and the angle, which is reduced before it is rounded."""
    even, odd, term = 1.0, 0.0, 1.0
    for k in range(1, 40):
        factor = (4 * order - (2 * k - 1) ** 2) / (8 * k * x)
        if abs(factor) > 1:
            break
        term *= factor
        sign = -1.0 if k // 2 % 2 else 1.0
        if k % 2:
            odd += sign * term
        else:
            even += sign * term
    return even, odd


@jit
def _wave(x, order, second):
    """J or Y for large x: the phase is x - (2 order + 1) π/4."""
    even, odd = _expansion(x, order)
    sine, cosine = math.sin(x), math.cos(x)
    half = math.sqrt(0.5)
    if order:
        cos_phase, sin_phase = half * (sine - cosine), -half * (sine + cosine)
    else:
        cos_phase, sin_phase = half * (cosine + sine), half * (sine - cosine)
    size = math.sqrt(2 / (math.pi * x))
    return size * (sin_phase * even + cos_phase * odd) if second else size * (cos_phase * even - sin_phase * odd)


@jit
def first_kind(x, order):
    if math.isinf(x) or x != x:
        return np.nan
    size = abs(x)
    result = _series(size, order, False) if size < FAR else _wave(size, order, False)
    return -result if order and math.copysign(1.0, x) < 0 else result


@parallel_jit
def _bessel_j(a, order, out):
    for i in prange(len(a)):
        out[i] = first_kind(np.float64(a[i]), order)


@jit
def second_kind(x, order):
    if x == 0:
        return -np.inf
    if not 0 < x < np.inf:
        return np.nan
    if x >= FAR:
        return _wave(x, order, True)
    logarithm = math.log(x / 2) + EULER
    rest = _series(x, order, True) / math.pi + (2 / (math.pi * x) if order else 0.0)
    return 2 / math.pi * logarithm * _series(x, order, False) - rest


@parallel_jit
def _bessel_y(a, order, out):
    for i in prange(len(a)):
        out[i] = second_kind(np.float64(a[i]), order)


@jit
def _integral(x, order):
    """exp(x) K of any order for x that is not small: DLMF 10.32.9."""
    step = min(0.125, 0.5 / math.sqrt(x))
    total = 0.5
    for n in range(1, 2000):
        t = n * step
        term = math.exp(-2 * x * math.sinh(t / 2) ** 2) * math.cosh(order * t)
        total += term
        if term < EPSILON * total:
            break
    return total * step


@jit
def _k_series(x, order):
    """DLMF 10.31.1, 10.31.2, for small x."""
    logarithm = math.log(x / 2) + EULER
    term = 0.5 * x if order else 1.0
    number = 1.0 if order else 0.0
    total = term * (number / 2 - logarithm)
    for k in range(1, 60):
        term *= x * x / (4 * k * (k + order))
        number += 1 / k + 1 / (k + 1) if order else 2 / k
        total += term * (number / 2 - logarithm)
    return 1 / x - total if order else total


@jit
def decaying(x, order, scaled):
    """K0 or K1, or these times exp(x)."""
    if x == 0:
        return np.inf
    if x < 0 or x != x:
        return np.nan
    if x == np.inf:
        return 0.0
    if x <= 1:
        return _k_series(x, order) * (math.exp(x) if scaled else 1.0)
    return _integral(x, np.float64(order)) * (1.0 if scaled else math.exp(-x))


@parallel_jit
def _bessel_k(a, order, scaled, out):
    for i in prange(len(a)):
        out[i] = decaying(np.float64(a[i]), order, scaled)


@jit
def airy(x):
    """Series: DLMF 9.4.1; waves: 9.7.9; by K of order 1/3: 9.6.2."""
    if not -np.inf < x < np.inf:
        return np.nan
    if x >= 1:
        angle = 2 / 3 * x * math.sqrt(x)
        return math.sqrt(x / 3) / math.pi * _integral(angle, 1 / 3) * math.exp(-angle)
    if x > -8:
        even, odd = 1.0, x
        first, second = even, odd
        for k in range(1, 60):
            even *= x * x * x / ((3 * k - 1) * (3 * k))
            odd *= x * x * x / ((3 * k) * (3 * k + 1))
            first += even
            second += odd
        return AIRY_AT_0 * first + AIRY_SLOPE_AT_0 * second
    angle = 2 / 3 * -x * math.sqrt(-x)
    term, cosines, sines = 1.0, 1.0, 0.0
    for k in range(1, 40):
        factor = (6 * k - 5) * (6 * k - 3) * (6 * k - 1) / (216 * k * (2 * k - 1) * angle)
        if factor > 1:
            break
        term *= factor
        sign = -1.0 if k // 2 % 2 else 1.0
        if k % 2:
            sines += sign * term
        else:
            cosines += sign * term
    phase = angle - math.pi / 4
    return (math.cos(phase) * cosines + math.sin(phase) * sines) / (math.sqrt(math.pi) * math.sqrt(math.sqrt(-x)))


@parallel_jit
def _airy_ai(a, out):
    for i in prange(len(a)):
        out[i] = airy(np.float64(a[i]))


@jit
def spherical(x):
    if x == 0:
        return 1.0
    return 0.0 if math.isinf(x) else math.sin(x) / x


@parallel_jit
def _spherical(a, out):
    for i in prange(len(a)):
        out[i] = spherical(np.float64(a[i]))


@jit
def zeta_of(power, first):
    if power == 1 or (first <= 0 and is_whole(first) and not power < 1):
        return np.inf
    if not power > 1 or not first < np.inf or (first < 0 and not is_whole(power)):
        return np.nan
    return hurwitz(power, first)


@parallel_jit
def _zeta(s, q, out):
    for i in prange(len(s)):
        out[i] = zeta_of(np.float64(s[i]), np.float64(q[i]))
