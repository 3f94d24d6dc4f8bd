"""Losses that compare the scores of classes: (rows, classes) to a loss for each row, with its derivative by each score."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import int32, uint32

from minitorch.kernels.cuda.array import DeviceArray, empty, on_device
from minitorch.kernels.cuda.block import BLOCK, total
from minitorch.kernels.cuda.creation import ones
from minitorch.kernels.cuda.device import cuda, number_type
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import position
from minitorch.kernels.cuda.reduction import sum

__all__ = ["multi_margin", "multilabel_margin"]

Array = DeviceArray | np.ndarray


def multi_margin(
    a: DeviceArray, target: Array, weight: Array | None, p: int, margin: float
) -> tuple[DeviceArray, DeviceArray]:
    """The sum of max(0, margin - a[target] + a)^p over the other classes, times the target's weight, by the number of classes."""
    rows, classes = a.shape
    by_class = ones((classes,), a) if weight is None else row_by_row(on_device(weight))
    losses, slopes = empty((rows,), a.dtype), empty(a.shape, a.dtype)
    given = (row_by_row(a), row_by_row(on_device(target)), by_class, a.dtype.type(margin), np.uint32(classes))
    launch(_multi_margin(p, number_type(a.dtype)), (rows,), (losses, slopes, *given), BLOCK)
    return losses, slopes


@cache
def _multi_margin(p: int, number: Any) -> Any:
    """A block for each row."""

    def kernel(losses, slopes, a, target, weight, margin, classes):
        shared = cuda.shared.array(BLOCK, number)
        row, thread = uint32(cuda.blockIdx.x), uint32(cuda.threadIdx.x)
        start, wanted = uint32(row * classes), uint32(target[row])
        scale = weight[wanted] / number(classes)
        below = margin - a[uint32(start + wanted)]
        loss, back = number(0), number(0)
        i = thread
        while i < classes:
            if i != wanted:
                z = below + a[uint32(start + i)]
                slope = number(0)
                if z > 0:
                    loss += scale * (z if p == 1 else z * z)
                    slope = scale * (number(1) if p == 1 else number(2) * z)
                slopes[uint32(start + i)] = slope
                back += slope
            i = uint32(i + uint32(BLOCK))
        loss, back = total(shared, loss), total(shared, back)
        if thread == 0:
            losses[row] = loss
            slopes[uint32(start + wanted)] = -back

    return kernel


def multilabel_margin(a: DeviceArray, target: Array) -> tuple[DeviceArray, DeviceArray]:
    """The sum of max(0, 1 - a[t] + a[i]) over a row's targets t, which end at -1, and all other classes i, by their number."""
    counts, terms, slopes = empty(a.shape, np.int32), empty(a.shape, a.dtype), empty(a.shape, a.dtype)
    targets, sizes = row_by_row(on_device(target)), (np.uint32(a.size), np.uint32(a.shape[1]))
    launch(_count, blocks_for(a.size), (counts, targets, *sizes))
    kernel = _multilabel_margin(number_type(a.dtype))
    launch(kernel, blocks_for(a.size), (terms, slopes, row_by_row(a), targets, counts, *sizes))
    return sum(terms, (1,), False), slopes


def _count(counts, target, size, classes):
    """How often each class is a target of its row."""
    at = position()
    if at < size:
        start = uint32(uint32(at // classes) * classes)
        count, i = int32(0), start
        while i < uint32(start + classes) and target[i] >= 0:
            if uint32(target[i]) == uint32(at - start):
                count = int32(count + int32(1))
            i = uint32(i + uint32(1))
        counts[at] = count


@cache
def _multilabel_margin(number: Any) -> Any:
    """A thread for each score: another class meets all targets, in their order, and a target meets all other classes."""

    def kernel(terms, slopes, a, target, counts, size, classes):
        at = position()
        if at < size:
            start = uint32(uint32(at // classes) * classes)
            stop = uint32(start + classes)
            term, change, i = number(0), int32(0), start
            if counts[at]:
                while i < stop:
                    if not counts[i] and number(1) - a[at] + a[i] > 0:
                        change = int32(change - counts[at])
                    i = uint32(i + uint32(1))
            else:
                while i < stop and target[i] >= 0:
                    z = number(1) - a[uint32(start + uint32(target[i]))] + a[at]
                    if z > 0:
                        term += z
                        change = int32(change + int32(1))
                    i = uint32(i + uint32(1))
            terms[at] = term / number(classes)
            slopes[at] = number(change) / number(classes)

    return kernel
