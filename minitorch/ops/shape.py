"""Views: other shapes and orders of the same memory; and copies."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function, Unary
from minitorch.dtypes import dtype as Dtype
from minitorch.memory_format import check, contiguous_format
from minitorch.ops.arguments import dimension, dimensions, sizes
from minitorch.ops.operator import operator, operators

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Viewed(Unary):
    """An operator whose result shares the memory of its input."""

    __slots__ = ("shape",)
    is_view = True


@functools.cache
def copying(node: type[Function]) -> type[Function]:
    """The operator that copies what a view operator shows."""

    class Copying(node):  # type: ignore[misc, valid-type]
        is_view = False

        def forward(self, k: Table, a: Any, **params: Any) -> Any:
            shown = super().forward(k, a, **params)
            return tuple(map(k.contiguous_clone, shown)) if type(shown) is tuple else k.contiguous_clone(shown)

    Copying.__name__ = Copying.__qualname__ = f"{node.__name__}_copy"
    return Copying


# -- shape ------------------------------------------------------------------------------------------------------------


class ViewBackward0(Viewed):
    def forward(self, k: Table, a: Any, shape: tuple[int, ...]) -> Any:
        self.shape = a.shape
        return k.view(a, shape)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.reshape(grad, self.shape),)


class ReshapeAliasBackward0(ViewBackward0):
    """A view by ``reshape`` of a tensor that does not lie row by row."""


class UnsafeViewBackward0(ViewBackward0):
    """A view of a tensor that nobody else sees: it counts as a result of its own."""

    is_view = False


class AliasBackward0(Viewed):
    def forward(self, k: Table, a: Any) -> Any:
        return k.alias(a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (grad,)


class ExpandBackward0(Viewed):
    """Repeats without copying; the gradient is summed over the repetitions."""

    broadcasts = True

    def forward(self, k: Table, a: Any, shape: tuple[int, ...]) -> Any:
        return k.expand(a, shape)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (grad,)


class SqueezeBackward0(Viewed):
    """All dimensions of size 1."""

    def forward(self, k: Table, a: Any, dim: tuple[int, ...]) -> Any:
        self.shape = a.shape
        return k.squeeze(a, dim)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.reshape(grad, self.shape),)


class SqueezeBackward1(SqueezeBackward0):
    """One dimension."""


class SqueezeBackward2(SqueezeBackward0):
    """Several dimensions."""


class SqueezeBackward4(SqueezeBackward0):
    """The dimension that a product of a vector and a matrix went through."""

    is_view = False


class UnsqueezeBackward0(Viewed):
    __slots__ = ("dim",)

    def forward(self, k: Table, a: Any, dim: int) -> Any:
        self.dim = dim
        return k.unsqueeze(a, dim)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.squeeze(grad, (self.dim,)),)


def viewed_shape(input: Tensor, given: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape that was asked for, with -1 worked out.

    Raises:
        RuntimeError: the number of elements differs.
    """
    shape, numel = sizes(given), input._array.size
    if math.prod(shape) == numel and (not shape or min(shape) >= 0):
        return shape
    known = 1
    for size in shape:
        known *= size if size != -1 else 1
    if -1 in shape:
        if shape.count(-1) > 1:
            raise RuntimeError("only one dimension can be inferred")
        if any(size < -1 for size in shape):
            raise _negative_size(shape)
        if known == numel == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 can be "
                "any value and is ambiguous"
            )
        if known and numel % known == 0:
            return tuple(numel // known if size == -1 else size for size in shape)
    elif any(size < 0 for size in shape):
        raise _negative_size(shape)
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")


def _negative_size(shape: tuple[int, ...]) -> RuntimeError:
    index, size = next((index, size) for index, size in enumerate(shape) if size < -1)
    return RuntimeError(f"invalid shape dimension {size} at index {index} of shape {list(shape)}")


@operator(public=False)
def view(input: Tensor, *shape: Any, dtype: Dtype | None = None) -> Tensor:
    """Another shape over the same memory; one size may be -1, for what is left. Or, given a dtype, the same bytes as that.

    Raises:
        RuntimeError: the number of elements differs, or the strides do not allow it (``reshape`` copies then).
    """
    if dtype is not None or isinstance(shape[0] if shape else None, Dtype):
        return operators.view_as_dtype(input, shape[0] if dtype is None else dtype)
    wanted = viewed_shape(input, shape)
    try:
        return ViewBackward0.apply(input, shape=wanted)
    except ValueError:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        ) from None


@operator
def reshape(input: Tensor, shape: Any = (), *others: int) -> Tensor:
    """Another shape, over the same memory where the strides allow it; one size may be -1, for what is left.

    Raises:
        RuntimeError: the number of elements differs.
    """
    wanted = viewed_shape(input, (shape, *others))
    try:
        return (ViewBackward0 if input.is_contiguous() else ReshapeAliasBackward0).apply(input, shape=wanted)
    except ValueError:
        return UnsafeViewBackward0.apply(clone(input, contiguous=True), shape=wanted)


@operator(public=False)
def view_as(input: Tensor, other: Tensor) -> Tensor:
    """``input.view(other.size())``."""
    return view(input, other.shape)


