"""Normalisation to mean 0 and variance 1: of channels over a batch, of the last dimensions, of groups of channels.

Arrays are seen as planes, (batch, channels, inner): moments are taken plane by plane, in double precision while the plane is in
the cache, and joined by channel. Groups are normalised as channels of a batch of one. Where planes have a single element, they
are columns, (batch, channels), and the last dimensions are rows. ``mean`` and ``rstd``, one over the standard deviation, are what
a gradient needs.

Source: T. Chan, G. Golub and R. LeVeque, Algorithms for computing the sample variance (1983), for joining moments.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit
from minitorch.kernels.cpu.halves import in_float32

__all__ = [
    "batch_norm", "batch_norm_backward", "group_norm", "group_norm_backward", "layer_norm", "layer_norm_backward",
]  # fmt: skip

Array = np.ndarray
Gradients = tuple[Array, Array, Array]

SHARED = 2**14  # elements from which more than one thread pays
WIDTH = 64  # columns to take together
BLOCKS = 32  # into which rows are divided, whose gradients of weights are added up by themselves


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
    _chosen(_normalise_rows, a)(rows, scale, shift, eps, out, mean, rstd)
    reduced = (*kept, *(1,) * dims)
    return out.reshape(a.shape), mean.reshape(reduced), rstd.reshape(reduced)


@in_float32
def layer_norm_backward(grad: Array, a: Array, weight: Array | None, mean: Array, rstd: Array, dims: int) -> Gradients:
    """The gradients of input, weight and bias."""
    shape = (mean.size, math.prod(a.shape[a.ndim - dims :]))
    rows, grads = (np.ascontiguousarray(each).reshape(shape) for each in (a, grad))
    out, sums = np.empty(shape, a.dtype), np.zeros((2, BLOCKS, shape[1]), a.dtype)
    scale = _row(weight, 1, shape[1], a.dtype)
    _chosen(_normalise_rows_backward, a)(grads, rows, scale, mean.reshape(-1), rstd.reshape(-1), out, sums)
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
        _chosen(_moments_of_columns, planes)(planes[:, :, 0], mean, variance)
    else:
        _chosen(_moments_of_planes, planes)(planes, mean, variance)
    return mean, variance


def _sums(grad: Array, planes: Array, mean: Array) -> tuple[Array, Array]:
    """For each channel the sums of the gradient and of its product with what is left of the mean."""
    sums, products = np.empty(planes.shape[1]), np.empty(planes.shape[1])
    if planes.shape[2] == 1:
        _chosen(_sums_of_columns, planes)(grad[:, :, 0], planes[:, :, 0], mean, sums, products)
    else:
        _chosen(_sums_of_planes, planes)(grad, planes, mean, sums, products)
    return sums, products


def _applied(planes: Array, *factors: Array) -> Array:
    """(planes - mean) * scale + shift, by channel."""
    out = np.empty_like(planes)
    vectors = [np.ascontiguousarray(each, planes.dtype) for each in factors]
    if planes.shape[2] == 1:
        _chosen(_apply_to_columns, planes)(planes[:, :, 0], *vectors, out[:, :, 0])
    else:
        _chosen(_apply_to_planes, planes)(planes, *vectors, out)
    return out


def _combined(grad: Array, planes: Array, *factors: Array) -> Array:
    """grad * of_grad + (planes - mean) * of_plane + shift, by channel."""
    out = np.empty_like(planes)
    vectors = [np.ascontiguousarray(each, planes.dtype) for each in factors]
    if planes.shape[2] == 1:
        _chosen(_combine_columns, planes)(grad[:, :, 0], planes[:, :, 0], *vectors, out[:, :, 0])
    else:
        _chosen(_combine_planes, planes)(grad, planes, *vectors, out)
    return out


# -- planes -------------------------------------------------------------------------------------------------------------


@jit(reorder=True)
def _sum(numbers):
    total = 0.0
    for i in range(len(numbers)):
        total += numbers[i]
    return total


@jit(reorder=True)
def _sum_of_squares(numbers, mean):
    total = 0.0
    for i in range(len(numbers)):
        deviation = numbers[i] - mean
        total += deviation * deviation
    return total


@jit(reorder=True)
def _sum_of_products(a, b, mean):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * (b[i] - mean)
    return total


@parallel_jit
def _moments_of_planes(a, mean, variance):
    size = a.shape[2]
    for c in prange(a.shape[1]):
        center = squares = 0.0
        for n in range(a.shape[0]):
            own = _sum(a[n, c]) / size
            distance = own - center
            center += distance / (n + 1)
            squares += _sum_of_squares(a[n, c], own) + distance * distance * size * n / (n + 1)
        mean[c] = center
        variance[c] = squares / (a.shape[0] * size)


@parallel_jit
def _sums_of_planes(grad, a, mean, sums, products):
    for c in prange(a.shape[1]):
        total = product = 0.0
        for n in range(a.shape[0]):
            total += _sum(grad[n, c])
            product += _sum_of_products(grad[n, c], a[n, c], mean[c])
        sums[c], products[c] = total, product


@jit
def _apply(a, mean, scale, shift, out):
    for i in range(len(a)):
        out[i] = (a[i] - mean) * scale + shift


@parallel_jit
def _apply_to_planes(a, mean, scale, shift, out):
    for plane in prange(a.shape[0] * a.shape[1]):
        n, c = plane // a.shape[1], plane % a.shape[1]
        _apply(a[n, c], mean[c], scale[c], shift[c], out[n, c])


@jit
def _combine(grad, a, mean, of_grad, of_plane, shift, out):
    for i in range(len(a)):
        out[i] = grad[i] * of_grad + (a[i] - mean) * of_plane + shift


@parallel_jit
def _combine_planes(grad, a, mean, of_grad, of_plane, shift, out):
    for plane in prange(a.shape[0] * a.shape[1]):
        n, c = plane // a.shape[1], plane % a.shape[1]
        _combine(grad[n, c], a[n, c], mean[c], of_grad[c], of_plane[c], shift[c], out[n, c])


# -- columns ------------------------------------------------------------------------------------------------------------


@parallel_jit
def _moments_of_columns(a, mean, variance):
    for block in prange(-(-a.shape[1] // WIDTH)):
        begin, end = block * WIDTH, min((block + 1) * WIDTH, a.shape[1])
        mean[begin:end] = 0
        variance[begin:end] = 0
        for n in range(a.shape[0]):
            for c in range(begin, end):
                mean[c] += a[n, c]
        mean[begin:end] /= a.shape[0]
        for n in range(a.shape[0]):
            for c in range(begin, end):
                deviation = a[n, c] - mean[c]
                variance[c] += deviation * deviation
        variance[begin:end] /= a.shape[0]


@parallel_jit
def _sums_of_columns(grad, a, mean, sums, products):
    for block in prange(-(-a.shape[1] // WIDTH)):
        begin, end = block * WIDTH, min((block + 1) * WIDTH, a.shape[1])
        sums[begin:end] = 0
        products[begin:end] = 0
        for n in range(a.shape[0]):
            for c in range(begin, end):
                sums[c] += grad[n, c]
                products[c] += grad[n, c] * (a[n, c] - mean[c])


@parallel_jit
def _apply_to_columns(a, mean, scale, shift, out):
    for n in prange(a.shape[0]):
        for c in range(a.shape[1]):
            out[n, c] = (a[n, c] - mean[c]) * scale[c] + shift[c]


@parallel_jit
def _combine_columns(grad, a, mean, of_grad, of_plane, shift, out):
    for n in prange(a.shape[0]):
        for c in range(a.shape[1]):
            out[n, c] = grad[n, c] * of_grad[c] + (a[n, c] - mean[c]) * of_plane[c] + shift[c]


# -- rows ---------------------------------------------------------------------------------------------------------------


@jit
def _normalise(row, mean, rstd, scale, shift, out):
    for i in range(len(row)):
        out[i] = (row[i] - mean) * rstd * scale[i] + shift[i]


@parallel_jit
def _normalise_rows(a, scale, shift, eps, out, means, rstds):
    number = a.dtype.type
    for r in prange(len(a)):
        mean = _sum(a[r]) / a.shape[1]
        rstd = 1 / math.sqrt(_sum_of_squares(a[r], mean) / a.shape[1] + eps)
        means[r], rstds[r] = mean, rstd
        _normalise(a[r], number(mean), number(rstd), scale, shift, out[r])


@jit(reorder=True)
def _weighted_sums(grad, row, mean, rstd, scale, sums, products):
    """Adds a row's part of the gradients of weight and bias, and returns the sums that its own gradient takes."""
    total = product = 0.0
    for i in range(len(row)):
        normal = (row[i] - mean) * rstd
        products[i] += grad[i] * normal
        sums[i] += grad[i]
        weighted = grad[i] * scale[i]
        total += weighted
        product += weighted * normal
    return total, product


@jit
def _row_backward(grad, row, mean, rstd, scale, total, product, out):
    for i in range(len(row)):
        out[i] = (grad[i] * scale[i] - total - (row[i] - mean) * rstd * product) * rstd


@parallel_jit
def _normalise_rows_backward(grad, a, scale, mean, rstd, out, sums):
    number = a.dtype.type
    height = -(-len(a) // BLOCKS)
    for block in prange(BLOCKS):
        for r in range(block * height, min((block + 1) * height, len(a))):
            total, product = _weighted_sums(grad[r], a[r], mean[r], rstd[r], scale, sums[1, block], sums[0, block])
            total, product = number(total / a.shape[1]), number(product / a.shape[1])
            _row_backward(grad[r], a[r], mean[r], rstd[r], scale, total, product, out[r])
