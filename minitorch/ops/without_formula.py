"""Operators that torch records, but has no derivative of."""

from __future__ import annotations

from typing import Any, ClassVar

from minitorch.autograd.graph import Function
from minitorch.kernels import Table


class WithoutFormula(Function):
    """A node whose formula is an error; ``operator`` is its name there."""

    namespace = "torch::autograd::"
    operator: ClassVar[str]

    def backward(self, k: Table, *grads: Any) -> tuple[Any, ...]:
        raise RuntimeError(f"derivative for aten::{self.operator} is not implemented")

    def name(self) -> str:
        return self.namespace + "NotImplemented"
