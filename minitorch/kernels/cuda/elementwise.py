"""Element by element: arithmetic, powers, comparisons. Each kernel is one formula for one element."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.lifting import BOOL, Formula, binary, cast, layout, lift, of_second_number, unary, write

__all__ = [
    "abs",
    "acos",
    "add",
    "add_into",
    "asin",
    "atan",
    "bitwise_and",
    "bitwise_not",
    "bitwise_or",
    "bitwise_xor",
    "ceil",
    "clone",
    "clone_as",
    "contiguous_clone",
    "copysign",
    "cos",
    "cosh",
    "depend",
    "div",
    "eq",
    "exp",
    "exp2",
    "expm1",
    "floor",
    "ge",
    "gt",
    "isfinite",
    "isinf",
    "isnan",
    "le",
    "log",
    "log1p",
    "log2",
    "log10",
    "logical_and",
    "logical_not",
    "logical_or",
    "logical_xor",
    "lt",
    "maximum",
    "minimum",
    "mul",
    "ne",
    "neg",
    "overwrite",
    "pow",
    "reciprocal",
    "round",
    "rsqrt",
    "sigmoid",
    "sin",
    "sinh",
    "sqrt",
    "sub",
    "tan",
    "tanh",
    "trunc",
    "write_changes",
    "write_over",
]  # fmt: skip


def _trunc(x: Any) -> Any:
    return math.floor(x) if x > 0 else math.ceil(x)


def _round(x: Any) -> Any:
    """To the nearest whole number, halves to the even one."""
    half, one, two = type(x)(0.5), type(x)(1), type(x)(2)
    below = type(x)(math.floor(x))
    rest = x - below
    odd = below - two * type(x)(math.floor(below * half)) == one
    return math.copysign(below + one if rest > half or (rest == half and odd) else below, x)


def _sigmoid(x: Any) -> Any:
    one = type(x)(1)
    return one / (one + math.exp(-x))


abs = unary(formulas.absolute)
neg = unary(formulas.negative)
_square = unary(lambda x: x * x)
sqrt = unary(formulas.root)
rsqrt = unary(lambda x: type(x)(1) / math.sqrt(x))
reciprocal = unary(lambda x: type(x)(1) / x)
exp = unary(lambda x: math.exp(x))
exp2 = unary(lambda x: math.pow(type(x)(2), x))
expm1 = unary(lambda x: math.expm1(x))
log = unary(lambda x: math.log(x))
log1p = unary(lambda x: math.log1p(x))
log2 = unary(lambda x: math.log2(x))
log10 = unary(lambda x: math.log10(x))
sin = unary(lambda x: math.sin(x))
cos = unary(lambda x: math.cos(x))
tan = unary(lambda x: math.tan(x))
asin = unary(lambda x: math.asin(x))
acos = unary(lambda x: math.acos(x))
atan = unary(lambda x: math.atan(x))
sinh = unary(lambda x: math.sinh(x))
cosh = unary(lambda x: math.cosh(x))
tanh = unary(lambda x: math.tanh(x))
sigmoid = unary(_sigmoid)
floor = unary(lambda x: math.floor(x))
ceil = unary(lambda x: math.ceil(x))
trunc = unary(_trunc)
round = unary(_round)
isnan = unary(lambda x: x != x, BOOL)
isinf = unary(lambda x: math.isinf(x), BOOL)
isfinite = unary(lambda x: not (math.isinf(x) or math.isnan(x)), BOOL)
logical_not = unary(lambda x: not x, BOOL)
_invert = unary(lambda x: ~x)

add = binary(formulas.add)
sub = binary(formulas.subtract)
mul = binary(formulas.multiply)
_quotient = binary(formulas.divide)
_power = binary(lambda x, y: math.pow(x, y))
copysign = binary(lambda x, y: math.copysign(x, y))
maximum = binary(formulas.larger)
minimum = binary(formulas.smaller)
eq = binary(lambda x, y: x == y, BOOL)
ne = binary(lambda x, y: x != y, BOOL)
lt = binary(lambda x, y: x < y, BOOL)
le = binary(lambda x, y: x <= y, BOOL)
gt = binary(lambda x, y: x > y, BOOL)
ge = binary(lambda x, y: x >= y, BOOL)
logical_and = binary(lambda x, y: bool(x) and bool(y), BOOL)
logical_or = binary(lambda x, y: bool(x) or bool(y), BOOL)
logical_xor = binary(lambda x, y: bool(x) != bool(y), BOOL)
bitwise_and = binary(lambda x, y: x & y)
bitwise_or = binary(lambda x, y: x | y)
bitwise_xor = binary(lambda x, y: x ^ y)


def bitwise_not(a: DeviceArray) -> DeviceArray:
    """Every bit turned over; of truth values, the other one."""
    return logical_not(a) if a.dtype == BOOL else _invert(a)


def div(a: DeviceArray | float, b: DeviceArray | float) -> DeviceArray:
    """a / b; of integers in float64, as numpy does."""
    whole = [each for each in (a, b) if isinstance(each, DeviceArray) and each.dtype.kind != "f"]
    if (
        whole
        and np.result_type(*(each.dtype if isinstance(each, DeviceArray) else each for each in (a, b))).kind != "f"
    ):
        return div(*(cast(each, np.float64) if isinstance(each, DeviceArray) else each for each in (a, b)))
    return _quotient(a, b)


def pow(a: DeviceArray | float, b: DeviceArray | float) -> DeviceArray:
    """a to the power of b, of floats. Small whole powers are products and halves are roots, as in torch."""
    if isinstance(a, DeviceArray) and isinstance(b, int | float):
        simple = {2: _square, 1: clone, 0.5: sqrt, -0.5: rsqrt, -1: reciprocal}.get(b)
        if simple:
            return simple(a)
        if b == 3:
            return mul(mul(a, a), a)
    return _power(a, b)


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


def write_changes(target: DeviceArray, new: DeviceArray) -> None:
    """Refuses to write over elements that lie at one place.

    Raises:
        NotImplementedError: always; which of them would be the last is not known.
    """
    raise NotImplementedError("writing over an expanded tensor is not supported on CUDA: clone() it first")


def overwrite(name: str, a: DeviceArray, *operands: DeviceArray | float, alpha: float = 1) -> bool:
    """Writes what the kernel of that name gives for ``a`` and operands of its dtype and shape (or numbers) over ``a``.

    Returns:
        Whether it did: it does where the kernel is one formula for floats, and no operand is another view of ``a``.
    """
    formula = OVERWRITING.get((name, 1 + len(operands)))
    if formula is None or a.dtype.kind != "f":
        return False
    arrays = [each for each in operands if isinstance(each, DeviceArray)]
    if any(each.memory is a.memory and each is not a for each in arrays):
        return False
    numbers = tuple([a.dtype.type(each * alpha) for each in operands if not isinstance(each, DeviceArray)])
    if alpha != 1:
        arrays = [mul(each, alpha) for each in arrays]
    write(of_second_number(formula) if numbers else formula, a, a, *arrays, numbers=numbers)
    return True


OVERWRITING: dict[tuple[str, int], Formula] = {
    ("abs", 1): formulas.absolute, ("add", 2): formulas.add, ("div", 2): formulas.divide, ("mul", 2): formulas.multiply,
    ("neg", 1): formulas.negative, ("sqrt", 1): formulas.root, ("sub", 2): formulas.subtract,
}  # fmt: skip
"""The formulas of kernels that write over an operand, by name and number of operands."""
