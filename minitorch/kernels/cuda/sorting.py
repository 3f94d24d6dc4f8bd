"""Sorting, distinct elements, and counting."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.elementwise import clone, clone_as, row_by_row
from minitorch.kernels.cuda.lifting import cast
from minitorch.kernels.cuda.merging import merge_sort
from minitorch.kernels.cuda.shape import permute, view

__all__ = ["sort"]


def sort(a: DeviceArray, dim: int, descending: bool, stable: bool) -> tuple[DeviceArray, DeviceArray]:
    """The elements in order of size along a dimension, and where each was; NaN are the largest.

    Equal elements keep their order, be it asked for or not.
    """
    if not a.ndim:
        return clone(a), zeros((), a, np.dtype(np.int64))
    values, places = sorted_with_places(a, dim, descending)
    places = cast(places, np.int64)
    if a.flags.f_contiguous and not a.flags.c_contiguous:  # results are laid out as the input is
        return clone_as(values, a), clone_as(places, a)
    return row_by_row(values), row_by_row(places)


def sorted_with_places(a: DeviceArray, dim: int, descending: bool) -> tuple[DeviceArray, DeviceArray]:
    """The elements in order of size along a dimension, and where each was in its row, as int32.

    NaN are the largest, and equal elements keep their order. The results may have any strides.
    """
    rest = [d for d in range(a.ndim) if d != dim]
    shape = (*(a.shape[d] for d in rest), a.shape[dim])
    back = [a.ndim - 1 if d == dim else rest.index(d) for d in range(a.ndim)]
    values, places = sorted_rows(a, dim, descending)
    return permute(view(cast(values, a.dtype), shape), back), permute(view(places, shape), back)


def sorted_rows(a: DeviceArray, dim: int, descending: bool) -> tuple[DeviceArray, DeviceArray]:
    """The same, each of shape (rows, elements of a row). The elements are of a dtype that kernels can compare."""
    return merge_sort(comparable(a), dim, _descending if descending else _ascending)


def comparable(a: DeviceArray) -> DeviceArray:
    """The same order in a dtype that kernels can compare."""
    return cast(a, {"?": np.uint8, "e": np.float32}.get(a.dtype.char, a.dtype))


def _ascending(x: Any, y: Any) -> Any:
    return x < y or (x == x and y != y)


def _descending(x: Any, y: Any) -> Any:
    return x > y or (x != x and y == y)
