"""Edges of the graph: places where a gradient arrives. Those that users ask for outlive the tensors that they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from minitorch.autograd.graph import Node
    from minitorch.autograd.variable import Variable

Edge = tuple["Node", int]
"""A node, and the number of one of its outputs."""

NO_EDGE: Any = (None, 0)


class GradientEdge(NamedTuple):
    """Where a gradient arrives: an output of a node. Gradients can be asked for at an edge, in place of a tensor."""

    node: Node
    output_nr: int
    ownership_token: Node | None = None


def get_gradient_edge(tensor: Variable) -> GradientEdge:
    """The edge at which the gradient of a tensor arrives.

    Raises:
        RuntimeError: the tensor does not require gradients.
    """
    if not tensor._requires_grad:
        raise RuntimeError("It is not possible to get the gradient edge for a Tensor that does not require gradients")
    return GradientEdge(*tensor._gradient_edge())
