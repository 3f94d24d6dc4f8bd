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

from minitorch.kernels.cpu import transcendental
from minitorch.kernels.cpu.compiler import jit, parallel_jit

__all__ = ["log1p", "log_softmax", "log_softmax_backward", "sigmoid", "softmax", "softmax_backward"]

Array = np.ndarray

SHARED = 2**12  # elements from which more than one thread pays: an exponential for each
BLOCK = 2**12  # elements of rows to take together
COLUMNS = 128  # to take together
COMPILED = 2**10  # elements from which the call of a compiled kernel pays
LANES = 32  # elements to compare side by side


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
    """Calls a kernel on arrays of one shape, and on what it is to write the result to."""
    shape, dtype = arrays[0].shape, arrays[0].dtype
    if not arrays[0].size:
        return np.empty(shape, dtype)
    outer, inner = math.prod(shape[:dim]), math.prod(shape[dim + 1 :])
    classes = shape[dim] if shape else 1
    by_rows = (outer, classes) if inner == 1 else (outer, classes, inner)
    wide = [each.astype(np.float32) if dtype.itemsize == 2 else np.ascontiguousarray(each) for each in arrays]
    out = np.empty(by_rows, wide[0].dtype)
    kernel = of_rows if inner == 1 else of_columns
    (kernel if out.size >= SHARED else kernel.serial)(*[each.reshape(by_rows) for each in wide], out)
    return out.reshape(shape).astype(dtype, copy=False)


@jit
def _exp(a, out):
    """Writes exp(a) over ``out``, both of one contiguous dimension."""
    for i in range(len(a)):
        out[i] = transcendental.exp(a[i])


@jit
def _exp_over(a):
    """Writes exp(a) over ``a``. (With one array for both, ``_exp`` would not be vectorized: they overlap.)"""
    for i in range(len(a)):
        a[i] = transcendental.exp(a[i])


# -- rows ---------------------------------------------------------------------------------------------------------------


@jit
def _shift_row(row, result, lanes):
    """Writes a row, less its largest element, over ``result``."""
    largest = row[0]
    if len(row) < LANES:
        for i in range(1, len(row)):  # a NaN may be passed over here: it shows in the sum anyway
            value = row[i]
            largest = value if value > largest else largest
    else:
        lanes[:] = row[-LANES:]
        for start in range(0, len(row) - LANES, LANES):
            _keep_larger(row[start : start + LANES], lanes)
        for lane in range(LANES):
            largest = np.maximum(lanes[lane], largest)
    for i in range(len(row)):
        result[i] = row[i] - largest


