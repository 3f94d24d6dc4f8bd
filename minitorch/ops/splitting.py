"""A tensor cut into pieces along a dimension; all pieces are views of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import dimension, dtype_name
from minitorch.ops.operator import operator
from minitorch.ops.parts import slice

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class SplitBackward0(Function):
    """Pieces of one size: their gradients are joined again."""

    __slots__ = ("dim",)
    is_view = True

    def forward(self, k: Table, a: Any, sizes: Sequence[int], dim: int) -> tuple[Any, ...]:
        self.dim = dim
        return k.split(a, sizes, dim)

    def backward(self, k: Table, *grads: Any) -> tuple[Any, ...]:
        return (k.cat(grads, self.dim),)


class SplitWithSizesBackward0(SplitBackward0):
    """Pieces of given sizes."""


class UnsafeSplitBackward0(SplitBackward0):
    """Pieces that count as results of their own, so that each may be changed in place."""

    is_view = False


class UnsafeSplitWithSizesBackward0(UnsafeSplitBackward0):
    """Pieces of given sizes."""


def _dimension_to_split(input: Tensor, dim: int, message: str = "split expects at least a 1-dimensional tensor") -> int:
    if not input._array.ndim:
        raise RuntimeError(message)
    return dimension(dim, input._array.ndim)


@operator
def split(input: Tensor, split_size: int | Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of ``split_size`` (the last may be smaller), or of the sizes given.

    Raises:
        RuntimeError: the sizes are negative, or do not add up to the dimension.
    """
    if not isinstance(split_size, int):
        return split_with_sizes(input, split_size, dim)
    return SplitBackward0.apply(input, **_of_one_size(input, split_size, dim))


def _of_one_size(input: Tensor, split_size: int, dim: int) -> dict[str, Any]:
    """The sizes that ``split`` asks for, and the dimension."""
    d = _dimension_to_split(input, dim)
    size = input._array.shape[d]
    if split_size < 0:
        raise RuntimeError(f"split expects split_size be non-negative, but got split_size={split_size}")
    if not split_size and size:
        raise RuntimeError(f"split_size can only be 0 if dimension size is 0, but got dimension size of {size}")
    sizes = [min(split_size, size - start) for start in range(0, size, split_size or 1)] or [0]
    return {"sizes": sizes, "dim": d}


@operator
def split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """Pieces of these sizes.

    Raises:
        RuntimeError: the sizes are negative, or do not add up to the dimension.
    """
    pieces = _of_sizes(input, split_sizes, dim)
    return SplitWithSizesBackward0.apply(input, **pieces) if pieces["sizes"] else ()


def _of_sizes(input: Tensor, split_sizes: Sequence[int], dim: int) -> dict[str, Any]:
    """The sizes that ``split_with_sizes`` asks for, and the dimension."""
    d, sizes = _dimension_to_split(input, dim), list(split_sizes)
    if any(size < 0 for size in sizes):
        raise RuntimeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got split_sizes={sizes}"
        )
    if sum(sizes) != input._array.shape[d]:
        raise RuntimeError(
            f"split_with_sizes expects split_sizes to sum exactly to {input._array.shape[d]} (input tensor's size at dimension "
            f"{d}), but got split_sizes={sizes}"
        )
    return {"sizes": sizes, "dim": d}


@operator
def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """At most so many pieces of one size; the last may be smaller.

    Raises:
        RuntimeError: no pieces are asked for.
    """
    return _in_chunks(input, chunks, dim, split, split_with_sizes)


