"""Operators whose inputs are on several devices: a single element in the CPU's memory goes along with tensors elsewhere.

As in torch, no node stands for that copy. The operator's own node gives such an input its gradient on the CPU.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from minitorch.autograd.grad_mode import recording
from minitorch.kernels import tables

if TYPE_CHECKING:
    from minitorch.autograd.graph import Function
    from minitorch.autograd.variable import Variable
    from minitorch.kernels import Table


def apply(node: type[Function], inputs: Sequence[Any], places: Sequence[str], params: dict[str, Any]) -> Any:
    """What the node's ``apply`` gives for inputs on these devices, the CPU being the last.

    Raises:
        RuntimeError: the operator does not broadcast, or one of its inputs on the CPU has dimensions, or there are several GPUs.
    """
    tensors = [x for x in inputs if isinstance(x, node.Tensor)]
    moving = [x for x in tensors if x._array.device != places[0] and not x._array.ndim] if node.broadcasts else []
    if not moving:
        raise (_told_apart(node, tensors) or refusal(places)) from None
    there = [_copied(x, places[0]) if any(x is each for each in moving) else x for x in inputs]
    result = _gathering(node).apply(*there, **params)  # which finds out whether that was enough
    edge = (result[0] if isinstance(result, tuple) else result)._edge
    if edge is not None:
        made = edge[0]
        made.leaves = tuple([each for each in tensors if each._edge is None and each._wants_grad()])
        made.origins = [
            None if x is copy else (x._array.dtype, x._array.device) for x, copy in zip(inputs, there, strict=True)
        ]
    return result


def _copied(x: Variable, place: str) -> Variable:
    """The tensor on another device, with the history that it has."""
    array = x._array
    copy = x._of(tables[type(array)].to(array, array.dtype, place))
    copy._version_counter = x._version_counter
    if recording.get() and x._wants_grad():
        copy._edge, copy._requires_grad = x._gradient_edge(), True
    return copy


CHECKED = {
    "AddmmBackward0": ("addmm", "self", "mat1", "mat2"), "AddmvBackward0": ("addmv", "self", "mat", "vec"),
    "BaddbmmBackward0": ("baddbmm", "self", "batch1", "batch2"), "BmmBackward0": ("bmm", "self", "mat2"),
    "CatBackward0": ("cat", "tensors"), "DotBackward0": ("_dot", "self", "tensor"), "MmBackward0": ("mm", "self", "mat2"),
    "NativeLayerNormBackward0": ("_native_layer_norm", "input", "weight", "bias"),
    "NllLossBackward0": ("nll_loss_forward", "self", "target", "weight"), "StackBackward0": ("cat", "tensors"),
}  # fmt: skip
"""Nodes of which torch says what is elsewhere: its name for the kernel, and for the inputs; the last is for all that follow."""


def _told_apart(node: type[Function], tensors: Sequence[Variable]) -> RuntimeError | None:
    kernel, *names = CHECKED.get(node.__name__, (None,))
    if kernel is None:
        return None
    names += names[-1:] * (len(tensors) - len(names))
    first, other, name = next(
        (tensors[0], each, name)
        for each, name in zip(tensors, names, strict=False)
        if each._array.device != tensors[0]._array.device
    )
    return apart(kernel, first, other, name)


def apart(kernel: str, first: Variable, other: Variable, name: str = "index") -> RuntimeError:
    """The error for an argument on another device than the first one; ``kernel`` is torch's name."""
    return RuntimeError(
        f"Expected all tensors to be on the same device, but got {name} is on {other._array.device}, different from other "
        f"tensors on {first._array.device} (when checking argument in method wrapper_CUDA_{kernel})"
    )


def check_together(told: str, *tensors: Variable) -> None:
    """Raises RuntimeError where tensors are on different devices, with a text that tells each one's."""
    places = [each._array.device for each in tensors]
    if len({*places}) > 1:
        raise RuntimeError(told.format(*places))


def refusal(places: Iterable[str]) -> RuntimeError:
    """The error for tensors on these devices."""
    return RuntimeError(
        "Expected all tensors to be on the same device, but found at least two devices, "
        f"{' and '.join(sorted(places, reverse=True))}!"
    )


@cache
def _gathering(node: type[Function]) -> type[Function]:
    """The node, with gradients that go back to where its inputs were, which ``origins`` says of those that were elsewhere."""

    class Gathering(node):  # type: ignore[misc, valid-type]  # a class that is given
        __slots__ = ("origins",)

        def tied(self, saved: Sequence[Any]) -> list[Any]:
            origins = dict(enumerate(self.origins))
            found = [source and origins.get(source[2]) for source in (self.sources if saved else ())]
            return super().tied([
                tables[type(value)].to(value, value.dtype, origin[1]) if origin else value
                for value, origin in zip(saved, found, strict=True)
            ])  # fmt: skip

        def backward(self, k: Table, *grads_then_saved: Any) -> tuple[Any, ...]:
            grads = super().backward(k, *grads_then_saved)
            return tuple([
                grad if origin is None or grad is None or grad is False else k.to(k.sum_to(grad, ()), *origin)
                for grad, origin in zip(grads, self.origins, strict=False)
            ])  # fmt: skip

    Gathering.__name__, Gathering.__qualname__ = node.__name__, node.__qualname__
    return Gathering
