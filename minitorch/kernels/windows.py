"""Where windows lie along a dimension, for all devices."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray


def pooled_size(size: int, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool = False) -> int:
    """How many windows there are; with ``ceil_mode`` those that reach over the far edge count too."""
    steps = size + 2 * padding - dilation * (kernel_size - 1) - 1
    count = (steps + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1  # the last window must start inside the input or the padding before it
    return count


def adaptive_windows(size: int, count: int) -> tuple[Array, Array]:
    """Where each of ``count`` windows begins, and before which element it ends; together they cover all elements."""
    number = np.arange(count)
    return number * size // count, -(-(number + 1) * size // count)


def pooling_windows(
    size: int, kernel_size: int, stride: int, padding: int, ceil_mode: bool
) -> tuple[Array, Array, Array]:
    """Where each window begins, before which element it ends, and how many elements it has, those in the padding too."""
    begin = np.arange(pooled_size(size, kernel_size, stride, padding, 1, ceil_mode)) * stride - padding
    end = np.minimum(begin + kernel_size, size + padding)
    return np.maximum(begin, 0), np.minimum(end, size), end - begin


def in_a_plane(stride: tuple[int, ...], padding: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[Any, Any, Any]:
    """How windows over a line move when it is seen as the one row of a plane."""
    return (1, *stride), (0, *padding), (1, *dilation)


def index_dtype(largest: int) -> np.dtype:
    """The smallest type that holds positions up to this one."""
    return next(np.dtype(each) for each in (np.int16, np.int32, np.int64) if largest <= np.iinfo(each).max)


def padding_sources(size: int, before: int, after: int, mode: str) -> Array:
    """Which element each place of a padded dimension shows: the nearest (``"replicate"``), or mirrored (``"reflect"``)."""
    places = np.arange(-before, size + after)
    if mode == "replicate":
        return places.clip(0, size - 1)
    return size - 1 - abs(size - 1 - abs(places))  # mirrored at both ends
