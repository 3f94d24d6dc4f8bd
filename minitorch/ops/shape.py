"""Views: other shapes, orders and parts of the same memory; and joining, which copies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.ops.arguments import dimension, dimensions, sizes
from minitorch.ops.operator import formula, operator
from minitorch.ops.promotion import promote

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

EMPTY = (0,)  # a tensor of this shape can be joined to any other


class Viewed(Function):
    """An operator whose result shares the memory of its input."""

    __slots__ = ("shape",)
    is_view = True


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


def _viewed_shape(input: Tensor, given: tuple[Any, ...]) -> tuple[int, ...]:
    """The shape that was asked for, with -1 worked out.

    Raises:
        RuntimeError: the number of elements differs.
    """
    shape, numel = sizes(given), input._array.size
    known = 1
    for size in shape:
        known *= size if size != -1 else 1
    if -1 in shape:
        if shape.count(-1) > 1:
            raise RuntimeError("only one dimension can be inferred")
        if any(size < -1 for size in shape):
            raise _negative_size(shape)
        if known == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {list(shape)} because the unspecified dimension size -1 can be "
                "any value and is ambiguous"
            )
        if numel % known == 0:
            return tuple(numel // known if size == -1 else size for size in shape)
    elif any(size < 0 for size in shape):
        raise _negative_size(shape)
    elif known == numel:
        return shape
    raise RuntimeError(f"shape '{list(shape)}' is invalid for input of size {numel}")


def _negative_size(shape: tuple[int, ...]) -> RuntimeError:
    index, size = next((index, size) for index, size in enumerate(shape) if size < -1)
    return RuntimeError(f"invalid shape dimension {size} at index {index} of shape {list(shape)}")


@operator(public=False)
def view(input: Tensor, *shape: Any) -> Tensor:
    """Another shape over the same memory; one size may be -1, for what is left.

    Raises:
        RuntimeError: the number of elements differs, or the strides do not allow it (``reshape`` copies then).
    """
    wanted = _viewed_shape(input, shape)
    try:
        return ViewBackward0.apply(input, shape=wanted)
    except ValueError:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        ) from None


@operator
def reshape(input: Tensor, *shape: Any) -> Tensor:
    """Another shape, over the same memory where the strides allow it; one size may be -1, for what is left.

    Raises:
        RuntimeError: the number of elements differs.
    """
    wanted = _viewed_shape(input, shape)
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
def expand(input: Tensor, *shape: Any) -> Tensor:
    """Dimensions of size 1, and new ones in front, repeated without copying; -1 keeps a size.

    Raises:
        RuntimeError: a size other than 1 would change.
    """
    wanted, own = list(sizes(shape)), tuple(input._array.shape)
    extra = len(wanted) - len(own)
    if extra < 0:
        raise RuntimeError(
            f"expand({input._type_name()}{{{list(own)}}}, size={wanted}): the number of sizes provided ({len(wanted)}) must be "
            f"greater or equal to the number of dimensions in the tensor ({len(own)})"
        )
    for d, size in enumerate(wanted):
        if size == -1:
            if d < extra:
                raise RuntimeError(
                    f"The expanded size of the tensor (-1) isn't allowed in a leading, non-existing dimension {d}"
                )
            wanted[d] = own[d - extra]
        elif d >= extra and own[d - extra] not in (1, size):
            raise RuntimeError(
                f"The expanded size of the tensor ({size}) must match the existing size ({own[d - extra]}) at non-singleton "
                f"dimension {d}.  Target sizes: {list(sizes(shape))}.  Tensor sizes: {list(own)}"
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
def permute(input: Tensor, *dims: Any) -> Tensor:
    """The dimensions in the order given.

    Raises:
        RuntimeError: not every dimension is named once.
    """
    wanted, ndim = sizes(dims), input._array.ndim
    if len(wanted) != ndim:
        raise RuntimeError(
            "permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired ordering "
            f"of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(wanted)}"
        )
    order = tuple(dimension(d, ndim) for d in wanted)
    if len(set(order)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return PermuteBackward0.apply(input, dims=order)


# -- parts ------------------------------------------------------------------------------------------------------------


class SelectBackward0(Viewed):
    __slots__ = ("dim", "index")

    def forward(self, k: Table, a: Any, dim: int, index: int) -> Any:
        self.shape, self.dim, self.index = a.shape, dim, index
        return k.select(a, dim, index)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.select_backward(grad, shape=self.shape, dim=self.dim, index=self.index),)


@formula("select_backward")
class SelectBackwardBackward0(Function):
    __slots__ = ("dim", "index")

    def forward(self, k: Table, grad: Any, shape: tuple[int, ...], dim: int, index: int) -> Any:
        self.dim, self.index = dim, index
        return k.select_backward(grad, shape, dim, index)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.select(grad, self.dim, self.index),)


class SliceBackward0(Viewed):
    __slots__ = ("dim", "range")

    def forward(self, k: Table, a: Any, dim: int, start: int, stop: int, step: int) -> Any:
        self.shape, self.dim, self.range = a.shape, dim, (start, stop, step)
        return k.slice(a, dim, start, stop, step)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        start, stop, step = self.range
        return (k.slice_backward(grad, shape=self.shape, dim=self.dim, start=start, stop=stop, step=step),)


@formula("slice_backward")
class SliceBackwardBackward0(Function):
    __slots__ = ("dim", "range")

    def forward(self, k: Table, grad: Any, shape: tuple[int, ...], dim: int, start: int, stop: int, step: int) -> Any:
        self.dim, self.range = dim, (start, stop, step)
        return k.slice_backward(grad, shape, dim, start, stop, step)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.slice(grad, self.dim, *self.range),)


class UnbindBackward0(Viewed):
    __slots__ = ("dim",)

    def forward(self, k: Table, a: Any, dim: int) -> tuple[Any, ...]:
        self.dim = dim
        return k.unbind(a, dim)

    def backward(self, k: Table, *grads: Any) -> tuple[Any, ...]:
        return (k.stack(grads, self.dim),)


@operator
def select(input: Tensor, dim: int, index: int) -> Tensor:
    """One index of a dimension, which goes away.

    Raises:
        IndexError: there is no such dimension or index.
    """
    shape = input._array.shape
    if not shape:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    d = dimension(dim, len(shape))
    if not -shape[d] <= index < shape[d]:
        raise IndexError(f"select(): index {index} out of range for tensor of size {list(shape)} at dimension {d}")
    return SelectBackward0.apply(input, dim=d, index=index % shape[d])


@operator(method=False, public=False)
def slice(input: Tensor, dim: int, start: int, stop: int, step: int) -> Tensor:
    """Every ``step``-th index of a dimension, from ``start`` up to ``stop``."""
    return SliceBackward0.apply(input, dim=dim, start=start, stop=stop, step=step)


@operator
def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """``length`` indices of a dimension, from ``start`` on.

    Raises:
        IndexError: the start is beyond the dimension.
        RuntimeError: they reach beyond the dimension.
    """
    d = dimension(dim, input._array.ndim)
    size = input._array.shape[d]
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    if start < 0:
        start += size
    if not 0 <= start <= start + length <= size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return slice(input, d, start, start + length, 1)


@operator
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, which goes away."""
    if not input._array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    return UnbindBackward0.apply(input, dim=dimension(dim, input._array.ndim))


