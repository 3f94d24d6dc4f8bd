"""Special functions, number by number: error functions, gamma functions, and modified Bessel functions.

Series and asymptotic expansions are those of the NIST Digital Library of Mathematical Functions (DLMF, https://dlmf.nist.gov),
evaluated in double precision, with as many terms as it takes for all its digits. Functions of one number are
compiled for GPUs too.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from minitorch.kernels.cpu import transcendental
from minitorch.kernels.cpu.compiler import jit, parallel_jit
from minitorch.kernels.cpu.exponential import each
from minitorch.kernels.halves import in_float32

__all__ = [
    "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "i0", "i0e", "i1", "i1e", "lgamma", "log_ndtr", "logit",
    "ndtri", "polygamma", "xlog1py",
]  # fmt: skip

Array = np.ndarray

ROOT_PI = math.sqrt(math.pi)
ROOT_HALF = math.sqrt(0.5)
EPSILON = 2.0**-53  # a term that is smaller, relatively, no longer counts

# B_2k / 2k and B_2k / (2k)!, of the Bernoulli numbers: those of the expansions of digamma and zeta.
BERNOULLI = (
    1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330, 854513 / 138,
    -236364091 / 2730,
)  # fmt: skip
OF_DIGAMMA = tuple(b / (2 * n) for n, b in enumerate(BERNOULLI[:8], 1))
OF_ZETA = tuple(b / math.factorial(2 * n) for n, b in enumerate(BERNOULLI, 1))


@jit
def is_whole(x):
    """Also where floats are too far apart to be anything else."""
    return abs(x) >= 2.0**53 or x == math.floor(x)


# -- error functions --------------------------------------------------------------------------------------------------


@in_float32
def erf(a: Array) -> Array:
    """2/√π times the integral of exp(-t²) from 0 to a."""
    return each(_erf, a)


@in_float32
def erfc(a: Array) -> Array:
    """1 - erf(a), exact where that is small."""
    return each(_erfc, a)


@in_float32
def erfcx(a: Array) -> Array:
    """exp(a²) erfc(a), without overflow."""
    return each(_erfcx, a)


@in_float32
def erfinv(a: Array) -> Array:
    """The number whose erf is a; infinite at -1 and 1, NaN beyond."""
    return each(_erfinv, a)


@in_float32
def ndtri(a: Array) -> Array:
    """The quantile of the standard normal distribution for a probability."""
    return each(_ndtri, a)


@in_float32
def log_ndtr(a: Array) -> Array:
    """The logarithm of the standard normal distribution function, exact far out to the left."""
    return each(_log_ndtr, a)


@parallel_jit
def _erf(a, out):
    for i in prange(len(a)):
        out[i] = transcendental.erf(a[i])


@parallel_jit
def _erfc(a, out):
    for i in prange(len(a)):
        out[i] = math.erfc(a[i])


@jit
def scaled_erfc(x):
    """Source: DLMF 7.12.1, the asymptotic expansion, for large x; the definition elsewhere."""
    if x < 25:
        return math.exp(x * x) * math.erfc(x)
    term, total = 1.0, 0.0
    for m in range(1, 12):
        total += term
        term *= -(2 * m - 1) / (2 * x * x)
    return total / (x * ROOT_PI)


@parallel_jit
def _erfcx(a, out):
    for i in prange(len(a)):
        out[i] = scaled_erfc(np.float64(a[i]))


@jit
def _inverse_erf_of(z, rest):
    """The y >= 0 for which erf(y) = z; ``rest`` is 1 - z, which a number close to 1 says more exactly.

    Source: the approximation of S. Winitzki (2008), good to three digits, then Halley's method, which trebles them.
    """
    if rest == 0:
        return np.inf
    if not (z >= 0 and rest > 0):
        return np.nan
    logarithm = math.log(rest * (1 + z)) / 2
    half = 2 / (math.pi * 0.147) + logarithm
    y = math.sqrt(max(math.sqrt(half * half - 2 * logarithm / 0.147) - half, 0.0))
    for _ in range(4):
        excess = math.erf(y) - z if z < 0.5 else rest - math.erfc(y)
        newton = excess * math.exp(y * y) * ROOT_PI / 2
        y -= newton / (1 + y * newton)
    return y


@jit
def inverse_erf(x):
    return math.copysign(_inverse_erf_of(abs(x), 1 - abs(x)), x)


@parallel_jit
def _erfinv(a, out):
    for i in prange(len(a)):
        out[i] = inverse_erf(np.float64(a[i]))


@jit
def normal_quantile(p):
    y = _inverse_erf_of(1 - 2 * p, 2 * p) if p < 0.5 else -_inverse_erf_of(1 - 2 * (1 - p), 2 * (1 - p))
    return -y / ROOT_HALF


@parallel_jit
def _ndtri(a, out):
    for i in prange(len(a)):
        out[i] = normal_quantile(np.float64(a[i]))


@jit
def log_of_normal(x):
    """Rounded to x's precision step by step, as in torch: gradients have the exponential of a small difference."""
    number = type(x)
    scaled = x * number(ROOT_HALF)
    if x < -1:
        return number(math.log(scaled_erfc(np.float64(-scaled)) / 2)) - scaled * scaled
    return number(math.log1p(-math.erfc(np.float64(scaled)) / 2))


