"""Convolution over one, two or three dimensions, by way of the two-dimensional kernels.

A signal is an image of one row. In a volume, what lies at the depths that a kernel reaches becomes channels: for each depth of
the output, the slices of the input that it meets are laid side by side, ``slices[n, i, c, a] = input[n, c, stride * i + dilation
* a - padding]``, and so are the depths of the weight.
"""

from __future__ import annotations

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.columns import met
from minitorch.kernels.cuda.convolution import conv2d, conv2d_input_grad, conv2d_weight_grad
from minitorch.kernels.cuda.elementwise import contiguous_clone
from minitorch.kernels.cuda.lines import added, terms_of
from minitorch.kernels.cuda.rearranging import constant_pad_nd
from minitorch.kernels.cuda.shape import permute, reshape, squeeze, transpose, unsqueeze, view
from minitorch.kernels.halves import in_float32
from minitorch.kernels.windows import in_a_plane, pooled_size

__all__ = ["convolution", "convolution_input_grad", "convolution_weight_grad"]

Sizes = tuple[int, ...]


@in_float32
def convolution(
    input: DeviceArray, weight: DeviceArray, bias: DeviceArray | None,
    stride: Sizes, padding: Sizes, dilation: Sizes, groups: int,
) -> DeviceArray:  # fmt: skip
    """Cross-correlation of (N, C, …) with (O, C / groups, …), plus the bias (O,)."""
    if input.ndim == 4:
        return conv2d(input, weight, bias, stride, padding, dilation, groups)
    if input.ndim == 3:
        rows = in_a_plane(stride, padding, dilation)
        return squeeze(conv2d(unsqueeze(input, 2), unsqueeze(weight, 2), bias, *rows, groups), (2,))
    depth = weight.shape[2]
    count = pooled_size(input.shape[2], depth, stride[0], padding[0], dilation[0])
    slices = _slices(input, depth, count, stride[0], padding[0], dilation[0])
    images = conv2d(slices, _as_channels(weight), bias, stride[1:], padding[1:], dilation[1:], groups)
    by_depth = view(images, (input.shape[0], count, *images.shape[1:]))
    return contiguous_clone(transpose(by_depth, 1, 2))


@in_float32
def convolution_input_grad(
    grad: DeviceArray, weight: DeviceArray, input_shape: Sizes,
    stride: Sizes, padding: Sizes, dilation: Sizes, groups: int,
) -> DeviceArray:  # fmt: skip
    """The gradient of the input; ``input_shape`` may have any sizes for which there is such an output, or a larger one."""
    if grad.ndim == 4:
        return conv2d_input_grad(grad, weight, input_shape, stride, padding, dilation, groups)
    if grad.ndim == 3:
        shape = (*input_shape[:2], 1, *input_shape[2:])
        rows = in_a_plane(stride, padding, dilation)
        return squeeze(conv2d_input_grad(unsqueeze(grad, 2), unsqueeze(weight, 2), shape, *rows, groups), (2,))
    batch, channels, extent, *plane = input_shape
    count, depth = grad.shape[2], weight.shape[2]
    slices = conv2d_input_grad(
        _images(grad), _as_channels(weight), (batch * count, channels * depth, *plane),
        stride[1:], padding[1:], dilation[1:], groups,
    )  # fmt: skip
    by_depth = permute(view(slices, (batch, count, channels, depth, *plane)), (0, 2, 3, 1, 4, 5))
    places = met(depth, stride[0], padding[0], dilation[0], count)
    return added(reshape(by_depth, (batch, channels, depth * count, *plane)), 2, terms_of(places, extent))


@in_float32
def convolution_weight_grad(
    grad: DeviceArray, input: DeviceArray, weight_shape: Sizes,
    stride: Sizes, padding: Sizes, dilation: Sizes, groups: int,
) -> DeviceArray:  # fmt: skip
    """The gradient of the weight."""
    if grad.ndim == 4:
        return conv2d_weight_grad(grad, input, weight_shape, stride, padding, dilation, groups)
    out_channels, channels, *kernel_size = weight_shape
    if grad.ndim == 3:
        shape: Sizes = (out_channels, channels, 1, *kernel_size)
        rows = in_a_plane(stride, padding, dilation)
        return squeeze(conv2d_weight_grad(unsqueeze(grad, 2), unsqueeze(input, 2), shape, *rows, groups), (2,))
    shape = (out_channels, channels * kernel_size[0], *kernel_size[1:])
    slices = _slices(input, kernel_size[0], grad.shape[2], stride[0], padding[0], dilation[0])
    weight_grad = conv2d_weight_grad(_images(grad), slices, shape, stride[1:], padding[1:], dilation[1:], groups)
    return view(weight_grad, weight_shape)


def _as_channels(weight: DeviceArray) -> DeviceArray:
    """(O, C, depth, …) as (O, C depth, …)."""
    return reshape(weight, (weight.shape[0], weight.shape[1] * weight.shape[2], *weight.shape[3:]))


def _images(volumes: DeviceArray) -> DeviceArray:
    """(N, C, depth, …) as (N depth, C, …)."""
    batch, channels, depth, *plane = volumes.shape
    return reshape(transpose(volumes, 1, 2), (batch * depth, channels, *plane))


def _slices(input: DeviceArray, depth: int, count: int, stride: int, padding: int, dilation: int) -> DeviceArray:
    """(N, C, depth, …) as (N count, C kernel depth, …), with zeros beside the input."""
    if padding:
        input = constant_pad_nd(input, (0, 0, 0, 0, padding, padding), 0)
    batch, channels, _, *plane = input.shape
    of_batch, of_channel, down, *steps = input.steps
    met = input.seen(
        (batch, count, channels, depth, *plane), (of_batch, down * stride, of_channel, down * dilation, *steps)
    )
    return reshape(met, (batch * count, channels * depth, *plane))
