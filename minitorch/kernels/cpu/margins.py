"""Losses that compare the scores of classes: (rows, classes) to a loss for each row, with its derivative by each score."""

from __future__ import annotations

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit

__all__ = ["multi_margin", "multilabel_margin"]

Array = np.ndarray

SHARED = 2**12  # comparisons from which more than one thread pays


def multi_margin(a: Array, target: Array, weight: Array | None, p: int, margin: float) -> tuple[Array, Array]:
    """The sum of max(0, margin - a[target] + a)^p over the other classes, times the target's weight, by the number of classes."""
    if weight is None:
        weight = np.ones(a.shape[1], a.dtype)
    losses, slopes = np.empty(len(a), a.dtype), np.zeros(a.shape, a.dtype)
    kernel = _multi_margin if a.size >= SHARED else _multi_margin.serial
    kernel(
        np.ascontiguousarray(a), np.ascontiguousarray(target), np.ascontiguousarray(weight), p, margin, losses, slopes
    )
    return losses, slopes


@parallel_jit
def _multi_margin(a, target, weight, p, margin, losses, slopes):
    for row in prange(len(a)):
        wanted = target[row]
        scale = weight[wanted] / a.shape[1]
        total = back = 0.0
        for i in range(a.shape[1]):
            z = margin - a[row, wanted] + a[row, i]
            if i != wanted and z > 0:
                total += scale * (z if p == 1 else z * z)
                slope = scale * (1.0 if p == 1 else 2 * z)
                slopes[row, i] = slope
                back += slope
        losses[row] = total
        slopes[row, wanted] = -back


def multilabel_margin(a: Array, target: Array) -> tuple[Array, Array]:
    """The sum of max(0, 1 - a[t] + a[i]) over a row's targets t, which end at -1, and all other classes i, by their number."""
    losses, slopes = np.empty(len(a), a.dtype), np.zeros(a.shape, a.dtype)
    kernel = _multilabel_margin if a.size * a.shape[1] >= SHARED else _multilabel_margin.serial
    kernel(np.ascontiguousarray(a), np.ascontiguousarray(target), losses, slopes)
    return losses, slopes


@parallel_jit
def _multilabel_margin(a, target, losses, slopes):
    classes = a.shape[1]
    for row in prange(len(a)):
        among, changes = np.zeros(classes, np.bool_), np.zeros(classes)
        for t in target[row]:
            if t < 0:
                break
            among[t] = True
        total = 0.0
        for t in target[row]:
            if t < 0:
                break
            for i in range(classes):
                z = 1 - a[row, t] + a[row, i]
                if not among[i] and z > 0:
                    total += z
                    changes[i] += 1
                    changes[t] -= 1
        losses[row] = total / classes
        for i in range(classes):
            slopes[row, i] = changes[i] / classes
