"""Arithmetic, powers, roots, exponentials: element by element.

``k`` is a table of kernels or of operators (see ``minitorch.autograd.graph``); the derivatives are those of any table of
derivatives, and at the points where there is none they are torch's choice.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch import dtypes
from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import check_tensors
from minitorch.ops.operator import Elementwise, Number, formula, operator
from minitorch.ops.promotion import check_fits, result_dtype

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

# -- sums and products ------------------------------------------------------------------------------------------------


class AddBackward0(Elementwise):
    __slots__ = ("alpha",)

    def forward(self, k: Table, a: Any, b: Any, alpha: Number = 1) -> Any:
        self.alpha = alpha
        return k.add(a, b) if alpha == 1 else k.add(a, _scaled(k, a, b, alpha))

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return grad, self.needs[1] and (grad if self.alpha == 1 else k.mul(grad, self.alpha))


class SubBackward0(Elementwise):
    __slots__ = ("alpha",)

    def forward(self, k: Table, a: Any, b: Any, alpha: Number = 1) -> Any:
        self.alpha = alpha
        return k.sub(a, b) if alpha == 1 else k.sub(a, _scaled(k, a, b, alpha))

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return grad, self.needs[1] and (k.neg(grad) if self.alpha == 1 else k.mul(grad, -self.alpha))


class RsubBackward0(Elementwise):
    """b - a."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        return k.sub(b, a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.neg(grad), grad


class AddBackward1(Elementwise):
    """To a number that a larger operator supplies: it has no edge."""

    graph_inputs = 1

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        return k.add(a, number)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (grad,)


class RsubBackward1(Elementwise):
    """number - tensor."""

    graph_inputs = 1

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        return k.sub(number, a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.neg(grad),)


class MulBackward0(Elementwise):
    """d(ab) = b da + a db."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a if self.needs[1] else None, b if self.needs[0] else None)
        return k.mul(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.mul(grad, b), self.needs[1] and k.mul(grad, a)


class DivBackward0(Elementwise):
    """d(a/b) = da/b - (a/b) db/b."""

    floats = True

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a if self.needs[1] else None, b)
        return k.div(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.div(grad, b),
            self.needs[1] and k.mul(k.neg(grad), k.div(k.div(a, b), b)),
        )


class MulBackward1(Elementwise):
    """By a number that a larger operator supplies: it has no edge."""

    graph_inputs = 1

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        self.save(number)
        return k.mul(a, number)

    def backward(self, k: Table, grad: Any, number: Any) -> tuple[Any, ...]:
        return (k.mul(grad, number),)


class DivBackward1(MulBackward1):
    """By a number that a larger operator supplies: it has no edge."""

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        self.save(number)
        return k.div(a, number)

    def backward(self, k: Table, grad: Any, number: Any) -> tuple[Any, ...]:
        return (k.div(grad, number),)


@formula("div_rounded")
class DivBackward2(Elementwise):
    """Division with rounding, which is flat almost everywhere."""

    def forward(self, k: Table, a: Any, b: Any, rounding_mode: str) -> Any:
        return k.div_rounded(a, b, rounding_mode)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return tuple(needed and k.mul(grad, 0) for needed in self.needs)


class FloorDivide(Elementwise):
    """Recorded, but without a formula: torch has none."""

    namespace = "torch::autograd::"
    operator = "floor_divide"

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        return k.div_rounded(a, b, "floor")

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        raise RuntimeError(f"derivative for aten::{self.operator} is not implemented")

    def name(self) -> str:
        return self.namespace + "NotImplemented"


class FloorDivideByNumber(FloorDivide):
    """tensor // number: the number has no edge."""

    graph_inputs = 1


class FloorDivideNumber(FloorDivideByNumber):
    """number // tensor."""

    def forward(self, k: Table, b: Any, number: Any) -> Any:
        return k.div_rounded(number, b, "floor")


class RemainderOfNumber(FloorDivideByNumber):
    """number % tensor: it has no formula either."""

    operator = "remainder"

    def forward(self, k: Table, b: Any, number: Any) -> Any:
        return k.remainder(number, b)


