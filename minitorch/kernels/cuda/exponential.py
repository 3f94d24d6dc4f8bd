"""Softmax over one dimension, its logarithm, and their gradients: one launch each.

Source: log-sum-exp shifted by the largest element, so that nothing overflows.

A *row* is what lies along the dimension. Short rows, and those whose elements are far apart, have a thread each: neighbouring
threads then read what lies side by side. Others have a block each. Halves are computed in float32.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import uint32

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.folding import combiner
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.lifting import HALF, SINGLE, row_start

__all__ = ["log_softmax", "log_softmax_backward", "softmax", "softmax_backward"]

Formula = Callable[..., Any]

THREADS = 128
SHORT = 64  # elements up to which a thread takes a row alone


def softmax(a: DeviceArray, dim: int) -> DeviceArray:
    """exp(a) / sum(exp(a)) along a dimension."""
    return _along(dim, _forward, _softmax, a)


def log_softmax(a: DeviceArray, dim: int) -> DeviceArray:
    """log(softmax(a)) along a dimension."""
    return _along(dim, _forward, _logarithm, a)


def softmax_backward(grad: DeviceArray, result: DeviceArray, dim: int) -> DeviceArray:
    """result * (grad - sum(grad * result))."""
    return _along(dim, _backward, _SOFTMAX_BACKWARD, grad, result)


def log_softmax_backward(grad: DeviceArray, result: DeviceArray, dim: int) -> DeviceArray:
    """grad - exp(result) * sum(grad)."""
    return _along(dim, _backward, _LOG_SOFTMAX_BACKWARD, grad, result)


def _softmax(x: Any, largest: Any, total: Any) -> Any:
    return math.exp(x - largest) / total


def _logarithm(x: Any, largest: Any, total: Any) -> Any:
    return x - largest - math.log(total)


# The term that is summed, and the gradient by the sum.
_SOFTMAX_BACKWARD = (lambda grad, y: grad * y, lambda grad, y, total: y * (grad - total))
_LOG_SOFTMAX_BACKWARD = (lambda grad, y: grad, lambda grad, y, total: grad - math.exp(y) * total)


def _along(dim: int, make: Callable[..., Any], formula: Any, *arrays: DeviceArray) -> DeviceArray:
    shape, dtype = arrays[0].shape, arrays[0].dtype
    out = empty(shape, dtype)
    if not out.size:
        return out
    arrays = tuple(map(row_by_row, arrays))
    classes, inner = (shape[dim], math.prod(shape[dim + 1 :])) if shape else (1, 1)
    rows = out.size // classes
    alone = classes <= SHORT or inner > 1
    kernel = make(formula, alone, number_type(SINGLE if dtype == HALF else dtype))
    sizes = tuple(map(np.uint32, (rows, classes, inner)))
    launch(kernel, (-(-rows // THREADS) if alone else rows,), (out, *arrays, *sizes), THREADS)
    return out


@cache
def _share(alone: bool) -> Any:
    """A function that gives this thread's row, the first of its elements in it, and how far the next one is."""

    @function
    def share():
        thread, block = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.x)
        if alone:
            return uint32(uint32(block * uint32(THREADS)) + thread), uint32(0), uint32(1)
        return block, thread, uint32(THREADS)

    return share


@cache
def _forward(finish: Formula, alone: bool, number: Any) -> Any:
    share, f = _share(alone), function(finish)
    largest_of_all = combiner(formulas.larger, THREADS)
    sum_of_all = combiner(formulas.add, THREADS)

    def kernel(out, a, rows, classes, inner):
        found = cuda.shared.array(THREADS, number)
        row, first, step = share()
        if row < rows:
            start = row_start(row, classes, inner)
            largest = number(-math.inf)
            i = first
            while i < classes:
                largest = max(largest, number(a[uint32(start + uint32(i * inner))]))
                i = uint32(i + step)
            if not alone:
                largest = largest_of_all(found, largest)
            total = number(0)
            i = first
            while i < classes:
                total += math.exp(number(a[uint32(start + uint32(i * inner))]) - largest)
                i = uint32(i + step)
            if not alone:
                total = sum_of_all(found, total)
            i = first
            while i < classes:
                at = uint32(start + uint32(i * inner))
                out[at] = f(number(a[at]), largest, total)
                i = uint32(i + step)

    return kernel


@cache
def _backward(pair: tuple[Formula, Formula], alone: bool, number: Any) -> Any:
    share, term, finish = _share(alone), function(pair[0]), function(pair[1])
    sum_of_all = combiner(formulas.add, THREADS)

    def kernel(out, grad, result, rows, classes, inner):
        found = cuda.shared.array(THREADS, number)
        row, first, step = share()
        if row < rows:
            start = row_start(row, classes, inner)
            total = number(0)
            i = first
            while i < classes:
                at = uint32(start + uint32(i * inner))
                total += term(number(grad[at]), number(result[at]))
                i = uint32(i + step)
            if not alone:
                total = sum_of_all(found, total)
            i = first
            while i < classes:
                at = uint32(start + uint32(i * inner))
                out[at] = finish(number(grad[at]), number(result[at]), total)
                i = uint32(i + step)

    return kernel
