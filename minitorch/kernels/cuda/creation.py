"""New arrays, and the same numbers in another dtype."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numba import float64, int64, uint32

from minitorch.dtypes import BFLOAT16
from minitorch.kernels import tables
from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import BFloat16Array, DeviceArray, empty, from_host, no_hosts
from minitorch.kernels.cuda.device import cuda, function
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import (
    BOOL,
    HALF,
    SINGLE,
    broadcast_strides,
    cast,
    layout,
    narrow,
    numbers_of,
    position,
    write,
)

__all__ = ["arange", "cast", "eye", "fill", "full", "full_like", "linspace", "ones", "zeros"]


def _fill(out, value, size):
    i = position()
    if i < size:
        out[i] = value


def overwrite_all(out: DeviceArray, value: Any) -> None:
    """Writes a number over an array whose elements lie side by side, in whatever order."""
    (number,) = numbers_of(out.dtype, np.asarray(value).astype(out.dtype).item())
    launch(_fill, blocks_for(out.size), (out, number, np.uint32(out.size)))


def full(shape: tuple[int, ...], value: Any, dtype: Any, order: Sequence[int] | None = None) -> DeviceArray:
    """``value`` everywhere; anything may be there for ``None``."""
    if dtype is BFLOAT16:
        return (
            BFloat16Array.of(empty(shape, dtype.memory, order))
            if value is None
            else narrow(full(shape, value, SINGLE, order))
        )
    out = empty(shape, dtype, order)
    if value is not None:
        overwrite_all(out, value)
    return out


def full_like(a: DeviceArray | np.ndarray, value: Any, dtype: np.dtype) -> DeviceArray:
    """Likewise, in the shape of an array, of whatever device, and laid out as it is."""
    return full(a.shape, value, dtype, None if a.flags.c_contiguous else layout([a.strides]))


def zeros(shape: tuple[int, ...], like: DeviceArray, dtype: np.dtype | None = None) -> DeviceArray:
    """Zeros, on the device of ``like`` and of its dtype unless another is given."""
    return full(shape, 0, like.dtype if dtype is None else dtype)


def ones(shape: tuple[int, ...], like: DeviceArray, dtype: np.dtype | None = None) -> DeviceArray:
    """Ones, on the device of ``like`` and of its dtype unless another is given."""
    return full(shape, 1, like.dtype if dtype is None else dtype)


def fill(a: DeviceArray, value: float | DeviceArray) -> DeviceArray:
    """``value``, cast, as the one element behind all places of an array like ``a``."""
    if isinstance(value, DeviceArray):
        element = empty(value.shape, a.dtype)
        write(formulas.same, element, value)
    else:
        element = full((), no_hosts(value), a.dtype)
    return element.seen(a.shape, broadcast_strides(element, a.shape))


# -- counted ------------------------------------------------------------------------------------------------------------

LIBDEVICE: Any = getattr(cuda, "libdevice", None)  # the simulator does not have it

if LIBDEVICE is None:

    @function
    def _at(start, step, i):
        return start + step * i

else:

    @function
    def _at(start, step, i):
        """``start + step i``, rounded twice, as on the CPU: not in one instruction."""
        return LIBDEVICE.dadd_rn(start, LIBDEVICE.dmul_rn(step, i))


def _count(out, start, step, size):
    i = position()
    if i < size:
        out[i] = start + step * int64(i)


def _measure(out, start, step, last, size):
    i = position()
    if i < size:
        out[i] = last if i == uint32(size - uint32(1)) else _at(start, step, float64(i))


def _diagonal(out, columns, size):
    i = position()
    if i < size:
        row = uint32(i // columns)
        out[i] = uint32(row * columns) + row == i


def arange(start: float, step: float, count: int, dtype: np.dtype) -> DeviceArray:
    """``start + step i`` for i from 0 up to ``count``, reckoned in int64 for whole numbers, else in float64."""
    if dtype in (HALF, BOOL, BFLOAT16):
        return _of_host("arange", start, step, count, dtype)
    if dtype.kind != "f" and isinstance(start, int) and isinstance(step, int):
        out = empty((count,), dtype)
        launch(_count, blocks_for(count), (out, np.int64(start), np.int64(step), np.uint32(count)))
        return out
    return _measured(start, step, float(start) + float(step) * max(count - 1, 0), count, dtype)


def linspace(start: float, end: float, count: int, dtype: np.dtype) -> DeviceArray:
    """``count`` numbers at equal distances from one to another, reckoned in float64."""
    first, last = np.float64(start), np.float64(end)
    step = (last - first) / max(count - 1, 1)
    if dtype in (HALF, BOOL, BFLOAT16) or not np.isfinite(step) or (not step and first != last):
        return _of_host("linspace", start, end, count, dtype)
    return _measured(first, step, last if count > 1 else first, count, dtype)


def _measured(start: float, step: float, last: float, count: int, dtype: np.dtype) -> DeviceArray:
    out = empty((count,), dtype)
    launch(_measure, blocks_for(count), (out, np.float64(start), np.float64(step), np.float64(last), np.uint32(count)))
    return out


def _of_host(name: str, *args: Any) -> DeviceArray:
    """What the CPU's kernel of that name gives."""
    return from_host(getattr(tables[np.ndarray], name)(*args))


def eye(rows: int, columns: int, dtype: np.dtype) -> DeviceArray:
    """Ones on the diagonal, else zeros."""
    if dtype is BFLOAT16:
        return narrow(eye(rows, columns, SINGLE))
    out = empty((rows, columns), dtype)
    launch(_diagonal, blocks_for(out.size), (out, np.uint32(columns), np.uint32(out.size)))
    return out
