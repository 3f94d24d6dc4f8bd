"""Two-dimensional convolution and its two gradients, each as one product of matrices never laid out in memory.

With h = stride * i + dilation * a - padding in rows, and w likewise in columns::

    output[n, o, (i, j)]    = Σ_(c,a,b) weight[o, (c, a, b)] * input[n, c, h, w]
    weight_grad[o, (c,a,b)] = Σ_(n,i,j) grad[n, o, i, j] * input[n, c, h, w]
    input_grad[n, c, (h,w)] = Σ_(o,a,b) weight[o, c, a, b] * grad[n, o, i, j]      (over those i and j that are whole)

Source: Chetlur and others, "cuDNN: Efficient Primitives for Deep Learning".
"""

from __future__ import annotations

from math import prod

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.device import current, number_type
from minitorch.kernels.cuda.elementwise import row_by_row
from minitorch.kernels.cuda.gemm_operands import matrix, result, result_args
from minitorch.kernels.cuda.gemm_tile import choose, multiply, splits_for
from minitorch.kernels.cuda.patches import (
    Images,
    by_channel,
    by_pixel,
    by_tap,
    channel_args,
    image_args,
    taps,
    to_images,
)
from minitorch.kernels.cuda.reduction import sum
from minitorch.kernels.cuda.shape import permute, reshape, view
from minitorch.kernels.cuda.vector import at_once
from minitorch.kernels.windows import pooled_size

__all__ = ["conv2d", "conv2d_input_grad", "conv2d_weight_grad"]

Sizes = tuple[int, ...]


def conv2d(
    input: DeviceArray, weight: DeviceArray, bias: DeviceArray | None,
    stride: Sizes, padding: Sizes, dilation: Sizes, groups: int,
) -> DeviceArray:  # fmt: skip
    """Cross-correlation of (N, C, H, W) with (O, C / groups, KH, KW), plus the bias (O,)."""
    size = tuple(map(pooled_size, input.shape[2:], weight.shape[2:], stride, padding, dilation))
    out = empty((input.shape[0], weight.shape[0], *size), input.dtype)
    images = Images(row_by_row(input), weight.shape[1], (size[0], size[1]), (stride[0], stride[1]), (1, 1))
    matrices = reshape(row_by_row(weight), (groups, weight.shape[0] // groups, prod(weight.shape[1:])))
    return _correlate(images, matrices, _offsets(weight.shape[2:], padding, dilation), bias, out)


def conv2d_input_grad(
    grad: DeviceArray, weight: DeviceArray, input_shape: Sizes,
    stride: Sizes, padding: Sizes, dilation: Sizes, groups: int,
) -> DeviceArray:  # fmt: skip
    """The gradient of the input; ``input_shape`` may have any sizes for which there is such an output, or a larger one."""
    out_channels, channels, *kernel_size = weight.shape
    each = out_channels // groups
    by_group = reshape(weight, (groups, each, channels, prod(kernel_size)))
    matrices = reshape(permute(by_group, (0, 2, 1, 3)), (groups, channels, each * prod(kernel_size)))
    images = Images(row_by_row(grad), each, (input_shape[2], input_shape[3]), (1, 1), (stride[0], stride[1]))
    rows, columns = _offsets(weight.shape[2:], padding, dilation)
    met = tuple(-each for each in rows), tuple(-each for each in columns)
    return _correlate(images, matrices, met, None, empty(input_shape, grad.dtype))


def conv2d_weight_grad(
    grad: DeviceArray, input: DeviceArray, weight_shape: Sizes,
    stride: Sizes, padding: Sizes, dilation: Sizes, groups: int,
) -> DeviceArray:  # fmt: skip
    """The gradient of the weight.

    The sum is over many pixels and gives few numbers, so it is cut into parts of one length, whose results are added up.
    """
    grad, input = row_by_row(grad), row_by_row(input)
    images = Images(input, weight_shape[1], (grad.shape[2], grad.shape[3]), (stride[0], stride[1]), (1, 1))
    table = _table(images, _offsets(weight_shape[2:], padding, dilation))
    rows, columns = weight_shape[0] // groups, prod(weight_shape[1:])
    pixels = grad.shape[0] * prod(grad.shape[2:])
    tile = choose(rows, columns, grad.dtype, groups)
    splits = splits_for(tile, rows, columns, pixels, groups)
    out = empty((groups * splits, rows, columns), grad.dtype)
    number = number_type(grad.dtype)
    sources = by_channel(tile.rows, tile.depth, number), by_tap(tile.columns, tile.depth, number)
    sink = result(False, False, number, at_once(columns, grad.dtype))
    args = (result_args(out), channel_args(grad, groups), images.args(table))
    multiply(tile, grad.dtype, sources, sink, args, (rows, columns, pixels), groups, splits)
    return reshape(sum(view(out, (groups, splits, rows, columns)), (1,), False), weight_shape)


def _correlate(
    images: Images,
    matrices: DeviceArray,
    offsets: tuple[tuple[int, ...], ...],
    bias: DeviceArray | None,
    out: DeviceArray,
) -> DeviceArray:
    """For each group its matrix (rows, taps) times what the taps see, as the images' channels."""
    groups, rows, depth = matrices.shape
    pixels = out.shape[0] * prod(images.size)
    tile = choose(rows, pixels, out.dtype, groups)
    weights, weight_args = matrix(matrices, tile.rows, tile.depth)
    number = number_type(out.dtype)
    patches = by_pixel(tile.columns, tile.depth, images.divides, number)
    sink = to_images(bias is not None, number, at_once(prod(images.size), out.dtype))
    args = (
        image_args(out, bias if bias is None else row_by_row(bias), groups),
        weight_args,
        images.args(_table(images, offsets)),
    )
    multiply(tile, out.dtype, (weights, patches), sink, args, (rows, pixels, depth), groups)
    return out


def _table(images: Images, offsets: tuple[tuple[int, ...], ...]) -> DeviceArray:
    return taps(current(), images.channels, prod(images.array.shape[2:]), *offsets)


def _offsets(kernel_size: Sizes, padding: Sizes, dilation: Sizes) -> tuple[tuple[int, ...], ...]:
    """How far kernel rows, and columns, are from where the pixel's own stride leads."""
    return tuple(tuple(a * d - p for a in range(k)) for k, p, d in zip(kernel_size, padding, dilation, strict=True))
