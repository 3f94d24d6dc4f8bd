"""Views that take elements at regular distances: diagonals, windows, strides as such; and diagonals written."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, Unary
from minitorch.autograd.variable import Variable
from minitorch.dtypes import dtype as Dtype
from minitorch.kernels import tables
from minitorch.ops.arguments import check_exact_dtype, check_tensors, dimension
from minitorch.ops.arguments import dimension as wrapped  # where an argument hides that name
from minitorch.ops.linear_algebra import linalg_operator
from minitorch.ops.operator import Number, formula, methods, operator
from minitorch.ops.shape import Viewed, copying, reshape

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


# -- diagonals ----------------------------------------------------------------------------------------------------------


class DiagonalBackward0(Viewed):
    __slots__ = ("place",)

    def forward(self, k: Table, a: Any, offset: int, dim1: int, dim2: int) -> Any:
        self.shape, self.place = a.shape, (offset, dim1, dim2)
        return k.diagonal(a, offset, dim1, dim2)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        offset, dim1, dim2 = self.place
        return (k.diagonal_backward(grad, shape=self.shape, offset=offset, dim1=dim1, dim2=dim2),)


@formula("diagonal_backward")
class DiagonalBackwardBackward0(Function):
    __slots__ = ("place",)

    def forward(self, k: Table, grad: Any, shape: tuple[int, ...], offset: int, dim1: int, dim2: int) -> Any:
        self.place = offset, dim1, dim2
        return k.diagonal_backward(grad, shape, offset, dim1, dim2)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.diagonal(grad, *self.place),)


class DiagEmbedBackward0(Unary):
    __slots__ = ("place",)

    def forward(self, k: Table, a: Any, offset: int, dim1: int, dim2: int) -> Any:
        self.place = offset, dim1, dim2
        return k.diag_embed(a, offset, dim1, dim2)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.diagonal(grad, *self.place),)


class TraceBackward0(Unary):
    __slots__ = ("shape",)

    def forward(self, k: Table, a: Any) -> Any:
        self.shape = a.shape
        return k.trace(a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        spread = k.expand(grad, (min(self.shape),))
        return (k.diagonal_backward(spread, shape=self.shape, offset=0, dim1=0, dim2=1),)


def _plane(dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    first, second = dimension(dim1, ndim), dimension(dim2, ndim)
    if first == second:
        raise RuntimeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return first, second


@operator
def diagonal(input: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """A view of the elements whose index in ``dim2`` is ``offset`` more than in ``dim1``, as a new last dimension."""
    first, second = _plane(dim1, dim2, input._array.ndim)
    return DiagonalBackward0.apply(input, offset=offset, dim1=first, dim2=second)


def _linalg_diagonal(A: Tensor, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """As ``diagonal``, of the last two dimensions unless others are named."""
    check_tensors("linalg_diagonal", A=A)
    return diagonal(A, offset, dim1, dim2)


_linalg_diagonal.__name__ = "diagonal"
linalg_operator(_linalg_diagonal)


@operator
def diag_embed(input: Tensor, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Tensor:
    """Zeros with the last dimension on a diagonal of two new dimensions: the opposite of ``diagonal``."""
    first, second = _plane(dim1, dim2, input._array.ndim + 1)
    return DiagEmbedBackward0.apply(input, offset=offset, dim1=first, dim2=second)


@operator(out=check_exact_dtype)
def diag(input: Tensor, diagonal: int = 0) -> Tensor:
    """A matrix with the vector ``input`` on a diagonal, or a copy of that diagonal of a matrix.

    Raises:
        RuntimeError: neither a vector nor a matrix.
    """
    if input._array.ndim == 1:
        return diag_embed(input, diagonal)
    if input._array.ndim != 2:
        raise RuntimeError(f"diag(): Supports 1D or 2D tensors. Got {input._array.ndim}D")
    return copying(DiagonalBackward0).apply(input, offset=diagonal, dim1=0, dim2=1)


@operator
def diagflat(input: Tensor, offset: int = 0) -> Tensor:
    """A matrix with all elements, row by row, on a diagonal."""
    return diag(reshape(input, (-1,)), offset)


@operator
def trace(input: Tensor) -> Tensor:
    """The sum of the elements on the diagonal of a matrix.

    Raises:
        RuntimeError: not a matrix.
    """
    if input._array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {input._array.ndim}")
    return TraceBackward0.apply(input)


def fill_diagonal_(input: Tensor, fill_value: Tensor | Number, wrap: bool = False) -> Tensor:
    """Writes a number over the elements whose indices are all equal; with ``wrap``, the diagonal of a tall matrix begins anew.

    Raises:
        RuntimeError: fewer than two dimensions, or more than two of different sizes.
    """
    shape = input._array.shape
    if len(shape) < 2:
        raise RuntimeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise RuntimeError("all dimensions of input must be of equal length")
    number = fill_value.item() if isinstance(fill_value, Variable) else fill_value
    line = input
    while line._array.ndim > 1:
        line = diagonal(line)
    methods["fill_"](line, number)
    period = shape[1] + 1
    if wrap and len(shape) == 2 and shape[0] > period:
        count = math.ceil(math.prod(shape) / period) - shape[1]
        below, right = input.stride()
        methods["fill_"](as_strided(input, (count,), (below + right,), input.storage_offset() + below * period), number)
    return input


methods["fill_diagonal_"] = fill_diagonal_


# -- windows ------------------------------------------------------------------------------------------------------------


class UnfoldBackward0(Viewed):
    """Windows may overlap: an element gets the gradients of all that it is in."""

    __slots__ = ("windows",)

    def forward(self, k: Table, a: Any, dim: int, size: int, step: int) -> Any:
        self.shape, self.windows = a.shape, (dim, size, step)
        return k.unfold(a, dim, size, step)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        dim, size, step = self.windows
        return (k.unfold_backward(grad, shape=self.shape, dim=dim, size=size, step=step),)


@formula("unfold_backward")
class UnfoldBackwardBackward0(Function):
    __slots__ = ("windows",)

    def forward(self, k: Table, grad: Any, shape: tuple[int, ...], dim: int, size: int, step: int) -> Any:
        self.windows = dim, size, step
        return k.unfold_backward(grad, shape, dim, size, step)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.unfold(grad, *self.windows),)


@operator(public=False)
def unfold(input: Tensor, dimension: int, size: int, step: int) -> Tensor:
    """A view of all windows of ``size`` elements along a dimension, ``step`` apart; a window is a new last dimension.

    Raises:
        RuntimeError: a window is longer than the dimension, or a number is out of range.
    """
    d = wrapped(dimension, input._array.ndim)
    most = input._array.shape[d] if input._array.ndim else 1
    if size < 0:
        raise RuntimeError(f"size is {size} but must be >= 0")
    if size > most:
        raise RuntimeError(f"maximum size for tensor at dimension {d} is {most} but size is {size}")
    if step <= 0:
        raise RuntimeError(f"step is {step} but must be > 0")
    return UnfoldBackward0.apply(input, dim=d, size=size, step=step)


# -- strides ------------------------------------------------------------------------------------------------------------


class AsStridedBackward0(Viewed):
    """The gradient is added up in the storage, where every element of the input finds its own.

    Elements of the input that share their memory share the gradient evenly.
    """

    __slots__ = ("own", "seen")

    def forward(self, k: Table, a: Any, size: tuple[int, ...], stride: tuple[int, ...], storage_offset: int) -> Any:
        self.own, self.seen = layout(a), (size, stride, storage_offset)
        if 0 in a.strides:
            counts = np.bincount(positions(*self.own).reshape(-1)).clip(1)
            self.save(k.cast(k.beside(counts, a), a.dtype))
        return k.as_strided(a, size, stride, storage_offset)

    def backward(self, k: Table, grad: Any, *counts: Any) -> tuple[Any, ...]:
        read, written = positions(*self.own), positions(*self.seen)
        length = counts[0].shape[0] if counts else 1 + max(read.max(initial=0), written.max(initial=0))
        memory = k.index_backward(grad, written, shape=(length,))
        return (k.index(k.div(memory, counts[0]) if counts else memory, read),)


def layout(a: np.ndarray) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Shape, strides and storage offset, in elements."""
    k = tables[type(a)]
    first = k.address(a) - k.address(k.storage(a))
    return a.shape, tuple(step // a.itemsize for step in a.strides), first // a.itemsize


def positions(size: Sequence[int], stride: Sequence[int], storage_offset: int) -> np.ndarray:
    """Where in the storage each element lies."""
    places = np.full(size, storage_offset)
    for d, step in enumerate(stride):
        places += (step * np.arange(size[d])).reshape(-1, *[1] * (len(size) - 1 - d))
    return places


@operator
def as_strided(input: Tensor, size: Sequence[int], stride: Sequence[int], storage_offset: int | None = None) -> Tensor:
    """A view of the input's storage of any shape and strides.

    Raises:
        RuntimeError: it would reach beyond the storage, or a number is negative.
    """
    own = layout(input._array)
    offset = own[2] if storage_offset is None else storage_offset
    if len(size) != len(stride):
        raise RuntimeError("mismatch in length of strides and shape")
    if any(each < 0 for each in stride):
        raise RuntimeError(
            "as_strided: Negative strides are not supported at the moment, got strides: " + str(list(stride))
        )
    needed = offset + 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if math.prod(size) else 0
    held = tables[type(input._array)].storage(input._array).size
    if needed > held:
        itemsize = input._array.itemsize
        raise RuntimeError(
            f"setStorage: sizes {list(size)}, strides {list(stride)}, storage offset {offset}, and itemsize {itemsize} "
            f"requiring a storage size of {needed * itemsize} are out of bounds for storage of size {held * itemsize}"
        )
    view = AsStridedBackward0.apply(input, size=tuple(size), stride=tuple(stride), storage_offset=offset)
    base = input._array if input._view is None else input._view[0]._array
    if view._refusal is None and not (base.flags.c_contiguous and base.size == held):
        view._refusal = (
            "minitorch records in place changes of an as_strided() view only where the tensor that it shows lies row by row "
            "in a storage of its own. Use clone(), or other views."
        )
    return view


# -- bytes --------------------------------------------------------------------------------------------------------------


class ViewBackward1(Viewed):
    """Bytes read as another dtype: there is no gradient."""

    differentiable = False

    def forward(self, k: Table, a: Any, dtype: np.dtype) -> Any:
        return k.view_dtype(a, dtype)


@operator(method=False, public=False)
def view_as_dtype(input: Tensor, dtype: Dtype) -> Tensor:
    """The same bytes as elements of another dtype; the last dimension grows or shrinks with the size of an element.

    Raises:
        RuntimeError: the last dimension, the strides or the offset do not allow it.
    """
    own, new = input._array.itemsize, dtype.itemsize
    name, target = input.dtype.scalar_type, dtype.scalar_type
    shape = input._array.shape
    if own != new:
        if not shape:
            raise RuntimeError(f"self.dim() cannot be 0 to view {name} as {target} (different element sizes)")
        if input.stride(-1) != 1:
            raise RuntimeError(
                f"self.stride(-1) must be 1 to view {name} as {target} (different element sizes), but got {input.stride(-1)}"
            )
    if own < new:
        ratio = new // own
        if shape[-1] % ratio:
            raise RuntimeError(
                f"self.size(-1) must be divisible by {ratio} to view {name} as {target} (different element sizes), but got "
                f"{shape[-1]}"
            )
        if input.storage_offset() % ratio:
            raise RuntimeError(
                f"self.storage_offset() must be divisible by {ratio} to view {name} as {target} (different element sizes), "
                f"but got {input.storage_offset()}"
            )
        for d, step in enumerate(input.stride()[:-1]):
            if step % ratio:
                raise RuntimeError(
                    f"self.stride({d}) must be divisible by {ratio} to view {name} as {target} (different element sizes), "
                    f"but got {step}"
                )
    return ViewBackward1.apply(input, dtype=dtype.numpy)
