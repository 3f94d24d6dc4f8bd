"""Hooks on the gradients of a module: two nodes around its forward, one that its inputs go through and one for its outputs.

When the pass reaches the second node, the gradients of the outputs are known; when it reaches the first, those of the inputs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from minitorch.autograd.function import Function
from minitorch.autograd.grad_mode import is_grad_enabled
from minitorch.tensor import Tensor

Grads = tuple[Any, ...]


class BackwardHookFunction(Function):
    """Passes tensors and their gradients on."""

    @staticmethod
    def forward(ctx: Any, *args: Tensor) -> tuple[Tensor, ...]:
        ctx.mark_non_differentiable(*[each for each in args if not each.requires_grad])
        return args

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, ...]:
        return grads


class BackwardHooks:
    """The hooks of one call of a module.

    Args:
        module: which hooks are told of.
        hooks: called with the module, the gradients of its inputs and those of its outputs.
        pre_hooks: called with the module and the gradients of its outputs.
    """

    def __init__(self, module: Any, hooks: list[Callable[..., Any]], pre_hooks: list[Callable[..., Any]]) -> None:
        self._module, self._hooks, self._pre_hooks = module, hooks, pre_hooks
        self._outputs: Grads | None = None  # gradients, between the two nodes
        self._inputs_watched = False
        self._input_count = 0

    def watch_inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, by way of the first node."""
        self._input_count = len(args)
        watched, places, node = _through_a_node(args)
        self._inputs_watched = node is not None

        def hook(grads: Grads, _: Grads) -> Grads | None:
            if self._outputs is None:
                return None  # the gradient came another way than through the module's outputs
            known: Any = _spread(grads, places, len(args))
            for each in self._hooks:
                returned = each(self._module, known, self._outputs)
                if returned is None:
                    continue
                if len(returned) != len(known):
                    raise RuntimeError(
                        f"Backward hook returned an invalid number of grad_input, got {len(returned)}, but expected {len(known)}"
                    )
                known = returned
            self._outputs = None
            return tuple(known[place] for place in places)

        if node is not None:
            node.register_hook(hook)
        return watched

    def watch_output(self, output: Any) -> Any:
        """The module's result, by way of the second node."""
        several = isinstance(output, tuple)
        given = output if several else (output,)
        watched, places, node = _through_a_node(given)

        def hook(_: Grads, grads: Grads) -> Grads:
            known: Any = _spread(grads, places, len(given))
            for each in self._pre_hooks:
                returned = each(self._module, known)
                if returned is None:
                    continue
                if len(returned) != len(known):
                    raise RuntimeError(
                        f"Backward pre hook returned an invalid number of grad_output, got {len(returned)}, "
                        f"but expected {len(known)}"
                    )
                known = returned
            self._outputs = known
            if not self._inputs_watched:
                self._call_without_inputs(known)
            return tuple(known[place] for place in places)

        if node is not None:
            node.register_hook(hook)
        return watched if several else watched[0]

    def _call_without_inputs(self, outputs: Grads) -> None:
        """No input requires gradients: the hooks are called as soon as those of the outputs are known."""
        self._outputs = None
        if not self._hooks:
            return
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module outputs since no inputs require "
            "gradients. See https://docs.pytorch.org/docs/main/generated/torch.nn.Module.html"
            "#torch.nn.Module.register_full_backward_hook for more details.",
            stacklevel=5,
        )
        for each in self._hooks:
            returned = each(self._module, (None,) * self._input_count, outputs)
            if returned is not None and not (isinstance(returned, tuple) and all(grad is None for grad in returned)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or None for all "
                    "gradients."
                )


def _through_a_node(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[int], Any]:
    """The values with their tensors passed on by a node, the places of these, and the node if there is one.

    Raises:
        RuntimeError: there are no tensors.
    """
    places = [place for place, each in enumerate(values) if isinstance(each, Tensor)]
    if not (is_grad_enabled() and any(values[place].requires_grad for place in places)):
        return values, places, None
    watched = list(values)
    for place, each in zip(places, BackwardHookFunction.apply(*[values[place] for place in places]), strict=True):
        watched[place] = each
    node = next(watched[place].grad_fn for place in places if watched[place].grad_fn is not None)
    return tuple(watched), places, node


def _spread(grads: Grads, places: list[int], count: int) -> Grads:
    """Gradients at the places of their tensors, ``None`` at the others."""
    known: list[Any] = [None] * count
    for place, grad in zip(places, grads, strict=True):
        known[place] = grad
    return tuple(known)
