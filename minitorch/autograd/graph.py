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
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar

from minitorch.autograd import gathering
from minitorch.autograd.anomaly_mode import is_anomaly_enabled
from minitorch.autograd.edges import GradientEdge, get_gradient_edge
from minitorch.autograd.grad_mode import Untracked, inferring, is_inference_mode_enabled, no_grad, recording
from minitorch.autograd.hooks import RemovableHandle, register_multi_grad_hook, watchers
from minitorch.autograd.ownership import has_memory_of_its_own, is_alone
from minitorch.autograd.saved import (
    PACKED,
    Packed,
    disable_saved_tensors_hooks,
    increment_version,
    name_saved_values,
    save_on_cpu,
    saved_tensors_hooks,
)  # fmt: skip
from minitorch.kernels import tables

if TYPE_CHECKING:
    from minitorch.autograd.variable import Variable
    from minitorch.kernels import Table

__all__ = [
    "GradientEdge", "Node", "disable_saved_tensors_hooks", "get_gradient_edge", "increment_version", "register_multi_grad_hook",
    "save_on_cpu", "saved_tensors_hooks",
]  # fmt: skip

Array = Any  # an array of any device: what a table of kernels takes and gives
Edge = tuple["Function", int]


_new = object.__new__

NO_EDGE: Any = (None, 0)
NOTHING_SAVED: Sequence[Any] = ()
NOTHING_NEEDED = (False,) * 4  # forward() looks at no more
ONE_NEEDED = (True,)
BOTH_NEEDED, FIRST_NEEDED, SECOND_NEEDED = (True, True), (True, False), (False, True)
next_sequence_nr = count().__next__

Hooks = dict[float, Callable[..., Any]]  # by their order
BEFORE, AFTER, ACCUMULATED = -1, -2, -3  # keys for hooks of a node, beside the numbers of its outputs


Source = tuple[list[Any], int, int]
"""Which tensor a saved array belongs to: its version counter, its version then, and its number among the inputs; among the
node's own results it is -1, -2, … (A node that held the tensors themselves would be part of a cycle.)"""


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


