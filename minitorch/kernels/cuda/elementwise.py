"""Element by element: arithmetic, powers, comparisons. Each kernel is one formula for one element."""

from __future__ import annotations

import builtins
import math
from typing import Any

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.creation import overwrite_all
from minitorch.kernels.cuda.device import cuda
from minitorch.kernels.cuda.lifting import (
    BOOL,
    Formula,
    common,
    layout,
    lift,
    like,
    numbers_of,
    of_second_number,
    unary,
    write,
)
from minitorch.kernels.cuda.placement import overlap

__all__ = [
    "abs", "acos", "acosh", "add", "add_into", "addcdiv", "addcmul", "asin", "asinh", "atan", "atan2", "atanh", "bitwise_and",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "ceil", "clone",
    "clone_as", "contiguous_clone", "copysign", "cos", "cosh", "deg2rad", "depend", "div", "eq", "exp", "exp2", "expm1",
    "floor", "fmax", "fmin", "fmod", "frac", "frexp", "gcd", "ge", "gt", "heaviside", "hypot", "isfinite", "isinf", "isnan",
    "isneginf", "isposinf", "isreal", "lcm", "le", "lerp", "log", "log1p", "log2", "log10", "logaddexp", "logaddexp2",
    "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "maximum", "minimum", "mul", "nan_to_num", "ne",
    "neg", "nextafter", "overwrite", "pow", "rad2deg", "reciprocal", "round", "rsqrt", "sigmoid", "signbit", "sin", "sinc",
    "sinh", "sqrt", "sub", "tan", "tanh", "trunc", "write_over", "xlogy",
]  # fmt: skip

LIBDEVICE: Any = getattr(cuda, "libdevice", None)  # of functions that ``math`` lacks; the simulator does not have it

# -- of one element -----------------------------------------------------------------------------------------------------

abs = like(np.absolute, formulas.absolute)
neg = like(np.negative, formulas.negative)
sqrt = like(np.sqrt, formulas.root)
rsqrt = like(np.sqrt, lambda x: type(x)(1) / math.sqrt(x))
reciprocal = like(np.reciprocal, lambda x: type(x)(1) / x)
exp = like(np.exp, lambda x: math.exp(x))
exp2 = like(np.exp2, lambda x: math.pow(type(x)(2), x))
expm1 = like(np.expm1, lambda x: math.expm1(x))
log = like(np.log, lambda x: math.log(x))
log1p = like(np.log1p, lambda x: math.log1p(x))
log2 = like(np.log2, lambda x: math.log2(x))
log10 = like(np.log10, lambda x: math.log10(x))
sin = like(np.sin, lambda x: math.sin(x))
cos = like(np.cos, lambda x: math.cos(x))
tan = like(np.tan, lambda x: math.tan(x))
asin = like(np.arcsin, lambda x: math.asin(x))
acos = like(np.arccos, lambda x: math.acos(x))
atan = like(np.arctan, lambda x: math.atan(x))
sinh = like(np.sinh, lambda x: math.sinh(x))
cosh = like(np.cosh, lambda x: math.cosh(x))
tanh = like(np.tanh, lambda x: math.tanh(x))
asinh = like(np.arcsinh, lambda x: math.asinh(x))
acosh = like(np.arccosh, lambda x: math.acosh(x))
atanh = like(np.arctanh, lambda x: math.atanh(x))
deg2rad = like(np.deg2rad, lambda x: x * type(x)(math.pi / 180))
rad2deg = like(np.rad2deg, lambda x: x * type(x)(180 / math.pi))
floor = like(np.floor, lambda x: math.floor(x), formulas.same)
ceil = like(np.ceil, lambda x: math.ceil(x), formulas.same)
trunc = like(np.trunc, formulas.truncated, formulas.same)
frac = like(np.trunc, lambda x: x - formulas.truncated(x), lambda x: type(x)(0))
isnan = like(np.isnan, lambda x: x != x)
isinf = like(np.isinf, lambda x: math.isinf(x))
isfinite = like(np.isfinite, lambda x: not (math.isinf(x) or math.isnan(x)))
isposinf = unary(lambda x: math.isinf(x) and x > 0, BOOL)
isneginf = unary(lambda x: math.isinf(x) and x < 0, BOOL)
isreal = unary(lambda x: True, BOOL)
signbit = like(np.signbit, lambda x: math.copysign(type(x)(1), x) < 0)
logical_not = like(np.logical_not, lambda x: not x)
bitwise_not = like(np.bitwise_not, lambda x: ~x)
sigmoid = unary(formulas.sigmoid)
sinc = unary(formulas.sinc)
_nearest = like(np.rint, formulas.nearest)
_one = unary(lambda x: type(x)(1))


