"""Reductions: sums, means, norms, extremes, and questions about all elements.

``dim`` is one dimension, several, or none for all; with ``keepdim`` the reduced dimensions stay, with size 1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from minitorch import dtypes
from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.dtypes import dtype as Dtype
from minitorch.ops.arguments import Dim, dimension, dimensions, dtype_name
from minitorch.ops.elementary import maximum, minimum
from minitorch.ops.operator import formula, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Reduction(Function):
    """An operator that takes elements together; its backward spreads the gradient over them again."""

    __slots__ = ("dim", "dtype", "keepdim", "shape")

    def reduce_over(self, a: Any, dim: tuple[int, ...] | None, keepdim: bool) -> None:
        self.shape, self.dtype, self.dim, self.keepdim = a.shape, a.dtype, dim, keepdim

    def spread(self, k: Table, reduced: Any) -> Any:
        """A result, or its gradient, over the shape that it was reduced from."""
        return k.expand(self.with_dims(k, reduced), self.shape)

    def with_dims(self, k: Table, reduced: Any) -> Any:
        """A result, or its gradient, with the reduced dimensions back in place, of size 1."""
        if self.keepdim or self.dim is None:
            return reduced
        return k.reshape(reduced, tuple(1 if d in self.dim else size for d, size in enumerate(self.shape)))


class SumBackward0(Reduction):
    """Of all elements."""

    def forward(self, k: Table, a: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        self.reduce_over(a, dim, keepdim)
        return k.sum(a, dim, keepdim, dtype)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (self.spread(k, grad),)


class SumBackward1(SumBackward0):
    """Over some dimensions."""


class MeanBackward0(Reduction):
    """Of all elements."""

    def forward(self, k: Table, a: Any, dim: Any = None, keepdim: bool = False, dtype: Any = None) -> Any:
        self.reduce_over(a, dim, keepdim)
        return k.mean(a, dim, keepdim, dtype)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        count = math.prod(self.shape if self.dim is None else [self.shape[d] for d in self.dim])
        return (self.spread(k, k.div(grad, count) if count else grad),)


class MeanBackward1(MeanBackward0):
    """Over some dimensions."""


class LinalgVectorNormBackward0(Reduction):
    """d|a|_p = sum sign(a) (|a| / |a|_p)^(p-1) da; 0 where the norm is 0."""

    __slots__ = ("p",)

    def forward(self, k: Table, a: Any, p: float, dim: Any, keepdim: bool, dtype: Any) -> Any:
        self.reduce_over(a, dim, keepdim)
        self.p = p
        result = k.vector_norm(a, p, dim, keepdim, dtype)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, norm: Any) -> tuple[Any, ...]:
        grad, norm = self.with_dims(k, grad), self.with_dims(k, norm)
        if self.p == 0:
            return (k.mul(k.expand(grad, self.shape), 0),)
        if self.p == 1:
            return (k.mul(grad, k.sign(a)),)
        if math.isinf(self.p):
            reached = k.cast(k.logical_or(k.eq(k.abs(a), norm), k.isnan(a)), self.dtype)
            among = k.sum(reached, self.dim, self.dim is not None)
            return (k.mul(k.sign(a), k.mul(k.div(grad, among), reached)),)
        zero = k.eq(norm, 0)
        if self.p == 2:
            return (k.mul(a, k.where(zero, 0.0, k.div(grad, norm))),)
        powers = k.mul(k.sign(a), k.pow(k.abs(a), self.p - 1))
        scale = k.where(zero, 0.0, k.div(grad, k.pow(norm, self.p - 1)))
        return (k.mul(k.where(k.eq(a, 0), 0.0, powers), scale),)


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
        reached = k.cast(k.eq(a, self.with_dims(k, result)), self.dtype)
        return (k.div(k.mul(self.with_dims(k, grad), reached), k.sum(reached, self.dim, self.dim is not None)),)


class AminBackward0(AmaxBackward0):
    """Over some dimensions."""


class MaxBackward0(Function):
    """Extremes along one dimension, and their indices: the gradient goes to the elements that the indices name."""

    __slots__ = ("dim", "keepdim", "shape")

    def forward(self, k: Table, a: Any, dim: int, keepdim: bool, kernel: str) -> tuple[Any, Any]:
        self.shape, self.dim, self.keepdim = a.shape, dim, keepdim
        values, indices = getattr(k, kernel)(a, dim, keepdim)
        self.save(indices)
        return values, indices

    def backward(self, k: Table, grad: Any, _: Any, indices: Any) -> tuple[Any, ...]:
        if not self.keepdim and self.shape:
            grad, indices = k.unsqueeze(grad, self.dim), k.unsqueeze(indices, self.dim)
        return (k.gather_backward(grad, indices, shape=self.shape, dim=self.dim),)


class MinBackward0(MaxBackward0):
    """The smallest along one dimension."""


@formula("gather_backward")
class GatherBackward(Function):
    """Zeros, with values added at given indices of a dimension."""

    __slots__ = ("dim",)
    graph_inputs = 1

    def forward(self, k: Table, grad: Any, indices: Any, shape: tuple[int, ...], dim: int) -> Any:
        self.dim = dim
        self.save(indices)
        return k.gather_backward(grad, indices, shape, dim)

    def backward(self, k: Table, grad: Any, indices: Any) -> tuple[Any, ...]:
        return (k.gather(grad, self.dim, indices),)


class Question(Function):
    """Reductions without a gradient."""

    differentiable = False

    def forward(self, k: Table, a: Any, dim: Any, keepdim: bool, kernel: str) -> Any:
        return getattr(k, kernel)(a, dim, keepdim)


class Extremes(NamedTuple):
    """What ``max`` and ``min`` along a dimension return."""

    values: Tensor
    indices: Tensor


def _summed_dtype(input: Tensor, dtype: Dtype | None) -> np.dtype:
    """Sums of integers are int64."""
    if dtype is not None:
        return dtype.numpy
    return input._array.dtype if input._array.dtype.kind == "f" else dtypes.int64.numpy


@operator(out=True)
def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype | None = None) -> Tensor:
    """The sum. Integers are summed as int64; ``dtype`` casts first."""
    wanted = _summed_dtype(input, dtype)
    if dim is None:
        return SumBackward0.apply(input, dtype=wanted)
    return SumBackward1.apply(input, dim=dimensions(dim, input._array.ndim), keepdim=keepdim, dtype=wanted)


@operator(out=True)
def mean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype | None = None) -> Tensor:
    """The arithmetic mean; NaN of no elements.

    Raises:
        RuntimeError: the dtype is not floating point.
    """
    wanted = input._array.dtype if dtype is None else dtype.numpy
    if wanted.kind != "f":
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
            f"Got: {dtype_name(input)}"
        )
    if dim is None:
        return MeanBackward0.apply(input, dtype=wanted)
    return MeanBackward1.apply(input, dim=dimensions(dim, input._array.ndim), keepdim=keepdim, dtype=wanted)


@operator(out=True)
def norm(
    input: Tensor, p: float | str | None = "fro", dim: Dim = None, keepdim: bool = False, *, dtype: Dtype | None = None
) -> Tensor:
    """The p-norm of the elements taken as one vector, or of those along ``dim``; ``"fro"`` is p = 2.

    Raises:
        RuntimeError: the dtype is not floating point, or the kind of norm is not known.
    """
    if isinstance(p, str):
        if p != "fro":
            raise RuntimeError(f"norm: only 'fro' and numbers are supported for p, but got '{p}'")
        p = 2.0
    return vector_norm(input, 2.0 if p is None else p, dim, keepdim, dtype=dtype)


@operator(method=False, public=False)
def vector_norm(
    x: Tensor, ord: float = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype | None = None
) -> Tensor:
    """(sum |x|^ord)^(1/ord), over ``dim`` or all elements.

    Raises:
        RuntimeError: the dtype is not floating point.
    """
    if x._array.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {dtype_name(x)}"
        )
    wanted = x._array.dtype if dtype is None else dtype.numpy
    return LinalgVectorNormBackward0.apply(
        x, p=float(ord), dim=dimensions(dim, x._array.ndim), keepdim=keepdim, dtype=wanted
    )


def _extreme(name: str, input: Tensor, dim: Any, keepdim: bool) -> Any:
    whole, along = {"max": (MaxBackward1, MaxBackward0), "min": (MinBackward1, MinBackward0)}[name]
    if dim is None:
        _check_any_elements(name, input)
        return whole.apply(input, kernel=f"a{name}")
    if isinstance(dim, Variable):
        return (maximum if name == "max" else minimum)(input, dim)
    d = dimension(dim, input._array.ndim)
    _check_not_empty(name, input, d)
    return Extremes(*along.apply(input, dim=d, keepdim=keepdim, kernel=f"{name}_dim"))


def _check_any_elements(name: str, input: Tensor) -> None:
    if input._array.size == 0:
        raise RuntimeError(
            f"{name}(): Expected reduction dim to be specified for input.numel() == 0. Specify the reduction dim with the "
            "'dim' argument."
        )


def _check_not_empty(name: str, input: Tensor, dim: int) -> None:
    if input._array.ndim and input._array.shape[dim] == 0:
        raise IndexError(f"{name}(): Expected reduction dim {dim} to have non-zero size.")


@operator
def max(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Any:
    """The largest element; along a dimension, ``(values, indices)``; of two tensors, the larger of each two.

    Without ``dim`` equal elements share the gradient evenly; with it, the one that ``indices`` names gets it.

    Raises:
        RuntimeError, IndexError: there are no elements.
    """
    return _extreme("max", input, dim, keepdim)


@operator
def min(input: Tensor, dim: int | Tensor | None = None, keepdim: bool = False) -> Any:
    """The smallest element; along a dimension, ``(values, indices)``; of two tensors, the smaller of each two.

    Raises:
        RuntimeError, IndexError: there are no elements.
    """
    return _extreme("min", input, dim, keepdim)


@operator(out=True)
def amax(input: Tensor, dim: Dim = (), keepdim: bool = False) -> Tensor:
    """The largest element over ``dim``; equal elements share the gradient evenly.

    Raises:
        RuntimeError, IndexError: there are no elements.
    """
    return AmaxBackward0.apply(input, dim=_extreme_dims("amax", input, dim), keepdim=keepdim, kernel="amax")


@operator(out=True)
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
    for d in dims or ():
        _check_not_empty(name, input, d)
    return dims


@operator
def argmax(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the largest element is, as int64: in the flattened tensor, or along ``dim``."""
    return _position("argmax", input, dim, keepdim)