class Function(metaclass=_NodeType):
    """A node of the graph; its subclasses are the operators that can be differentiated.

    Attributes:
        next_functions: for each input the node and output number that its gradient goes to, or ``(None, 0)``.
        needs: for each input whether its gradient is wanted; nothing is while nothing is recorded.
        saved: what ``forward`` passed to ``save``; ``None`` once ``backward()`` has freed it.
        sources: for each saved value, the tensor that it belongs to, or ``None`` if it is the node's own.
        leaves: the leaves among the inputs, or one of them: their own nodes refer to them only weakly.
        outputs: the shape and the dtype of each result, one after the other.
        sequence_nr: nodes are numbered as they are made.
        hooks: functions on the gradients that come in, by output number.
    """

    __slots__ = (
        "__weakref__", "hooks", "leaves", "needs", "next_functions", "outputs", "saved", "sequence_nr", "sources",
    )  # fmt: skip

    hooks: dict[int, Hooks] | None
    leaves: Any
    needs: Sequence[bool]
    next_functions: tuple[Edge, ...]
    outputs: tuple[Any, ...]
    saved: Sequence[Any] | None
    sequence_nr: int
    sources: Sequence[Source | None]

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

    def save(self, *values: Any) -> None:
        """Keeps values for ``backward``, which gets them as its last arguments."""
        self.saved = values

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

    def _find_sources(
        self, inputs: Sequence[Any], arrays: Sequence[Any], results: Sequence[Variable]
    ) -> tuple[Source | None, ...]:
        """Finds the tensors that the saved arrays belong to, among the inputs and the results."""
        sources: list[Source | None] = []
        for value in self.saved or ():
            source = None
            if value is not None:
                for number, array in enumerate(arrays):
                    if array is value:
                        if isinstance(inputs[number], self.Tensor):
                            counter = inputs[number]._version_counter
                            source = counter, counter[0], number
                        break
                else:
                    for number, tensor in enumerate(results):
                        if tensor._array is value:
                            source = tensor._version_counter, tensor._version_counter[0], ~number
            sources.append(source)
        return tuple(sources)

    def name(self) -> str:
        """The node's name, as torch has it; some names there begin with a namespace."""
        return self.namespace + type(self).__name__

    def short_name(self) -> str:
        """The node's name as error messages have it: ``Mul`` for ``MulBackward0``, ``Fill3`` for ``FillBackward3``."""
        name, _, number = self.name().partition("Backward")
        return name + number.removeprefix("0") if number.isdigit() or not number else self.name()

    def saved_arrays(self) -> Sequence[Any]:
        """The saved values for ``backward`` on arrays; raises torch's errors if they are gone or have changed."""
        saved = self.saved
        if saved:
            for source in self.sources:
                if source is not None and source[0][0] != source[1]:
                    return self._unpacked_arrays()
        elif saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
                "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
                "if you need to access saved tensors after calling backward."
            )
        return saved

    def _unpacked_arrays(self) -> Sequence[Any]:
        """The saved values where some of them were packed by hooks, or have changed."""
        values = []
        for value, source in zip(self.saved or (), self.sources, strict=True):
            if source is not None and source[0] is PACKED:
                value = value.unpack()
            elif source is not None and source[0][0] != source[1]:
                raise self._modified(source)
            values.append(value)
        return tuple(values)

    def pack(self, position: int, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        """Keeps what a hook makes of a saved tensor in its place.

        Raises:
            RuntimeError: the hook has changed the tensor.
        """
        saved, sources = list(self.saved or ()), list(self.sources)
        counter, version, number = sources[position]  # type: ignore[misc]  # the caller has seen that there is one
        tensor = self.Tensor._of_saved(saved[position], counter, self._origin((counter, version, number)))
        with no_grad():
            content = pack_hook(tensor)
        if counter[0] != version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
                "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you need "
                "to perform in-place operations on the input to a pack hook."
            )
        saved[position], sources[position] = Packed(content, unpack_hook), (PACKED, version, number)
        self.saved, self.sources = tuple(saved), tuple(sources)

    def saved_in_graph(self) -> list[Any]:
        """The saved values for ``backward`` on tensors."""
        return self.tied(self.saved_arrays())

    def tied(self, saved: Sequence[Any]) -> list[Any]:
        """Saved values as tensors that are part of the graph, so that what is computed with them can be differentiated."""
        return [
            self.Tensor._of_saved(value, [0] if source[0] is PACKED else source[0], self._origin(source))
            if source is not None
            else new_tensor(value) if type(value) in tables
            else value
            for value, source in zip(saved, self.sources if saved else (), strict=True)
        ]  # fmt: skip

    def _origin(self, source: Source) -> Edge:
        """Where the gradient of a saved tensor goes."""
        _, _, number = source
        if number < 0:
            return (self, ~number)
        return self.next_functions[number] if number < len(self.next_functions) else NO_EDGE

    def _latest(self, source: Source) -> Edge:
        """Where a saved tensor that has been changed comes from now; a view, whose name says so, from its base."""
        counter, _, number = source
        producer, output_nr = self._origin(source)
        if producer is None or number < 0:
            return producer, output_nr
        if producer.is_view:
            return producer, 0
        latest = counter[1]() if len(counter) > 1 else None
        older: Any = latest
        while older is not None and older is not producer:  # through what else was done in place to the same tensor
            older = older.next_functions[0][0] if older.next_functions else None
        return (producer, output_nr) if latest is None or older is None else (latest, counter[2])

    def _modified(self, source: Source) -> RuntimeError:
        """The error for a tensor that was changed since it was saved."""
        counter, version, _ = source
        value = next(value for value, each in zip(self.saved or (), self.sources, strict=True) if each is source)
        producer, number = self._latest(source)
        known = producer is not None and not isinstance(producer, AccumulateGrad)
        name = known and ("AsStrided" if producer.is_view else producer.short_name())
        origin = f", which is output {number} of {name}," if known else ""
        return RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{new_tensor(value)._type_and_shape()}]{origin} is at version {counter[0]}; "
            f"expected version {version} instead. Hint: "
            + (
                "the backtrace further above shows the operation that failed to compute its gradient. The variable in question "
                "was changed in there or anywhere later. Good luck!"
                if is_anomaly_enabled()
                else "enable anomaly detection to find the operation that failed to compute its gradient, with "
                "torch.autograd.set_detect_anomaly(True, check_nan=False)."
            )
        )

    def free(self) -> None:
        """Drops the saved arrays; a node that saved nothing can be passed through again."""
        if self.saved:
            self.saved = None

    def resave(self, number: int, result: Array, target: Variable) -> None:
        """Lets ``target``, over which a result was written in place, stand for that result among the saved values."""
        saved = self.saved or ()
        counter = target._version_counter
        self.sources = [(counter, counter[0], ~number) if value is result else source
                        for value, source in zip(saved, self.sources if saved else (), strict=True)]  # fmt: skip
        self.saved = tuple([target._array if value is result else value for value in saved])

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


def add_hook(hooks: Hooks, hook: Callable[..., Any], key: float | None = None) -> Callable[[], object]:
    """Adds a hook, after all others unless a key says where. Returns what removes it."""
    key = next_sequence_nr() if key is None else key
    hooks[key] = hook
    return lambda: hooks.pop(key, None)


def in_order(hooks: dict[int, Hooks], place: int) -> list[Callable[..., Any]]:
    """The hooks at a place, as they are to be called."""
    here = hooks.get(place, {})
    return [here[key] for key in sorted(here)]


def new_tensor(array: Array) -> Any:
    """A tensor over an array: a leaf without gradients."""
    self: Any = _new(Function.Tensor)
    self._array = array
    self._version_counter = Untracked() if inferring and is_inference_mode_enabled() else [0]
    self._requires_grad = False
    self._edge = self._view = None
    return self


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
                raise gathering.refusal((known._array.device, grads[0].device))
            known._array = (k.add if known._borrowed else k.add_into)(known._array, grads[0])
            known._borrowed = False
            known._version_counter[0] += 1


def _is_laid_out_as(grad: Array, leaf: Array) -> bool:
    """Gradients have the strides of their leaf where that is dense, and else lie row by row."""
    return grad.strides == leaf.strides or (grad.flags.c_contiguous and not leaf.flags.forc)
