"""The largest and smallest of many elements, and where they are.

Three rules say who gets the gradient: without ``dim`` and in ``amax`` and its kin, all that reach the extreme share it; along
one dimension of ``max`` and ``min``, the element that ``indices`` names takes all of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch import return_types
from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import Dim, check_exact_dtype, dimension, dimensions, dtype_name
from minitorch.ops.extremes import maximum, minimum
from minitorch.ops.operator import formula, operator
from minitorch.ops.reduction import Question, Reduction

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class MaxBackward1(Reduction):
    """An extreme of many elements: those that reach it share the gradient evenly, as do all NaN."""

    def forward(self, k: Table, a: Any, dim: Any = None, keepdim: bool = False, kernel: str = "amax") -> Any:
        self.reduce_over(a, dim, keepdim)
        result = getattr(k, kernel)(a, dim, keepdim)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        result = self.with_dims(k, result)
        reached = k.logical_or(k.eq(a, result), k.logical_and(k.isnan(a), k.isnan(result)))
        among = k.sum(k.cast(reached, self.dtype), self.dim, self.dim is not None)
        return (k.where(reached, k.div(self.with_dims(k, grad), among), 0.0),)


class MinBackward1(MaxBackward1):
    """Of all elements."""


class AmaxBackward0(MaxBackward1):
    """Over some dimensions: those that reach the extreme share the gradient evenly; it is NaN where the extreme is NaN."""

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        return (self.share(k, grad, a, result),)

    def share(self, k: Table, grad: Any, a: Any, result: Any) -> Any:
        reached = k.cast(k.eq(a, self.with_dims(k, result)), self.dtype)
        return k.div(k.mul(self.with_dims(k, grad), reached), k.sum(reached, self.dim, self.dim is not None))


class AminBackward0(AmaxBackward0):
    """Over some dimensions."""


class AminmaxBackward0(AmaxBackward0):
    """Both extremes, each with its own gradient."""

    def forward(self, k: Table, a: Any, dim: Any, keepdim: bool) -> tuple[Any, Any]:
        self.reduce_over(a, dim, keepdim)
        low, high = k.amin(a, dim, keepdim), k.amax(a, dim, keepdim)
        self.save(a, low, high)
        return low, high

    def backward(self, k: Table, grad_low: Any, grad_high: Any, a: Any, low: Any, high: Any) -> tuple[Any, ...]:
        return (k.add(self.share(k, grad_low, a, low), self.share(k, grad_high, a, high)),)


class Selection(Function):
    """Elements along one dimension, and their indices: the gradient goes to the elements that the indices name.

    A kernel that takes ``keepdim`` reduces the dimension; the others keep it, with as many elements as they choose.
    """

    __slots__ = ("dim", "reduced", "shape")

    def forward(self, k: Table, a: Any, dim: int, kernel: str, **params: Any) -> tuple[Any, Any]:
        self.shape, self.dim = a.shape, dim
        self.reduced = bool(a.shape) and not params.get("keepdim", True)
        values, indices = getattr(k, kernel)(a, dim, **params)
        self.save(indices)
        return values, indices

    def backward(self, k: Table, grad: Any, _: Any, indices: Any) -> tuple[Any, ...]:
        if self.reduced:
            grad, indices = k.unsqueeze(grad, self.dim), k.unsqueeze(indices, self.dim)
        return (k.gather_backward(grad, indices, shape=self.shape, dim=self.dim),)


class MaxBackward0(Selection):
    """The largest along one dimension."""


class MinBackward0(Selection):
    """The smallest along one dimension."""


@formula("gather_backward")
class GatherBackward(Function):
    """Zeros, with values added at given indices of a dimension."""

    __slots__ = ("dim",)
    graph_inputs = 1

    def forward(self, k: Table, values: Any, indices: Any, shape: tuple[int, ...], dim: int) -> Any:
        self.dim = dim
        self.save(indices)
        return k.gather_backward(values, indices, shape, dim)

    def backward(self, k: Table, grad: Any, indices: Any) -> tuple[Any, ...]:
        return (k.gather(grad, self.dim, indices),)


def _extreme(name: str, input: Tensor, dim: Any, keepdim: bool) -> Any:
    if not isinstance(input, Variable):
        given = ", ".join(type(each).__name__ for each in (input, dim) if each is not None)
        raise TypeError(
            f"{name}() received an invalid combination of arguments - got ({given}), but expected one of:\n"
            " * (Tensor input, *, Tensor out = None)\n * (Tensor input, Tensor other, *, Tensor out = None)\n"
            " * (Tensor input, int dim, bool keepdim = False, *, tuple of Tensors out = None)\n"
        )
    whole, along = {"max": (MaxBackward1, MaxBackward0), "min": (MinBackward1, MinBackward0)}[name]
    if dim is None:
        _check_any_elements(name, input)
        return whole.apply(input, kernel=f"a{name}")
    if isinstance(dim, Variable):
        return (maximum if name == "max" else minimum)(input, dim)
    d = dimension(dim, input._array.ndim)
    check_not_empty(name, input, d)
    return getattr(return_types, name)(along.apply(input, dim=d, keepdim=keepdim, kernel=f"{name}_dim"))


def _check_any_elements(name: str, input: Tensor) -> None:
    if input._array.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
            "'dim' argument."
        )


def check_not_empty(name: str, input: Tensor, dim: int) -> None:
    """Raises IndexError where a dimension to reduce has no elements."""
    if input._array.ndim and input._array.shape[dim] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")


def _check_same_dtype(result: Tensor, out: Tensor) -> None:
    if result._array.dtype != out._array.dtype:
        raise RuntimeError(
            f"Expected the dtype for input and out to match, but got {dtype_name(result)} for input's dtype and "
            f"{dtype_name(out)} for out's dtype."
        )


@operator(out=check_exact_dtype)
def max(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Any:
    """The largest element; along a dimension, ``(values, indices)``; of two tensors, the larger of each two.

    Without ``dim`` equal elements share the gradient evenly; with it, the one that ``indices`` names gets it.

    Raises:
        RuntimeError, IndexError: there are no elements.
    """
    return _extreme("max", input, dim, keepdim)


@operator(out=check_exact_dtype)
def min(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Any:
    """The smallest element; along a dimension, ``(values, indices)``; of two tensors, the smaller of each two.

    Raises:
        RuntimeError, IndexError: there are no elements.
    """
    return _extreme("min", input, dim, keepdim)


@operator(out=_check_same_dtype)
def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The largest element over ``dim``; equal elements share the gradient evenly.

    Raises:
        RuntimeError, IndexError: there are no elements.
    """
    return AmaxBackward0.apply(input, dim=_extreme_dims("amax", input, dim), keepdim=keepdim, kernel="amax")


