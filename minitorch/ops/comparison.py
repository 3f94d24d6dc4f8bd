"""Comparisons, logic, and choosing between two tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import beside
from minitorch.autograd.variable import Variable
from minitorch.dtypes import FLOATING
from minitorch.kernels import tables
from minitorch.ops.arguments import check_any_tensor, check_found_dtype, check_tensors, invalid_combination, same_dtype
from minitorch.ops.gathering import nonzero
from minitorch.ops.operator import Comparison, Elementwise, Number, alias, in_place, methods, operator
from minitorch.ops.promotion import array_of, as_dtype, check_fits, result_dtype
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Compare(Comparison):
    """Two operands, compared in their common dtype; the result is bool."""

    def forward(self, k: Table, a: Any, b: Any, kernel: str) -> Any:
        return getattr(k, kernel)(a, b)


def _compare(kernel: str, input: Tensor, other: Tensor | Number) -> Tensor:
    if not isinstance(input, Variable):
        raise invalid_combination(kernel, input, other)
    return Compare.apply(input, other, kernel=kernel)


class Outcome(Elementwise):
    """A comparison in place, as ones and zeros of the first operand's dtype: flat in both operands."""

    def forward(self, k: Table, a: Any, b: Any, kernel: str, dtype: np.dtype) -> Any:
        return k.cast(getattr(k, kernel)(a, b), dtype)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.zeros(grad.shape, grad),) * len(self.needs)


def _compare_in_place(kernel: str) -> None:
    """Declares the form that writes a comparison over its first operand."""
    of_number: type[Outcome] = type(f"{kernel.title()}Backward0", (Outcome,), {"graph_inputs": 1})
    of_tensor: type[Outcome] = type(f"{kernel.title()}Backward1", (Outcome,), {})

    def compare(input: Tensor, other: Tensor | Number) -> Tensor:
        if not isinstance(other, Variable | Number | np.number | np.bool_):
            raise invalid_combination(f"{kernel}_", other)
        node = of_tensor if isinstance(other, Variable) else of_number
        return node.apply(input, other, kernel=kernel, dtype=input._array.dtype)

    compare.__name__ = compare.__qualname__ = kernel
    methods[f"{kernel}_"] = in_place(compare)


class Logic(Comparison):
    """Operands count as false where they are 0; the result is bool."""

    @classmethod
    def mixed(cls, arrays: list[Any]) -> list[Any]:
        if len({type(each) for each in arrays}) > 1:  # those of one table only, for kernels to take together
            return [tables[type(each)].cast(each, np.dtype(np.bool_)) for each in arrays]
        return arrays

    def forward(self, k: Table, *operands: Any, kernel: str) -> Any:
        return getattr(k, kernel)(*operands)


@operator(out=True)
def eq(input: Tensor, other: Tensor | Number) -> Tensor:
    """Where the two are equal."""
    return _compare("eq", input, other)


@operator(out=True)
def ne(input: Tensor, other: Tensor | Number) -> Tensor:
    """Where the two differ."""
    return _compare("ne", input, other)


@operator(out=True)
def lt(input: Tensor, other: Tensor | Number) -> Tensor:
    """Where ``input < other``."""
    return _compare("lt", input, other)


@operator(out=True)
def le(input: Tensor, other: Tensor | Number) -> Tensor:
    """Where ``input <= other``."""
    return _compare("le", input, other)


@operator(out=True)
def gt(input: Tensor, other: Tensor | Number) -> Tensor:
    """Where ``input > other``."""
    return _compare("gt", input, other)


@operator(out=True)
def ge(input: Tensor, other: Tensor | Number) -> Tensor:
    """Where ``input >= other``."""
    return _compare("ge", input, other)


for _name in ("eq", "ne", "lt", "le", "gt", "ge"):
    _compare_in_place(_name)

for _name, _function in {
    "not_equal": ne, "less": lt, "less_equal": le, "greater": gt, "greater_equal": ge,
}.items():  # fmt: skip
    alias(_name, _function)


@operator(inplace=True, out=True)
def logical_and(input: Tensor, other: Tensor) -> Tensor:
    """Where both are non-zero."""
    check_tensors("logical_and", input=input, other=other)
    return Logic.apply(input, other, kernel="logical_and")


@operator(inplace=True, out=True)
def logical_or(input: Tensor, other: Tensor) -> Tensor:
    """Where at least one is non-zero."""
    check_tensors("logical_or", input=input, other=other)
    return Logic.apply(input, other, kernel="logical_or")


@operator(inplace=True, out=True)
def logical_xor(input: Tensor, other: Tensor) -> Tensor:
    """Where exactly one is non-zero."""
    check_tensors("logical_xor", input=input, other=other)
    return Logic.apply(input, other, kernel="logical_xor")


@operator(inplace=True, out=True)
def logical_not(input: Tensor) -> Tensor:
    """Where ``input`` is 0."""
    return Logic.apply(input, kernel="logical_not")


