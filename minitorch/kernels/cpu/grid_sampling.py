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
from minitorch.kernels.cpu.halves import in_float32

__all__ = ["grid_sample", "grid_sample_input_grad"]

Array = np.ndarray

SHARED = 2**13  # products from which more than one thread pays
SHARPNESS = -0.75  # of the cubic; Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981
POLYNOMIALS = {  # for each tap, the factors of 1, t, t², t³
    "nearest": np.array([[1.0]]),
    "bilinear": np.array([[1.0, -1.0], [0.0, 1.0]]),
    "bicubic": np.array([[0, 0, 0, 0], [1, 0, -3, 2], [0, 0, 3, -2], [0, 0, 0, 0]])
    + SHARPNESS * np.array([[0, 1, -2, 1], [0, 0, -1, 1], [0, -1, 2, -1], [0, 0, 1, -1]]),
}


@in_float32
def grid_sample(
    input: Array, grid: Array, orders: tuple[int, ...], mode: str, padding_mode: str, align_corners: bool
) -> Array:
    """(N, C, …) at the positions (N, …, dims), of which the first number is of the last dimension; from -1 to 1."""
    indices, weights = _taps(grid, input.shape[2:], orders, mode, padding_mode, align_corners)
    output = np.empty((*input.shape[:2], *grid.shape[1:-1]), input.dtype)
    kernel = _read if output.size * weights.shape[2] >= SHARED else _read.serial
    kernel(_flat(input), indices, weights, _flat(output))
    return output


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
    indices, weights = _taps(grid, input_shape[2:], orders, mode, padding_mode, align_corners)
    input_grad = np.zeros(input_shape, grad.dtype)
    kernel = _write if grad.size * weights.shape[2] >= SHARED else _write.serial
    kernel(_flat(input_grad), indices, weights, _flat(grad))
    return input_grad


def _flat(images: Array) -> Array:
    return np.ascontiguousarray(images).reshape(*images.shape[:2], prod(images.shape[2:]))


def _taps(
    grid: Array, sizes: tuple[int, ...], orders: tuple[int, ...], mode: str, padding_mode: str, align_corners: bool
) -> tuple[Array, Array]:
    """The flat positions of the pixels that go into each place, -1 outside; and their weights: (N, places, taps)."""
    places = grid.reshape(len(grid), prod(grid.shape[1:-1]), grid.shape[-1])
    indices, weights = np.zeros((*places.shape[:2], 1), np.int64), np.ones((*places.shape[:2], 1), grid.dtype)
    for d, size in enumerate(sizes):
        number = len(sizes) - 1 - d
        at, factors = _line(places[..., number], size, orders[number], mode, padding_mode, align_corners)
        before, at = indices[..., None], at[..., None, :]
        indices = np.where((before < 0) | (at < 0), -1, before * size + at).reshape(
            *places.shape[:2], before.shape[2] * at.shape[3]
        )
        weights = (weights[..., None] * factors[..., None, :]).reshape(indices.shape)
    return indices, weights


def _line(
    places: Array, size: int, order: int, mode: str, padding_mode: str, align_corners: bool
) -> tuple[Array, Array]:
    """The taps along one dimension, (N, places, taps): the pixels, -1 outside, and derivatives of their weights."""
    number = places.dtype.type
    slope = number((size - 1) / 2 if align_corners else size / 2)
    x = (places + 1) / 2 * number(size - 1) if align_corners else ((places + 1) * number(size) - 1) / 2
    factor = np.full_like(x, slope)
    if mode != "bicubic":
        x, along = _put_inside(x, size, padding_mode, align_corners)
        factor *= along
    first = np.rint(x) if mode == "nearest" else np.floor(x)
    t, polynomials = x - first, POLYNOMIALS[mode]
    for _ in range(order):
        polynomials = polynomials[:, 1:] * np.arange(1, polynomials.shape[1])
    weights = np.zeros((*x.shape, len(polynomials)), x.dtype)
    for power in reversed(range(polynomials.shape[1])):
        weights = weights * t[..., None] + polynomials[:, power].astype(x.dtype)
    weights *= (factor**order)[..., None]
    taps = first[..., None] + np.arange(len(polynomials), dtype=x.dtype) - (mode == "bicubic")
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
def _read(images, indices, weights, output):
    channels = images.shape[1]
    for item in prange(len(images) * channels):
        n, c = item // channels, item % channels
        for place in range(output.shape[2]):
            total = weights.dtype.type(0)
            for tap in range(indices.shape[2]):
                index = indices[n, place, tap]
                total += weights[n, place, tap] * (images[n, c, index] if index >= 0 else weights.dtype.type(0))
            output[n, c, place] = total


@parallel_jit
def _write(images, indices, weights, grad):
    channels = images.shape[1]
    for item in prange(len(images) * channels):
        n, c = item // channels, item % channels
        for place in range(grad.shape[2]):
            for tap in range(indices.shape[2]):
                index = indices[n, place, tap]
                if index >= 0:
                    images[n, c, index] += weights[n, place, tap] * grad[n, c, place]
