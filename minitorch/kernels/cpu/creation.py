"""New arrays, and the same numbers in another dtype."""

from __future__ import annotations

import numpy as np

__all__ = ["cast", "compact", "fill", "ones", "zeros"]

Array = np.ndarray


def zeros(shape: tuple[int, ...], like: Array, dtype: np.dtype | None = None) -> Array:
    """Zeros, on the device of ``like`` and of its dtype unless another is given."""
    return np.zeros(shape, like.dtype if dtype is None else dtype)


def ones(shape: tuple[int, ...], like: Array, dtype: np.dtype | None = None) -> Array:
    """Ones, on the device of ``like`` and of its dtype unless another is given."""
    return np.ones(shape, like.dtype if dtype is None else dtype)


def fill(a: Array, value: float | Array) -> Array:
    """``value`` in every place of an array like ``a``."""
    return np.full(a.shape, value, a.dtype)


def cast(a: Array, dtype: np.dtype) -> Array:
    """The same numbers in another dtype; the same array if it has that dtype already."""
    return a.astype(dtype, copy=False)


def compact(a: Array) -> Array:
    """The same array if it lies row by row in memory, else a copy that does."""
    return a if a.flags.c_contiguous else np.ascontiguousarray(a)
