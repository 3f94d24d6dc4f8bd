"""Reductions: sums, products, means, norms, and questions about all elements.

``dim`` is one dimension, several, or none for all; with ``keepdim`` the reduced dimensions stay, with size 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import dtypes
from minitorch.autograd.graph import Function
from minitorch.dtypes import dtype as Dtype
from minitorch.ops.arguments import Dim, check_tensors, dimensions, dtype_name
from minitorch.ops.arithmetic import div
from minitorch.ops.comparison import isnan, logical_not
from minitorch.ops.conversion import cast
from minitorch.ops.operator import Number, operator, operators

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


class NansumBackward0(SumBackward0):
    """Without NaN, which get no gradient."""

    def forward(self, k: Table, a: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
        self.reduce_over(a, dim, keepdim)
        self.save(a)
        return k.sum(k.where(k.isnan(a), 0.0, a), dim, keepdim, dtype)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.mul(self.spread(k, k.cast(grad, self.dtype)), k.logical_not(k.isnan(a))),)


class LogsumexpBackward0(Reduction):
    """dl = sum_i exp(a_i - l) da_i."""

    def forward(self, k: Table, a: Any, dim: Any, keepdim: bool) -> Any:
        self.reduce_over(a, dim, keepdim)
        result = k.logsumexp(a, dim, keepdim)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        return (k.mul(self.with_dims(k, grad), k.exp(k.sub(a, self.with_dims(k, result)))),)


class LinalgVectorNormBackward0(Reduction, saves={"norm": "result", "p": "ord"}):
    """d|a|_p = sum sign(a) (|a| / |a|_p)^(p-1) da; 0 where the norm is 0."""

    __slots__ = ("p",)

    def forward(self, k: Table, a: Any, p: float, dim: Any, keepdim: bool, dtype: Any) -> Any:
        self.reduce_over(a, dim, keepdim)
        self.p = p
        result = k.vector_norm(a, p, dim, keepdim, dtype)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, norm: Any) -> tuple[Any, ...]:
        if self.p == 0:
            return (None,)
        return (by_norm(k, self.with_dims(k, grad), a, self.with_dims(k, norm), self.p, self.dim),)


def by_norm(k: Table, grad: Any, a: Any, norm: Any, p: float, dim: tuple[int, ...] | None) -> Any:
    """The gradient of |a|_p, over ``dim`` or all elements, for the norm and its gradient with the reduced dimensions kept."""
    if p == 1:
        return k.mul(grad, k.sign(a))
    if math.isinf(p):
        reached = k.cast(k.logical_or(k.eq(k.abs(a), norm), k.isnan(a)), numpy_dtype_of(a))
        among = k.sum(reached, dim, dim is not None)
        return k.mul(k.sign(a), k.mul(k.div(grad, among), reached))
    zero = k.eq(norm, 0)
    if p == 2 and k is operators:
        return k.mul(grad, k.where(zero, 0.0, k.div(a, norm)))  # of which torch's second derivative is NaN at 0
    if p == 2:
        return k.mul(a, k.where(zero, 0.0, k.div(grad, norm)))
    powers = k.mul(k.sign(a), k.pow(k.abs(a), p - 1))
    scale = k.where(zero, 0.0, k.div(grad, k.pow(norm, p - 1)))
    return k.mul(k.where(k.eq(a, 0), 0.0, powers), scale)


def numpy_dtype_of(a: Any) -> np.dtype:
    """The dtype of an array or a tensor, as kernels name it."""
    return a.dtype.numpy if isinstance(a.dtype, dtypes.dtype) else a.dtype


class Question(Function):
    """What has no gradient: a kernel by its name."""

    differentiable = False

    def forward(self, k: Table, *arrays: Any, kernel: str, **params: Any) -> Any:
        return getattr(k, kernel)(*arrays, **params)


def summed_dtype(input: Tensor, dtype: Dtype | None) -> np.dtype:
    """Sums of integers are int64."""
    if dtype is not None:
        return dtype.numpy
    return input._array.dtype if input._array.dtype.kind == "f" else dtypes.int64.numpy


@operator(out=True)
def sum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype | None = None) -> Tensor:
    """The sum. Integers are summed as int64; ``dtype`` casts first."""
    wanted = summed_dtype(input, dtype)
    if dim is None and not keepdim:
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
        which, given = ("Input", dtype_name(input)) if dtype is None else ("Optional", dtype.scalar_type)
        raise RuntimeError(
            f"mean(): could not infer output dtype. {which} dtype must be either a floating point or complex dtype. "
            f"Got: {given}"
        )
    if dim is None and not keepdim:
        return MeanBackward0.apply(input, dtype=wanted)
    return MeanBackward1.apply(input, dim=dimensions(dim, input._array.ndim), keepdim=keepdim, dtype=wanted)


@operator(out=True)
def nansum(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype | None = None) -> Tensor:
    """The sum of what is not NaN. Integers are summed as int64; ``dtype`` casts first."""
    if input._array.dtype.kind != "f":
        return sum(input, dim, keepdim, dtype=dtype)
    wanted, dims = summed_dtype(input, dtype), dimensions(dim, input._array.ndim)
    return NansumBackward0.apply(input, dim=dims, keepdim=keepdim, dtype=wanted)


@operator(out=True)
def nanmean(input: Tensor, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype | None = None) -> Tensor:
    """The arithmetic mean of what is not NaN; NaN where there is nothing else.

    Raises:
        RuntimeError: the dtype is not floating point.
    """
    if input._array.dtype.kind != "f":
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {dtype_name(input)}"
        )
    count = sum(logical_not(isnan(input)), dim, keepdim)
    return div(nansum(input, dim, keepdim, dtype=dtype), count)


@operator(out=True)
def logsumexp(input: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """log(sum(exp(input))) over ``dim``, without overflow; integers are computed in the default floating point dtype.

    Raises:
        RuntimeError: no dimension is given, unless ``keepdim`` keeps all of them.
    """
    if dim is None:
        raise TypeError("logsumexp(): argument 'dim' (position 2) must be tuple of ints, not NoneType")
    if not isinstance(dim, int) and not len(dim) and not keepdim and input._array.ndim:
        ones = [1] * input._array.ndim
        raise RuntimeError(f"output with shape [] doesn't match the broadcast shape {ones}")
    if input._array.dtype.kind != "f":
        input = cast(input, dtypes.get_default_dtype().numpy)
    return LogsumexpBackward0.apply(input, dim=dimensions(dim, input._array.ndim), keepdim=keepdim)


@operator(method=False, public=False)
def vector_norm(
    x: Tensor, ord: float = 2, dim: Dim = None, keepdim: bool = False, *, dtype: Dtype | None = None
) -> Tensor:
    """(sum |x|^ord)^(1/ord), over ``dim`` or all elements.

    Raises:
        RuntimeError: the dtype is not floating point.
    """
    check_tensors("linalg_vector_norm", input=x)
    if not isinstance(ord, Number):
        raise TypeError(f"linalg_vector_norm(): argument 'ord' (position 2) must be Number, not {type(ord).__name__}")
    if x._array.dtype.kind != "f":
        raise RuntimeError(
            f"linalg.vector_norm: Expected a floating point or complex tensor as input. Got {dtype_name(x)}"
        )
    if dtype is not None:
        check_no_narrowing("linalg.vector_norm", x, dtype)
    dims = dimensions(dim, x._array.ndim)
    if (ord < 0 or math.isinf(ord)) and not x._array.size:
        _check_identity(x._array.shape, ord, dims)
    wanted = x._array.dtype if dtype is None else dtype.numpy
    return LinalgVectorNormBackward0.apply(x, p=float(ord), dim=dims, keepdim=keepdim, dtype=wanted)


def check_no_narrowing(name: str, input: Tensor, dtype: Dtype) -> None:
    """Raises RuntimeError: the dtype that is asked for is not floating point, or holds less than the input's."""
    if dtype.numpy.kind != "f":
        raise RuntimeError(f"{name}: dtype should be floating point or complex, but got {dtype.scalar_type}")
    if dtype.numpy.itemsize < input._array.dtype.itemsize:
        raise RuntimeError(
            f"{name}: the dtype of the input ({dtype_name(input)}) should be convertible without narrowing to the specified "
            f"dtype ({dtype.scalar_type})"
        )


