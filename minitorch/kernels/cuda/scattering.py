"""Writing at positions that arrays name, along one dimension or in the whole, and what undoes reading.

Positions are in range and, where nothing else is said, not negative. Where several values go to one place, the last one
stays. Results lie row by row in memory, also where they are nothing but a changed copy.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty, on_device
from minitorch.kernels.cuda.creation import ones, zeros
from minitorch.kernels.cuda.elementwise import clone, contiguous_clone, div, maximum, write_over
from minitorch.kernels.cuda.lifting import cast, lift
from minitorch.kernels.cuda.positions import (
    Positions,
    elements_at,
    in_order,
    latest,
    part,
    read_at,
    slices_at,
    with_dims,
    write_at,
)
from minitorch.kernels.cuda.reduction import limit
from minitorch.kernels.cuda.shape import permute, reshape, select, slice, unsqueeze

__all__ = [
    "embedding_dense_backward", "index_add", "index_copy", "index_fill", "index_select", "put", "scatter", "scatter_reduce",
    "select_scatter", "slice_scatter", "take",
]  # fmt: skip

HALF = np.dtype(np.float16)
Index = DeviceArray | np.ndarray

COMBINE = {
    "sum": formulas.add, "mean": formulas.add, "prod": formulas.multiply, "amax": formulas.larger, "amin": formulas.smaller,
}  # fmt: skip


# -- whole slices -----------------------------------------------------------------------------------------------------


def _row(index: Index) -> DeviceArray:
    index = on_device(index)
    return reshape(index, (index.size,))


def _slices(a: DeviceArray, dim: int, index: Index) -> tuple[Positions, list[int]]:
    """The slices at those indices of a dimension, which comes first in them; and what puts that dimension in front."""
    a = with_dims(a)
    return slices_at(a, {dim: _row(index)}), [dim, *range(dim), *range(dim + 1, a.ndim)]


def index_select(a: DeviceArray, dim: int, index: Index) -> DeviceArray:
    """The slices at those indices of a dimension."""
    at, dims = _slices(a, dim, index)
    out = empty((*a.shape[:dim], at.places.size, *a.shape[dim + 1 :]) if a.ndim else (), a.dtype)
    read_at(a, at, permute(with_dims(out), dims))
    return out


def index_add(a: DeviceArray, dim: int, index: Index, source: DeviceArray) -> DeviceArray:
    """A copy with slices added at those indices of a dimension."""
    whole = contiguous_clone(a)
    at, dims = _slices(whole, dim, index)
    write_at(whole, at, permute(with_dims(source), dims), formulas.add)
    return whole


def index_copy(a: DeviceArray, dim: int, index: Index, source: DeviceArray) -> DeviceArray:
    """A copy with other slices at those indices of a dimension."""
    whole = contiguous_clone(a)
    at, dims = _slices(whole, dim, index)
    write_at(whole, at, permute(with_dims(source), dims))
    return whole


def index_fill(a: DeviceArray, dim: int, index: Index, value: Any) -> DeviceArray:
    """A copy, laid out as the original, with one number at those indices of a dimension, which may be negative."""
    whole = clone(a)
    write_at(whole, _slices(whole, dim, index)[0], value)
    return whole


def select_scatter(a: DeviceArray, src: DeviceArray, dim: int, index: int) -> DeviceArray:
    """A copy with another slice at one index of a dimension."""
    whole = clone(a)
    write_over(select(whole, dim, index), src)
    return whole


def slice_scatter(a: DeviceArray, src: DeviceArray, dim: int, start: int, end: int, step: int) -> DeviceArray:
    """A copy with other values at every ``step``-th index of a dimension from ``start`` up to ``end``."""
    whole = clone(a)
    write_over(slice(whole, dim, start, end, step), src)
    return whole


def embedding_dense_backward(
    grad: DeviceArray, indices: Index, num_weights: int, padding_idx: int, scale_grad_by_freq: bool
) -> DeviceArray:
    """Zeros, with the gradient of each row that was looked up added to it, but for the row that stands for padding."""
    if grad.dtype == HALF and scale_grad_by_freq:  # there are no quotients of halves
        wide = embedding_dense_backward(cast(grad, np.float32), indices, num_weights, padding_idx, scale_grad_by_freq)
        return cast(wide, HALF)
    rows, columns = _row(indices), grad.shape[-1]
    values = reshape(grad, (rows.size, columns))
    whole = zeros((num_weights, columns), grad)
    runs = in_order(slices_at(whole, {0: rows}))
    if scale_grad_by_freq:
        each = slices_at(whole.seen((num_weights,), (1,)), {0: rows})
        often = zeros((num_weights,), grad, np.dtype(np.int64))
        write_at(often, each, 1, formulas.add)
        values = div(values, unsqueeze(cast(read_at(often, each), grad.dtype), 1))
    write_at(whole, runs, values, formulas.add)
    if padding_idx >= 0:
        write_over(select(whole, 0, padding_idx), zeros((), whole))
    return whole


# -- single elements along a dimension --------------------------------------------------------------------------------


def scatter(a: DeviceArray, dim: int, index: Index, src: Any) -> DeviceArray:
    """A copy with other values (an array, or a number) at those indices of a dimension."""
    whole, index = contiguous_clone(a), with_dims(on_device(index))
    if index.size:
        write_at(whole, elements_at(with_dims(whole), dim, index), _for(index, src))
    return whole


def scatter_reduce(
    a: DeviceArray, dim: int, index: Index, src: Any, reduce: str, include_self: bool = True
) -> DeviceArray:
    """A copy in which the values for one place are taken together, with what was there or, if not included, without.

    ``reduce`` is sum, prod, mean, amax or amin. NaN wins in the last two; means of integers are rounded down.
    """
    if a.dtype == HALF and reduce == "mean":  # there are no quotients of halves
        wide = scatter_reduce(cast(a, np.float32), dim, index, src, reduce, include_self)
        return cast(wide, HALF)
    whole, index = contiguous_clone(a), with_dims(on_device(index))
    if not index.size:
        return whole
    runs = in_order(elements_at(with_dims(whole), dim, index))
    if not include_self:
        write_at(whole, runs, _neutral(reduce, whole.dtype))
    write_at(whole, runs, _for(index, src), COMBINE[reduce])
    if reduce != "mean":
        return whole
    count = (ones if include_self else zeros)(whole.shape, whole, np.dtype(np.int64))
    write_at(count, runs, 1, formulas.add)
    count = maximum(count, 1)
    return div(whole, cast(count, whole.dtype)) if whole.dtype.kind == "f" else lift(_whole_part, whole, count)


def _whole_part(total: Any, count: Any) -> Any:
    return total // count


def _for(index: DeviceArray, src: Any) -> Any:
    """The values that go with an index, which may be smaller than what they are taken from."""
    return part(src, index.shape) if isinstance(src, DeviceArray) else src


def _neutral(reduce: str, dtype: np.dtype) -> Any:
    return int(reduce == "prod") if reduce in ("sum", "mean", "prod") else limit(dtype, lowest=reduce == "amax")


# -- positions in the whole -------------------------------------------------------------------------------------------


def take(a: DeviceArray, index: Index) -> DeviceArray:
    """The elements at those positions of the array laid out as one row; negative ones count from the end."""
    row = reshape(a, (a.size,))
    return read_at(row, slices_at(row, {0: on_device(index)}))


def put(a: DeviceArray, index: Index, source: DeviceArray, accumulate: bool = False) -> DeviceArray:
    """A copy with other values at such positions, or with values added to them."""
    whole = contiguous_clone(a)
    row = whole.seen((a.size,), (1,))
    at = slices_at(row, {0: _row(index)})
    write_at(row, at, reshape(source, (source.size,)), formulas.add if accumulate else latest)
    if a.contiguous:
        return whole
    as_given = clone(a)
    write_over(as_given, whole)
    return as_given
