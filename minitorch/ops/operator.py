"""What every operator is declared with.

One declaration, ``@operator``, makes a function into an entry of the operator table, a function of the package, a method of
``Tensor`` and, on request, the forms that write in place (``add_``) and into a given tensor (``out=``).
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minitorch import return_types
from minitorch.autograd.grad_mode import no_grad, recording
from minitorch.autograd.graph import (
    BOTH_NEEDED,
    FIRST_NEEDED,
    NO_EDGE,
    NOTHING_NEEDED,
    NOTHING_SAVED,
    SECOND_NEEDED,
    Function,
    Source,
    Unary,
    new_tensor,
)
from minitorch.autograd.variable import Variable
from minitorch.dtypes import can_cast, from_numpy_dtype, get_default_dtype
from minitorch.kernels import Table, tables
from minitorch.ops.arguments import cpp_name, dtype_name
from minitorch.ops.promotion import Number, broadcast_shapes, promote

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

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
            methods[name] = function
        if public:
            functions[name] = with_out(function, None if out is True else out) if out else function
        if inplace is not False:
            methods[name + "_"] = in_place(function, inplace if isinstance(inplace, str) else None)
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
        except ValueError:
            cls.explain((a, b))
            raise
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


def in_place(function: Callable[..., Any], expanded: str | None = None) -> Callable[..., Any]:
    """The form that writes over its first argument: the operator, then its result takes the place of the tensor.

    The graph is thereby the operator's own, with the tensor's old history below it.
    """

    @functools.wraps(function)
    def write_over(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        given = [x for x in (*args, *kwargs.values()) if isinstance(x, Variable)]
        recorded = recording.get() and (self._wants_grad() or True in [each._wants_grad() for each in given])
        is_expanded = self._is_expanded()
        self._check_inplace(recorded, once=is_expanded and (expanded is None or (not expanded and bool(given))))
        if is_expanded and expanded:
            warnings.warn(
                f"Use of {function.__name__}_ on expanded tensors is deprecated. Please clone() the tensor before performing "
                f"this operation. This also applies to advanced indexing e.g. {expanded}",
                UserWarning,
                stacklevel=2,
            )
        before = self
        if recorded:
            before = Variable._of(tables[type(self._array)].clone(self._array))  # a node may save what is overwritten
            before._edge, before._requires_grad = (
                self._gradient_edge() if self._wants_grad() else None,
                self._wants_grad(),
            )
        for each in given:
            if each._version_counter is self._version_counter and not _is_same(each._array, self._array):
                check_apart(self, each)
        result = function(before, *args, **kwargs)
        if result._array.shape != self._array.shape:
            raise RuntimeError(
                f"output with shape {list(self._array.shape)} doesn't match the broadcast shape {list(result._array.shape)}"
            )
        _check_castable(result, self)
        if is_expanded:  # an element that stays would undo the change of another in its place
            changed = tables[type(result._array)].ne(result._array, self._array)
            self._array[changed] = result._array[changed]
        else:
            tables[type(self._array)].write_over(self._array, result._array)
        self._take_over(result)
        return self

    write_over.__name__ = write_over.__qualname__ = function.__name__.rstrip("_") + "_"
    write_over.__doc__ = f"In-place version of ``{function.__name__}()``."
    return write_over


def with_out(function: Callable[..., Any], check: str | Callable[[Any, Any], None] | None = None) -> Callable[..., Any]:
    """The form that writes its result to the tensor given as ``out=``, or its results to several."""
    check = _check_castable if check is None else check

    @functools.wraps(function)
    def write_out(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        targets = tuple(out) if isinstance(out, tuple | list) else (out,)
        given = [x for x in (*args, *kwargs.values()) if isinstance(x, Variable)]
        if recording.get() and any(x._wants_grad() for x in (*targets, *given)):
            raise RuntimeError(
                f"{function.__name__}(): functions with out=... arguments don't support automatic differentiation, "
                "but one of the arguments requires grad."
            )
        with no_grad():
            if not isinstance(check, str):  # which comes later
                for target in targets:
                    target._check_inplace()
            result = function(*args, **kwargs)
        if isinstance(check, str):
            _check_strictly(result, out, given, check)
            _write_to(out, result)
            return out
        if not isinstance(out, tuple | list):
            check(result, out)
            _write_to(out, result)
            return out
        if any(np.shares_memory(target._array, x._array) for target in targets for x in given):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
                "memory location. Please clone() the tensor before performing the operation."
            )
        for target, each in zip(targets, result, strict=True):
            check(each, target)
            _write_to(target, each)
        return getattr(return_types, f"{function.__name__}_out", tuple)(targets)

    return write_out


def _is_same(a: np.ndarray, b: np.ndarray) -> bool:
    return a is b or a.__array_interface__ == b.__array_interface__


def check_apart(out: Variable, *inputs: Variable, size: int | None = None) -> None:
    """Raises torch's error where writing to ``out`` (after it is resized to ``size``) would write to an input in one piece."""
    written = out._array.view(np.ndarray)
    if size is not None:
        written = np.lib.stride_tricks.as_strided(written, (size,), (written.itemsize,))  # it is not looked into
    if written.flags.forc and any(
        each._array.flags.forc and np.may_share_memory(written, each._array) for each in inputs
    ):
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )


def _check_strictly(result: Tensor, out: Tensor, given: list[Any], other_dtype: str) -> None:
    """Checks that a result can be written as it is: to a tensor of its dtype, apart from what was given."""
    out._check_written_once()
    check_apart(out, *given, size=result._array.size if out._array.shape != result._array.shape else None)
    if out._array.dtype != result._array.dtype:
        names = {"wanted": dtype_name(result), "given": dtype_name(out)}
        raise RuntimeError(other_dtype.format(cpp_wanted=cpp_name(result), cpp_given=cpp_name(out), **names))


def _write_to(out: Tensor, result: Tensor) -> None:
    """Writes a result over a tensor, which takes its shape."""
    if out._array.shape != result._array.shape:
        if out._array.size:
            warnings.warn(
                f"An output with one or more elements was resized since it had shape {list(out._array.shape)}, which "
                f"does not match the required output shape {list(result._array.shape)}.",
                UserWarning,
                stacklevel=3,
            )
        out._array = tables[type(result._array)].cast(result._array, out._array.dtype)
    else:
        tables[type(out._array)].write_over(out._array, result._array)
    out._version_counter[0] += 1


def _check_castable(result: Tensor, target: Tensor) -> None:
    given, wanted = from_numpy_dtype(result._array.dtype), from_numpy_dtype(target._array.dtype)
    if not can_cast(given, wanted):
        raise RuntimeError(
            f"result type {given.scalar_type} can't be cast to the desired output type {wanted.scalar_type}"
        )


__all__ = [
    "Binary", "Comparison", "Elementwise", "Flat", "Fused", "Number", "Parametric", "Univariate", "UnivariateOfResult",
    "alias", "check_apart", "formula", "functions", "in_place", "methods", "operator", "operators",
]  # fmt: skip
