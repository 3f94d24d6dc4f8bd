"""Two-dimensional convolution and its two gradients, on all threads.

All three are one sum over products, read in three ways. With ``h = stride * i + offset[a]`` (rows) and likewise w::

    output[n, o, i, j]    = Σ_(c,a,b) weight[o, c, a, b] * source[n, c, h, w]    (conv2d: source is the input)
    weight_grad[o, c, a, b] = Σ_(n,i,j) grad[n, o, i, j] * source[n, c, h, w]

and the gradient of the input is the first line again, with ``grad`` as the source and other offsets.

Before the sums, the columns that the kernel's width asks for are laid out side by side ("unfolded"): for each channel c
and kernel column b, ``unfolded[c, b]`` holds what each output column j needs, ``source[n, c, :, stride * j + offset[b]]``.
Stride, padding and dilation are gone then, and the rows are as long as the output's. So *all* pixels that one weight
meets are neighbours in memory, whatever the shape, at a cost of kernel-width copies (and not, as in im2col, height times
width of them): kernel row a begins some rows further. ``register_tile`` sums over them at the processor's full speed.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from minitorch.kernels.cpu.register_tile import TILE_COLUMNS, TILE_ROWS, VECTOR_BYTES, copy_rows, dot_tile, product_tile
from minitorch.kernels.cpu.threads import get_num_threads, jit, parallel_jit

__all__ = ["conv2d", "conv2d_input_grad", "conv2d_weight_grad"]

Pair = tuple[int, int]

UNFOLDED_BYTES = 2**18  # of an image, or of a band of its rows, at a time: it should stay in the core's own cache
DOT_LENGTH = 512  # pixels, of several small images if need be, that a dot product runs over before its lanes are added


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
        wide = (each if each is None else each.astype(np.float32) for each in (input, weight, bias))
        return conv2d(*wide, stride, padding, dilation, groups).astype(np.float16)
    offsets = [_forward_offsets(*each) for each in zip(weight.shape[2:], padding, dilation, strict=True)]
    size = [
        (extent + 2 * p - d * (k - 1) - 1) // s + 1
        for extent, k, s, p, d in zip(input.shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    ]
    if bias is None:
        bias = np.zeros(len(weight), input.dtype)
    return _correlate(input, weight, bias, offsets, stride, (size[0], size[1]))


def conv2d_input_grad(
    grad: np.ndarray,
    weight: np.ndarray,
    input_shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of conv2d's input, ``Σ_(o,a,b) weight[o, c, a, b] * grad[n, o, i, j]`` over what met each pixel.

    Kernel row a met pixel row h as ``h = stride * i + dilation * a - padding``. Rows h whose remainders by the stride are
    alike met the same kernel rows, so that among them i advances by one: a correlation without stride for each remainder.
    """
    if grad.dtype == np.float16:
        wide = conv2d_input_grad(
            grad.astype(np.float32), weight.astype(np.float32), input_shape, stride, padding, dilation, groups
        )
        return wide.astype(np.float16)
    out_channels, channels, kernel_height, kernel_width = weight.shape
    transposed = (  # per group, from (out, in) to (in, out)
        weight.reshape(groups, out_channels // groups, channels, kernel_height, kernel_width)
        .swapaxes(1, 2)
        .reshape(groups * channels, out_channels // groups, kernel_height, kernel_width)
    )
    no_bias = np.zeros(groups * channels, grad.dtype)
    parts = [
        [(first, *_backward_offsets(first, *each)) for first in range(min(each[1], extent))]
        for extent, *each in zip(input_shape[2:], weight.shape[2:], stride, padding, dilation, strict=True)
    ]
    input_grad = np.empty(input_shape, grad.dtype)
    for top, kernel_rows, row_offsets in parts[0]:
        for left, kernel_columns, column_offsets in parts[1]:
            part = input_grad[:, :, top :: stride[0], left :: stride[1]]
            part_weight = transposed[:, :, kernel_rows][:, :, :, kernel_columns]
            sums = _correlate(grad, part_weight, no_bias, [row_offsets, column_offsets], (1, 1), part.shape[2:])
            if stride == (1, 1):
                return sums
            part[:] = sums
    return input_grad


def conv2d_weight_grad(
    grad: np.ndarray,
    input: np.ndarray,
    weight_shape: tuple[int, ...],
    stride: Pair,
    padding: Pair,
    dilation: Pair,
    groups: int,
) -> np.ndarray:
    """The gradient of conv2d's weight, ``Σ_(n,i,j) grad[n, o, i, j] * input[n, c, h, w]``."""
    if grad.dtype == np.float16:
        wide = conv2d_weight_grad(
            grad.astype(np.float32), input.astype(np.float32), weight_shape, stride, padding, dilation, groups
        )
        return wide.astype(np.float16)
    batch, out_channels, out_height, out_width = grad.shape
    rows, columns = (_forward_offsets(*each) for each in zip(weight_shape[2:], padding, dilation, strict=True))
    band = _band_height(batch, out_height, out_width, weight_shape[1] * weight_shape[3], input.itemsize)
    plane = max(1, out_height * out_width)
    threads = get_num_threads()
    images = max(1, min(DOT_LENGTH // plane, -(-batch // threads))) if band == out_height else 1
    partial = np.empty((threads, out_channels, int(np.prod(weight_shape[1:]))), grad.dtype)
    _dot_pixels(
        np.ascontiguousarray(grad), np.ascontiguousarray(input), partial, rows, columns, stride, groups, band, images
    )
    return partial.sum(0).reshape(weight_shape)


def _forward_offsets(kernel_size: int, padding: int, dilation: int) -> np.ndarray:
    """Where in the input, relative to ``stride * i``, each kernel position lies."""
    return np.arange(kernel_size) * dilation - padding


def _backward_offsets(
    first: int, kernel_size: int, stride: int, padding: int, dilation: int
) -> tuple[np.ndarray, np.ndarray]:
    """The kernel positions that met the pixels first, first + stride, …, and where in the output, relative to those."""
    distance = first + padding - np.arange(kernel_size) * dilation
    met = np.flatnonzero(distance % stride == 0)
    return met, distance[met] // stride


def _band_height(batch: int, out_height: int, out_width: int, copies: int, itemsize: int) -> int:
    """How many output rows to work on at a time: few enough for the cache, and for each thread to have some."""
    fitting = UNFOLDED_BYTES // max(1, copies * out_width * itemsize)
    bands_for_threads = -(-get_num_threads() // max(1, batch))
    return max(1, min(fitting, -(-out_height // bands_for_threads)))


def _correlate(
    source: np.ndarray, weight: np.ndarray, bias: np.ndarray, offsets: list[np.ndarray], stride: Pair, size: Pair
) -> np.ndarray:
    """``output[n, o, i, j] = bias[o] + Σ weight[o, c, a, b] * source[n, c, stride * i + offset[a], stride * j + offset[b]]``."""
    batch, (out_channels, channels, _, kernel_width) = len(source), weight.shape
    output = np.empty((batch, out_channels, *size), source.dtype)
    if weight.size == 0:  # no kernel position meets these pixels: their stride is larger than the kernel
        output[:] = bias[:, None, None]
        return output
    band = _band_height(batch, *size, channels * kernel_width, source.itemsize)
    _sum_products(
        np.ascontiguousarray(source),
        np.ascontiguousarray(weight).reshape(out_channels, -1),
        np.ascontiguousarray(bias),
        output,
        *offsets,
        stride,
        channels,
        band,
        get_num_threads(),
    )
    return output


@parallel_jit
def _sum_products(source, weight, bias, output, row_offsets, column_offsets, stride, channels, band, threads):  # type: ignore[no-untyped-def]
    batch, out_channels, out_height, out_width = output.shape
    groups = source.shape[1] // channels
    group_channels = out_channels // groups
    lanes = VECTOR_BYTES // source.itemsize
    unfolded_rows, offsets = _lay_out(row_offsets, len(column_offsets), stride[0], channels, band, out_width)
    bands = -(-out_height // band)
    items = batch * groups * bands
    out_plane = out_height * out_width
    for thread in prange(threads):
        unfolded = np.empty(channels * len(column_offsets) * unfolded_rows * out_width + TILE_COLUMNS * lanes, source.dtype)
        for item in range(thread * items // threads, (thread + 1) * items // threads):
            image, top = item // bands, item % bands * band
            n, group = image // groups, image % groups
            _unfold(source[n], group * channels, channels, row_offsets, column_offsets, stride, top, band, out_width, unfolded)
            pixels = min(band, out_height - top) * out_width
            o = group * group_channels
            end = o + group_channels
            while o < end:
                rows = _share(end - o, TILE_ROWS)
                pixel = 0
                while pixel < pixels:
                    columns = _share(-(-(pixels - pixel) // lanes), TILE_COLUMNS)
                    count = min(columns * lanes, pixels - pixel)
                    start = (n * out_channels + o) * out_plane + top * out_width + pixel
                    product_tile(rows, columns, weight, o, unfolded, pixel, offsets, bias, output, start, out_plane, count)
                    pixel += count
                o += rows


@parallel_jit
def _dot_pixels(grad, source, partial, row_offsets, column_offsets, stride, groups, band, images):  # type: ignore[no-untyped-def]
    batch, out_channels, out_height, out_width = grad.shape
    channels = source.shape[1] // groups
    group_channels = out_channels // groups
    unfolded_rows, offsets = _lay_out(row_offsets, len(column_offsets), stride[0], channels, band, out_width)
    unfolded_size = channels * len(column_offsets) * unfolded_rows * out_width
    bands = -(-out_height // band)
    items = -(-batch // images) * groups * bands
    out_plane = out_height * out_width
    threads = len(partial)
    for thread in prange(threads):
        unfolded = np.empty(images * unfolded_size, source.dtype)
        partial[thread] = 0
        for item in range(thread * items // threads, (thread + 1) * items // threads):
            image, top = item // bands, item % bands * band
            n, group = image // groups * images, image % groups
            count = min(images, batch - n)
            for k in range(count):
                _unfold(
                    source[n + k], group * channels, channels, row_offsets, column_offsets, stride, top, band, out_width,
                    unfolded[k * unfolded_size :],
                )
            pixels = min(band, out_height - top) * out_width
            o = group * group_channels
            end = o + group_channels
            while o < end:
                rows = _share(end - o, TILE_ROWS)
                start = (n * out_channels + o) * out_plane + top * out_width
                tap = 0
                while tap < len(offsets):
                    columns = _share(len(offsets) - tap, TILE_COLUMNS)
                    dot_tile(
                        rows, columns, grad, start, out_plane, out_channels * out_plane,
                        unfolded, offsets, tap, unfolded_size, count, pixels,
                        partial, (thread * out_channels + o) * len(offsets) + tap, len(offsets),
                    )
                    tap += columns
                o += rows


@jit
def _share(remaining, most):  # type: ignore[no-untyped-def]
    """The size of the next tile when ``remaining`` is cut into as few tiles, of ``most`` at most and much alike, as possible."""
    tiles = -(-remaining // most)
    return -(-remaining // tiles)


@jit
def _lay_out(row_offsets, kernel_width, stride, channels, band, out_width):  # type: ignore[no-untyped-def]
    """The rows of each ``unfolded[c, b]``, and where in ``unfolded`` each weight (c, a, b) begins to meet pixels.

    Output row i meets source row ``stride * i + offset``. The rows are sorted by their remainder by the stride, so
    that the next output row finds its own just behind.
    """
    lowest = row_offsets.min()
    remainder_rows = band + (row_offsets.max() - lowest) // stride
    unfolded_rows = remainder_rows * min(stride, row_offsets.max() - lowest + 1)
    offsets = np.empty(channels * len(row_offsets) * kernel_width, np.intp)
    t = 0
    for c in range(channels):
        for offset in row_offsets:
            row, remainder = (offset - lowest) // stride, (offset - lowest) % stride
            for b in range(kernel_width):
                offsets[t] = ((c * kernel_width + b) * unfolded_rows + remainder * remainder_rows + row) * out_width
                t += 1
    return unfolded_rows, offsets


@jit
def _unfold(image, first, channels, row_offsets, column_offsets, stride, top, band, out_width, unfolded):  # type: ignore[no-untyped-def]
    """Copies the rows that ``band`` output rows from ``top`` meet to where ``_lay_out`` says, zeros where they are outside."""
    height, width = image.shape[1:]
    lowest = row_offsets.min()
    remainder_rows = band + (row_offsets.max() - lowest) // stride[0]
    remainders = min(stride[0], row_offsets.max() - lowest + 1)
    flat = image.reshape(-1)
    pitch = stride[0] * width
    for b, offset in enumerate(column_offsets):
        begin, end = _inside(offset, stride[1], width, out_width)
        for remainder in range(remainders):
            row_offset = top * stride[0] + lowest + remainder
            above, below = _inside(row_offset, stride[0], height, remainder_rows)
            for c in range(channels):
                target = ((c * len(column_offsets) + b) * remainders + remainder) * remainder_rows * out_width
                unfolded[target : target + above * out_width] = 0
                unfolded[target + below * out_width : target + remainder_rows * out_width] = 0
                target += above * out_width
                start = ((first + c) * height + row_offset) * width + above * pitch + offset
                if stride[1] == 1:
                    copy_rows(below - above, flat, start, pitch, begin, end, unfolded, target, out_width)
                else:
                    for row in range(below - above):
                        for j in range(out_width):
                            value = flat[start + row * pitch + j * stride[1]] if begin <= j < end else 0
                            unfolded[target + row * out_width + j] = value


@jit
def _inside(offset, stride, extent, count):  # type: ignore[no-untyped-def]
    """From which i, to before which, ``stride * i + offset`` is in ``range(extent)``, of i in ``range(count)``."""
    begin = min(max(0, -(offset // stride)), count)
    return begin, max(begin, min(count, (extent - 1 - offset) // stride + 1))
