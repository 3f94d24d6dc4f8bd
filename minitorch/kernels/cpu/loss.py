"""The negative log-likelihood, with a of (n, classes, …), target and weights of (n, …)."""

from __future__ import annotations

import math

import numpy as np

from minitorch.kernels.cpu.compiler import jit
from minitorch.kernels.halves import in_float32

__all__ = ["nll_loss_backward", "nll_loss_forward", "nll_loss_pick", "nll_outside"]

Array = np.ndarray


def nll_outside(target: Array, classes: int, ignore_index: int) -> int | None:
    """The first target that is not the index of a class, if there is one, nor to be ignored."""
    flat = np.ascontiguousarray(target, np.int64).reshape(-1)
    position = _outside(flat, classes, ignore_index)
    return None if position < 0 else int(flat[position])


@jit
def _outside(target, classes, ignore_index):
    for n in range(target.size):
        if not 0 <= target[n] < classes and target[n] != ignore_index:
            return n
    return -1


@in_float32
def nll_loss_forward(
    a: Array, target: Array, weight: Array | None, ignore_index: int, reduction: str
) -> tuple[Array, Array]:
    """-weight[target] * a[target] of each sample, their sum or weighted mean; and how much each sample counts in it, (n, …)."""
    rows, flat = _by_samples(a, target)
    if weight is None:
        weight = np.ones(a.shape[1], a.dtype)
    losses, weights = np.empty(flat.shape, a.dtype), np.empty(flat.shape, a.dtype)
    total = _nll(rows, flat, np.ascontiguousarray(weight), ignore_index, reduction == "mean", losses, weights)
    loss = losses.reshape(target.shape) if reduction == "none" else np.array(total, a.dtype)
    return loss, weights.reshape(target.shape)


@jit
def _nll(a, target, weight, ignore_index, mean, losses, weights):
    loss = total = 0.0
    for n in range(target.shape[0]):
        for i in range(target.shape[1]):
            if target[n, i] == ignore_index:
                weights[n, i] = losses[n, i] = 0
            else:
                weights[n, i] = weight[target[n, i]]
                losses[n, i] = -a[n, target[n, i], i] * weights[n, i]
                loss += losses[n, i]
                total += weights[n, i]
    if mean:
        weights /= weights.dtype.type(total)
        loss /= total
    return loss


@in_float32
def nll_loss_pick(a: Array, target: Array, weights: Array, ignore_index: int) -> Array:
    """-weight * a[target] for each sample, 0 where ignored."""
    rows, flat = _by_samples(a, target)
    out = np.empty(flat.shape, a.dtype)
    _pick(rows, flat, np.ascontiguousarray(weights).reshape(flat.shape), ignore_index, out)
    return out.reshape(target.shape)


@in_float32
def nll_loss_backward(grad: Array, target: Array, weights: Array, a: Array, ignore_index: int) -> Array:
    """-weight * grad at each sample's target, 0 elsewhere. The adjoint of ``nll_loss_pick``; ``grad`` is broadcast."""
    out = np.zeros(a.shape, grad.dtype)
    rows, flat = _by_samples(out, target)
    _put(rows, flat, np.multiply(grad, weights, out=...).reshape(flat.shape), ignore_index)
    return out


def _by_samples(whole: Array, target: Array) -> tuple[Array, Array]:
    """As (n, classes, rest) and (n, rest)."""
    n, rest = len(target), math.prod(target.shape[1:])
    return (
        np.ascontiguousarray(whole).reshape(n, whole.shape[1], rest),
        np.ascontiguousarray(target, np.int64).reshape(n, rest),
    )


@jit
def _pick(a, target, weights, ignore_index, out):
    for n in range(target.shape[0]):
        for i in range(target.shape[1]):
            kept = target[n, i] != ignore_index
            out[n, i] = -a[n, target[n, i], i] * weights[n, i] if kept else 0


@jit
def _put(out, target, values, ignore_index):
    for n in range(target.shape[0]):
        for i in range(target.shape[1]):
            if target[n, i] != ignore_index:
                out[n, target[n, i], i] = -values[n, i]
