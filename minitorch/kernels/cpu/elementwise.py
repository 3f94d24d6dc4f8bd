"""Element by element: arithmetic, powers, comparisons. Shapes broadcast as in numpy; dtypes are the caller's business.

numpy gives a number where there are no dimensions; kernels give an array.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable
from itertools import zip_longest
from types import ModuleType
from typing import Any

import numpy as np

from minitorch.kernels import tables
from minitorch.kernels.halves import in_float32

__all__ = [
    "abs", "acos", "acosh", "add", "add_into", "addcdiv", "addcmul", "asin", "asinh", "atan", "atan2", "atanh", "bitwise_and",
    "bitwise_left_shift", "bitwise_not", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "ceil", "clone",
    "clone_as", "contiguous_clone", "copysign", "cos", "cosh", "deg2rad", "depend", "div", "eq", "exp", "exp2", "expm1",
    "floor", "fmax", "fmin", "fmod", "frac", "frexp", "gcd", "ge", "gt", "heaviside", "hypot", "isfinite", "isinf", "isnan",
    "isneginf", "isposinf", "isreal", "lcm", "le", "lerp", "log", "log2", "log10", "logaddexp", "logaddexp2",
    "logical_and", "logical_not", "logical_or", "logical_xor", "lt", "maximum", "minimum", "mul", "nan_to_num", "ne",
    "neg", "nextafter", "overwrite", "pow", "rad2deg", "reciprocal", "round", "rsqrt", "signbit", "sin", "sinc", "sinh", "sqrt",
    "sub", "tan", "tanh", "trunc", "write_changes", "write_over", "xlogy",
]  # fmt: skip

Array = np.ndarray

SHARED = 2**18  # elements from which more than one thread pays
BROADCAST = 2**9  # elements from which it pays to find out how many the result has
COSTLY = 2**15  # the same, for functions that take nanoseconds for each element


def share(ufunc: np.ufunc, *operands: Any) -> Array:
    """``ufunc(*operands)`` on all threads, if that is possible."""
    from minitorch.kernels.cpu import ufunc_loops  # which needs numba, whose import takes longer than all else

    dtype = next(each.dtype for each in operands if type(each) is Array)
    if dtype.kind == "f":
        operands = tuple([each if type(each) is Array else np.asarray(each, dtype) for each in operands])
    elif not all(type(each) is Array for each in operands):
        return ufunc(*operands, out=...)  # the number may be of a higher kind than the integers
    result = ufunc_loops.call(ufunc, *operands)
    return ufunc(*operands, out=...) if result is None else result


def _broadcast_size(a: Any, b: Any) -> int:
    if type(a) is not Array or type(b) is not Array or a.shape == b.shape:
        return 0
    return math.prod(max(pair) for pair in zip_longest(reversed(a.shape), reversed(b.shape), fillvalue=1))


def _unary(ufunc: np.ufunc, shared: int = SHARED) -> Callable[[Array], Array]:
    def kernel(a: Array) -> Array:
        if a.size >= shared:
            return share(ufunc, a)
        result = ufunc(a)
        return result if type(result) is Array else np.asarray(result)

    return kernel


def _binary(ufunc: np.ufunc, shared: int = SHARED) -> Callable[[Array | float, Array | float], Array]:
    def kernel(a: Array | float, b: Array | float) -> Array:
        try:
            size = a.size  # type: ignore[union-attr]  # numbers have none; looking first would take longer
        except AttributeError:
            size = b.size  # type: ignore[union-attr]
        if size >= shared or (size >= BROADCAST and _broadcast_size(a, b) >= shared):
            return share(ufunc, a, b)
        result = ufunc(a, b)
        return result if type(result) is Array else np.asarray(result)

    return kernel


add = _binary(np.add)
sub = _binary(np.subtract)
mul = _binary(np.multiply)
div = _binary(np.true_divide)
neg = _unary(np.negative)
abs = _unary(np.absolute)
sqrt = _unary(np.sqrt)
sin = _unary(np.sin, COSTLY)
cos = _unary(np.cos, COSTLY)
tanh = _unary(np.tanh, COSTLY)
floor = _unary(np.floor)
tan = _unary(np.tan, COSTLY)
asin = _unary(np.arcsin, COSTLY)
acos = _unary(np.arccos, COSTLY)
atan = _unary(np.arctan, COSTLY)
sinh = _unary(np.sinh, COSTLY)
cosh = _unary(np.cosh, COSTLY)
asinh = _unary(np.arcsinh, COSTLY)
acosh = _unary(np.arccosh, COSTLY)
atanh = _unary(np.arctanh, COSTLY)
exp2 = _unary(np.exp2, COSTLY)
expm1 = _unary(np.expm1, COSTLY)
log2 = _unary(np.log2, COSTLY)
log10 = _unary(np.log10, COSTLY)
ceil = _unary(np.ceil)
trunc = _unary(np.trunc)
_nearest = _unary(np.rint)  # halves to even, as in torch
signbit = _unary(np.signbit)
deg2rad = _unary(np.deg2rad)
rad2deg = _unary(np.rad2deg)
atan2 = _binary(np.arctan2, COSTLY)
hypot = _binary(np.hypot, COSTLY)
logaddexp = _binary(np.logaddexp, COSTLY)
logaddexp2 = _binary(np.logaddexp2, COSTLY)
copysign = _binary(np.copysign)
nextafter = _binary(np.nextafter)
fmod = _binary(np.fmod, COSTLY)
fmax = _binary(np.fmax)
fmin = _binary(np.fmin)
gcd = _binary(np.gcd, COSTLY)
lcm = _binary(np.lcm, COSTLY)
bitwise_left_shift = _binary(np.left_shift)
bitwise_right_shift = _binary(np.right_shift)


def frexp(a: Array) -> tuple[Array, Array]:
    """Mantissas and exponents; these are 0 for what is not finite."""
    mantissa, exponent = np.frexp(a)
    finite = np.isfinite(a)
    return np.asarray(mantissa), np.asarray(np.where(finite, exponent, 0).astype(np.int32))


reciprocal = _unary(np.reciprocal)
remainder = _binary(np.remainder, COSTLY)
floor_divide = _binary(np.floor_divide, COSTLY)
_power = _binary(np.power, COSTLY)
maximum = _binary(np.maximum)  # NaN wins, as in torch
minimum = _binary(np.minimum)
eq = _binary(np.equal)
ne = _binary(np.not_equal)
lt = _binary(np.less)
le = _binary(np.less_equal)
gt = _binary(np.greater)
ge = _binary(np.greater_equal)
isnan = _unary(np.isnan)
isinf = _unary(np.isinf)
isfinite = _unary(np.isfinite)
bitwise_and = _binary(np.bitwise_and)
bitwise_or = _binary(np.bitwise_or)
bitwise_xor = _binary(np.bitwise_xor)
bitwise_not = _unary(np.bitwise_not)
logical_and = _binary(np.logical_and)
logical_or = _binary(np.logical_or)
logical_xor = _binary(np.logical_xor)
logical_not = _unary(np.logical_not)


def exp(a: Array) -> Array:
    """e to the power of a."""
    return np.exp(a, out=...) if a.size < COSTLY or a.dtype.char not in "fd" else _exponential().exp(a)


def log(a: Array) -> Array:
    """The natural logarithm of a."""
    return np.log(a, out=...) if a.size < COSTLY or a.dtype.char not in "fd" else _exponential().log(a)


def _exponential() -> ModuleType:
    from minitorch.kernels.cpu import exponential  # as above

    return exponential


def add_into(total: Array, term: Array) -> Array:
    """``total + term``, written over ``total``."""
    return np.add(total, term, out=total)


def clone(a: Array) -> Array:
    """A copy; laid out as the original where that is dense, row by row where it is not."""
    if a.size < SHARED:
        return a.copy(order="C" if 0 in a.strides else "K")
    out = np.empty_like(a, order="K" if a.flags.forc else "C")
    write_over(out, a)
    return out


def contiguous_clone(a: Array) -> Array:
    """A copy that lies row by row in memory."""
    return clone(a) if a.flags.c_contiguous else a.copy(order="C")


def clone_as(a: Array, like: Array) -> Array:
    """A copy, laid out as another array of its shape where that is dense, else row by row."""
    if a.size < SHARED:
        return a.copy(order="F" if like.flags.f_contiguous and not like.flags.c_contiguous else "C")
    out = np.empty_like(like, order="K" if like.flags.forc else "C")
    write_over(out, a)
    return out


def write_over(target: Array, source: Array) -> None:
    """Writes ``source``, which is broadcast and cast, over ``target``."""
    if target.dtype is not source.dtype:
        target[...] = source.astype(target.dtype)
    elif target.size < SHARED or np.may_share_memory(target, source):
        target[...] = source
    else:
        from minitorch.kernels.cpu import copying  # as above

        copying.write_over(target, source)


def write_changes(target: Array, new: Array) -> None:
    """Writes what differs over ``target``, some of whose elements lie at one place."""
    changed = tables[type(new)].ne(new, target)
    target[changed] = new[changed]


def overwrite(name: str, a: Array, *operands: Array | float, alpha: float = 1) -> bool:
    """Writes what the kernel of that name gives for ``a`` and operands of its dtype and shape (or numbers) over ``a``.

    Returns:
        Whether it did: it does where numpy has the kernel as one function, and no operand is a part of ``a``.
    """
    ufunc = OVERWRITING.get(name)
    if ufunc is None or ufunc.nin != 1 + len(operands) or (a.itemsize == 2 and alpha != 1):
        return False
    given = [each for each in operands if type(each) is Array and each is not a]
    if given and any(np.may_share_memory(a, each) for each in given):
        return False
    if alpha != 1:
        operands = tuple([mul(each, alpha) if type(each) is Array else each * alpha for each in operands])
    if a.size >= SHARED:
        from minitorch.kernels.cpu import ufunc_loops  # as above

        if ufunc_loops.call(ufunc, a, *[np.asarray(each, a.dtype) for each in operands], out=a) is not None:
            return True
    ufunc(a, *operands, out=a)
    return True


OVERWRITING = {
    "abs": np.absolute, "add": np.add, "div": np.true_divide, "mul": np.multiply, "neg": np.negative, "sqrt": np.sqrt,
    "sub": np.subtract,
}  # fmt: skip


def pow(a: Array | float, b: Array | float) -> Array:
    """a to the power of b. Small whole powers are products and halves are roots, as in torch."""
    if isinstance(b, int | float) and isinstance(a, np.ndarray):
        if b == 2:
            return mul(a, a)
        if b == 1:
            return a.copy()
        if b == 0:
            return np.ones_like(a)
        if b == 3:
            return mul(mul(a, a), a)
        if a.dtype.kind == "f":
            if b == 0.5:
                return sqrt(a)
            if b == -0.5:
                return reciprocal(sqrt(a))
            if b == -1:
                return reciprocal(a)
            if b == -2:
                return reciprocal(mul(a, a))
    if isinstance(b, np.ndarray) and b.dtype.kind == "i" and b.size and b.min() < 0:
        return _integer_power(a, b)
    result = _power(a, b)
    if isinstance(b, np.ndarray) and b.dtype.kind == "f" and (roots := b == 0.5).any():
        # numpy may take square roots here, and then those of -inf and -0 are not the powers.
        np.copyto(result, np.inf, where=roots & np.isinf(a))
        np.abs(result, out=result, where=roots)
    return result


def _integer_power(a: Array | float, b: Array) -> Array:
    """Integers to powers of which some are negative: those are 0, but for those of 1 and -1."""
    of_minus_one = np.where(b % 2 == 0, 1, -1)
    negative = np.where(a == 1, 1, np.where(a == -1, of_minus_one, 0))
    return np.asarray(np.where(b < 0, negative, np.power(a, np.maximum(b, 0)))).astype(b.dtype, copy=False)


def round(a: Array, decimals: int = 0) -> Array:
    """To the nearest whole number, halves to the even one; or to that many decimals."""
    if decimals == 0:
        return a.copy() if a.dtype.kind != "f" else _nearest(a)
    scale = 10.0 ** builtins.abs(decimals)
    return div(_nearest(mul(a, scale)), scale) if decimals > 0 else mul(_nearest(div(a, scale)), scale)


def frac(a: Array) -> Array:
    """What is behind the point, with the sign of a."""
    return sub(a, trunc(a))


def rsqrt(a: Array) -> Array:
    """1 / sqrt(a)."""
    return reciprocal(sqrt(a))


@in_float32
def sinc(a: Array) -> Array:
    """sin(πa) / (πa), and 1 at 0."""
    angle = mul(a, math.pi)
    return np.asarray(np.where(a == 0, a.dtype.type(1), div(sin(angle), angle)))


def isposinf(a: Array) -> Array:
    return np.equal(a, np.inf, out=...)


def isneginf(a: Array) -> Array:
    return np.equal(a, -np.inf, out=...)


def nan_to_num(a: Array, nan: float, posinf: float, neginf: float) -> Array:
    """Other numbers in the place of NaN and of the infinities."""
    return np.asarray(np.nan_to_num(a, nan=nan, posinf=posinf, neginf=neginf))


def heaviside(a: Array, values: Array) -> Array:
    """0 below 0, 1 above, and ``values`` at 0."""
    return np.asarray(np.where(a == 0, values, np.asarray(a > 0).astype(values.dtype)))


def xlogy(a: Any, b: Any) -> Array:
    """a log(b), which is 0 where a is, unless b is NaN."""
    b = np.asarray(b, a.dtype) if type(a) is Array else b
    return np.asarray(np.where((a == 0) & ~np.isnan(b), b.dtype.type(0), mul(a, log(b))))


@in_float32
def addcmul(a: Array, b: Array, c: Array, value: float) -> Array:
    """a + value b c."""
    return add(a, mul(b if value == 1 else mul(b, value), c))


@in_float32
def addcdiv(a: Array, b: Array, c: Array, value: float) -> Array:
    """a + value b / c."""
    return add(a, div(b if value == 1 else mul(b, value), c))


@in_float32
def lerp(a: Array, b: Array, weight: Array | float) -> Array:
    """``a + weight (b - a)``, reckoned from the nearer end, so that both ends are exact."""
    step = sub(b, a)
    return np.asarray(np.where(np.abs(weight) < 0.5, add(a, mul(step, weight)), sub(b, mul(step, 1 - weight))))


def depend(grad: Array, a: Array) -> Array:
    """``grad``: that it depends on ``a`` is for graphs to know."""
    return grad


def isreal(a: Array) -> Array:
    return np.ones_like(a, np.bool_)
