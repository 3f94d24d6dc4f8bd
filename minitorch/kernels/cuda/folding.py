"""From a way to combine two elements to a reduction over some dimensions of an array.

The result is the same from run to run: which elements a thread takes, and the order in which they are combined, depend on the
array's shape and strides alone. Many elements are combined in slices first, and the slices' results in a second launch.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numba import uint32

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, dense_strides, empty
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.launch import MOST_BLOCKS, launch
from minitorch.kernels.cuda.lifting import cast, collapse, places

Formula = Callable[..., Any]
Dim = tuple[int, ...] | None

BLOCK = 256  # threads that share the elements of one result
COLUMNS = 64  # results of a block whose threads have one each
BY_BLOCK = 32  # elements from which they are shared
SLICE_OF_BLOCK = 1 << 14  # elements of a result that a block takes
SLICE_OF_THREAD = 1 << 8  # elements of a result that a thread takes, if it takes all of them


class Plan(NamedTuple):
    """The results' dimensions and those that go away, each as few as possible."""

    outputs: int
    elements: int  # of each
    kept_shape: tuple[int, ...]
    kept_steps: tuple[int, ...]
    gone_shape: tuple[int, ...]
    gone_steps: tuple[int, ...]

    @property
    def by_block(self) -> bool:
        """Whether neighbours in memory belong to one result, so that threads are to share it."""
        return self.elements >= BY_BLOCK and (self.gone_steps[-1] <= self.kept_steps[-1] or self.outputs == 1)

    @property
    def for_kernel(self) -> tuple[tuple[np.uint32, ...], ...]:
        return tuple(tuple(map(np.uint32, each)) for each in self[2:])


def plan(a: DeviceArray, dim: Dim) -> Plan:
    gone = [d for d in range(a.ndim) if dim is None or d in dim]
    kept = [d for d in range(a.ndim) if d not in gone]
    kept_sizes, gone_sizes = ([a.shape[d] for d in dims] for dims in (kept, gone))
    # The results lie row by row, and keep that order. What goes away may be taken in any: in that of memory.
    kept_shape, (_, kept_steps) = collapse(kept_sizes, [dense_strides(kept_sizes), [a.steps[d] for d in kept]])
    gone_shape, (gone_steps,) = collapse(gone_sizes, [[a.steps[d] for d in gone]])
    return Plan(prod(kept_sizes), prod(gone_sizes), kept_shape, kept_steps, gone_shape, gone_steps)


def result_shape(a: DeviceArray, dim: Dim, keepdim: bool) -> tuple[int, ...]:
    gone = range(a.ndim) if dim is None else dim
    return tuple(1 if d in gone else size for d, size in enumerate(a.shape) if keepdim or d not in gone)


def fold(
    a: DeviceArray,
    dim: Dim,
    keepdim: bool,
    combine: Formula,
    identity: Any,
    dtype: np.dtype,
    prepare: Formula | None = None,
) -> DeviceArray:
    """Combines the elements of each result, ``prepare``d, in ``dtype``; of no elements that is ``identity``.

    Halves are combined in float32.
    """
    if dtype == np.float16:
        wide = np.dtype(np.float32)
        return cast(fold(cast(a, wide), dim, keepdim, combine, identity, wide, prepare), dtype)
    planned = plan(a, dim)
    shape = result_shape(a, dim, keepdim)
    slices = -(-planned.elements // (SLICE_OF_BLOCK if planned.by_block else SLICE_OF_THREAD))
    slices = min(max(1, slices), MOST_BLOCKS[1])
    out = empty((slices, *shape) if slices > 1 else shape, dtype)
    length = -(-planned.elements // slices)
    make = _by_block if planned.by_block else _by_thread
    kernel = make(combine, prepare, number_type(dtype), len(planned.kept_shape), len(planned.gone_shape))
    sizes = tuple(map(np.uint32, (planned.outputs, planned.elements, length)))
    threads = BLOCK if planned.by_block else COLUMNS
    blocks = planned.outputs if planned.by_block else -(-planned.outputs // threads)
    launch(kernel, (blocks, slices), (out, a, dtype.type(identity), *sizes, *planned.for_kernel), threads)
    return out if slices == 1 else fold(out, (0,), False, combine, identity, dtype)


@cache
def combiner(combine: Formula, threads: int) -> Any:
    """A function that combines what the threads of a block have, by twos, and gives every thread the result.

    It is called with shared memory for an element of each thread, by all threads of the block.
    """
    f = function(combine)

    @function
    def combined(totals, value):
        thread = uint32(cuda.threadIdx.x)
        totals[thread] = value
        cuda.syncthreads()
        half = uint32(threads // 2)
        while half > 0:
            if thread < half:
                totals[thread] = f(totals[thread], totals[uint32(thread + half)])
            cuda.syncthreads()
            half = uint32(half >> uint32(1))
        result = totals[0]
        cuda.syncthreads()  # before anybody writes there again
        return result

    return combined


@cache
def _by_thread(combine: Formula, prepare: Formula | None, number: Any, kept_dims: int, gone_dims: int) -> Any:
    """A thread for each result. Neighbours read what lies side by side where results do."""
    f, g = function(combine), function(prepare or formulas.same)
    kept_place, gone_place = places(kept_dims), places(gone_dims)

    def kernel(out, a, identity, outputs, count, length, kept_shape, kept_steps, gone_shape, gone_steps):
        o = uint32(uint32(cuda.blockIdx.x) * uint32(COLUMNS) + uint32(cuda.threadIdx.x))
        if o < outputs:
            start = kept_place(o, kept_shape, kept_steps)
            i = uint32(uint32(cuda.blockIdx.y) * length)
            stop = min(uint32(i + length), count)
            total = number(identity)
            while i < stop:
                total = number(f(total, number(g(a[uint32(start + gone_place(i, gone_shape, gone_steps))]))))
                i = uint32(i + uint32(1))
            out[uint32(uint32(uint32(cuda.blockIdx.y) * outputs) + o)] = total

    return kernel


@cache
def _by_block(combine: Formula, prepare: Formula | None, number: Any, kept_dims: int, gone_dims: int) -> Any:
    """A block for each result and slice: threads take every 256th element, and then combine what they have by twos."""
    f, g, combined = function(combine), function(prepare or formulas.same), combiner(combine, BLOCK)
    kept_place, gone_place = places(kept_dims), places(gone_dims)

    def kernel(out, a, identity, outputs, count, length, kept_shape, kept_steps, gone_shape, gone_steps):
        totals = cuda.shared.array(BLOCK, number)
        thread, o = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.x)
        start = kept_place(o, kept_shape, kept_steps)
        i = uint32(uint32(cuda.blockIdx.y) * length)
        stop = min(uint32(i + length), count)
        i = uint32(i + thread)
        total = number(identity)
        while i < stop:
            total = number(f(total, number(g(a[uint32(start + gone_place(i, gone_shape, gone_steps))]))))
            i = uint32(i + uint32(BLOCK))
        total = combined(totals, total)
        if thread == 0:
            out[uint32(uint32(uint32(cuda.blockIdx.y) * outputs) + o)] = total

    return kernel
