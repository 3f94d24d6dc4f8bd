"""Two-dimensional convolution and its two gradients, on all threads.

All three are one sum over products, read in different ways. With h = stride * i + offset[a] in rows, and w likewise::

    output[n, o, i, j]      = Σ_(c,a,b) weight[o, c, a, b] * source[n, c, h, w]    (the source is the input)
    weight_grad[o, c, a, b] = Σ_(n,i,j) grad[n, o, i, j] * source[n, c, h, w]

and the input's gradient is the first line again, with ``grad`` as the source, and other offsets.

Before the sums, the source is *unfolded*: for each channel c and kernel column b, what the output columns j will ask
for is laid out side by side, ``unfolded[c, b, h, j] = source[n, c, h, stride * j + offset[b]]``. Stride, padding and
dilation are gone then, and rows are as long as the output's. So all the pixels that one weight meets are neighbours in
memory, kernel row a beginning just some rows further, and ``register_tile`` can sum at the processor's full speed.
(The better known im2col also copies for each kernel row, which is several times as much to write and to read.)
"""

from __future__ import annotations

from functools import lru_cache
from math import prod
from typing import NamedTuple

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit
from minitorch.kernels.cpu.register_tile import (
    TILE_COLUMNS,
    TILE_ROWS,
    VECTOR_BYTES,
    copy_rows,
    dot_tile,
    product_tile,
)
from minitorch.kernels.cpu.threads import get_num_threads

__all__ = ["conv2d", "conv2d_input_grad", "conv2d_weight_grad"]

Pair = tuple[int, int]
Offsets = tuple[int, ...]

UNFOLDED_BYTES = 2**18  # to unfold at a time, as bands of rows if need be: it should stay in the core's own cache
DOT_LENGTH = 512  # pixels, of several images if they are small, to sum over before the vector's lanes are added up