@operator
def isnan(input: Tensor) -> Tensor:
    """Where ``input`` is NaN."""
    return Logic.apply(input, kernel="isnan")


@operator
def isinf(input: Tensor) -> Tensor:
    """Where ``input`` is infinite, of either sign."""
    return Logic.apply(input, kernel="isinf")


@operator
def isfinite(input: Tensor) -> Tensor:
    """Where ``input`` is neither infinite nor NaN."""
    return Logic.apply(input, kernel="isfinite")


class Bitwise(Comparison):
    """Operands in their common dtype, bit by bit; bools are one bit."""

    def forward(self, k: Table, *operands: Any, kernel: str) -> Any:
        for each in operands:
            if isinstance(each, float) or (type(each) in tables and each.dtype.kind == "f"):
                found = result_dtype(list(operands)).scalar_type
                raise NotImplementedError(f"\"{kernel}_cpu\" not implemented for '{found}'")
        return getattr(k, kernel)(*operands)


@operator(inplace=True, out=True)
def bitwise_and(input: Tensor, other: Tensor | Number) -> Tensor:
    """``input & other``.

    Raises:
        NotImplementedError: floating point numbers.
    """
    check_any_tensor("bitwise_and", input, other)
    return Bitwise.apply(input, other, kernel="bitwise_and")


@operator(inplace=True, out=True)
def bitwise_or(input: Tensor, other: Tensor | Number) -> Tensor:
    """``input | other``.

    Raises:
        NotImplementedError: floating point numbers.
    """
    check_any_tensor("bitwise_or", input, other)
    return Bitwise.apply(input, other, kernel="bitwise_or")


@operator(inplace=True, out=True)
def bitwise_xor(input: Tensor, other: Tensor | Number) -> Tensor:
    """``input ^ other``.

    Raises:
        NotImplementedError: floating point numbers.
    """
    check_any_tensor("bitwise_xor", input, other)
    return Bitwise.apply(input, other, kernel="bitwise_xor")


@operator(inplace=True, out=check_found_dtype)
def bitwise_not(input: Tensor) -> Tensor:
    """``~input``.

    Raises:
        NotImplementedError: floating point numbers.
    """
    return Bitwise.apply(input, kernel="bitwise_not")


def equal(input: Tensor, other: Tensor) -> bool:
    """Whether both have the same shape and the same elements.

    Raises:
        TypeError: ``other`` is not a tensor.
    """
    if not isinstance(other, Variable):
        raise TypeError(f"equal(): argument 'other' (position 2) must be Tensor, not {type(other).__name__}")
    return input.shape == other.shape and bool(eq(input, other)._array.all())


operator(equal)


class WhereBackward0(Elementwise):
    """The gradient goes to the one that was chosen."""

    graph_inputs = 2

    @classmethod
    def mixed(cls, arrays: list[Any]) -> list[Any]:
        a, b, condition = arrays
        if not (type(a) in tables and type(b) in tables and a.dtype is b.dtype):
            common = result_dtype([a, b])
            for each in (a, b):
                if type(each) not in tables and common.category != FLOATING:  # to these, the number is cast
                    check_fits(each, common)
            a, b = (as_dtype(each, common) for each in (a, b))
        return [a, b, condition]

    @classmethod
    def explain(cls, inputs: tuple[Any, ...]) -> None:
        a, b, condition = inputs
        super().explain((condition, a, b))

    def forward(self, k: Table, a: Any, b: Any, condition: Any) -> Any:
        self.save(condition)
        return k.where(condition, a, b)

    def backward(self, k: Table, grad: Any, condition: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.where(condition, grad, 0.0), self.needs[1] and k.where(condition, 0.0, grad)


@operator(method=False, out=same_dtype("Expected out type to be {wanted} but got {given}"))
def where(condition: Tensor, input: Tensor | Number | None = None, other: Tensor | Number | None = None) -> Any:
    """``input`` where the condition holds, else ``other``; all three are broadcast. Alone, ``nonzero(as_tuple=True)``.

    Raises:
        RuntimeError: the condition is not of dtype bool, or the shapes do not broadcast.
    """
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise invalid_combination("where", condition, other if input is None else input)
    kind = condition._array.dtype
    if kind == np.uint8:
        warn(
            "where received a uint8 condition tensor. This behavior is deprecated and will be removed in a future version of "
            "PyTorch. Use a boolean condition instead.",
            UserWarning,
        )
        condition = Variable._of(tables[type(condition._array)].cast(condition._array, np.dtype(bool)))
    elif kind.kind != "b":
        raise RuntimeError(
            f"where expected condition to be a boolean tensor, but got a tensor with dtype {condition.dtype.scalar_type}"
        )
    if not isinstance(input, Variable) and not isinstance(other, Variable):
        input = beside(array_of(input, result_dtype([input, other]).numpy), condition)
    return WhereBackward0.apply(input, other, condition)


def _where(input: Tensor, condition: Tensor, other: Tensor | Number) -> Tensor:
    """The tensor where the condition holds, else ``other``."""
    return where(condition, input, other)


methods["where"] = _where
