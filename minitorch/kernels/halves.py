"""Halves: numba has no arithmetic for float16, so kernels, of any device, compute them in float32, as torch's do."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.kernels import tables

Kernel = Callable[..., Any]


def in_float32(kernel: Kernel) -> Kernel:
    """The same kernel, but for a first array of float16: then all such arrays are widened, and the results narrowed again."""

    @functools.wraps(kernel)
    def for_any(first: Any, *others: Any, **params: Any) -> Any:
        if first.dtype.char != "e":
            return kernel(first, *others, **params)
        result = kernel(*[_cast(each, "e", np.float32) for each in (first, *others)], **params)
        if type(result) is tuple:
            return tuple([_cast(each, "f", np.float16) for each in result])
        return _cast(result, "f", np.float16)

    return for_any


def _cast(value: Any, given: str, wanted: Any) -> Any:
    kernels = tables.get(type(value))
    return value if kernels is None or value.dtype.char != given else kernels.cast(value, np.dtype(wanted))
