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
from math import isfinite, prod
from typing import Any, NamedTuple

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
from minitorch.kernels.halves import in_float32

__all__ = ["conv2d", "conv2d_input_grad", "conv2d_weight_grad"]

Array = np.ndarray
Pair = tuple[int, int]
Offsets = tuple[int, ...]

UNFOLDED_BYTES = 2**18  # to unfold at a time, as bands of rows if need be: it should stay in the core's own cache
DOT_LENGTH = 512  # pixels, of several images if they are small, to sum over before the vector's lanes are added up
SHARED = 2**19  # multiplications from which more than one thread pays


@in_float32
def conv2d(
    input: Array, weight: Array, bias: Array | None, stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    """Cross-correlation of (N, C, H, W) with (O, C / groups, KH, KW), plus the bias (O,)."""
    if bias is None:
        bias = np.zeros(len(weight), input.dtype)
    size, rows, columns = _forward_geometry(input.shape[2:], weight.shape[2:], stride, padding, dilation)
    return _correlate(input, weight, bias, rows, columns, stride, size)


@in_float32
def conv2d_input_grad(
    grad: Array, weight: Array, input_shape: tuple[int, ...], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    """The gradient of conv2d's input: ``Σ_(o,a,b) weight[o, c, a, b] * grad[n, o, i, j]`` over all that met the pixel.

    Kernel row a met pixel row h where h = stride * i + dilation * a - padding. Pixel rows with the same remainder by
    the stride met the same kernel rows, and from one of them to the next i grows by one: for each remainder (of rows,
    and of columns) this is a correlation without stride.
    """
    flat = weight.reshape(-1)
    if not isfinite(np.dot(flat, flat)) and not np.isfinite(weight).all():  # the first is quicker, but may overflow
        return _input_grad_without_zeros(grad, weight, input_shape, stride, padding, dilation, groups)
    out_channels, channels, *kernel_size = weight.shape
    transposed = (  # within each group, from (out, in) to (in, out)
        weight.reshape(groups, out_channels // groups, channels, *kernel_size)
        .swapaxes(1, 2)
        .reshape(groups * channels, out_channels // groups, *kernel_size)
    )
    no_bias = np.zeros(groups * channels, grad.dtype)
    parts = _backward_geometry(input_shape[2:], weight.shape[2:], stride, padding, dilation)
    input_grad = np.empty(input_shape, grad.dtype)
    for pixels, met, rows, columns, size in parts:
        part = _correlate(grad, transposed[met], no_bias, rows, columns, (1, 1), size)
        if part.shape == input_shape:
            return part
        input_grad[pixels] = part
    return input_grad


def _input_grad_without_zeros(
    grad: Array, weight: Array, input_shape: tuple[int, ...], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
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


@in_float32
def conv2d_weight_grad(
    grad: Array, input: Array, weight_shape: tuple[int, ...], stride: Pair, padding: Pair, dilation: Pair, groups: int
) -> Array:
    """The gradient of conv2d's weight: ``Σ_(n,i,j) grad[n, o, i, j] * input[n, c, h, w]``."""
    batch, out_channels, height, width = grad.shape
    weights = prod(weight_shape[1:])
    threads = _threads_for(grad.size * weights)
    _, rows, columns = _forward_geometry(input.shape[2:], weight_shape[2:], stride, padding, dilation)
    bands = _bands_for(threads, batch)
    layout = _lay_out(weight_shape[1], rows, columns, stride, height, width, bands, grad.itemsize)
    images = 1
    if layout.band == height:
        images = max(1, min(DOT_LENGTH // (height * width), -(-batch // threads)))
    unfolded = np.empty((threads, images, layout.size), grad.dtype)
    sums = np.zeros((threads, out_channels, weights), grad.dtype)
    kernel = _sum_over_pixels if threads > 1 else _sum_over_pixels.serial
    kernel(_rows(grad), _rows(input), sums, unfolded, *layout.for_kernels)
    return (sums[0] if threads == 1 else sums.sum(0)).reshape(weight_shape)


@lru_cache(maxsize=1024)
def _forward_geometry(
    extents: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair
) -> tuple[Pair, Offsets, Offsets]:
    """The output's height and width, and where in the input, from ``stride * i``, each kernel row and column lies."""
    height, width = (
        (extent + 2 * p - d * (k - 1) - 1) // s + 1
        for extent, k, s, p, d in zip(extents, kernel_size, stride, padding, dilation, strict=True)
    )
    rows, columns = (tuple(a * d - p for a in range(k)) for k, p, d in zip(kernel_size, padding, dilation, strict=True))
    return (height, width), rows, columns


class Part(NamedTuple):
    """The pixels of the input that lie alike to the stride."""

    pixels: tuple[Any, ...]  # their index in (N, C, H, W)
    met: tuple[Any, ...]  # the index, in (C, O, KH, KW), of the kernel positions that they met
    rows: Offsets  # where in the output, relative to 0, 1, …, these met them
    columns: Offsets
    size: Pair  # how many pixels there are


@lru_cache(maxsize=1024)
def _backward_geometry(extents: Pair, kernel_size: Pair, stride: Pair, padding: Pair, dilation: Pair) -> list[Part]:
    rows, columns = (
        [_backward_line(first, *each) for first in range(min(each[2], each[0]))]
        for each in zip(extents, kernel_size, stride, padding, dilation, strict=True)
    )
    every = slice(None)
    return [
        Part(
            (every, every, top, left),
            (every, every, met_rows, met_columns),
            row_offsets,
            column_offsets,
            (height, width),
        )
        for top, met_rows, row_offsets, height in rows
        for left, met_columns, column_offsets, width in columns
    ]


def _backward_line(
    first: int, extent: int, kernel_size: int, stride: int, padding: int, dilation: int
) -> tuple[slice, slice, Offsets, int]:
    """Pixels first, first + stride, …; the kernel positions that met them; where in the output; and how many pixels."""
    distances = [first + padding - a * dilation for a in range(kernel_size)]
    met = [a for a, distance in enumerate(distances) if distance % stride == 0]
    step = met[1] - met[0] if len(met) > 1 else 1
    positions = slice(met[0], met[-1] + 1, step) if met else slice(0)
    return (
        slice(first, None, stride),
        positions,
        tuple(distances[a] // stride for a in met),
        len(range(first, extent, stride)),
    )


def _threads_for(multiplications: int) -> int:
    return get_num_threads() if multiplications >= SHARED else 1


def _bands_for(threads: int, batch: int) -> int:
    """Into how many bands of rows to cut each image so that every thread has some, in a small batch too."""
    return -(-threads // max(1, batch))


def _correlate(
    source: Array, weight: Array, bias: Array, row_offsets: Offsets, column_offsets: Offsets, stride: Pair, size: Pair
) -> Array:
    """The sum over weights, where ``offsets`` say for each kernel row and column where it lies; outside are zeros."""
    output = np.empty((len(source), len(weight), *size), source.dtype)
    if weight.size == 0:  # no kernel position met these pixels: the stride is larger than the kernel
        output[:] = bias[:, None, None]
        return output
    matrix = weight.reshape(len(weight), -1)
    threads = _threads_for(output.size * matrix.shape[1])
    bands = _bands_for(threads, len(source))
    layout = _lay_out(weight.shape[1], row_offsets, column_offsets, stride, *size, bands, source.itemsize)
    last_tile = TILE_COLUMNS * VECTOR_BYTES  # tiles are read whole, though perhaps not needed whole
    unfolded = np.empty((threads, layout.size + last_tile), source.dtype)
    kernel = _sum_over_weights if threads > 1 else _sum_over_weights.serial
    kernel(_rows(source), _rows(matrix), _rows(bias), output, unfolded, *layout.for_kernels)
    return output


def _rows(a: Array) -> Array:
    """As ``np.ascontiguousarray``, which takes longer to find that there is nothing to do."""
    return a if a.flags.c_contiguous else np.ascontiguousarray(a)


class Layout(NamedTuple):
    """What to unfold at a time, and how: the channels of one group, with the rows that ``band`` output rows ask for.

    Output row i asks for source row stride * i + offset. Source rows are sorted by their remainder by the stride, so
    that what the next output row asks for lies just behind: ``unfolded[channel, kernel column, remainder, row, j]``.

    numba takes a plain tuple of integers in a tenth of the time that it takes for the same tuple with names.
    """

    band: int
    size: int  # elements of `unfolded`
    for_kernels: tuple[Array, Array, tuple[int, ...]]
    """Where in `unfolded`, taken as flat, each weight (c, a, b) meets the band's first pixel; the column offsets;
    and channels, the least of the row offsets, the strides of rows and columns, band, width (of the output, and of the
    unfolded rows), remainders, rows (of each remainder)."""


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
    numbers = (channels, lowest, *stride, band, width, remainders, rows)
    return Layout(band, copies * remainders * rows * width, (positions, np.array(column_offsets), numbers))


@parallel_jit
def _sum_over_weights(source, weight, bias, output, unfolded, positions, column_offsets, numbers):
    """Each thread unfolds its share of the (image, group, band) in turn, and sums tile by tile."""
    batch, out_channels, height, width = output.shape
    channels, band = numbers[0], numbers[4]
    groups = source.shape[1] // channels
    group_channels = out_channels // groups
    bands = -(-height // band)
    plane = height * width
    lanes = VECTOR_BYTES // source.itemsize
    threads, items = len(unfolded), batch * groups * bands
    for thread in prange(threads):
        for item in range(thread * items // threads, (thread + 1) * items // threads):
            n, group, top = item // bands // groups, item // bands % groups, item % bands * band
            _unfold(source[n], group, top, unfolded[thread], column_offsets, numbers)
            pixels = min(band, height - top) * width
            o, last = group * group_channels, (group + 1) * group_channels
            while o < last:
                rows = _share(last - o, TILE_ROWS)
                pixel = 0
                while pixel < pixels:
                    columns = _share(-(-(pixels - pixel) // lanes), TILE_COLUMNS)
                    count = min(columns * lanes, pixels - pixel)
                    start = (n * out_channels + o) * plane + top * width + pixel
                    product_tile(
                        rows, columns, weight, o, unfolded[thread], pixel, positions,
                        bias, output, start, plane, count,
                    )  # fmt: skip
                    pixel += count
                o += rows


@parallel_jit
def _sum_over_pixels(grad, source, sums, unfolded, positions, column_offsets, numbers):
    """Each thread unfolds its share of the (images, group, band) in turn, and adds their products to its own sums."""
    batch, out_channels, height, width = grad.shape
    channels, band = numbers[0], numbers[4]
    groups = source.shape[1] // channels
    group_channels = out_channels // groups
    bands = -(-height // band)
    plane = height * width
    weights = len(positions)
    threads, images, size = unfolded.shape
    items = -(-batch // images) * groups * bands
    for thread in prange(threads):
        for item in range(thread * items // threads, (thread + 1) * items // threads):
            n, group, top = item // bands // groups * images, item // bands % groups, item % bands * band
            count = min(images, batch - n)
            for k in range(count):
                _unfold(source[n + k], group, top, unfolded[thread, k], column_offsets, numbers)
            pixels = min(band, height - top) * width
            o, last = group * group_channels, (group + 1) * group_channels
            while o < last:
                rows = _share(last - o, TILE_ROWS)
                start = (n * out_channels + o) * plane + top * width
                t = 0
                while t < weights:
                    columns = _share(weights - t, TILE_COLUMNS)
                    dot_tile(
                        rows, columns, grad, start, plane, out_channels * plane,
                        unfolded[thread], positions, t, size, count, pixels,
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
def _unfold(image, group, top, unfolded, column_offsets, numbers):
    """Copies what the band of output rows from ``top`` asks for of (C, H, W) to where the layout wants it."""
    channels, lowest_row, row_step, column_step, _, out_width, remainders, rows = numbers
    height, width = image.shape[1:]
    pixels = image.reshape(-1)
    block = rows * out_width
    for b, column_offset in enumerate(column_offsets):
        begin, end = _inside(column_offset, column_step, width, out_width)
        for remainder in range(remainders):
            row_offset = top * row_step + lowest_row + remainder
            above, below = _inside(row_offset, row_step, height, rows)
            for c in range(channels):
                target = ((c * len(column_offsets) + b) * remainders + remainder) * block
                unfolded[target : target + above * out_width] = 0
                unfolded[target + below * out_width : target + block] = 0
                start = ((group * channels + c) * height + row_offset + above * row_step) * width + column_offset
                target += above * out_width
                if column_step == 1:
                    copy_rows(below - above, pixels, start, row_step * width, begin, end, unfolded, target, out_width)
                    continue
                for row in range(below - above):
                    for j in range(out_width):
                        value = pixels[start + row * row_step * width + j * column_step] if begin <= j < end else 0
                        unfolded[target + row * out_width + j] = value


@jit
def _inside(offset, step, extent, count):
    """From which i, to before which, of ``range(count)``, ``step * i + offset`` is in ``range(extent)``."""
    begin = min(max(0, -(offset // step)), count)
    return begin, max(begin, min(count, (extent - 1 - offset) // step + 1))
