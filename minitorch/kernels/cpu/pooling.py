"""Max pooling over the last dimensions, one, two or three, its gradient, and the gradient's gradient.

What differs between the poolings is only where windows lie: evenly, adapted to the size of the result, or at random. A table of
positions says it, and everything else is alike. Forward notes which element won each window, as a flat position in its *plane*,
the elements of the last dimensions. With these, the gradient is a scatter (each winner gets its window's gradient; windows may
overlap, so it adds), and the gradient of that is a gather.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, reduce
from math import prod
from typing import Any

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.halves import in_float32
from minitorch.kernels.windows import adaptive_windows, index_dtype, pooled_size

__all__ = [
    "adaptive_max_pool", "fractional_max_pool", "max_pool", "max_pool_backward", "max_pool_gather", "max_unpool",
]  # fmt: skip

Array = np.ndarray
Sizes = tuple[int, ...]
Table = tuple[Array, Array, Sizes]
"""Where windows lie: the first elements of the slabs of a volume that a window reaches, (kernel depth, windows deep); within a
slab, or a plane, the positions of a window's elements, (kernel elements, windows); and how many windows there are, (…)."""

SHARED = 2**12  # windows from which more than one thread pays
BAND = 1024  # windows of a plane to look at together: what is noted of them should stay in the core's first cache


