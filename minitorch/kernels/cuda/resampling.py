"""Images of another size.

A *plan* says for one dimension where each place of the result comes from: the dimension, the indices of the elements that go
into each place (place, tap), and their weights, or ``None`` if a single element is taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.lines import Terms, added, taken, terms_of
from minitorch.kernels.halves import in_float32

__all__ = ["resample", "resample_backward"]

Plan = tuple[int, np.ndarray, np.ndarray | None]


@in_float32
def resample(a: DeviceArray, plans: Sequence[Plan]) -> DeviceArray:
    """Every place of the result as the weighted sum of its elements, one dimension after another, the last first."""
    for dim, indices, weights in reversed(plans):
        if weights is None:
            a = taken(a, dim, indices[:, 0])
        else:
            starts = np.arange(len(indices) + 1) * indices.shape[1]
            a = added(a, dim, Terms(starts, indices.reshape(-1), weights.reshape(-1)))
    return a


@in_float32
def resample_backward(grad: DeviceArray, shape: tuple[int, ...], plans: Sequence[Plan]) -> DeviceArray:
    """The gradient of each place, added to the elements that went into it, by their weights."""
    for dim, indices, weights in plans:
        places = np.repeat(np.arange(len(indices)), indices.shape[1])
        by = weights if weights is None else weights.reshape(-1)
        grad = added(grad, dim, terms_of(indices.reshape(-1), shape[dim], places, by))
    return grad
