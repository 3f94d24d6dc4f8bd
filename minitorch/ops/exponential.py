"""Exponentials and logarithms to other bases than e, and what is made of them: element by element."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch import dtypes, return_types
from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import check_any_tensor, check_floating, check_tensors, cpp_name, same_dtype
from minitorch.ops.conversion import cast
from minitorch.ops.elementary import pow
from minitorch.ops.operator import Binary, Elementwise, Number, Univariate, UnivariateOfResult, methods, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

LN_2, LN_10 = math.log(2), math.log(10)


class RsqrtBackward0(UnivariateOfResult):
    kernel = "rsqrt"

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.mul(k.mul(grad, -0.5), k.pow(result, 3)),)


class Exp2Backward0(UnivariateOfResult):
    kernel = "exp2"

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.mul(k.mul(grad, result), LN_2),)


class Expm1Backward0(UnivariateOfResult):
    kernel = "expm1"

    def derivative(self, k: Table, result: Any) -> Any:
        return k.add(result, 1)


class Log2Backward0(Univariate):
    kernel = "log2"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.div(grad, k.mul(a, LN_2)),)


class Log10Backward0(Univariate):
    kernel = "log10"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.div(grad, k.mul(a, LN_10)),)


class LogaddexpBackward0(Binary):
    """The shares are those of softmax."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.logaddexp(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.div(grad, k.add(k.exp(k.sub(b, a)), 1)),
            self.needs[1] and k.div(grad, k.add(k.exp(k.sub(a, b)), 1)),
        )


class Logaddexp2Backward0(Binary):
    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.logaddexp2(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.div(grad, k.add(k.exp2(k.sub(b, a)), 1)),
            self.needs[1] and k.div(grad, k.add(k.exp2(k.sub(a, b)), 1)),
        )