class RemainderBackward1(Elementwise):
    """a - b * floor(a/b)."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a if self.needs[1] else None, b if self.needs[1] else None)
        return k.remainder(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return grad, self.needs[1] and k.mul(k.neg(grad), k.div_rounded(a, b, rounding_mode="floor"))


class RemainderBackward0(Elementwise):
    """a - n * floor(a/n) for a number n."""

    graph_inputs = 1

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        return k.remainder(a, number)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (grad,)


class ReciprocalBackward0(Elementwise):
    floats = True

    def forward(self, k: Table, a: Any) -> Any:
        result = k.reciprocal(a)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.mul(k.neg(grad), k.mul(result, result)),)


class NegBackward0(Elementwise):
    def forward(self, k: Table, a: Any) -> Any:
        return k.neg(a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.neg(grad),)


def _scaled(k: Table, a: Any, b: Any, alpha: Number) -> Any:
    """``alpha * b``, for b to be added to a: of the dtype that both have."""
    if not isinstance(b, int | float):
        return k.mul(b, alpha if b.dtype.kind == "f" else b.dtype.type(alpha))
    return bool(b * alpha) if a.dtype.kind == "b" else b * alpha


def _alpha_checked(input: Tensor, other: Any, alpha: Number) -> Number:
    common = result_dtype([x._array if isinstance(x, Variable) else x for x in (input, other)])
    if isinstance(alpha, bool) and common is not dtypes.bool:
        raise RuntimeError("Boolean alpha only supported for Boolean results.")
    if isinstance(alpha, float) and common.category != dtypes.FLOATING:
        raise RuntimeError("For integral input tensors, argument alpha must not be a floating point number.")
    return alpha


def _is_bool(operand: Any) -> bool:
    return operand._array.dtype.kind == "b" if isinstance(operand, Variable) else isinstance(operand, bool)


def _check_subtraction(a: Any, b: Any) -> None:
    """Differences of bools are refused."""
    if _is_bool(a) and _is_bool(b):
        raise NotImplementedError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    if _is_bool(a) or _is_bool(b):
        raise NotImplementedError(
            "Subtraction, the `-` operator, with a bool tensor is not supported. If you are trying to invert a mask, use the "
            "`~` or `logical_not()` operator instead."
        )


@operator(inplace=True, out=True)
def add(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """``input + alpha * other``, broadcast and promoted.

    Args:
        input: any shape and dtype.
        other: a tensor that broadcasts with ``input``, or a number.
        alpha: a factor for ``other``; whole for integer tensors.

    Raises:
        RuntimeError: the shapes do not broadcast.
    """
    if alpha == 1:
        return AddBackward0.apply(input, other)
    return AddBackward0.apply(input, other, alpha=_alpha_checked(input, other, alpha))


@operator(inplace=True, out=True)
def sub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """``input - alpha * other``, broadcast and promoted.

    Raises:
        RuntimeError: the shapes do not broadcast.
        NotImplementedError: one of the two is of dtype bool.
    """
    _check_subtraction(input, other)
    if alpha == 1:
        return SubBackward0.apply(input, other)
    return SubBackward0.apply(input, other, alpha=_alpha_checked(input, other, alpha))


@operator
def rsub(input: Tensor, other: Tensor | Number) -> Tensor:
    """``other - input``."""
    _check_subtraction(input, other)
    return (RsubBackward0 if isinstance(other, Variable) else RsubBackward1).apply(input, other)


@operator(inplace=True, out=True)
def mul(input: Tensor, other: Tensor | Number) -> Tensor:
    """``input * other``, broadcast and promoted."""
    return MulBackward0.apply(input, other)


@operator(inplace=True, out=True)
def div(input: Tensor, other: Tensor | Number, *, rounding_mode: str | None = None) -> Tensor:
    """``input / other``, broadcast; integers are divided as floating point numbers unless the quotient is rounded.

    Args:
        input: any shape and dtype.
        other: a tensor that broadcasts with ``input``, or a number.
        rounding_mode: ``"trunc"`` rounds towards zero, ``"floor"`` down.

    Raises:
        RuntimeError: the shapes do not broadcast, the rounding mode is unknown, or integers are divided by zero with rounding.
    """
    if rounding_mode is None:
        return DivBackward0.apply(input, other)
    if rounding_mode not in ("trunc", "floor"):
        raise RuntimeError(
            f"div expected rounding_mode to be one of None, 'trunc', or 'floor' but found '{rounding_mode}'"
        )
    _check_integer_division(f"div_{rounding_mode}", input, other)
    return DivBackward2.apply(input, other, rounding_mode=rounding_mode)


@operator(inplace=True, out=True)
def floor_divide(input: Tensor, other: Tensor | Number) -> Tensor:
    """``input / other`` rounded down. It has no gradient, unlike ``div(rounding_mode="floor")``."""
    _check_integer_division("div_floor", input, other)
    if not isinstance(input, Variable):
        return FloorDivideNumber.apply(other, input)
    return (FloorDivide if isinstance(other, Variable) else FloorDivideByNumber).apply(input, other)


@operator(inplace=True, out=True)
def remainder(input: Tensor, other: Tensor | Number) -> Tensor:
    """What is left of ``input`` after whole multiples of ``other``, with the sign of ``other``."""
    _check_integer_division("remainder", input, other)
    if not isinstance(input, Variable):
        return RemainderOfNumber.apply(other, input)
    return (RemainderBackward1 if isinstance(other, Variable) else RemainderBackward0).apply(input, other)


def _check_integer_division(name: str, input: Any, other: Any) -> None:
    common = result_dtype([x._array if isinstance(x, Variable) else x for x in (input, other)])
    if common is dtypes.bool:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'")
    if common.category == dtypes.INTEGRAL and (not other._array.all() if isinstance(other, Variable) else other == 0):
        raise RuntimeError("ZeroDivisionError")


@operator(inplace=True, out=True)
def reciprocal(input: Tensor) -> Tensor:
    """``1 / input``."""
    return ReciprocalBackward0.apply(input)


@operator(inplace=True, out=True)
def neg(input: Tensor) -> Tensor:
    """``-input``.

    Raises:
        NotImplementedError: the tensor is of dtype bool.
    """
    if input._array.dtype.kind == "b":
        raise NotImplementedError(
            "Negation, the `-` operator, on a bool tensor is not supported. If you are trying to invert a mask, use the `~` "
            "or `logical_not()` operator instead."
        )
    return NegBackward0.apply(input)


# -- powers -----------------------------------------------------------------------------------------------------------


class PowBackward0(Elementwise):
    """tensor ** number: d(a^n) = n a^(n-1) da."""

    __slots__ = ("exponent",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, exponent: Any) -> Any:
        self.exponent = exponent
        self.save(a)
        return k.pow(a, exponent)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        n = self.exponent
        return (k.mul(grad, 0 if n == 0 else k.mul(k.pow(a, n - 1), n)),)


class PowBackward1(Elementwise):
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


class PowBackward2(Elementwise):
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
        if exponent._array.dtype.kind == "b" and _is_bool(input):
            raise NotImplementedError("\"pow\" not implemented for 'Bool'")
        return (
            PowBackward1.apply(input, exponent) if isinstance(input, Variable) else PowBackward2.apply(exponent, input)
        )
    if not isinstance(input, Variable):
        raise TypeError("pow(): one of the arguments 'input' and 'exponent' must be Tensor")
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


class ExpBackward0(Elementwise):
    floats = True

    def forward(self, k: Table, a: Any) -> Any:
        result = k.exp(a)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.mul(grad, result),)


class SqrtBackward0(Elementwise):
    floats = True

    def forward(self, k: Table, a: Any) -> Any:
        result = k.sqrt(a)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.div(grad, k.mul(result, 2)),)


class LogBackward0(Elementwise):
    floats = True

    def forward(self, k: Table, a: Any) -> Any:
        self.save(a)
        return k.log(a)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.div(grad, a),)


class Log1PBackward0(Elementwise):
    floats = True

    def forward(self, k: Table, a: Any) -> Any:
        self.save(a)
        return k.log1p(a)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.div(grad, k.add(a, 1)),)


class SinBackward0(Elementwise):
    floats = True

    def forward(self, k: Table, a: Any) -> Any:
        self.save(a)
        return k.sin(a)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.mul(grad, k.cos(a)),)


class CosBackward0(Elementwise):
    floats = True

    def forward(self, k: Table, a: Any) -> Any:
        self.save(a)
        return k.cos(a)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.neg(k.mul(grad, k.sin(a))),)


class AbsBackward0(Elementwise):
    """The derivative at 0 is 0."""

    def forward(self, k: Table, a: Any) -> Any:
        self.save(a)
        return k.abs(a)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.mul(grad, k.sign(a)),)


class SignBackward0(Elementwise):
    """Flat."""

    def forward(self, k: Table, a: Any) -> Any:
        return k.sign(a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.mul(grad, 0),)


class FloorBackward0(SignBackward0):
    def forward(self, k: Table, a: Any) -> Any:
        return k.floor(a)


def _check_not_bool(kernel: str, input: Tensor) -> None:
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


@operator(inplace=True, out=True)
def abs(input: Tensor) -> Tensor:
    """The magnitude. Its gradient at 0 is 0.

    Raises:
        NotImplementedError: the tensor is of dtype bool.
    """
    _check_not_bool("abs_cpu", input)
    return AbsBackward0.apply(input)


@operator(inplace=True, out=True)
def sign(input: Tensor) -> Tensor:
    """-1, 0 or 1; 0 for NaN. Its gradient is 0."""
    return SignBackward0.apply(input)


@operator(inplace=True, out=True)
def floor(input: Tensor) -> Tensor:
    """Rounded down. Its gradient is 0.

    Raises:
        NotImplementedError: the tensor is of dtype bool.
    """
    _check_not_bool("floor_vml_cpu", input)
    return FloorBackward0.apply(input)


# -- extremes of two --------------------------------------------------------------------------------------------------


class MaximumBackward0(Elementwise):
    """The gradient goes to the larger one, half to each where they are equal; all of it to both where one is NaN."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.maximum(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return self.shares(k, grad, k.lt(a, b), k.gt(a, b), k.eq(a, b))

    def shares(self, k: Table, grad: Any, a_loses: Any, b_loses: Any, tie: Any) -> tuple[Any, ...]:
        shared = k.where(tie, k.div(grad, 2), grad)  # NaN neither wins nor loses
        return self.needs[0] and k.where(a_loses, 0.0, shared), self.needs[1] and k.where(b_loses, 0.0, shared)


