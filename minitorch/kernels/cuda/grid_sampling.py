"""Images read between their pixels, at positions that a grid names, and the gradient of that.

Along each dimension a position meets a few pixels (*taps*), with weights that are polynomials in its distance t from the first.
So a weight's derivatives by the position are polynomials too, and the same kernels compute them: ``orders`` says for each number
of a position how often the weights are differentiated by it. The weight of a pixel is the product over the dimensions.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numba import int32, uint32

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.device import function, number_type
from minitorch.kernels.cuda.elementwise import mul, row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import lift, position
from minitorch.kernels.cuda.lines import table
from minitorch.kernels.cuda.planes import into_planes
from minitorch.kernels.cuda.shape import unsqueeze, view
from minitorch.kernels.halves import in_float32
from minitorch.kernels.interpolation import weight_polynomials

__all__ = ["grid_sample", "grid_sample_input_grad"]

Sizes = tuple[int, ...]


@in_float32
def grid_sample(
    input: DeviceArray, grid: DeviceArray, orders: Sizes, mode: str, padding_mode: str, align_corners: bool
) -> DeviceArray:
    """(N, C, …) at the positions (N, …, dims), of which the first number is of the last dimension; from -1 to 1."""
    batch, channels, *sizes = input.shape
    pixels, weights = _taps(grid, tuple(sizes), orders, mode, padding_mode, align_corners)
    out = empty((batch, channels, *grid.shape[1:-1]), input.dtype)
    numbers = (out.size, channels, math.prod(sizes), *weights.shape[1:])
    arrays = (out, row_by_row(input), pixels, weights)
    launch(_read(number_type(input.dtype)), blocks_for(out.size), (*arrays, *map(np.uint32, numbers)))
    return out


@in_float32
def grid_sample_input_grad(
    grad: DeviceArray,
    grid: DeviceArray,
    input_shape: Sizes,
    orders: Sizes,
    mode: str,
    padding_mode: str,
    align_corners: bool,
) -> DeviceArray:
    """Adds each element of ``grad``, by their weights, to the pixels that went into it."""
    pixels, weights = _taps(grid, input_shape[2:], orders, mode, padding_mode, align_corners)
    return into_planes(grad, pixels, input_shape, len(orders), weights=weights)


def _taps(
    grid: DeviceArray, sizes: Sizes, orders: Sizes, mode: str, padding_mode: str, align_corners: bool
) -> tuple[DeviceArray, DeviceArray]:
    """The flat positions of the pixels that go into each place, -1 outside, and their weights: (N, taps, places)."""
    grid, batch, places = row_by_row(grid), grid.shape[0], math.prod(grid.shape[1:-1])
    pixels = weights = None
    for d, size in enumerate(sizes):
        number = len(sizes) - 1 - d
        polynomials = table(weight_polynomials(mode, orders[number]).astype(grid.dtype))
        at = empty((batch, polynomials.shape[0], places), np.int32)
        factors = empty(at.shape, grid.dtype)
        kernel = _line(mode, padding_mode, align_corners, orders[number], number_type(grid.dtype))
        numbers = (at.size, *at.shape[1:], polynomials.shape[1], number, len(sizes))
        args = (at, factors, grid, polynomials, grid.dtype.type(size), tuple(map(np.uint32, numbers)))
        launch(kernel, blocks_for(at.size), args)
        if pixels is None or weights is None:
            pixels, weights = at, factors
            continue
        shape = (batch, pixels.shape[1] * at.shape[1], places)
        pixels = view(lift(_inner, unsqueeze(pixels, 2), unsqueeze(at, 1), numbers=(np.int32(size),)), shape)
        weights = view(mul(unsqueeze(weights, 2), unsqueeze(factors, 1)), shape)
    assert pixels is not None
    assert weights is not None
    return pixels, weights


def _inner(outer: Any, at: Any, size: Any) -> Any:
    """The flat position of a pixel, by its line's and its own in the line."""
    return -1 if outer < 0 or at < 0 else outer * size + at


@function
def _is_odd(x):
    """Of a whole number."""
    one, half = type(x)(1), type(x)(0.5)
    return x - type(x)(2) * type(x)(math.floor(x * half)) == one


@function
def _nearest(x):
    """The whole number that is nearest; of two the even one."""
    half, below = type(x)(0.5), type(x)(math.floor(x))
    rest = x - below
    return below + type(x)(1) if rest > half or (rest == half and _is_odd(below)) else below


@cache
def _put_inside(padding_mode: str, align_corners: bool) -> Any:
    """A function that brings a position inside, and gives how fast it moves there: 1, -1 or 0 times as fast."""
    reflects, clips = padding_mode == "reflection", padding_mode != "zeros"

    @function
    def put(x, size):
        zero, one, half = type(x)(0), type(x)(1), type(x)(0.5)
        along, last = one, size - one
        if reflects:
            low, span = (zero, last) if align_corners else (-half, size)
            distance = x - low
            if distance < zero:
                distance, along = -distance, -one
            odd = _is_odd(type(x)(math.floor(distance / span)))
            rest = type(x)(math.fmod(distance, span))
            x, along = (span - rest + low, -along) if odd else (rest + low, along)
            if span == zero:
                x, along = zero, zero
        if clips:
            if not (x > zero and x < last):
                along = zero
            x = zero if x < zero else last if x > last else x
        return x, along

    return put


@cache
def _line(mode: str, padding_mode: str, align_corners: bool, order: int, number: Any) -> Callable[..., None]:
    """A thread for each tap of each place: its pixel along one dimension, -1 outside, and its weight's derivative."""
    put_inside = _put_inside(padding_mode, align_corners)
    nearest, cubic = mode == "nearest", mode == "bicubic"

    def kernel(pixels, weights, grid, polynomials, size, numbers):
        count, taps, places, powers, which, dims = numbers
        i = position()
        if i < count:
            line = uint32(i // places)
            n = uint32(line // taps)
            tap = uint32(line - uint32(n * taps))
            place = uint32(uint32(n * places) + uint32(i - uint32(line * places)))
            one, half = number(1), number(0.5)
            x = grid[uint32(uint32(place * dims) + which)] + one
            if align_corners:
                slope = (size - one) * half
                x = x * half * (size - one)
            else:
                slope = size * half
                x = (x * size - one) * half
            if not cubic:
                x, along = put_inside(x, size)
                slope = slope * along
            first = _nearest(x) if nearest else number(math.floor(x))
            t, weight = x - first, number(0)
            power = powers
            while power > 0:
                power = uint32(power - uint32(1))
                weight = weight * t + polynomials[uint32(uint32(tap * powers) + power)]
            for _ in range(order):
                weight = weight * slope
            pixel = first + number(tap)
            if cubic:
                pixel, _ = put_inside(pixel - one, size)
            weights[i] = weight
            pixels[i] = int32(pixel) if pixel >= number(0) and pixel < size else int32(-1)

    return kernel


@cache
def _read(number: Any) -> Callable[..., None]:
    """A thread for each place in each channel."""

    def kernel(out, images, pixels, weights, size, channels, plane, taps, places):
        i = position()
        if i < size:
            image = uint32(i // places)
            at = uint32(uint32(uint32(image // channels) * taps) * places)
            at = uint32(at + uint32(i - uint32(image * places)))
            total, tap = number(0), uint32(0)
            while tap < taps:
                pixel = pixels[at]
                value = images[uint32(uint32(image * plane) + uint32(pixel))] if pixel >= 0 else number(0)
                total = total + weights[at] * value
                at = uint32(at + places)
                tap = uint32(tap + uint32(1))
            out[i] = total

    return kernel
