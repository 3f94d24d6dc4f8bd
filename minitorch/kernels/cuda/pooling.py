"""Max pooling over the last dimensions, one or two, its gradient, and the gradient's gradient.

Forward notes which element won each window, as a flat position in its plane, the elements of the last dimensions.
"""

from __future__ import annotations

from functools import cache
from math import prod
from typing import Any

import numpy as np
from numba import int32, uint32

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import position
from minitorch.kernels.cuda.shape import squeeze, unsqueeze
from minitorch.kernels.windows import in_a_plane, index_dtype, pooled_size

__all__ = ["max_pool", "max_pool_backward", "max_pool_gather"]

Sizes = tuple[int, ...]

THREADS = 256


def max_pool(
    input: DeviceArray, kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> tuple[DeviceArray, DeviceArray]:
    """The largest element of each window over the last dimensions, and its position in the plane.

    The first of equal elements wins, a NaN beats all that is none, the last NaN wins. Padding never wins.
    A window wholly in the padding, which dilation can cause, is -inf at a position beyond the plane.
    Positions are of the smallest type that holds them.

    Raises:
        NotImplementedError: windows have three dimensions.
    """
    dims = len(kernel_size)
    if dims == 1:  # the one row of a plane
        row = input.ndim - 1
        how = in_a_plane(stride, padding, dilation)
        output, indices = max_pool(unsqueeze(input, row), (1, *kernel_size), *how, ceil_mode)
        return squeeze(output, (row,)), squeeze(indices, (row,))
    if dims != 2:
        raise NotImplementedError(f"max_pool over {dims} dimensions is not supported on CUDA")
    plane = input.shape[-2:]
    size = tuple(
        pooled_size(*line, ceil_mode) for line in zip(plane, kernel_size, stride, padding, dilation, strict=True)
    )
    rows, columns = map(_firsts, size, stride, padding, dilation)
    beyond = (rows >= plane[0]).any() or (columns >= plane[1]).any()
    largest = max(prod(plane), int(rows.max(initial=0) * plane[1] + columns.max(initial=0)) if beyond else 0)
    shape = (*input.shape[:-2], *size)
    output, indices = empty(shape, input.dtype), empty(shape, index_dtype(largest))
    numbers = (output.size, *plane, *size, *kernel_size, *stride, *padding, *dilation)
    nothing = input.dtype.type(-np.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min)
    launch(
        _pool, blocks_for(output.size), (output, indices, row_by_row(input), nothing, tuple(map(np.uint32, numbers)))
    )
    return output, indices


def max_pool_backward(grad: DeviceArray, indices: DeviceArray, input: DeviceArray, dims: int) -> DeviceArray:
    """Adds each element of ``grad`` to the position, in zeros of the shape of ``input``, that ``indices`` name for it."""
    out = empty(input.shape, grad.dtype)
    plane, windows = prod(input.shape[-dims:]), prod(grad.shape[-dims:])
    kernel = _scatter(number_type(grad.dtype))
    sizes = (np.uint32(plane), np.uint32(windows))
    launch(
        kernel,
        (prod(input.shape[:-dims]) if plane else 0,),
        (out, row_by_row(grad), row_by_row(indices), *sizes),
        THREADS,
    )
    return out


def max_pool_gather(input: DeviceArray, indices: DeviceArray, dims: int) -> DeviceArray:
    """The elements of ``input`` at the positions ``indices`` in its planes, which the last ``dims`` dimensions make up."""
    out = empty(indices.shape, input.dtype)
    numbers = tuple(map(np.uint32, (out.size, prod(input.shape[-dims:]), prod(indices.shape[-dims:]))))
    launch(_gather, blocks_for(out.size), (out, row_by_row(input), row_by_row(indices), *numbers))
    return out


def _firsts(count: int, stride: int, padding: int, dilation: int) -> np.ndarray:
    """For each window along a dimension, where the first of its places that is not before the plane is."""
    starts = np.arange(count) * stride - padding
    return np.where(starts < 0, starts % dilation, starts)


@function
def _inside(start, dilation):
    """The first place of a window's line that is not in the padding before the plane."""
    if start >= 0:
        return int32(start)
    return int32(
        int32(start + int32(uint32(uint32(dilation - int32(1)) - uint32(start)) // uint32(dilation) * dilation))
    )


def _pool(output, indices, input, nothing, numbers):
    """A thread for each window."""
    size, height, width, out_height, out_width, _, _, _, _, _, _, _, _ = numbers
    _, _, _, _, _, kernel_height, kernel_width, row_step, column_step, top, left, down, right = numbers
    window = position()
    if window < size:
        line = uint32(window // out_width)
        plane = uint32(line // out_height)
        i, j = uint32(line - uint32(plane * out_height)), uint32(window - uint32(line * out_width))
        start = uint32(uint32(plane * height) * width)
        row, first_column = int32(uint32(uint32(i * row_step) - top)), int32(uint32(uint32(j * column_step) - left))
        best, found = nothing, False
        beyond = int32(uint32(_inside(row, int32(down)) * int32(width)) + uint32(_inside(first_column, int32(right))))
        winner = beyond
        for _ in range(kernel_height):
            column = first_column
            for _ in range(kernel_width):
                if uint32(row) < height and uint32(column) < width:
                    at = uint32(uint32(uint32(row) * width) + uint32(column))
                    value = input[uint32(start + at)]
                    if not found or value > best or value != value:
                        best, winner, found = value, int32(at), True
                column = int32(column + int32(right))
            row = int32(row + int32(down))
        output[window] = best
        indices[window] = winner


@cache
def _scatter(number: Any) -> Any:
    """A block for each plane, which takes 256 windows at a time: of those with one winner, the first adds up all.

    So sums are the same from run to run, however windows overlap.
    """

    def kernel(out, grad, indices, plane, windows):
        winners = cuda.shared.array(THREADS, int32)
        values = cuda.shared.array(THREADS, number)
        thread, block = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.x)
        start = uint32(block * plane)
        i = thread
        while i < plane:
            out[uint32(start + i)] = number(0)
            i = uint32(i + uint32(THREADS))
        begin = uint32(0)
        while begin < windows:
            cuda.syncthreads()  # zeros are written, and what was in shared memory is no longer needed
            window = uint32(begin + thread)
            mine = int32(-1)
            if window < windows:
                at = uint32(uint32(block * windows) + window)
                mine = int32(indices[at])
                values[thread] = grad[at]
            winners[thread] = mine
            cuda.syncthreads()
            if mine >= 0 and uint32(mine) < plane:
                total, first = number(0), True
                count = min(uint32(THREADS), uint32(windows - begin))
                n = uint32(0)
                while n < count:
                    if winners[n] == mine:
                        if n < thread:
                            first = False
                        total += values[n]
                    n = uint32(n + uint32(1))
                if first:
                    out[uint32(start + uint32(mine))] += total
            begin = uint32(begin + uint32(THREADS))

    return kernel


def _gather(out, input, indices, size, plane, windows):
    i = position()
    if i < size:
        at = uint32(indices[i])
        value = type(input[0])(0)
        if at < plane:
            value = input[uint32(uint32(uint32(i // windows) * plane) + at)]
        out[i] = value
