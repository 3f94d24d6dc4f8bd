"""``Parameter``: a tensor that a module learns."""

from __future__ import annotations

from typing import Any

from minitorch import printing
from minitorch.autograd.graph import new_tensor
from minitorch.creation import empty
from minitorch.kernels import tables
from minitorch.tensor import Tensor
from minitorch.typename import typename


class Parameter(Tensor):
    """A tensor that counts among a module's parameters once it is assigned to one.

    Args:
        data: a tensor, whose memory is shared; nothing for an empty one.
        requires_grad: whether operators on it are recorded.

    Raises:
        TypeError: ``data`` is not a tensor.
        RuntimeError: ``data`` is not of a floating point dtype, and gradients are required.
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        if data is None:
            data = empty(0)
        if not isinstance(data, Tensor):
            raise TypeError(
                f"a Parameter is made from a Tensor, not from '{typename(data)}'; minitorch.tensor(data) makes one"
            )
        if requires_grad and not data.is_floating_point():
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        self = new_tensor(data._array)
        self.__class__ = cls
        self._version_counter = data._version_counter
        return self.requires_grad_(requires_grad)

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        """A parameter of its own memory; the gradient stays behind."""
        if id(self) not in memo:
            memo[id(self)] = self._like(tables[type(self._array)].clone(self._array))
        return memo[id(self)]

    def __repr__(self) -> str:
        return "Parameter containing:\n" + printing.format_tensor(self)

    def __format__(self, spec: str) -> str:
        return object.__format__(self, spec)


def clear_gradient(parameter: Tensor, set_to_none: bool) -> None:
    """Takes a gradient away, or sets it to 0 where it is."""
    if set_to_none:
        parameter.grad = None
    elif parameter.grad is not None:
        parameter.grad.detach_()
        parameter.grad.zero_()
