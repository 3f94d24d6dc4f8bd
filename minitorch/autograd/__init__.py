"""Floor 1: the graph, the backward pass, and what switches recording on and off.

In reading order: ``graph``, with ``saved`` and ``edges``; ``engine``, with ``accumulate_grad``; ``variable``, with ``views`` and
``inplace``; ``grad_mode`` and ``hooks``. The rest is for users: ``gradients``, ``function``, ``functional``, ``gradcheck``.
"""

from __future__ import annotations

from minitorch.autograd import functional, graph
from minitorch.autograd.anomaly_mode import detect_anomaly, set_detect_anomaly
from minitorch.autograd.function import Function
from minitorch.autograd.grad_mode import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from minitorch.autograd.gradcheck import GradcheckError, gradcheck, gradgradcheck
from minitorch.autograd.gradients import backward, grad
from minitorch.autograd.variable import Variable

__all__ = [
    "Function", "GradcheckError", "Variable", "backward", "detect_anomaly", "enable_grad", "functional", "grad", "gradcheck",
    "gradgradcheck", "graph", "inference_mode", "is_grad_enabled", "no_grad", "set_detect_anomaly", "set_grad_enabled",
]  # fmt: skip
