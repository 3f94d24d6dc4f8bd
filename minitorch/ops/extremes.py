"""Extremes of two tensors, and bounds: element by element."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import check_found_dtype, check_tensor_and_operand, check_tensors, invalid_combination
from minitorch.ops.arithmetic import is_bool
from minitorch.ops.operator import Binary, Elementwise, Number, alias, functions, operator, with_out
from minitorch.ops.promotion import check_fits, result_dtype

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


def shares(k: Table, grad: Any, needs: Sequence[bool], a_loses: Any, b_loses: Any, tie: Any) -> tuple[Any, ...]:
    """The gradients of two, of which the one or the other was the result; NaN neither wins nor loses."""
    shared = k.where(tie, k.div(grad, 2), grad)
    return needs[0] and k.where(a_loses, 0.0, shared), needs[1] and k.where(b_loses, 0.0, shared)


class MaximumBackward0(Binary):
    """The gradient goes to the larger one, half to each where they are equal; all of it to both where one is NaN."""

    kernel = "maximum"

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return getattr(k, self.kernel)(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return shares(k, grad, self.needs, k.lt(a, b), k.gt(a, b), k.eq(a, b))


class MinimumBackward0(MaximumBackward0):
    """The gradient goes to the smaller one, half to each where they are equal."""

    kernel = "minimum"

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return shares(k, grad, self.needs, k.gt(a, b), k.lt(a, b), k.eq(a, b))


class FmaxBackward0(MaximumBackward0):
    kernel = "fmax"


class FminBackward0(MinimumBackward0):
    kernel = "fmin"


class ClampMinBackward1(MaximumBackward0, saves={"b": "min"}):
    """By a tensor."""

    backward = MaximumBackward0.backward  # written out for the names of what it takes


class ClampMaxBackward1(MinimumBackward0, saves={"b": "max"}):
    """By a tensor."""

    backward = MinimumBackward0.backward


class Clamp(Elementwise):
    """Brings its first input between two bounds, either of which may be ``None``."""

    @classmethod
    def mixed(cls, arrays: list[Any]) -> list[Any]:
        given = iter(super().mixed([x for x in arrays if x is not None]))
        return [None if x is None else next(given) for x in arrays]

    def forward(self, k: Table, a: Any, low: Any, high: Any) -> Any:
        self.save(a, low, high)
        return k.clamp(a, low, high)


class ClampBackward0(Clamp, saves={"high": "max", "low": "min"}):
    """Between tensors: the gradient goes to what was chosen.

    The tensor shares it evenly with a bound that it is equal to, unless the bounds are equal too: then it has all of it.
    Where the bounds cross, the upper one is the result.
    """

    def backward(self, k: Table, grad: Any, a: Any, low: Any, high: Any) -> tuple[Any, ...]:
        if high is None:
            return *shares(k, grad, self.needs[:2], k.lt(a, low), k.gt(a, low), k.eq(a, low)), None
        if low is None:
            by_a, by_high = shares(k, grad, self.needs[::2], k.gt(a, high), k.lt(a, high), k.eq(a, high))
            return by_a, None, by_high
        at_low, at_high = (k.logical_and(k.lt(low, high), k.eq(a, bound)) for bound in (low, high))
        below, above = (k.logical_and(k.le(low, high), outside) for outside in (k.lt(a, low), k.gt(a, high)))
        shared = k.where(k.logical_or(at_low, at_high), k.div(grad, 2), grad)
        return (
            self.needs[0] and k.where(k.logical_or(k.lt(a, low), k.gt(a, high)), 0.0, shared),
            self.needs[1] and k.where(k.logical_or(below, at_low), shared, 0.0),
            self.needs[2] and k.where(k.logical_or(k.logical_or(above, k.lt(high, low)), at_high), shared, 0.0),
        )


class ClampBackward1(Clamp, saves={"high": "max", "low": "min"}):
    """Between numbers: the derivative is 1 between the bounds, and 0 outside, at the bounds themselves and at NaN."""

    graph_inputs = 1

    def backward(self, k: Table, grad: Any, a: Any, low: Any, high: Any) -> tuple[Any, ...]:
        inside = k.logical_and(
            k.eq(a, a) if low is None else k.gt(a, low),
            k.eq(a, a) if high is None else k.lt(a, high),
        )
        return (k.where(inside, grad, 0.0),)


class ClampMinBackward0(ClampBackward1):
    """From below, by a number."""


class ClampMaxBackward0(ClampBackward1):
    """From above, by a number."""


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


@operator(out=True)
def fmax(input: Tensor, other: Tensor) -> Tensor:
    """The larger of each two; the other one if one is NaN."""
    check_tensors("fmax", input=input, other=other)
    return FmaxBackward0.apply(input, other)


@operator(out=True)
def fmin(input: Tensor, other: Tensor) -> Tensor:
    """The smaller of each two; the other one if one is NaN."""
    check_tensors("fmin", input=input, other=other)
    return FminBackward0.apply(input, other)


@operator(inplace=True, out=True)
def clamp(input: Tensor, min: Tensor | Number | None = None, max: Tensor | Number | None = None) -> Tensor:
    """``min`` where ``input`` is below it, ``max`` where it is above; ``max`` where the two cross.

    Args:
        input: any shape.
        min: a number, a tensor that broadcasts with ``input``, or ``None`` for no bound.
        max: likewise; not a number if ``min`` is a tensor, nor the other way round.

    Raises:
        RuntimeError: there is neither bound, or it does not fit the dtype.
    """
    bounds = [bound for bound in (min, max) if bound is not None]
    if not bounds:
        raise RuntimeError("torch.clamp: At least one of 'min' or 'max' must not be None")
    if all(isinstance(bound, Variable) for bound in bounds):
        _check_not_bool("clamp_cpu", input, *bounds)
        return ClampBackward0.apply(input, min, max)
    if not all(isinstance(bound, Number) for bound in bounds):
        raise invalid_combination("clamp", input, *bounds)
    _check_numbers("clamp_scalar_cpu", input, *bounds)
    return ClampBackward1.apply(input, min, max)


alias("clip", clamp)


@operator(inplace=True, out=True)
def clamp_min(input: Tensor, min: Tensor | Number) -> Tensor:
    """``min`` where ``input`` is below it; ties with a tensor share the gradient evenly."""
    check_tensor_and_operand("clamp_min", input, min)
    if isinstance(min, Variable):
        return ClampMinBackward1.apply(input, min)
    _check_numbers("clamp_min_scalar_cpu", input, min)
    return ClampMinBackward0.apply(input, min, None)


@operator(inplace=True, out=True)
def clamp_max(input: Tensor, max: Tensor | Number) -> Tensor:
    """``max`` where ``input`` is above it; ties with a tensor share the gradient evenly."""
    check_tensor_and_operand("clamp_max", input, max)
    if isinstance(max, Variable):
        return ClampMaxBackward1.apply(input, max)
    _check_numbers("clamp_max_scalar_cpu", input, max)
    return ClampMaxBackward0.apply(input, None, max)


def _strict_for_numbers(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """The form with ``out=``, which with numbers for bounds has to be of the result's dtype, and with tensors need not be."""
    for_tensors, for_numbers = with_out(function), with_out(function, check_found_dtype)

    @functools.wraps(function)
    def write_out(input: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        bounds = (*args, *(kwargs.get(name) for name in ("min", "max")))
        return (for_tensors if any(isinstance(each, Variable) for each in bounds) else for_numbers)(
            input, *args, **kwargs
        )

    return write_out


for _function in (clamp, clamp_min, clamp_max):
    functions[_function.__name__] = _strict_for_numbers(_function)
functions["clip"] = functions["clamp"]


def _check_numbers(kernel: str, input: Tensor, *bounds: Any) -> None:
    if input._array.dtype.kind != "f":
        for bound in bounds:
            check_fits(bound, result_dtype([input._array, *bounds]))
        _check_not_bool(kernel, input, *bounds)


def _check_not_bool(kernel: str, *operands: Any) -> None:
    if all(map(is_bool, operands)):
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")
