"""Formulas for one element, or two, that several kernels share. See ``lifting``."""

from __future__ import annotations

import math
from typing import Any

from numba import int64, uint32, uint64

from minitorch.kernels.cuda.device import function

LN2 = math.log(2)


def same(x: Any) -> Any:
    return x


def add(x: Any, y: Any) -> Any:
    return x + y


def subtract(x: Any, y: Any) -> Any:
    return x - y


def multiply(x: Any, y: Any) -> Any:
    return x * y


def divide(x: Any, y: Any) -> Any:
    return x / y


def absolute(x: Any) -> Any:
    return x if x > 0 else -x if x < 0 else x * x


def negative(x: Any) -> Any:
    return -x


def root(x: Any) -> Any:
    return math.sqrt(x)


def larger(x: Any, y: Any) -> Any:
    """The larger; NaN wins."""
    return x if x > y or x != x else y


def smaller(x: Any, y: Any) -> Any:
    """The smaller; NaN wins."""
    return x if x < y or x != x else y


def at_most(x: Any, y: Any) -> Any:
    """The smaller; NaN loses."""
    return x if x < y or y != y else y


def at_least(x: Any, y: Any) -> Any:
    """The larger; NaN loses."""
    return x if x > y or y != y else y


@function
def truncated(x: Any) -> Any:
    """Rounded towards 0."""
    return math.floor(x) if x > 0 else math.ceil(x)


def nearest(x: Any) -> Any:
    """The nearest whole number, of two the even one."""
    half, one, two = type(x)(0.5), type(x)(1), type(x)(2)
    below = type(x)(math.floor(x))
    rest = x - below
    odd = below - two * type(x)(math.floor(below * half)) == one
    return math.copysign(below + one if rest > half or (rest == half and odd) else below, x)


def sigmoid(x: Any) -> Any:
    one = type(x)(1)
    return one / (one + math.exp(-x))


def sinc(x: Any) -> Any:
    """sin(πx) / (πx), and 1 at 0."""
    angle = x * type(x)(math.pi)
    return type(x)(1) if x == 0 else math.sin(angle) / angle


def add_product(x: Any, y: Any, z: Any, value: Any) -> Any:
    return x + y * value * z


def add_quotient(x: Any, y: Any, z: Any, value: Any) -> Any:
    return x + y * value / z


def between(x: Any, y: Any, weight: Any) -> Any:
    """``x + weight (y - x)``, reckoned from the nearer end, so that both ends are exact."""
    number = type(x)
    step = y - x
    return x + step * weight if abs(weight) < number(0.5) else y - step * (number(1) - weight)


def step(x: Any, value: Any) -> Any:
    """0 below 0, 1 above, and ``value`` at 0."""
    return value if x == 0 else type(value)(x > 0)


def replaced(x: Any, nan: Any, infinite: Any, below: Any) -> Any:
    """Other numbers in the place of NaN and of the infinities."""
    return nan if x != x else (infinite if x > 0 else below) if math.isinf(x) else x


def log_of_sum(x: Any, y: Any) -> Any:
    """log(exp(x) + exp(y)), without overflow."""
    if x == y:  # infinities too
        return x + type(x)(LN2)
    return (x if x > y else y) + math.log1p(math.exp(-abs(x - y)))


def log2_of_sum(x: Any, y: Any) -> Any:
    """The same, with powers of 2."""
    number = type(x)
    if x == y:
        return x + number(1)
    return (x if x > y else y) + math.log1p(math.pow(number(2), -abs(x - y))) * number(1 / LN2)


def x_log_y(x: Any, y: Any) -> Any:
    """x log(y), which is 0 where x is, unless y is NaN."""
    return type(x)(0) if x == 0 and y == y else x * math.log(y)


# -- of integers --------------------------------------------------------------------------------------------------------


def whole_power(x: Any, y: Any) -> Any:
    """By squaring. Of the negative powers those of 1 and -1 are whole; others are 0."""
    if y < 0:
        return int64(1 if x == 1 or (x == -1 and y % 2 == 0) else -1 if x == -1 else 0)
    power, square, rest = int64(1), int64(x), int64(y)
    while rest > 0:
        if rest & 1:
            power *= square
        square *= square
        rest >>= 1
    return power


@function
def whole_quotient(x: Any, y: Any) -> Any:
    """Rounded down; 0 where the divisor is."""
    return int64(0) if y == 0 else -int64(x) if y == -1 else int64(x // y)  # the least integer by -1 is itself


def whole_quotient_truncated(x: Any, y: Any) -> Any:
    """Rounded towards 0."""
    quotient = whole_quotient(x, y)
    return quotient + 1 if quotient < 0 and quotient * y != x else quotient


@function
def whole_remainder(x: Any, y: Any) -> Any:
    """Of the sign of the divisor; 0 where that is 0."""
    return int64(0) if y == 0 or y == -1 else int64(x % y)


def whole_fmod(x: Any, y: Any) -> Any:
    """Of the sign of the dividend."""
    rest = whole_remainder(x, y)
    return rest - y if rest != 0 and (rest < 0) != (x < 0) else rest


@function
def common_divisor(x: Any, y: Any) -> Any:
    """The greatest, by Euclid's algorithm."""
    a, b = _size(x), _size(y)
    while b != 0:
        a, b = b, a % b
    return int64(a)


def common_multiple(x: Any, y: Any) -> Any:
    """The least; 0 where one of them is."""
    return int64(0) if x == 0 or y == 0 else int64(_size(x) // uint64(common_divisor(x, y)) * _size(y))


@function
def _size(x: Any) -> Any:
    """|x|, for which there may be no place among the numbers with a sign."""
    return uint64(-int64(x)) if x < 0 else uint64(x)


def shifted_left(x: Any, y: Any) -> Any:
    """By as many bits; none is left beyond the width."""
    return int64(x) << int64(y) if y >= 0 and y < 64 else int64(0)


def shifted_right(x: Any, y: Any) -> Any:
    """By as many bits, of which new ones have the sign's value."""
    return int64(x) >> int64(y if y >= 0 and y < 63 else 63)


# -- the bits of bfloat16 -------------------------------------------------------------------------------------------------


def in_upper_half(x):
    """The bits of a float32, from those of the bfloat16 that is equal."""
    return uint32(uint32(x) << uint32(16))


def upper_half(x):
    """The bits of the nearest bfloat16, from those of a float32; of two that are as near, of the even one."""
    if uint32(x & uint32(0x7FFFFFFF)) > uint32(0x7F800000):
        return uint32(0x7FC0)  # NaN
    return uint32(uint32(x + uint32(uint32(uint32(x >> uint32(16)) & uint32(1)) + uint32(0x7FFF))) >> uint32(16))
