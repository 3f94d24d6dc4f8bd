"""Trigonometric and hyperbolic functions, and their inverses: element by element, for angles in radians."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.ops.arguments import check_floating, check_tensors
from minitorch.ops.operator import Binary, Univariate, UnivariateOfResult, alias, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class TanBackward0(UnivariateOfResult):
    kernel = "tan"

    def derivative(self, k: Table, result: Any) -> Any:
        return k.add(k.mul(result, result), 1)


class AsinBackward0(Univariate):
    kernel = "asin"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.rsqrt(k.sub(1, k.mul(a, a)))


class AcosBackward0(Univariate):
    kernel = "acos"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.neg(k.rsqrt(k.sub(1, k.mul(a, a))))


class AtanBackward0(Univariate):
    kernel = "atan"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.div(grad, k.add(k.mul(a, a), 1)),)


class SinhBackward0(Univariate):
    kernel = "sinh"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.cosh(a)


class CoshBackward0(Univariate):
    kernel = "cosh"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.sinh(a)


class AsinhBackward0(Univariate):
    kernel = "asinh"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.rsqrt(k.add(k.mul(a, a), 1))


class AcoshBackward0(Univariate):
    kernel = "acosh"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.rsqrt(k.sub(k.mul(a, a), 1))


class AtanhBackward0(Univariate):
    kernel = "atanh"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.div(grad, k.sub(1, k.mul(a, a))),)


class SincBackward0(Univariate):
    """(πa cos πa - sin πa) / (πa²), and 0 at 0."""

    kernel = "sinc"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        angle, square = k.mul(a, math.pi), k.mul(k.mul(a, a), math.pi)
        slope = k.div(k.sub(k.mul(angle, k.cos(angle)), k.sin(angle)), square)
        return (k.where(k.eq(square, 0), 0.0, k.mul(grad, slope)),)


class Deg2RadBackward0(Univariate):
    kernel = "deg2rad"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.mul(grad, math.pi / 180),)


class Rad2DegBackward0(Univariate):
    kernel = "rad2deg"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.mul(grad, 180 / math.pi),)


class Atan2Backward0(Binary):
    """d atan2(a, b) = (b da - a db) / (a² + b²), and 0 where that is a division by 0."""

    floats = True

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.atan2(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        square = k.add(k.mul(a, a), k.mul(b, b))
        scaled = k.mul(grad, k.where(k.eq(square, 0), 0.0, k.reciprocal(square)))
        return self.needs[0] and k.mul(scaled, b), self.needs[1] and k.mul(scaled, k.neg(a))


class HypotBackward0(Binary):
    """d hypot(a, b) = (a da + b db) / hypot(a, b)."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        result = k.hypot(a, b)
        self.save(a, b, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, b: Any, result: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.mul(grad, k.div(a, result)),
            self.needs[1] and k.mul(grad, k.div(b, result)),
        )


@operator(inplace=True, out=True)
def tan(input: Tensor) -> Tensor:
    """The tangent."""
    return TanBackward0.apply(input)


@operator(inplace=True, out=True)
def asin(input: Tensor) -> Tensor:
    """The angle between -π/2 and π/2 of that sine; NaN outside [-1, 1]."""
    return AsinBackward0.apply(input)


@operator(inplace=True, out=True)
def acos(input: Tensor) -> Tensor:
    """The angle between 0 and π of that cosine; NaN outside [-1, 1]."""
    return AcosBackward0.apply(input)


@operator(inplace=True, out=True)
def atan(input: Tensor) -> Tensor:
    """The angle between -π/2 and π/2 of that tangent."""
    return AtanBackward0.apply(input)


@operator(inplace=True, out=True)
def sinh(input: Tensor) -> Tensor:
    """The hyperbolic sine."""
    return SinhBackward0.apply(input)


@operator(inplace=True, out=True)
def cosh(input: Tensor) -> Tensor:
    """The hyperbolic cosine."""
    return CoshBackward0.apply(input)


@operator(inplace=True, out=True)
def asinh(input: Tensor) -> Tensor:
    """The inverse of ``sinh``."""
    return AsinhBackward0.apply(input)


@operator(inplace=True, out=True)
def acosh(input: Tensor) -> Tensor:
    """The inverse of ``cosh``, not negative; NaN below 1."""
    return AcoshBackward0.apply(input)


@operator(inplace=True, out=True)
def atanh(input: Tensor) -> Tensor:
    """The inverse of ``tanh``; NaN outside [-1, 1]."""
    return AtanhBackward0.apply(input)


@operator(inplace=True, out=True)
def sinc(input: Tensor) -> Tensor:
    """sin(π input) / (π input), and 1 at 0."""
    return SincBackward0.apply(input)


@operator(inplace=True, out=True)
def deg2rad(input: Tensor) -> Tensor:
    """Degrees in radians."""
    return Deg2RadBackward0.apply(input)


@operator(inplace=True, out=True)
def rad2deg(input: Tensor) -> Tensor:
    """Radians in degrees."""
    return Rad2DegBackward0.apply(input)


@operator(inplace=True, out=True)
def atan2(input: Tensor, other: Tensor) -> Tensor:
    """The angle, between -π and π, of the point whose height is ``input`` and whose other coordinate is ``other``."""
    check_tensors("atan2", input=input, other=other)
    return Atan2Backward0.apply(input, other)


@operator(inplace=True, out=True)
def hypot(input: Tensor, other: Tensor) -> Tensor:
    """sqrt(input² + other²), without overflow between.

    Raises:
        NotImplementedError: both are of integer dtypes.
    """
    check_tensors("hypot", input=input, other=other)
    check_floating("hypot_cpu", input, other)
    return HypotBackward0.apply(input, other)


for _name, _function in {
    "arcsin": asin, "arccos": acos, "arctan": atan, "arctan2": atan2, "arcsinh": asinh, "arccosh": acosh, "arctanh": atanh,
}.items():  # fmt: skip
    alias(_name, _function)
