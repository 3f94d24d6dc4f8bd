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
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from minitorch.autograd.grad_mode import mode
from minitorch.kernels import tables

if TYPE_CHECKING:
    from minitorch.autograd.variable import Variable
    from minitorch.kernels import Table

Array = Any  # an array of any device: what a table of kernels takes and gives
Edge = tuple["Function", int]

NO_EDGE: Any = (None, 0)
NOTHING_NEEDED = [False] * 4  # forward() looks at no more
_next_sequence_nr = count().__next__

Hooks = dict[float, Callable[..., Any]]  # by their order


class Saved(NamedTuple):
    """An array that a node keeps, with what is needed to see that it was left alone and to call it by its tensor."""

    array: Array
    version_counter: list[int]
    version: int
    edge: Edge | int  # of the tensor that it came from; for the node's own result, which one (not the node: no cycles)


class _NodeType(type):
    """Gives every class of nodes ``__slots__``, so that a node holds nothing but what its class names."""

    def __new__(cls, name: str, bases: tuple[type, ...], body: dict[str, Any]) -> _NodeType:
        body.setdefault("__slots__", ())
        return super().__new__(cls, name, bases, body)


class Function(metaclass=_NodeType):
    """A node of the graph; its subclasses are the operators that can be differentiated.

    Attributes:
        next_functions: for each input the node and output number that its gradient goes to, or ``(None, 0)``.
        needs: for each input whether its gradient is wanted; nothing is while nothing is recorded.
        saved: what ``forward`` passed to ``save``; ``None`` once ``backward()`` has freed it.
        outputs: shape and dtype of each result.
        sequence_nr: nodes are numbered as they are made.
        hooks: functions on the gradients that come in, by output number.
    """

    __slots__ = ("__weakref__", "hooks", "needs", "next_functions", "outputs", "saved", "sequence_nr")

    hooks: dict[int, Hooks] | None
    needs: list[bool]
    next_functions: tuple[Edge, ...]
    outputs: list[tuple[tuple[int, ...], Any]]
    saved: Sequence[Any] | None
    sequence_nr: int

    broadcasts: ClassVar[bool] = False
    """Inputs are expanded to one shape: the engine sums each gradient back to its input's shape."""

    differentiable: ClassVar[bool] = True
    """There is a gradient; without one the operator is never recorded."""

    graph_inputs: ClassVar[int | None] = None
    """Only so many inputs, counted from the first, have an edge; the others are numbers. ``None``: all have one."""

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
    def operands(cls, inputs: tuple[Any, ...]) -> list[Any]:
        """What ``forward`` computes with: the inputs' arrays. Families override it, to mix dtypes for example."""
        Tensor = cls.Tensor
        return [x._array if isinstance(x, Tensor) else x for x in inputs]

    @classmethod
    def apply(cls, *inputs: Any, **params: Any) -> Any:
        """Computes the operator on tensors (and numbers, or ``None``), and records it where a gradient can be asked for.

        Keyword arguments go to ``forward`` as they are. At least one input is a tensor.
        """
        node = cls()
        node.saved = ()
        node.needs = NOTHING_NEEDED
        Tensor = cls.Tensor
        if mode.enabled and cls.differentiable:
            node.needs = [isinstance(x, Tensor) and x._requires_grad for x in inputs[: cls.graph_inputs]]
        try:
            operands = cls.operands(inputs)
            k = tables.get(type(operands[0])) or next(tables[type(x)] for x in operands if type(x) in tables)
            result = node.forward(k, *operands, **params)
        except ValueError:
            cls.explain(inputs)
            raise
        several = type(result) is tuple
        results = [Tensor._of(array) for array in result] if several else [Tensor._of(result)]
        if cls.is_view:
            for number, each in enumerate(results):
                each._become_view_of(inputs[0], (cls, params, number if several else None))
        if True in node.needs:
            node.record(inputs, operands, results)
        return tuple(results) if several else results[0]

    @classmethod
    def explain(cls, inputs: tuple[Any, ...]) -> None:
        """Raises the error that torch raises for these inputs, after a kernel has refused them."""

    def record(self, inputs: tuple[Any, ...], operands: list[Any], results: list[Variable]) -> None:
        """Ties the node into the graph, between its inputs and its results."""
        self.hooks = None
        self.next_functions = tuple(
            [x._gradient_edge() if needed else NO_EDGE for x, needed in zip(inputs, self.needs, strict=False)]
        )
        self.sequence_nr = _next_sequence_nr()
        self.outputs = [(each._array.shape, each._array.dtype) for each in results]
        for number, each in enumerate(results):
            if each._array.dtype.kind == "f":
                each._edge = (self, number)
                each._requires_grad = True
        if self.saved:
            self.saved = [
                self._guard(value, inputs, operands, results) if type(value) in tables else value
                for value in self.saved
            ]

    def _guard(self, value: Any, inputs: tuple[Any, ...], operands: list[Any], results: list[Variable]) -> Any:
        """Finds the tensor that a saved array belongs to, among the inputs and the results."""
        for number, operand in enumerate(operands):
            if operand is value and isinstance(inputs[number], self.Tensor):
                tensor = inputs[number]
                edge = self.next_functions[number] if number < len(self.next_functions) else NO_EDGE
                return Saved(tensor._array, tensor._version_counter, tensor._version_counter[0], edge)
        for number, tensor in enumerate(results):
            if tensor._array is value:
                return Saved(value, tensor._version_counter, tensor._version_counter[0], number)
        return value

    def name(self) -> str:
        """The node's name, as torch has it; some names there begin with a namespace."""
        return self.namespace + type(self).__name__

    def saved_arrays(self) -> list[Array]:
        """The saved values for ``backward`` on arrays; raises torch's errors if they are gone or have changed."""
        return [self._check(value).array if type(value) is Saved else value for value in self._unfreed()]

    def saved_tensors(self) -> list[Variable]:
        """The saved values for ``backward`` on tensors: tied into the graph, so that the gradient can be differentiated."""
        return [
            self.Tensor._of_saved(self._check(value), self._origin(value)) if type(value) is Saved
            else self.Tensor._of(value) if type(value) in tables
            else value
            for value in self._unfreed()
        ]  # fmt: skip

    def _unfreed(self) -> Sequence[Any]:
        if self.saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
                "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
                "if you need to access saved tensors after calling backward."
            )
        return self.saved

    def _origin(self, saved: Saved) -> Edge:
        return (self, saved.edge) if isinstance(saved.edge, int) else saved.edge

    def _check(self, saved: Saved) -> Saved:
        if saved.version_counter[0] == saved.version:
            return saved
        producer, number = self._origin(saved)
        known = producer is not None and not isinstance(producer, AccumulateGrad)
        origin = f", which is output {number} of {producer.name().split('Backward')[0]}," if known else ""
        raise RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{self.Tensor._of(saved.array)._type_and_shape()}]{origin} is at version {saved.version_counter[0]}; "
            f"expected version {saved.version} instead. Hint: enable anomaly detection to find the operation that failed "
            "to compute its gradient, with torch.autograd.set_detect_anomaly(True, check_nan=False)."
        )

    def free(self) -> None:
        """Drops the saved arrays; a node that saved nothing can be passed through again."""
        if self.saved:
            self.saved = None

    def resave(self, number: int, result: Array, target: Variable) -> None:
        """Lets ``target``, over which a result was written in place, stand for that result among the saved values."""
        self.saved = [
            Saved(target._array, target._version_counter, target._version_counter[0], number)
            if type(value) is Saved and value.array is result
            else value
            for value in self._unfreed()
        ]

    def register_prehook(
        self, hook: Callable[..., Any], output_nr: int, key: float | None = None
    ) -> Callable[[], object]:
        """Calls ``hook`` with the gradient of one output before the formula sees it, in the order of the keys.

        Returns what removes the hook.
        """
        if self.hooks is None:
            self.hooks = {}
        return add_hook(self.hooks.setdefault(output_nr, {}), hook, key)

    def retain_grad_of(self, tensor: Variable, output_nr: int) -> Callable[[], object]:
        """Fills in ``tensor.grad`` when the gradient of that output is known, after all other hooks."""
        reference = weakref.ref(tensor)

        def retain(grad: Variable) -> None:
            alive = reference()
            if alive is not None:
                k = tables[type(grad)]
                alive._grad = k.clone(grad) if alive._grad is None else k.add(alive._grad, grad)

        return self.register_prehook(retain, output_nr, key=inf)

    def __repr__(self) -> str:
        return f"<{self.name().rpartition('::')[2]} object at {id(self):#x}>"


