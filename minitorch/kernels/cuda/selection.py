"""What chooses between numbers, element by element."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray, no_hosts
from minitorch.kernels.cuda.elementwise import maximum, minimum
from minitorch.kernels.cuda.lifting import cast, common, lift, unary

__all__ = ["clamp", "masked_fill", "relu", "relu_backward", "sign", "where"]

relu = unary(lambda x: type(x)(0) if x < 0 else x)
sign = unary(lambda x: type(x)(1) if x > 0 else type(x)(-1) if x < 0 else type(x)(0))


def relu_backward(grad: DeviceArray, result: DeviceArray) -> DeviceArray:
    """The gradient, but 0 where the result is not positive; NaN lets it through."""
    return lift(_relu_backward, grad, result)


def _relu_backward(grad: Any, result: Any) -> Any:
    return type(grad)(0) if result <= 0 else grad


def clamp(a: DeviceArray, low: float | DeviceArray | None, high: float | DeviceArray | None) -> DeviceArray:
    """``min(max(a, low), high)``: the upper bound wins where they cross, NaN stays."""
    if low is not None:
        a = maximum(a, low)
    return a if high is None else minimum(a, high)


def where(condition: DeviceArray, a: Any, b: Any) -> DeviceArray:
    """``a`` where the condition holds, else ``b``; each is an array or a number."""
    dtype = common(a, b)
    x: Any
    y: Any
    x, y = (cast(each, dtype) if isinstance(each, DeviceArray) else dtype.type(each) for each in (a, b))
    if isinstance(x, DeviceArray) and isinstance(y, DeviceArray):
        return lift(_choose, condition, x, y, dtype=dtype)
    if isinstance(x, DeviceArray):
        return lift(_choose, condition, x, numbers=(y,), dtype=dtype)
    if isinstance(y, DeviceArray):
        return lift(_choose_other, condition, y, numbers=(x,), dtype=dtype)
    return lift(_choose, condition, numbers=(x, y), dtype=dtype)


def _choose(condition: Any, x: Any, y: Any) -> Any:
    return x if condition else y


def _choose_other(condition: Any, y: Any, x: Any) -> Any:
    return x if condition else y


def masked_fill(a: DeviceArray, mask: DeviceArray, value: float | DeviceArray) -> DeviceArray:
    """``value`` where the mask holds."""
    given = cast(value, a.dtype) if isinstance(value, DeviceArray) else np.asarray(no_hosts(value)).astype(a.dtype)[()]
    return where(mask, given, a)
