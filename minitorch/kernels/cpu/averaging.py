"""Average pooling over the last dimensions, one, two or three, and its gradient.

Windows are boxes: along each dimension they have beginnings and ends. The rows of a box are added up first, as whole rows of the
input, which processors do many elements at a time, then the columns.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.halves import in_float32

__all__ = ["avg_pool", "avg_pool_backward"]

Array = np.ndarray
Windows = tuple[tuple[tuple[Array, Array], ...], Array]
"""For each dimension where windows begin and before what they end; and what the sum of each is divided by."""

SHARED = 2**14  # elements from which more than one thread pays


@in_float32
def avg_pool(input: Array, windows: Windows) -> Array:
    """The sum of each window, divided."""
    ends, divisors = windows
    output = np.empty((*input.shape[: -len(ends)], *divisors.shape), input.dtype)
    return _run(_average, input, output, windows)[1].reshape(output.shape)


@in_float32
def avg_pool_backward(grad: Array, input: Array, windows: Windows) -> Array:
    """Each element of ``grad``, divided and added to all that its window had of the input (which only gives the shape)."""
    input_grad = np.empty(input.shape, grad.dtype)
    return _run(_spread, input_grad, grad, windows)[0].reshape(input.shape)


def _run(kernel: Any, whole: Array, pooled: Array, windows: Windows) -> tuple[Array, Array]:
    """Calls a kernel with arrays as (planes, depth, height, width); those that it writes to are in one piece."""
    ends, divisors = windows
    dims = len(ends)
    planes = prod(whole.shape[:-dims])
    boxes, results = (
        np.ascontiguousarray(each).reshape(planes, *[1] * (3 - dims), *each.shape[-dims:]) for each in (whole, pooled)
    )
    bounds = [*[_SINGLE] * (3 - dims), *ends]
    shared = kernel if planes > 1 and whole.size >= SHARED else kernel.serial
    shared(
        boxes,
        results,
        *[each for pair in bounds for each in pair],
        divisors.astype(whole.dtype).reshape(results.shape[1:]),
    )
    return boxes, results


_SINGLE = np.array([0]), np.array([1])


@parallel_jit
def _average(boxes, results, front, back, top, bottom, left, right, divisors):
    width = boxes.shape[3]
    for plane in prange(len(boxes)):
        row = np.empty(width, boxes.dtype)
        for i in range(len(front)):
            for j in range(len(top)):
                row[:] = 0
                for d in range(front[i], back[i]):
                    for h in range(top[j], bottom[j]):
                        for w in range(width):
                            row[w] += boxes[plane, d, h, w]
                for k in range(len(left)):
                    total = row[left[k]]
                    for w in range(left[k] + 1, right[k]):
                        total += row[w]
                    results[plane, i, j, k] = total / divisors[i, j, k]


@parallel_jit
def _spread(boxes, results, front, back, top, bottom, left, right, divisors):
    width = boxes.shape[3]
    for plane in prange(len(boxes)):
        row = np.empty(width, boxes.dtype)
        boxes[plane] = 0
        for i in range(len(front)):
            for j in range(len(top)):
                row[:] = 0
                for k in range(len(left)):
                    share = results[plane, i, j, k] / divisors[i, j, k]
                    for w in range(left[k], right[k]):
                        row[w] += share
                for d in range(front[i], back[i]):
                    for h in range(top[j], bottom[j]):
                        for w in range(width):
                            boxes[plane, d, h, w] += row[w]
