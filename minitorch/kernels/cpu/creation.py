"""New arrays, and the same numbers in another dtype."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.dtypes import BFLOAT16, UNSIGNED
from minitorch.kernels import tables
from minitorch.kernels.cpu.bfloat16 import BFloat16, narrow
from minitorch.kernels.cpu.unsigned import Unsigned

__all__ = ["arange", "cast", "eye", "fill", "full", "full_like", "linspace", "ones", "view_dtype", "zeros"]

Array = np.ndarray

CLASSES: dict[Any, type[Array]] = {BFLOAT16: BFloat16, **{each.numpy: Unsigned for each in UNSIGNED}}
"""Arrays of these dtypes are of classes with tables of their own."""


def new(make: Callable[..., Array], shape: Any, dtype: np.dtype) -> Array:
    """What numpy's ``empty``, ``zeros`` or the like makes, of any dtype."""
    return cast(make(shape, numpys_dtype(dtype)), dtype)


def numpys_dtype(dtype: np.dtype) -> np.dtype:
    """A dtype for numpy to compute in: float32 for bfloat16, any other itself."""
    return np.dtype(np.float32) if dtype is BFLOAT16 else dtype


def as_numpys(a: Array) -> Array:
    """The numbers for numpy's own functions: bfloat16 as float32, all others as they are, and what a GPU has as a copy."""
    if not isinstance(a, Array | np.generic):
        a = tables[type(a)].to_host(a)
    return a.astype(np.float32) if type(a) is BFloat16 else a.view(Array)


def memory_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype of numpy's whose elements lie in memory as those of any dtype do."""
    return dtype.memory if dtype is BFLOAT16 else dtype  # type: ignore[attr-defined]  # it is not numpy's


def view_dtype(a: Array, dtype: np.dtype) -> Array:
    """The same bytes, read as another dtype."""
    return a.view(Array).view(memory_dtype(dtype)).view(CLASSES.get(dtype, Array))


def zeros(shape: tuple[int, ...], like: Array, dtype: np.dtype | None = None) -> Array:
    """Zeros, on the device of ``like`` and of its dtype unless another is given."""
    return new(np.zeros, shape, like.dtype if dtype is None else dtype)


def ones(shape: tuple[int, ...], like: Array, dtype: np.dtype | None = None) -> Array:
    """Ones, on the device of ``like`` and of its dtype unless another is given."""
    return new(np.ones, shape, like.dtype if dtype is None else dtype)


def full(shape: tuple[int, ...], value: Any, dtype: np.dtype) -> Array:
    """``value`` everywhere; anything may be there for ``None``."""
    if value is None:
        return new(np.empty, shape, dtype)
    if type(value) is int and not value:
        return new(np.zeros, shape, dtype)  # which takes no time
    return cast(np.full(shape, value, numpys_dtype(dtype)), dtype)


def full_like(a: Array, value: Any, dtype: np.dtype) -> Array:
    """Likewise, in the shape of an array and laid out as it is."""
    like = np.empty_like(as_numpys(a), numpys_dtype(dtype))
    if value is not None:
        like[...] = value
    return cast(like, dtype)


def arange(start: float, step: float, count: int, dtype: np.dtype) -> Array:
    """``start + step i`` for i from 0 up to ``count``, reckoned in int64 for whole numbers, else in float64."""
    whole = dtype.kind != "f" and isinstance(start, int) and isinstance(step, int)
    places: Array = np.arange(count, dtype=np.int64 if whole else np.float64)
    return cast(start + step * places, dtype)


def linspace(start: float, end: float, count: int, dtype: np.dtype) -> Array:
    """``count`` numbers at equal distances from one to another, reckoned in float64."""
    return cast(np.linspace(start, end, count), dtype)


def eye(rows: int, columns: int, dtype: np.dtype) -> Array:
    """Ones on the diagonal, else zeros."""
    return cast(np.eye(rows, columns, dtype=np.float32), dtype)


def fill(a: Array, value: float | Array) -> Array:
    """``value``, cast, as the one element behind all places of an array like ``a``."""
    return np.broadcast_to(np.asarray(value).astype(a.dtype), a.shape)


def cast(a: Array, dtype: np.dtype) -> Array:
    """The same numbers in another dtype; the same array if it has that dtype already."""
    if dtype in CLASSES:
        return narrow(a) if dtype is BFLOAT16 else a.astype(dtype, copy=False).view(Unsigned)
    return a.astype(dtype, copy=False)