class MinimumBackward0(MaximumBackward0):
    """The gradient goes to the smaller one, half to each where they are equal."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.minimum(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return self.shares(k, grad, k.gt(a, b), k.lt(a, b), k.eq(a, b))


class ClampBackward1(Elementwise):
    """The derivative is 1 between the bounds, and 0 outside, at the bounds themselves and at NaN."""

    __slots__ = ("high", "low")
    graph_inputs = 1

    @classmethod
    def operands(cls, inputs: tuple[Any, ...]) -> list[Any]:
        given = iter(super().operands(tuple(x for x in inputs if x is not None)))
        return [None if x is None else next(given) for x in inputs]

    def forward(self, k: Table, a: Any, low: Any, high: Any) -> Any:
        self.low, self.high = low, high
        self.save(a)
        return k.clamp(a, low, high)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        inside = k.logical_and(
            k.eq(a, a) if self.low is None else k.gt(a, self.low),
            k.eq(a, a) if self.high is None else k.lt(a, self.high),
        )
        return (k.where(inside, grad, 0.0),)


@operator(out=True)
def maximum(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each two; NaN if one is NaN. Ties share the gradient evenly."""
    check_tensors("maximum", input=input, other=other)
    return MaximumBackward0.apply(input, other)


@operator(out=True)
def minimum(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each two; NaN if one is NaN. Ties share the gradient evenly."""
    check_tensors("minimum", input=input, other=other)
    return MinimumBackward0.apply(input, other)


@operator(inplace=True, out=True)
def clamp(input: Tensor, min: Number | None = None, max: Number | None = None) -> Tensor:
    """``min`` where ``input`` is below it, ``max`` where it is above.

    Raises:
        RuntimeError: there is neither bound, or it does not fit the dtype.
        NotImplementedError: a bound is a tensor; ``maximum`` and ``minimum`` take tensors.
    """
    if min is None and max is None:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    for bound in (min, max):
        if isinstance(bound, Variable):
            raise NotImplementedError("clamp() takes numbers for its bounds: use maximum() and minimum() for tensors")
        check_fits(bound, result_dtype([input._array, *(x for x in (min, max) if x is not None)]))
    return ClampBackward1.apply(input, min, max)
