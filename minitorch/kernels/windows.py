"""How windows lie on what they are moved over: the same on every device."""

from __future__ import annotations

import numpy as np


def windows_along(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool = False) -> int:
    """How many windows there are along a dimension; with ``ceil_mode`` also one that reaches beyond the end."""
    steps = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (steps + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1  # the last window must start inside the input or the padding before it
    return count


def index_dtype(largest: int) -> np.dtype:
    """The smallest type that holds positions in a plane up to this one."""
    return next(np.dtype(each) for each in (np.int16, np.int32) if largest <= np.iinfo(each).max)
