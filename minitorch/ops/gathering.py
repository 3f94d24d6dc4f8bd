"""Reading at positions that a tensor names, along one dimension or in the whole, and by a mask."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.gathering import apart, check_together
from minitorch.autograd.graph import Function, beside
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import check_tensors, dimension, dtype_name, lies_within
from minitorch.ops.operator import operator
from minitorch.ops.parts import unbind
from minitorch.ops.promotion import broadcast_shapes
from minitorch.ops.shape import expand, reshape, view

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class GatherBackward0(Function):
    """The gradient is added at the indices that were read."""

    __slots__ = ("dim", "shape")
    graph_inputs = 1

    def forward(self, k: Table, a: Any, index: Any, dim: int) -> Any:
        self.shape, self.dim = a.shape, dim
        self.save(index)
        return k.gather(a, dim, index)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        return (k.gather_backward(grad, index, shape=self.shape, dim=self.dim),)


class IndexSelectBackward0(GatherBackward0):
    """The gradients of the slices that were read are added up at their indices."""

    def forward(self, k: Table, a: Any, index: Any, dim: int) -> Any:
        self.shape, self.dim = a.shape, dim
        self.save(index)
        return k.index_select(a, dim, index)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        return (k.index_add(k.zeros(self.shape, grad), self.dim, index, grad),)


class TakeBackward0(Function):
    """The gradient is added at the positions that were read."""

    __slots__ = ("shape",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, index: Any) -> Any:
        self.shape = a.shape
        self.save(index)
        return k.take(a, index)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        return (k.put(k.zeros(self.shape, grad), index, grad, True),)


class MaskedSelectBackward0(Function):
    """The gradient goes back to where the mask holds."""

    __slots__ = ("shape",)
    broadcasts = True
    graph_inputs = 1

    def forward(self, k: Table, a: Any, mask: Any) -> Any:
        self.shape = np.broadcast_shapes(a.shape, mask.shape)
        self.save(mask)
        return k.masked_select(a, mask)

    def backward(self, k: Table, grad: Any, mask: Any) -> tuple[Any, ...]:
        return (k.masked_scatter(k.zeros(self.shape, grad), mask, grad),)


class Nonzero(Function):
    differentiable = False

    def forward(self, k: Table, a: Any) -> Any:
        return k.nonzero(a)


# -- along a dimension ------------------------------------------------------------------------------------------------


def check_bounds(
    index: np.ndarray, dim: int, size: int, prefix: str = "", error: type[Exception] = RuntimeError
) -> None:
    """Raises an error that names the first index which a dimension does not have; negative ones it does not have either."""
    index = as_numpys(index)
    if not lies_within(index, 0, size):
        outside = next(each for each in index.flat if not 0 <= each < size)
        raise error(f"{prefix}index {outside} is out of bounds for dimension {dim} with size {size}")


def is_index(tensor: Tensor) -> bool:
    return tensor._array.dtype in (np.int64, np.int32)


@operator(out="Expected out tensor to have dtype {cpp_wanted}, but got {cpp_given} instead")
def gather(input: Tensor, dim: int, index: Tensor, *, sparse_grad: bool = False) -> Tensor:
    """Along a dimension, the elements that ``index`` (an integer tensor of as many dimensions as ``input``) names.

    Args:
        input: any shape.
        dim: the dimension.
        index: along the other dimensions it may be smaller than ``input``.
        sparse_grad: accepted; the gradient is always dense here.

    Raises:
        RuntimeError: the index has another dtype or number of dimensions, is too large, or out of bounds.
    """
    d, array = dimension(dim, input._array.ndim), index._array
    if array.device != input._array.device:
        raise apart("gather", input, index)
    if not array.size:  # reads nothing, whatever its dtype and dimensions
        return GatherBackward0.apply(input, index, dim=d)
    if not is_index(index):
        raise RuntimeError("gather(): Expected dtype int32/int64 for index")
    if max(array.ndim, 1) != max(input._array.ndim, 1):
        raise RuntimeError("Index tensor must have the same number of dimensions as input tensor")
    for axis, (more, most) in enumerate(zip(array.shape, input._array.shape, strict=False)):
        if axis != d and more > most:
            raise RuntimeError(
                f"Size does not match at dimension {axis} expected index {list(array.shape)} to be no larger than self "
                f"{list(input._array.shape)} apart from dimension {d}"
            )
    check_bounds(array, d, input._array.shape[d] if input._array.ndim else 1)
    return GatherBackward0.apply(input, index, dim=d)


@operator(out="index_select(): self and result must have the same scalar type")
def index_select(input: Tensor, dim: int, index: Tensor) -> Tensor:
    """The slices at the given indices (a vector of integers) of a dimension.

    Raises:
        IndexError: the index is no vector, or out of range.
        RuntimeError: the index has another dtype.
    """
    check_tensors("index_select", input=input)
    array, ndim = index._array, input._array.ndim
    d = dimension(dim, ndim)
    if array.device != input._array.device:
        raise apart("_index_select", input, index)
    if array.ndim > 1:
        raise IndexError("index_select(): Index is supposed to be a vector")
    if not is_index(index):
        raise RuntimeError("index_select(): Expected dtype int32 or int64 for index")
    if not ndim and array.size != 1:
        raise RuntimeError(f"index_select(): Index to scalar can have only 1 value, got {array.size} value(s)")
    if not lies_within(array, 0, input._array.shape[d] if ndim else 1):
        raise IndexError("index out of range in self")
    return IndexSelectBackward0.apply(input, index, dim=d)


@operator(out="Expected out tensor to have dtype {cpp_wanted}, but got {cpp_given} instead")
def take_along_dim(input: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """As ``gather``, with both broadcast to each other but for the dimension; without one, both are viewed as flat.

    With a dimension, indices beyond its size begin anew, so that negative ones count from the end.

    Raises:
        RuntimeError: the indices are not int64, or have another number of dimensions, or are out of bounds.
    """
    if indices._array.dtype != np.int64:
        raise RuntimeError(f"torch.take_along_dim(): dtype of indices should be Long but got {dtype_name(indices)}")
    if dim is None:
        input, indices, dim = view(input, (-1,)), view(indices, (-1,)), 0
    else:
        shape, wanted = input._array.shape, indices._array.shape
        if len(shape) != len(wanted):
            raise RuntimeError(
                "torch.take_along_dim(): input and indices should have the same number of dimensions, but got "
                f"{len(shape)} dimensions for input, and {len(wanted)} dimensions for indices"
            )
        dim = dimension(dim, len(shape))
        both = broadcast_shapes(shape[:dim] + (1,) * bool(shape) + shape[dim + 1 :], wanted)
        input = expand(input, (*both[:dim], *shape[dim : dim + 1], *both[dim + 1 :]))
        both = broadcast_shapes(shape, wanted[:dim] + (1,) * bool(wanted) + wanted[dim + 1 :])
        indices = expand(indices, (*both[:dim], *wanted[dim : dim + 1], *both[dim + 1 :]))
        if size := input._array.shape[dim] if input._array.ndim else 1:
            k = tables[type(indices._array)]
            indices = Variable._of(k.remainder(indices._array, size))
    return gather(input, dim, indices)


# -- positions in the whole, and masks --------------------------------------------------------------------------------


def check_positions(operator: str, index: Tensor, numel: int) -> None:
    """Checks positions in a tensor taken as flat, which may count from the end.

    Raises:
        RuntimeError: they are not int64.
        IndexError: there is no such element.
    """
    array = index._array
    if array.dtype != np.int64:
        raise RuntimeError(f"{operator}(): Expected a long tensor for index, but got {dtype_name(index)}")
    if not lies_within(array, -numel, numel):
        outside = next(each for each in as_numpys(array).flat if not -numel <= each < numel)
        raise IndexError(f"out of range: tried to access index {outside} on a tensor of {numel} elements.")


@operator(
    out="take(): self and out expected to have the same dtype, but got self.dtype = {wanted} and out.dtype = {given}"
)
def take(input: Tensor, index: Tensor) -> Tensor:
    """The elements at positions (int64) of the tensor taken as flat; negative ones count from the end.

    Raises:
        IndexError: a position is out of range.
        RuntimeError: the index has another dtype.
    """
    check_together(
        "take(): self, index and out expected to be in the same device, but got self.device = {0}, index.device = {1}, and "
        "out.device = {0}", input, index,
    )  # fmt: skip
    if not input._array.size and index._array.size:
        raise IndexError("take(): tried to take from an empty tensor")
    check_positions("take", index, input._array.size)
    return TakeBackward0.apply(input, index)


@operator(out="masked_select(): self and result must have the same scalar type")
def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """The elements for which a mask (bool, broadcast) holds, as a vector, row by row.

    Raises:
        RuntimeError: the mask is not of dtype bool, or does not broadcast.
    """
    if mask._array.dtype.kind != "b":
        raise RuntimeError("masked_select: expected BoolTensor for mask")
    broadcast_shapes(mask._array.shape, input._array.shape)
    return MaskedSelectBackward0.apply(input, mask)


@operator(out="nonzero: Expected out tensor to have scalar type {wanted} but got scalar type{given}")
def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """The indices of the elements that are not 0: one to a row, or ``as_tuple`` a vector for each dimension."""
    if as_tuple:
        return unbind(Nonzero.apply(input if input._array.ndim else reshape(input, (1,))), 1)
    return Nonzero.apply(input)


@operator(out="nonzero_static: Expected out tensor to have scalar type {wanted} but got scalar type{given}")
def nonzero_static(input: Tensor, *, size: int, fill_value: int = -1) -> Tensor:
    """The first ``size`` rows of ``nonzero``; rows of ``fill_value`` stand for those that there are not.

    Raises:
        RuntimeError: the size is negative.
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = as_numpys(nonzero(input)._array)[:size]
    rows = np.full((size, input._array.ndim), fill_value, np.int64)
    rows[: len(found)] = found
    return beside(rows, input)


@operator(method=False)
def unravel_index(indices: Tensor, shape: int | Sequence[int]) -> tuple[Tensor, ...]:
    """The index in each dimension of a tensor of ``shape``, for indices (integers) that count its elements row by row."""
    array = indices._array
    if array.dtype.kind not in "iu":
        raise TypeError(f"expected 'indices' to be integer dtype, but got {indices.dtype}")
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    for size in sizes:
        if not isinstance(size, int):
            raise TypeError(f"expected 'shape' sequence to only contain ints, but got {type(size)}")
    if any(size < 0 for size in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    numbers = as_numpys(array)
    found = [numbers // math.prod(sizes[d + 1 :]) % size for d, size in enumerate(sizes)]
    return tuple(beside(np.asarray(each, array.dtype), indices) for each in found)


@operator
def argwhere(input: Tensor) -> Tensor:
    """The indices of the elements that are not 0, one to a row."""
    return nonzero(input)