# -- copies -----------------------------------------------------------------------------------------------------------


class CloneBackward0(Function):
    def forward(self, k: Table, a: Any, contiguous: bool) -> Any:
        return k.contiguous_clone(a) if contiguous else k.clone(a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (grad,)


@operator
def clone(input: Tensor, *, contiguous: bool = False) -> Tensor:
    """A copy that passes gradients on; laid out row by row if ``contiguous``."""
    return CloneBackward0.apply(input, contiguous=contiguous)


@operator(public=False)
def contiguous(input: Tensor) -> Tensor:
    """The tensor itself if it lies row by row in memory, else such a copy."""
    return input if input.is_contiguous() else clone(input, contiguous=True)


class Joining(Function):
    """Inputs are brought to one dtype."""

    __slots__ = ("dim",)

    @classmethod
    def operands(cls, inputs: tuple[Any, ...]) -> list[Any]:
        arrays = [each._array for each in inputs]
        return promote(arrays, False, "cat")


class CatBackward0(Joining):
    """The gradient falls into the parts again."""

    __slots__ = ("shapes",)

    def forward(self, k: Table, *arrays: Any, dim: int) -> Any:
        self.dim, self.shapes = dim, [each.shape for each in arrays]
        return k.cat([each for each in arrays if each.shape != EMPTY] or arrays, dim)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        parts, start = [], 0
        for needed, shape in zip(self.needs, self.shapes, strict=True):
            if shape == EMPTY:
                parts.append(needed and k.zeros(shape, grad))
            else:
                parts.append(needed and k.slice(grad, self.dim, start, start + shape[self.dim], 1))
                start += shape[self.dim]
        return tuple(parts)


class StackBackward0(Joining):
    """The gradient is taken apart again."""

    def forward(self, k: Table, *arrays: Any, dim: int) -> Any:
        self.dim = dim
        return k.stack(arrays, dim)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return tuple(needed and k.select(grad, self.dim, index) for index, needed in enumerate(self.needs))


@operator(method=False, out=True)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """One after the other along a dimension; the other sizes are equal.

    Raises:
        ValueError: there are no tensors.
        RuntimeError: their shapes do not fit.
    """
    if not len(tensors):
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    shaped = [each for each in tensors if each._array.shape != EMPTY] or list(tensors)
    shape = shaped[0]._array.shape
    if not shape:
        raise RuntimeError("zero-dimensional tensor (at position 0) cannot be concatenated")
    d = dimension(dim, len(shape))
    for position, each in enumerate(shaped[1:], 1):
        if len(each._array.shape) != len(shape):
            raise RuntimeError(
                f"Tensors must have same number of dimensions: got {len(shape)} and {len(each._array.shape)}"
            )
        for axis, (a, b) in enumerate(zip(shape, each._array.shape, strict=True)):
            if axis != d and a != b:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {d}. Expected size {a} but got size {b} for tensor number "
                    f"{position} in the list."
                )
    return CatBackward0.apply(*tensors, dim=d)