def conv2d(
    input: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray | None,
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """Cross-correlation of (N, C, H, W) with (O, C / groups, KH, KW), plus the bias (O,)."""
    if input.dtype == np.float16:
        if bias is not None:
            bias = bias.astype(np.float32)
        wide = conv2d(input.astype(np.float32), weight.astype(np.float32), bias, stride, padding, dilation, groups)
        return wide.astype(np.float16)
    rows, columns = (_forward_offsets(*each) for each in zip(weight.shape[2:], padding, dilation, strict=True))
    height, width = (
        (extent + 2 * p - d * (k - 1) - 1) // s + 1
        for extent, k, s, p, d in zip(input.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    )
    if bias is None:
        bias = np.zeros(len(weight), input.dtype)
    return _correlate(input, weight, bias, rows, columns, stride, (height, width))


def conv2d_input_grad(
    grad: np.ndarray,
    weight: np.ndarray,
    input_shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of conv2d's input: ``Σ_(o,a,b) weight[o, c, a, b] * grad[n, o, i, j]`` over all that met the pixel.

    Kernel row a met pixel row h where h = stride * i + dilation * a - padding. Pixel rows with the same remainder by
    the stride met the same kernel rows, and from one of them to the next i grows by one: for each remainder (of rows,
    and of columns) this is a correlation without stride.
    """
    if grad.dtype == np.float16:
        wide = conv2d_input_grad(
            grad.astype(np.float32), weight.astype(np.float32), input_shape, stride, padding, dilation, groups
        )
        return wide.astype(np.float16)
    if not np.isfinite(weight).all():
        return _input_grad_without_zeros(grad, weight, input_shape, stride, padding, dilation, groups)
    out_channels, channels, *kernel_size = weight.shape
    transposed = (  # within each group, from (out, in) to (in, out)
        weight.reshape(groups, out_channels // groups, channels, *kernel_size)
        .swapaxes(1, 2)
        .reshape(groups * channels, out_channels // groups, *kernel_size)
    )
    no_bias = np.zeros(groups * channels, grad.dtype)
    rows, columns = (
        [(first, *_backward_offsets(first, *each)) for first in range(min(each[1], extent))]
        for extent, *each in zip(input_shape[2:], kernel_size, stride, padding, dilation, strict=True)
    )
    input_grad = np.empty(input_shape, grad.dtype)
    for top, kernel_rows, row_offsets in rows:
        for left, kernel_columns, column_offsets in columns:
            part = input_grad[:, :, top :: stride[0], left :: stride[1]]
            part_weight = transposed[:, :, kernel_rows][:, :, :, kernel_columns]
            sums = _correlate(grad, part_weight, no_bias, row_offsets, column_offsets, (1, 1), part.shape[2:])
            if part.shape == input_grad.shape:
                return sums
            part[:] = sums
    return input_grad


def _input_grad_without_zeros(
    grad: np.ndarray,
    weight: np.ndarray,
    input_shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The same sum, one kernel position after the other; slower, but no zero from beside ``grad`` meets an infinity."""
    batch, out_channels, height, width = grad.shape
    channels = weight.shape[1]
    grads = grad.reshape(batch, groups, out_channels // groups, height * width)
    matrices = weight.reshape(groups, out_channels // groups, channels, *weight.shape[2:]).swapaxes(1, 2)
    sizes = (extent + 2 * p for extent, p in zip(input_shape[2:], padding, strict=True))
    padded = np.zeros((*input_shape[:2], *sizes), grad.dtype)
    for a, b in np.ndindex(weight.shape[2:]):
        met = padded[:, :, a * dilation[0] :: stride[0], b * dilation[1] :: stride[1]][:, :, :height, :width]
        with np.errstate(invalid="ignore"):  # NaN is a result like others
            met += np.matmul(matrices[..., a, b], grads).reshape(met.shape)
    return padded[:, :, padding[0] : padding[0] + input_shape[2], padding[1] : padding[1] + input_shape[3]].copy()


def conv2d_weight_grad(
    grad: np.ndarray,
    input: np.ndarray,
    weight_shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of conv2d's weight: ``Σ_(n,i,j) grad[n, o, i, j] * input[n, c, h, w]``."""
    if grad.dtype == np.float16:
        wide = conv2d_weight_grad(
            grad.astype(np.float32), input.astype(np.float32), weight_shape, stride, padding, dilation, groups
        )
        return wide.astype(np.float16)
    batch, out_channels, height, width = grad.shape
    rows, columns = (_forward_offsets(*each) for each in zip(weight_shape[2:], padding, dilation, strict=True))
    layout = _lay_out(weight_shape[1], rows, columns, stride, height, width, _bands_for_threads(batch), grad.itemsize)
    threads = get_num_threads()
    images = 1
    if layout.band == height:
        images = max(1, min(DOT_LENGTH // (height * width), -(-batch // threads)))
    unfolded = np.empty((threads, images, layout.size), grad.dtype)
    sums = np.zeros((threads, out_channels, prod(weight_shape[1:])), grad.dtype)
    _sum_over_pixels(np.ascontiguousarray(grad), np.ascontiguousarray(input), sums, layout, unfolded)
    return sums.sum(0).reshape(weight_shape)


def _forward_offsets(kernel_size: int, padding: int, dilation: int) -> Offsets:
    """Where in the input, relative to ``stride * i``, each kernel position lies."""
    return tuple(a * dilation - padding for a in range(kernel_size))


def _backward_offsets(
    first: int, kernel_size: int, stride: int, padding: int, dilation: int
) -> tuple[list[int], Offsets]:
    """The kernel positions that met pixels first, first + stride, …; where in the output, relative to 0, 1, …."""
    distances = [first + padding - a * dilation for a in range(kernel_size)]
    met = [a for a, distance in enumerate(distances) if distance % stride == 0]
    return met, tuple(distances[a] // stride for a in met)


def _correlate(
    source: np.ndarray,
    weight: np.ndarray,
    bias: np.ndarray,
    row_offsets: Offsets,
    column_offsets: Offsets,
    stride: Pair,
    size: Pair,
) -> np.ndarray:
    """The sum over weights, where ``offsets`` say for each kernel row and column where it lies; outside are zeros."""
    output = np.empty((len(source), len(weight), *size), source.dtype)
    if weight.size == 0:  # no kernel position met these pixels: the stride is larger than the kernel
        output[:] = bias[:, None, None]
        return output
    bands = _bands_for_threads(len(source))
    layout = _lay_out(weight.shape[1], row_offsets, column_offsets, stride, *size, bands, source.itemsize)
    last_tile = TILE_COLUMNS * VECTOR_BYTES  # tiles are read whole, though perhaps not needed whole
    unfolded = np.empty((get_num_threads(), layout.size + last_tile), source.dtype)
    matrix = np.ascontiguousarray(weight).reshape(len(weight), -1)
    _sum_over_weights(np.ascontiguousarray(source), matrix, np.ascontiguousarray(bias), output, layout, unfolded)
    return output


def _bands_for_threads(batch: int) -> int:
    """Into how many bands of rows to cut each image so that every thread has some, in a small batch too."""
    return -(-get_num_threads() // max(1, batch))


class Layout(NamedTuple):
    """What to unfold at a time, and how: the channels of one group, with the rows that ``band`` output rows ask for.

    Output row i asks for source row stride * i + offset. Source rows are sorted by their remainder by the stride, so
    that what the next output row asks for lies just behind: ``unfolded[channel, kernel column, remainder, row, j]``.
    """

    channels: int
    column_offsets: np.ndarray
    lowest_row: int  # the least of the row offsets
    row_step: int  # the strides
    column_step: int
    band: int
    width: int  # of the output, and of the unfolded rows
    remainders: int
    rows: int  # of each remainder
    positions: np.ndarray  # where in `unfolded`, taken as flat, each weight (c, a, b) meets the band's first pixel
    size: int  # elements of `unfolded`


@lru_cache(maxsize=1024)
def _lay_out(
    channels: int,
    row_offsets: Offsets,
    column_offsets: Offsets,
    stride: Pair,
    height: int,
    width: int,
    bands: int,
    itemsize: int,
) -> Layout:
    """A layout for an output of (height, width), in at least ``bands`` bands."""
    copies = channels * len(column_offsets)
    bands = max(bands, -(-copies * height * width * itemsize // UNFOLDED_BYTES))
    band = -(-height // bands)
    lowest = min(row_offsets)
    reach = max(row_offsets) - lowest
    remainders, rows = min(stride[0], reach + 1), band + reach // stride[0]
    blocks = np.arange(copies).reshape(channels, 1, -1) * (remainders * rows)
    lines = [(offset - lowest) % stride[0] * rows + (offset - lowest) // stride[0] for offset in row_offsets]
    positions = ((blocks + np.array(lines)[:, None]) * width).reshape(-1).astype(np.intp)
    size = copies * remainders * rows * width
    return Layout(channels, np.array(column_offsets), lowest, *stride, band, width, remainders, rows, positions, size)


@parallel_jit
def _sum_over_weights(source, weight, bias, output, layout, unfolded):
    """Each thread unfolds its share of the (image, group, band) in turn, and sums tile by tile."""
    batch, out_channels, height, width = output.shape
    groups = source.shape[1] // layout.channels
    group_channels = out_channels // groups
    bands = -(-height // layout.band)
    plane = height * width
    lanes = VECTOR_BYTES // source.itemsize
    threads, items = len(unfolded), batch * groups * bands
    for thread in prange(threads):
        for item in range(thread * items // threads, (thread + 1) * items // threads):
            n, group, top = item // bands // groups, item // bands % groups, item % bands * layout.band
            _unfold(source[n], group, top, layout, unfolded[thread])
            pixels = min(layout.band, height - top) * width
            first, last = group * group_channels, (group + 1) * group_channels
            pixel = 0
            while pixel < pixels:
                columns = _share(-(-(pixels - pixel) // lanes), TILE_COLUMNS)
                count = min(columns * lanes, pixels - pixel)
                o = first
                while o < last:
                    rows = _share(last - o, TILE_ROWS)
                    start = (n * out_channels + o) * plane + top * width + pixel
                    product_tile(
                        rows, columns, weight, o, unfolded[thread], pixel, layout.positions,
                        bias, output, start, plane, count,
                    )  # fmt: skip
                    o += rows
                pixel += count


@parallel_jit
def _sum_over_pixels(grad, source, sums, layout, unfolded):
    """Each thread unfolds its share of the (images, group, band) in turn, and adds their products to its own sums."""
    batch, out_channels, height, width = grad.shape
    groups = source.shape[1] // layout.channels
    group_channels = out_channels // groups
    bands = -(-height // layout.band)
    plane = height * width
    weights = len(layout.positions)
    threads, images, _ = unfolded.shape
    items = -(-batch // images) * groups * bands
    for thread in prange(threads):
        for item in range(thread * items // threads, (thread + 1) * items // threads):
            n, group, top = item // bands // groups * images, item // bands % groups, item % bands * layout.band
            count = min(images, batch - n)
            for k in range(count):
                _unfold(source[n + k], group, top, layout, unfolded[thread, k])
            pixels = min(layout.band, height - top) * width
            o, last = group * group_channels, (group + 1) * group_channels
            while o < last:
                rows = _share(last - o, TILE_ROWS)
                start = (n * out_channels + o) * plane + top * width
                t = 0
                while t < weights:
                    columns = _share(weights - t, TILE_COLUMNS)
                    dot_tile(
                        rows, columns, grad, start, plane, out_channels * plane,
                        unfolded[thread], layout.positions, t, layout.size, count, pixels,
                        sums, (thread * out_channels + o) * weights + t, weights,
                    )  # fmt: skip
                    t += columns
                o += rows


@jit
def _share(remaining, most):
    """The size of the next tile, where ``remaining`` is cut into as few as possible, much alike, of up to ``most``."""
    tiles = -(-remaining // most)
    return -(-remaining // tiles)


@jit
def _unfold(image, group, top, layout, unfolded):
    """Copies what the band of output rows from ``top`` asks for of (C, H, W) to where ``layout`` wants it."""
    height, width = image.shape[1:]
    row_step, column_step = layout.row_step, layout.column_step
    pixels = image.reshape(-1)
    block = layout.rows * layout.width
    for b, column_offset in enumerate(layout.column_offsets):
        begin, end = _inside(column_offset, column_step, width, layout.width)
        for remainder in range(layout.remainders):
            row_offset = top * row_step + layout.lowest_row + remainder
            above, below = _inside(row_offset, row_step, height, layout.rows)
            for c in range(layout.channels):
                target = ((c * len(layout.column_offsets) + b) * layout.remainders + remainder) * block
                unfolded[target : target + above * layout.width] = 0
                unfolded[target + below * layout.width : target + block] = 0
                channel = group * layout.channels + c
                start = (channel * height + row_offset + above * row_step) * width + column_offset
                target += above * layout.width
                if column_step == 1:
                    copy_rows(
                        below - above, pixels, start, row_step * width, begin, end, unfolded, target, layout.width
                    )
                    continue
                for row in range(below - above):
                    for j in range(layout.width):
                        value = pixels[start + row * row_step * width + j * column_step] if begin <= j < end else 0
                        unfolded[target + row * layout.width + j] = value


@jit
def _inside(offset, step, extent, count):
    """From which i, to before which, of ``range(count)``, ``step * i + offset`` is in ``range(extent)``."""
    begin = min(max(0, -(offset // step)), count)
    return begin, max(begin, min(count, (extent - 1 - offset) // step + 1))
