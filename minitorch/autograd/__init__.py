"""Floor 1: the graph, the backward pass, and what switches recording on and off."""

from __future__ import annotations

from minitorch.autograd.engine import backward, grad
from minitorch.autograd.grad_mode import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from minitorch.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from minitorch.autograd.graph import Function

__all__ = [
    "Function", "GradcheckError", "backward", "enable_grad", "grad", "gradcheck", "gradgradcheck", "is_grad_enabled", "no_grad",
    "set_grad_enabled",
]  # fmt: skip
