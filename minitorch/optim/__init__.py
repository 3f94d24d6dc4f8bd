"""Optimisers: what to do to parameters, given their gradients."""

from __future__ import annotations

from minitorch.optim.optimizer import Optimizer
from minitorch.optim.sgd import SGD

__all__ = ["SGD", "Optimizer"]
