"""Planes made of elements and their positions. Where several have the same position, they are combined in their order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import prod
from typing import Any

import numpy as np
from numba import int32, uint32

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.launch import launch

THREADS = 256


def into_planes(
    values: DeviceArray, positions: DeviceArray, shape: tuple[int, ...], dims: int,
    combine: Callable[..., Any] = formulas.add, weights: DeviceArray | None = None,
) -> DeviceArray:  # fmt: skip
    """Zeros of that shape, but for the values at their positions in the planes, which the last ``dims`` dimensions make up.

    Args:
        combine: what an element becomes, of what it is and the next value for it.
        weights: what values are multiplied by: (N, taps, places) like the positions, which are then the same for all channels,
            while values are (N, channels, places).
    """
    out = empty(shape, values.dtype)
    plane, planes = prod(shape[-dims:]), prod(shape[:-dims])
    if weights is None:
        channels, windows, places = 1, prod(values.shape[-dims:]), 1
    else:
        channels, windows, places = shape[1], weights.shape[1] * weights.shape[2], weights.shape[2]
    kernel = _combine(combine, weights is not None, number_type(values.dtype))
    arrays = (out, row_by_row(values), row_by_row(positions), values if weights is None else row_by_row(weights))
    numbers = tuple(map(np.uint32, (plane, windows, channels, places)))
    launch(kernel, (planes if plane else 0,), (*arrays, *numbers), THREADS)
    return out


@cache
def _combine(combine: Callable[..., Any], weighted: bool, number: Any) -> Callable[..., None]:
    """A block for each plane, which takes 256 values at a time: of those at one position, the first combines all.

    So results are the same from run to run, however many there are.
    """
    f = function(combine)

    def kernel(out, values, positions, weights, plane, windows, channels, places):
        winners = cuda.shared.array(THREADS, int32)
        found = cuda.shared.array(THREADS, number)
        thread, block = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.x)
        start = uint32(block * plane)
        i = thread
        while i < plane:
            out[uint32(start + i)] = number(0)
            i = uint32(i + uint32(THREADS))
        begin = uint32(0)
        while begin < windows:
            cuda.syncthreads()  # zeros are written, and what was in shared memory is no longer needed
            window = uint32(begin + thread)
            mine = int32(-1)
            if window < windows:
                if weighted:
                    at = uint32(uint32(uint32(block // channels) * windows) + window)
                    value = values[uint32(uint32(block * places) + uint32(window % places))] * weights[at]
                else:
                    at = uint32(uint32(block * windows) + window)
                    value = values[at]
                mine = int32(positions[at])
                found[thread] = value
            winners[thread] = mine
            cuda.syncthreads()
            first, n = mine >= 0 and uint32(mine) < plane, uint32(0)
            while first and n < thread:
                first = winners[n] != mine
                n = uint32(n + uint32(1))
            if first:
                at = uint32(start + uint32(mine))
                total, count = out[at], min(uint32(THREADS), uint32(windows - begin))
                while n < count:
                    if winners[n] == mine:
                        total = number(f(total, found[n]))
                    n = uint32(n + uint32(1))
                out[at] = total
            begin = uint32(begin + uint32(THREADS))

    return kernel
