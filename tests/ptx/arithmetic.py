"""Floating-point arithmetic, rounded as the ISA says: fused products, directed rounding, conversions that saturate.

The ISA's approximations (ex2, lg2, …) are computed in double precision and rounded: what a GPU gives may differ in the last bits.
"""

from __future__ import annotations

import numpy as np

Array = np.ndarray
F32, F64 = np.dtype(np.float32), np.dtype(np.float64)
TIE = (np.int64(0x1FFFFFFF), np.int64(0x10000000))  # the bits of a double beyond float32, and halfway
SPLITTER = float(2**27 + 1)


def flush(a: Array) -> Array:
    """Subnormal numbers as zeros of their sign."""
    return np.where(np.abs(a) < np.finfo(a.dtype).tiny, np.copysign(a.dtype.type(0), a), a)


def two_sum(a: Array, b: Array) -> tuple[Array, Array]:
    """a + b as its rounded value and the error of that. Source: Knuth."""
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


def two_product(a: Array, b: Array) -> tuple[Array, Array]:
    """a * b as its rounded value and the error of that. Source: Dekker."""
    product = a * b
    a_high, b_high = (each * SPLITTER - (each * SPLITTER - each) for each in (a, b))
    a_low, b_low = a - a_high, b - b_high
    return product, ((a_high * b_high - product) + a_high * b_low + a_low * b_high) + a_low * b_low


def to_odd(total: Array, error: Array) -> Array:
    """total + error in double precision, where inexact rounded to the neighbour whose last bit is 1.

    To round that again, to fewer bits, is to round the exact sum. Source: Boldo and Melquiond.
    """
    even = (total.view(np.int64) & 1) == 0
    towards = np.where(error > 0, np.inf, -np.inf)
    return np.where((error != 0) & even & np.isfinite(total), np.nextafter(total, towards), total)


def fma32(a: Array, b: Array, c: Array, mode: str) -> Array:
    """a * b + c of float32, rounded once."""
    product, c = a.astype(F64) * b.astype(F64), c.astype(F64)
    total = product + c
    if mode == "rn":
        bits = total.view(np.int64)
        if not (((bits & TIE[0]) == TIE[1]) | ((np.abs(total) < 2.0**-125) & (total != 0))).any():
            return total.astype(F32)
    return to_float32(to_odd(*two_sum(product, c)), mode)


def add32(a: Array, b: Array, mode: str) -> Array:
    """a + b of float32."""
    return a + b if mode == "rn" else to_float32(to_odd(*two_sum(a.astype(F64), b.astype(F64))), mode)


def to_float32(a: Array, mode: str) -> Array:
    """Doubles as float32: to the nearest (rn), towards zero (rz), downwards (rm) or upwards (rp)."""
    nearest = a.astype(F32)
    if mode == "rn":
        return nearest
    above, below = nearest.astype(F64) > a, nearest.astype(F64) < a
    down, up = np.nextafter(nearest, F32.type(-np.inf)), np.nextafter(nearest, F32.type(np.inf))
    lower, upper = np.where(above, down, nearest), np.where(below, up, nearest)
    return {"rm": lower, "rp": upper, "rz": np.where(a < 0, upper, lower)}[mode]


def fma64(a: Array, b: Array, c: Array) -> Array:
    """a * b + c of float64, rounded once. Source: Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums"."""
    high, low = two_product(a, b)
    near, rest = two_sum(c, low)
    total, error = two_sum(high, near)
    exact = total + to_odd(*two_sum(error, rest))
    plain = a * b + c
    return np.where(np.isfinite(exact) & (high != 0), exact, plain)


def smaller(a: Array, b: Array, nan: bool) -> Array:
    """The smaller of floats; -0 is below 0. NaN wins or loses."""
    both_zero = (a == 0) & (b == 0)
    return np.where(both_zero & np.signbit(a), a, np.minimum(a, b) if nan else np.fmin(a, b))


def larger(a: Array, b: Array, nan: bool) -> Array:
    """The larger of floats; 0 is above -0. NaN wins or loses."""
    return -smaller(-a, -b, nan)


ROUNDINGS = {"rni": np.rint, "rzi": np.trunc, "rmi": np.floor, "rpi": np.ceil}


def to_integer(a: Array, dtype: np.dtype, mode: str) -> Array:
    """Floats as integers; what is out of range becomes the nearest in range, and NaN 0."""
    whole, limits = ROUNDINGS[mode](a), np.iinfo(dtype)
    result = whole.astype(dtype)
    result = np.where(whole >= float(limits.max), dtype.type(limits.max), result)
    result = np.where(whole <= float(limits.min), dtype.type(limits.min), result)
    return np.where(np.isnan(whole), dtype.type(0), result)


APPROXIMATIONS = {
    "ex2": np.exp2,
    "lg2": np.log2,
    "rcp": lambda a: 1 / a,
    "sqrt": np.sqrt,
    "rsqrt": lambda a: 1 / np.sqrt(a),
    "sin": np.sin,
    "cos": np.cos,
    "tanh": np.tanh,
}