@operator
def argmin(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Where the smallest element is, as int64: in the flattened tensor, or along ``dim``."""
    return _position("argmin", input, dim, keepdim)


def _position(name: str, input: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    if input._array.dtype.kind == "b":
        raise RuntimeError(f"{name}(): does not support bool input")
    if dim is not None:
        dim = dimension(dim, input._array.ndim)
        _check_not_empty(name, input, dim)
    elif input._array.size == 0:
        raise IndexError(f"{name}(): Expected reduction dim to be specified for input.numel() == 0.")
    return Question.apply(input, dim=dim if input._array.ndim else None, keepdim=keepdim, kernel=name)


@operator
def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether every element is non-zero."""
    return Question.apply(input, dim=dimensions(dim, input._array.ndim), keepdim=keepdim, kernel="all")


@operator
def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether some element is non-zero."""
    return Question.apply(input, dim=dimensions(dim, input._array.ndim), keepdim=keepdim, kernel="any")


class SumTo(SumBackward1):
    """Undoes broadcasting, in a graph of gradients."""

    def forward(self, k: Table, a: Any, shape: tuple[int, ...]) -> Any:
        extra = a.ndim - len(shape)
        self.reduce_over(a, tuple(range(extra)), False)
        return k.sum_to(a, shape)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.expand(grad, self.shape),)

    def name(self) -> str:
        return "SumBackward1"


@operator(method=False, public=False)
def sum_to(input: Tensor, shape: tuple[int, ...]) -> Tensor:
    """The sum over what had been expanded from ``shape``."""
    return SumTo.apply(input, shape=shape)
