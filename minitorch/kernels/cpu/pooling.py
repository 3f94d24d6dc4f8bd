"""Max pooling over the last two dimensions, its gradient, and the gradient's gradient.

Forward notes which element won each window, as a flat position in its plane of ``height * width`` elements. With
these, the gradient is a scatter (each winner gets its window's gradient; windows may overlap, so it adds), and the
gradient of that is a gather.
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import Any

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.cpu.halves import in_float32
from minitorch.kernels.windows import index_dtype, windows_along

__all__ = ["max_pool2d", "max_pool2d_backward", "max_pool2d_gather"]

Array = np.ndarray
Pair = tuple[int, int]

SHARED = 2**12  # windows from which more than one thread pays
BAND = 1024  # windows of a plane to look at together: what is noted of them should stay in the core's first cache


@in_float32
def max_pool2d(
    input: Array, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[Array, Array]:
    """The largest element of each window of (..., height, width), and its position in the plane.

    The first of equal elements wins, a NaN beats all that is none, the last NaN wins. Padding never wins.
    A window wholly in the padding, which dilation can cause, is -inf at a position beyond the plane.
    Positions are of the smallest type that holds them.
    """
    positions, beyond = _positions(*input.shape[-2:], kernel_size, stride, padding, dilation, ceil_mode)
    shape = (*input.shape[:-2], *positions.shape[1:])
    output, indices = np.empty(shape, input.dtype), np.empty(shape, beyond.dtype)
    _shared(_pool, output)(*_planes(input, output, indices), positions.reshape(len(positions), -1))
    if beyond.size:
        nothing = beyond >= 0
        output[..., nothing] = -np.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min
        indices[..., nothing] = beyond[nothing]
    return output, indices


@in_float32
def max_pool2d_backward(grad: Array, indices: Array, input: Array) -> Array:
    """Adds each element of ``grad`` to the position, in zeros of the shape of ``input``, that ``indices`` name for it."""
    input_grad = np.empty(input.shape, grad.dtype)
    _shared(_scatter_add, grad)(*_planes(input_grad, grad, indices))
    return input_grad


def max_pool2d_gather(input: Array, indices: Array) -> Array:
    """The elements of ``input`` (..., height, width) at the flat positions ``indices`` (..., out_height, out_width)."""
    output = np.empty(indices.shape, input.dtype)
    _shared(_gather, output)(*_planes(input, output, indices))
    return output


def _shared(kernel: Any, windows: Array) -> Any:
    return kernel if windows.size >= SHARED else kernel.serial


def _planes(*arrays: Array) -> list[Array]:
    """Each array as (number of planes, elements of a plane)."""
    return [
        np.ascontiguousarray(each).reshape(prod(each.shape[:-2]), each.shape[-2] * each.shape[-1]) for each in arrays
    ]


@lru_cache(maxsize=64)
def _positions(
    height: int, width: int, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[Array, Array]:
    """Where in a plane each element of the kernel lies in each window: (kernel elements, out_height, out_width), uint32.

    What lies in the padding is replaced by the nearest that does not: seen twice, it wins no more often.
    Also returns the positions beyond the plane of windows wholly in the padding, (out_height, out_width), with -1 for the
    others; or nothing, if there are no such windows.
    """
    (rows, top), (columns, left) = (
        _lines(*each, ceil_mode) for each in zip((height, width), kernel_size, stride, padding, dilation, strict=True)
    )
    positions = (rows[:, None, :, None] * width + columns[:, None, :]).astype(np.uint32)
    outside = np.add.outer(top >= height, left >= width)
    beyond = np.where(outside, np.add.outer(top * width, left), -1)
    beyond = beyond.astype(index_dtype(max(height * width, beyond.max())))
    return positions.reshape(-1, *positions.shape[2:]), beyond if outside.any() else beyond[:0, :0]


def _lines(
    extent: int, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> tuple[Array, Array]:
    """The input's row (or column) for each row of the kernel in each window, (kernel_size, windows), and the first of each.

    Rows outside are replaced by the nearest one inside that the window meets, if it meets one.
    """
    starts = np.arange(windows_along(extent, kernel_size, stride, padding, dilation, ceil_mode)) * stride - padding
    first = np.where(starts < 0, starts % dilation, starts)
    last = first + (extent - 1 - first) // dilation * dilation
    lines = np.clip(starts + np.arange(kernel_size)[:, None] * dilation, first, np.maximum(first, last))
    return np.minimum(lines, extent - 1), first


@parallel_jit
def _pool(planes, output, indices, positions):
    count, windows = output.shape
    bands = -(-windows // BAND)
    for item in prange(count * bands):
        plane, begin = item % count, item // count * BAND
        elements, best = planes[plane], output[plane, begin : begin + BAND]
        winner = positions[0, begin : begin + BAND].copy()
        candidates = np.empty_like(best)
        for window in range(len(best)):
            best[window] = elements[winner[window]]
        for number in range(1, len(positions)):
            places = positions[number, begin : begin + BAND]
            for window in range(len(best)):
                candidates[window] = elements[places[window]]
            for window in range(len(best)):
                value, largest, place, place_of_largest = (
                    candidates[window],
                    best[window],
                    places[window],
                    winner[window],
                )
                # Two selections, one after the other, are what LLVM has vector instructions for.
                larger = value if value > largest else largest
                place_of_larger = place if value > largest else place_of_largest
                best[window] = value if value != value else larger
                winner[window] = place if value != value else place_of_larger
        indices[plane, begin : begin + BAND] = winner


@parallel_jit
def _scatter_add(input_grad, grad, indices):
    for plane in prange(len(input_grad)):
        whole = input_grad[plane]
        whole[:] = 0
        for window in range(grad.shape[1]):
            position = indices[plane, window]
            if position < len(whole):
                whole[position] += grad[plane, window]


@parallel_jit
def _gather(input, output, indices):
    for plane in prange(len(input)):
        for window in range(output.shape[1]):
            position = indices[plane, window]
            output[plane, window] = input[plane, position] if position < input.shape[1] else 0