@operator(public=False)
def reshape_as(input: Tensor, other: Tensor) -> Tensor:
    """``input.reshape(other.size())``."""
    return reshape(input, other.shape)


@operator
def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """The dimensions from ``start_dim`` to ``end_dim`` as one.

    Raises:
        RuntimeError: ``start_dim`` comes after ``end_dim``.
    """
    shape = tuple(input._array.shape)
    start, end = dimension(start_dim, len(shape)), dimension(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if not shape:
        return reshape(input, (1,))
    if start == end:
        return input
    joined = 1
    for size in shape[start : end + 1]:
        joined *= size
    return reshape(input, (*shape[:start], joined, *shape[end + 1 :]))


@operator(public=False)
def expand(input: Tensor, size: Any = (), *others: int) -> Tensor:
    """Dimensions of size 1, and new ones in front, repeated without copying; -1 keeps a size.

    Raises:
        RuntimeError: a size other than 1 would change.
    """
    given, own = sizes((size, *others)), tuple(input._array.shape)
    wanted = list(given)
    extra = len(wanted) - len(own)
    if extra < 0:
        raise RuntimeError(
            f"expand({input._type_name()}{{{list(own)}}}, size={wanted}): the number of sizes provided ({len(wanted)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(own)})"
        )
    for d, size in reversed(list(enumerate(wanted))):
        if size == -1:
            if d < extra:
                raise RuntimeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {d}"
                )
            wanted[d] = own[d - extra]
        elif d >= extra and own[d - extra] not in (1, size):
            raise RuntimeError(
                f"The expanded size of the tensor ({size}) must match the existing size ({own[d - extra]}) at non-singleton "
                f"dimension {d}.  Target sizes: {list(given)}.  Tensor sizes: {list(own)}"
            )
    return ExpandBackward0.apply(input, shape=tuple(wanted))


@operator(public=False)
def expand_as(input: Tensor, other: Tensor) -> Tensor:
    """``input.expand(other.size())``."""
    return expand(input, other.shape)


@operator
def squeeze(input: Tensor, dim: int | Sequence[int] | None = None) -> Tensor:
    """Without its dimensions of size 1, or without those of ``dim`` that have size 1."""
    shape = input._array.shape
    asked = range(len(shape)) if dim is None else dimensions(dim, len(shape)) or ()
    node = SqueezeBackward0 if dim is None else SqueezeBackward1 if isinstance(dim, int) else SqueezeBackward2
    return node.apply(input, dim=tuple(d for d in asked if shape[d] == 1))


@operator
def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """With a new dimension of size 1 at ``dim``."""
    return UnsqueezeBackward0.apply(input, dim=dimension(dim, input._array.ndim + 1))


# -- order ------------------------------------------------------------------------------------------------------------


class TransposeBackward0(Viewed):
    __slots__ = ("dims",)

    def forward(self, k: Table, a: Any, dim0: int, dim1: int) -> Any:
        self.dims = dim0, dim1
        return k.transpose(a, dim0, dim1)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.transpose(grad, *self.dims),)


class TBackward0(Viewed):
    def forward(self, k: Table, a: Any) -> Any:
        return k.t(a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.t(grad),)


class PermuteBackward0(Viewed):
    __slots__ = ("dims",)

    def forward(self, k: Table, a: Any, dims: tuple[int, ...]) -> Any:
        self.dims = dims
        return k.permute(a, dims)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.permute(grad, tuple(self.dims.index(d) for d in range(len(self.dims)))),)


@operator
def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Two dimensions swapped."""
    ndim = input._array.ndim
    return TransposeBackward0.apply(input, dim0=dimension(dim0, ndim), dim1=dimension(dim1, ndim))


@operator
def t(input: Tensor) -> Tensor:
    """The transpose of a matrix; tensors of fewer dimensions stay as they are.

    Raises:
        RuntimeError: more than two dimensions.
    """
    if input._array.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._array.ndim}D")
    return TBackward0.apply(input)


@operator
def permute(input: Tensor, dims: Any = (), *others: int) -> Tensor:
    """The dimensions in the order given.

    Raises:
        RuntimeError: not every dimension is named once.
    """
    wanted, ndim = sizes((dims, *others)), input._array.ndim
    if len(wanted) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering "
            f"of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(wanted)}"
        )
    order = tuple(dimension(d, ndim) for d in wanted)
    if len(set(order)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return PermuteBackward0.apply(input, dims=order)


# -- copies -----------------------------------------------------------------------------------------------------------


class CloneBackward0(Unary):
    def forward(self, k: Table, a: Any, contiguous: bool) -> Any:
        return k.contiguous_clone(a) if contiguous else k.clone(a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (grad,)


@operator
def clone(input: Tensor, *, contiguous: bool = False, memory_format: Any = None) -> Tensor:
    """A copy that passes gradients on; laid out row by row if ``contiguous`` or the memory format says so."""
    check(None, memory_format)
    return CloneBackward0.apply(input, contiguous=contiguous or memory_format is contiguous_format)


@operator(public=False)
def contiguous(input: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """The tensor itself if it lies row by row in memory, else such a copy."""
    check(None, memory_format)
    return input if input.is_contiguous() else clone(input, contiguous=True)
