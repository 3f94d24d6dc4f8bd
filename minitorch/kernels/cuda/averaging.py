"""Average pooling over the last dimensions, one, two or three, and its gradient: sums along one dimension after the other."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.lifting import lift
from minitorch.kernels.cuda.lines import added, boxes, in_boxes, table
from minitorch.kernels.halves import in_float32

__all__ = ["avg_pool", "avg_pool_backward"]

Array = np.ndarray
Windows = tuple[tuple[tuple[Array, Array], ...], Array]
"""For each dimension where windows begin and before what they end; and what the sum of each is divided by."""


@in_float32
def avg_pool(input: DeviceArray, windows: Windows) -> DeviceArray:
    """The sum of each window, divided."""
    ends, divisors = windows
    for d, (begins, stops) in enumerate(ends, input.ndim - len(ends)):
        input = added(input, d, boxes(begins, stops))
    return _divided(input, divisors)


@in_float32
def avg_pool_backward(grad: DeviceArray, input: DeviceArray, windows: Windows) -> DeviceArray:
    """Each element of ``grad``, divided and added to all that its window had of the input (which only gives the shape)."""
    ends, divisors = windows
    grad = _divided(grad, divisors)
    for d, (begins, stops) in enumerate(ends, input.ndim - len(ends)):
        grad = added(grad, d, in_boxes(begins, stops, input.shape[d]))
    return grad


def _divided(a: DeviceArray, divisors: Array) -> DeviceArray:
    return lift(formulas.divide if a.dtype.kind == "f" else _towards_zero, a, table(divisors.astype(a.dtype)))


def _towards_zero(x: Any, y: Any) -> Any:
    return x // y if (x < 0) == (y < 0) else -(-x // y)
