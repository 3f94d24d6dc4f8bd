"""Copies of an array with its elements turned, shifted, repeated, or put among others.

Dimensions are never negative here, and arguments always fit the array.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
from numba import int32, uint32

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.creation import fill, zeros
from minitorch.kernels.cuda.device import number_type
from minitorch.kernels.cuda.elementwise import clone, contiguous_clone, row_by_row, write_over
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import collapse, layout, places, position
from minitorch.kernels.cuda.lines import added, taken, terms_of
from minitorch.kernels.cuda.reduction import sum
from minitorch.kernels.cuda.shape import cat, permute, reshape, slice, transpose, view
from minitorch.kernels.cuda.strides import diagonal
from minitorch.kernels.halves import in_float32
from minitorch.kernels.windows import padding_sources

__all__ = [
    "block_diag", "channel_shuffle", "constant_pad_nd", "diag_embed", "flip", "pad_edges", "pad_edges_backward",
    "pixel_shuffle", "pixel_unshuffle", "repeat", "roll", "rot90", "trace", "tril", "triu",
]  # fmt: skip


def flip(a: DeviceArray, dims: tuple[int, ...]) -> DeviceArray:
    """The order of some dimensions reversed."""
    out = empty(a.shape, a.dtype, layout([a.steps]))
    backwards = [-step if d in dims else step for d, step in enumerate(a.steps)]
    last = np.sum([(a.shape[d] - 1) * a.steps[d] for d in dims], dtype=np.int64) if a.size else 0
    shape, steps = collapse(a.shape, [out.steps, backwards])
    numbers = (np.uint32(out.size), np.uint32(last), _wrapped(shape), *map(_wrapped, steps))
    launch(_turn(len(shape)), blocks_for(out.size), (out, a, *numbers))
    return out


def _wrapped(numbers: Sequence[int]) -> tuple[np.uint32, ...]:
    """Also negative numbers, which 32 bits count backwards by themselves."""
    return tuple(np.uint32(each % 2**32) for each in numbers)


@cache
def _turn(dims: int) -> Callable[..., None]:
    place = places(dims)

    def kernel(out, a, size, start, shape, out_steps, a_steps):
        i = position()
        if i < size:
            out[place(i, shape, out_steps)] = a[uint32(start + place(i, shape, a_steps))]

    return kernel


def roll(a: DeviceArray, shifts: tuple[int, ...], dims: tuple[int, ...]) -> DeviceArray:
    """Elements moved along dimensions, from the end to the start; without ``dims``, along the flattened array."""
    if not dims:
        return reshape(roll(reshape(a, (a.size,)), shifts, (0,)), a.shape)
    for shift, dim in zip(shifts, dims, strict=True):
        size = a.shape[dim]
        first = -shift % max(size, 1)
        a = cat([slice(a, dim, first, size, 1), slice(a, dim, 0, first, 1)], dim)
    return a


def rot90(a: DeviceArray, times: int, dims: tuple[int, int]) -> DeviceArray:
    """Turned by a right angle so many times, from the first towards the second of two dimensions."""
    times %= 4
    if times == 0:
        return contiguous_clone(a)
    if times == 2:
        return flip(a, dims)
    return transpose(flip(a, (dims[1 if times == 1 else 0],)), *dims)


def repeat(a: DeviceArray, repeats: tuple[int, ...]) -> DeviceArray:
    """The whole array, so many times along each dimension; there are at least as many numbers as dimensions."""
    extra = len(repeats) - a.ndim
    sizes, steps = (1,) * extra + a.shape, (0,) * extra + a.steps
    out = empty([count * size for count, size in zip(repeats, sizes, strict=True)], a.dtype)
    apart = [each for pair in zip(repeats, sizes, strict=True) for each in pair]
    write_over(view(out, tuple(apart)), a.seen(apart, [each for step in steps for each in (0, step)]))
    return out


def tril(a: DeviceArray, diagonal: int) -> DeviceArray:
    """Zeros above a diagonal of each matrix."""
    return _triangle(a, True, diagonal)


def triu(a: DeviceArray, diagonal: int) -> DeviceArray:
    """Zeros below a diagonal of each matrix."""
    return _triangle(a, False, diagonal)


def _triangle(a: DeviceArray, lower: bool, diagonal: int) -> DeviceArray:
    out = empty(a.shape, a.dtype)
    height, width = a.shape[-2:]
    diagonal = min(max(diagonal, -height), width)  # beyond these nothing changes
    numbers = (np.uint32(out.size), np.uint32(height), np.uint32(width), np.int32(diagonal))
    launch(_keep(lower, number_type(a.dtype)), blocks_for(out.size), (out, row_by_row(a), *numbers))
    return out


@cache
def _keep(lower: bool, number: Any) -> Callable[..., None]:
    def kernel(out, a, size, height, width, diagonal):
        i = position()
        if i < size:
            line = uint32(i // width)
            column, row = int32(uint32(i - uint32(line * width))), int32(uint32(line % height))
            distance = int32(column - row)
            kept = distance <= diagonal if lower else distance >= diagonal
            out[i] = a[i] if kept else number(0)

    return kernel


def trace(a: DeviceArray) -> DeviceArray:
    """The sum of a matrix's diagonal."""
    return sum(diagonal(a, 0, 0, 1), None, False, np.dtype(np.int64) if a.dtype.kind in "iub" else a.dtype)