def round(a: DeviceArray, decimals: int = 0) -> DeviceArray:
    """To the nearest whole number, halves to the even one; or to that many decimals."""
    if decimals == 0:
        return clone(a) if a.dtype.kind != "f" else _nearest(a)
    scale = 10.0 ** builtins.abs(decimals)
    return div(_nearest(mul(a, scale)), scale) if decimals > 0 else mul(_nearest(div(a, scale)), scale)


def frexp(a: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    """Mantissas and exponents; these are 0 for what is not finite."""
    return _mantissa(a), _exponent(a)


_mantissa = unary(lambda x: math.frexp(x)[0])
_exponent = unary(lambda x: math.frexp(x)[1] if math.isfinite(x) else 0, np.dtype(np.int32))


def nan_to_num(a: DeviceArray, nan: float, posinf: float, neginf: float) -> DeviceArray:
    """Other numbers in the place of NaN and of the infinities."""
    return clone(a) if a.dtype.kind != "f" else _replaced(a, nan, posinf, neginf)


_replaced = unary(formulas.replaced)

# -- of two -------------------------------------------------------------------------------------------------------------

add = like(np.add, formulas.add)
sub = like(np.subtract, formulas.subtract)
mul = like(np.multiply, formulas.multiply)
div = like(np.true_divide, formulas.divide)
_power = like(np.power, lambda x, y: math.pow(x, y), formulas.whole_power)
fmod = like(np.fmod, lambda x, y: math.fmod(x, y), formulas.whole_fmod)
gcd = like(np.gcd, formulas.common_divisor)
lcm = like(np.lcm, formulas.common_multiple)
atan2 = like(np.arctan2, lambda x, y: math.atan2(x, y))
hypot = like(np.hypot, lambda x, y: math.hypot(x, y))
copysign = like(np.copysign, lambda x, y: math.copysign(x, y))
logaddexp = like(np.logaddexp, formulas.log_of_sum)
logaddexp2 = like(np.logaddexp2, formulas.log2_of_sum)
xlogy = like(np.true_divide, formulas.x_log_y)
maximum = like(np.maximum, formulas.larger)
minimum = like(np.minimum, formulas.smaller)
fmax = like(np.fmax, formulas.at_least)
fmin = like(np.fmin, formulas.at_most)
eq = like(np.equal, lambda x, y: x == y)
ne = like(np.not_equal, lambda x, y: x != y)
lt = like(np.less, lambda x, y: x < y)
le = like(np.less_equal, lambda x, y: x <= y)
gt = like(np.greater, lambda x, y: x > y)
ge = like(np.greater_equal, lambda x, y: x >= y)
logical_and = like(np.logical_and, lambda x, y: bool(x) and bool(y))
logical_or = like(np.logical_or, lambda x, y: bool(x) or bool(y))
logical_xor = like(np.logical_xor, lambda x, y: bool(x) != bool(y))
bitwise_and = like(np.bitwise_and, lambda x, y: x & y)
bitwise_or = like(np.bitwise_or, lambda x, y: x | y)
bitwise_xor = like(np.bitwise_xor, lambda x, y: x ^ y)
bitwise_left_shift = like(np.left_shift, formulas.shifted_left)
bitwise_right_shift = like(np.right_shift, formulas.shifted_right)


def nextafter(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """The next number from a towards b."""
    return (_next_float32 if common(a, b) == np.float32 else _next_float64)(a, b)


_next_float32 = like(np.nextafter, lambda x, y: LIBDEVICE.nextafterf(x, y))
_next_float64 = like(np.nextafter, lambda x, y: LIBDEVICE.nextafter(x, y))


def heaviside(a: DeviceArray, values: DeviceArray) -> DeviceArray:
    """0 below 0, 1 above, and ``values`` at 0."""
    return lift(formulas.step, a, values, dtype=values.dtype)


def pow(a: DeviceArray | float, b: DeviceArray | float) -> DeviceArray:
    """a to the power of b. Small whole powers are products and halves are roots, as in torch."""
    if isinstance(a, DeviceArray) and isinstance(b, int | float):
        simple: dict[float, Any] = {0: _one, 1: clone, 2: lambda a: mul(a, a)}
        if a.dtype.kind == "f":
            simple |= {0.5: sqrt, -0.5: rsqrt, -1: reciprocal}
        if b in simple:
            return simple[b](a)
        if b == 3:
            return mul(mul(a, a), a)
    return _power(a, b)


# -- of three -----------------------------------------------------------------------------------------------------------


def addcmul(a: DeviceArray, b: DeviceArray, c: DeviceArray, value: float) -> DeviceArray:
    """a + value b c."""
    return _of_three(formulas.add_product, a, b, c, numbers=(value,))


def addcdiv(a: DeviceArray, b: DeviceArray, c: DeviceArray, value: float) -> DeviceArray:
    """a + value b / c."""
    return _of_three(formulas.add_quotient, a, b, c, numbers=(value,))


def lerp(a: DeviceArray, b: DeviceArray, weight: DeviceArray | float) -> DeviceArray:
    """``a + weight (b - a)``, reckoned from the nearer end, so that both ends are exact."""
    if isinstance(weight, DeviceArray):
        return _of_three(formulas.between, a, b, weight)
    return _of_three(formulas.between, a, b, numbers=(weight,))


def _of_three(formula: Formula, *arrays: DeviceArray, numbers: tuple[float, ...] = ()) -> DeviceArray:
    dtype = common(*arrays)
    return lift(formula, *arrays, numbers=numbers_of(dtype, *numbers), dtype=dtype, computed=dtype)


# -- copies -------------------------------------------------------------------------------------------------------------


def add_into(total: DeviceArray, term: DeviceArray) -> DeviceArray:
    """``total + term``, written over ``total``."""
    write(formulas.add, total, total, term)
    return total


def clone(a: DeviceArray) -> DeviceArray:
    """A copy, laid out as the original."""
    return lift(formulas.same, a)


def contiguous_clone(a: DeviceArray) -> DeviceArray:
    """A copy that lies row by row in memory."""
    out = empty(a.shape, a.dtype)
    write(formulas.same, out, a)
    return out


def clone_as(a: DeviceArray, like: DeviceArray) -> DeviceArray:
    """A copy, laid out as another array of its shape where that is dense, else row by row."""
    out = empty(like.shape, a.dtype, layout([like.steps]) if like.flags.forc else None)
    write(formulas.same, out, a)
    return out


def depend(grad: DeviceArray, a: DeviceArray) -> DeviceArray:
    """``grad``: that it depends on ``a`` is for graphs to know."""
    return grad


def row_by_row(a: DeviceArray) -> DeviceArray:
    """The array if it lies row by row, else a copy that does."""
    return a if a.contiguous else contiguous_clone(a)


def write_over(target: DeviceArray, source: DeviceArray) -> None:
    """Writes ``source``, which is broadcast and cast, over ``target``."""
    write(formulas.same, target, source)


def overwrite(name: str, a: DeviceArray, *operands: DeviceArray | float, alpha: float = 1) -> bool:
    """Writes what the kernel of that name gives for ``a`` and operands of its dtype and shape (or numbers) over ``a``.

    Returns:
        Whether it did: it does where the kernel is one formula for floats, and no operand is another view of ``a``.
    """
    if a.dtype.kind != "f":
        return False
    if name in ("fill", "zero"):
        return _filled(a, *operands)
    formula = OVERWRITING.get((name, 1 + len(operands)))
    if formula is None:
        return False
    arrays = [each for each in operands if isinstance(each, DeviceArray)]
    if any(each is not a and overlap(each, a) for each in arrays):
        return False
    numbers = tuple([a.dtype.type(each * alpha) for each in operands if not isinstance(each, DeviceArray)])
    if alpha != 1:
        arrays = [mul(each, alpha) for each in arrays]
    write(of_second_number(formula) if numbers else formula, a, a, *arrays, numbers=numbers)
    return True


def _filled(a: DeviceArray, value: DeviceArray | float = 0) -> bool:
    """Writes a number over an array that lies densely, if it is one that the dtype has. Returns whether it did."""
    if isinstance(value, DeviceArray) or not a.flags.forc:
        return False
    if math.isfinite(value) and builtins.abs(value) > np.finfo(a.dtype).max:
        return False
    overwrite_all(a, value)
    return True


OVERWRITING: dict[tuple[str, int], Formula] = {
    ("abs", 1): formulas.absolute, ("add", 2): formulas.add, ("div", 2): formulas.divide, ("mul", 2): formulas.multiply,
    ("neg", 1): formulas.negative, ("sqrt", 1): formulas.root, ("sub", 2): formulas.subtract,
}  # fmt: skip
"""The formulas of kernels that write over an operand, by name and number of operands."""