def _in_chunks(input: Tensor, chunks: int, dim: int, split: Any, split_with_sizes: Any) -> tuple[Tensor, ...]:
    d = _dimension_to_split(input, dim, "chunk expects at least a 1-dimensional tensor")
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    size = input._array.shape[d]
    return split(input, -(-size // chunks), d) if size else split_with_sizes(input, [0] * chunks, d)


@operator
def unsafe_split(input: Tensor, split_size: int, dim: int = 0) -> tuple[Tensor, ...]:
    """``split`` into pieces that may each be changed in place, as long as nobody looks at the whole."""
    return UnsafeSplitBackward0.apply(input, **_of_one_size(input, split_size, dim))


@operator
def unsafe_split_with_sizes(input: Tensor, split_sizes: Sequence[int], dim: int = 0) -> tuple[Tensor, ...]:
    """``split_with_sizes`` into pieces that may each be changed in place, as long as nobody looks at the whole."""
    pieces = _of_sizes(input, split_sizes, dim)
    return UnsafeSplitWithSizesBackward0.apply(input, **pieces) if pieces["sizes"] else ()


@operator
def unsafe_chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """``chunk`` into pieces that may each be changed in place, as long as nobody looks at the whole."""
    return _in_chunks(input, chunks, dim, unsafe_split, unsafe_split_with_sizes)


@operator
def tensor_split(input: Tensor, indices_or_sections: int | Sequence[int] | Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """So many pieces, of sizes that differ by one at most (the first are the larger ones), or pieces that begin at indices.

    Raises:
        RuntimeError: the tensor has no dimensions, or no pieces are asked for.
    """
    if not input._array.ndim:
        raise RuntimeError("tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims")
    d = dimension(dim, input._array.ndim)
    size, parts = input._array.shape[d], indices_or_sections
    if isinstance(parts, Variable):
        if parts._array.device != "cpu":
            raise RuntimeError(
                f"tensor_split expected tensor_indices_or_sections to be on cpu, but it's on {parts._array.device}"
            )
        if parts._array.dtype.name != "int64":
            raise RuntimeError(
                f"tensor_split expected tensor_indices_or_sections to have dtype of long, but got {dtype_name(parts)}"
            )
        if parts._array.ndim > 1:
            raise RuntimeError(
                "tensor_split expected tensor_indices_or_sections to be a zero-dimensional or one-dimensional tensor, but got "
                f"a tensor with {parts._array.ndim} dims"
            )
        parts = parts.tolist()
    if isinstance(parts, int):
        if parts <= 0:
            raise RuntimeError(f"number of sections must be larger than 0, got {parts}")
        larger = size % parts
        bounds = [number * (size // parts) + min(number, larger) for number in range(parts + 1)]
    else:
        bounds = [0, *(min(max(index + size * (index < 0), 0), size) for index in parts), size]
    return tuple(slice(input, d, start, max(start, stop), 1) for start, stop in pairwise(bounds))


def _split_along(
    name: str, input: Tensor, indices_or_sections: int | Sequence[int], least: int, dim: int
) -> tuple[Tensor, ...]:
    shape, parts = input._array.shape, indices_or_sections
    if isinstance(parts, str):
        raise TypeError(
            f"{name}() received an invalid combination of arguments - got (Tensor, str), but expected one of:\n"
            " * (Tensor input, int sections)\n * (Tensor input, tuple of ints indices)"
        )
    if len(shape) < least:
        raise RuntimeError(
            f"torch.{name} requires a tensor with at least {least} dimension, but got a tensor with {len(shape)} dimensions!"
        )
    if isinstance(parts, int) and (parts == 0 or shape[dim] % parts):
        raise RuntimeError(
            f"torch.{name} attempted to split along dimension {dim}, but the size of the dimension {shape[dim]} is not "
            f"divisible by the split_size {parts}!"
        )
    return tensor_split(input, parts, dim)


@operator
def hsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """``tensor_split`` along the second dimension, or along the only one; a number of pieces must divide it."""
    return _split_along("hsplit", input, indices_or_sections, 1, 0 if input._array.ndim == 1 else 1)


@operator
def vsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """``tensor_split`` along the first of at least two dimensions; a number of pieces must divide it."""
    return _split_along("vsplit", input, indices_or_sections, 2, 0)


@operator
def dsplit(input: Tensor, indices_or_sections: int | Sequence[int]) -> tuple[Tensor, ...]:
    """``tensor_split`` along the third of at least three dimensions; a number of pieces must divide it."""
    return _split_along("dsplit", input, indices_or_sections, 3, 2)
