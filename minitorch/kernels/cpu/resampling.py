"""Images of another size.

A *plan* says for one dimension where each place of the result comes from: the dimension, the indices of the elements that go
into each place (place, tap), and their weights, or ``None`` if a single element is taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["resample", "resample_backward"]

Array = np.ndarray
Plan = tuple[int, Array, Array | None]


def _along(weights: Array, dim: int, ndim: int) -> Array:
    return weights.reshape(-1, *[1] * (ndim - dim - 1))


def resample(a: Array, plans: Sequence[Plan]) -> Array:
    """Every place of the result as the weighted sum of its elements, one dimension after another, the last first."""
    dtype = a.dtype
    for dim, indices, weights in reversed(plans):
        if weights is None:
            a = a.take(indices[:, 0], dim)
            continue
        total: Array | None = None
        for tap in range(indices.shape[1]):
            part = a.take(indices[:, tap], dim) * _along(weights[:, tap], dim, a.ndim)
            total = part if total is None else total + part
        assert total is not None
        a = total
    return np.ascontiguousarray(a.astype(dtype, copy=False))


def resample_backward(grad: Array, shape: tuple[int, ...], plans: Sequence[Plan]) -> Array:
    """The gradient of each place, added to the elements that went into it, by their weights."""
    dtype = grad.dtype
    for dim, indices, weights in plans:
        whole = np.zeros((*grad.shape[:dim], shape[dim], *grad.shape[dim + 1 :]), grad.dtype)
        to, by = whole.swapaxes(0, dim), grad.swapaxes(0, dim)
        for place, sources in enumerate(indices):
            for tap, source in enumerate(sources):
                to[source] += by[place] if weights is None else by[place] * weights[place, tap]
        grad = whole
    return grad.astype(dtype, copy=False)
