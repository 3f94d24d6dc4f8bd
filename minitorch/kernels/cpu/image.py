"""Bytes to network input: a whole batch of pictures flipped, made grey, scaled and normalised in one pass.

A byte has only 256 values, so whatever is done to a single channel value afterwards (divide by 255, subtract the mean,
divide by the deviation) is done once for each of the 256, and looked up.
"""

from __future__ import annotations

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit

__all__: list[str] = []  # no operator works on these, so they are in no table


def _luma(red, green, blue):  # type: ignore[no-untyped-def]  # of integers when compiled, of arrays in grayscale
    """ITU-R 601's 0.299 R + 0.587 G + 0.114 B in 65,536ths, rounded: the integers that PIL's convert("L") uses."""
    return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16


_compiled_luma = jit(_luma)


def grayscale(pixels: np.ndarray) -> np.ndarray:
    """The uint8 brightness, of shape (...), of uint8 colours of shape (..., 3)."""
    red, green, blue = np.moveaxis(pixels.astype(np.int32), -1, 0)
    return _luma(red, green, blue).astype(np.uint8)


@parallel_jit
def batch_of_pictures(
    pictures: np.ndarray,
    where: np.ndarray,
    flipped: np.ndarray,
    grey: np.ndarray,
    table: np.ndarray,
    output: np.ndarray,
) -> None:
    """Fills ``output`` with chosen pictures, some of them mirrored or grey, each byte replaced by its table's entry.

    Args:
        pictures: uint8 of shape (N, channels, height, width), whatever its memory layout.
        where: for each picture of the output, its position in ``pictures``, from 0 to N - 1.
        flipped: whether to mirror it left to right.
        grey: whether to replace red, green and blue by their brightness; needs 3 channels.
        table: floating point of shape (channels, 256).
        output: of the table's type, shape (len(where), channels, height, width).
    """
    count, channels, height, width = output.shape
    for i in prange(count):
        picture, result = pictures[where[i]], output[i]
        if grey[i]:
            plane = np.empty((height, width), np.uint8)
            _brightness(picture, plane)
            for c in range(channels):
                _look_up(table[c], plane, result[c], flipped[i])
        else:
            for c in range(channels):
                _look_up(table[c], picture[c], result[c], flipped[i])


@jit
def _brightness(picture, result):
    for y in range(picture.shape[1]):
        red, green, blue, out = picture[0, y], picture[1, y], picture[2, y], result[y]
        for x in range(len(out)):
            out[x] = _compiled_luma(np.int32(red[x]), np.int32(green[x]), np.int32(blue[x]))


@jit
def _look_up(table, plane, result, flipped):
    """Writes the table's entry for each byte of (height, width), from right to left if ``flipped``."""
    for y in range(len(plane)):
        row, out = plane[y], result[y]
        if flipped:
            for x in range(len(out)):
                out[len(out) - 1 - x] = table[row[x]]
        else:
            for x in range(len(out)):
                out[x] = table[row[x]]
