"""Reading and writing at positions that arrays name."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["index", "index_backward", "index_put"]

Array = np.ndarray

COMPILED = 2**14  # elements from which adding whole rows is worth a compiled kernel
Indices = tuple[Array | None, ...]  # one for each leading dimension; None takes the whole dimension


def _key(indices: Indices) -> Any:
    return tuple(slice(None) if each is None else each for each in indices)


def index(a: Array, indices: Indices) -> Array:
    """The elements at those positions; numpy's rules for mixed indices are torch's."""
    return np.asarray(a[_key(indices)])


def index_backward(grad: Array, shape: tuple[int, ...], indices: Indices) -> Array:
    """Zeros, but for the gradient at those positions, summed up where a position occurs more than once."""
    whole = np.zeros(shape, grad.dtype)
    _add_at(whole, indices, grad)
    return whole


def index_put(a: Array, indices: Indices, values: Array | float, accumulate: bool = False) -> Array:
    """A copy with other values at those positions, or with the values added to them."""
    changed = a.copy()
    if accumulate:
        _add_at(changed, indices, values)
    else:
        changed[_key(indices)] = values
    return changed


def _add_at(whole: Array, indices: Indices, values: Array | float) -> None:
    rows = indices[0]
    if (
        type(values) is Array and values.size >= COMPILED and rows is not None
        and all(each is None for each in indices[1:])
        and rows.dtype.kind == "i" and rows.ndim == 1 and values.shape == (len(rows), *whole.shape[1:])
        and whole.dtype.kind == "f" and whole.itemsize > 2 and whole.dtype is values.dtype
        and whole.flags.c_contiguous and rows.min() >= 0 and rows.max() < len(whole)
    ):  # fmt: skip
        from minitorch.kernels.cpu import gathering  # which needs numba, whose import takes longer than all else

        gathering.add_rows(whole, rows, np.ascontiguousarray(values))
    else:
        np.add.at(whole, _key(indices), values)
