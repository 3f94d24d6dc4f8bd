"""Special functions, element by element, by the formulas that the CPU's kernels compile.

As on the CPU most are computed in double precision, whatever is stored: series lose too many of a float32's digits.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.kernels.cpu import bessel, incomplete_gamma, polynomials, special
from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.creation import fill
from minitorch.kernels.cuda.lifting import Formula, common, lift, like, unary

__all__ = [
    "airy_ai", "bessel_j", "bessel_k", "bessel_y", "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "i0", "i0e", "i1",
    "i1e", "igamma", "igammac", "lgamma", "log_ndtr", "logit", "ndtri", "polygamma", "polynomial", "spherical_bessel_j0",
    "xlog1py", "zeta",
]  # fmt: skip

DOUBLE = np.dtype(np.float64)


def _in_double(formula: Formula, *numbers: np.generic) -> Callable[[DeviceArray], DeviceArray]:
    return lambda a: lift(formula, a, numbers=numbers, dtype=a.dtype, computed=DOUBLE)


def _pair_in_double(
    formula: Formula, a: DeviceArray | float, b: DeviceArray | float, *numbers: np.generic
) -> DeviceArray:
    """Of two operands, one of which may be a number, in the dtype of the first array."""
    x = a if isinstance(a, DeviceArray) else fill(b, a)  # type: ignore[arg-type]  # one of them is an array
    y = b if isinstance(b, DeviceArray) else fill(x, b)
    return lift(formula, x, y, numbers=numbers, dtype=x.dtype, computed=DOUBLE)


# -- error functions, probabilities -------------------------------------------------------------------------------------

erf = unary(lambda x: math.erf(x))
erfc = unary(lambda x: math.erfc(x))
erfcx = _in_double(special.scaled_erfc)
erfinv = _in_double(special.inverse_erf)
ndtri = _in_double(special.normal_quantile)
log_ndtr = unary(special.log_of_normal)


def logit(a: DeviceArray, eps: float | None) -> DeviceArray:
    """log(a / (1 - a)), of a number brought between eps and 1 - eps; where these cross, eps is looked at first."""
    return _logit(a) if eps is None else _logit_within(a, eps, 1 - eps)


def _entropy(x: Any) -> Any:
    """-x log(x); 0 at 0, -inf below."""
    number = type(x)
    return number(0) if x == 0 else number(-math.inf) if x < 0 else -x * math.log(x)


def _x_log1p_y(x: Any, y: Any) -> Any:
    """x log(1 + y), which is 0 where x is, unless y is NaN."""
    return type(x)(0) if x == 0 and y == y else x * math.log1p(y)


def _log_of_odds(x: Any) -> Any:
    return math.log(x / (type(x)(1) - x))


def _log_of_odds_within(x: Any, low: Any, high: Any) -> Any:
    z = low if x < low else high if x > high else x
    return math.log(z / (type(x)(1) - z))


_logit, _logit_within = unary(_log_of_odds), unary(_log_of_odds_within)
entr = unary(_entropy)
xlog1py = like(np.true_divide, _x_log1p_y)

# -- gamma functions ----------------------------------------------------------------------------------------------------

lgamma = _in_double(special.log_gamma)
digamma = _in_double(special.psi)
_trigamma = unary(special.trigamma)


def polygamma(n: int, a: DeviceArray) -> DeviceArray:
    """The n-th derivative of digamma."""
    if n < 2:
        return _trigamma(a) if n else digamma(a)
    factor = np.float64((-1) ** (n + 1) * math.factorial(n))
    return lift(_higher, a, numbers=(np.float64(n + 1), factor), dtype=a.dtype, computed=DOUBLE)


def _higher(x: Any, s: Any, factor: Any) -> Any:
    """Source: DLMF 25.11.12."""
    return factor * special.hurwitz(s, x)


def zeta(s: DeviceArray | float, q: DeviceArray | float) -> DeviceArray:
    """The sum of (q + k)^-s over k = 0, 1, 2, …"""
    return _pair_in_double(bessel.zeta_of, s, q)


def igamma(a: DeviceArray, x: DeviceArray) -> DeviceArray:
    """P(a, x): the integral of t^(a - 1) exp(-t) from 0 to x, divided by that to infinity."""
    return lift(incomplete_gamma.lower, a, x, dtype=common(a, x), computed=DOUBLE)


def igammac(a: DeviceArray, x: DeviceArray) -> DeviceArray:
    """Q(a, x): likewise, from x to infinity."""
    return lift(incomplete_gamma.upper, a, x, dtype=common(a, x), computed=DOUBLE)


# -- Bessel functions, polynomials --------------------------------------------------------------------------------------

i0, i0e, i1, i1e = (
    _in_double(special.modified_bessel, np.int64(order), np.bool_(scaled))
    for order in (0, 1)
    for scaled in (False, True)
)
airy_ai = _in_double(bessel.airy)
spherical_bessel_j0 = _in_double(bessel.spherical)


def bessel_j(a: DeviceArray, order: int) -> DeviceArray:
    """J0 or J1."""
    return _in_double(bessel.first_kind, np.int64(order))(a)


def bessel_y(a: DeviceArray, order: int) -> DeviceArray:
    """Y0 or Y1; NaN for negative numbers."""
    return _in_double(bessel.second_kind, np.int64(order))(a)


def bessel_k(a: DeviceArray, order: int, scaled: bool) -> DeviceArray:
    """K0 or K1, or these times exp(a); NaN for negative numbers."""
    return _in_double(bessel.decaying, np.int64(order), np.bool_(scaled))(a)


def polynomial(x: DeviceArray | float, n: DeviceArray | float, family: str) -> DeviceArray:
    """The polynomial of degree n at x: n is cut to a whole number, and negative ones give 0."""
    dtype = (x if isinstance(x, DeviceArray) else n).dtype  # type: ignore[union-attr]  # one of them is an array
    kind, slope, constant, most, shifted = polynomials.settings(family, dtype)
    numbers = (np.int64(kind), np.float64(slope), np.float64(constant), np.float64(most), np.bool_(shifted))
    return _pair_in_double(polynomials.value, x, n, *numbers)
