"""What convolutions multiply: patches of images, gradients of images, and the images that are made of the products.

An image's element is found by a *tap*, which is the channel and the kernel position that met it, and by the pixel where that was.
Taps are in a table of four numbers each, which one access reads: where the channel begins in its image, how far the tap is from
the pixel's own row and column, and 0.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any, NamedTuple

import numpy as np
from numba import int32, uint32

from minitorch.kernels.cuda.array import DeviceArray, from_host
from minitorch.kernels.cuda.device import Device, cuda, function
from minitorch.kernels.cuda.gemm_tile import THREADS, Sink, Source, pitch
from minitorch.kernels.cuda.vector import load, store

Pair = tuple[int, int]


@lru_cache(maxsize=256)
def taps(device: Device, channels: int, plane: int, rows: tuple[int, ...], columns: tuple[int, ...]) -> DeviceArray:
    """The table, on that device, of all taps: (channels * rows * columns, 4) as flat."""
    table = [(c * plane, row, column, 0) for c in range(channels) for row in rows for column in columns]
    return from_host(np.array(table, np.int32).reshape(-1))


class Images(NamedTuple):
    """Images (n, channels, height, width), and pixels (n, i, j) from which taps look at them.

    A tap at (row, column) from the pixel (i, j) looks at ``(i * step + row) / divisor``, if that is whole and in the image.
    """

    array: DeviceArray
    channels: int  # of a group
    size: Pair  # pixels from which taps look
    step: Pair
    divisor: Pair

    def args(self, table: DeviceArray) -> tuple[Any, ...]:
        n, channels, height, width = self.array.shape
        numbers = (
            n * self.size[0] * self.size[1], *self.size, *self.step, *self.divisor, height, width,
            channels * height * width, self.channels * height * width, table.size // 4,
        )  # fmt: skip
        return (self.array, table, *map(np.uint32, numbers))

    @property
    def divides(self) -> bool:
        return self.divisor != (1, 1)


@function
def _pixel(args, number):
    """Where the image of a pixel begins, and the row and the column from which its taps look."""
    _, _, _, height, width, row_step, column_step, _, _, _, _, image, _, _ = args
    line = uint32(number // width)
    n = uint32(line // height)
    i, j = uint32(line - uint32(n * height)), uint32(number - uint32(line * width))
    return uint32(n * image), int32(uint32(i * row_step)), int32(uint32(j * column_step))


@cache
def _look(divides: bool, number: Any) -> Any:
    """A function that gives what a tap sees from a pixel; 0 outside the image."""
    zeros = (int32(0),) * 4

    @function
    def look(args, start, i, j, tap):
        images, table, _, _, _, _, _, row_divisor, column_divisor, height, width, _, _, _ = args
        channel, rows, columns, _ = load(table, uint32(tap * uint32(4)), zeros)
        row, column = int32(i + rows), int32(j + columns)
        if divides:
            if row < 0 or column < 0:
                return number(0)
            above, before = uint32(uint32(row) // row_divisor), uint32(uint32(column) // column_divisor)
            if uint32(above * row_divisor) != uint32(row) or uint32(before * column_divisor) != uint32(column):
                return number(0)
            row, column = int32(above), int32(before)
        if uint32(row) >= height or uint32(column) >= width:
            return number(0)
        return images[uint32(uint32(uint32(start + uint32(channel)) + uint32(uint32(row) * width)) + uint32(column))]

    return look


@cache
def by_pixel(extent: int, depth: int, divides: bool, number: Any) -> Source:
    """Lines are pixels, and what is summed over are taps. A thread has one pixel throughout; neighbours have the next ones."""
    look = _look(divides, number)
    apart = THREADS // extent  # from one tap of a thread to its next
    turns = depth // apart
    line_apart = pitch(extent, number)

    @function
    def prepare(args, first, group):
        pixel = uint32(first + uint32(uint32(cuda.threadIdx.x) % uint32(extent)))
        start, i, j = _pixel(args, pixel)
        return uint32(start + uint32(group * args[12])), i, j

    @function
    def fill(shared, args, prepared, first, k, stop):
        start, i, j = prepared
        thread = uint32(cuda.threadIdx.x)
        line, at = uint32(thread % uint32(extent)), uint32(thread // uint32(extent))
        for _ in range(turns):
            tap = uint32(k + at)
            value = number(0)
            if uint32(first + line) < args[2] and tap < stop:
                value = look(args, start, i, j, tap)
            shared[uint32(uint32(at * uint32(line_apart)) + line)] = value
            at = uint32(at + uint32(apart))

    return Source(prepare, fill)


@cache
def by_tap(extent: int, depth: int, number: Any) -> Source:
    """Lines are taps, and what is summed over are pixels. A thread has one pixel in each step; neighbours have the next ones."""
    look = _look(False, number)
    apart = THREADS // depth
    turns = extent // apart
    line_apart = pitch(extent, number)

    @function
    def prepare(args, first, group):
        return uint32(group * args[12])

    @function
    def fill(shared, args, channels, first, k, stop):
        thread = uint32(cuda.threadIdx.x)
        at, line = uint32(thread % uint32(depth)), uint32(thread // uint32(depth))
        start, i, j = _pixel(args, uint32(k + at))
        for _ in range(turns):
            value = number(0)
            if uint32(first + line) < args[13] and uint32(k + at) < stop:
                value = look(args, uint32(start + channels), i, j, uint32(first + line))
            shared[uint32(uint32(at * uint32(line_apart)) + line)] = value
            line = uint32(line + uint32(apart))

    return Source(prepare, fill)


@cache
def by_channel(extent: int, depth: int, number: Any) -> Source:
    """Lines are the channels of a group, and what is summed over are pixels; its arguments are ``channel_args``."""
    apart = THREADS // depth
    turns = extent // apart
    line_apart = pitch(extent, number)

    @function
    def prepare(args, first, group):
        return uint32(uint32(group * args[1]) * args[3])

    @function
    def fill(shared, args, start, first, k, stop):
        images, channels, all_channels, plane = args
        thread = uint32(cuda.threadIdx.x)
        at, line = uint32(thread % uint32(depth)), uint32(thread // uint32(depth))
        pixel = uint32(k + at)
        n = uint32(pixel // plane)
        inner = uint32(uint32(start + pixel) + uint32(uint32(n * uint32(all_channels - uint32(1))) * plane))
        for _ in range(turns):
            value = number(0)
            if uint32(first + line) < channels and pixel < stop:
                value = images[uint32(inner + uint32(uint32(first + line) * plane))]
            shared[uint32(uint32(at * uint32(line_apart)) + line)] = value
            line = uint32(line + uint32(apart))

    return Source(prepare, fill)


def channel_args(images: DeviceArray, groups: int) -> tuple[Any, ...]:
    _, channels, height, width = images.shape
    return (images, *map(np.uint32, (channels // groups, channels, height * width)))


@cache
def to_images(biased: bool, number: Any, width: int) -> Sink:
    """A sink whose rows are the channels of a group and whose columns are pixels; its arguments are ``image_args``.

    It takes so many pixels at once, which divide those of a channel.
    """
    zeros = (number(0),) * width

    @function
    def locate(args, pixel, group):
        _, _, channels, all_channels, plane, _ = args
        n = uint32(pixel // plane)
        channel = uint32(uint32(n * all_channels) + uint32(group * channels))
        return uint32(uint32(channel * plane) + uint32(pixel - uint32(n * plane)))

    @function
    def put(args, located, row, pixel, group, values):
        out, bias, channels, _, plane, pixels = args
        if row < channels and pixel < pixels:
            if biased:
                term = bias[uint32(uint32(group * channels) + row)]
                for n in range(width):
                    values[n] += term
            store(out, uint32(located + uint32(row * plane)), load(values, 0, zeros))

    return Sink(width, locate, put)


def image_args(out: DeviceArray, bias: DeviceArray | None, groups: int) -> tuple[Any, ...]:
    n, channels, height, width = out.shape
    sizes = map(np.uint32, (channels // groups, channels, height * width, n * height * width))
    return (out, out if bias is None else bias, *sizes)
