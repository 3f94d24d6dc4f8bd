"""Sorting, distinct elements, and counting."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["bincount", "histc", "histogram", "sort", "unique", "unique_dim"]

Array = np.ndarray

SMALL = 16  # elements that are sorted by insertion, which keeps the order of equal ones
LONG = 2**15  # elements from which integers are sorted digit by digit


def sort(a: Array, dim: int, descending: bool, stable: bool) -> tuple[Array, Array]:
    """The elements in order of size along a dimension, and where each was; NaN are the largest.

    Equal elements keep their order if ``stable``, and otherwise come in torch's. That is the same for few elements, which are
    sorted by insertion, and for a long row of integers, which torch sorts digit by digit.
    """
    if not a.ndim:
        return a.copy(), np.zeros((), np.int64)
    by_digit = a.ndim == 1 and a.size >= LONG and a.dtype.kind in "iu" and not descending
    if not (stable or by_digit or a.shape[dim] <= SMALL):
        from minitorch.kernels.cpu import ranking  # which needs numba, whose import takes longer than all else

        indices = ranking.order(a, dim, descending)
    elif descending:  # reversed twice, so that equal elements keep their order
        indices = a.shape[dim] - 1 - np.flip(np.argsort(np.flip(a, dim), axis=dim, kind="stable"), dim)
    else:
        indices = np.argsort(a, axis=dim, kind="stable")
    values = np.take_along_axis(a, indices, dim)
    if a.flags.f_contiguous and not a.flags.c_contiguous:  # results are laid out as the input is
        return np.asfortranarray(values), np.asfortranarray(indices)
    return np.ascontiguousarray(values), np.ascontiguousarray(indices)


def unique(a: Array, sorted: bool) -> tuple[Array, Array, Array]:
    """The distinct elements, for each element the place of its equal among them, and how often each occurs.

    Unless ``sorted``, an element is distinct where it differs from the one before it.
    """
    flat = a.reshape(-1)
    values, order = sort(flat, 0, False, False) if sorted else (flat, np.arange(flat.size))
    first = np.ones(flat.size, np.bool_)
    first[1:] = values[1:] != values[:-1]
    places, counts = _places(order, first)
    return values[first], places.reshape(a.shape), counts


def unique_dim(a: Array, dim: int, sorted: bool) -> tuple[Array, Array, Array]:
    """As ``unique``, of the slices along a dimension, which are compared element by element."""
    rows = np.moveaxis(a, dim, 0)
    flat = rows.reshape(len(rows), -1) if rows.size else np.empty((len(rows), 0))
    order = np.lexsort(flat.T[::-1]) if sorted and flat.size else np.arange(len(rows))
    ordered = flat[order]
    first = np.ones(len(rows), np.bool_)
    first[1:] = (ordered[1:] != ordered[:-1]).any(1)
    places, counts = _places(order, first)
    return np.moveaxis(rows[order][first], 0, dim), places, counts


def _places(order: Array, first: Array) -> tuple[Array, Array]:
    """Of elements in order, each either the first of its kind or not: the number of their kind, and the size of each kind."""
    places = np.empty(len(order), np.int64)
    places[order] = np.cumsum(first) - 1
    return places, np.diff(np.flatnonzero(np.append(first, True)))


def bincount(a: Array, weights: Array | None, minlength: int) -> Array:
    """How often each number from 0 on occurs, as int64; or the sums of the weights, in float32 if they are that, else double."""
    if weights is None or not a.size:
        return np.bincount(a, minlength=minlength)
    sums = np.bincount(a, weights, minlength)
    return sums.astype(np.float32) if weights.dtype == np.float32 else sums


def histc(a: Array, bins: int, low: float, high: float) -> Array:
    """How many elements fall into each of ``bins`` intervals of equal width, in the array's dtype."""
    number = a.dtype.type
    inside = a[(a >= number(low)) & (a <= number(high))]
    bin_of = ((inside - number(low)) * bins / (number(high) - number(low))).astype(np.int64)
    return np.bincount(np.minimum(bin_of, bins - 1), minlength=bins).astype(a.dtype)


def histogram(a: Array, edges: Sequence[Array], weights: Array | None, density: bool) -> Array:
    """How many points lie between edges, or what their weights add up to; coordinates are the last dimension.

    With ``density`` this is divided by the total and by the volume of each bin.
    """
    points, sizes = a.reshape(-1, a.shape[-1]), [len(each) - 1 for each in edges]
    place, inside = np.zeros(len(points), np.int64), np.ones(len(points), bool)
    for d, each in enumerate(edges):
        x = points[:, d]
        inside &= (x >= each[0]) & (x <= each[-1])
        bin_of = np.minimum(np.searchsorted(each, x, "right") - 1, sizes[d] - 1)
        place = place * sizes[d] + bin_of
    counted = None if weights is None else weights.reshape(-1)[inside]
    hist = np.bincount(place[inside], counted, math.prod(sizes)).reshape(sizes).astype(a.dtype)
    if density:
        hist /= hist.sum()
        for d, each in enumerate(edges):
            hist /= np.diff(each).reshape(-1, *[1] * (len(sizes) - 1 - d))
    return hist
