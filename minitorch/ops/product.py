"""Products of many elements, all at once and cumulative.

The derivative by one element is the product of the others. Where no element is 0 that is a quotient; else it is computed
without a division, by operators that can themselves be differentiated.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.grad_mode import recording
from minitorch.autograd.graph import Function
from minitorch.dtypes import dtype as Dtype
from minitorch.ops.arguments import dimension, dimensions
from minitorch.ops.operator import formula, operator
from minitorch.ops.reduction import Reduction, summed_dtype

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class ProdBackward0(Reduction):
    """Of all elements."""

    __slots__ = ("multiplied",)

    def forward(self, k: Table, a: Any, dim: Any, keepdim: bool, dtype: Any) -> Any:
        self.reduce_over(a, dim, keepdim)
        self.multiplied = dtype
        result = k.prod(a, dim, keepdim, dtype)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        if not self.shape:
            return (grad,)
        a, grad, result = k.cast(a, self.multiplied), self.with_dims(k, grad), self.with_dims(k, result)
        zeros = int(k.count_nonzero(k.eq(a, 0), None))
        if not zeros:
            return (k.mul(grad, k.div(result, a)),)
        if self.dim is not None:
            return (k.mul(grad, _product_of_others(k, a, self.dim[0])),)
        if zeros > 1 and not recording.get():
            return (k.zeros(self.shape, grad),)
        return (k.mul(grad, k.reshape(_product_of_others(k, k.reshape(a, (-1,)), 0), self.shape)),)


class ProdBackward1(ProdBackward0):
    """Over one dimension."""


class CumprodBackward0(Function):
    """dp_j = sum_(i <= j) (p_j / a_i) da_i; the quotients are products of others."""

    __slots__ = ("dim", "dtype")

    def forward(self, k: Table, a: Any, dim: int, dtype: Any) -> Any:
        self.dim, self.dtype = dim, a.dtype
        result = k.cumprod(a, dim, dtype)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        if not a.shape or a.shape[self.dim] <= 1:
            return (grad,)
        grad, result = k.cast(grad, self.dtype), k.cast(result, self.dtype)
        if not int(k.count_nonzero(k.eq(a, 0), None)):
            return (k.div(cumsum_from_the_end(k, k.mul(result, grad), self.dim), a),)
        before = _shifted(k, result, self.dim, first=1)
        return (k.mul(before, _recurrence_from_the_end(k, grad, a, self.dim)),)


@formula("recurrence")
class Recurrence(Function):
    """y_t = b_t + a_t y_(t-1) along a dimension, beginning with y_0 = b_0.

    Its derivative runs the other way: with s_t = grad_t + a_(t+1) s_(t+1), db_t = s_t and da_t = s_t y_(t-1).
    """

    __slots__ = ("dim",)

    def forward(self, k: Table, b: Any, a: Any, dim: int) -> Any:
        self.dim = dim
        result = k.recurrence(b, a, dim)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        by_b = _recurrence_from_the_end(k, grad, a, self.dim)
        return by_b, self.needs[1] and k.mul(by_b, _shifted(k, result, self.dim, first=0))


def cumsum_from_the_end(k: Table, a: Any, dim: int) -> Any:
    """s_t = a_t + a_(t+1) + …"""
    return k.flip(k.cumsum(k.flip(a, (dim,)), dim), (dim,))


def _recurrence_from_the_end(k: Table, b: Any, a: Any, dim: int) -> Any:
    """s_t = b_t + a_(t+1) s_(t+1)."""
    factors = _shifted(k, k.flip(a, (dim,)), dim, first=0)
    return k.flip(k.recurrence(k.flip(b, (dim,)), factors, dim=dim), (dim,))


def _shifted(k: Table, a: Any, dim: int, first: int) -> Any:
    """Each element in the place of the next, after ``first``."""
    shape = a.shape
    head = k.add(k.zeros((*shape[:dim], 1, *shape[dim + 1 :]), a), first)
    return k.cat([head, k.slice(a, dim, 0, shape[dim] - 1, 1)], dim)


def _product_of_others(k: Table, a: Any, dim: int) -> Any:
    """For each element the product of all others along a dimension: of those before it and those after it."""
    before = k.cumprod(_shifted(k, a, dim, first=1), dim)
    after = k.cumprod(_shifted(k, k.flip(a, (dim,)), dim, first=1), dim)
    return k.mul(before, k.flip(after, (dim,)))


@operator(out=True)
def prod(input: Tensor, dim: int | None = None, keepdim: bool = False, *, dtype: Dtype | None = None) -> Tensor:
    """The product, of all elements or along ``dim``. Integers are multiplied as int64; ``dtype`` casts first."""
    wanted = summed_dtype(input, dtype)
    if dim is None:
        return ProdBackward0.apply(input, dim=None, keepdim=False, dtype=wanted)
    return ProdBackward1.apply(input, dim=dimensions(dim, input._array.ndim), keepdim=keepdim, dtype=wanted)


@operator(inplace=True, out=True)
def cumprod(input: Tensor, dim: int, *, dtype: Dtype | None = None) -> Tensor:
    """The products of the elements up to each one, along ``dim``. Integers are multiplied as int64; ``dtype`` casts first."""
    return CumprodBackward0.apply(input, dim=dimension(dim, input._array.ndim), dtype=summed_dtype(input, dtype))
