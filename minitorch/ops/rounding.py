"""Whole numbers near to others, signs, and what counts as infinite: element by element. All of these are flat, or straight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.ops.arguments import check_floating, check_found_dtype, same_dtype
from minitorch.ops.comparison import Logic
from minitorch.ops.elementary import check_not_bool
from minitorch.ops.operator import Flat, Parametric, Univariate, alias, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class CeilBackward0(Flat):
    kernel = "ceil"


class TruncBackward0(Flat):
    kernel = "trunc"


class RoundBackward0(Flat):
    kernel = "round"


class RoundBackward1(Flat):
    """To a number of decimals."""

    kernel = "round"


class SgnBackward0(Flat):
    kernel = "sign"


class FracBackward0(Univariate):
    kernel = "frac"

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (grad,)


class NanToNumBackward0(Parametric):
    kernel = "nan_to_num"
    floats = False

    def gradient(self, k: Table, grad: Any, a: Any, **params: Any) -> Any:
        return k.mul(grad, k.isfinite(a))


@operator(inplace=True, out=check_found_dtype)
def ceil(input: Tensor) -> Tensor:
    """Rounded up. Its gradient is 0."""
    check_not_bool("ceil_vml_cpu", input)
    return CeilBackward0.apply(input)


@operator(inplace=True, out=check_found_dtype)
def trunc(input: Tensor) -> Tensor:
    """Rounded towards 0. Its gradient is 0."""
    check_not_bool("trunc_vml_cpu", input)
    return TruncBackward0.apply(input)


alias("fix", trunc)


@operator(inplace=True, out=check_found_dtype)
def round(input: Tensor, *, decimals: int | None = None) -> Tensor:
    """The nearest whole number, of two the even one; or the nearest with that many decimals. Its gradient is 0.

    Args:
        input: any shape.
        decimals: how many, for floating point numbers; for -2, the result is a multiple of 100.
    """
    if decimals is None:
        check_not_bool("round_vml_cpu", input)
        return RoundBackward0.apply(input)
    check_floating("round_cpu" if decimals else "round_vml_cpu", input)
    return RoundBackward1.apply(input, decimals=decimals)


@operator(inplace=True, out=check_found_dtype)
def frac(input: Tensor) -> Tensor:
    """What is behind the point, with the sign of ``input``: ``input - trunc(input)``."""
    check_floating("frac_cpu", input)
    return FracBackward0.apply(input)


@operator(inplace=True, out=check_found_dtype)
def sgn(input: Tensor) -> Tensor:
    """-1, 0 or 1, as ``sign``."""
    return SgnBackward0.apply(input)


@operator(out=same_dtype("signbit does not support non-boolean outputs."))
def signbit(input: Tensor) -> Tensor:
    """Where ``input`` is negative, -0.0 included."""
    return Logic.apply(input, kernel="signbit")


@operator
def positive(input: Tensor) -> Tensor:
    """``input`` itself.

    Raises:
        NotImplementedError: the tensor is of dtype bool.
    """
    if input._array.dtype.kind == "b":
        raise NotImplementedError("The `+` operator, on a bool tensor is not supported.")
    return input


@operator(out=same_dtype("isposinf does not support non-boolean outputs."))
def isposinf(input: Tensor) -> Tensor:
    """Where ``input`` is infinity."""
    return Logic.apply(input, kernel="isposinf")


@operator(out=same_dtype("isneginf does not support non-boolean outputs."))
def isneginf(input: Tensor) -> Tensor:
    """Where ``input`` is minus infinity."""
    return Logic.apply(input, kernel="isneginf")


@operator
def isreal(input: Tensor) -> Tensor:
    """True everywhere: there are no complex numbers here."""
    return Logic.apply(input, kernel="isreal")


@operator(inplace=True, out=same_dtype("nan_to_num: dtype of out: {given} should be same as input: {wanted}"))
def nan_to_num(
    input: Tensor, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Tensor:
    """NaN and the infinities replaced; those that are not given by 0, and by the largest and the least number of the dtype."""
    return NanToNumBackward0.apply(input, nan=nan or 0.0, posinf=posinf, neginf=neginf)
