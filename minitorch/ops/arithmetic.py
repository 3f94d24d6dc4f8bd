"""Sums, differences, products and quotients: element by element.

``k`` is a table of kernels or of operators (see ``minitorch.autograd.graph``); the derivatives are those of any table of
derivatives, and at the points where there is none they are torch's choice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch import dtypes
from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import check_any_tensor, check_found_dtype, invalid_combination
from minitorch.ops.operator import (
    Binary,
    Elementwise,
    Number,
    Univariate,
    UnivariateOfResult,
    alias,
    formula,
    operator,
)
from minitorch.ops.promotion import as_dtype, result_dtype
from minitorch.ops.without_formula import WithoutFormula

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

# -- sums and products ------------------------------------------------------------------------------------------------


class AddBackward0(Binary):
    __slots__ = ("alpha",)

    def forward(self, k: Table, a: Any, b: Any, alpha: Number = 1) -> Any:
        self.alpha = alpha
        return k.add(a, b) if alpha == 1 else k.add(a, _scaled(k, a, b, alpha))

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return grad, self.needs[1] and (grad if self.alpha == 1 else k.mul(grad, self.alpha))


class SubBackward0(Binary):
    __slots__ = ("alpha",)

    def forward(self, k: Table, a: Any, b: Any, alpha: Number = 1) -> Any:
        self.alpha = alpha
        return k.sub(a, b) if alpha == 1 else k.sub(a, _scaled(k, a, b, alpha))

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return grad, self.needs[1] and (k.neg(grad) if self.alpha == 1 else k.mul(grad, -self.alpha))


class RsubBackward0(Binary):
    """b - alpha a."""

    __slots__ = ("alpha",)

    def forward(self, k: Table, a: Any, b: Any, alpha: Number = 1) -> Any:
        self.alpha = alpha
        return k.sub(b, a if alpha == 1 else _scaled(k, b, a, alpha))

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return self.needs[0] and (k.neg(grad) if self.alpha == 1 else k.mul(grad, -self.alpha)), grad


class AddBackward1(Elementwise):
    """To a number that a larger operator supplies: it has no edge."""

    graph_inputs = 1

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        return k.add(a, number)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (grad,)


class RsubBackward1(RsubBackward0):
    """From a number."""

    graph_inputs = 1

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return super().backward(k, grad)[:1]


class MulBackward0(Binary):
    """d(ab) = b da + a db."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a if self.needs[1] else None, b if self.needs[0] else None)
        return k.mul(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.mul(grad, b), self.needs[1] and k.mul(grad, a)


class DivBackward0(Binary):
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


class MulBackward1(Elementwise, saves={"number": "other"}):
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


class FloorDivide(WithoutFormula, Elementwise):
    operator = "floor_divide"

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        return k.div_rounded(a, b, "floor")


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


class RemainderBackward1(Binary):
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


class ReciprocalBackward0(UnivariateOfResult):
    kernel = "reciprocal"

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.mul(k.neg(grad), k.mul(result, result)),)


class NegBackward0(Univariate):
    floats = False

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


def is_bool(operand: Any) -> bool:
    return operand._array.dtype.kind == "b" if isinstance(operand, Variable) else isinstance(operand, bool)


def check_subtraction(a: Any, b: Any) -> None:
    """Differences of bools are refused."""
    if is_bool(a) and is_bool(b):
        raise NotImplementedError(
            "Subtraction, the `-` operator, with two bool tensors is not supported. "
            "Use the `^` or `logical_xor()` operator instead."
        )
    if is_bool(a) or is_bool(b):
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
    check_subtraction(input, other)
    if alpha == 1:
        return SubBackward0.apply(input, other)
    return SubBackward0.apply(input, other, alpha=_alpha_checked(input, other, alpha))


@operator
def rsub(input: Tensor, other: Tensor | Number, *, alpha: Number = 1) -> Tensor:
    """``other - alpha * input``."""
    if not isinstance(input, Variable):
        raise invalid_combination("rsub", input, other)
    check_subtraction(input, other)
    node = RsubBackward0 if isinstance(other, Variable) else RsubBackward1
    return (
        node.apply(input, other) if alpha == 1 else node.apply(input, other, alpha=_alpha_checked(input, other, alpha))
    )


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
    check_integer_division(f"div_{rounding_mode}", input, other)
    return DivBackward2.apply(input, other, rounding_mode=rounding_mode)


@operator(inplace=True, out=True)
def floor_divide(input: Tensor, other: Tensor | Number) -> Tensor:
    """``input / other`` rounded down. It has no gradient, unlike ``div(rounding_mode="floor")``."""
    check_integer_division("div_floor", input, other)
    if not isinstance(input, Variable):
        return FloorDivideNumber.apply(other, input)
    return (FloorDivide if isinstance(other, Variable) else FloorDivideByNumber).apply(input, other)


@operator(inplace=True, out=True)
def remainder(input: Tensor, other: Tensor | Number) -> Tensor:
    """What is left of ``input`` after whole multiples of ``other``, with the sign of ``other``."""
    check_any_tensor("remainder", input, other)
    check_integer_division("remainder", input, other)
    if not isinstance(input, Variable):
        return RemainderOfNumber.apply(other, input)
    return (RemainderBackward1 if isinstance(other, Variable) else RemainderBackward0).apply(input, other)


def check_integer_division(name: str, input: Any, other: Any) -> None:
    common = result_dtype([x._array if isinstance(x, Variable) else x for x in (input, other)])
    if common is dtypes.bool:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Bool'")
    if common.category == dtypes.INTEGRAL and not (
        other._array.all() if isinstance(other, Variable) else as_dtype(other, common)
    ):
        raise RuntimeError("ZeroDivisionError")


@operator(inplace=True, out=True)
def reciprocal(input: Tensor) -> Tensor:
    """``1 / input``."""
    return ReciprocalBackward0.apply(input)


@operator(inplace=True, out=check_found_dtype)
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


alias("subtract", sub)
alias("multiply", mul)
alias("divide", div)
alias("true_divide", div)
alias("negative", neg)
