"""Parts of a tensor, which are views of it, and joining, which copies."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.ops.arguments import check_sequence, dimension
from minitorch.ops.mistakes import explained
from minitorch.ops.operator import formula, functions, operator, with_out
from minitorch.ops.promotion import promote
from minitorch.ops.shape import Viewed

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

EMPTY = (0,)  # a tensor of this shape can be joined to any other

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


class UnbindBackward0(Function):
    __slots__ = ("dim",)
    is_view = True

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


def slice_bounds(input: Tensor, dim: int, start: int | None, end: int | None, step: int) -> tuple[int, int, int, int]:
    """The dimension counted from the front, and start, stop and step as Python would take them there.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: the step is not positive.
    """
    d = dimension(dim, input._array.ndim)
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    first, stop, step = np.s_[start:end:step].indices(input._array.shape[d])
    return d, first, max(first, stop), step


class NarrowCopyBackward0(SliceBackward0):
    """A copy of a part."""

    is_view = False

    def forward(self, k: Table, a: Any, dim: int, start: int, stop: int, step: int) -> Any:
        return k.contiguous_clone(super().forward(k, a, dim, start, stop, step))


def _part(input: Tensor, dim: int, start: int, length: int) -> dict[str, int]:
    """The slice that ``narrow`` asks for."""
    if not input._array.ndim:
        raise RuntimeError("narrow() cannot be applied to a 0-dim tensor.")
    d = dimension(dim, input._array.ndim)
    size = input._array.shape[d]
    if not -size <= start <= size:
        raise IndexError(f"start out of range (expected to be in range of [{-size}, {size}], but got {start})")
    if start < 0:
        start += size
    if not 0 <= start <= start + length <= size:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return {"dim": d, "start": start, "stop": start + length, "step": 1}


@operator
def narrow(input: Tensor, dim: int, start: int | Tensor, length: int) -> Tensor:
    """``length`` indices of a dimension, from ``start`` on: a view.

    Raises:
        IndexError: the start is beyond the dimension.
        RuntimeError: they reach beyond the dimension, or the start is a tensor that is no whole number.
    """
    if isinstance(start, Variable):
        if start._array.ndim or start._array.dtype.kind not in "iu":
            raise RuntimeError("start must be an 0-dim integral Tensor.")
        start = int(start._array)
    if input._array.ndim and length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    return SliceBackward0.apply(input, **_part(input, dim, start, length))


@operator(out=True)
def narrow_copy(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """As ``narrow``, but a copy."""
    if input._array.ndim and dim >= input._array.ndim:
        raise RuntimeError(
            "Expected dim < static_cast<int64_t>(self_sizes.size()) to be true, but got false.  (Could this error "
            "message be improved?  If so, please report an enhancement request to PyTorch.)"
        )
    return NarrowCopyBackward0.apply(input, **_part(input, dim, start, length))


@operator
def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """The slices along a dimension, which goes away."""
    if not input._array.ndim:
        raise IndexError(f"Dimension specified as {dim} but tensor has no dimensions")
    d = dimension(dim, input._array.ndim)
    return UnbindBackward0.apply(input, dim=d) if input._array.shape[d] else ()


# -- joining --------------------------------------------------------------------------------------------------------


class Joining(Function):
    """Inputs are brought to one dtype."""

    __slots__ = ("dim",)

    @classmethod
    def mixed(cls, arrays: list[Any]) -> list[Any]:
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


@operator(method=False)
def cat(tensors: Sequence[Tensor], dim: int = 0) -> Tensor:
    """One after the other along a dimension; the other sizes are equal.

    Raises:
        ValueError: there are no tensors.
        RuntimeError: their shapes do not fit.
    """
    check_sequence("cat", tensors)
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


def _without_overlap(write: Callable[..., Tensor]) -> Callable[..., Tensor]:
    @functools.wraps(write)
    def checked(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
        if out is not None and any(tables[type(out._array)].overlap(out._array, each._array) for each in tensors):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
                "location. Please clone() the tensor before performing the operation."
            )
        return write(tensors, dim, out=out)

    return checked


functions["cat"] = explained(_without_overlap(with_out(cat)))


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