def add_hook(hooks: Hooks, hook: Callable[..., Any], key: float | None = None) -> Callable[[], object]:
    """Adds a hook, after all others unless a key says where. Returns what removes it."""
    key = _next_sequence_nr() if key is None else key
    hooks[key] = hook
    return lambda: hooks.pop(key, None)


class AccumulateGrad(Function):
    """The end of the graph: adds the gradient that arrives to a leaf's ``.grad``."""

    __slots__ = ("variable",)
    namespace = "torch::autograd::"

    variable: Variable

    def __init__(self, variable: Variable) -> None:
        self.variable = variable
        self.needs = []
        self.next_functions = ()
        self.outputs = [(variable._array.shape, variable._array.dtype)]
        self.saved = ()
        self.sequence_nr = _next_sequence_nr()

    @property
    def hooks(self) -> dict[int, Hooks] | None:  # type: ignore[override]  # the leaf keeps them
        return self.variable._hooks

    def accumulate(self, grad: Array | Variable, owned: bool) -> None:
        """Adds to ``.grad``: in place, unless the gradient is itself a tensor with a graph.

        Args:
            grad: an array, or with ``create_graph`` a tensor.
            owned: nobody else holds the array, so that it need not be copied.
        """
        variable, k = self.variable, tables[type(grad)]
        if isinstance(grad, self.Tensor):
            variable._grad = k.clone(grad) if variable._grad is None else k.add(variable._grad, grad)
        elif variable._grad is None:
            variable._grad = self.Tensor._of(grad if owned else k.contiguous_clone(grad))
        else:
            variable._grad._array = k.add_into(variable._grad._array, grad)
            variable._grad._version_counter[0] += 1


def accumulator_of(variable: Variable) -> AccumulateGrad:
    """The node that stands for a leaf: one as long as any graph needs it.

    A node holds its leaf and a leaf holds its node only weakly, so there is no cycle.
    """
    known = variable._accumulator
    node = known() if known is not None else None
    if node is None:
        node = AccumulateGrad(variable)
        variable._accumulator = weakref.ref(node)
    return node
