"""Optimisers: one pass over each parameter, its gradient and what the optimiser remembers of it.

A product that is added to something is fused with the addition, which rounds once, as torch's loops do: the results are
torch's to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import intrinsic

from minitorch.kernels.cpu.compiler import jit

__all__ = ["sgd"]

Array = np.ndarray


@intrinsic
def _fma(typing_context, a, b, c):
    """a * b + c, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return a(a, a, a), generate


@jit
def _sgd_plain(param, grad, lr, decay, sign):
    for i in range(param.size):
        g = sign * grad[i]
        if decay != 0:
            g = _fma(param[i], decay, g)
        param[i] = _fma(g, -lr, param[i])


@jit
def _sgd_momentum(param, grad, lr, decay, sign, velocity, momentum, fresh, nesterov):
    for i in range(param.size):
        g = sign * grad[i]
        if decay != 0:
            g = _fma(param[i], decay, g)
        v = _fma(g, fresh, velocity[i] * momentum)
        velocity[i] = v
        if nesterov:
            v = _fma(v, momentum, g)
        param[i] = _fma(v, -lr, param[i])


def sgd(
    param: Array,
    grad: Array,
    velocity: Array | None,
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
    arrays = (param, grad) if velocity is None else (param, grad, velocity)
    if param.dtype.itemsize < 4 or not all(each.flags.c_contiguous for each in arrays):
        # The loops are for float32 and float64 that lie row by row: others go through copies that do.
        wide = np.promote_types(param.dtype, np.float32)
        copies = [each.astype(wide, order="C") for each in arrays]
        copy_of_velocity = None if velocity is None else copies[2]
        sgd(copies[0], copies[1], copy_of_velocity, lr, momentum, fresh, weight_decay, nesterov, maximize)
        param[...] = copies[0]
        if velocity is not None:
            velocity[...] = copy_of_velocity
        return
    number = param.dtype.type
    rates = number(lr), number(weight_decay), number(-1 if maximize else 1)
    if velocity is None:
        _sgd_plain(param.reshape(-1), grad.reshape(-1), *rates)
    else:
        _sgd_momentum(
            param.reshape(-1), grad.reshape(-1), *rates, velocity.reshape(-1), number(momentum), number(fresh), nesterov
        )
