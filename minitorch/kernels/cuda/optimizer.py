"""Optimisers: one pass over each parameter, its gradient and what the optimiser remembers of it.

A product that is added to something is fused with the addition, which rounds once, as on the CPU.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.device import cuda
from minitorch.kernels.cuda.elementwise import row_by_row, write_over
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import position

__all__ = ["sgd"]


def sgd(
    param: DeviceArray,
    grad: DeviceArray,
    velocity: DeviceArray | None,
    lr: float,
    momentum: float,
    fresh: float,
    weight_decay: float,
    nesterov: bool,
    maximize: bool,
) -> None:
    """One step of gradient descent, written over ``param`` and ``velocity``.

    g = ±grad + weight_decay · param;  velocity = momentum · velocity + fresh · g;
    param -= lr · velocity, or with ``nesterov`` lr · (g + momentum · velocity); without a velocity lr · g.

    All arrays have one shape and one floating point dtype.
    """
    given = [each for each in (param, grad, velocity) if each is not None]
    rows = [row_by_row(each) for each in given]
    number, size = param.dtype.type, np.uint32(param.size)
    numbers = tuple(map(number, (lr, weight_decay, momentum, fresh)))
    kernel = _step(velocity is not None, weight_decay != 0, nesterov, maximize)
    launch(kernel, blocks_for(param.size), (rows[0], rows[1], rows[-1], numbers, size))
    for target, row in zip(given, rows, strict=True):
        if target is not row and target is not grad:
            write_over(target, row)


@cache
def _step(remembers: bool, decays: bool, nesterov: bool, maximize: bool) -> Any:
    """The kernel. Without a velocity, another array stands in for it and is not touched."""

    def kernel(param, grad, velocity, numbers, size):
        i = position()
        if i < size:
            lr, decay, momentum, fresh = numbers
            p = param[i]
            g = -grad[i] if maximize else grad[i]
            if decays:
                g = cuda.fma(p, decay, g)
            if remembers:
                v = cuda.fma(g, fresh, velocity[i] * momentum)
                velocity[i] = v
                g = cuda.fma(v, momentum, g) if nesterov else v
            param[i] = cuda.fma(g, -lr, p)

    return kernel
