"""Optimisers: one pass over each parameter, its gradient and what the optimiser remembers of it.

A product that is added to something is fused with the addition, which rounds once, as torch's loops do: the results are
torch's to the bit.
"""

from __future__ import annotations

from collections.abc import Sequence
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
def _sgd_momentum(param, grad, velocity, lr, decay, maximize, momentum, fresh, nesterov):
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
    params: Sequence[Array],
    grads: Sequence[Array],
    velocities: Sequence[Array] | None,
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
    if velocities is None:
        for param, grad in zip(params, grads, strict=True):
            _on_rows(_sgd_plain, (param, grad), lr, weight_decay, maximize)
    else:
        settings = lr, weight_decay, maximize, momentum, fresh, nesterov
        for arrays in zip(params, grads, velocities, strict=True):
            _on_rows(_sgd_momentum, arrays, *settings)


def _on_rows(loop: Any, arrays: tuple[Array, ...], *settings: Any) -> None:
    """Runs a loop, which writes over arrays. It is for float32 and float64 that lie row by row; others go through copies."""
    if arrays[0].itemsize >= 4 and all(each.flags.c_contiguous for each in arrays):
        loop(*[each.reshape(-1) for each in arrays], *settings)
        return
    wide = np.promote_types(arrays[0].dtype, np.float32)
    rows = [each.astype(wide, order="C") for each in arrays]
    loop(*[each.reshape(-1) for each in rows], *settings)
    for target, result in zip(arrays[::2], rows[::2], strict=True):  # but for the gradient
        target[...] = result