def _check_identity(shape: tuple[int, ...], ord: float, dims: tuple[int, ...] | None) -> None:
    name, lack = f"linalg.vector_norm cannot compute the {ord:g} norm on", "the operation does not have an identity"
    if dims is None:
        raise RuntimeError(f"{name} an empty tensor because {lack}")
    for d in dims:
        if shape[d] == 0:
            raise RuntimeError(f"{name} the dimension {d}because this dimension is empty and {lack}")


def _takes_truths(name: str) -> Callable[[Tensor, Tensor], None]:
    def check(result: Tensor, out: Tensor) -> None:
        if out._array.dtype not in (np.bool, np.uint8):
            raise RuntimeError(f"{name} only supports bool tensor for result, got: {dtype_name(out)}")

    return check


@operator(out=_takes_truths("all"))
def all(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether every element is non-zero; with an empty list of dimensions, whether each one is."""
    return _question("all", input, dim, keepdim)


@operator(out=_takes_truths("any"))
def any(input: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Whether some element is non-zero; with an empty list of dimensions, whether each one is."""
    return _question("any", input, dim, keepdim)


def _question(kernel: str, input: Tensor, dim: Dim, keepdim: bool) -> Tensor:
    if dim is not None and not isinstance(dim, int) and not len(dim):
        truth = cast(input, dtypes.bool.numpy).detach()
        return cast(truth, np.dtype(np.uint8)) if input._array.dtype == np.uint8 else truth
    return Question.apply(input, dim=dimensions(dim, input._array.ndim), keepdim=keepdim, kernel=kernel)


@operator
def count_nonzero(input: Tensor, dim: Dim = None) -> Tensor:
    """How many elements are not zero, as int64; NaN are not."""
    return Question.apply(input, dim=dimensions(dim, input._array.ndim), kernel="count_nonzero")


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
