"""Along a dimension, from each element to the next: cumulative sums and extremes, differences, and areas under curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch import return_types
from minitorch.autograd.graph import Function
from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import limits_of
from minitorch.ops.arguments import check_exact_dtype, dimension, dtype_name
from minitorch.ops.arithmetic import DivBackward1, MulBackward1, add, mul, sub
from minitorch.ops.comparison import logical_xor
from minitorch.ops.conversion import copy, zeros
from minitorch.ops.maxima import Selection
from minitorch.ops.operator import Number, operator
from minitorch.ops.parts import cat, narrow, select, slice
from minitorch.ops.product import cumsum_from_the_end
from minitorch.ops.reduction import numpy_dtype_of, sum, summed_dtype
from minitorch.ops.shape import view

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class CumsumBackward0(Function):
    """ds_j = sum_(i <= j) da_i; transposed, a sum from the end."""

    __slots__ = ("dim", "dtype")

    def forward(self, k: Table, a: Any, dim: int, dtype: Any) -> Any:
        self.dim, self.dtype = dim, a.dtype
        return k.cumsum(a, dim, dtype)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        grad = k.cast(grad, self.dtype)
        return (grad if not grad.shape or grad.shape[self.dim] <= 1 else cumsum_from_the_end(k, grad, self.dim),)


class CummaxBackward0(Selection):
    """The gradient goes to the elements that were the largest so far."""


class CumminBackward0(Selection):
    """The gradient goes to the elements that were the smallest so far."""


class LogcumsumexpBackward0(Function):
    """dl_j = sum_(i <= j) exp(a_i - l_j) da_i, transposed, in logarithms: positive and negative gradients separately."""

    __slots__ = ("dim",)

    def forward(self, k: Table, a: Any, dim: int) -> Any:
        self.dim = dim
        result = k.logcumsumexp(a, dim)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        if not grad.shape:
            return (grad,)
        lowest = limits_of(numpy_dtype_of(grad)).min
        logarithm = k.log(k.abs(grad))

        def from_the_end(signed: Any) -> Any:
            weighted = k.flip(k.sub(k.where(signed, logarithm, lowest), result), (self.dim,))
            return k.exp(k.add(k.flip(k.logcumsumexp(weighted, self.dim), (self.dim,)), a))

        return (k.sub(from_the_end(k.gt(grad, 0)), from_the_end(k.lt(grad, 0))),)


@operator(inplace=True, out=True)
def cumsum(input: Tensor, dim: int, *, dtype: Dtype | None = None) -> Tensor:
    """The sums of the elements up to each one, along ``dim``. Integers are summed as int64; ``dtype`` casts first."""
    return CumsumBackward0.apply(input, dim=dimension(dim, input._array.ndim), dtype=summed_dtype(input, dtype))


@operator(out=check_exact_dtype)
def cummax(input: Tensor, dim: int) -> Any:
    """The largest of the elements up to each one, along ``dim``, and where it is: ``(values, indices)``.

    Of equal elements the last counts; from the first NaN on, all is NaN.
    """
    d = dimension(dim, input._array.ndim)
    return return_types.cummax(CummaxBackward0.apply(input, dim=d, kernel="cummax"))


@operator(out=check_exact_dtype)
def cummin(input: Tensor, dim: int) -> Any:
    """The smallest of the elements up to each one, along ``dim``, and where it is: ``(values, indices)``.

    Of equal elements the last counts; from the first NaN on, all is NaN.
    """
    d = dimension(dim, input._array.ndim)
    return return_types.cummin(CumminBackward0.apply(input, dim=d, kernel="cummin"))


@operator(out=True)
def logcumsumexp(input: Tensor, dim: int) -> Tensor:
    """log(cumsum(exp(input))) along ``dim``, without overflow.

    Raises:
        NotImplementedError: the dtype is not floating point.
    """
    d = dimension(dim, input._array.ndim)
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"logcumsumexp_out_cpu\" not implemented for '{dtype_name(input)}'")
    return LogcumsumexpBackward0.apply(input, dim=d)


@operator(out=True)
def diff(
    input: Tensor, n: int = 1, dim: int = -1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """The differences of neighbours along ``dim``, taken ``n`` times; of bools, whether they differ.

    Args:
        input: at least one dimension.
        n: how often.
        dim: the dimension, which becomes shorter by ``n``.
        prepend, append: joined to the input first; of its shape but for ``dim``.

    Raises:
        RuntimeError: no dimension, a negative ``n``, or shapes that do not fit.
    """
    if not input._array.ndim:
        raise RuntimeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise RuntimeError(f"order must be non-negative but got {n}")
    d = dimension(dim, input._array.ndim)
    for each in (prepend, append):
        if each is not None:
            _check_fits(input, each, d)
    if not n:
        return copy(zeros(input._array.shape, input), input)
    if prepend is not None or append is not None:
        input = cat([each for each in (prepend, input, append) if each is not None], d)
    for _ in range(min(n, input._array.shape[d])):
        rest = input._array.shape[d] - 1
        later, earlier = narrow(input, d, 1, rest), narrow(input, d, 0, rest)
        input = logical_xor(later, earlier) if input._array.dtype.kind == "b" else sub(later, earlier)
    return input


def _check_fits(input: Tensor, other: Tensor, dim: int) -> None:
    own, given = input._array.shape, other._array.shape
    if len(own) != len(given):
        raise RuntimeError("diff expects prepend or append to be the same dimension as input")
    for d, (size, other_size) in enumerate(zip(own, given, strict=True)):
        if d != dim and size != other_size:
            raise RuntimeError(
                "diff expects the shape of tensor to prepend or append to match that of input except along the differencing "
                f"dimension; input.size({d}) = {size}, but got tensor.size({d}) = {other_size}"
            )


def _bases(name: str, y: Tensor, x: Tensor, dim: int) -> Tensor:
    """The distances of neighbouring positions ``x``, which broadcast with ``y``."""
    if "b" in (y._array.dtype.kind, x._array.dtype.kind):
        raise NotImplementedError(f"{name}: received a bool input for `x` or `y`, but bool is not supported")
    shape, ndim = x._array.shape, y._array.ndim
    if len(shape) == 1:
        if shape[0] != y._array.shape[dim]:
            raise RuntimeError(f"{name}: There must be one `x` value for each sample point")
        x = view(x, tuple(shape[0] if d == dim else 1 for d in range(ndim)))
    elif len(shape) < ndim:
        x = view(x, (1,) * (ndim - len(shape)) + shape)
    left, right = _neighbours(x, dim)
    return sub(right, left)


def _neighbours(y: Tensor, dim: int) -> tuple[Tensor, Tensor]:
    """All but the last along a dimension, and all but the first."""
    size = y._array.shape[dim]
    return slice(y, dim, 0, max(size - 1, 0), 1), slice(y, dim, min(1, size), size, 1)


def _check_distance(name: str, y: Tensor, dx: Any) -> None:
    if y._array.dtype.kind == "b":
        raise NotImplementedError(f"{name}: received a bool input for `y`, but bool is not supported")
    if isinstance(dx, bool | complex):
        raise RuntimeError(f"{name}: Currently, we only support dx as a real number.")


@operator(method=False)
def trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number = 1, dim: int = -1) -> Tensor:
    """The area under ``y`` along ``dim`` by the trapezoidal rule.

    Args:
        y: the heights.
        x: where they are: one position for each, or of a shape that broadcasts with ``y``.
        dx: how far they are apart, without ``x``.
        dim: the dimension, which goes away.

    Raises:
        RuntimeError: another number of positions than of heights.
        NotImplementedError: bools.
    """
    d = dimension(dim, y._array.ndim)
    shape = y._array.shape
    if shape[d] == 0:
        return zeros((*shape[:d], *shape[d + 1 :]), y)
    if x is not None:
        left, right = _neighbours(y, d)
        return DivBackward1.apply(sum(mul(add(left, right), _bases("trapezoid", y, x, d)), d), 2.0)
    _check_distance("trapezoid", y, dx)
    ends = add(select(y, d, 0), select(y, d, -1))
    return MulBackward1.apply(sub(sum(y, d), MulBackward1.apply(ends, 0.5)), dx)


@operator(method=False)
def trapz(y: Tensor, x: Tensor | None = None, *, dx: float = 1, dim: int = -1) -> Tensor:
    """``trapezoid``, by its older name."""
    return trapezoid(y, x, dx=dx, dim=dim)


@operator(method=False)
def cumulative_trapezoid(y: Tensor, x: Tensor | None = None, *, dx: Number = 1, dim: int = -1) -> Tensor:
    """The areas under ``y`` along ``dim`` up to each element but the first; arguments as for ``trapezoid``."""
    d = dimension(dim, y._array.ndim)
    left, right = _neighbours(y, d)
    if x is not None:
        return DivBackward1.apply(cumsum(mul(add(right, left), _bases("cumulative_trapezoid", y, x, d)), d), 2.0)
    _check_distance("cumulative_trapezoid", y, dx)
    return cumsum(MulBackward1.apply(add(right, left), dx / 2.0), d)
