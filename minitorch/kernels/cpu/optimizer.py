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
def _sgd_plain(param, grad, lr, decay, maximize):
    number = param.dtype.type
    lr, decay = number(lr), number(decay)
    for i in range(param.size):
        g = -grad[i] if maximize else grad[i]
        if decay != 0:
            g = _fma(param[i], decay, g)
        param[i] = _fma(g, -lr, param[i])


@jit
def _sgd_momentum(param, grad, lr, decay, maximize, velocity, momentum, fresh, nesterov):
    number = param.dtype.type
    lr, decay, momentum, fresh = number(lr), number(decay), number(momentum), number(fresh)
    for i in range(param.size):
        g = -grad[i] if maximize else grad[i]
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
    if param.itemsize < 4 or not (
        param.flags.c_contiguous and grad.flags.c_contiguous and (velocity is None or velocity.flags.c_contiguous)
    ):
        # The loops are for float32 and float64 that lie row by row: others go through copies that do.
        wide = np.promote_types(param.dtype, np.float32)
        wide_param, wide_grad = param.astype(wide, order="C"), grad.astype(wide, order="C")
        wide_velocity = None if velocity is None else velocity.astype(wide, order="C")
        sgd(wide_param, wide_grad, wide_velocity, lr, momentum, fresh, weight_decay, nesterov, maximize)
        param[...] = wide_param
        if velocity is not None:
            velocity[...] = wide_velocity
    elif velocity is None:
        _sgd_plain(param.reshape(-1), grad.reshape(-1), lr, weight_decay, maximize)
    else:
        _sgd_momentum(
            param.reshape(-1),
            grad.reshape(-1),
            lr,
            weight_decay,
            maximize,
            velocity.reshape(-1),
            momentum,
            fresh,
            nesterov,
        )
