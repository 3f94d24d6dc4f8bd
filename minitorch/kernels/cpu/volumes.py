"""Convolution over one, two or three dimensions, by way of the two-dimensional kernels.

A signal is an image of one row. In a volume, what lies at the depths that a kernel reaches becomes channels: for each depth of
the output, the slices of the input that it meets are laid side by side, ``slices[n, i, c, a] = input[n, c, stride * i + dilation
* a - padding]``, and so are the depths of the weight.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minitorch.kernels.cpu.convolution import conv2d, conv2d_input_grad, conv2d_weight_grad
from minitorch.kernels.halves import in_float32
from minitorch.kernels.windows import in_a_plane

__all__ = ["convolution", "convolution_input_grad", "convolution_weight_grad"]

Array = np.ndarray
Sizes = tuple[int, ...]


def exact(kernel: Callable[..., Array]) -> Callable[..., Array]:
    """The same kernel for whole numbers too, which float64 holds up to 2**53."""

    @functools.wraps(kernel)
    def for_any(first: Array, weight: Array, *others: Any, **geometry: Any) -> Array:
        if first.dtype.kind == "f":
            return kernel(first, weight, *others, **geometry)
        wider = [each.astype(np.float64) if type(each) is Array else each for each in (first, weight, *others)]
        return kernel(*wider, **geometry).astype(np.int64).astype(first.dtype)

    return for_any


@exact
def convolution(
    input: Array, weight: Array, bias: Array | None, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """Cross-correlation of (N, C, …) with (O, C / groups, …), plus the bias (O,)."""
    if input.ndim == 4:
        return conv2d(input, weight, bias, stride, padding, dilation, groups)
    if input.ndim == 3:
        rows = in_a_plane(stride, padding, dilation)
        return conv2d(input[:, :, None], weight[:, :, None], bias, *rows, groups)[:, :, 0]
    depths = Depths(input.shape[2], weight.shape[2], stride, padding, dilation)
    images = conv2d(depths.slices(input), _as_channels(weight), bias, stride[1:], padding[1:], dilation[1:], groups)
    return _volumes(images, depths.count)


@exact
@in_float32
def convolution_input_grad(
    grad: Array, weight: Array, input_shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The gradient of the input; ``input_shape`` may have any sizes for which there is such an output, or a larger one."""
    if grad.ndim == 4:
        return conv2d_input_grad(grad, weight, input_shape, stride, padding, dilation, groups)
    if grad.ndim == 3:
        batch, channels, width = input_shape
        rows = in_a_plane(stride, padding, dilation)
        image = conv2d_input_grad(grad[:, :, None], weight[:, :, None], (batch, channels, 1, width), *rows, groups)
        return image[:, :, 0]
    depths = Depths(input_shape[2], weight.shape[2], stride, padding, dilation, grad.shape[2])
    shape = (input_shape[0] * depths.count, input_shape[1] * depths.kernel_size, *input_shape[3:])
    images = _images(grad)
    slices = conv2d_input_grad(images, _as_channels(weight), shape, stride[1:], padding[1:], dilation[1:], groups)
    return depths.added_up(slices, input_shape)


@in_float32
def convolution_weight_grad(
    grad: Array, input: Array, weight_shape: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, groups: int
) -> Array:
    """The gradient of the weight."""
    if grad.ndim == 4:
        return conv2d_weight_grad(grad, input, weight_shape, stride, padding, dilation, groups)
    out_channels, channels, *kernel_size = weight_shape
    if grad.ndim == 3:
        shape: Sizes = (out_channels, channels, 1, *kernel_size)
        rows = in_a_plane(stride, padding, dilation)
        return conv2d_weight_grad(grad[:, :, None], input[:, :, None], shape, *rows, groups)[:, :, 0]
    depths = Depths(input.shape[2], weight_shape[2], stride, padding, dilation, grad.shape[2])
    shape = (out_channels, channels * kernel_size[0], *kernel_size[1:])
    slices = depths.slices(input)
    weight_grad = conv2d_weight_grad(_images(grad), slices, shape, stride[1:], padding[1:], dilation[1:], groups)
    return weight_grad.reshape(weight_shape)


def _as_channels(weight: Array) -> Array:
    """(O, C, depth, …) as (O, C depth, …)."""
    return weight.reshape(len(weight), weight.shape[1] * weight.shape[2], *weight.shape[3:])


def _images(volumes: Array) -> Array:
    """(N, C, depth, …) as (N depth, C, …)."""
    batch, channels, depth, *plane = volumes.shape
    return volumes.swapaxes(1, 2).reshape(batch * depth, channels, *plane)


def _volumes(images: Array, depth: int) -> Array:
    """(N depth, C, …) as (N, C, depth, …)."""
    count, channels, *plane = images.shape
    return np.ascontiguousarray(images.reshape(count // depth, depth, channels, *plane).swapaxes(1, 2))


class Depths:
    """Which depths of the input meet which depths of the kernel."""

    def __init__(
        self, extent: int, kernel_size: int, stride: Sizes, padding: Sizes, dilation: Sizes, count: int | None = None
    ) -> None:
        self.extent, self.kernel_size = extent, kernel_size
        self.stride, self.padding, self.dilation = stride[0], padding[0], dilation[0]
        reach = self.dilation * (kernel_size - 1) + 1
        self.count = (extent + 2 * self.padding - reach) // self.stride + 1 if count is None else count

    def meetings(self) -> Iterator[tuple[int, slice, slice]]:
        """For each depth of the kernel, the depths of the output, and those of the input that they meet."""
        for a in range(self.kernel_size):
            offset = a * self.dilation - self.padding
            first = max(0, -(offset // self.stride))
            last = min(self.count - 1, (self.extent - 1 - offset) // self.stride)
            if first <= last:
                start, stop = (i * self.stride + offset for i in (first, last))
                yield a, slice(first, last + 1), slice(start, stop + 1, self.stride)

    def slices(self, input: Array) -> Array:
        """(N, C, depth, …) as (N count, C kernel size, …), with zeros beside the input."""
        batch, channels, _, *plane = input.shape
        slices = np.zeros((batch, self.count, channels, self.kernel_size, *plane), input.dtype)
        for a, outputs, inputs in self.meetings():
            slices[:, outputs, :, a] = input[:, :, inputs].swapaxes(1, 2)
        return slices.reshape(batch * self.count, channels * self.kernel_size, *plane)

    def added_up(self, slices: Array, shape: Sizes) -> Array:
        """The gradient of what ``slices`` was given."""
        batch, channels, _, *plane = shape
        parts = slices.reshape(batch, self.count, channels, self.kernel_size, *plane)
        whole = np.zeros(shape, slices.dtype)
        for a, outputs, inputs in self.meetings():
            whole[:, :, inputs] += parts[:, outputs, :, a].swapaxes(1, 2)
        return whole
