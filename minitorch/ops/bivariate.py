"""Functions of two and three variables, element by element: mixtures, remainders, neighbours, and arithmetic of whole numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.variable import Variable
from minitorch.dtypes import FLOATING, INTEGRAL
from minitorch.ops.arguments import (
    check_any_tensor,
    check_floating,
    check_tensor_and_operand,
    check_tensors,
    cpp_name,
    invalid_combination,
    same_dtype,
)
from minitorch.ops.arithmetic import FloorDivide, check_integer_division, is_bool
from minitorch.ops.operator import Binary, Comparison, Elementwise, Number, operator
from minitorch.ops.promotion import result_dtype

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

# -- mixtures ---------------------------------------------------------------------------------------------------------


class LerpBackward0(Elementwise):
    """By a number."""

    graph_inputs = 2

    def forward(self, k: Table, a: Any, b: Any, weight: Any) -> Any:
        self.save(weight)
        return k.lerp(a, b, weight)

    def backward(self, k: Table, grad: Any, weight: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.mul(grad, 1 - weight), self.needs[1] and k.mul(grad, weight)


class LerpBackward1(Elementwise, saves={"b": "end"}):
    """By a tensor: d(a + w (b - a)) = (1 - w) da + w db + (b - a) dw."""

    def forward(self, k: Table, a: Any, b: Any, weight: Any) -> Any:
        self.save(a, b, weight)
        return k.lerp(a, b, weight)

    def backward(self, k: Table, grad: Any, a: Any, b: Any, weight: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.mul(grad, k.sub(1, weight)),
            self.needs[1] and k.mul(grad, weight),
            self.needs[2] and k.mul(grad, k.sub(b, a)),
        )


class AddcmulBackward0(Elementwise, saves={"b": "tensor1", "c": "tensor2"}):
    """d(a + v b c) = da + v c db + v b dc."""

    __slots__ = ("value",)

    def forward(self, k: Table, a: Any, b: Any, c: Any, value: Number) -> Any:
        self.value = value
        self.save(b, c)
        return k.addcmul(a, b, c, value)

    def backward(self, k: Table, grad: Any, b: Any, c: Any) -> tuple[Any, ...]:
        return (
            grad,
            self.needs[1] and k.mul(grad, k.mul(c, self.value)),
            self.needs[2] and k.mul(grad, k.mul(b, self.value)),
        )


class AddcdivBackward0(AddcmulBackward0, saves={"b": "tensor1", "c": "tensor2"}):
    """d(a + v b/c) = da + v/c db - v b/c² dc."""

    def forward(self, k: Table, a: Any, b: Any, c: Any, value: Number) -> Any:
        self.value = value
        self.save(b, c)
        return k.addcdiv(a, b, c, value)

    def backward(self, k: Table, grad: Any, b: Any, c: Any) -> tuple[Any, ...]:
        return (
            grad,
            self.needs[1] and k.mul(grad, k.div(self.value, c)),
            self.needs[2] and k.mul(k.neg(grad), k.div(k.mul(b, self.value), k.mul(c, c))),
        )


@operator(inplace=True, out=True)
def lerp(input: Tensor, end: Tensor, weight: Tensor | Number) -> Tensor:
    """``input + weight * (end - input)``.

    Args:
        input: any shape, floating point.
        end: of the same dtype, broadcast with ``input``.
        weight: a number, or a tensor of the same dtype.

    Raises:
        RuntimeError: the dtypes differ.
        NotImplementedError: the dtype is not floating point.
    """
    if not isinstance(end, Variable):
        raise invalid_combination("lerp", input, end, weight)
    for name, given in (("end", end), ("weight", weight)):
        if isinstance(given, Variable) and given.dtype is not input.dtype:
            expected, found = cpp_name(input), cpp_name(given)
            raise RuntimeError(f"expected dtype {expected} for `{name}` but got dtype {found}")
    if isinstance(weight, Variable):
        check_floating("lerp_kernel_tensor", input)
        return LerpBackward1.apply(input, end, weight)
    check_floating("lerp_kernel_scalar", input)
    return LerpBackward0.apply(input, end, weight)


@operator(inplace=True, out=True)
def addcmul(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """``input + value * tensor1 * tensor2``, broadcast and promoted."""
    check_tensors("addcmul", input=input, tensor1=tensor1, tensor2=tensor2)
    if is_bool(input) and is_bool(tensor1) and is_bool(tensor2):
        raise NotImplementedError("\"addcmul_cpu_out\" not implemented for 'Bool'")
    if result_dtype([input._array, tensor1._array, tensor2._array]).category < FLOATING:
        value = int(value)
    return AddcmulBackward0.apply(input, tensor1, tensor2, value=value)


@operator(inplace=True, out=True)
def addcdiv(input: Tensor, tensor1: Tensor, tensor2: Tensor, *, value: Number = 1) -> Tensor:
    """``input + value * tensor1 / tensor2``, broadcast and promoted.

    Raises:
        RuntimeError: neither ``tensor1`` nor ``tensor2`` is floating point.
    """
    check_tensors("addcdiv", input=input, tensor1=tensor1, tensor2=tensor2)
    if tensor1._array.dtype.kind != "f" and tensor2._array.dtype.kind != "f":
        raise RuntimeError(
            "Integer division with addcdiv is no longer supported, and in a future  release addcdiv will perform a true division "
            "of tensor1 and tensor2. The historic addcdiv behavior can be implemented as (input + value * torch.trunc(tensor1 / "
            "tensor2)).to(input.dtype) for integer inputs and as (input + value * tensor1 / tensor2) for float inputs. The "
            "future addcdiv behavior is just the latter implementation: (input + value * tensor1 / tensor2), for all dtypes."
        )
    return AddcdivBackward0.apply(input, tensor1, tensor2, value=value)


# -- remainders and neighbours ----------------------------------------------------------------------------------------


class FmodBackward0(Elementwise):
    """By a number."""

    graph_inputs = 1

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        return k.fmod(a, number)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (grad,)


class FmodBackward1(Binary):
    """a - b trunc(a/b)."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a if self.needs[1] else None, b if self.needs[1] else None)
        return k.fmod(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return grad, self.needs[1] and k.mul(k.neg(grad), k.div_rounded(a, b, rounding_mode="trunc"))


class CopysignBackward0(Binary):
    """The sign that the first operand got, relative to its own; 0 where it is 0."""

    floats = True

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        result = k.copysign(a, b)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        ratio = self.needs[0] and k.where(k.eq(a, 0), 0.0, k.div(result, a))
        return self.needs[0] and k.mul(grad, ratio), self.needs[1] and k.zeros(grad.shape, grad)


class CopysignBackward1(CopysignBackward0):
    """By a number."""

    graph_inputs = 1

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        return (k.mul(grad, k.where(k.eq(a, 0), 0.0, k.div(result, a))),)


class NextafterBackward0(Binary):
    """Straight in the first operand, unless the two are equal."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.nextafter(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.where(k.ne(a, b), grad, 0.0), self.needs[1] and k.zeros(grad.shape, grad)


class Heaviside(FloorDivide):
    """Recorded, but without a formula: torch has none."""

    operator = "heaviside"

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        return k.heaviside(a, b)


@operator(inplace=True, out=True)
def fmod(input: Tensor, other: Tensor | Number) -> Tensor:
    """What is left of ``input`` after whole multiples of ``other``, with the sign of ``input``."""
    check_tensor_and_operand("fmod", input, other)
    check_integer_division("fmod", input, other)
    return (FmodBackward1 if isinstance(other, Variable) else FmodBackward0).apply(input, other)


@operator(inplace=True, out=True)
def copysign(input: Tensor, other: Tensor | Number) -> Tensor:
    """The magnitude of ``input`` with the sign of ``other``, which -0.0 has too."""
    check_tensor_and_operand("copysign", input, other)
    return (CopysignBackward0 if isinstance(other, Variable) else CopysignBackward1).apply(input, other)


@operator(inplace=True, out=True)
def nextafter(input: Tensor, other: Tensor) -> Tensor:
    """The number of the dtype that is next to ``input``, towards ``other``.

    Raises:
        NotImplementedError: both are of integer dtypes.
    """
    check_tensors("nextafter", input=input, other=other)
    check_floating("nextafter_cpu", input, other)
    return NextafterBackward0.apply(input, other)


@operator(inplace=True, out=same_dtype("heaviside is not yet implemented for tensors with different dtypes."))
def heaviside(input: Tensor, values: Tensor) -> Tensor:
    """0 where ``input`` is negative, ``values`` where it is 0, else 1. It has no gradient.

    Raises:
        RuntimeError: the dtypes differ.
    """
    check_tensors("heaviside", input=input, values=values)
    if input.dtype is not values.dtype:
        raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
    return Heaviside.apply(input, values)


# -- whole numbers ----------------------------------------------------------------------------------------------------


class OfIntegers(Comparison):
    """Two integers, in their common dtype."""

    def forward(self, k: Table, a: Any, b: Any, kernel: str) -> Any:
        return getattr(k, kernel)(a, b)


def _of_integers(kernel: str, name: str, a: Any, b: Any) -> Tensor:
    common = result_dtype([x._array if isinstance(x, Variable) else x for x in (a, b)])
    if common.category != INTEGRAL:
        raise NotImplementedError(f"\"{name}\" not implemented for '{common.scalar_type}'")
    return OfIntegers.apply(a, b, kernel=kernel)


@operator(inplace=True, out=True)
def gcd(input: Tensor, other: Tensor) -> Tensor:
    """The greatest common divisor; not negative."""
    check_tensors("gcd", input=input, other=other)
    return _of_integers("gcd", "gcd_cpu", input, other)


@operator(inplace=True, out=True)
def lcm(input: Tensor, other: Tensor) -> Tensor:
    """The least common multiple; not negative."""
    check_tensors("lcm", input=input, other=other)
    return _of_integers("lcm", "lcm_cpu", input, other)


@operator(inplace=True, out=True)
def bitwise_left_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """``input << other``: 0 where ``other`` is negative, or all bits are shifted out."""
    check_any_tensor("bitwise_left_shift", input, other)
    return _of_integers("bitwise_left_shift", "lshift_cpu", input, other)


@operator(inplace=True, out=True)
def bitwise_right_shift(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """``input >> other``, rounding down; 0 or -1 where all bits are shifted out."""
    check_any_tensor("bitwise_right_shift", input, other)
    return _of_integers("bitwise_right_shift", "rshift_cpu", input, other)
