"""What stands behind arithmetic signs: ``x + y``, ``2 ** x``, ``x @ y``, ``x *= y``, ``x == y``.

Other operands than tensors and numbers are left to their own classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import new_tensor
from minitorch.autograd.variable import Variable
from minitorch.dtypes import from_numpy_dtype
from minitorch.kernels.cpu.creation import view_dtype
from minitorch.ops import arithmetic, bivariate, comparison, elementary, matmul
from minitorch.ops.operator import methods

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

OPERANDS = (Variable, int, float, np.number, np.bool_)

SIGNS = {
    "__add__": arithmetic.add, "__radd__": arithmetic.add, "__iadd__": methods["add_"],
    "__sub__": arithmetic.sub, "__rsub__": arithmetic.rsub, "__isub__": methods["sub_"],
    "__mul__": arithmetic.mul, "__rmul__": arithmetic.mul, "__imul__": methods["mul_"],
    "__truediv__": arithmetic.div, "__itruediv__": methods["div_"],
    "__floordiv__": arithmetic.floor_divide, "__ifloordiv__": methods["floor_divide_"],
    "__mod__": arithmetic.remainder, "__imod__": methods["remainder_"],
    "__pow__": elementary.pow, "__ipow__": methods["pow_"],
    "__ne__": comparison.ne, "__lt__": comparison.lt, "__le__": comparison.le, "__gt__": comparison.gt, "__ge__": comparison.ge,
    "__and__": comparison.bitwise_and, "__rand__": comparison.bitwise_and, "__iand__": methods["bitwise_and_"],
    "__or__": comparison.bitwise_or, "__ror__": comparison.bitwise_or, "__ior__": methods["bitwise_or_"],
    "__xor__": comparison.bitwise_xor, "__rxor__": comparison.bitwise_xor, "__ixor__": methods["bitwise_xor_"],
    "__lshift__": bivariate.bitwise_left_shift, "__ilshift__": methods["bitwise_left_shift_"],
    "__rshift__": bivariate.bitwise_right_shift, "__irshift__": methods["bitwise_right_shift_"],
}  # fmt: skip
"""Operators of the tensor and the other operand."""

REVERSED = {
    "__rfloordiv__": arithmetic.floor_divide, "__rmod__": arithmetic.remainder, "__rpow__": elementary.pow,
    "__rlshift__": bivariate.bitwise_left_shift, "__rrshift__": bivariate.bitwise_right_shift,
}  # fmt: skip
"""Operators of the other operand and the tensor."""


def arithmetic_signs(kind: type[Tensor]) -> dict[str, Any]:
    """The methods behind the signs, by name, for the class of tensors."""
    return {
        **{name: _sign(operate, kind) for name, operate in SIGNS.items()},
        **{name: _reversed(operate) for name, operate in REVERSED.items()},
        "__rtruediv__": _reverse_div,
        "__matmul__": _sign(matmul.matmul, kind, Variable),
        "__rmatmul__": _reversed(matmul.matmul, Variable),
        "__eq__": _equals,
    }


def _sign(operate: Any, kind: type[Tensor], operands: Any = OPERANDS) -> Any:
    def sign(self: Tensor, other: Any) -> Any:
        if type(other) is kind or isinstance(other, operands):
            return operate(self, other)
        return NotImplemented

    return sign


def _reversed(operate: Any, operands: Any = OPERANDS) -> Any:
    def sign(self: Tensor, other: Any) -> Any:
        return operate(other, self) if isinstance(other, operands) else NotImplemented

    return sign


def _equals(self: Tensor, other: Any) -> Any:
    """The sign ``==``, which takes numpy's arrays too; the other comparisons do not."""
    if isinstance(other, np.ndarray):
        other = new_tensor(view_dtype(other, from_numpy_dtype(other.dtype).numpy))
    return comparison.eq(self, other) if isinstance(other, OPERANDS) else NotImplemented


def _reverse_div(self: Tensor, other: Any) -> Tensor:
    return arithmetic.reciprocal(self) * other