@operator(out=_check_same_dtype)
def amin(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The smallest element over ``dim``; equal elements share the gradient evenly.

    Raises:
        RuntimeError, IndexError: there are no elements.
    """
    return AminBackward0.apply(input, dim=_extreme_dims("amin", input, dim), keepdim=keepdim, kernel="amin")


def _extreme_dims(name: str, input: Tensor, dim: Dim) -> tuple[int, ...] | None:
    dims = dimensions(dim, input._array.ndim)
    if dims is None:
        _check_any_elements(name, input)
    for d in (dim,) if isinstance(dim, int) else dim or ():
        check_not_empty(name, input, d)
    return dims


@operator(out=check_exact_dtype)
def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element, ``(min, max)``, of all or along ``dim``; equal elements share the gradient evenly.

    Raises:
        RuntimeError, IndexError: there are no elements.
    """
    if dim is None and input._array.size == 0:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    dims = dimensions(dim, input._array.ndim)
    for d in dims or ():
        if input._array.shape[d] == 0:
            raise IndexError(f"aminmax: Expected reduction dim {d} to have non-zero size.")
    return return_types.aminmax(AminmaxBackward0.apply(input, dim=dims, keepdim=keepdim))


@operator(out=check_exact_dtype)
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is, as int64: in the flattened tensor, or along ``dim``."""
    return _position("argmax", input, dim, keepdim)


@operator(out=check_exact_dtype)
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is, as int64: in the flattened tensor, or along ``dim``."""
    return _position("argmin", input, dim, keepdim)


def _position(name: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if input._array.dtype.kind == "b":
        raise RuntimeError(f"{name}(): does not support bool input")
    if dim is not None:
        dim = dimension(dim, input._array.ndim)
        check_not_empty(name, input, dim)
    elif input._array.size == 0:
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    return Question.apply(input, dim=dim if input._array.ndim else None, keepdim=keepdim, kernel=name)
