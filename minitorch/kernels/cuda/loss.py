"""The negative log-likelihood, with a of (n, classes, …), target and weights of (n, …)."""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any

import numpy as np
from numba import uint32

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty, to_host
from minitorch.kernels.cuda.creation import ones
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.folding import combiner
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import cast, position
from minitorch.kernels.cuda.shape import expand
from minitorch.kernels.halves import in_float32

__all__ = ["nll_loss_backward", "nll_loss_forward", "nll_loss_pick", "nll_outside"]

THREADS = 256


def nll_outside(target: DeviceArray, classes: int, ignore_index: int) -> int | None:
    """The first target that is not the index of a class, if there is one, nor to be ignored. The host waits for the answer."""
    flat = to_host(target).reshape(-1).astype(np.int64)
    outside = flat[((flat < 0) | (flat >= classes)) & (flat != ignore_index)]
    return int(outside[0]) if outside.size else None


@in_float32
def nll_loss_forward(
    a: DeviceArray, target: DeviceArray, weight: DeviceArray | None, ignore_index: int, reduction: str
) -> tuple[DeviceArray, DeviceArray]:
    """-weight[target] * a[target] of each sample, their sum or weighted mean; and how much each sample counts in it, (n, …)."""
    weights = empty(target.shape, a.dtype)
    by_class = ones((a.shape[1],), a) if weight is None else weight
    given = (*_by_samples(a, target), row_by_row(by_class), np.int64(ignore_index), *_sizes(a, target))
    if reduction == "none":
        loss = empty(target.shape, a.dtype)
        launch(_each, blocks_for(target.size), (loss, weights, *given))
    else:
        loss = empty((), a.dtype)
        launch(_all(reduction == "mean", number_type(a.dtype)), (1,), (loss, weights, *given), THREADS)
    return loss, weights


@in_float32
def nll_loss_pick(a: DeviceArray, target: DeviceArray, weights: DeviceArray, ignore_index: int) -> DeviceArray:
    """-weight * a[target] for each sample, 0 where ignored."""
    out = empty(target.shape, a.dtype)
    given = (*_by_samples(a, target), row_by_row(weights), np.int64(ignore_index), *_sizes(a, target))
    launch(_pick, blocks_for(target.size), (out, *given))
    return out


@in_float32
def nll_loss_backward(
    grad: DeviceArray, target: DeviceArray, weights: DeviceArray, a: DeviceArray, ignore_index: int
) -> DeviceArray:
    """-weight * grad at each sample's target, 0 elsewhere. The adjoint of ``nll_loss_pick``; ``grad`` is broadcast."""
    out = empty(a.shape, grad.dtype)
    grads, targets = row_by_row(expand(grad, target.shape)), row_by_row(cast(target, np.int64))
    given = (grads, targets, row_by_row(weights), np.int64(ignore_index))
    launch(_put, blocks_for(a.size), (out, *given, *_sizes(a, target)))
    return out


def _by_samples(a: DeviceArray, target: DeviceArray) -> tuple[DeviceArray, DeviceArray]:
    return row_by_row(a), row_by_row(cast(target, np.int64))


def _sizes(a: DeviceArray, target: DeviceArray) -> tuple[np.uint32, ...]:
    """Samples, classes, and how many samples share the first dimension's index."""
    return np.uint32(target.size), np.uint32(a.shape[1]), np.uint32(prod(target.shape[1:]))


@function
def _place(sample, which, classes, rest):
    """Where in (n, classes, rest) a class of a sample is."""
    n = uint32(sample // rest)
    return uint32(uint32(uint32(n * classes + uint32(which)) * rest) + uint32(sample - uint32(n * rest)))


def _each(losses, weights, a, target, weight, ignored, samples, classes, rest):
    i = position()
    if i < samples:
        which = target[i]
        if which == ignored:
            losses[i] = 0
            weights[i] = 0
        else:
            losses[i] = -a[_place(i, which, classes, rest)] * weight[uint32(which)]
            weights[i] = weight[uint32(which)]


@cache
def _all(mean: bool, number: Any) -> Any:
    """One block for all samples."""
    sum_of_all = combiner(formulas.add, THREADS)

    def kernel(loss, weights, a, target, weight, ignored, samples, classes, rest):
        found = cuda.shared.array(THREADS, number)
        thread = uint32(cuda.threadIdx.x)
        lost, counted = number(0), number(0)
        i = thread
        while i < samples:
            which = target[i]
            counts = number(0)
            if which != ignored:
                counts = weight[uint32(which)]
                lost -= a[_place(i, which, classes, rest)] * counts
                counted += counts
            weights[i] = counts
            i = uint32(i + uint32(THREADS))
        lost, counted = sum_of_all(found, lost), sum_of_all(found, counted)
        if mean:
            i = thread
            while i < samples:
                weights[i] /= counted
                i = uint32(i + uint32(THREADS))
        if thread == 0:
            loss[0] = lost / counted if mean else lost

    return kernel


def _pick(out, a, target, weights, ignored, samples, classes, rest):
    i = position()
    if i < samples:
        which = target[i]
        if which == ignored:
            out[i] = 0
        else:
            out[i] = -a[_place(i, which, classes, rest)] * weights[i]


def _put(out, grad, target, weights, ignored, samples, classes, rest):
    """A thread for each element of the result."""
    i = position()
    if i < uint32(samples * classes):
        row = uint32(i // rest)
        n = uint32(row // classes)
        which = uint32(row - uint32(n * classes))
        sample = uint32(uint32(n * rest) + uint32(i - uint32(row * rest)))
        wanted = target[sample]
        out[i] = -grad[sample] * weights[sample] if wanted == which and wanted != ignored else type(grad[sample])(0)
