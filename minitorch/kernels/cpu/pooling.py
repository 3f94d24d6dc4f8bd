"""Max pooling over the last two dimensions, its gradient, and the gradient's gradient.

Forward notes which element won each window, as a flat position in its plane of ``height * width`` elements. With
these, the gradient is a scatter (each winner gets its window's gradient; windows may overlap, so it adds), and the
gradient of that is a gather.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from minitorch.kernels.cpu.threads import jit, parallel_jit

__all__ = ["max_pool2d", "max_pool2d_backward", "max_pool2d_gather"]

Pair = tuple[int, int]


def max_pool2d(
    input: np.ndarray, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair, ceil_mode: bool
) -> tuple[np.ndarray, np.ndarray]:
    """The largest element of each window of (..., height, width), and its int64 position in the plane.

    The first of equal elements wins, a NaN beats all that is none, the last NaN wins. Padding never wins.
    A window wholly in the padding, which dilation can cause, is -inf at a position beyond the plane.
    """
    if input.dtype == np.float16:
        output, indices = max_pool2d(input.astype(np.float32), kernel_size, stride, padding, dilation, ceil_mode)
        return output.astype(np.float16), indices
    height, width = input.shape[-2:]
    out_height, out_width = (
        _output_size(size, k, s, p, d, ceil_mode)
        for size, k, s, p, d in zip((height, width), kernel_size, stride, padding, dilation, strict=True)
    )
    planes = np.ascontiguousarray(input).reshape(-1, height, width)
    output = np.empty((len(planes), out_height, out_width), input.dtype)
    indices = np.empty(output.shape, np.int64)
    lowest = input.dtype.type(-np.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min)
    _pool(planes, lowest, output, indices, kernel_size, stride, padding, dilation)
    shape = (*input.shape[:-2], out_height, out_width)
    return output.reshape(shape), indices.reshape(shape)


def _output_size(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int:
    steps = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (steps + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1  # the last window must start inside the input or the padding before it
    return count


def max_pool2d_backward(grad: np.ndarray, indices: np.ndarray, input: np.ndarray) -> np.ndarray:
    """Adds each element of ``grad`` to the position, in zeros of the shape of ``input``, that ``indices`` name for it."""
    if grad.dtype == np.float16:
        return max_pool2d_backward(grad.astype(np.float32), indices, input).astype(np.float16)
    input_grad = np.empty(input.shape, grad.dtype)
    _scatter_add(*_planes(input_grad, grad, indices))
    return input_grad


def max_pool2d_gather(input: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """The elements of ``input`` (..., height, width) at the flat positions ``indices`` (..., out_height, out_width)."""
    output = np.empty(indices.shape, input.dtype)
    _gather(*_planes(input, output, indices))
    return output


def _planes(*arrays: np.ndarray) -> list[np.ndarray]:
    """Each array as (number of planes, elements of a plane)."""
    return [
        np.ascontiguousarray(each).reshape(int(np.prod(each.shape[:-2])), each.shape[-2] * each.shape[-1])
        for each in arrays
    ]


@parallel_jit
def _pool(planes, lowest, output, indices, kernel_size, stride, padding, dilation):
    height, width = planes.shape[1:]
    count, out_height, out_width = output.shape
    for row in prange(count * out_height):
        plane, i = divmod(np.int64(row), out_height)
        top, bottom = _inside(i, kernel_size[0], stride[0], padding[0], dilation[0], height)
        for j in range(out_width):
            left, right = _inside(j, kernel_size[1], stride[1], padding[1], dilation[1], width)
            best = lowest
            winner = top * width + left
            for h in range(top, bottom, dilation[0]):
                for w in range(left, right, dilation[1]):
                    value = planes[plane, h, w]
                    wins = (value > best) | (value != value)  # selected, not branched on: it cannot be predicted
                    best = value if wins else best
                    winner = h * width + w if wins else winner
            output[plane, i, j] = best
            indices[plane, i, j] = winner


@jit
def _inside(i, kernel_size, stride, padding, dilation, size):
    """The first position of window ``i`` that is not padding before the input, and the end of the window or input."""
    start = i * stride - padding
    stop = min(start + (kernel_size - 1) * dilation + 1, size)
    while start < 0:
        start += dilation
    return start, stop


@parallel_jit
def _scatter_add(input_grad, grad, indices):
    for plane in prange(len(input_grad)):
        input_grad[plane] = 0
        for i in range(grad.shape[1]):
            if indices[plane, i] < input_grad.shape[1]:
                input_grad[plane, indices[plane, i]] += grad[plane, i]


@parallel_jit
def _gather(input, output, indices):
    for plane in prange(len(input)):
        for i in range(output.shape[1]):
            inside = indices[plane, i] < input.shape[1]
            output[plane, i] = input[plane, indices[plane, i]] if inside else 0
