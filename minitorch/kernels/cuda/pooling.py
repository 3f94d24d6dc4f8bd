"""Max pooling over the last dimensions, one, two or three, its gradient, and the gradient's gradient.

What differs between the poolings is only where windows lie: evenly, adapted to the size of the result, or at random. Tables say
it, for each dimension, and one kernel does the rest; fewer dimensions are those of a volume that is one element deep.

Forward notes which element won each window, as a flat position in its plane, the elements of the last dimensions.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np
from numba import uint32

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.elementwise import add, row_by_row, write_over
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import lift, position
from minitorch.kernels.cuda.lines import table
from minitorch.kernels.cuda.planes import into_planes
from minitorch.kernels.cuda.shape import slice, unsqueeze
from minitorch.kernels.halves import in_float32
from minitorch.kernels.windows import adaptive_windows, index_dtype, pooled_size

__all__ = [
    "adaptive_max_pool", "fractional_max_pool", "max_pool", "max_pool_backward", "max_pool_gather", "max_unpool",
]  # fmt: skip

Sizes = tuple[int, ...]


class Line(NamedTuple):
    """Where windows lie along a dimension: their first elements, before which element they end, and how far elements are apart.

    Begins and ends are of all planes, (windows,), or of each, (planes, windows), on the device, as int32.
    """

    windows: int
    begins: DeviceArray
    ends: DeviceArray
    step: int = 1


@in_float32
def max_pool(
    input: DeviceArray, kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> tuple[DeviceArray, DeviceArray]:
    """The largest element of each window over the last dimensions, and its position in the plane.

    The first of equal elements wins, a NaN beats all that is none, the last NaN wins. Padding never wins.
    A window wholly in the padding, which dilation can cause, is -inf at the position beyond its row or its column.
    Positions are of the smallest type that holds them.
    """
    lines, beyond, outside = [], 0, False
    sizes = input.shape[-len(kernel_size) :]
    for size, kernel, step, before, apart in zip(sizes, kernel_size, stride, padding, dilation, strict=True):
        starts = np.arange(pooled_size(size, kernel, step, before, apart, ceil_mode)) * step - before
        begins = np.where(starts < 0, starts % apart, starts)
        ends = np.minimum(starts + apart * (kernel - 1) + 1, size)
        lines.append(_line(begins, ends, apart))
        last = int(begins.max(initial=0))
        beyond, outside = beyond * size + last, outside or last >= size
    return _pooled(input, lines, max(prod(sizes), beyond if outside else 0))


@in_float32
def adaptive_max_pool(input: DeviceArray, output_size: Sizes) -> tuple[DeviceArray, DeviceArray]:
    """The largest elements of ``output_size`` windows that together cover the plane, with positions as of ``max_pool``."""
    sizes = input.shape[-len(output_size) :]
    lines = [_line(*adaptive_windows(size, count)) for size, count in zip(sizes, output_size, strict=True)]
    return _pooled(input, lines, prod(sizes))


def fractional_max_pool(
    input: DeviceArray, samples: DeviceArray, kernel_size: Sizes, output_size: Sizes
) -> tuple[DeviceArray, DeviceArray]:
    """The largest elements of windows that lie as random numbers say, with positions as of ``max_pool``.

    ``samples`` has for each plane (row) a number for each dimension, from 0 to 1, in whose dtype places are computed.

    Source: Graham, Fractional Max-Pooling, 2014.
    """
    sizes = input.shape[-len(kernel_size) :]
    lines = []
    for d, (size, count, kernel) in enumerate(zip(sizes, output_size, kernel_size, strict=True)):
        begins = _random_starts(slice(samples, 1, d, d + 1, 1), size, count, kernel)
        ends = add(begins, kernel)
        lines.append(Line(count, begins, ends))
    return in_float32(_pooled)(input, lines, prod(sizes))


@in_float32
def max_pool_backward(grad: DeviceArray, indices: DeviceArray, input: DeviceArray, dims: int) -> DeviceArray:
    """Adds each element of ``grad`` to the position, in zeros of the shape of ``input``, that ``indices`` name for it."""
    return into_planes(grad, indices, input.shape, dims)


def max_pool_gather(input: DeviceArray, indices: DeviceArray, dims: int) -> DeviceArray:
    """The elements of ``input`` at the positions ``indices`` in its planes, which the last ``dims`` dimensions make up."""
    out = empty(indices.shape, input.dtype)
    numbers = tuple(map(np.uint32, (out.size, prod(input.shape[-dims:]), prod(indices.shape[-dims:]))))
    launch(_gather, blocks_for(out.size), (out, row_by_row(input), row_by_row(indices), *numbers))
    return out


@in_float32
def max_unpool(values: DeviceArray, indices: DeviceArray, output_size: Sizes) -> DeviceArray:
    """Planes of zeros, but for the values at their positions; the last one where several have the same."""
    dims = len(output_size)
    return into_planes(values, indices, (*values.shape[:-dims], *output_size), dims, _second)


def _second(x: Any, y: Any) -> Any:
    return y


def _line(begins: np.ndarray, ends: np.ndarray, step: int = 1) -> Line:
    return Line(len(begins), table(begins.astype(np.int32)), table(ends.astype(np.int32)), step)


def _random_starts(shares: DeviceArray, size: int, count: int, kernel_size: int) -> DeviceArray:
    """Where each plane's windows begin along a dimension, (planes, windows).

    Evenly apart but for rounding, which the plane's share, from 0 to 1, decides.
    """
    last, number = size - kernel_size, shares.dtype.type
    step = number(last) / number(max(count - 1, 1))
    numbers = unsqueeze(table(np.arange(count, dtype=shares.dtype)), 0)
    starts = lift(_random_start, numbers, shares, numbers=(step,), dtype=np.dtype(np.int32))
    write_over(slice(starts, 1, max(count - 1, 0), count, 1), table(np.array(last, np.int32)))
    return starts


def _random_start(number: Any, share: Any, step: Any) -> Any:
    return int((number + share) * step) - int(share * step)


def _pooled(input: DeviceArray, lines: list[Line], largest: int) -> tuple[DeviceArray, DeviceArray]:
    dims = len(lines)
    shape = (*input.shape[:-dims], *[line.windows for line in lines])
    output, indices = empty(shape, input.dtype), empty(shape, index_dtype(largest))
    nothing = input.dtype.type(-np.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min)
    of_volume = [_line(np.array([0]), np.array([1]))] * (3 - dims) + lines
    sizes = (1,) * (3 - dims) + input.shape[-dims:]
    by_plane = [line.windows if line.begins.ndim == 2 else 0 for line in of_volume]
    numbers = (
        output.size,
        *sizes,
        *[line.windows for line in of_volume],
        *by_plane,
        *[line.step for line in of_volume],
    )
    begins, ends = tuple(line.begins for line in of_volume), tuple(line.ends for line in of_volume)
    arrays = (output, indices, row_by_row(input), begins, ends)
    launch(_pool, blocks_for(output.size), (*arrays, nothing, tuple(map(np.uint32, numbers))))
    return output, indices


def _pool(output, indices, input, begins, ends, nothing, numbers):
    """A thread for each window."""
    size, extent, height, width, deep, high, wide, slab_step, row_step, column_step, inward, down, right = numbers
    window = position()
    if window < size:
        line = uint32(window // wide)
        slab = uint32(line // high)
        plane = uint32(slab // deep)
        i = uint32(uint32(slab - uint32(plane * deep)) + uint32(plane * slab_step))
        j = uint32(uint32(line - uint32(slab * high)) + uint32(plane * row_step))
        k = uint32(uint32(window - uint32(line * wide)) + uint32(plane * column_step))
        d, first_row, first_column = uint32(begins[0][i]), uint32(begins[1][j]), uint32(begins[2][k])
        last_slab, last_row, last_column = uint32(ends[0][i]), uint32(ends[1][j]), uint32(ends[2][k])
        start = uint32(uint32(uint32(plane * extent) * height) * width)
        best, found = nothing, False
        winner = uint32(uint32(uint32(uint32(d * height) + first_row) * width) + first_column)
        while d < last_slab:
            row = first_row
            while row < last_row:
                column = first_column
                while column < last_column:
                    at = uint32(uint32(uint32(uint32(d * height) + row) * width) + column)
                    value = input[uint32(start + at)]
                    if not found or value > best or value != value:
                        best, winner, found = value, at, True
                    column = uint32(column + right)
                row = uint32(row + down)
            d = uint32(d + inward)
        output[window] = best
        indices[window] = winner


def _gather(out, input, indices, size, plane, windows):
    i = position()
    if i < size:
        at = uint32(indices[i])
        value = type(input[0])(0)
        if at < plane:
            value = input[uint32(uint32(uint32(i // windows) * plane) + at)]
        out[i] = value
