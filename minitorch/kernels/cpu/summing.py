"""Large sums, on all threads: blocks are added up side by side in the array's own precision, and then the blocks in double.

Blocks do not depend on the number of threads, so neither do the results.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit

__all__ = ["columns", "rows"]

Array = np.ndarray

BLOCK = 1024  # elements of a row to add up by themselves
HEIGHT, WIDTH = 32, 256  # rows and columns of a block


def rows(a: Array) -> Array:
    """The sum of each row: (rows, n) -> (rows,), contiguous."""
    out = np.empty(len(a), a.dtype)
    blocks = np.empty((len(a), -(-a.shape[1] // BLOCK)))
    _rows(a, blocks, out)
    return out


def columns(a: Array) -> Array:
    """The sum of each column: (n, columns) -> (columns,), contiguous."""
    out = np.empty(a.shape[1], a.dtype)
    _columns(a, out)
    return out


@jit(reorder=True)
def _sum(numbers):
    total = numbers.dtype.type(0)
    for i in range(len(numbers)):
        total += numbers[i]
    return total


@jit
def _add(numbers, totals):
    for i in range(len(numbers)):
        totals[i] += numbers[i]


@parallel_jit
def _rows(a, blocks, out):
    count = blocks.shape[1]
    for item in prange(len(a) * count):
        row, block = item // count, item % count
        blocks[row, block] = _sum(a[row, block * BLOCK : (block + 1) * BLOCK])
    for row in range(len(a)):
        total = 0.0
        for block in range(count):
            total += blocks[row, block]
        out[row] = total


@parallel_jit
def _columns(a, out):
    for block in prange(-(-a.shape[1] // WIDTH)):
        begin, end = block * WIDTH, min((block + 1) * WIDTH, a.shape[1])
        totals, part = np.zeros(end - begin), np.empty(end - begin, a.dtype)
        for top in range(0, len(a), HEIGHT):
            part[:] = 0
            for row in range(top, min(top + HEIGHT, len(a))):
                _add(a[row, begin:end], part)
            totals += part
        out[begin:end] = totals
