"""Copies of an array with its elements turned, shifted, repeated, or put among others.

Dimensions are never negative here, and arguments always fit the array.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from minitorch.kernels.cpu.strides import diagonal
from minitorch.kernels.windows import padding_sources

__all__ = [
    "block_diag", "channel_shuffle", "constant_pad_nd", "diag_embed", "flip", "pad_edges", "pad_edges_backward",
    "pixel_shuffle", "pixel_unshuffle", "repeat", "roll", "rot90", "trace", "tril", "triu",
]  # fmt: skip

Array = np.ndarray


def flip(a: Array, dims: tuple[int, ...]) -> Array:
    """The order of some dimensions reversed."""
    out = np.empty_like(a, subok=False)
    out[...] = np.flip(a, dims)
    return out


def roll(a: Array, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Array:
    """Elements moved along dimensions, from the end to the start; without ``dims``, along the flattened array."""
    return np.ascontiguousarray(np.roll(a, shifts, dims) if dims else np.roll(a, shifts[0])).reshape(a.shape)


def rot90(a: Array, times: int, dims: tuple[int, int]) -> Array:
    """Turned by a right angle so many times, from the first towards the second of two dimensions."""
    times %= 4
    if times == 0:
        return np.array(a, order="C")
    if times == 2:
        return flip(a, dims)
    return flip(a, (dims[1 if times == 1 else 0],)).swapaxes(*dims)


def repeat(a: Array, repeats: tuple[int, ...]) -> Array:
    """The whole array, so many times along each dimension; there are at least as many numbers as dimensions."""
    return np.asarray(np.tile(a, repeats), order="C")


def tril(a: Array, diagonal: int) -> Array:
    """Zeros above a diagonal of each matrix."""
    return np.ascontiguousarray(np.tril(a, diagonal))


def triu(a: Array, diagonal: int) -> Array:
    """Zeros below a diagonal of each matrix."""
    return np.ascontiguousarray(np.triu(a, diagonal))


def trace(a: Array) -> Array:
    """The sum of a matrix's diagonal."""
    return np.asarray(a.diagonal().sum(dtype=np.int64 if a.dtype.kind in "iub" else a.dtype))


def diag_embed(a: Array, offset: int, dim1: int, dim2: int) -> Array:
    """Zeros with the last dimension of ``a`` on a diagonal of two dimensions."""
    shape = list(a.shape[:-1])
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, a.shape[-1] + abs(offset))
    out = np.zeros(shape, a.dtype)
    diagonal(out, offset, dim1, dim2)[...] = a
    return out


def block_diag(arrays: Sequence[Array]) -> Array:
    """Matrices one after another along the diagonal, with zeros beside them."""
    out = np.zeros([sum(each.shape[d] for each in arrays) for d in (0, 1)], arrays[0].dtype)
    row = column = 0
    for each in arrays:
        out[row : row + each.shape[0], column : column + each.shape[1]] = each
        row, column = row + each.shape[0], column + each.shape[1]
    return out


def pixel_shuffle(a: Array, factor: int) -> Array:
    """(…, C r², H, W) as (…, C, H r, W r)."""
    *batch, c, h, w = a.shape
    c //= factor**2
    n = len(batch)
    blocks = a.reshape(*batch, c, factor, factor, h, w)
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return np.ascontiguousarray(blocks.transpose(order)).reshape(*batch, c, h * factor, w * factor)


def pixel_unshuffle(a: Array, factor: int) -> Array:
    """(…, C, H r, W r) as (…, C r², H, W)."""
    *batch, c, h, w = a.shape
    h, w, n = h // factor, w // factor, len(batch)
    blocks = a.reshape(*batch, c, h, factor, w, factor)
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return np.ascontiguousarray(blocks.transpose(order)).reshape(*batch, c * factor**2, h, w)


def channel_shuffle(a: Array, groups: int) -> Array:
    """(N, g C, …) with the channels of the groups in turn."""
    n, c, *rest = a.shape
    return np.ascontiguousarray(a.reshape(n, groups, c // groups, *rest).swapaxes(1, 2)).reshape(a.shape)


# -- padding: before and after each dimension, the last one first ---------------------------------------------------------


def constant_pad_nd(a: Array, pad: Sequence[int], value: float) -> Array:
    """More elements at the ends of the last dimensions, or fewer where the number is negative."""
    out_shape, inner, outer = list(a.shape), [slice(None)] * a.ndim, [slice(None)] * a.ndim
    for number in range(len(pad) // 2):
        before, after, d = pad[2 * number], pad[2 * number + 1], a.ndim - 1 - number
        out_shape[d] += before + after
        inner[d] = slice(max(0, -before), a.shape[d] - max(0, -after))
        outer[d] = slice(max(0, before), out_shape[d] - max(0, after))
    if max(pad, default=0) <= 0:
        return a[tuple(inner)].copy(order="K")
    out = np.full(out_shape, value).astype(a.dtype)
    out[tuple(outer)] = a[tuple(inner)]
    return out


def pad_edges(a: Array, padding: Sequence[int], mode: str) -> Array:
    """More elements at the ends of the last dimensions: the last one again (``"replicate"``), or mirrored (``"reflect"``)."""
    for number in range(len(padding) // 2):
        d = a.ndim - 1 - number
        a = a.take(padding_sources(a.shape[d], padding[2 * number], padding[2 * number + 1], mode), d)
    return np.ascontiguousarray(a)


def pad_edges_backward(grad: Array, a: Array, padding: Sequence[int], mode: str) -> Array:
    """The gradient of each place, added where in ``a`` the place was copied from."""
    shape = a.shape
    for number in range(len(padding) // 2):
        d = len(shape) - 1 - number
        whole = np.zeros((*grad.shape[:d], shape[d], *grad.shape[d + 1 :]), grad.dtype)
        to, by = whole.swapaxes(0, d), grad.swapaxes(0, d)
        for place, source in enumerate(padding_sources(shape[d], padding[2 * number], padding[2 * number + 1], mode)):
            to[source] += by[place]
        grad = whole
    return grad
