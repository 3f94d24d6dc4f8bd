"""Softmax over one dimension, its logarithm, and their gradients, sigmoid and log1p: one pass over memory each.

Source: log-sum-exp shifted by the largest element, so that nothing overflows. Sums are kept in double precision.

Where the dimension is the last, rows are taken one after the other; else they stand beside each other in memory, and are taken
in blocks of columns: arrays of (outer, classes) or (outer, classes, inner), whatever their dimensions were.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit
from minitorch.kernels.cpu.ufunc_loops import call_loop, loop_of

__all__ = ["log1p", "log_softmax", "log_softmax_backward", "sigmoid", "softmax", "softmax_backward"]

Array = np.ndarray

SHARED = 2**12  # elements from which more than one thread pays: an exponential for each
BLOCK = 2**12  # elements of rows to take together
COLUMNS = 64  # to take together
COMPILED = 2**10  # elements from which the call of a compiled kernel pays
LANES = 16  # elements to compare side by side


def softmax(a: Array, dim: int) -> Array:
    """exp(a) / sum(exp(a)) along a dimension."""
    return _along(dim, _softmax_of_rows, _softmax_of_columns, a)


def log_softmax(a: Array, dim: int) -> Array:
    """log(softmax(a)) along a dimension."""
    if a.dtype.itemsize == 2 and a.size:  # torch rounds the sum, and its logarithm, to two bytes
        wide, over = a.astype(np.float32), dim if a.ndim else None
        shifted = wide - wide.max(over, keepdims=True)
        total = np.exp(shifted).sum(over, keepdims=True).astype(a.dtype)
        return np.subtract(shifted, np.log(total), out=...).astype(a.dtype)
    return _along(dim, _log_softmax_of_rows, _log_softmax_of_columns, a)


def softmax_backward(grad: Array, result: Array, dim: int) -> Array:
    """result * (grad - sum(grad * result))."""
    return _along(dim, _softmax_backward_of_rows, _softmax_backward_of_columns, grad, result)


def log_softmax_backward(grad: Array, result: Array, dim: int) -> Array:
    """grad - exp(result) * sum(grad)."""
    return _along(dim, _log_softmax_backward_of_rows, _log_softmax_backward_of_columns, grad, result)


def _along(dim: int, of_rows: Any, of_columns: Any, *arrays: Array) -> Array:
    """Calls a kernel on arrays of one shape, on what it is to write the result to, and with numpy's loop for exp."""
    shape, dtype = arrays[0].shape, arrays[0].dtype
    if not arrays[0].size:
        return np.empty(shape, dtype)
    outer, inner = math.prod(shape[:dim]), math.prod(shape[dim + 1 :])
    classes = shape[dim] if shape else 1
    by_rows = (outer, classes) if inner == 1 else (outer, classes, inner)
    wide = [each.astype(np.float32) if dtype.itemsize == 2 else np.ascontiguousarray(each) for each in arrays]
    out = np.empty(by_rows, wide[0].dtype)
    kernel = of_rows if inner == 1 else of_columns
    (kernel if out.size >= SHARED else kernel.serial)(
        *[each.reshape(by_rows) for each in wide], out, *loop_of(np.exp, out.dtype)[:2]
    )
    return out.reshape(shape).astype(dtype, copy=False)


@jit
def _exp(function, data, a, out):
    """Writes exp(a) over ``out``, both of one contiguous dimension."""
    if len(a) < LANES:
        for i in range(len(a)):
            out[i] = math.exp(a[i])
    else:
        call_loop(function, data, a.ctypes.data, out.ctypes.data, 0, a.itemsize, a.itemsize, 0, len(a))


# -- rows ---------------------------------------------------------------------------------------------------------------


