"""Softmax over one dimension, and losses on it.

Source: log-sum-exp shifted by the largest element, so that nothing overflows.
"""

from __future__ import annotations

import numpy as np

__all__ = ["log_softmax", "nll_loss_backward", "nll_loss_pick", "nll_weights", "softmax"]

Array = np.ndarray


def _shifted(a: Array, dim: int) -> Array:
    if a.ndim == 0:
        return a - a
    return a - a.max(axis=dim, keepdims=True) if a.size else a.copy()


def softmax(a: Array, dim: int) -> Array:
    """exp(a) / sum(exp(a)) along a dimension."""
    exponentials = np.exp(_shifted(a, dim), out=...)
    return np.true_divide(exponentials, _total(exponentials, dim), out=...)


def log_softmax(a: Array, dim: int) -> Array:
    """log(softmax(a)) along a dimension."""
    shifted = _shifted(a, dim)
    return np.subtract(shifted, np.log(_total(np.exp(shifted), dim)), out=...)


def _total(a: Array, dim: int) -> Array:
    return a if np.ndim(a) == 0 else a.sum(axis=dim, keepdims=True)


def nll_weights(target: Array, weight: Array | None, ignore_index: int, dtype: np.dtype) -> Array:
    """The weight of each target: its class's, or 1; 0 where the target is to be ignored. Of the target's shape."""
    kept = target != ignore_index
    if weight is None:
        return kept.astype(dtype)
    return np.where(kept, weight[np.where(kept, target, 0)], weight.dtype.type(0))


def nll_loss_pick(a: Array, target: Array, weights: Array, ignore_index: int) -> Array:
    """-weight * a[target] for each sample, 0 where ignored. a: (n, classes, …), target and weights: (n, …)."""
    kept = target != ignore_index
    picked = np.take_along_axis(a, np.expand_dims(np.where(kept, target, 0), 1), 1).squeeze(1)
    return np.where(kept, -picked * weights, a.dtype.type(0))


def nll_loss_backward(grad: Array, target: Array, weights: Array, a: Array, ignore_index: int) -> Array:
    """-weight * grad at each sample's target, 0 elsewhere. The adjoint of ``nll_loss_pick``."""
    kept = target != ignore_index
    whole = np.zeros(a.shape, grad.dtype)
    values = np.where(kept, -grad * weights, grad.dtype.type(0))
    np.put_along_axis(whole, np.expand_dims(np.where(kept, target, 0), 1), np.expand_dims(values, 1), 1)
    return whole
