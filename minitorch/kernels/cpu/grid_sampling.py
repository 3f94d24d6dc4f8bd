"""Images read between their pixels, at positions that a grid names, and the gradient of that.

Along each dimension a position meets a few pixels (*taps*), with weights that are polynomials in its distance t from the first.
So a weight's derivatives by the position are polynomials too, and the same kernels compute them: ``orders`` says for each number
of a position how often the weights are differentiated by it. The weight of a pixel is the product over the dimensions.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.halves import in_float32
from minitorch.kernels.interpolation import weight_polynomials

__all__ = ["grid_sample", "grid_sample_input_grad"]

Array = np.ndarray

SHARED = 2**13  # products from which more than one thread pays


@in_float32
def grid_sample(
    input: Array, grid: Array, orders: tuple[int, ...], mode: str, padding_mode: str, align_corners: bool
) -> Array:
    """(N, C, …) at the positions (N, …, dims), of which the first number is of the last dimension; from -1 to 1."""
    pixels, weights = _taps(grid, input.shape[2:], orders, mode, padding_mode, align_corners)
    images = np.zeros((*input.shape[:2], prod(input.shape[2:]) + 1), input.dtype)
    images[:, :, :-1] = input.reshape(*input.shape[:2], images.shape[2] - 1)
    output = np.zeros((*input.shape[:2], weights.shape[2]), input.dtype)
    kernel = _read if output.size * weights.shape[1] >= SHARED else _read.serial
    kernel(images, pixels, weights, output)
    return output.reshape(*input.shape[:2], *grid.shape[1:-1])


@in_float32
def grid_sample_input_grad(
    grad: Array,
    grid: Array,
    input_shape: tuple[int, ...],
    orders: tuple[int, ...],
    mode: str,
    padding_mode: str,
    align_corners: bool,
) -> Array:
    """Adds each element of ``grad``, by their weights, to the pixels that went into it."""
    pixels, weights = _taps(grid, input_shape[2:], orders, mode, padding_mode, align_corners)
    images = np.zeros((*input_shape[:2], prod(input_shape[2:]) + 1), grad.dtype)
    kernel = _write if grad.size * weights.shape[1] >= SHARED else _write.serial
    kernel(images, pixels, weights, np.ascontiguousarray(grad).reshape(*input_shape[:2], weights.shape[2]))
    return np.ascontiguousarray(images[:, :, :-1]).reshape(input_shape)


def _taps(
    grid: Array, sizes: tuple[int, ...], orders: tuple[int, ...], mode: str, padding_mode: str, align_corners: bool
) -> tuple[Array, Array]:
    """The flat positions of the pixels that go into each place, and their weights: (N, taps, places).

    What is outside is one more pixel, behind the last.
    """
    places = grid.reshape(len(grid), prod(grid.shape[1:-1]), grid.shape[-1])
    batch, count, _ = places.shape
    pixels, weights = np.zeros((batch, 1, count), np.int64), np.ones((batch, 1, count), grid.dtype)
    for d, size in enumerate(sizes):
        number = len(sizes) - 1 - d
        at, factors = _line(places[..., number], size, orders[number], mode, padding_mode, align_corners)
        outside = (pixels < 0)[:, :, None] | (at < 0)[:, None]
        pixels = np.where(outside, -1, pixels[:, :, None] * size + at[:, None]).reshape(
            batch, outside.shape[1] * outside.shape[2], count
        )
        weights = (weights[:, :, None] * factors[:, None]).reshape(pixels.shape)
    return np.where(pixels < 0, prod(sizes), pixels).astype(np.uint32), weights


def _line(
    places: Array, size: int, order: int, mode: str, padding_mode: str, align_corners: bool
) -> tuple[Array, Array]:
    """The taps along one dimension, (N, taps, places): the pixels, -1 outside, and derivatives of their weights."""
    number = places.dtype.type
    slope = number((size - 1) / 2 if align_corners else size / 2)
    x = (places + 1) / 2 * number(size - 1) if align_corners else ((places + 1) * number(size) - 1) / 2
    factor = np.full_like(x, slope)
    if mode != "bicubic":
        x, along = _put_inside(x, size, padding_mode, align_corners)
        factor *= along
    first = np.rint(x) if mode == "nearest" else np.floor(x)
    t, polynomials = x - first, weight_polynomials(mode, order)
    weights = np.zeros((len(x), len(polynomials), x.shape[1]), x.dtype)
    for power in reversed(range(polynomials.shape[1])):
        weights = weights * t[:, None] + polynomials[:, power, None].astype(x.dtype)
    if order:
        weights *= (factor**order)[:, None]
    taps = first[:, None] + np.arange(len(polynomials), dtype=x.dtype)[:, None] - (mode == "bicubic")
    if mode == "bicubic":
        taps, _ = _put_inside(taps, size, padding_mode, align_corners)
    inside = (taps >= 0) & (taps < size)
    return np.where(inside, taps, -1).astype(np.int64), weights


def _put_inside(x: Array, size: int, padding_mode: str, align_corners: bool) -> tuple[Array, Array]:
    """Positions brought inside as the mode says, and how fast they move there: 1, -1 or 0 times as fast."""
    along = np.ones_like(x)
    if padding_mode == "zeros":
        return x, along
    if padding_mode == "reflection":
        low, high = (0, 2 * (size - 1)) if align_corners else (-1, 2 * size - 1)
        x, along = _reflected(x, low, high)
    last = x.dtype.type(size - 1)
    return np.clip(x, 0, last), np.where((x > 0) & (x < last), along, 0)


def _reflected(x: Array, twice_low: int, twice_high: int) -> tuple[Array, Array]:
    """Positions mirrored at two edges, given as twice their places, until they are between them."""
    if twice_low == twice_high:
        return np.zeros_like(x), np.zeros_like(x)
    low, span = x.dtype.type(twice_low / 2), x.dtype.type((twice_high - twice_low) / 2)
    distance = x - low
    along, distance = np.where(distance < 0, -1, 1).astype(x.dtype), np.abs(distance)
    rest, odd = np.fmod(distance, span), np.floor(distance / span) % 2 == 1
    return np.where(odd, span - rest, rest) + low, np.where(odd, -along, along)


@parallel_jit
def _read(images, pixels, weights, output):
    channels = images.shape[1]
    for item in prange(len(images) * channels):
        n, c = item // channels, item % channels
        for tap in range(pixels.shape[1]):
            for place in range(output.shape[2]):
                output[n, c, place] += weights[n, tap, place] * images[n, c, pixels[n, tap, place]]


@parallel_jit
def _write(images, pixels, weights, grad):
    channels = images.shape[1]
    for item in prange(len(images) * channels):
        n, c = item // channels, item % channels
        for tap in range(pixels.shape[1]):
            for place in range(grad.shape[2]):
                images[n, c, pixels[n, tap, place]] += weights[n, tap, place] * grad[n, c, place]
