"""What every operator is declared with.

One declaration, ``@operator``, makes a function into an entry of the operator table, a function of the package, a method of
``Tensor`` and, on request, the forms that write in place (``add_``) and into a given tensor (``out=``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from minitorch.autograd.edges import NO_EDGE
from minitorch.autograd.grad_mode import recording
from minitorch.autograd.graph import (
    BOTH_NEEDED,
    FIRST_NEEDED,
    NOTHING_NEEDED,
    NOTHING_SAVED,
    SECOND_NEEDED,
    Function,
    Unary,
    new_tensor,
)
from minitorch.autograd.saved import Source
from minitorch.autograd.variable import Variable
from minitorch.dtypes import get_default_dtype
from minitorch.kernels import Table, tables
from minitorch.ops.forms import check_apart, in_place, with_out
from minitorch.ops.mistakes import explained, explained_method
from minitorch.ops.promotion import Number, broadcast_shapes, promote

operators = Table()
"""Operators on tensors under the names of the kernels: the table for ``create_graph``. Floor 3 registers it for Tensor."""

functions: dict[str, Callable[..., Any]] = {}
"""What the package offers by name: ``minitorch.add``."""

methods: dict[str, Callable[..., Any]] = {}
"""What tensors offer by name: ``x.add``, ``x.add_``."""


def operator(
    function: Callable[..., Any] | None = None,
    *,
    inplace: bool | str = False,
    out: bool | str | Callable[[Any, Any], None] = False,
    method: bool = True,
    public: bool = True,
) -> Any:
    """Declares an operator: a function whose first argument is a tensor.

    Args:
        function: computes the operator; its name is the operator's.
        inplace: there is a method ``name_`` too, which writes the result over the tensor. With a text, it may be an expanded
            tensor; unless the text is empty, there is a warning then, which says that the text is such a case too.
        out: the function takes ``out=`` too, a tensor (or for several results, a tuple of them) to write the result to. A
            function ``out(result, target)`` refuses targets of the wrong dtype; otherwise they may be what results cast to.
            A text says that the target has to be of the result's dtype, with memory of its own, and what the error about its
            dtype is; ``{wanted}`` and ``{given}`` are the two, ``{cpp_wanted}`` and ``{cpp_given}`` their names in C++.
        method: it is a method of tensors.
        public: it is a function of the package.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        operators[name] = function
        if method:
            methods[name] = explained_method(function)
        if public:
            functions[name] = explained(with_out(function, None if out is True else out) if out else function)
        if inplace is not False:
            methods[name + "_"] = explained_method(in_place(function, inplace if isinstance(inplace, str) else None))
        return function

    return declare if function is None else declare(function)


def alias(name: str, function: Callable[..., Any]) -> None:
    """Another name for an operator, in all its forms."""
    given = function.__name__
    if given in functions:
        functions[name] = functions[given]
    for form in ("", "_"):
        if given + form in methods:
            methods[name + form] = methods[given + form]


def formula(name: str) -> Callable[[type[Function]], type[Function]]:
    """Enters an operator in the table that only backward formulas call: tensors come by position, all else by keyword."""

    def enter(node: type[Function]) -> type[Function]:
        operators[name] = node.apply
        return node

    return enter


class Elementwise(Function):
    """Operators that work element by element: inputs are broadcast and brought to one dtype."""

    broadcasts = True
    floats = False
    """Integers are computed in the default floating point dtype."""

    @classmethod
    def mixed(cls, arrays: list[Any]) -> list[Any]:
        dtype = None
        for each in arrays:
            if type(each) in tables:
                if dtype is not None and each.dtype is not dtype:
                    break
                dtype = each.dtype
            elif dtype is None or dtype.kind != "f" or (type(each) is not int and type(each) is not float):
                break
        else:
            if not cls.floats or dtype.kind == "f":  # type: ignore[union-attr]  # there is at least one tensor
                return arrays
        return promote(arrays, cls.floats, cls.name_of_operator())

    @classmethod
    def name_of_operator(cls) -> str:
        return cls.__name__.split("Backward")[0].lower()

    @classmethod
    def explain(cls, inputs: tuple[Any, ...]) -> None:
        broadcast_shapes(*(x._array.shape for x in inputs if isinstance(x, Variable)))