def diag_embed(a: DeviceArray, offset: int, dim1: int, dim2: int) -> DeviceArray:
    """Zeros with the last dimension of ``a`` on a diagonal of two dimensions."""
    shape = list(a.shape[:-1])
    for dim in sorted((dim1, dim2)):
        shape.insert(dim, a.shape[-1] + abs(offset))
    out = zeros(tuple(shape), a)
    write_over(diagonal(out, offset, dim1, dim2), a)
    return out


def block_diag(arrays: Sequence[DeviceArray]) -> DeviceArray:
    """Matrices one after another along the diagonal, with zeros beside them."""
    height, width = (np.sum([each.shape[d] for each in arrays]) for d in (0, 1))
    out = zeros((int(height), int(width)), arrays[0])
    row = column = 0
    for each in arrays:
        below, right = row + each.shape[0], column + each.shape[1]
        write_over(slice(slice(out, 0, row, below, 1), 1, column, right, 1), each)
        row, column = below, right
    return out


def pixel_shuffle(a: DeviceArray, factor: int) -> DeviceArray:
    """(…, C r², H, W) as (…, C, H r, W r)."""
    *batch, c, h, w = a.shape
    c //= factor**2
    n = len(batch)
    blocks = reshape(a, (*batch, c, factor, factor, h, w))
    order = (*range(n), n, n + 3, n + 1, n + 4, n + 2)
    return view(contiguous_clone(permute(blocks, order)), (*batch, c, h * factor, w * factor))


def pixel_unshuffle(a: DeviceArray, factor: int) -> DeviceArray:
    """(…, C, H r, W r) as (…, C r², H, W)."""
    *batch, c, h, w = a.shape
    h, w, n = h // factor, w // factor, len(batch)
    blocks = reshape(a, (*batch, c, h, factor, w, factor))
    order = (*range(n), n, n + 2, n + 4, n + 1, n + 3)
    return view(contiguous_clone(permute(blocks, order)), (*batch, c * factor**2, h, w))


def channel_shuffle(a: DeviceArray, groups: int) -> DeviceArray:
    """(N, g C, …) with the channels of the groups in turn."""
    n, c, *rest = a.shape
    return view(contiguous_clone(transpose(reshape(a, (n, groups, c // groups, *rest)), 1, 2)), a.shape)


# -- padding: before and after each dimension, the last one first ---------------------------------------------------------


def constant_pad_nd(a: DeviceArray, pad: Sequence[int], value: float) -> DeviceArray:
    """More elements at the ends of the last dimensions, or fewer where the number is negative."""
    out_shape, cuts = list(a.shape), []
    for number in range(len(pad) // 2):
        before, after, d = pad[2 * number], pad[2 * number + 1], a.ndim - 1 - number
        out_shape[d] += before + after
        cuts.append((d, max(0, before), out_shape[d] - max(0, after)))
        a = slice(a, d, max(0, -before), a.shape[d] - max(0, -after), 1)
    if max(pad, default=0) <= 0:
        return clone(a)
    out = empty(out_shape, a.dtype)
    write_over(out, fill(out, value))
    middle = out
    for d, first, stop in cuts:
        middle = slice(middle, d, first, stop, 1)
    write_over(middle, a)
    return out


def pad_edges(a: DeviceArray, padding: Sequence[int], mode: str) -> DeviceArray:
    """More elements at the ends of the last dimensions: the last one again (``"replicate"``), or mirrored (``"reflect"``)."""
    for number in range(len(padding) // 2):
        d = a.ndim - 1 - number
        a = taken(a, d, padding_sources(a.shape[d], padding[2 * number], padding[2 * number + 1], mode))
    return a


@in_float32
def pad_edges_backward(grad: DeviceArray, a: DeviceArray, padding: Sequence[int], mode: str) -> DeviceArray:
    """The gradient of each place, added where in ``a`` the place was copied from."""
    for number in range(len(padding) // 2):
        d = a.ndim - 1 - number
        sources = padding_sources(a.shape[d], padding[2 * number], padding[2 * number + 1], mode)
        grad = added(grad, d, terms_of(sources, a.shape[d]))
    return grad
