"""Copies of large arrays, on all threads."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import prange
from numba.extending import intrinsic

from minitorch.kernels.cpu.compiler import jit, parallel_jit

Array = np.ndarray

BLOCK = 16  # rows to take together where a column is what lies together: a line of the cache has so many


def write_over(target: Array, source: Array) -> None:
    """Writes ``source``, which is broadcast, over ``target``; both of one dtype, and of memory of their own."""
    if source.shape != target.shape:
        source = np.broadcast_to(source, target.shape)
    if target.flags.f_contiguous:
        target, source = target.T, source.T
    if target.flags.c_contiguous and not any(source.strides):
        _copy_one(target.reshape(-1), source.reshape(-1)[:1])
        return
    if source.strides == target.strides and target.flags.c_contiguous:
        _copy(target.reshape(-1), source.reshape(-1))
        return
    try:
        rows = [each.reshape(-1, each.shape[-1], copy=False) for each in (target, source)]
    except ValueError:  # what lies irregularly is left to numpy
        target[...] = source
    else:
        _copy_rows(*rows)


@parallel_jit
def _copy(target, source):
    for i in prange(target.size):
        target[i] = source[i]


@parallel_jit
def _copy_one(target, source):
    value = source[0]
    for i in prange(target.size):
        target[i] = value


@parallel_jit
def _copy_rows(target, source):
    height, width = target.shape
    for block in prange(-(-height // BLOCK)):
        begin, end = block * BLOCK, min((block + 1) * BLOCK, height)
        step = source.strides[1]
        if step in (0, source.itemsize) and target.strides[1] == target.itemsize:
            for i in range(begin, end):
                if step == 0:
                    _fill(_packed(target[i]), source[i, 0])
                else:
                    _copy_row(_packed(target[i]), _packed(source[i]))
        elif abs(step) <= abs(source.strides[0]):
            for i in range(begin, end):
                for j in range(width):
                    target[i, j] = source[i, j]
        else:
            for j in range(width):
                for i in range(begin, end):
                    target[i, j] = source[i, j]


@jit
def _fill(target, value):
    for i in range(len(target)):
        target[i] = value


@jit
def _copy_row(target, source):
    for i in range(len(target)):
        target[i] = source[i]


@intrinsic
def _packed(typing_context, a):
    """The same one-dimensional array, for the compiler to know that its elements are neighbours."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        context.nrt.incref(builder, signature.args[0], arguments[0])
        return arguments[0]

    return a.copy(layout="C")(a), generate


@parallel_jit
def outer(a, b, out):
    """Every product of two vectors."""
    for i in prange(len(a)):
        _multiply(a[i], b, out[i])


@jit
def _multiply(factor, a, out):
    for i in range(len(a)):
        out[i] = factor * a[i]
