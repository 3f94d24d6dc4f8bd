"""``Function``: differentiable operators that users write, on tensors.

::

    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x ** 3

        @staticmethod
        def backward(ctx, grad):
            (x,) = ctx.saved_tensors
            return grad * 3 * x ** 2

    y = Cube.apply(x)

``forward`` records nothing itself; what it returns comes out of one node, ``CubeBackward``. ``backward`` is recorded where a
gradient of the gradient is asked for.
"""

from __future__ import annotations

import functools
import inspect
import warnings
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from minitorch.autograd.custom_node import CustomNode, FunctionCtx
from minitorch.autograd.edges import NO_EDGE, Edge
from minitorch.autograd.grad_mode import no_grad, recording
from minitorch.autograd.graph import Node
from minitorch.autograd.hooks import next_sequence_nr, watchers
from minitorch.autograd.inplace import is_expanded
from minitorch.autograd.saved import Source
from minitorch.autograd.variable import Variable
from minitorch.autograd.views import rebase, region_of

if TYPE_CHECKING:
    from minitorch.kernels import Table


class Function:
    """A differentiable operator; subclasses define ``forward`` and ``backward`` as static methods, and are used by ``apply``.

    Either ``forward(ctx, *args)``, or ``forward(*args)`` and ``setup_context(ctx, inputs, output)``, which then does what is to
    be done with the context. ``backward(ctx, *grads)`` takes a gradient for each result and returns one for each argument:
    ``None`` for those that are no tensors, or have no gradient.
    """

    _backward_cls: ClassVar[type[CustomNode]]

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        kind: Any = type(CustomNode)
        cls._backward_cls = kind(cls.__name__ + "Backward", (CustomNode,), {"function": cls})

    def __init__(self) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all static, so you should invoke them "
            "on the class itself. Instantiating an autograd function will raise an error in a future version of PyTorch.",
            DeprecationWarning,
            stacklevel=2,
        )

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        raise RuntimeError(
            "Legacy autograd function with non-static forward method is deprecated. Please use new-style autograd function with "
            "static forward method. (Example: https://pytorch.org/docs/stable/autograd.html#torch.autograd.Function)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """Computes the result, a tensor or a tuple; nothing in it is recorded."""
        raise NotImplementedError("You must implement the forward function for custom autograd.Function.")

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Prepares the context after a ``forward`` that takes none."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradient for each argument."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom autograd.Function to use it with backward "
            "mode AD."
        )

    vjp = backward

    @classmethod
    def _formula(cls) -> Callable[..., Any]:
        if cls.backward is not Function.backward and cls.vjp is not Function.vjp:
            raise RuntimeError(
                "Implementing both 'backward' and 'vjp' for a custom Function is not allowed. You should only implement one "
                "of them."
            )
        return cls.backward if cls.vjp is Function.vjp else cls.vjp

    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Computes the operator, and records it where a gradient can be asked for.

        Raises:
            RuntimeError: a leaf that requires gradients, or something that is not returned, is marked as dirty.
            TypeError: something else than a tensor is saved.
        """
        in_two_steps = cls.setup_context is not Function.setup_context
        if in_two_steps:
            bound = inspect.signature(cls.forward).bind(*args, **kwargs)
            bound.apply_defaults()
            args, kwargs = bound.args, bound.kwargs
        ctx = FunctionCtx(args)
        tensors = [x for x in args if isinstance(x, Variable)]
        recorded = recording.get() and True in ctx.needs_input_grad
        edges = tuple([x._gradient_edge() if x._requires_grad else NO_EDGE for x in tensors])
        with no_grad():
            if in_two_steps:
                output = cls.forward(*args, **kwargs)
                cls.setup_context(ctx, args, output)
            else:
                output = cls.forward(ctx, *args, **kwargs)
        several = isinstance(output, tuple)
        results = [_as_result(each, tensors, ctx) for each in (output if several else (output,))]
        if any(all(each is not result for result in results) for each in ctx._dirty):
            raise RuntimeError(
                "Some elements marked as dirty during the forward method were not returned as output. The inputs that are "
                "modified inplace must all be outputs of the Function."
            )
        if recorded:
            node = cls._backward_cls()
            node.ctx, node.is_tensor = ctx, [isinstance(x, Variable) for x in args]
            _record(node, edges, tensors, results)
            ctx._node = weakref.ref(node)
        ctx._to_save = ctx._dirty = ctx._non_differentiable = ()  # they might hold the node that holds this
        return tuple(results) if several else results[0]


def _as_result(each: Any, inputs: list[Variable], ctx: FunctionCtx) -> Any:
    """What ``forward`` returned, as a tensor that can have a history of its own: an input becomes a view of itself."""
    if not isinstance(each, Variable) or not _is_in(each, inputs) or _is_in(each, ctx._dirty):
        return each
    if not _is_in(each, ctx._non_differentiable):
        return each.detach()
    if each._requires_grad:
        each = each.detach()
        ctx._non_differentiable = (*ctx._non_differentiable, each)
    return each


def _record(node: CustomNode, edges: tuple[Edge, ...], inputs: list[Variable], results: list[Any]) -> None:
    """Ties the node to what its inputs came from, and its results to the node."""
    ctx = node.ctx
    node.hooks = None
    node.needs = ctx.needs_input_grad
    node.next_functions = edges
    node.leaves = tuple([x for x in inputs if x._requires_grad and x._edge is None])
    kinds = [(each._array.shape, each._array.dtype) if isinstance(each, Variable) else ((), None) for each in results]
    node.outputs = tuple([part for kind in kinds for part in kind])
    node.sequence_nr = next_sequence_nr()
    node.places = [each._array.device for each in inputs]
    node.captured = []
    sources: list[Source | None] = []
    for position, each in enumerate(ctx._to_save):
        if each is None:
            sources.append(None)
            continue
        if not isinstance(each, Variable):
            raise TypeError(
                f"save_for_backward can only save variables, but argument {position} is of type {type(each).__name__}"
            )
        if _is_in(each, results):
            number = ~_position(each, results)
        elif _is_in(each, inputs):
            number = _position(each, inputs)
        else:
            number = len(edges) + len(node.captured)
            node.captured.append(each._gradient_edge())
        sources.append((each._version_counter, each._version_counter[0], number))
    node.saved = tuple([None if each is None else each._array for each in ctx._to_save])
    node.sources = tuple(sources)
    for number, each in enumerate(results):
        if isinstance(each, Variable):
            _tie(node, number, each, any(each._array is x._array for x in inputs))
    if watchers:
        node.show_to_watchers()


def _tie(node: CustomNode, number: int, result: Variable, is_input: bool) -> None:
    """Gives one result its history."""
    ctx = node.ctx
    dirty = _is_in(result, ctx._dirty)
    if dirty and result._requires_grad and result._edge is None:
        raise RuntimeError("a leaf Variable that requires grad has been used in an in-place operation.")
    if result._array.dtype.kind != "f" or _is_in(result, ctx._non_differentiable):
        return
    if dirty and result._view is not None:
        if len(node.outputs) > 2 or node.next_functions[1:]:
            raise NotImplementedError(
                "a Function that writes over a view takes that view as its only tensor, and returns nothing else"
            )
        rebase(result._view[0], region_of(result), node, is_expanded(result))
        result._edge_version, result._requires_grad = -1, True
        return
    if result._view is not None or (is_input and not dirty):
        result._view = None
        result._refusal = (
            f"Output {number} of {type(node).__name__.removesuffix('Backward')} is a view and is being modified inplace. This "
            "view was created inside a custom Function (or because an input was returned as-is) and the autograd logic to "
            "handle view+inplace would override the custom backward associated with the custom Function, leading to incorrect "
            "gradients. This behavior is forbidden. You can fix this by cloning the output of the custom Function."
        )
    result._edge, result._requires_grad = (node, number), True


def _is_in(tensor: Variable, tensors: Any) -> bool:
    return any(each is tensor for each in tensors)


def _position(tensor: Variable, tensors: list[Any]) -> int:
    return next(position for position, each in enumerate(tensors) if each is tensor)


class Error(Node):
    """Stands where there is no derivative of the derivative."""

    namespace = "torch::autograd::"

    def forward(self, k: Table, *arrays: Any) -> tuple[Any, ...]:
        return arrays

    def backward(self, k: Table, *grads: Any) -> tuple[Any, ...]:
        raise RuntimeError("trying to differentiate twice a function that was marked with @once_differentiable")


def once_differentiable(fn: Callable[..., Any]) -> Callable[..., Any]:
    """Declares a ``backward`` that cannot itself be differentiated: it records nothing, and a gradient through it is an error."""

    @functools.wraps(fn)
    def backward(ctx: FunctionCtx, *grads: Any) -> Any:
        with no_grad():
            results = fn(ctx, *grads)
        if not recording.get() or not any(isinstance(x, Variable) and x._requires_grad for x in grads):
            return results
        given = results if isinstance(results, tuple) else (results,)
        tensors = [each.detach().requires_grad_() for each in given if each is not None]
        tied = iter(Error.apply(*tensors))
        return tuple(None if each is None else next(tied) for each in given)

    return backward