@jit
def _keep_larger(a, largest):
    for i in range(len(a)):
        largest[i] = np.maximum(a[i], largest[i])  # unlike max and comparisons, this is vectorized


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
def _softmax_of_rows(a, out):
    rows = max(1, BLOCK // a.shape[1])
    for block in prange(-(-len(a) // rows)):
        results, lanes = out[block * rows : (block + 1) * rows], np.empty(LANES, out.dtype)
        for r in range(len(results)):
            _shift_row(a[block * rows + r], results[r], lanes)
        _exp_over(results.reshape(-1))
        for r in range(len(results)):
            scale = out.dtype.type(1 / _sum(results[r]))
            for c in range(a.shape[1]):
                results[r, c] *= scale


@parallel_jit
def _log_softmax_of_rows(a, out):
    rows = max(1, BLOCK // a.shape[1])
    for block in prange(-(-len(a) // rows)):
        results, lanes = out[block * rows : (block + 1) * rows], np.empty(LANES, out.dtype)
        for r in range(len(results)):
            _shift_row(a[block * rows + r], results[r], lanes)
        exponentials = np.empty_like(results)
        _exp(results.reshape(-1), exponentials.reshape(-1))
        for r in range(len(results)):
            shift = out.dtype.type(math.log(_sum(exponentials[r])))
            for c in range(a.shape[1]):
                results[r, c] -= shift


@parallel_jit
def _softmax_backward_of_rows(grad, result, out):
    for o in prange(len(grad)):
        total = out.dtype.type(_dot(grad[o], result[o]))
        for c in range(grad.shape[1]):
            out[o, c] = result[o, c] * (grad[o, c] - total)


@parallel_jit
def _log_softmax_backward_of_rows(grad, result, out):
    rows = max(1, BLOCK // grad.shape[1])
    for block in prange(-(-len(grad) // rows)):
        begin, end = block * rows, min((block + 1) * rows, len(grad))
        _exp(result[begin:end].reshape(-1), out[begin:end].reshape(-1))
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
def _subtract(a, b, out):
    for i in range(len(a)):
        out[i] = a[i] - b[i]


@jit
def _add(a, total):
    for i in range(len(a)):
        total[i] += a[i]


@jit
def _shift(a, out, o, begin, end):
    """Writes ``a``, less the largest of each column, over ``out``. (Slices of slices would not be known to be contiguous.)"""
    largest = a[o, 0, begin:end].copy()
    for c in range(1, a.shape[1]):
        _keep_larger(a[o, c, begin:end], largest)
    for c in range(a.shape[1]):
        _subtract(a[o, c, begin:end], largest, out[o, c, begin:end])


@parallel_jit
def _softmax_of_columns(a, out):
    for item in prange(len(a) * -(-a.shape[2] // COLUMNS)):
        o, begin, end = _block(item, a.shape[2])
        _shift(a, out, o, begin, end)
        total = np.zeros(end - begin)
        for c in range(a.shape[1]):
            row = out[o, c, begin:end]
            _exp_over(row)
            _add(row, total)
        scale = (1 / total).astype(out.dtype)
        for c in range(a.shape[1]):
            _multiply_over(out[o, c, begin:end], scale)


@jit
def _multiply_over(a, b):
    for i in range(len(a)):
        a[i] *= b[i]


@parallel_jit
def _log_softmax_of_columns(a, out):
    for item in prange(len(a) * -(-a.shape[2] // COLUMNS)):
        o, begin, end = _block(item, a.shape[2])
        _shift(a, out, o, begin, end)
        total, exponentials = np.zeros(end - begin), np.empty(end - begin, out.dtype)
        for c in range(a.shape[1]):
            _exp(out[o, c, begin:end], exponentials)
            _add(exponentials, total)
        shift = np.log(total).astype(out.dtype)
        for c in range(a.shape[1]):
            _subtract_over(out[o, c, begin:end], shift)


@jit
def _subtract_over(a, b):
    for i in range(len(a)):
        a[i] -= b[i]


@parallel_jit
def _softmax_backward_of_columns(grad, result, out):
    for item in prange(len(grad) * -(-grad.shape[2] // COLUMNS)):
        o, begin, end = _block(item, grad.shape[2])
        total = np.zeros(end - begin)
        for c in range(grad.shape[1]):
            _add_product(grad[o, c, begin:end], result[o, c, begin:end], total)
        subtracted = total.astype(out.dtype)
        for c in range(grad.shape[1]):
            _softmax_backward(grad[o, c, begin:end], result[o, c, begin:end], subtracted, out[o, c, begin:end])


@jit
def _add_product(a, b, total):
    for i in range(len(a)):
        total[i] += a[i] * b[i]


@jit
def _softmax_backward(grad, result, subtracted, out):
    for i in range(len(grad)):
        out[i] = result[i] * (grad[i] - subtracted[i])


@parallel_jit
def _log_softmax_backward_of_columns(grad, result, out):
    for item in prange(len(grad) * -(-grad.shape[2] // COLUMNS)):
        o, begin, end = _block(item, grad.shape[2])
        total = np.zeros(end - begin)
        for c in range(grad.shape[1]):
            _add(grad[o, c, begin:end], total)
        scale = total.astype(out.dtype)
        for c in range(grad.shape[1]):
            _log_softmax_backward(grad[o, c, begin:end], result[o, c, begin:end], scale, out[o, c, begin:end])


@jit
def _log_softmax_backward(grad, result, scale, out):
    for i in range(len(grad)):
        out[i] = grad[i] - transcendental.exp(result[i]) * scale[i]


# -- element by element -------------------------------------------------------------------------------------------------


def sigmoid(a: Array) -> Array:
    """1 / (1 + exp(-a))."""
    if a.size < COMPILED or a.itemsize == 2:
        return np.reciprocal(np.add(1, np.exp(np.negative(a))), out=...)
    return each(_sigmoid, a)


def log1p(a: Array) -> Array:
    """log(1 + a), exact for small a too."""
    return np.log1p(a, out=...) if a.size < COMPILED or a.itemsize == 2 else each(_log1p, a)


def exp(a: Array) -> Array:
    """e to the power of each number of float32 or float64."""
    return each(_exp_of_each, a)


def log(a: Array) -> Array:
    """The natural logarithm of each number of float32 or float64."""
    return each(_log, a)


def each(kernel: Any, a: Array, *numbers: Any) -> Array:
    """Calls a kernel on an array, on numbers, and on another array like the first, both as flat and in the same order."""
    if not a.flags.c_contiguous and not a.flags.f_contiguous:
        a = np.ascontiguousarray(a)
    out = np.empty_like(a)
    (kernel if out.size >= SHARED else kernel.serial)(a.ravel("K"), *numbers, out.ravel("K"))
    return out


def each_pair(kernel: Any, a: Array, b: Array, *numbers: Any) -> Array:
    """Calls a kernel on the elements of two arrays that are broadcast, on numbers, and on a result laid out as numpy would."""
    out = np.add(a, b, out=...)
    rows = []
    for operand in (a, b):
        row = np.empty_like(out)
        row[...] = operand
        rows.append(row.ravel("K"))
    (kernel if out.size >= SHARED else kernel.serial)(*rows, *numbers, out.ravel("K"))
    return out


@parallel_jit
def _exp_of_each(a, out):
    for i in prange(len(a)):
        out[i] = transcendental.exp(a[i])


@parallel_jit
def _log(a, out):
    for i in prange(len(a)):
        out[i] = transcendental.log(a[i])


@parallel_jit
def _log1p(a, out):
    for i in prange(len(a)):
        out[i] = transcendental.log1p(a[i])


@parallel_jit
def _sigmoid(a, out):
    one = a.dtype.type(1)
    for i in prange(len(a)):
        out[i] = one / (one + transcendental.exp(-a[i]))
