"""Along a dimension, from each element to the next. Sums and products are kept in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["cumprod", "cumsum", "logcumsumexp"]

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
