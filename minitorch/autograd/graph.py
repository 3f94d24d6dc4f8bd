"""The graph: what an operator leaves behind so that ``backward()`` can walk through it.

An operator is a class; applying it computes the result and makes an instance, the *node*. A node knows its formula
(``backward``), the arrays that the formula needs (``saved``) and where the gradients of its inputs go next
(``next_functions``: pairs of a node and the number of one of its outputs). Every edge leads to an older node.

Formulas are written against a table ``k`` of kernels (see ``minitorch.kernels``), for values that may be arrays or tensors::

    class MulBackward0(Elementwise):
        def forward(self, k, a, b):
            self.save(a if self.needs[1] else None, b if self.needs[0] else None)
            return k.mul(a, b)

        def backward(self, k, grad, a, b):
            return self.needs[0] and k.mul(grad, b), self.needs[1] and k.mul(grad, a)
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from minitorch.autograd import gathering
from minitorch.autograd.edges import NO_EDGE, Edge, GradientEdge, get_gradient_edge
from minitorch.autograd.grad_mode import Untracked, inferring, is_inference_mode_enabled, recording
from minitorch.autograd.hooks import (
    AFTER,
    BEFORE,
    Hooks,
    RemovableHandle,
    add_hook,
    next_sequence_nr,
    register_multi_grad_hook,
    watchers,
)
from minitorch.autograd.ownership import Array
from minitorch.autograd.saved import SavedValues, Source, increment_version, name_saved_values
from minitorch.autograd.saved_hooks import disable_saved_tensors_hooks, save_on_cpu, saved_tensors_hooks
from minitorch.kernels import tables

if TYPE_CHECKING:
    import numpy as np

    from minitorch.autograd.variable import Variable
    from minitorch.kernels import Table

__all__ = [
    "GradientEdge", "Node", "disable_saved_tensors_hooks", "get_gradient_edge", "increment_version", "register_multi_grad_hook",
    "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip

_new = object.__new__

NOTHING_SAVED: Sequence[Any] = ()
NOTHING_NEEDED = (False,) * 4  # forward() looks at no more
ONE_NEEDED = (True,)
BOTH_NEEDED, FIRST_NEEDED, SECOND_NEEDED = (True, True), (True, False), (False, True)

# A node lives as long as its graph, and Python's garbage collector walks through all that lives, but for tuples of numbers.
# So what nodes hold are tuples, not lists.


class _NodeType(type):
    """Gives every class of nodes ``__slots__``, so that a node holds nothing but what its class names, and shows what it holds
    under torch's names: ``node._saved_self``.

    Args:
        name: as for any class.
        bases: as for any class.
        body: as for any class.
        saves: torch's names, where they are others, for saved values (by the names that the formula gives them) and for settings
            (by those of their slots).
    """

    def __new__(
        cls, name: str, bases: tuple[type, ...], body: dict[str, Any], saves: dict[str, str] | None = None
    ) -> _NodeType:
        body.setdefault("__slots__", ())
        node = super().__new__(cls, name, bases, body)
        name_saved_values(node, body.get("backward"), body["__slots__"], saves or {})
        return node

    def __init__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any], **names: Any) -> None:
        super().__init__(name, bases, body)


class Function(SavedValues, metaclass=_NodeType):
    """A node of the graph; its subclasses are the operators that can be differentiated.

    Attributes:
        next_functions: for each input the node and output number that its gradient goes to, or ``(None, 0)``.
        needs: for each input whether its gradient is wanted; nothing is while nothing is recorded.
        saved, sources: what ``forward`` passed to ``save``, and the tensors that it belongs to; see ``SavedValues``.
        leaves: the leaves among the inputs, or one of them: their own nodes refer to them only weakly.
        outputs: the shape and the dtype of each result, one after the other.
        sequence_nr: nodes are numbered as they are made.
        hooks: functions on the gradients that come in, by output number.
    """

    __slots__ = (
        "__weakref__", "hooks", "leaves", "needs", "next_functions", "outputs", "sequence_nr",
    )  # fmt: skip

    hooks: dict[int, Hooks] | None
    leaves: Any
    needs: Sequence[bool]
    next_functions: tuple[Edge, ...]
    outputs: tuple[Any, ...]
    sequence_nr: int

    broadcasts: ClassVar[bool] = False
    """Inputs are expanded to one shape: the engine sums each gradient back to its input's shape."""

    differentiable: ClassVar[bool] = True
    """There is a gradient; without one the operator is never recorded."""

    graph_inputs: ClassVar[int | None] = None
    """Only so many inputs, counted from the first, have an edge; the others are numbers. ``None``: all have one."""

    fills_in_zeros: ClassVar[bool] = True
    """The formula is given zeros for outputs that nothing depended on, not ``None``."""

    is_view: ClassVar[bool] = False
    """Results share the memory of the first input."""

    namespace: ClassVar[str] = ""
    """What comes before the node's name; torch has one for the few nodes that it wrote by hand."""

    Tensor: ClassVar[type[Variable]]
    """The class of results; floor 3 fills it in."""

    def forward(self, k: Table, *inputs: Any, **params: Any) -> Array | tuple[Array, ...]:
        """The result(s), as arrays, for inputs that are arrays (or Python numbers)."""
        raise NotImplementedError

    def backward(self, k: Table, *grads_then_saved: Any) -> tuple[Any, ...]:
        """The gradient for each input: ``None`` or ``False`` where there is none.

        It is given the gradient of each output, then each saved value.
        """
        raise NotImplementedError

    @classmethod
    def mixed(cls, arrays: list[Any]) -> list[Any]:
        """What ``forward`` computes with, for the inputs' arrays (and numbers); families override it, to mix dtypes."""
        return arrays

    @classmethod
    def apply(cls, *inputs: Any, **params: Any) -> Any:
        """Computes the operator on tensors (and numbers, or ``None``), and records it where a gradient can be asked for.

        Keyword arguments go to ``forward`` as they are. At least one input is a tensor.
        """
        node = cls()
        node.saved = NOTHING_SAVED
        Tensor = cls.Tensor
        can_record = cls.differentiable and recording.get()
        arrays: list[Any] = []
        needs: list[bool] = []
        edges: list[Edge] = []
        for x in inputs:
            if isinstance(x, Tensor):
                needed = can_record and (x._requires_grad or x._wants_grad())
                arrays.append(x._array)
                needs.append(needed)
                edges.append(x._gradient_edge() if needed else NO_EDGE)
            else:
                arrays.append(x)
                needs.append(False)
                edges.append(NO_EDGE)
        if cls.graph_inputs is not None:
            needs, edges = needs[: cls.graph_inputs], edges[: cls.graph_inputs]
        recorded = True in needs
        node.needs = tuple(needs) if recorded else NOTHING_NEEDED
        try:
            arrays = cls.mixed(arrays)
            k = tables.get(type(arrays[0])) or next(tables[type(x)] for x in arrays if type(x) in tables)
            result = node.forward(k, *arrays, **params)
        except Exception as error:
            return cls.apply_after(error, inputs, params)
        several = type(result) is tuple
        results = tuple([new_tensor(array) for array in result]) if several else (new_tensor(result),)
        if cls.is_view:
            for number, each in enumerate(results):
                each._become_view_of(inputs[0], (cls, params, number if several else None))
        if recorded:
            node.leaves = tuple([x for x, needed in zip(inputs, needs, strict=False) if needed and x._edge is None])
            node.record(tuple(edges), node._find_sources(inputs, arrays, results), results[0])
            for each in results[1:]:
                node.record_another(each)
        return results if several else results[0]

    @classmethod
    def apply_after(cls, error: Exception, inputs: tuple[Any, ...], params: dict[str, Any]) -> Any:
        """What ``apply`` does after a kernel has refused inputs. It may be that they are on several devices: operators that
        broadcast take a single element of the CPU as a number, if the others are elsewhere.

        Raises:
            RuntimeError: they are on several devices otherwise.
            Exception: the error that torch raises for these inputs, or the one that was given.
        """
        arrays = [x._array for x in inputs if isinstance(x, cls.Tensor)]
        places = sorted({each.device for each in arrays}, reverse=True)
        if len(places) > 1:
            return gathering.apply(cls, inputs, places, params)
        if isinstance(error, ValueError):
            cls.explain(inputs)
        raise error

    @classmethod
    def explain(cls, inputs: tuple[Any, ...]) -> None:
        """Raises the error that torch raises for these inputs, after a kernel has refused them."""

    def record(self, edges: tuple[Edge, ...], sources: Sequence[Source | None], result: Variable) -> None:
        """Ties the node to what its inputs came from, and its result to the node, unless its dtype has no gradients."""
        array = result._array
        dtype = array.dtype
        self.hooks = None
        self.next_functions = edges
        self.sources = sources
        self.sequence_nr = next_sequence_nr()
        self.outputs = array.shape, dtype
        if dtype.kind == "f":
            result._edge = (self, 0)
            result._requires_grad = True
        if watchers:
            self.show_to_watchers()

    def show_to_watchers(self) -> None:
        """Tells those who have asked for it of this new node."""
        for watch in tuple(watchers):
            watch(self)

    def record_another(self, result: Variable) -> None:
        """Ties one more result to the node."""
        array = result._array
        if array.dtype.kind == "f":
            result._edge = (self, len(self.outputs) // 2)
            result._requires_grad = True
        self.outputs = (*self.outputs, array.shape, array.dtype)

    def name(self) -> str:
        """The node's name, as torch has it; some names there begin with a namespace."""
        return self.namespace + type(self).__name__

    def short_name(self) -> str:
        """The node's name as error messages have it: ``Mul`` for ``MulBackward0``, ``Fill3`` for ``FillBackward3``."""
        name, _, number = self.name().partition("Backward")
        return name + number.removeprefix("0") if number.isdigit() or not number else self.name()

    # -- for users: what torch's nodes have ---------------------------------------------------------------------------

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dict for notes on this node."""
        return _metadata.setdefault(self, {})

    def _sequence_nr(self) -> int:
        return self.sequence_nr

    def register_hook(self, fn: Callable[..., Any]) -> RemovableHandle:
        """Calls ``fn(grad_inputs, grad_outputs)`` after the formula: the gradients that it gave, and those that it was given.

        Both are tuples of tensors and ``None``. A tuple that ``fn`` returns takes the place of ``grad_inputs``.
        """
        return self._register(AFTER, fn)

    def register_prehook(self, fn: Callable[..., Any]) -> RemovableHandle:
        """Calls ``fn(grad_outputs)`` before the formula; a tuple that it returns takes their place."""
        return self._register(BEFORE, fn)

    def _register(self, place: int, hook: Callable[..., Any], key: float | None = None) -> RemovableHandle:
        """Adds a hook at a place: the number of an output, or before or after the formula."""
        if self.hooks is None:
            self.hooks = {}
        return RemovableHandle(add_hook(self.hooks.setdefault(place, {}), hook, key))

    def register_output_hook(
        self, hook: Callable[..., Any], output_nr: int, key: float | None = None
    ) -> RemovableHandle:
        """Calls ``hook`` with the gradient of one output before the formula sees it, in the order of the keys."""
        return self._register(output_nr, hook, key)

    def retain_grad_of(self, tensor: Variable, output_nr: int) -> Callable[[], object]:
        """Fills in ``tensor.grad`` when the gradient of that output is known, after all other hooks."""
        reference = weakref.ref(tensor)

        def retain(grad: Variable) -> None:
            alive = reference()
            if alive is not None:
                k = tables[type(grad)]
                alive._grad = k.clone(grad) if alive._grad is None else k.add(alive._grad, grad)

        return self.register_output_hook(retain, output_nr, key=inf).remove

    def __repr__(self) -> str:
        return f"<{self.name().rpartition('::')[2]} object at {id(self):#x}>"


Node = Function
"""Torch's name for what is in the graph; ``minitorch.autograd.Function`` is what users define their own with."""

_metadata: weakref.WeakKeyDictionary[Function, dict[Any, Any]] = weakref.WeakKeyDictionary()


def new_tensor(array: Array) -> Any:
    """A tensor over an array: a leaf without gradients."""
    self: Any = _new(Function.Tensor)
    self._array = array
    self._version_counter = Untracked() if inferring and is_inference_mode_enabled() else [0]
    self._requires_grad = False
    self._edge = self._view = None
    return self


def beside(array: np.ndarray, like: Variable) -> Any:
    """An array of numpy's as a tensor, on the device of another one."""
    return new_tensor(tables[type(like._array)].beside(array, like._array))


class Unary(Function):
    """Operators of one tensor with one result."""

    @classmethod
    def apply(cls, a: Variable, **params: Any) -> Any:  # type: ignore[override]  # it takes fewer arguments
        """As ``Function.apply``, written out: for small tensors, loops over inputs cost more than the arithmetic."""
        node = cls()
        node.saved = NOTHING_SAVED
        array = a._array
        recorded = (a._requires_grad or (a._view is not None and a._wants_grad())) and recording.get()
        node.needs = ONE_NEEDED if recorded else NOTHING_NEEDED
        array_of_result = node.forward(tables[type(array)], array, **params)
        result = new_tensor(array_of_result)
        if cls.is_view:
            result._become_view_of(a, (cls, params, None))
        if recorded:
            sources: list[Source | None] = []
            for value in node.saved:
                if value is array:
                    sources.append((a._version_counter, a._version_counter[0], 0))
                elif value is array_of_result:
                    sources.append((result._version_counter, 0, -1))
                else:
                    sources.append(None)
            node.leaves = a if a._edge is None else None
            node.record((a._gradient_edge(),), tuple(sources), result)
        return result