class OfOneVariable(Unary):
    """Functions of one variable, element by element: ``kernel`` computes them.

    Integers are computed in the default floating point dtype, unless ``floats`` is off.
    """

    kernel: ClassVar[str]
    floats: ClassVar[bool] = True

    @classmethod
    def apply(cls, a: Variable, **params: Any) -> Any:
        if not isinstance(a, Variable):
            name = cls.__name__.split("Backward")[0].lower()
            raise TypeError(f"{name}(): argument 'input' (position 1) must be Tensor, not {type(a).__name__}")
        if cls.floats and a._array.dtype.kind != "f":
            a = new_tensor(tables[type(a._array)].cast(a._array, get_default_dtype().numpy))
        return super().apply(a, **params)

    def derivative(self, k: Table, saved: Any) -> Any:
        """The factor of the gradient."""
        raise NotImplementedError


class Univariate(OfOneVariable):
    """Those whose ``derivative`` is a formula in the input."""

    def forward(self, k: Table, a: Any) -> Any:
        self.save(a)
        return getattr(k, self.kernel)(a)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.mul(grad, self.derivative(k, a)),)


class UnivariateOfResult(OfOneVariable):
    """Those whose ``derivative`` is a formula in the result."""

    def forward(self, k: Table, a: Any) -> Any:
        result = getattr(k, self.kernel)(a)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.mul(grad, self.derivative(k, result)),)


class Parametric(OfOneVariable):
    """Those with numbers beside the variable, which ``gradient`` is given by name; it need not be a plain product."""

    __slots__ = ("params",)

    def forward(self, k: Table, a: Any, **params: Any) -> Any:
        self.params = params
        self.save(a)
        return getattr(k, self.kernel)(a, **params)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (self.gradient(k, grad, a, **self.params),)

    def gradient(self, k: Table, grad: Any, saved: Any, **params: Any) -> Any:
        """The gradient for the input."""
        raise NotImplementedError


class Fused(Parametric):
    """Likewise, with a kernel beside, whose name ends in ``_backward``, that computes ``gradient`` on arrays in one pass."""

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        if k is operators:
            return (self.gradient(k, grad, a, **self.params),)
        return (getattr(k, f"{self.kernel}_backward")(grad, a, **self.params),)


class Flat(OfOneVariable):
    """Steps: the gradient is 0."""

    floats = False

    def forward(self, k: Table, a: Any, **params: Any) -> Any:
        return getattr(k, self.kernel)(a, **params)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.zeros(grad.shape, grad),)


class Binary(Elementwise):
    """Element-wise operators of two operands."""

    @classmethod
    def apply(cls, a: Any, b: Any, **params: Any) -> Any:  # type: ignore[override]  # it takes fewer arguments
        """As ``Function.apply``, written out for two floating point tensors of one dtype, which is the usual case."""
        if not (isinstance(a, Variable) and isinstance(b, Variable)):
            return super().apply(a, b, **params)
        x, y = a._array, b._array
        if x.dtype is not y.dtype or (cls.floats and x.dtype.kind != "f"):
            return super().apply(a, b, **params)
        node = cls()
        node.saved = NOTHING_SAVED
        of_a = a._requires_grad or (a._view is not None and a._wants_grad())
        of_b = b._requires_grad or (b._view is not None and b._wants_grad())
        recorded = (of_a or of_b) and cls.differentiable and recording.get()
        needs: tuple[bool, ...] = NOTHING_NEEDED
        if recorded:
            needs = SECOND_NEEDED if not of_a else BOTH_NEEDED if of_b else FIRST_NEEDED
        node.needs = needs
        k = tables[type(x)]
        try:
            array = node.forward(k, x, y, **params) if params else node.forward(k, x, y)
        except Exception as error:
            return cls.apply_after(error, (a, b), params)
        result = new_tensor(array)
        if recorded:
            sources: list[Source | None] = []
            for value in node.saved:
                if value is x:
                    sources.append((a._version_counter, a._version_counter[0], 0))
                elif value is y:
                    sources.append((b._version_counter, b._version_counter[0], 1))
                elif value is array:
                    sources.append((result._version_counter, 0, -1))
                else:
                    sources.append(None)
            edges = a._gradient_edge() if needs[0] else NO_EDGE, b._gradient_edge() if needs[1] else NO_EDGE
            first, second = needs[0] and a._edge is None, needs[1] and b._edge is None
            node.leaves = (a, b) if first and second else a if first else b if second else None
            node.record(edges, tuple(sources), result)
        return result


class Comparison(Elementwise):
    """Elementwise operators without a gradient."""

    differentiable = False


__all__ = [
    "Binary", "Comparison", "Elementwise", "Flat", "Fused", "Number", "Parametric", "Univariate", "UnivariateOfResult",
    "alias", "check_apart", "formula", "functions", "in_place", "methods", "operator", "operators", "with_out",
]  # fmt: skip