@operator(method=False, out=True)
def stack(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """Side by side along a new dimension; all shapes are equal.

    Raises:
        RuntimeError: there are no tensors, or their shapes differ.
    """
    if not len(tensors):
        raise RuntimeError("stack expects a non-empty TensorList")
    shape = tensors[0]._array.shape
    for position, each in enumerate(tensors):
        if each._array.shape != shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(shape)} at entry 0 and {list(each._array.shape)} at "
                f"entry {position}"
            )
    return StackBackward0.apply(*tensors, dim=dimension(dim, len(shape) + 1))


# -- regions of a base that was changed in place (see minitorch.autograd.views) -----------------------------------------


@formula("read_region")
class ReadRegion(Function):
    __slots__ = ("region", "shape")

    def forward(self, k: Table, base: Any, region: Any) -> Any:
        self.region, self.shape = region, base.shape
        return k.clone(k.read_region(base, region))

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.write_region(k.zeros(self.shape, grad), grad, region=self.region),)


@formula("write_region")
class WriteRegion(Function):
    __slots__ = ("region",)

    def forward(self, k: Table, base: Any, values: Any, region: Any) -> Any:
        self.region = region
        return k.write_region(base, values, region)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        inside = k.read_region(grad, region=self.region)
        return k.write_region(grad, k.zeros(inside.shape, grad), region=self.region), inside
