"""How far tensors are from each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.dtypes import float64
from minitorch.ops.arguments import check_tensors, dtype_name
from minitorch.ops.arithmetic import check_subtraction
from minitorch.ops.operator import Comparison, Elementwise, Number, operator
from minitorch.ops.reduction import LinalgVectorNormBackward0

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Close(Comparison):
    """|a - b| <= atol + rtol |b|, or a = b, which infinities may be."""

    def forward(self, k: Table, a: Any, b: Any, rtol: float, atol: float, equal_nan: bool) -> Any:
        equal = k.eq(a, b)
        if equal_nan and a.dtype.kind == "f":
            equal = k.logical_or(equal, k.logical_and(k.isnan(a), k.isnan(b)))
        if rtol == 0 and atol == 0:
            return equal
        if a.dtype.kind != "f":
            a, b = (k.cast(x, float64.numpy) for x in (a, b))
        distance = k.abs(k.sub(a, b))
        near = k.le(distance, k.add(k.abs(k.mul(b, rtol)), atol))
        return k.logical_or(equal, k.logical_and(near, k.isfinite(distance)))


class DistBackward0(LinalgVectorNormBackward0, Elementwise):
    """The norm of the difference."""

    def forward(self, k: Table, a: Any, b: Any, p: float) -> Any:
        difference = k.sub(a, b)
        result = super().forward(k, difference, p, None, False, difference.dtype)
        self.save(a, b, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, b: Any, result: Any) -> tuple[Any, ...]:
        (by_difference,) = super().backward(k, grad, k.sub(a, b), result)
        return self.needs[0] and by_difference, self.needs[1] and k.neg(by_difference)


@operator
def isclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Where ``|input - other| <= atol + rtol * |other|``.

    Args:
        input: any shape.
        other: of the same dtype, broadcast with ``input``.
        rtol: how far they may be from each other, relative to ``other``.
        atol: how far beside that.
        equal_nan: NaN is close to NaN.

    Raises:
        RuntimeError: the dtypes differ, or a tolerance is negative.
    """
    check_tensors("isclose", input=input, other=other)
    if input.dtype is not other.dtype:
        raise RuntimeError(f"{dtype_name(input)} did not match {dtype_name(other)}")
    for name, given in (("rtol", rtol), ("atol", atol)):
        if not given >= 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {given:g}")
    return Close.apply(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


@operator
def allclose(input: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Whether ``isclose`` holds everywhere."""
    check_tensors("allclose", input=input, other=other)
    return bool(isclose(input, other, rtol, atol, equal_nan)._array.all())


@operator
def dist(input: Tensor, other: Tensor, p: Number = 2) -> Tensor:
    """The p-norm of ``input - other``, of all elements.

    Raises:
        RuntimeError: both are of integer dtypes.
    """
    check_tensors("dist", input=input, other=other)
    check_subtraction(input, other)
    if input._array.dtype.kind != "f" and other._array.dtype.kind != "f":
        found = dtype_name(input - other)
        raise RuntimeError(f"norm(): input dtype should be either floating point or complex. Got {found} instead.")
    return DistBackward0.apply(input, other, p=float(p))
