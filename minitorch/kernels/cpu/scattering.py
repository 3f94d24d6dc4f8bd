"""Writing at positions that arrays name, along one dimension or in the whole; masks; and what undoes reading.

Positions are in range and, where nothing else is said, not negative. Where several values go to one place, the last one
stays. Results lie row by row in memory, also where they are nothing but a changed copy; as in torch.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.kernels.cpu.indexing import add_at

__all__ = [
    "embedding_dense_backward", "index_add", "index_copy", "index_fill", "index_select", "masked_scatter", "masked_select",
    "nonzero", "put", "scatter", "scatter_reduce", "select_scatter", "slice_scatter", "take",
]  # fmt: skip

Array = np.ndarray

COMBINE: dict[str, np.ufunc] = {
    "sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum,
}  # fmt: skip


def _with_dims(a: Array) -> Array:
    """A tensor without dimensions is taken as one of a single element."""
    return a if a.ndim else a.reshape(1)


def _copy(a: Array) -> Array:
    return _with_dims(a.copy(order="C"))


def _along(dim: int, index: Array) -> tuple[Any, ...]:
    return (slice(None),) * dim + (index.reshape(-1),)


# -- whole slices -----------------------------------------------------------------------------------------------------


def index_select(a: Array, dim: int, index: Array) -> Array:
    """The slices at those indices of a dimension."""
    index = index.reshape(-1)
    return np.take(a, index, axis=dim) if a.ndim else np.take(a, index).reshape(())


def index_add(a: Array, dim: int, index: Array, source: Array) -> Array:
    """A copy with slices added at those indices of a dimension."""
    whole = _copy(a)
    add_at(whole, (None,) * dim + (index.reshape(-1),), _with_dims(source))
    return whole.reshape(a.shape)


def index_copy(a: Array, dim: int, index: Array, source: Array) -> Array:
    """A copy with other slices at those indices of a dimension."""
    whole = _copy(a)
    whole[_along(dim, index)] = source
    return whole.reshape(a.shape)


def index_fill(a: Array, dim: int, index: Array, value: Any) -> Array:
    """A copy, laid out as the original, with one number at those indices of a dimension, which may be negative."""
    whole = a.copy(order="K")
    _with_dims(whole)[_along(dim, index)] = value
    return whole


def select_scatter(a: Array, src: Array, dim: int, index: int) -> Array:
    """A copy with another slice at one index of a dimension."""
    whole = a.copy(order="K")
    whole[(slice(None),) * dim + (index,)] = src
    return whole


def slice_scatter(a: Array, src: Array, dim: int, start: int, end: int, step: int) -> Array:
    """A copy with other values at every ``step``-th index of a dimension from ``start`` up to ``end``."""
    whole = a.copy(order="K")
    whole[(slice(None),) * dim + (slice(start, end, step),)] = src
    return whole


def embedding_dense_backward(
    grad: Array, indices: Array, num_weights: int, padding_idx: int, scale_grad_by_freq: bool
) -> Array:
    """Zeros, with the gradient of each row that was looked up added to it, but for the row that stands for padding."""
    rows, values = indices.reshape(-1), grad.reshape(-1, grad.shape[-1])
    if scale_grad_by_freq:
        values = values / np.bincount(rows, minlength=1)[rows].astype(values.dtype)[:, None]
    if padding_idx >= 0:
        values, rows = values[rows != padding_idx], rows[rows != padding_idx]
    whole = np.zeros((num_weights, values.shape[1]), grad.dtype)
    add_at(whole, (rows,), values)
    return whole


# -- single elements along a dimension --------------------------------------------------------------------------------


def _places(index: Array, shape: tuple[int, ...], dim: int) -> Array:
    """Where the elements that an index names lie in an array of that shape, laid out as one row."""
    if not index.size:
        return np.zeros(0, np.int64)
    index = _with_dims(index)
    places, step = np.zeros((1,) * index.ndim, np.int64), 1
    for d in reversed(range(index.ndim)):
        along = index if d == dim else np.arange(index.shape[d]).reshape((-1,) + (1,) * (index.ndim - 1 - d))
        places, step = places + along * step, step * shape[d]
    return places.reshape(-1)


def _for(index: Array, src: Any) -> Any:
    """The values that go with an index, which may be smaller than what they are taken from."""
    if type(src) is not Array:
        return src
    if not src.ndim or not index.ndim or not index.size:
        return src.reshape(-1)[: index.size]
    return src[tuple(map(slice, index.shape))].reshape(-1)


def scatter(a: Array, dim: int, index: Array, src: Any) -> Array:
    """A copy with other values (an array, or a number) at those indices of a dimension."""
    whole = _copy(a)
    whole.reshape(-1)[_places(index, whole.shape, dim)] = _for(index, src)
    return whole.reshape(a.shape)


def scatter_reduce(a: Array, dim: int, index: Array, src: Any, reduce: str, include_self: bool = True) -> Array:
    """A copy in which the values for one place are taken together, with what was there or, if not included, without.

    ``reduce`` is sum, prod, mean, amax or amin. NaN wins in the last two; means of integers are rounded down.
    """
    whole = _copy(a)
    flat, places, values = whole.reshape(-1), _places(index, whole.shape, dim), _for(index, src)
    if not include_self:
        flat[places] = _neutral(reduce, flat.dtype)
    values = np.asarray(values, flat.dtype)
    COMBINE[reduce].at(flat, places, values)
    if reduce == "mean":
        count = np.bincount(places, minlength=flat.size) + bool(include_self)
        divide: Callable[..., Any] = np.true_divide if flat.dtype.kind == "f" else np.floor_divide
        flat[...] = divide(flat, np.maximum(count, 1).astype(flat.dtype))
    return whole.reshape(a.shape)


def _neutral(reduce: str, dtype: np.dtype) -> Any:
    if reduce in ("sum", "mean", "prod"):
        return int(reduce == "prod")
    if dtype.kind == "f":
        return -np.inf if reduce == "amax" else np.inf
    if dtype.kind == "b":
        return reduce == "amin"
    return np.iinfo(dtype).min if reduce == "amax" else np.iinfo(dtype).max


# -- positions in the whole, and masks --------------------------------------------------------------------------------


def take(a: Array, index: Array) -> Array:
    """The elements at those positions of the array laid out as one row; negative ones count from the end."""
    return np.asarray(np.take(a, index))


def put(a: Array, index: Array, source: Array, accumulate: bool = False) -> Array:
    """A copy with other values at such positions, or with values added to them."""
    whole = a.copy(order="K")
    row = whole.reshape(-1) if whole.flags.c_contiguous else a.reshape(-1).copy()
    (add_at if accumulate else _set_at)(row, (index.reshape(-1),), source.reshape(-1))
    if not whole.flags.c_contiguous:
        whole[...] = row.reshape(a.shape)
    return whole


def _set_at(row: Array, key: tuple[Array], values: Array) -> None:
    row[key] = values


def masked_select(a: Array, mask: Array) -> Array:
    """The elements for which a mask holds, row by row; the two are broadcast."""
    if a.shape != mask.shape:
        a, mask = np.broadcast_arrays(a, mask)
    return a[mask]


def masked_scatter(a: Array, mask: Array, source: Array) -> Array:
    """A copy with the first values of ``source`` where a mask holds, row by row; the first two are broadcast."""
    shape = np.broadcast_shapes(a.shape, mask.shape)
    whole, chosen = np.array(np.broadcast_to(a, shape), order="C"), np.broadcast_to(mask, shape)
    whole[chosen] = source.reshape(-1)[: np.count_nonzero(chosen)]
    return whole


def nonzero(a: Array) -> Array:
    """The indices of the elements that are not 0, one to a row: (elements, dimensions), column by column in memory."""
    found = a.nonzero() if a.ndim else ()
    count = len(found[0]) if found else int(a.item() != 0)
    return np.array(found, np.int64).reshape(a.ndim, count).T
