"""Along a dimension, from each element to the next. Sums and products are kept in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "logcumsumexp", "reverse"]

Array = np.ndarray


def cumsum(a: Array, dim: int, dtype: np.dtype | None = None) -> Array:
    """The sums up to each element, in ``dtype`` (the array's own unless given)."""
    return _accumulated(np.add, a, dim, dtype or a.dtype)


def cumprod(a: Array, dim: int, dtype: np.dtype | None = None) -> Array:
    """The products up to each element, in ``dtype`` (the array's own unless given)."""
    return _accumulated(np.multiply, a, dim, dtype or a.dtype)


def logcumsumexp(a: Array, dim: int) -> Array:
    """The logarithms of the sums of exp(a) up to each element."""
    return _accumulated(np.logaddexp, a, dim, a.dtype)


def _accumulated(ufunc: np.ufunc, a: Array, dim: int, dtype: np.dtype) -> Array:
    a = a.astype(dtype, copy=False)
    if not a.ndim:
        return a.copy()
    wide: Any = (np.float32 if dtype.itemsize == 2 else np.float64) if dtype.kind == "f" else dtype
    return np.ascontiguousarray(ufunc.accumulate(a, axis=dim, dtype=wide).astype(dtype, copy=False))


def cummax(a: Array, dim: int) -> tuple[Array, Array]:
    """The largest element up to each one, NaN from the first NaN on, and where it is: the last of equal ones."""
    return _extremes(np.maximum, a, dim)


def cummin(a: Array, dim: int) -> tuple[Array, Array]:
    """The smallest element up to each one, NaN from the first NaN on, and where it is: the last of equal ones."""
    return _extremes(np.minimum, a, dim)


def _extremes(ufunc: np.ufunc, a: Array, dim: int) -> tuple[Array, Array]:
    if not a.ndim:
        return a.copy(), np.zeros((), np.int64)
    a = np.ascontiguousarray(a)
    extreme = ufunc.accumulate(a, axis=dim)
    positions = np.arange(a.shape[dim]).reshape([-1 if d == dim else 1 for d in range(a.ndim)])
    reached = np.where((a == extreme) | (a != a), positions, 0)
    indices = np.maximum.accumulate(reached, axis=dim)
    return np.take_along_axis(a, indices, dim), indices


def reverse(a: Array, dim: int) -> Array:
    """A copy with one dimension from its end to its beginning."""
    return np.ascontiguousarray(np.flip(a, dim))
