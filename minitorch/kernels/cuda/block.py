"""What the threads of a block do together for a matrix, or for one right-hand side.

``columns``, in kernels, is the memory of a stack of matrices, which lie one after the other.
"""

from __future__ import annotations

from numba import int64

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.device import cuda, function
from minitorch.kernels.cuda.folding import combiner

BLOCK = 128
"""Threads."""

total = combiner(formulas.add, BLOCK)
greatest = combiner(formulas.larger, BLOCK)
least = combiner(formulas.smaller, BLOCK)
"""Called with shared memory and what each thread has, by all threads; each gets the result."""


@function
def thread_and_block():
    return int64(cuda.threadIdx.x), int64(cuda.blockIdx.x)