@jit
def _shift_row(row, result, lanes):
    """Writes a row, less its largest element, over ``result``. (A NaN may be passed over: it shows in the sum anyway.)"""
    if len(row) < LANES:
        largest = row[0]
        for i in range(1, len(row)):
            largest = max(largest, row[i])
    else:
        lanes[:] = row[:LANES]
        for start in range(0, len(row) - LANES + 1, LANES):
            for lane in range(LANES):
                value, before = row[start + lane], lanes[lane]
                lanes[lane] = value if value > before else before
        for i in range(len(row) // LANES * LANES, len(row)):
            lanes[0] = max(lanes[0], row[i])
        largest = lanes.max()
    for i in range(len(row)):
        result[i] = row[i] - largest


@jit(reorder=True)
def _sum(row):
    total = 0.0
    for i in range(len(row)):
        total += row[i]
    return total


@jit(reorder=True)
def _dot(a, b):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i]
    return total


@parallel_jit
def _softmax_of_rows(a, out, exp, data):
    rows = max(1, BLOCK // a.shape[1])
    for block in prange(-(-len(a) // rows)):
        results, lanes = out[block * rows : (block + 1) * rows], np.empty(LANES, out.dtype)
        for r in range(len(results)):
            _shift_row(a[block * rows + r], results[r], lanes)
        _exp(exp, data, results.reshape(-1), results.reshape(-1))
        for r in range(len(results)):
            total = out.dtype.type(_sum(results[r]))
            for c in range(a.shape[1]):
                results[r, c] /= total


@parallel_jit
def _log_softmax_of_rows(a, out, exp, data):
    rows = max(1, BLOCK // a.shape[1])
    for block in prange(-(-len(a) // rows)):
        results, lanes = out[block * rows : (block + 1) * rows], np.empty(LANES, out.dtype)
        for r in range(len(results)):
            _shift_row(a[block * rows + r], results[r], lanes)
        exponentials = np.empty_like(results)
        _exp(exp, data, results.reshape(-1), exponentials.reshape(-1))
        for r in range(len(results)):
            shift = out.dtype.type(math.log(_sum(exponentials[r])))
            for c in range(a.shape[1]):
                results[r, c] -= shift


@parallel_jit
def _softmax_backward_of_rows(grad, result, out, exp, data):
    for o in prange(len(grad)):
        total = out.dtype.type(_dot(grad[o], result[o]))
        for c in range(grad.shape[1]):
            out[o, c] = result[o, c] * (grad[o, c] - total)


@parallel_jit
def _log_softmax_backward_of_rows(grad, result, out, exp, data):
    rows = max(1, BLOCK // grad.shape[1])
    for block in prange(-(-len(grad) // rows)):
        begin, end = block * rows, min((block + 1) * rows, len(grad))
        _exp(exp, data, result[begin:end].reshape(-1), out[begin:end].reshape(-1))
        for o in range(begin, end):
            total = out.dtype.type(_sum(grad[o]))
            for c in range(grad.shape[1]):
                out[o, c] = grad[o, c] - out[o, c] * total


# -- columns ------------------------------------------------------------------------------------------------------------


@jit
def _block(item, inner):
    """Which of the outer dimension, and the columns from which to before which."""
    blocks = -(-inner // COLUMNS)
    begin = item % blocks * COLUMNS
    return item // blocks, begin, min(begin + COLUMNS, inner)


@jit
def _shift(a, out, o, begin, end):
    """Writes ``a``, less the largest of each column, over ``out``."""
    largest = a[o, 0, begin:end].copy()
    for c in range(1, a.shape[1]):
        for i in range(end - begin):
            value, before = a[o, c, begin + i], largest[i]
            largest[i] = value if value > before else before
    for c in range(a.shape[1]):
        for i in range(end - begin):
            out[o, c, begin + i] = a[o, c, begin + i] - largest[i]


@parallel_jit
def _softmax_of_columns(a, out, exp, data):
    for item in prange(len(a) * -(-a.shape[2] // COLUMNS)):
        o, begin, end = _block(item, a.shape[2])
        _shift(a, out, o, begin, end)
        total = np.zeros(end - begin)
        for c in range(a.shape[1]):
            row = out[o, c, begin:end]
            _exp(exp, data, row, row)
            total += row
        scale = total.astype(out.dtype)
        for c in range(a.shape[1]):
            out[o, c, begin:end] /= scale


@parallel_jit
def _log_softmax_of_columns(a, out, exp, data):
    for item in prange(len(a) * -(-a.shape[2] // COLUMNS)):
        o, begin, end = _block(item, a.shape[2])
        _shift(a, out, o, begin, end)
        total, exponentials = np.zeros(end - begin), np.empty(end - begin, out.dtype)
        for c in range(a.shape[1]):
            _exp(exp, data, out[o, c, begin:end], exponentials)
            total += exponentials
        shift = np.log(total).astype(out.dtype)
        for c in range(a.shape[1]):
            out[o, c, begin:end] -= shift


@parallel_jit
def _softmax_backward_of_columns(grad, result, out, exp, data):
    for item in prange(len(grad) * -(-grad.shape[2] // COLUMNS)):
        o, begin, end = _block(item, grad.shape[2])
        total = np.zeros(end - begin)
        for c in range(grad.shape[1]):
            total += grad[o, c, begin:end] * result[o, c, begin:end]
        subtracted = total.astype(out.dtype)
        for c in range(grad.shape[1]):
            out[o, c, begin:end] = result[o, c, begin:end] * (grad[o, c, begin:end] - subtracted)


@parallel_jit
def _log_softmax_backward_of_columns(grad, result, out, exp, data):
    for item in prange(len(grad) * -(-grad.shape[2] // COLUMNS)):
        o, begin, end = _block(item, grad.shape[2])
        total = np.zeros(end - begin)
        for c in range(grad.shape[1]):
            total += grad[o, c, begin:end]
        scale = total.astype(out.dtype)
        for c in range(grad.shape[1]):
            _exp(exp, data, result[o, c, begin:end], out[o, c, begin:end])
            out[o, c, begin:end] = grad[o, c, begin:end] - out[o, c, begin:end] * scale


# -- element by element -------------------------------------------------------------------------------------------------


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a))."""
    if a.size < COMPILED or a.itemsize == 2:
        return np.reciprocal(np.add(1, np.exp(np.negative(a))), out=...)
    return _by_blocks(_sigmoid, np.exp, a)


def log1p(a: Array) -> Array:
    """log(1 + a), exact for small a too.

    Source: the rounding error of 1 + a, divided by 1 + a, is what its logarithm lacks, to first order (as in Kahan's and HP's
    formulas).
    """
    if a.size < COMPILED or a.itemsize == 2:
        return np.log1p(a, out=...)
    return _by_blocks(_log1p, np.log, a)


def _by_blocks(kernel: Any, ufunc: np.ufunc, a: Array) -> Array:
    """Calls a kernel on an array, on another for the result, and with numpy's loop for a function."""
    if not a.flags.c_contiguous and not a.flags.f_contiguous:
        a = np.ascontiguousarray(a)
    out = np.empty_like(a)
    (kernel if out.size >= SHARED else kernel.serial)(a.ravel("K"), out.ravel("K"), *loop_of(ufunc, a.dtype)[:2])
    return out


@parallel_jit
def _sigmoid(a, out, exp, data):
    one = a.dtype.type(1)
    for block in prange(-(-len(a) // BLOCK)):
        numbers, result = a[block * BLOCK : (block + 1) * BLOCK], out[block * BLOCK : (block + 1) * BLOCK]
        for i in range(len(numbers)):
            result[i] = -numbers[i]
        call_loop(exp, data, result.ctypes.data, result.ctypes.data, 0, a.itemsize, a.itemsize, 0, len(result))
        for i in range(len(numbers)):
            result[i] = one / (one + result[i])


@parallel_jit
def _log1p(a, out, log, data):
    one = a.dtype.type(1)
    for block in prange(-(-len(a) // BLOCK)):
        numbers, result = a[block * BLOCK : (block + 1) * BLOCK], out[block * BLOCK : (block + 1) * BLOCK]
        for i in range(len(numbers)):
            result[i] = one + numbers[i]
        sums = result.copy()
        call_loop(log, data, result.ctypes.data, result.ctypes.data, 0, a.itemsize, a.itemsize, 0, len(result))
        for i in range(len(numbers)):
            error = ((sums[i] - one) - numbers[i]) / sums[i]
            result[i] -= error if abs(result[i]) < np.inf else 0
