"""Powers, and functions of one variable: element by element.

The derivatives are those of any table of derivatives, and at the points where there is none they are torch's choice.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import check_found_dtype, invalid_combination
from minitorch.ops.arithmetic import is_bool
from minitorch.ops.operator import Elementwise, Flat, Number, Univariate, UnivariateOfResult, alias, operator
from minitorch.ops.promotion import check_fits, result_dtype

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

# -- powers -----------------------------------------------------------------------------------------------------------


class PowBackward0(Elementwise):
    """tensor ** number: d(a^n) = n a^(n-1) da; for n = 0 nothing, even where the gradient is infinite."""

    __slots__ = ("exponent",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, exponent: Any) -> Any:
        self.exponent = exponent
        self.save(a)
        return k.pow(a, exponent)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        n = self.exponent
        if n == 0:
            return (k.zeros(a.shape, grad),)
        return (k.mul(grad, k.mul(k.pow(a, n - 1), n)),)


class PowBackward1(Elementwise, saves={"b": "exponent"}):
    """tensor ** tensor: d(a^b) = b a^(b-1) da + a^b log(a) db, where 0^0 is flat in a, and 0^b in b."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        result = k.pow(a, b)
        self.save(a, b, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, b: Any, result: Any) -> tuple[Any, ...]:
        by_a = self.needs[0] and k.where(k.eq(b, 0), 0.0, k.mul(grad, k.mul(b, k.pow(a, k.sub(b, 1)))))
        flat = self.needs[1] and k.logical_and(k.eq(a, 0), k.ge(b, 0))
        by_b = self.needs[1] and k.mul(grad, k.where(flat, 0.0, k.mul(result, k.log(a))))
        return by_a, by_b


class PowBackward2(Elementwise, saves={"b": "exponent", "base": "self"}):
    """number ** tensor: d(c^b) = c^b log(c) db, where 0^b is flat for b >= 0."""

    __slots__ = ("base",)
    graph_inputs = 1

    def forward(self, k: Table, b: Any, base: Any) -> Any:
        self.base = base
        result = k.pow(base, b)
        self.save(b, result)
        return result

    def backward(self, k: Table, grad: Any, b: Any, result: Any) -> tuple[Any, ...]:
        if self.base == 0:
            return (k.mul(grad, k.where(k.ge(b, 0), 0.0, k.mul(result, -math.inf))),)
        return (k.mul(grad, k.mul(result, math.log(self.base) if self.base > 0 else math.nan)),)


@operator(inplace=True, out=True)
def pow(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """``input ** exponent``, broadcast and promoted; one of the two may be a number.

    Raises:
        RuntimeError: integers to a power that is a negative number, a number out of range, or shapes that do not broadcast.
        NotImplementedError: bools to bools.
    """
    if isinstance(exponent, Variable):
        if exponent._array.dtype.kind == "b" and is_bool(input):
            raise NotImplementedError("\"pow\" not implemented for 'Bool'")
        return (
            PowBackward1.apply(input, exponent) if isinstance(input, Variable) else PowBackward2.apply(exponent, input)
        )
    if not isinstance(input, Variable):
        raise invalid_combination("pow", input, exponent)
    if input._array.dtype.kind != "f":
        if isinstance(exponent, int) and exponent < 0:
            raise RuntimeError("Integers to negative integer powers are not allowed.")
        check_fits(exponent, result_dtype([input._array, exponent]))
    return PowBackward0.apply(input, exponent)


@operator(inplace=True, out=True)
def square(input: Tensor) -> Tensor:
    """``input ** 2``."""
    return pow(input, 2)


# -- functions of one variable ----------------------------------------------------------------------------------------


class ExpBackward0(UnivariateOfResult):
    kernel = "exp"

    def derivative(self, k: Table, result: Any) -> Any:
        return result


class SqrtBackward0(UnivariateOfResult):
    kernel = "sqrt"

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.div(grad, k.mul(result, 2)),)


class LogBackward0(Univariate):
    kernel = "log"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.div(grad, a),)


class Log1PBackward0(Univariate):
    kernel = "log1p"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.div(grad, k.add(a, 1)),)


class SinBackward0(Univariate):
    kernel = "sin"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.cos(a)


class CosBackward0(Univariate):
    kernel = "cos"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.neg(k.sin(a))


class AbsBackward0(Univariate):
    """The derivative at 0 is 0."""

    kernel = "abs"
    floats = False

    def derivative(self, k: Table, a: Any) -> Any:
        return k.sign(a)


class SignBackward0(Flat):
    kernel = "sign"


class FloorBackward0(Flat):
    kernel = "floor"


def check_not_bool(kernel: str, input: Tensor) -> None:
    if input._array.dtype.kind == "b":
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")


@operator(inplace=True, out=True)
def exp(input: Tensor) -> Tensor:
    """e to the power of ``input``."""
    return ExpBackward0.apply(input)


@operator(inplace=True, out=True)
def sqrt(input: Tensor) -> Tensor:
    """The square root; NaN below 0. Its gradient at 0 is infinite."""
    return SqrtBackward0.apply(input)


@operator(inplace=True, out=True)
def log(input: Tensor) -> Tensor:
    """The natural logarithm; -inf at 0, NaN below."""
    return LogBackward0.apply(input)


@operator(inplace=True, out=True)
def log1p(input: Tensor) -> Tensor:
    """log(1 + input), exact for small ``input``."""
    return Log1PBackward0.apply(input)


@operator(inplace=True, out=True)
def sin(input: Tensor) -> Tensor:
    """The sine, of radians."""
    return SinBackward0.apply(input)


@operator(inplace=True, out=True)
def cos(input: Tensor) -> Tensor:
    """The cosine, of radians."""
    return CosBackward0.apply(input)


@operator(inplace=True, out=check_found_dtype)
def abs(input: Tensor) -> Tensor:
    """The magnitude. Its gradient at 0 is 0.

    Raises:
        NotImplementedError: the tensor is of dtype bool.
    """
    check_not_bool("abs_cpu", input)
    return AbsBackward0.apply(input)


alias("absolute", abs)


@operator(inplace=True, out=check_found_dtype)
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1; 0 for NaN. Its gradient is 0."""
    return SignBackward0.apply(input)


@operator(inplace=True, out=check_found_dtype)
def floor(input: Tensor) -> Tensor:
    """Rounded down. Its gradient is 0.

    Raises:
        NotImplementedError: the tensor is of dtype bool.
    """
    check_not_bool("floor_vml_cpu", input)
    return FloorBackward0.apply(input)
