"""Reading and writing at positions that arrays name."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["gather", "index", "index_backward", "index_put", "scatter_add"]

Array = np.ndarray
Indices = tuple[Array | None, ...]  # one for each leading dimension; None takes the whole dimension


def _key(indices: Indices) -> Any:
    return tuple(slice(None) if each is None else each for each in indices)


def index(a: Array, indices: Indices) -> Array:
    """The elements at those positions; numpy's rules for mixed indices are torch's."""
    return np.asarray(a[_key(indices)])


def index_backward(grad: Array, shape: tuple[int, ...], indices: Indices) -> Array:
    """Zeros, but for the gradient at those positions, summed up where a position occurs more than once."""
    whole = np.zeros(shape, grad.dtype)
    np.add.at(whole, _key(indices), grad)
    return whole


def index_put(a: Array, indices: Indices, values: Array | float, accumulate: bool = False) -> Array:
    """A copy with other values at those positions, or with the values added to them."""
    changed = a.copy()
    if accumulate:
        np.add.at(changed, _key(indices), values)
    else:
        changed[_key(indices)] = values
    return changed


def gather(a: Array, dim: int, indices: Array) -> Array:
    """Along one dimension, the elements at those indices; along the others the indices may be fewer."""
    return np.asarray(a.reshape(a.shape or 1)[_along(dim, indices)])


def scatter_add(values: Array, indices: Array, shape: tuple[int, ...], dim: int) -> Array:
    """Zeros, with the values added at those indices of one dimension."""
    whole = np.zeros(shape or 1, values.dtype)
    np.add.at(whole, _along(dim, indices), values)
    return whole.reshape(shape)


def _along(dim: int, indices: Array) -> tuple[Array, ...]:
    """The positions that indices along one dimension stand for."""
    if not indices.ndim:
        return (indices,)
    positions: list[Array] = list(np.indices(indices.shape, sparse=True))
    positions[dim] = indices
    return tuple(positions)
