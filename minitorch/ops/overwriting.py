"""Writing whole slices at indices of a dimension, or single elements of the whole: copies with other values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.gathering import apart, check_together
from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import dimension, dtype_name, lies_within
from minitorch.ops.gathering import check_bounds, check_positions, is_index
from minitorch.ops.operator import Number, operator
from minitorch.ops.scattering import ScatterReduceBackward0
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

APART = "(): self, index and source expected to be in the same device, but got (self) {}, (index) {}, and (source) {}"


class IndexAddBackward0(Function):
    __slots__ = ("alpha", "dim", "shape")
    graph_inputs = 2

    def forward(self, k: Table, a: Any, source: Any, index: Any, dim: int, alpha: Number) -> Any:
        self.dim, self.alpha, self.shape = dim, alpha, source.shape
        self.save(index)
        return k.index_add(a, dim, index, source if alpha == 1 else k.mul(source, source.dtype.type(alpha)))

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        if not self.needs[1]:
            return grad, False
        read = k.reshape(k.index_select(grad, self.dim, index), self.shape)
        return grad, read if self.alpha == 1 else k.mul(read, self.alpha)


class IndexCopyBackward0(Function):
    """What was overwritten gets no gradient; the source gets what is there now."""

    __slots__ = ("dim", "shape")
    graph_inputs = 2

    def forward(self, k: Table, a: Any, source: Any, index: Any, dim: int) -> Any:
        self.dim, self.shape = dim, source.shape
        self.save(index)
        return k.index_copy(a, dim, index, source)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        rest = self.needs[0] and k.index_fill(grad, self.dim, index, 0.0)
        return rest, self.needs[1] and k.reshape(k.index_select(grad, self.dim, index), self.shape)


class IndexFillBackward0(Function):
    __slots__ = ("dim",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, index: Any, dim: int, value: Number) -> Any:
        self.dim = dim
        self.save(index)
        return k.index_fill(a, dim, index, value)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        return (k.index_fill(grad, self.dim, index, 0.0),)


class IndexFillBackward1(Function):
    """What is written is the one element of a tensor, which gets the gradients from there, each once."""

    __slots__ = ("dim",)
    broadcasts = True  # that element
    graph_inputs = 2

    def forward(self, k: Table, a: Any, value: Any, index: Any, dim: int) -> Any:
        self.dim = dim
        size = a.shape[dim] if a.ndim else 1
        self.save(index, k.beside(np.unique(as_numpys(index) % size), a))
        return k.index_fill(a, dim, index, value)

    def backward(self, k: Table, grad: Any, index: Any, once: Any) -> tuple[Any, ...]:
        rest = self.needs[0] and k.index_fill(grad, self.dim, index, 0.0)
        return rest, self.needs[1] and k.sum(k.index_select(grad, self.dim, once), None, False)


class PutBackward0(Function):
    """What was overwritten gets no gradient; the source gets what is there now."""

    __slots__ = ("accumulate", "shape")
    graph_inputs = 2

    def forward(self, k: Table, a: Any, source: Any, index: Any, accumulate: bool = False) -> Any:
        self.accumulate, self.shape = accumulate, source.shape
        self.save(index)
        return k.put(a, index, source, accumulate)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        rest = grad if self.accumulate else self.needs[0] and k.put(grad, index, k.zeros(index.shape, grad))
        return rest, self.needs[1] and k.reshape(k.take(grad, index), self.shape)


class IndexReduceBackward0(ScatterReduceBackward0):
    """The index holds for whole slices, and was expanded to them."""


# -- whole slices -----------------------------------------------------------------------------------------------------


def _check_slices(name: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> int:
    """The dimension counted from the front, after the checks that ``index_add`` and ``index_reduce`` have in common."""
    shape, given, count = input._array.shape, source._array.shape, index._array.size
    d = dimension(dim, len(shape))
    check_together(f"{name}{APART}", input, index, source)
    if index._array.ndim > 1:
        raise IndexError(
            f"{name}_(): Index is supposed to be a vector, but got dim: {index._array.ndim} with type: {dtype_name(index)} "
            f"and size: {list(index._array.shape)}"
        )
    if not is_index(index):
        raise RuntimeError(f"{name}_(): Expected dtype int32/int64 for index but got: {dtype_name(index)}")
    if input._array.dtype != source._array.dtype:
        raise RuntimeError(
            f"{name}_(): self ({dtype_name(input)}) and source ({dtype_name(source)}) must have the same scalar type"
        )
    if len(given) > d and given[d] != count and len(shape) == len(given):
        raise _wrong_count(name, count, given[d], dim)
    if not _fit(shape, given, d):
        if len(given) > d and given[d] != count:
            raise _wrong_count(name, count, given[d], dim)
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. "
            f"Got self.shape = {list(shape)} source.shape = {list(given)}"
        )
    return d


def _wrong_count(name: str, count: int, size: int, dim: int) -> RuntimeError:
    return RuntimeError(
        f"{name}_(): Number of indices ({count}) should be equal to source.size(dim): ({size}), for dim: {dim}"
    )


def _fit(shape: tuple[int, ...], given: tuple[int, ...], dim: int) -> bool:
    """Whether two shapes are the same but for one dimension."""
    return len(shape) == len(given) and shape[:dim] == given[:dim] and shape[dim + 1 :] == given[dim + 1 :]


@operator(inplace=True, out=True)
def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Number = 1) -> Tensor:
    """A copy with ``alpha`` times the slices of ``source`` added at the given indices (a vector) of a dimension.

    Raises:
        IndexError: the index is no vector.
        RuntimeError: dtypes or shapes do not fit, or an index is out of bounds.
    """
    d = _check_slices("index_add", input, dim, index, source)
    check_bounds(index._array, 0 if not input._array.ndim else d, input._array.shape[d] if input._array.ndim else 1)
    return IndexAddBackward0.apply(input, source, index, dim=d, alpha=alpha)


@operator(inplace=True, out=True)
def index_reduce(
    input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """A copy in which the slices for one index are taken together: ``reduce`` is prod, mean, amax or amin.

    Args:
        input, dim, index, source: as for ``index_add``.
        reduce: what to do with slices for the same index.
        include_self: the slice that was there is one of them.
    """
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    d = _check_slices("index_reduce", input, dim, index, source)
    warn("index_reduce() is in beta and the API may change at any time.", UserWarning)
    array, shape, k = index._array, source._array.shape, tables[type(index._array)]
    if not lies_within(array, 0, input._array.shape[d] if input._array.ndim else 1):
        raise IndexError("index out of range in self")
    whole = k.reshape(array, (*(1,) * d, array.size, *(1,) * (len(shape) - 1 - d)) if shape else ())
    everywhere = Variable._of(k.expand(whole, shape))
    return IndexReduceBackward0.apply(input, source, everywhere, dim=d, reduce=reduce, include_self=include_self)


@operator(inplace=True, out=True)
def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """A copy with the slices of ``source`` at the given indices (a vector, int64) of a dimension.

    Raises:
        IndexError: the index is no vector, does not fit the source, or is out of bounds.
        RuntimeError: the dtypes or the shapes of slices differ.
    """
    shape, given, count = input._array.shape, source._array.shape, index._array.size
    d = dimension(dim, len(shape))
    check_together(f"index_copy_{APART}", input, index, source)
    if index._array.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {index._array.ndim})")
    if not given and count != 1:
        raise IndexError(f"index_copy_(): When source is scalar, index should have one element (got {count})")
    if shape and given and len(shape) != len(given):
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({len(given)}), destination dimensionality ({len(shape)})"
        )
    if index._array.dtype != np.int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {dtype_name(index)}")
    if input._array.dtype != source._array.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got "
            f"(self) {dtype_name(input)} and (source) {dtype_name(source)}"
        )
    slices = [" ".join(map(str, each[:d] + each[d + 1 :])) for each in (shape, given)]
    if slices[0] != slices[1]:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{slices[0]} at dimension {d} and source slice shape: {slices[1]} at dimension 0."
        )
    if given and given[d] != count:
        raise IndexError(f"index_copy_(): Number of indices ({count}) should be equal to source.size(dim) ({given[d]})")
    check_bounds(index._array, d, shape[d] if shape else 1, "index_copy_(): ", IndexError)
    return IndexCopyBackward0.apply(input, source, index, dim=d)


@operator(inplace="tensor[mask] = scalar")
def index_fill(input: Tensor, dim: int, index: Tensor, value: Tensor | Number) -> Tensor:
    """A copy with ``value`` (a number, or a tensor without dimensions) at the given indices (int64) of a dimension.

    Raises:
        IndexError: the index is not int64, or out of bounds; negative ones count from the end.
        RuntimeError: the value has dimensions, or the index more than one.
    """
    shape, array = input._array.shape, index._array
    d = dimension(dim, len(shape))
    if isinstance(value, Variable) and value._array.ndim:
        raise RuntimeError(
            f"index_fill_ only supports a 0-dimensional value tensor, but got tensor with {value._array.ndim} dimension(s)."
        )
    if array.device != input._array.device:
        raise apart("int_Scalar_index_fill_", input, index)
    if array.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if array.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    size = shape[d] if shape else 1
    if not lies_within(array, -size, size):
        outside = next(each for each in as_numpys(array).flat if not -size <= each < size)
        raise IndexError(f"index {outside} is out of bounds for dimension {d} with size {size}")
    k = tables[type(array)]
    wrapped = Variable._of(k.where(k.lt(array, 0), k.add(array, size), array))
    if isinstance(value, Variable):
        return IndexFillBackward1.apply(input, value, wrapped, dim=d)
    return IndexFillBackward0.apply(input, wrapped, dim=d, value=value)


# -- single elements --------------------------------------------------------------------------------------------------


@operator(inplace=True)
def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """A copy with other values at positions (int64) of the tensor taken as flat, or with values added to them.

    Raises:
        IndexError: a position is out of range, or there are not as many values as positions.
        RuntimeError: the index is not int64, or the dtypes differ.
    """
    check_together(
        "put_(): self, index and source expected to be in the same device, but got self.device = {}, index.device = {}, and "
        "source.device = {}", input, index, source,
    )  # fmt: skip
    if index._array.dtype != np.int64:
        check_positions("put_", index, 0)
    if input._array.dtype != source._array.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got "
            f"self.dtype = {dtype_name(input)} and source.dtype = {dtype_name(source)}"
        )
    if index._array.size != source._array.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source._array.size}, index.numel() = {index._array.size}"
        )
    if not input._array.size and index._array.size:
        raise IndexError("put_(): Tried to put elements into an empty tensor")
    check_positions("put_", index, input._array.size)
    return PutBackward0.apply(input, source, index, accumulate=accumulate)
