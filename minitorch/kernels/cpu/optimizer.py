"""Optimisers: one pass over each parameter, its gradient and what the optimiser remembers of it.

Products that are added on are fused with the addition (rounded once), as in torch's loops: the results are torch's to the bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import types
from numba.extending import intrinsic

from minitorch.kernels.cpu.threads import jit

__all__ = ["sgd"]


@intrinsic
def _fma(typing_context: Any, a: types.Float, b: types.Float, c: types.Float) -> Any:
    """a * b + c, rounded once."""

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.fma(*arguments)

    return a(a, a, a), generate


@jit
def _descend(param, grad, lr, weight_decay):  # type: ignore[no-untyped-def]
    for i in range(param.size):
        g = _fma(param[i], weight_decay, grad[i]) if weight_decay != 0 else grad[i]
        param[i] = _fma(g, -lr, param[i])


@jit
def _descend_with_momentum(param, grad, velocity, lr, momentum, fresh, weight_decay, nesterov):  # type: ignore[no-untyped-def]
    for i in range(param.size):
        g = _fma(param[i], weight_decay, grad[i]) if weight_decay != 0 else grad[i]
        v = _fma(g, fresh, velocity[i] * momentum)
        velocity[i] = v
        param[i] = _fma(_fma(v, momentum, g) if nesterov else v, -lr, param[i])
