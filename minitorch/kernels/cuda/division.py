"""Division with a whole quotient."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.device import function
from minitorch.kernels.cuda.lifting import like

__all__ = ["div_rounded", "remainder"]


def div_rounded(a: DeviceArray | float, b: DeviceArray | float, rounding_mode: str) -> DeviceArray:
    """The quotient, rounded down (``"floor"``) or towards zero (``"trunc"``); exact for integers."""
    return (_floored if rounding_mode == "floor" else _truncated)(a, b)


@function
def _remainder(x: Any, y: Any) -> Any:
    """``x - y * floor(x / y)``, exactly: of the sign of ``y``. Source: fmod is exact; numpy's rules for zeros."""
    rest = math.fmod(x, y)
    if rest == 0:
        return math.copysign(rest, y)
    return rest + y if (rest < 0) != (y < 0) else rest


def _floor_of_quotient(x: Any, y: Any) -> Any:
    """The quotient of what is left without the remainder, which is whole but for rounding."""
    if y == 0:
        return x / y
    quotient = (x - _remainder(x, y)) / y
    whole = math.floor(quotient)
    if quotient - whole > type(x)(0.5):
        whole += type(x)(1)
    return whole if whole != 0 else math.copysign(type(x)(0), x / y)


remainder = like(np.remainder, _remainder, formulas.whole_remainder)
_floored = like(np.floor_divide, _floor_of_quotient, formulas.whole_quotient)
_truncated = like(np.floor_divide, lambda x, y: formulas.truncated(x / y), formulas.whole_quotient_truncated)
