"""New arrays, and the same numbers in another dtype."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty, no_hosts
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import broadcast_strides, cast, numbers_of, position, write

__all__ = ["cast", "fill", "ones", "zeros"]


def _fill(out, value, size):
    i = position()
    if i < size:
        out[i] = value


def _filled(shape: tuple[int, ...], dtype: np.dtype, value: Any) -> DeviceArray:
    out = empty(shape, dtype)
    (number,) = numbers_of(out.dtype, np.asarray(value).astype(dtype).item())
    launch(_fill, blocks_for(out.size), (out, number, np.uint32(out.size)))
    return out


def zeros(shape: tuple[int, ...], like: DeviceArray, dtype: np.dtype | None = None) -> DeviceArray:
    """Zeros, on the device of ``like`` and of its dtype unless another is given."""
    return _filled(shape, like.dtype if dtype is None else np.dtype(dtype), 0)


def ones(shape: tuple[int, ...], like: DeviceArray, dtype: np.dtype | None = None) -> DeviceArray:
    """Ones, on the device of ``like`` and of its dtype unless another is given."""
    return _filled(shape, like.dtype if dtype is None else np.dtype(dtype), 1)


def fill(a: DeviceArray, value: float | DeviceArray) -> DeviceArray:
    """``value``, cast, as the one element behind all places of an array like ``a``."""
    if isinstance(value, DeviceArray):
        element = empty(value.shape, a.dtype)
        write(formulas.same, element, value)
    else:
        element = _filled((), a.dtype, no_hosts(value))
    return element.seen(a.shape, broadcast_strides(element, a.shape))
