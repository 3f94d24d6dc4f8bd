"""The leaves' own nodes, where a backward pass ends."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from minitorch.autograd.gathering import refusal
from minitorch.autograd.graph import Function, new_tensor
from minitorch.autograd.hooks import Hooks, next_sequence_nr
from minitorch.autograd.ownership import Array, has_memory_of_its_own, is_alone
from minitorch.kernels import tables

if TYPE_CHECKING:
    from minitorch.autograd.variable import Variable


class AccumulateGrad(Function):
    """The end of the graph: adds the gradient that arrives to a leaf's ``.grad``.

    A leaf holds its node, which refers to the leaf only weakly, so there is no cycle; the nodes that use the leaf keep it.
    """

    __slots__ = ("_variable",)
    namespace = "torch::autograd::"

    def __init__(self, variable: Variable, hooks: dict[int, Hooks] | None = None) -> None:
        self._variable = weakref.ref(variable)
        self.needs = ()
        self.next_functions = ()
        self.outputs = variable._array.shape, variable._grad_dtype or variable._array.dtype
        self.saved = ()
        self.hooks = hooks
        self.sequence_nr = next_sequence_nr()

    @property
    def variable(self) -> Variable | None:
        """The leaf."""
        return self._variable()

    def accumulate(self, grads: list[Any]) -> None:
        """Adds to ``.grad``: in place, unless the gradient is itself a tensor with a graph.

        The first gradient is taken as it is if nobody else has it. It may still be a view of the cotangent that a pass began
        with, or of a part of it; that is not written to when more comes.

        Args:
            grads: of length one: an array, or with ``create_graph`` a tensor.
        """
        variable, k = self._variable(), tables[type(grads[0])]
        if variable is None:
            return
        if isinstance(grads[0], self.Tensor):
            variable._grad = k.clone(grads[0]) if variable._grad is None else k.add(variable._grad, grads[0])
        elif variable._grad is None:
            if is_alone(grads, 0) and _is_laid_out_as(grads[0], variable._array):
                array = grads.pop()
                variable._grad = new_tensor(array)
                if not has_memory_of_its_own(array):
                    variable._grad._borrowed = True
            else:
                variable._grad = new_tensor(k.clone_as(grads[0], variable._array))
        else:
            known = variable._grad
            if known._array.device != grads[0].device:
                raise refusal((known._array.device, grads[0].device))
            known._array = (k.add if known._borrowed else k.add_into)(known._array, grads[0])
            known._borrowed = False
            known._version_counter[0] += 1


def _is_laid_out_as(grad: Array, leaf: Array) -> bool:
    """Gradients have the strides of their leaf where that is dense, and else lie row by row."""
    return grad.strides == leaf.strides or (grad.flags.c_contiguous and not leaf.flags.forc)
