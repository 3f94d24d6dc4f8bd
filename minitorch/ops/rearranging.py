"""Copies with elements turned, shifted, repeated, blanked out, or dealt to other dimensions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.gathering import apart
from minitorch.autograd.graph import Unary, beside
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import check_exact_dtype, dimension, sizes
from minitorch.ops.gathering import index_select
from minitorch.ops.operator import operator
from minitorch.ops.shape import clone, expand, flatten, unsqueeze

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

# -- order --------------------------------------------------------------------------------------------------------------


class FlipBackward0(Unary):
    __slots__ = ("dims",)

    def forward(self, k: Table, a: Any, dims: tuple[int, ...]) -> Any:
        self.dims = dims
        return k.flip(a, dims)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.flip(grad, self.dims),)


class RollBackward0(Unary):
    __slots__ = ("dims", "shifts")

    def forward(self, k: Table, a: Any, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Any:
        self.shifts, self.dims = shifts, dims
        return k.roll(a, shifts, dims)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.roll(grad, tuple(-each for each in self.shifts), self.dims),)


class Rot90Backward0(Unary):
    __slots__ = ("dims", "times")

    def forward(self, k: Table, a: Any, times: int, dims: tuple[int, int]) -> Any:
        self.times, self.dims = times, dims
        return k.rot90(a, times, dims)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.rot90(grad, -self.times, self.dims),)


@operator
def flip(input: Tensor, dims: Any, *others: int) -> Tensor:
    """A copy with the order of some dimensions reversed.

    Raises:
        RuntimeError: a dimension is named twice.
    """
    wanted = tuple(dimension(d, input._array.ndim) for d in sizes((dims, *others)))
    for position, d in enumerate(wanted):
        if d in wanted[:position]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return FlipBackward0.apply(input, dims=wanted if input._array.ndim else ())


@operator
def fliplr(input: Tensor) -> Tensor:
    """A copy with the order of the second dimension reversed."""
    if input._array.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


@operator
def flipud(input: Tensor) -> Tensor:
    """A copy with the order of the first dimension reversed."""
    if input._array.ndim < 1:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


@operator
def roll(input: Tensor, shifts: int | Sequence[int], dims: int | Sequence[int] = ()) -> Tensor:
    """A copy with elements moved along dimensions, from the end to the start; without ``dims``, along all of it, row by row.

    Raises:
        RuntimeError: not as many shifts as dimensions.
    """
    by, along = ((each,) if isinstance(each, int) else tuple(each) for each in (shifts, dims))
    if not by:
        raise RuntimeError("`shifts` required")
    if len(by) != len(along) and (len(by) > 1 or along):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}")
    if along and not input._array.ndim:
        raise IndexError(f"Dimension specified as {along[0]} but tensor has no dimensions")
    return RollBackward0.apply(input, shifts=by, dims=tuple(dimension(d, input._array.ndim) for d in along))


@operator
def rot90(input: Tensor, k: int = 1, dims: Sequence[int] = (0, 1)) -> Tensor:
    """A copy turned by ``k`` right angles, from the first towards the second of two dimensions.

    Raises:
        RuntimeError: not two different dimensions.
    """
    ndim = input._array.ndim
    if len(dims) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == ndim:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}")
    for d in dims:
        if not -ndim <= d < ndim:
            raise RuntimeError(
                f"Rotation dim0 out of range, dim0 = {d}" if d == dims[0] else f"Rotation dim1 out of range, dim1 = {d}"
            )
    return Rot90Backward0.apply(input, times=k, dims=(dims[0] % ndim, dims[1] % ndim))


# -- triangles ------------------------------------------------------------------------------------------------------------


class TrilBackward0(Unary):
    __slots__ = ("diagonal",)

    def forward(self, k: Table, a: Any, diagonal: int) -> Any:
        self.diagonal = diagonal
        return k.tril(a, diagonal)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.tril(grad, self.diagonal),)


class TriuBackward0(Unary):
    __slots__ = ("diagonal",)

    def forward(self, k: Table, a: Any, diagonal: int) -> Any:
        self.diagonal = diagonal
        return k.triu(a, diagonal)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.triu(grad, self.diagonal),)


@operator(inplace=True, out=check_exact_dtype)
def tril(input: Tensor, diagonal: int = 0) -> Tensor:
    """The lower triangle of each matrix (of the last two dimensions), up to a diagonal; zeros above."""
    if input._array.ndim < 2:
        raise RuntimeError("tril: input tensor must have at least 2 dimensions")
    return TrilBackward0.apply(input, diagonal=diagonal)


@operator(inplace=True, out=check_exact_dtype)
def triu(input: Tensor, diagonal: int = 0) -> Tensor:
    """The upper triangle of each matrix (of the last two dimensions), from a diagonal on; zeros below."""
    if input._array.ndim < 2:
        raise RuntimeError("triu: input tensor must have at least 2 dimensions")
    return TriuBackward0.apply(input, diagonal=diagonal)


# -- repetition -----------------------------------------------------------------------------------------------------------


class RepeatBackward0(Unary):
    """The gradients of all repetitions are added up."""

    __slots__ = ("repeats", "shape")

    def forward(self, k: Table, a: Any, repeats: tuple[int, ...]) -> Any:
        self.shape, self.repeats = a.shape, repeats
        return k.repeat(a, repeats)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        if not self.repeats:
            return (grad,)
        own = (1,) * (len(self.repeats) - len(self.shape)) + self.shape
        pairs = [size for both in zip(self.repeats, own, strict=True) for size in both]
        return (k.reshape(k.sum(k.reshape(grad, pairs), tuple(range(0, len(pairs), 2)), False), self.shape),)


@operator(public=False)
def repeat(input: Tensor, repeats: Any = (), *others: int) -> Tensor:
    """A copy of the whole, so many times along each dimension; more numbers than dimensions make new ones in front.

    Raises:
        RuntimeError: fewer numbers than dimensions, or a negative one.
    """
    times = sizes((repeats, *others))
    if len(times) < input._array.ndim:
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    if any(each < 0 for each in times):
        own = (1,) * (len(times) - input._array.ndim) + input._array.shape
        shape = [size * each for size, each in zip(own, times, strict=True)]
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {shape}")
    return RepeatBackward0.apply(input, repeats=times)


@operator
def tile(input: Tensor, dims: Any = (), *others: int) -> Tensor:
    """As ``repeat``, but fewer numbers than dimensions will do: they are for the last ones."""
    times = sizes((dims, *others))
    return repeat(input, (1,) * (input._array.ndim - len(times)) + times)


@operator
def repeat_interleave(
    input: Tensor, repeats: int | Tensor | None = None, dim: int | None = None, *, output_size: int | None = None
) -> Tensor:
    """Each element along a dimension several times in succession; without ``dim``, each element of the flattened tensor.

    Args:
        input: any shape. Alone, it is the ``repeats`` itself, and the result says which element stands where.
        repeats: a number, or one for each element (int32 or int64).
        dim: the dimension.
        output_size: how many there will be along the dimension.

    Raises:
        RuntimeError: a number is negative, or there are not as many as elements.
    """
    if repeats is None:
        return beside(_interleaved(as_numpys(input._array), output_size), input)
    source, d = (flatten(input), 0) if dim is None else (input, dimension(dim, input._array.ndim))
    size = source._array.shape[d] if source._array.ndim else 1
    if isinstance(repeats, int):
        if repeats < 0:
            raise RuntimeError("Repeats must be non-negative")
        if output_size not in (None, size * repeats):
            raise RuntimeError(
                f"repeat_interleave: Invalid output_size, expected {size * repeats} but got {output_size}"
            )
        shape = list(source._array.shape)
        repeated = expand(unsqueeze(source, d + 1), *shape[: d + 1], repeats, *shape[d + 1 :])
        return flatten(clone(repeated, contiguous=True), d, d + 1)
    if repeats._array.device != input._array.device:
        raise apart("_index_select", input, repeats)
    counts = as_numpys(repeats._array)
    if counts.ndim > 1:
        raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
    if counts.size == 1:
        counts = np.broadcast_to(counts, size)
    elif len(counts) != size:
        raise RuntimeError(
            "repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{len(counts)} and input.size({d}) = {size}"
        )
    return index_select(source, d, beside(_interleaved(counts, output_size), input))


def _interleaved(counts: np.ndarray, output_size: int | None) -> np.ndarray:
    if counts.ndim != 1:
        raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
    if counts.dtype.name not in ("int32", "int64"):
        raise RuntimeError("repeats has to be Long or Int tensor")
    if (counts < 0).any():
        raise RuntimeError("repeats can not be negative")
    if output_size not in (None, counts.sum()):
        raise RuntimeError("allocated size does not match required size")
    return np.repeat(np.arange(len(counts), dtype=counts.dtype), counts)


# -- channels and pixels --------------------------------------------------------------------------------------------------


class PixelShuffleBackward0(Unary):
    __slots__ = ("factor",)

    def forward(self, k: Table, a: Any, factor: int) -> Any:
        self.factor = factor
        return k.pixel_shuffle(a, factor)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.pixel_unshuffle(grad, self.factor),)


class PixelUnshuffleBackward0(Unary):
    __slots__ = ("factor",)

    def forward(self, k: Table, a: Any, factor: int) -> Any:
        self.factor = factor
        return k.pixel_unshuffle(a, factor)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.pixel_shuffle(grad, self.factor),)


class ChannelShuffleBackward0(Unary):
    __slots__ = ("groups",)

    def forward(self, k: Table, a: Any, groups: int) -> Any:
        self.groups = a.shape[1] // groups
        return k.channel_shuffle(a, groups)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.channel_shuffle(grad, self.groups),)


def _images(name: str, factor_name: str, input: Tensor, factor: int) -> tuple[int, ...]:
    shape = input._array.shape
    if len(shape) < 3:
        raise RuntimeError(
            f"{name} expects input to have at least 3 dimensions, but got input with {len(shape)} dimension(s)"
        )
    if factor <= 0:
        raise RuntimeError(f"{name} expects a positive {factor_name}, but got {factor}")
    return shape[-3:]


@operator(method=False)
def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """(…, C r², H, W) as (…, C, H r, W r): channels become pixels.

    Source: Shi et al., Real-Time Single Image and Video Super-Resolution, CVPR 2016.

    Raises:
        RuntimeError: the channels cannot be shared out.
    """
    channels, _, _ = _images("pixel_shuffle", "upscale_factor", input, upscale_factor)
    if channels % upscale_factor**2:
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, but "
            f"input.size(-3)={channels} is not divisible by {upscale_factor**2}"
        )
    return PixelShuffleBackward0.apply(input, factor=upscale_factor)


@operator(method=False)
def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """(…, C, H r, W r) as (…, C r², H, W): the opposite of ``pixel_shuffle``.

    Raises:
        RuntimeError: the pixels cannot be shared out.
    """
    _, *sides = _images("pixel_unshuffle", "downscale_factor", input, downscale_factor)
    for side, name, d in zip(sides, ("height", "width"), (-2, -1), strict=True):
        if side % downscale_factor:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but input.size({d})={side} is not "
                f"divisible by {downscale_factor}"
            )
    return PixelUnshuffleBackward0.apply(input, factor=downscale_factor)


@operator(method=False)
def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """(N, g C, …) with the channels of the groups in turn.

    Source: Zhang et al., ShuffleNet, CVPR 2018.

    Raises:
        RuntimeError: the channels do not fall into so many groups.
    """
    shape = input._array.shape
    if len(shape) < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {list(shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        )
    return ChannelShuffleBackward0.apply(input, groups=groups)
