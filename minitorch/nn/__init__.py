"""Neural networks: modules, the functions that they compute, and how their parameters start."""

from __future__ import annotations

from minitorch.nn import functional, init, modules, utils
from minitorch.nn.modules import *  # noqa: F403  # all that it names, and that is all of it
from minitorch.nn.parameter import Parameter

__all__ = [*modules.__all__, "Parameter", "functional", "init", "modules", "utils"]