@parallel_jit
def _log_ndtr(a, out):
    for i in prange(len(a)):
        out[i] = log_of_normal(a[i])


# -- gamma functions --------------------------------------------------------------------------------------------------


@in_float32
def lgamma(a: Array) -> Array:
    """log |Γ(a)|; infinite at 0, -1, -2, …"""
    return each(_lgamma, a)


@in_float32
def digamma(a: Array) -> Array:
    """ψ(a), the derivative of log Γ(a); NaN at -1, -2, … and infinite at 0, of the other sign than it."""
    return each(_digamma, a)


def polygamma(n: int, a: Array) -> Array:
    """The n-th derivative of digamma."""
    return digamma(a) if n == 0 else _polygamma(a, n)


@in_float32
def _polygamma(a: Array, n: int) -> Array:
    if n == 1:
        return each(_trigamma, a)
    return each(_higher, a, n + 1.0, float((-1) ** (n + 1) * math.factorial(n)))


@jit
def log_gamma(x):
    return np.inf if math.isinf(x) or (x <= 0 and is_whole(x)) else math.lgamma(x)


@parallel_jit
def _lgamma(a, out):
    for i in prange(len(a)):
        out[i] = log_gamma(np.float64(a[i]))


@jit
def _digamma_of_positive(x):
    """Source: DLMF 5.5.2 (recurrence) and 5.11.2 (asymptotic expansion)."""
    total = 0.0
    while x < 10:
        total -= 1 / x
        x += 1
    square, power = 1 / (x * x), 1.0
    series = 0.0
    for term in OF_DIGAMMA:
        power *= square
        series += term * power
    return total + math.log(x) - 0.5 / x - series


@jit
def psi(x):
    """Source: DLMF 5.5.4 (reflection)."""
    if x > 0 or x != x:
        return _digamma_of_positive(x)
    if x == 0:
        return math.copysign(np.inf, -x)
    if is_whole(x):
        return np.nan
    return _digamma_of_positive(1 - x) - math.pi / math.tan(math.pi * (x - math.ceil(x)))


@parallel_jit
def _digamma(a, out):
    for i in prange(len(a)):
        out[i] = psi(np.float64(a[i]))


@jit
def trigamma(given):
    """Source: DLMF 5.15.6 (reflection)."""
    x = np.float64(given)
    if x < 0.5:
        angle = type(given)(math.pi) * given  # rounded to the number's precision, as torch rounds it
        return (math.pi / math.sin(np.float64(angle))) ** 2 - hurwitz(2.0, 1 - x)
    return hurwitz(2.0, x)


