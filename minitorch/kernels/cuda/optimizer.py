"""Optimisers: one pass over all parameters, their gradients and what the optimiser remembers of them, in one launch.

A product that is added to something is fused with the addition, which rounds once, as on the CPU.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from itertools import accumulate
from typing import Any

import numpy as np
from numba import uint32

from minitorch.kernels.cuda.array import DeviceArray, from_host, kept
from minitorch.kernels.cuda.device import cuda
from minitorch.kernels.cuda.elementwise import row_by_row, write_over
from minitorch.kernels.cuda.launch import THREADS, launch
from minitorch.kernels.cuda.lifting import cast
from minitorch.kernels.cuda.placement import address
from minitorch.kernels.cuda.pointers import load, store

__all__ = ["sgd"]

EACH = 4  # elements of a thread
CHUNK = EACH * THREADS  # elements of a block, which are of one parameter


def sgd(
    params: Sequence[DeviceArray],
    grads: Sequence[DeviceArray],
    velocities: Sequence[DeviceArray] | None,
    lr: float,
    momentum: float,
    fresh: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """One step of gradient descent for each parameter, written over it and over its velocity.

    g = ±grad + weight_decay · param;  velocity = momentum · velocity + fresh · g;
    param -= lr · velocity, or with ``nesterov`` lr · (g + momentum · velocity); without velocities lr · g.

    A parameter, its gradient and its velocity have one shape and one floating point dtype.
    """
    kernel = _step(velocities is not None, weight_decay != 0, nesterov, maximize)
    given = list(zip(params, grads, *([] if velocities is None else [velocities]), strict=True))
    for dtype in {each.dtype for each in params}:
        wide = np.promote_types(dtype, np.float32)
        ours = [arrays for arrays in given if arrays[0].dtype == dtype and arrays[0].size]
        rows = [tuple(row_by_row(cast(each, wide)) for each in arrays) for arrays in ours]
        blocks = [0, *accumulate(-(-param.size // CHUNK) for param, *_ in rows)]
        first = kept(np.array(blocks, np.uint32))
        sizes = kept(np.array([param.size for param, *_ in rows], np.uint32))
        places = from_host(np.array([address(each) for arrays in rows for each in arrays], np.uint64))
        numbers = tuple(map(wide.type, (lr, weight_decay, momentum, fresh)))
        launch(
            kernel,
            (blocks[-1],),
            (first, sizes, places, np.uint32(len(rows)), numbers),
            by_address=[each for arrays in rows for each in arrays],
        )
        for targets, results in zip(ours, rows, strict=True):
            for target, result in zip(targets[::2], results[::2], strict=True):  # but for the gradient
                if target is not result:
                    write_over(target, result)


@cache
def _step(remembers: bool, decays: bool, nesterov: bool, maximize: bool) -> Any:
    """The kernel. ``first`` has the number of each parameter's first block, and of all blocks; ``places`` the addresses."""
    arrays = 3 if remembers else 2

    def kernel(first, sizes, places, count, numbers):
        lr, decay, momentum, fresh = numbers
        block = uint32(cuda.blockIdx.x)
        low, high = uint32(0), count  # this block's parameter is the last one that begins with it or before
        while uint32(high - low) > 1:
            middle = uint32(uint32(low + high) >> uint32(1))
            if first[middle] <= block:
                low = middle
            else:
                high = middle
        param, grad = places[uint32(low * uint32(arrays))], places[uint32(low * uint32(arrays) + uint32(1))]
        velocity = places[uint32(low * uint32(arrays) + uint32(arrays - 1))]
        start = uint32(uint32(uint32(block - first[low]) * uint32(CHUNK)) + uint32(cuda.threadIdx.x))
        for n in range(EACH):
            i = uint32(start + uint32(n * THREADS))
            if i < sizes[low]:
                p, g = load(param, i, lr), load(grad, i, lr)
                if maximize:
                    g = -g
                if decays:
                    g = cuda.fma(p, decay, g)
                if remembers:
                    v = cuda.fma(g, fresh, load(velocity, i, lr) * momentum)
                    store(velocity, i, v)
                    g = cuda.fma(v, momentum, g) if nesterov else v
                store(param, i, cuda.fma(g, -lr, p))

    return kernel
