"""Reading and writing at positions that arrays name."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.kernels.lookup import memory_order

__all__ = ["index", "index_backward", "index_put"]

Array = np.ndarray

COMPILED = 2**14  # elements from which adding whole rows is worth a compiled kernel
Indices = tuple[Array | None, ...]  # one for each leading dimension; None takes the whole dimension


def _key(indices: Indices) -> Any:
    return tuple(slice(None) if each is None else each for each in indices)


def index(a: Array, *indices: Array | None) -> Array:
    """The elements at those positions, laid out as torch does it; numpy's rules for mixed indices are torch's."""
    positions = indices[-1]
    if a.flags.c_contiguous and positions is not None and positions.dtype.kind == "i" and _given(indices) == 1:
        found = np.asarray(a.take(positions, len(indices) - 1))
    else:
        found = np.asarray(a[_key(indices)])
    if a.flags.c_contiguous and all(each is None or each.flags.c_contiguous for each in indices):
        return np.ascontiguousarray(found) if found.ndim else found
    given = [d for d, each in enumerate(indices) if each is not None]
    read = np.broadcast_arrays(*[each for each in indices if each is not None])
    order = memory_order(a.shape, a.strides, given, read[0].shape, [each.strides for each in read])
    laid_out = np.empty([found.shape[d] for d in order], a.dtype).transpose(np.argsort(order))
    laid_out[...] = found
    return laid_out


def index_backward(grad: Array, *indices: Array | None, shape: tuple[int, ...]) -> Array:
    """Zeros, but for the gradient at those positions, summed up where a position occurs more than once."""
    whole = np.zeros(shape, grad.dtype)
    add_at(whole, indices, grad)
    return whole


def index_put(a: Array, indices: Indices, values: Array | float, accumulate: bool = False, over: bool = False) -> Array:
    """A copy (or, with ``over``, the array itself) with other values at those positions, or with the values added to them."""
    changed = a if over else a.copy()
    if accumulate:
        add_at(changed, indices, values)
    else:
        changed[_key(indices)] = values
    return changed


def add_at(whole: Array, indices: Indices, values: Array | float) -> None:
    """Adds values at those positions of an array, also where a position occurs more than once."""
    if (
        type(values) is Array and values.size >= COMPILED
        and whole.dtype.kind == "f" and whole.itemsize > 2 and whole.dtype is values.dtype and whole.flags.c_contiguous
        and (rows := _rows(indices, whole.shape)) is not None and values.shape == (len(rows), *whole.shape[_given(indices) :])
    ):  # fmt: skip
        from minitorch.kernels.cpu import gathering  # which needs numba, whose import takes longer than all else

        gathering.add_rows(whole.reshape(-1, *whole.shape[_given(indices) :]), rows, np.ascontiguousarray(values))
    else:
        np.add.at(whole, _key(indices), values)


def _given(indices: Indices) -> int:
    """How many dimensions have an index."""
    return sum(each is not None for each in indices)


def _rows(indices: Indices, shape: tuple[int, ...]) -> Array | None:
    """One index for the leading dimensions taken together, if these have lists of indices in range, and others have none."""
    lists = [
        each for each in indices[: _given(indices)] if each is not None and each.dtype.kind == "i" and each.ndim == 1
    ]
    if len(lists) != _given(indices) or any(
        len(each) != len(lists[0]) or each.min() < 0 or each.max() >= size
        for each, size in zip(lists, shape, strict=False)
    ):
        return None
    rows = lists[0]
    for each, size in zip(lists[1:], shape[1:], strict=False):
        rows = rows * size + each
    return rows
