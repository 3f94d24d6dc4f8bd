"""New arrays, and the same numbers in another dtype."""

from __future__ import annotations

import numpy as np

__all__ = ["cast", "fill", "ones", "zeros"]

Array = np.ndarray


def zeros(shape: tuple[int, ...], like: Array, dtype: np.dtype | None = None) -> Array:
    """Zeros, on the device of ``like`` and of its dtype unless another is given."""
    return np.zeros(shape, like.dtype if dtype is None else dtype)


def ones(shape: tuple[int, ...], like: Array, dtype: np.dtype | None = None) -> Array:
    """Ones, on the device of ``like`` and of its dtype unless another is given."""
    return np.ones(shape, like.dtype if dtype is None else dtype)


def fill(a: Array, value: float | Array) -> Array:
    """``value``, cast, as the one element behind all places of an array like ``a``."""
    return np.broadcast_to(np.asarray(value).astype(a.dtype), a.shape)


def cast(a: Array, dtype: np.dtype) -> Array:
    """The same numbers in another dtype; the same array if it has that dtype already."""
    return a.astype(dtype, copy=False)
