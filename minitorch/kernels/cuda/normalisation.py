"""Normalisation to mean 0 and variance 1: of channels over a batch, of the last dimensions, of groups of channels.

All are one computation on an array that lies row by row. They differ in which elements share their moments, and which their
weight: the ``Places``. ``mean`` and ``rstd``, one over the standard deviation, are what a gradient needs.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.elementwise import clone_as, mul, row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import cast, lift, position, write
from minitorch.kernels.cuda.moments import Places, moments, sums, which
from minitorch.kernels.cuda.shape import permute, view
from minitorch.kernels.halves import in_float32

__all__ = [
    "batch_norm", "batch_norm_backward", "group_norm", "group_norm_backward", "layer_norm", "layer_norm_backward",
]  # fmt: skip

Gradients = tuple[DeviceArray, DeviceArray, DeviceArray]

_LAST = {
    4: (0, 2, 3, 1),
    5: (0, 2, 3, 4, 1),
}  # how channels come to be last, by the number of dimensions, and second again
_FIRST = {4: (0, 3, 1, 2), 5: (0, 4, 1, 2, 3)}


def batch_norm(
    a: DeviceArray,
    weight: DeviceArray | None,
    bias: DeviceArray | None,
    running_mean: DeviceArray | None,
    running_var: DeviceArray | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
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
    dtype = np.promote_types(a.dtype, np.float32)
    last, inner = _channels_last(a), math.prod(a.shape[2:])
    rows = cast(permute(a, _LAST[a.ndim]) if last else row_by_row(a), dtype)
    planes = view(rows, (a.size // max(a.shape[1], 1), a.shape[1], 1) if last else (*a.shape[:2], inner))
    if training:
        mean, variance, rstd = moments(planes, (0, 2), eps)
    else:
        mean, variance = (cast(each, dtype) for each in (running_mean, running_var) if each is not None)
        rstd = lift(_inverted, variance, numbers=(dtype.type(eps),))
    weight, bias = (each if each is None else cast(each, dtype) for each in (weight, bias))
    out = view(_applied(planes, mean, rstd, weight, bias, _by_channel(planes)), rows.shape)
    out = permute(out, _FIRST[a.ndim]) if last else out
    count = a.size // max(a.shape[1], 1)
    if training and count:
        for running, found, factor in ((running_mean, mean, 1), (running_var, variance, count / max(count - 1, 1))):
            if running is not None:
                numbers = tuple(map(dtype.type, (1 - momentum, momentum * factor)))
                write(_moved, running, running, found, numbers=numbers)
    return cast(out, a.dtype), cast(mean, a.dtype), cast(rstd, a.dtype)


def _moved(running: Any, found: Any, stays: Any, comes: Any) -> Any:
    return stays * type(found)(running) + comes * found


def _inverted(variance: Any, eps: Any) -> Any:
    number = type(variance)
    return number(0) if variance + eps == 0 else number(1) / math.sqrt(variance + eps)


@in_float32
def batch_norm_backward(
    grad: DeviceArray, a: DeviceArray, weight: DeviceArray | None, mean: DeviceArray, rstd: DeviceArray, training: bool
) -> Gradients:
    """The gradients of input, weight and bias."""
    planes, grads = _planes(a), _planes(grad)
    where = _by_channel(planes)
    by_bias, by_weight = sums((0, 2), grads, planes, mean, rstd, None, where)
    if training:
        total, product = (each if weight is None else mul(each, weight) for each in (by_bias, by_weight))
        out = _differentiated(grads, planes, mean, rstd, weight, (total, product), where)
    else:
        out = mul(grads, view(rstd if weight is None else mul(rstd, weight), (a.shape[1], 1)))
    return view(out, a.shape), by_weight, by_bias


@in_float32
def group_norm(
    a: DeviceArray, weight: DeviceArray | None, bias: DeviceArray | None, groups: int, eps: float
) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """(a - mean) * rstd * weight + bias, with moments of each group of channels of each sample: both are (batch, groups)."""
    planes, shape = _planes(a), (a.shape[0], groups)
    mean, _, rstd = moments(_grouped(planes, groups), (1,), eps)
    out = view(_applied(planes, mean, rstd, weight, bias, _by_group(planes, groups)), a.shape)
    if _channels_last(a):
        out = clone_as(out, a)
    return out, view(mean, shape), view(rstd, shape)


@in_float32
def group_norm_backward(
    grad: DeviceArray, a: DeviceArray, weight: DeviceArray | None, mean: DeviceArray, rstd: DeviceArray, groups: int
) -> Gradients:
    """The gradients of input, weight and bias."""
    planes, grads = _planes(a), _planes(grad)
    where = _by_group(planes, groups)
    by_bias, by_weight = sums((0, 2), grads, planes, mean, rstd, None, where)
    by_moments = sums((1,), _grouped(grads, groups), planes, mean, rstd, weight, where)
    out = _differentiated(grads, planes, mean, rstd, weight, by_moments, where)
    return view(out, a.shape), by_weight, by_bias


@in_float32
def layer_norm(
    a: DeviceArray, weight: DeviceArray | None, bias: DeviceArray | None, dims: int, eps: float
) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """(a - mean) * rstd * weight + bias, with moments over the last ``dims`` dimensions, which stay with size 1."""
    rows, reduced = _rows(a, dims), (*a.shape[: a.ndim - dims], *(1,) * dims)
    mean, _, rstd = moments(rows, (1,), eps)
    out = _applied(rows, mean, rstd, weight, bias, _by_row(rows))
    return view(out, a.shape), view(mean, reduced), view(rstd, reduced)


@in_float32
def layer_norm_backward(
    grad: DeviceArray, a: DeviceArray, weight: DeviceArray | None, mean: DeviceArray, rstd: DeviceArray, dims: int
) -> Gradients:
    """The gradients of input, weight and bias."""
    rows, grads = _rows(a, dims), _rows(grad, dims)
    where, shape = _by_row(rows), a.shape[a.ndim - dims :]
    by_bias, by_weight = sums((0,), grads, rows, mean, rstd, None, where)
    by_moments = sums((1,), grads, rows, mean, rstd, weight, where)
    out = _differentiated(grads, rows, mean, rstd, weight, by_moments, where)
    return view(out, a.shape), view(by_weight, shape), view(by_bias, shape)


# -- how arrays are seen ------------------------------------------------------------------------------------------------


def _channels_last(a: DeviceArray) -> bool:
    """Whether channels are last in memory, of images or volumes: results then have them so too."""
    return a.ndim in _LAST and not a.contiguous and permute(a, _LAST[a.ndim]).contiguous


def _planes(a: DeviceArray) -> DeviceArray:
    """(batch, channels, inner), row by row."""
    return view(row_by_row(a), (*a.shape[:2], math.prod(a.shape[2:])))


def _grouped(planes: DeviceArray, groups: int) -> DeviceArray:
    """(groups of all samples, elements of a group)."""
    batch, channels, inner = planes.shape
    return view(planes, (batch * groups, channels // groups * inner))


def _rows(a: DeviceArray, dims: int) -> DeviceArray:
    """(rows, size), row by row."""
    kept = a.ndim - dims
    return view(row_by_row(a), (math.prod(a.shape[:kept]), math.prod(a.shape[kept:])))


def _by_channel(planes: DeviceArray) -> Places:
    return (*map(np.uint32, planes.shape[:0:-1] * 2),)


def _by_group(planes: DeviceArray, groups: int) -> Places:
    batch, channels, inner = planes.shape
    return (*map(np.uint32, (channels // groups * inner, batch * groups, inner, channels)),)


def _by_row(rows: DeviceArray) -> Places:
    count, size = rows.shape
    return (*map(np.uint32, (size, count, 1, size)),)


# -- element by element -------------------------------------------------------------------------------------------------


def _applied(
    a: DeviceArray,
    mean: DeviceArray,
    rstd: DeviceArray,
    weight: DeviceArray | None,
    bias: DeviceArray | None,
    where: Places,
) -> DeviceArray:
    """(a - mean) * rstd * weight + bias."""
    out = empty(a.shape, a.dtype)
    kernel = _apply(weight is not None, bias is not None)
    parameters = [mean if each is None else row_by_row(each) for each in (weight, bias)]
    launch(kernel, blocks_for(a.size), (out, a, mean, rstd, *parameters, where, np.uint32(a.size)))
    return out


@cache
def _apply(scales: bool, shifts: bool) -> Any:
    """The kernel. For a weight or a bias that is not there, another array stands in and is not touched."""

    def kernel(out, a, mean, rstd, weight, bias, where, size):
        i = position()
        if i < size:
            m, w = which(i, where[0], where[1]), which(i, where[2], where[3])
            x = (a[i] - mean[m]) * rstd[m]
            if scales:
                x *= weight[w]
            if shifts:
                x += bias[w]
            out[i] = x

    return kernel


def _differentiated(
    grad: DeviceArray,
    a: DeviceArray,
    mean: DeviceArray,
    rstd: DeviceArray,
    weight: DeviceArray | None,
    summed: tuple[DeviceArray, DeviceArray],
    where: Places,
) -> DeviceArray:
    """The gradient of ``a``, for the ``sums`` over what shares its moments."""
    out = empty(a.shape, a.dtype)
    share = a.dtype.type(mean.size / max(a.size, 1))
    given = (grad, a, mean, rstd, mean if weight is None else row_by_row(weight), *summed, share)
    launch(_differentiate(weight is not None), blocks_for(a.size), (out, *given, where, np.uint32(a.size)))
    return out


@cache
def _differentiate(scales: bool) -> Any:
    def kernel(out, grad, a, mean, rstd, weight, total, product, share, where, size):
        i = position()
        if i < size:
            m = which(i, where[0], where[1])
            g = grad[i]
            if scales:
                g *= weight[which(i, where[2], where[3])]
            x = (a[i] - mean[m]) * rstd[m]
            out[i] = (g - total[m] * share - x * (product[m] * share)) * rstd[m]

    return kernel
