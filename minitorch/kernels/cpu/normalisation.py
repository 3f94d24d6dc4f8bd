"""Normalisation to mean 0 and variance 1: of channels over a batch, of the last dimensions, of groups of channels.

Arrays are seen as planes, (batch, channels, inner): moments are taken plane by plane, in double precision while the plane is in
the cache, and joined by channel. Groups are normalised as channels of a batch of one. Where planes have a single element, they
are columns, (batch, channels), and the last dimensions are rows. ``mean`` and ``rstd``, one over the standard deviation, are what
a gradient needs.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch.kernels.cpu import normalisation_loops as loops
from minitorch.kernels.halves import in_float32

__all__ = [
    "batch_norm", "batch_norm_backward", "group_norm", "group_norm_backward", "layer_norm", "layer_norm_backward",
]  # fmt: skip

Array = np.ndarray
Gradients = tuple[Array, Array, Array]

SHARED = 2**14  # elements from which more than one thread pays


def batch_norm(
    a: Array,
    weight: Array | None,
    bias: Array | None,
    running_mean: Array | None,
    running_var: Array | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Array, Array, Array]:
    """(a - mean) * rstd * weight + bias for each channel; in training the running statistics move on, in place.

    Args:
        a: (batch, channels, …).
        weight: (channels,).
        bias: (channels,).
        running_mean: (channels,), which is used unless in training.
        running_var: (channels,), likewise.
        training: use the batch's own mean and variance.
        momentum: by how much the running ones move towards these.
        eps: is added to variances.
    """
    out, mean, variance, rstd = _batch_norm(a, weight, bias, None if training else (running_mean, running_var), eps)
    count = a.size // max(a.shape[1], 1)
    if training and count:
        for running, found in ((running_mean, mean), (running_var, variance * (count / max(count - 1, 1)))):
            if running is not None:
                running[...] = (1 - momentum) * running + momentum * found
    return out, mean.astype(a.dtype), rstd.astype(a.dtype)


@in_float32
def _batch_norm(
    a: Array, weight: Array | None, bias: Array | None, given: tuple[Array, Array] | None, eps: float
) -> tuple[Array, ...]:
    planes = _planes(a)
    mean, variance = _moments(planes) if given is None else (np.asarray(each, np.float64) for each in given)
    rstd = np.where(variance + eps == 0, 0, 1 / np.sqrt(variance + eps))
    out = _applied(planes, mean, *_by_channel(rstd, weight, bias, len(mean)))
    return _laid_out(out, a), mean, variance, rstd


@in_float32
def batch_norm_backward(
    grad: Array, a: Array, weight: Array | None, mean: Array, rstd: Array, training: bool
) -> Gradients:
    """The gradients of input, weight and bias."""
    planes, grads = _planes(a), _planes(grad)
    count = planes.size // max(planes.shape[1], 1)
    sums, products = _sums(grads, planes, mean)
    products *= rstd
    scale = np.asarray(rstd if weight is None else rstd * weight, np.float64)
    if training and count:
        out = _combined(grads, planes, mean, scale, -scale * rstd * products / count, -scale * sums / count)
    else:
        out = _applied(grads, np.zeros_like(scale), scale, np.zeros_like(scale))
    return out.reshape(a.shape), products.astype(a.dtype), sums.astype(a.dtype)


@in_float32
def group_norm(
    a: Array, weight: Array | None, bias: Array | None, groups: int, eps: float
) -> tuple[Array, Array, Array]:
    """(a - mean) * rstd * weight + bias, with moments of each group of channels of each sample: both are (batch, groups)."""
    batch, channels = a.shape[:2]
    members = channels // groups
    mean, variance = _moments(np.ascontiguousarray(a).reshape(1, batch * groups, a[:1, :members].size))
    rstd = 1 / np.sqrt(variance + eps)
    factors = _by_channel(np.repeat(rstd, members), weight, bias, batch * channels)
    out = _applied(_planes_of_one(a), np.repeat(mean, members), *factors)
    shape = (batch, groups)
    return _laid_out(out, a), mean.reshape(shape).astype(a.dtype), rstd.reshape(shape).astype(a.dtype)


@in_float32
def group_norm_backward(
    grad: Array, a: Array, weight: Array | None, mean: Array, rstd: Array, groups: int
) -> Gradients:
    """The gradients of input, weight and bias."""
    batch, channels = a.shape[:2]
    members, shape = channels // groups, (batch, groups, channels // groups)
    planes, grads = _planes_of_one(a), _planes_of_one(grad)
    count = planes.shape[2] * members
    means = np.repeat(mean.reshape(-1), members)
    sums, products = (each.reshape(shape) for each in _sums(grads, planes, means))
    wide = np.asarray(rstd, np.float64)[:, :, None]
    products *= wide
    weights = (
        np.ones((1, groups, members)) if weight is None else np.asarray(weight, np.float64).reshape(1, groups, members)
    )
    total, product = ((each * weights).sum(2, keepdims=True) / max(count, 1) for each in (sums, products))
    factors = wide * weights, np.broadcast_to(-wide * wide * product, shape), np.broadcast_to(-wide * total, shape)
    out = _combined(grads, planes, means, *(each.reshape(-1) for each in factors))
    by_weight, by_bias = (each.reshape(batch, channels).sum(0).astype(a.dtype) for each in (products, sums))
    return out.reshape(a.shape), by_weight, by_bias


@in_float32
def layer_norm(a: Array, weight: Array | None, bias: Array | None, dims: int, eps: float) -> tuple[Array, Array, Array]:
    """(a - mean) * rstd * weight + bias, with moments over the last ``dims`` dimensions, which stay with size 1."""
    kept = a.shape[: a.ndim - dims]
    shape = (math.prod(kept), math.prod(a.shape[a.ndim - dims :]))
    out, mean, rstd = np.empty(shape, a.dtype), np.empty(shape[0], a.dtype), np.empty(shape[0], a.dtype)
    rows = np.ascontiguousarray(a).reshape(shape)
    scale, shift = _row(weight, 1, shape[1], a.dtype), _row(bias, 0, shape[1], a.dtype)
    _chosen(loops.normalise_rows, a)(rows, scale, shift, eps, out, mean, rstd)
    reduced = (*kept, *(1,) * dims)
    return out.reshape(a.shape), mean.reshape(reduced), rstd.reshape(reduced)


@in_float32
def layer_norm_backward(grad: Array, a: Array, weight: Array | None, mean: Array, rstd: Array, dims: int) -> Gradients:
    """The gradients of input, weight and bias."""
    shape = (mean.size, math.prod(a.shape[a.ndim - dims :]))
    rows, grads = (np.ascontiguousarray(each).reshape(shape) for each in (a, grad))
    out, sums = np.empty(shape, a.dtype), np.zeros((2, loops.BLOCKS, shape[1]), a.dtype)
    scale = _row(weight, 1, shape[1], a.dtype)
    _chosen(loops.normalise_rows_backward, a)(grads, rows, scale, mean.reshape(-1), rstd.reshape(-1), out, sums)
    by_weight, by_bias = sums.sum(1, dtype=np.float64).astype(a.dtype).reshape(2, *a.shape[a.ndim - dims :])
    return out.reshape(a.shape), by_weight, by_bias


def _by_channel(rstd: Array, weight: Array | None, bias: Array | None, count: int) -> tuple[Array, Array]:
    """What to multiply with and what to add, for so many channels: those of all samples, in groups."""
    scale = rstd if weight is None else rstd * np.resize(weight, count)
    return scale, np.zeros(count) if bias is None else np.resize(bias, count)


def _chosen(kernel: Any, a: Array) -> Any:
    return kernel if a.size >= SHARED else kernel.serial


def _planes(a: Array) -> Array:
    return np.ascontiguousarray(a).reshape(len(a), a.shape[1], math.prod(a.shape[2:]))


def _laid_out(out: Array, a: Array) -> Array:
    """A result in the shape of the input, with its channels last in memory where the input has them so."""
    out = out.reshape(a.shape)
    if a.ndim in (4, 5) and not a.flags.c_contiguous and np.moveaxis(a, 1, -1).flags.c_contiguous:
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(out, 1, -1)), -1, 1)
    return out


def _planes_of_one(a: Array) -> Array:
    """Each channel of each sample is a channel of its own."""
    return np.ascontiguousarray(a).reshape(1, a.shape[0] * a.shape[1], math.prod(a.shape[2:]))


def _row(values: Array | None, number: float, size: int, dtype: np.dtype) -> Array:
    """The values as a vector, or a number for all of them."""
    return np.full(size, number, dtype) if values is None else np.ascontiguousarray(values, dtype).reshape(size)


def _moments(planes: Array) -> tuple[Array, Array]:
    """The mean and the variance of each channel."""
    mean, variance = np.empty(planes.shape[1]), np.empty(planes.shape[1])
    if planes.shape[2] == 1:
        _chosen(loops.moments_of_columns, planes)(planes[:, :, 0], mean, variance)
    else:
        _chosen(loops.moments_of_planes, planes)(planes, mean, variance)
    return mean, variance


def _sums(grad: Array, planes: Array, mean: Array) -> tuple[Array, Array]:
    """For each channel the sums of the gradient and of its product with what is left of the mean."""
    sums, products = np.empty(planes.shape[1]), np.empty(planes.shape[1])
    if planes.shape[2] == 1:
        _chosen(loops.sums_of_columns, planes)(grad[:, :, 0], planes[:, :, 0], mean, sums, products)
    else:
        _chosen(loops.sums_of_planes, planes)(grad, planes, mean, sums, products)
    return sums, products


def _applied(planes: Array, *factors: Array) -> Array:
    """(planes - mean) * scale + shift, by channel."""
    out = np.empty_like(planes)
    vectors = [np.ascontiguousarray(each, planes.dtype) for each in factors]
    if planes.shape[2] == 1:
        _chosen(loops.apply_to_columns, planes)(planes[:, :, 0], *vectors, out[:, :, 0])
    else:
        _chosen(loops.apply_to_planes, planes)(planes, *vectors, out)
    return out


def _combined(grad: Array, planes: Array, *factors: Array) -> Array:
    """grad * of_grad + (planes - mean) * of_plane + shift, by channel."""
    out = np.empty_like(planes)
    vectors = [np.ascontiguousarray(each, planes.dtype) for each in factors]
    if planes.shape[2] == 1:
        _chosen(loops.combine_columns, planes)(grad[:, :, 0], planes[:, :, 0], *vectors, out[:, :, 0])
    else:
        _chosen(loops.combine_planes, planes)(grad, planes, *vectors, out)
    return out