class LdexpBackward0(Binary):
    """d(a 2^b) = 2^b da + a 2^b log 2 db."""

    floats = True

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        result = k.mul(a, k.exp2(b))
        self.save(b, result)
        return result

    def backward(self, k: Table, grad: Any, b: Any, result: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.mul(grad, k.exp2(b)), self.needs[1] and k.mul(k.mul(grad, result), LN_2)


class XlogyBackward0(Binary):
    """d(a log b) = log b da + a/b db, where 0 log 0 is flat in a."""

    floats = True

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.xlogy(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        flat = self.needs[0] and k.logical_and(k.eq(a, 0), k.le(b, 0))
        return (
            self.needs[0] and k.where(flat, 0.0, k.xlogy(grad, b)),
            self.needs[1] and k.div(k.mul(grad, a), b),
        )


class XlogyBackward1(Elementwise):
    """For a number a."""

    __slots__ = ("number",)
    graph_inputs = 1
    floats = True

    def forward(self, k: Table, b: Any, number: Any) -> Any:
        self.number = number
        self.save(b)
        return k.xlogy(number, b)

    def backward(self, k: Table, grad: Any, b: Any) -> tuple[Any, ...]:
        return (k.div(k.mul(grad, self.number), b),)


class XlogyBackward2(XlogyBackward1):
    """For a number b."""

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        self.number = number
        self.save(a)
        return k.xlogy(a, number)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        result = k.xlogy(grad, self.number)
        return (result if self.number > 0 else k.where(k.eq(a, 0), 0.0, result),)


@operator(inplace=True, out=True)
def rsqrt(input: Tensor) -> Tensor:
    """1 / sqrt(input); infinite at 0, NaN below."""
    return RsqrtBackward0.apply(input)


@operator(inplace=True, out=True)
def exp2(input: Tensor) -> Tensor:
    """2 to the power of ``input``."""
    return Exp2Backward0.apply(input)


@operator(inplace=True, out=True)
def expm1(input: Tensor) -> Tensor:
    """exp(input) - 1, exact for small ``input``."""
    return Expm1Backward0.apply(input)


@operator(inplace=True, out=True)
def log2(input: Tensor) -> Tensor:
    """The logarithm to base 2; -inf at 0, NaN below."""
    return Log2Backward0.apply(input)


@operator(inplace=True, out=True)
def log10(input: Tensor) -> Tensor:
    """The logarithm to base 10; -inf at 0, NaN below."""
    return Log10Backward0.apply(input)


@operator(out=True)
def logaddexp(input: Tensor, other: Tensor) -> Tensor:
    """log(exp(input) + exp(other)), without overflow.

    Raises:
        NotImplementedError: both are of integer dtypes.
    """
    check_tensors("logaddexp", input=input, other=other)
    check_floating("logaddexp_cpu", input, other)
    return LogaddexpBackward0.apply(input, other)


@operator(out=True)
def logaddexp2(input: Tensor, other: Tensor) -> Tensor:
    """log2(2**input + 2**other), without overflow.

    Raises:
        NotImplementedError: both are of integer dtypes.
    """
    check_tensors("logaddexp2", input=input, other=other)
    check_floating("logaddexp2_cpu", input, other)
    return Logaddexp2Backward0.apply(input, other)


@operator(inplace=True, out=True)
def xlogy(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """``input * log(other)``, which is 0 where ``input`` is, unless ``other`` is NaN; one of the two may be a number."""
    check_any_tensor("xlogy", input, other)
    if not isinstance(input, Variable):
        return XlogyBackward1.apply(other, input)
    return (XlogyBackward0 if isinstance(other, Variable) else XlogyBackward2).apply(input, other)


@operator(
    out=same_dtype(
        "the output given to float_power has dtype {given} but the operation's result requires dtype {wanted}"
    )
)
def float_power(input: Tensor | Number, exponent: Tensor | Number) -> Tensor:
    """``input ** exponent``, computed in float64; one of the two may be a number."""
    check_any_tensor("float_power", input, exponent)
    wide = [cast(x, dtypes.float64.numpy) if isinstance(x, Variable) else float(x) for x in (input, exponent)]
    return pow(*wide)


def _float_power_(input: Tensor, exponent: Tensor | Number) -> Tensor:
    """In-place version of ``float_power()``: for tensors of float64."""
    if input.dtype is not dtypes.float64:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {input.dtype.scalar_type} but the operation's result requires dtype Double"
        )
    return methods["pow_"](input, exponent)


methods["float_power_"] = _float_power_


class FrexpBackward0(Function):
    """The mantissa is the number over a power of two, which is flat."""

    __slots__ = ("dtype",)

    def forward(self, k: Table, a: Any) -> Any:
        self.dtype = a.dtype
        mantissa, exponent = k.frexp(a)
        self.save(exponent)
        return mantissa, exponent

    def backward(self, k: Table, grad: Any, _: Any, exponent: Any) -> tuple[Any, ...]:
        return (k.div(grad, k.exp2(k.cast(exponent, self.dtype))),)


def _check_parts(part: Tensor, out: Tensor) -> None:
    if part._array.dtype != out._array.dtype:
        name = "exponent" if part._array.dtype.kind == "i" else "mantissa"
        raise RuntimeError(f"torch.frexp() expects {name} to have dtype {cpp_name(part)} but got {cpp_name(out)}")


@operator(out=_check_parts)
def frexp(input: Tensor) -> Any:
    """``(mantissa, exponent)``, where ``input = mantissa * 2**exponent`` and the mantissa is in [0.5, 1), or 0.

    Of infinities and NaN the mantissa is the number itself.

    Raises:
        RuntimeError: the dtype is not floating point.
    """
    check_tensors("frexp", input=input)
    if input._array.dtype.kind != "f":
        raise RuntimeError("torch.frexp() only supports floating-point dtypes")
    return return_types.frexp(FrexpBackward0.apply(input))


@operator(inplace=True, out=True)
def ldexp(input: Tensor, other: Tensor) -> Tensor:
    """``input * 2**other``."""
    check_tensors("ldexp", input=input, other=other)
    return LdexpBackward0.apply(input, other)