@in_float32
def max_pool(
    input: Array, kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> tuple[Array, Array]:
    """The largest element of each window over the last dimensions, and its position in the plane.

    The first of equal elements wins, a NaN beats all that is none, the last NaN wins. Padding never wins.
    A window wholly in the padding, which dilation can cause, is -inf at the position beyond its row or its column.
    Positions are of the smallest type that holds them.
    """
    dims = len(kernel_size)
    table, beyond = _positions(input.shape[-dims:], kernel_size, stride, padding, dilation, ceil_mode)
    output, indices = _pooled(input, dims, table, beyond.dtype)
    if beyond.size:
        nothing = beyond >= 0
        output[..., nothing] = -np.inf if input.dtype.kind == "f" else np.iinfo(input.dtype).min
        indices[..., nothing] = beyond[nothing]
    return output, indices


@in_float32
def adaptive_max_pool(input: Array, output_size: Sizes) -> tuple[Array, Array]:
    """The largest elements of ``output_size`` windows that together cover the plane, with positions as of ``max_pool``."""
    dims = len(output_size)
    return _pooled(input, dims, *_adaptive_positions(input.shape[-dims:], output_size))


def fractional_max_pool(input: Array, samples: Array, kernel_size: Sizes, output_size: Sizes) -> tuple[Array, Array]:
    """The largest elements of windows that lie as random numbers say, with positions as of ``max_pool``.

    ``samples`` has for each plane (row) a number for each dimension, from 0 to 1, in whose dtype places are computed.

    Source: Graham, Fractional Max-Pooling, 2014.
    """
    sizes = input.shape[-len(kernel_size) :]
    first = np.zeros((len(samples), 1), np.int64)  # of each plane's windows, (planes, windows)
    for shares, size, count, kernel in zip(samples.T, sizes, output_size, kernel_size, strict=True):
        starts = _random_starts(shares[:, None], size, count, kernel)
        first = (first[:, :, None] * size + starts[:, None]).reshape(len(samples), first.shape[1] * count)
    offsets = _flat(sizes, [np.arange(size)[:, None] for size in kernel_size]).reshape(prod(kernel_size))
    return _pooled_from(input, first, offsets, output_size)


@in_float32
def max_pool_backward(grad: Array, indices: Array, input: Array, dims: int) -> Array:
    """Adds each element of ``grad`` to the position, in zeros of the shape of ``input``, that ``indices`` name for it."""
    input_grad = np.empty(input.shape, grad.dtype)
    _shared(_scatter_add, grad)(*_planes(dims, input_grad, grad, indices))
    return input_grad


@in_float32
def max_pool_gather(input: Array, indices: Array, dims: int) -> Array:
    """The elements of ``input`` at the positions ``indices`` in its planes, which the last ``dims`` dimensions make up."""
    output = np.empty(indices.shape, input.dtype)
    _shared(_gather, output)(*_planes(dims, input, output, indices))
    return output


def max_unpool(values: Array, indices: Array, output_size: Sizes) -> Array:
    """Planes of zeros, but for the values at their positions; the last one where several have the same."""
    dims = len(output_size)
    output = np.zeros((*values.shape[:-dims], *output_size), values.dtype)
    planes, given, positions = _planes(dims, output, values, indices)
    np.put_along_axis(planes, positions, given, 1)
    return output


def _pooled(input: Array, dims: int, table: Table, dtype: Any) -> tuple[Array, Array]:
    slabs, positions, size = table
    output = np.empty((*input.shape[:-dims], *size), input.dtype)
    indices = np.empty(output.shape, dtype)
    _shared(_pool, output)(*_planes(dims, input, output, indices), slabs, positions)
    return output, indices


@in_float32
def _pooled_from(input: Array, first: Array, offsets: Array, output_size: Sizes) -> tuple[Array, Array]:
    dims = len(output_size)
    output = np.empty((*input.shape[:-dims], *output_size), input.dtype)
    indices = np.empty(output.shape, index_dtype(prod(input.shape[-dims:])))
    _shared(_pool_from, output)(*_planes(dims, input, output, indices), first, offsets)
    return output, indices


def _shared(kernel: Any, windows: Array) -> Any:
    return kernel if windows.size >= SHARED else kernel.serial


def _planes(dims: int, *arrays: Array) -> list[Array]:
    """Each array as (number of planes, elements of a plane)."""
    return [np.ascontiguousarray(each).reshape(prod(each.shape[:-dims]), prod(each.shape[-dims:])) for each in arrays]


@lru_cache(maxsize=64)
def _positions(
    sizes: Sizes, kernel_size: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> tuple[Table, Array]:
    """Where in a plane the elements of the windows lie.

    What lies in the padding is replaced by the nearest that does not: seen twice, it wins no more often.
    Also returns the positions beyond the plane of windows wholly in the padding, (windows down, …), with -1 for the
    others; or nothing, if there are no such windows.
    """
    lines, firsts = zip(
        *(_lines(*each, ceil_mode) for each in zip(sizes, kernel_size, stride, padding, dilation, strict=True)),
        strict=True,
    )
    outside = reduce(np.logical_or.outer, [first >= size for first, size in zip(firsts, sizes, strict=True)])
    beyond = np.where(outside, _flat(sizes, [first[None] for first in firsts])[0], -1)
    beyond = beyond.astype(index_dtype(max(prod(sizes), beyond.max())))
    return _tabulated(sizes, lines), beyond if outside.any() else beyond.reshape(-1)[:0]


@lru_cache(maxsize=64)
def _adaptive_positions(sizes: Sizes, output_size: Sizes) -> tuple[Table, Any]:
    """Likewise for windows that are adapted to the size of the result, and the type for indices."""
    lines = []
    for size, count in zip(sizes, output_size, strict=True):
        starts, ends = adaptive_windows(size, count)
        longest = (ends - starts).max(initial=0)
        lines.append(np.minimum(starts + np.arange(longest)[:, None], ends - 1))
    return _tabulated(sizes, lines), index_dtype(prod(sizes))


def _tabulated(sizes: Sizes, lines: Sequence[Array]) -> Table:
    """A table from the positions along each dimension, (kernel size, windows)."""
    slabs = lines[-3] * (sizes[-2] * sizes[-1]) if len(lines) == 3 else np.zeros((1, 1))
    positions = _flat(sizes[-2:], lines[-2:])
    flat = positions.reshape(len(positions), prod(positions.shape[1:]))
    return slabs.astype(np.uint32), flat.astype(np.uint32), tuple(line.shape[1] for line in lines)


def _random_starts(shares: Array, size: int, count: int, kernel_size: int) -> Array:
    """Where each plane's windows begin along a dimension, (planes, windows).

    Evenly apart but for rounding, which the plane's share, from 0 to 1, decides.
    """
    last = size - kernel_size
    step = shares.dtype.type(last) / shares.dtype.type(max(count - 1, 1))
    starts = ((np.arange(count, dtype=shares.dtype) + shares) * step).astype(np.int64) - (shares * step).astype(
        np.int64
    )
    starts[:, -1:] = last
    return starts


def _flat(sizes: Sizes, lines: Sequence[Array]) -> Array:
    """Flat positions, (kernel elements, windows down, …), from those along each dimension, (kernel size, windows)."""
    dims = len(sizes)
    positions = np.zeros((1,) * (2 * dims), np.int64)
    for d, (size, line) in enumerate(zip(sizes, lines, strict=True)):
        shape = [1] * (2 * dims)
        shape[d], shape[dims + d] = line.shape
        positions = positions * size + line.reshape(shape)
    return positions.reshape(prod(positions.shape[:dims]), *positions.shape[dims:])


def _lines(
    extent: int, kernel_size: int, stride: int, padding: int, dilation: int, ceil_mode: bool
) -> tuple[Array, Array]:
    """The input's row (or column) for each row of the kernel in each window, (kernel_size, windows), and the first of each.

    Rows outside are replaced by the nearest one inside that the window meets, if it meets one.
    """
    starts = np.arange(pooled_size(extent, kernel_size, stride, padding, dilation, ceil_mode)) * stride - padding
    first = np.where(starts < 0, starts % dilation, starts)
    last = first + (extent - 1 - first) // dilation * dilation
    lines = np.clip(starts + np.arange(kernel_size)[:, None] * dilation, first, np.maximum(first, last))
    return np.minimum(lines, extent - 1), first


@parallel_jit
def _pool(planes, output, indices, slabs, positions):
    windows = positions.shape[1]
    depths, bands = slabs.shape[1], -(-windows // BAND)
    for item in prange(len(planes) * depths * bands):
        plane, depth, begin = item // bands // depths, item // bands % depths, item % bands * BAND
        first, last = depth * windows + begin, depth * windows + min(begin + BAND, windows)
        best = output[plane, first:last]
        winner = positions[0, begin : begin + BAND] + slabs[0, depth]
        candidates = np.empty_like(best)
        for window in range(len(best)):
            best[window] = planes[plane, winner[window]]
        for k in range(len(slabs)):
            slab = slabs[k, depth]
            elements = planes[plane, slab:]
            for number in range(1 if k == 0 else 0, len(positions)):
                places = positions[number, begin : begin + BAND]
                for window in range(len(best)):
                    candidates[window] = elements[places[window]]
                for window in range(len(best)):
                    value, largest, place, place_of_largest = (
                        candidates[window],
                        best[window],
                        places[window] + slab,
                        winner[window],
                    )
                    # Two selections, one after the other, are what LLVM has vector instructions for.
                    larger = value if value > largest else largest
                    place_of_larger = place if value > largest else place_of_largest
                    best[window] = value if value != value else larger
                    winner[window] = place if value != value else place_of_larger
        indices[plane, first:last] = winner


@parallel_jit
def _pool_from(planes, output, indices, first, offsets):
    for plane in prange(len(planes)):
        for window in range(output.shape[1]):
            winner = first[plane, window]
            best = planes[plane, winner]
            for offset in offsets[1:]:
                place = first[plane, window] + offset
                value = planes[plane, place]
                if value > best or value != value:
                    best, winner = value, place
            output[plane, window], indices[plane, window] = best, winner


@parallel_jit
def _scatter_add(input_grad, grad, indices):
    for plane in prange(len(input_grad)):
        whole = input_grad[plane]
        whole[:] = 0
        for window in range(grad.shape[1]):
            position = indices[plane, window]
            if position < len(whole):
                whole[position] += grad[plane, window]


@parallel_jit
def _gather(input, output, indices):
    for plane in prange(len(input)):
        for window in range(output.shape[1]):
            position = indices[plane, window]
            output[plane, window] = input[plane, position] if position < input.shape[1] else 0
