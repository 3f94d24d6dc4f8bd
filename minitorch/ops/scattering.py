"""Writing elements at indices of a dimension, and where a mask holds: copies with other values."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.gathering import apart, check_together
from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.ops.arguments import cpp_name, dimension, dtype_name, invalid_combination
from minitorch.ops.gathering import check_bounds, is_index
from minitorch.ops.operator import Elementwise, Number, operator
from minitorch.ops.promotion import broadcast_shapes, check_fits
from minitorch.ops.without_formula import WithoutFormula
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class ScatterBackward0(Function):
    """What was overwritten gets no gradient; the source, of the index's shape, gets what is there now."""

    __slots__ = ("dim",)
    graph_inputs = 2

    def forward(self, k: Table, a: Any, src: Any, index: Any, dim: int) -> Any:
        self.dim = dim
        self.save(index)
        return k.scatter(a, dim, index, src)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        rest = self.needs[0] and k.scatter(grad, self.dim, index, 0.0)
        return rest, self.needs[1] and k.gather(grad, self.dim, index)


class ScatterBackward1(Function):
    """A number is written."""

    __slots__ = ("dim",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, index: Any, dim: int, value: Number) -> Any:
        self.dim = dim
        self.save(index)
        return k.scatter(a, dim, index, value)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        return (k.scatter(grad, self.dim, index, 0.0),)


class ScatterWithReduce(WithoutFormula):
    operator = "scatter"

    def forward(
        self, k: Table, a: Any, index: Any, *src: Any, dim: int, reduce: str, value: Number | None = None
    ) -> Any:
        return k.scatter_reduce(a, dim, index, src[0] if src else value, reduce)


class ScatterAddBackward0(ScatterBackward0):
    def forward(self, k: Table, a: Any, src: Any, index: Any, dim: int) -> Any:
        self.dim = dim
        self.save(index)
        return k.scatter_add(a, dim, index, src)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        return grad, self.needs[1] and k.gather(grad, self.dim, index)


class ScatterReduceBackward0(Function):
    """Sums and means share the gradient evenly, extremes among those that reach them, products by the product rule.

    In all of them a value that was not included gets no gradient.
    """

    __slots__ = ("dim", "dtype", "include_self", "reduce")
    graph_inputs = 2

    def forward(self, k: Table, a: Any, src: Any, index: Any, dim: int, reduce: str, include_self: bool) -> Any:
        self.dim, self.dtype, self.reduce, self.include_self = dim, a.dtype, reduce, include_self
        result = k.scatter_reduce(a, dim, index, src, reduce, include_self)
        plain = reduce in ("sum", "mean")
        self.save(None if plain else a, None if plain else src, index, None if plain else result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, src: Any, index: Any, result: Any) -> tuple[Any, ...]:
        if self.reduce == "prod":
            to_self, to_src = self._of_product(k, grad, a, src, index, result)
        elif self.reduce == "sum":
            to_self, to_src = grad, k.gather(grad, self.dim, index)
        else:
            to_self, to_src = (self._of_mean if self.reduce == "mean" else self._of_extreme)(
                k, grad, a, src, index, result
            )
        return to_self if self.include_self else k.scatter(to_self, self.dim, index, 0.0), to_src

    def _of_mean(self, k: Table, grad: Any, a: Any, src: Any, index: Any, result: Any) -> tuple[Any, Any]:
        ones = k.fill(k.gather(grad, self.dim, index), 1.0)
        count = k.scatter_add(k.fill(grad, float(self.include_self)), self.dim, index, ones)
        share = k.div(grad, k.where(k.eq(count, 0), 1.0, count))
        return share, k.gather(share, self.dim, index)

    def _of_extreme(self, k: Table, grad: Any, a: Any, src: Any, index: Any, result: Any) -> tuple[Any, Any]:
        mine = k.cast(k.eq(a, result), self.dtype)
        theirs = k.cast(k.eq(src, k.gather(result, self.dim, index)), self.dtype)
        share = k.div(grad, k.scatter_add(mine, self.dim, index, theirs))
        return k.mul(mine, share), k.mul(theirs, k.gather(share, self.dim, index))

    def _of_product(self, k: Table, grad: Any, a: Any, src: Any, index: Any, result: Any) -> tuple[Any, Any]:
        """Of the other factors: the result divided by the factor, or if it is a single 0, the product without it."""
        dim = self.dim

        def product(a: Any, src: Any) -> Any:
            return k.scatter_reduce(a, dim, index, src, "prod", include_self=self.include_self)

        own = k.where(k.eq(a, 0), 1.0, a)
        to_self = k.div(k.mul(grad, product(own, src)), own)
        zero = k.eq(src, 0)
        zeros = k.scatter_add(k.zeros(a.shape, grad), dim, index, k.cast(zero, self.dtype))
        single = k.logical_and(zero, k.eq(k.gather(zeros, dim, index), 1))
        without = product(a, k.where(single, 1.0, src))
        to_src = k.where(
            single,
            k.gather(k.mul(grad, without), dim, index),
            k.div(k.gather(k.mul(grad, result), dim, index), k.where(zero, 1.0, src)),
        )
        return to_self, to_src


