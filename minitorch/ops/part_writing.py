"""Writing a part of a tensor, as those that views show: copies with other values there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, beside
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.ops.arguments import dimension
from minitorch.ops.operator import operator
from minitorch.ops.overwriting import PutBackward0
from minitorch.ops.parts import select, slice_bounds
from minitorch.ops.strided import as_strided, layout, positions

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class DiagonalScatterBackward0(PutBackward0):
    """The index holds the positions of the diagonal."""


class SelectScatterBackward0(Function):
    __slots__ = ("dim", "index")

    def forward(self, k: Table, a: Any, src: Any, dim: int, index: int) -> Any:
        self.dim, self.index = dim, index
        return k.select_scatter(a, src, dim, index)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        inside = k.select(grad, self.dim, self.index)
        rest = self.needs[0] and k.select_scatter(grad, k.zeros(inside.shape, grad), self.dim, self.index)
        return rest, self.needs[1] and inside


class AsStridedScatterBackward0(Function):
    """As in torch, the input gets the gradients of the part that was overwritten, and no others."""

    def forward(
        self, k: Table, a: Any, src: Any, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int | None
    ) -> Any:
        self.save(k.beside(positions(size, stride, storage_offset or 0), a))
        offset = layout(a)[2] if storage_offset is None else storage_offset
        return k.as_strided_scatter(a, src, size, stride, offset)

    def backward(self, k: Table, grad: Any, index: Any) -> tuple[Any, ...]:
        inside = k.take(grad, index)
        return self.needs[0] and k.put(k.zeros(grad.shape, grad), index, inside), inside


class SliceScatterBackward0(Function):
    __slots__ = ("dim", "range")

    def forward(self, k: Table, a: Any, src: Any, dim: int, start: int, end: int, step: int) -> Any:
        self.dim, self.range = dim, (start, end, step)
        return k.slice_scatter(a, src, dim, start, end, step)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        inside = k.slice(grad, self.dim, *self.range)
        rest = self.needs[0] and k.slice_scatter(grad, k.zeros(inside.shape, grad), self.dim, *self.range)
        return rest, self.needs[1] and inside


def _check_part(src: Tensor, part: np.ndarray) -> None:
    if src._array.shape != part.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. "
            f"src size = {list(src._array.shape)}, slice size = {list(part.shape)}"
        )


@operator
def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """A copy with ``src`` at one index of a dimension.

    Raises:
        IndexError: there is no such dimension or index.
        RuntimeError: ``src`` does not have the shape of that slice.
    """
    part = select(input.detach(), dim, index)
    _check_part(src, part._array)
    d = dimension(dim, input._array.ndim)
    return SelectScatterBackward0.apply(input, src, dim=d, index=index % input._array.shape[d])


@operator
def slice_scatter(
    input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Tensor:
    """A copy with ``src`` at every ``step``-th index of a dimension, from ``start`` up to ``end``.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: ``src`` does not have the shape of that part, or the step is not positive.
    """
    d, first, stop, step = slice_bounds(input, dim, start, end, step)
    _check_part(src, tables[type(input._array)].slice(input._array, d, first, stop, step))
    return SliceScatterBackward0.apply(input, src, dim=d, start=first, end=stop, step=step)


@operator
def as_strided_scatter(
    input: Tensor, src: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None
) -> Tensor:
    """A copy with ``src`` in the part of its memory that ``as_strided`` shows.

    Raises:
        RuntimeError: ``src`` does not have that shape, or ``as_strided`` would refuse it.
    """
    if input._wants_grad() and not input.is_contiguous():
        raise RuntimeError(
            "!self.requires_grad() || self.is_contiguous() INTERNAL ASSERT FAILED: as_strided_scatter is currently only "
            "supported for contiguous inputs"
        )
    _check_part(src, as_strided(Variable._of(input._array), size, stride, storage_offset)._array)
    place = {"size": tuple(size), "stride": tuple(stride), "storage_offset": storage_offset}
    return AsStridedScatterBackward0.apply(input, src, **place)


@operator
def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A copy with ``src`` on a diagonal.

    Raises:
        IndexError: there are no such dimensions.
        RuntimeError: ``src`` does not have the shape of that diagonal, or the two dimensions are one.
    """
    shape = input._array.shape
    a, b = dimension(dim1, len(shape)), dimension(dim2, len(shape))
    if a == b:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    places = np.arange(input._array.size).reshape(shape).diagonal(offset, a, b)
    _check_part(src, places)
    return DiagonalScatterBackward0.apply(input, src, beside(places, input))