@parallel_jit
def _trigamma(a, out):
    for i in prange(len(a)):
        out[i] = trigamma(a[i])


@jit
def hurwitz(s, q):
    """The sum of (q + k)^-s over k = 0, 1, 2, …, for a whole s > 1.

    Source: DLMF 25.11.28, the Euler-Maclaurin formula, after as many terms of the sum as bring q to 10.
    """
    if q == np.inf:
        return 0.0
    if q <= 0 and is_whole(q):
        return np.inf
    total = 0.0
    while q < 10:
        term = q**-s
        total += term
        q += 1
        if abs(term) < EPSILON * abs(total):
            return total
    power = q**-s
    total += power * q / (s - 1) + power / 2
    rising = s * power / q
    for n in range(len(OF_ZETA)):
        total += OF_ZETA[n] * rising
        rising *= (s + 2 * n + 1) * (s + 2 * n + 2) / (q * q)
    return total


@parallel_jit
def _higher(a, s, factor, out):
    """Source: DLMF 25.11.12."""
    for i in prange(len(a)):
        out[i] = factor * hurwitz(s, np.float64(a[i]))


# -- modified Bessel functions ----------------------------------------------------------------------------------------


@in_float32
def i0(a: Array) -> Array:
    """The modified Bessel function of the first kind, of order 0."""
    return each(_bessel, a, 0, False)


@in_float32
def i0e(a: Array) -> Array:
    """exp(-|a|) i0(a)."""
    return each(_bessel, a, 0, True)


@in_float32
def i1(a: Array) -> Array:
    """The modified Bessel function of the first kind, of order 1."""
    return each(_bessel, a, 1, False)


@in_float32
def i1e(a: Array) -> Array:
    """exp(-|a|) i1(a)."""
    return each(_bessel, a, 1, True)


@jit
def modified_bessel(given, order, scaled):
    """Source: DLMF 10.25.2, the power series, and 10.40.1, the expansion for large numbers."""
    x = abs(given)
    if x <= 30:
        term = total = 0.5 * x if order else 1.0
        k = 1
        while term > EPSILON * total:
            term *= x * x / (4 * k * (k + order))
            total += term
            k += 1
        result = total * math.exp(-x) if scaled else total
    else:
        term = total = 1.0
        for k in range(1, 31):
            term *= -(4 * order * order - (2 * k - 1) ** 2) / (8 * k * x)
            total += term
        result = total / math.sqrt(2 * math.pi * x) * (1.0 if scaled else math.exp(x))
    return -result if order and given < 0 else result


@parallel_jit
def _bessel(a, order, scaled, out):
    for i in prange(len(a)):
        out[i] = modified_bessel(np.float64(a[i]), order, scaled)


# -- probabilities ----------------------------------------------------------------------------------------------------


@in_float32
def logit(a: Array, eps: float | None) -> Array:
    """log(a / (1 - a)), of a number brought between eps and 1 - eps; where these cross, eps is looked at first."""
    if eps is not None:
        number = a.dtype.type
        a = np.where(a < number(eps), number(eps), np.minimum(a, number(1 - eps)))
    return np.log(np.divide(a, np.subtract(1, a)), out=...)


@in_float32
def entr(a: Array) -> Array:
    """-a log(a); 0 at 0, -inf below."""
    inside = np.multiply(np.negative(a), np.log(a))
    return np.asarray(np.where(a == 0, a.dtype.type(0), np.where(a < 0, a.dtype.type(-np.inf), inside)))


def xlog1py(a: Any, b: Any) -> Array:
    """a log(1 + b), which is 0 where a is, unless b is NaN."""
    b = np.asarray(b, a.dtype) if isinstance(a, Array) else b
    zero = (a == 0) & ~np.isnan(b)
    return np.asarray(np.where(zero, b.dtype.type(0), np.multiply(a, np.log1p(b))))