class MaskedFillBackward0(Elementwise):
    """No gradient where the mask holds; what is written there is a number."""

    graph_inputs = 1

    @classmethod
    def mixed(cls, arrays: list[Any]) -> list[Any]:
        return arrays

    @classmethod
    def explain(cls, inputs: tuple[Any, ...]) -> None:
        a, mask, _ = inputs
        broadcast_shapes(mask._array.shape, a._array.shape)

    def forward(self, k: Table, a: Any, mask: Any, value: Any) -> Any:
        self.save(mask)
        return k.masked_fill(a, mask, value)

    def backward(self, k: Table, grad: Any, mask: Any) -> tuple[Any, ...]:
        return (k.where(mask, 0.0, grad),)


class MaskedFillBackward1(MaskedFillBackward0):
    """Likewise, but what is written is the one element of a tensor, which gets the gradients from there."""

    graph_inputs = 2

    @classmethod
    def explain(cls, inputs: tuple[Any, ...]) -> None:
        a, value, mask = inputs
        super().explain((a, mask, value))

    def forward(self, k: Table, a: Any, value: Any, mask: Any) -> Any:
        self.save(mask)
        return k.masked_fill(a, mask, value)

    def backward(self, k: Table, grad: Any, mask: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.where(mask, 0.0, grad), self.needs[1] and k.where(mask, grad, 0.0)


class MaskedScatterBackward0(Function):
    """No gradient where the mask holds; that goes to the values that came there."""

    __slots__ = ("shape",)
    broadcasts = True
    graph_inputs = 2

    def forward(self, k: Table, a: Any, source: Any, mask: Any) -> Any:
        self.shape = source.shape
        self.save(mask)
        return k.masked_scatter(a, mask, source)

    def backward(self, k: Table, grad: Any, mask: Any) -> tuple[Any, ...]:
        rest = self.needs[0] and k.where(mask, 0.0, grad)
        if not self.needs[1]:
            return rest, False
        read = k.masked_select(grad, mask)
        unused = prod(self.shape) - read.shape[0]
        return rest, k.reshape(k.cat([read, k.zeros((unused,), grad)], 0), self.shape)


# -- single elements along a dimension --------------------------------------------------------------------------------


def _check_scatter(name: str, input: Tensor, dim: int, index: Tensor, src: Any) -> int:
    """The dimension counted from the front, after all the checks that the scatter family has in common."""
    shape, wanted = input._array.shape, index._array.shape
    d = dimension(dim, len(shape))
    if index._array.device != input._array.device:
        raise apart(name, input, index)
    if isinstance(src, Variable) and src._array.dtype != input._array.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")
    if not index._array.size:  # names nothing, whatever its dtype and dimensions
        return d
    if not is_index(index):
        raise RuntimeError(f"{name}(): Expected dtype int32/int64 for index")
    if max(len(wanted), 1) != max(len(shape), 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as self tensor")
    given = src._array.shape if isinstance(src, Variable) else None
    if given is not None and max(len(wanted), 1) != max(len(given), 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as src tensor")
    too_large = any(a != d and n > m for a, (n, m) in enumerate(zip(wanted, shape, strict=False)))
    if given is not None:
        too_large |= any(n > m for n, m in zip(wanted, given, strict=False))
    if too_large:
        and_src = "" if given is None else f" and to be no larger size than src {list(given)}"
        raise RuntimeError(
            f"Expected index {list(wanted)} to be no larger than self {list(shape)} apart from dimension {d}{and_src}"
        )
    check_bounds(index._array, d, shape[d] if shape else 1)
    return d


@operator(inplace=True, out=True)
def scatter(
    input: Tensor, dim: int, index: Tensor, src: Tensor | Number | None = None, *, reduce: str | None = None,
    value: Number | None = None,
) -> Tensor:  # fmt: skip
    """A copy with other values (a tensor, or a number) at the given indices of a dimension.

    Args:
        input: any shape.
        dim: the dimension.
        index: integers, of as many dimensions as ``input``.
        src: at least as large as the index; for a gradient, of the same shape.
        reduce: ``"add"`` or ``"multiply"`` takes old and new values together; there is no gradient then.
        value: another name for a number as ``src``.

    Raises:
        RuntimeError: the index is of another dtype, too large or out of bounds; or the dtypes differ.
    """
    src = value if src is None else src
    if not isinstance(src, Variable | Number):
        raise invalid_combination("scatter", dim, index, src)
    d = _check_scatter("scatter", input, dim, index, src)
    if reduce is None:
        if isinstance(src, Variable):
            return ScatterBackward0.apply(input, src, index, dim=d)
        return ScatterBackward1.apply(input, index, dim=d, value=input._array.dtype.type(src))
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    kind = "sum" if reduce == "add" else "prod"
    if not isinstance(src, Variable):
        return ScatterWithReduce.apply(input, index, dim=d, reduce=kind, value=src)
    warn(
        "The reduce argument of torch.scatter with Tensor src is deprecated and will be removed in a future PyTorch release. "
        "Use torch.scatter_reduce instead for more reduction options.",
        UserWarning,
    )
    return ScatterWithReduce.apply(input, index, src, dim=d, reduce=kind)


@operator(inplace=True, out=True)
def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """A copy with values added at the given indices of a dimension; arguments and errors as for ``scatter``."""
    if not isinstance(src, Variable):
        raise TypeError(f"scatter_add(): argument 'src' (position 3) must be Tensor, not {type(src).__name__}")
    d = _check_scatter("scatter", input, dim, index, src)
    return ScatterAddBackward0.apply(input, src, index, dim=d)


@operator(inplace=True, out=True)
def scatter_reduce(
    input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy in which the values for one place are taken together: ``reduce`` is sum, prod, mean, amax or amin.

    Args:
        input, dim, index, src: as for ``scatter``.
        reduce: what to do with values for the same place.
        include_self: the value that was there is one of them.

    Raises:
        RuntimeError: as for ``scatter``, or another reduction.
    """
    if reduce not in ("sum", "prod", "mean", "amax", "amin"):
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    d = _check_scatter("scatter", input, dim, index, src)
    return ScatterReduceBackward0.apply(input, src, index, dim=d, reduce=reduce, include_self=include_self)


# -- masks ------------------------------------------------------------------------------------------------------------


@operator(inplace="tensor[mask] = scalar")
def masked_fill(input: Tensor, mask: Tensor, value: Tensor | Number) -> Tensor:
    """``value`` (a number, or a tensor without dimensions) where the mask (bool, broadcast) holds.

    Raises:
        RuntimeError: the mask is not of dtype bool, or the value has dimensions.
    """
    if mask._array.dtype.kind != "b":
        raise RuntimeError("masked_fill_ only supports boolean masks, but got mask with dtype " + cpp_name(mask))
    check_together("expected self and mask to be on the same device, but got mask on {1} and self on {0}", input, mask)
    if not isinstance(value, Variable):
        if not isinstance(value, Number | np.number | np.bool_):
            raise invalid_combination("masked_fill", mask, value)
        check_fits(value, input.dtype)
        return MaskedFillBackward0.apply(input, mask, value.item() if isinstance(value, np.generic) else value)
    if value._array.ndim:
        raise RuntimeError(
            f"masked_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
        )
    return MaskedFillBackward1.apply(input, value, mask)


@operator(inplace=True)
def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """The first values of ``source``, one after the other, where the mask (bool, broadcast) holds, row by row.

    Raises:
        RuntimeError: the mask is not of dtype bool, the dtypes differ, or there are too few values.
    """
    shape = broadcast_shapes(mask._array.shape, input._array.shape)
    if mask._array.dtype.kind != "b":
        raise RuntimeError(f"masked_scatter_ only supports boolean masks, but got mask with dtype {dtype_name(mask)}")
    if source._array.dtype != input._array.dtype:
        raise RuntimeError(
            "masked_scatter: expected self and source to have same dtypes but got"
            f"{dtype_name(input)} and {dtype_name(source)}"
        )
    k = tables[type(mask._array)]
    if int(k.count_nonzero(k.expand(mask._array, shape), None)) > source._array.size:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    return MaskedScatterBackward0.apply(input, source, mask)
