"""Halves: kernels compute them in float32, as on the CPU."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.lifting import cast

Kernel = Callable[..., Any]


def in_float32(kernel: Kernel) -> Kernel:
    """The same kernel, but for a first array of float16: then all such arrays are widened, and the results narrowed again."""

    @wraps(kernel)
    def for_any(first: DeviceArray, *others: Any, **params: Any) -> Any:
        if first.dtype.char != "e":
            return kernel(first, *others, **params)
        result = kernel(*[_cast(each, "e", np.float32) for each in (first, *others)], **params)
        if type(result) is tuple:
            return tuple([_cast(each, "f", np.float16) for each in result])
        return _cast(result, "f", np.float16)

    return for_any


def _cast(value: Any, given: str, wanted: Any) -> Any:
    return cast(value, wanted) if isinstance(value, DeviceArray) and value.dtype.char == given else value
