"""Gradients that have no gradient themselves, in torch and so here: asking for one is an error, not a zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.ops.operator import operators

if TYPE_CHECKING:
    from minitorch.kernels import Table


class WithoutDerivative(Function):
    """The node for what torch calls by that name."""

    __slots__ = ("operator",)

    def forward(self, k: Table, grad: Any, *inputs: Any, operator: str) -> Any:
        self.operator = operator
        return k.clone(grad)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        raise RuntimeError(f"derivative for aten::{self.operator} is not implemented")

    def name(self) -> str:
        return "NotImplemented"


def last(k: Table, grad: Any, *inputs: Any, operator: str) -> Any:
    """A gradient, tied in torch's graph to the inputs that it was made of, by an operator without a derivative."""
    return WithoutDerivative.apply(grad, *inputs, operator=operator) if k is operators else grad
