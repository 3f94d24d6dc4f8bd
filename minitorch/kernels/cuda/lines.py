"""Along one dimension, as small tables say: elements taken by their indices, and sums of elements.

Windows, padding and resampling do nothing else, and nor do their gradients: there the table says what each element went into, so
that it gathers, in a fixed order, rather than that others add to it.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import uint32

from minitorch.kernels.cuda.array import DeviceArray, empty, from_host
from minitorch.kernels.cuda.device import Device, current, number_type
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import position

Array = np.ndarray


class Terms(NamedTuple):
    """What is added up for each place of the result: the elements ``sources[starts[place] : starts[place + 1]]``."""

    starts: Array
    sources: Array
    weights: Array | None = None  # of the elements


def terms_of(places: Array, count: int, sources: Array | None = None, weights: Array | None = None) -> Terms:
    """Sorts terms by the place that they go into, of ``count``, keeping their order there; those for no place are left out.

    Args:
        places: of each term.
        sources: which element each is; the first, the second and so on unless given.
        weights: of each; none unless given.
    """
    inside = np.flatnonzero((places >= 0) & (places < count))
    order = inside[np.argsort(places[inside], kind="stable")]
    starts = np.searchsorted(places[order], np.arange(count + 1))
    return Terms(starts, order if sources is None else sources[order], None if weights is None else weights[order])


def boxes(begins: Array, ends: Array) -> Terms:
    """Every element from each place's begin up to its end."""
    sources = [np.arange(*each) for each in zip(begins, ends, strict=True)]
    return Terms(np.concatenate([[0], np.cumsum(ends - begins)]), np.concatenate([np.arange(0), *sources]))


def in_boxes(begins: Array, ends: Array, count: int) -> Terms:
    """What ``boxes`` undoes: for each of ``count`` elements, the boxes that it is in."""
    starts, places, _ = boxes(begins, ends)
    return terms_of(places, count, np.repeat(np.arange(len(begins)), np.diff(starts)))


def table(array: Array) -> DeviceArray:
    """The array on the device. What has been there lately is kept: tables are the same in every step of a training."""
    return _kept(current(), array.tobytes(), array.dtype, array.shape)


@lru_cache(maxsize=1024)
def _kept(device: Device, content: bytes, dtype: np.dtype, shape: tuple[int, ...]) -> DeviceArray:
    return from_host(np.frombuffer(content, dtype).reshape(shape))


def taken(a: DeviceArray, dim: int, indices: Array) -> DeviceArray:
    """The elements at these indices of a dimension, row by row."""
    shape = (*a.shape[:dim], len(indices), *a.shape[dim + 1 :])
    out = empty(shape, a.dtype)
    launch(_take, blocks_for(out.size), (out, row_by_row(a), table(indices.astype(np.int32)), _sizes(out, a, dim)))
    return out


def added(a: DeviceArray, dim: int, terms: Terms) -> DeviceArray:
    """For each place of a dimension of the result the sum of its elements, row by row."""
    starts, sources, weights = terms
    out = empty((*a.shape[:dim], len(starts) - 1, *a.shape[dim + 1 :]), a.dtype)
    tables = [table(each.astype(np.int32)) for each in (starts, sources)]
    if weights is not None:
        tables.append(table(weights.astype(a.dtype)))
    kernel = _add(weights is not None, number_type(a.dtype))
    launch(kernel, blocks_for(out.size), (out, row_by_row(a), tuple(tables), _sizes(out, a, dim)))
    return out


def _sizes(out: DeviceArray, a: DeviceArray, dim: int) -> tuple[np.uint32, ...]:
    """How many elements there are in the result, in a dimension of it and of the array, and within each of that dimension."""
    inner = int(np.prod(a.shape[dim + 1 :], dtype=np.int64))
    return tuple(map(np.uint32, (out.size, out.shape[dim], a.shape[dim], inner)))


def _take(out, a, indices, sizes):
    size, places, extent, inner = sizes
    i = position()
    if i < size:
        line = uint32(i // inner)
        outer = uint32(line // places)
        index = uint32(indices[uint32(line - uint32(outer * places))])
        at = uint32(uint32(uint32(outer * extent) + index) * inner)
        out[i] = a[uint32(at + uint32(i - uint32(line * inner)))]


@cache
def _add(weighted: bool, number: Any) -> Callable[..., None]:
    def kernel(out, a, tables, sizes):
        starts, sources = tables[0], tables[1]
        size, places, extent, inner = sizes
        i = position()
        if i < size:
            line = uint32(i // inner)
            outer = uint32(line // places)
            place = uint32(line - uint32(outer * places))
            first = uint32(uint32(uint32(outer * extent) * inner) + uint32(i - uint32(line * inner)))
            total = number(0)
            n, stop = uint32(starts[place]), uint32(starts[uint32(place + uint32(1))])
            while n < stop:
                term = a[uint32(first + uint32(uint32(sources[n]) * inner))]
                if weighted:
                    term = term * tables[2][n]
                total = number(total + term)
                n = uint32(n + uint32(1))
            out[i] = total

    return kernel
