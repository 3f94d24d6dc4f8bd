"""What applying a user's ``Function`` leaves behind: its node, and the context in which forward speaks to backward."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from minitorch.autograd.edges import Edge
from minitorch.autograd.graph import Node, new_tensor
from minitorch.autograd.saved import Source
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables

if TYPE_CHECKING:
    from minitorch.autograd.function import Function
    from minitorch.kernels import Table


class FunctionCtx:
    """What ``forward`` leaves for ``backward``; attributes of any other name are the user's.

    Attributes:
        needs_input_grad: for each argument of ``apply`` whether it is a tensor that requires a gradient.
    """

    needs_input_grad: tuple[bool, ...]

    def __init__(self, inputs: tuple[Any, ...]) -> None:
        self.needs_input_grad = tuple(isinstance(x, Variable) and x._requires_grad for x in inputs)
        self._to_save: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._non_differentiable: tuple[Any, ...] = ()
        self._materialize_grads = True
        self._node: Callable[[], CustomNode | None] = lambda: None  # the node holds this; it is not held by this

    def save_for_backward(self, *tensors: Variable | None) -> None:
        """Keeps tensors for ``backward``, which reads them as ``ctx.saved_tensors``. A later call replaces an earlier one's."""
        self._to_save = tensors

    save_for_forward = save_for_backward

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved.

        Raises:
            RuntimeError: it has been freed, or was changed in place.
        """
        node = self._node()
        return self._to_save if node is None else node.read_saved()

    def mark_dirty(self, *args: Variable) -> None:
        """Says that ``forward`` has written over these inputs; it has to return them.

        Raises:
            RuntimeError: one is no tensor.
        """
        for position, each in enumerate(args):
            if not isinstance(each, Variable):
                raise RuntimeError(
                    f"mark_dirty can only accept variables, but argument {position} is of type {type(each).__name__}"
                )
            each._version_counter[0] += 1
        self._dirty = args

    def mark_non_differentiable(self, *args: Variable) -> None:
        """Says that these results have no gradient.

        Raises:
            RuntimeError: one is no tensor.
        """
        for each in args:
            if not isinstance(each, Variable):
                raise RuntimeError(
                    f"mark_non_differentiable only accepts variable arguments, but got {type(each).__name__}"
                )
        self._non_differentiable = args

    def set_materialize_grads(self, value: bool) -> None:
        """Whether ``backward`` is given zeros, as it is by default, or ``None`` for results that nothing depended on."""
        self._materialize_grads = value


class CustomNode(Node):
    """The node of a user's operator. Attributes of its context can be read from it too."""

    __slots__ = ("captured", "ctx", "is_tensor", "places")
    broadcasts = True  # torch sums every gradient back to its input's shape, where that can be
    fills_in_zeros = False  # backward() below does

    function: ClassVar[type[Function]]
    captured: list[Edge]  # of saved tensors that are neither inputs nor results
    ctx: FunctionCtx
    is_tensor: list[bool]  # for each argument of apply()
    places: list[str]  # the device of each that is

    def __getattr__(self, name: str) -> Any:
        if hasattr(self.ctx, name):
            return getattr(self.ctx, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def backward(self, k: Table, *grads: Any) -> tuple[Any, ...]:
        """Calls the user's formula, with tensors, and checks what it returns."""
        tied = any(isinstance(grad, self.Tensor) for grad in grads)
        shown = [grad if grad is None or tied else new_tensor(grad) for grad in grads]
        if self.ctx._materialize_grads:
            some = next(grad._array for grad in shown if grad is not None)
            zeros = tables[type(some)].zeros
            shown = [
                new_tensor(zeros(shape, some, dtype)) if grad is None and dtype is not None else grad
                for grad, shape, dtype in zip(shown, self.outputs[::2], self.outputs[1::2], strict=True)
            ]
        returned = self.function._formula()(self.ctx, *shown)
        found = [each for each in self._checked(returned) if each is not _NO_INPUT]
        return tuple(found if tied else [None if each is None else each._array for each in found])

    def _checked(self, returned: Any) -> list[Any]:
        """The gradient for each argument, ``_NO_INPUT`` where that was no tensor.

        Raises:
            RuntimeError: there are too few or too many, one is for no tensor, is none itself, is on another device, or has a
                shape that does not fit.
        """
        grads = list(returned) if isinstance(returned, tuple) else [returned]
        count, edges, places = len(self.is_tensor), iter(self.next_functions), iter(self.places)
        if all(each is None for each in grads[count:]):
            del grads[count:]
        if len(grads) != count:
            raise RuntimeError(
                f"function {self.name()} returned an incorrect number of gradients (expected {count}, got {len(grads)})"
            )
        for position, (grad, is_tensor) in enumerate(zip(grads, self.is_tensor, strict=True)):
            if not is_tensor:
                if grad is not None:
                    raise RuntimeError(
                        f"function {self.name()} returned a gradient different than None at position {position + 1}, but the "
                        "corresponding forward input was not a Variable"
                    )
                grads[position] = _NO_INPUT
                continue
            below, number = next(edges)
            place = next(places)
            if grad is not None and not isinstance(grad, Variable):
                raise RuntimeError(f"expected Variable or None (got {type(grad).__name__})")
            if grad is not None and below is not None:
                shape = below.outputs[2 * number]
                if not _expands_to(shape, grad._array.shape):
                    raise RuntimeError(
                        f"Function {self.name()} returned an invalid gradient at index {position} - got "
                        f"{list(grad._array.shape)} but expected shape compatible with {list(shape)}"
                    )
                if grad._array.device != place:
                    if grad._array.ndim:
                        raise RuntimeError(
                            f"Function {self.name()} returned an invalid gradient at index {position} - expected device {place} "
                            f"but got {grad._array.device}"
                        )
                    grads[position] = tables[self.Tensor].to(grad, grad._array.dtype, place)
        return grads

    def saved_arrays(self) -> tuple[Any, ...]:
        """Nothing for the engine to pass on: the formula reads ``ctx.saved_tensors``."""
        return ()

    def read_saved(self) -> tuple[Any, ...]:
        """The saved tensors, tied into the graph."""
        return tuple(self.tied(super().saved_arrays()))

    def _origin(self, source: Source) -> Edge:
        extra = source[2] - len(self.next_functions)
        return self.captured[extra] if extra >= 0 else super()._origin(source)


_NO_INPUT = object()


def _expands_to(shape: tuple[int, ...], wider: tuple[int, ...]) -> bool:
    extra = len(wider) - len(shape)
    return extra >= 0 and all(size in (1, new) for size, new in zip(shape, wider[extra:], strict=True))
