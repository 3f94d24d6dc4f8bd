"""Pooling of windows that adapt to the size of the result: together they cover the input, and are about alike."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.dtypes import int64
from minitorch.kernels.windows import adaptive_windows
from minitorch.ops.arguments import Each, dtype_name
from minitorch.ops.average_pooling import Averaging, check_signal
from minitorch.ops.max_pooling import MaxPooling
from minitorch.ops.operator import operator
from minitorch.ops.pooling import Sizes, for_each
from minitorch.ops.reduction import mean
from minitorch.ops.shape import squeeze, unsqueeze

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

OutputSize = int | Sequence[int | None]
"""Of the result; with ``None`` for a dimension that stays as it is."""


class AdaptiveAvgPool2DBackward0(Averaging):
    pass


class AdaptiveAvgPool3DBackward0(Averaging):
    pass


class AdaptiveMaxPool2DBackward0(MaxPooling):
    dims, kernel = 2, "adaptive_max_pool"


class AdaptiveMaxPool3DBackward0(MaxPooling):
    dims, kernel = 3, "adaptive_max_pool"


def _size(output_size: OutputSize, shape: Sizes, dims: int) -> Sizes:
    if isinstance(output_size, int):
        return (output_size,) * dims
    if len(shape) <= len(output_size):
        raise ValueError(f"Input dimension should be at least {len(output_size) + 1}")
    own = shape[len(shape) - len(output_size) :]
    return tuple(old if size is None else size for size, old in zip(output_size, own, strict=True))


def _check(name: str, shape: Sizes, dims: int, colon: str, first: int) -> None:
    """Checks that the shape is of a batch of planes, and that none of its dimensions from ``first`` on is empty."""
    wrong = len(shape) not in (dims + 1, dims + 2)
    empty = [d for d in range(first, len(shape)) if not shape[d]]
    if wrong and not (name == "adaptive_avg_pool3d" and empty):
        raise RuntimeError(f"{name}(): Expected {dims + 1}D or {dims + 2}D tensor, but got{colon} {list(shape)}")
    if empty:
        raise RuntimeError(
            f"{name}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes {list(shape)} with "
            f"dimension {empty[0]} being empty"
        )


# -- averages --------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _adapted(sizes: Sizes, output_size: Sizes) -> Any:
    """The windows, as the kernels want them (see ``averaging``)."""
    bounds = tuple(adaptive_windows(size, count) for size, count in zip(sizes, output_size, strict=True))
    return bounds, reduce(np.multiply.outer, [end - begin for begin, end in bounds])


def _adaptive_avg_pool(dims: int, input: Tensor, output_size: OutputSize) -> Tensor:
    name, shape = f"adaptive_avg_pool{dims}d", tuple(input._array.shape)
    sizes = _size(output_size, shape, dims)
    if len(sizes) != dims:
        raise RuntimeError(f"{name}: output_size must be {dims}")
    if min(sizes) < 0:
        given = ", ".join(map(str, sizes[:2])) + "".join(f",{size}" for size in sizes[2:])
        raise RuntimeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received {{{given}}}"
        )
    if set(sizes) == {1}:
        return mean(input, tuple(range(-1, -dims - 1, -1)), keepdim=True)  # type: ignore[no-any-return]
    _check(name, shape, dims, "", first=max(len(shape) - 2, 0) if dims == 2 else 1)
    if input._array.dtype.kind != "f":
        kernel = name if dims == 2 else f"{name}_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype_name(input)}'")
    node = AdaptiveAvgPool2DBackward0 if dims == 2 else AdaptiveAvgPool3DBackward0
    return node.apply(input, windows=_adapted(shape[-dims:], sizes))


@operator(method=False)
def adaptive_avg_pool1d(input: Tensor, output_size: Each) -> Tensor:
    """The means of ``output_size`` windows that cover (batch, channels, length), or one signal of a batch.

    Raises:
        RuntimeError: shape or size do not fit.
    """
    sizes = for_each("adaptive_avg_pool1d", "output_size", output_size, 1)
    check_signal("adaptive_avg_pool1d", input)
    return squeeze(_adaptive_avg_pool(2, unsqueeze(input, -2), (1, *sizes)), -2)


@operator(method=False, public=False)
def adaptive_avg_pool2d(input: Tensor, output_size: OutputSize) -> Tensor:
    """The means of windows that cover each plane of (batch, channels, height, width), or of one image of a batch.

    Args:
        input: floating point.
        output_size: height and width of the result, or one number for both; ``None`` for one that stays as it is.

    Raises:
        RuntimeError: shape or size do not fit.
    """
    return _adaptive_avg_pool(2, input, output_size)


@operator(method=False, public=False)
def adaptive_avg_pool3d(input: Tensor, output_size: OutputSize) -> Tensor:
    """The means of windows that cover each volume of (batch, channels, depth, height, width); see ``adaptive_avg_pool2d``."""
    return _adaptive_avg_pool(3, input, output_size)


# -- largest elements ------------------------------------------------------------------------------------------------------


def _adaptive_max_pool(dims: int, input: Tensor, output_size: OutputSize) -> tuple[Tensor, Tensor]:
    name, shape = f"adaptive_max_pool{dims}d", tuple(input._array.shape)
    sizes = _size(output_size, shape, dims)
    _check(name, shape, dims, ":", first=1)
    if len(sizes) != dims:
        raise RuntimeError(f"{name}(): internal error: output_size.size() must be {dims}")
    if min(sizes) < 0:
        whole = [*shape[:-dims], *sizes]
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(sizes)}: {whole}")
    if input._array.dtype.kind != "f":
        kernel = name if dims == 2 else f"{name}_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype_name(input)}'")
    node = AdaptiveMaxPool2DBackward0 if dims == 2 else AdaptiveMaxPool3DBackward0
    values, indices = node.apply(input, output_size=sizes)
    return values, indices.to(int64)


@operator(method=False)
def adaptive_max_pool1d(input: Tensor, output_size: Each) -> Any:
    """The largest elements of ``output_size`` windows that cover (batch, channels, length), and where they were.

    Raises:
        RuntimeError: shape or size do not fit.
    """
    sizes = for_each("adaptive_max_pool1d", "output_size", output_size, 1)
    check_signal("adaptive_max_pool1d", input)
    _check("adaptive_max_pool1d", input._array.shape, 1, ":", first=1)
    values, indices = _adaptive_max_pool(2, unsqueeze(input, -2), (1, *sizes))
    return squeeze(values, -2), squeeze(indices, -2)


@operator(method=False, public=False)
def adaptive_max_pool2d(input: Tensor, output_size: OutputSize) -> Any:
    """The largest elements of windows that cover each plane, and where they were; arguments as for ``adaptive_avg_pool2d``."""
    return _adaptive_max_pool(2, input, output_size)


@operator(method=False, public=False)
def adaptive_max_pool3d(input: Tensor, output_size: OutputSize) -> Any:
    """The largest elements of windows that cover each volume, and where they were; see ``adaptive_avg_pool2d``."""
    return _adaptive_max_pool(3, input, output_size)
