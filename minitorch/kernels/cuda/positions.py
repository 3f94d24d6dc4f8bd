"""Reading and writing at positions in an array's memory, which index arrays name. Every kernel that looks up goes by these.

Where several values go to one position, they are taken in their order, each time: a stable sort brings them together, and one
thread takes them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numba import int32, int64, uint32

from minitorch.kernels.cuda.array import DeviceArray, dense_strides, empty
from minitorch.kernels.cuda.creation import fill
from minitorch.kernels.cuda.device import function, number_type
from minitorch.kernels.cuda.elementwise import contiguous_clone, row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import Formula, broadcast, cast, collapse, places, position, write
from minitorch.kernels.cuda.placement import overlap
from minitorch.kernels.cuda.shape import expand, reshape
from minitorch.kernels.cuda.sorting import sorted_with_places


class Positions(NamedTuple):
    """Places in an array's memory, counted from its first element, and what belongs to each of them.

    Args:
        places: int32, row by row, of any shape.
        shape, steps: of the part of the array that begins at each place; ``()`` where that is one element.
    """

    places: DeviceArray
    shape: tuple[int, ...] = ()
    steps: tuple[int, ...] = ()

    @property
    def whole_shape(self) -> tuple[int, ...]:
        """Of all that there is at these positions."""
        return self.places.shape + self.shape


def with_dims(a: DeviceArray) -> DeviceArray:
    """An array without dimensions is taken as one of a single element."""
    return a if a.ndim else a.seen((1,), (1,))


def part(values: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
    """The values that go with indices of that shape, which may be fewer along each dimension."""
    return with_dims(values).seen(shape, with_dims(values).steps)


# -- positions ----------------------------------------------------------------------------------------------------------


def slices_at(a: DeviceArray, indices: Mapping[int, DeviceArray]) -> Positions:
    """The slices of ``a`` at indices (broadcast, negative ones from the end) of some of its dimensions, which go away."""
    shape = broadcast([each.shape for each in indices.values()])
    found = _steps_away(shape, (0,) * len(shape))
    for d, index in indices.items():
        _move(found, a, d, index)
    rest = [d for d in range(a.ndim) if d not in indices]
    return Positions(found, tuple(a.shape[d] for d in rest), tuple(a.steps[d] for d in rest))


def elements_at(a: DeviceArray, dim: int, index: DeviceArray) -> Positions:
    """The elements of ``a`` at indices of one dimension, which has as many of the others as the index has."""
    found = _steps_away(index.shape, [0 if d == dim else step for d, step in enumerate(a.steps)])
    _move(found, a, dim, index)
    return Positions(found)


def _steps_away(shape: tuple[int, ...], steps: Sequence[int]) -> DeviceArray:
    """How far each element of a shape is from the first, by its steps."""
    out = empty(shape, np.int32)
    sizes, (_, strides) = collapse(shape, [out.steps, steps])
    numbers = (tuple(map(np.uint32, each)) for each in (sizes, strides))
    launch(_far(len(sizes)), blocks_for(out.size), (out, np.uint32(out.size), *numbers))
    return out


@cache
def _far(dims: int) -> Callable[..., None]:
    place = places(dims)

    def kernel(out, size, shape, steps):
        i = position()
        if i < size:
            out[i] = int32(place(i, shape, steps))

    return kernel


def _move(found: DeviceArray, a: DeviceArray, dim: int, index: DeviceArray) -> None:
    numbers = (np.int64(a.shape[dim]), np.int64(a.steps[dim]))
    write(_moved, found, found, index, numbers=numbers)


def _moved(place: Any, index: Any, size: Any, step: Any) -> Any:
    return int32(int64(place) + (index + size if index < 0 else int64(index)) * step)


# -- reading ------------------------------------------------------------------------------------------------------------


def read_at(a: DeviceArray, at: Positions, out: DeviceArray | None = None) -> DeviceArray:
    """What is at these positions, of shape ``at.whole_shape``; written into ``out`` if that is given."""
    out = empty(at.whole_shape, a.dtype) if out is None else out
    extra = len(at.shape)
    between = (*at.places.steps, *(0,) * extra), (*(0,) * at.places.ndim, *at.steps)
    shape, strides = collapse(out.shape, [out.steps, *between])
    numbers = (tuple(map(np.uint32, each)) for each in (shape, *strides))
    launch(_read(len(shape)), blocks_for(out.size), (out, a, at.places, np.uint32(out.size), *numbers))
    return out


@cache
def _read(dims: int) -> Callable[..., None]:
    place = places(dims)

    def kernel(out, a, found, size, shape, out_steps, found_steps, steps):
        i = position()
        if i < size:
            start = uint32(found[place(i, shape, found_steps)])
            out[place(i, shape, out_steps)] = a[uint32(start + place(i, shape, steps))]

    return kernel


# -- writing ------------------------------------------------------------------------------------------------------------


class Runs(NamedTuple):
    """Positions in ascending order, so that equal ones follow one another; ``order`` has where each of them was."""

    at: Positions
    places: DeviceArray
    order: DeviceArray


def in_order(at: Positions) -> Runs:
    """Sorts positions. Where they are equal, what came first stays first."""
    found, order = sorted_with_places(reshape(at.places, (at.places.size,)), 0, descending=False)
    return Runs(at, row_by_row(found), row_by_row(order))


def latest(total: Any, value: Any) -> Any:
    return value


def write_at(whole: DeviceArray, at: Positions | Runs, values: Any, combine: Formula = latest) -> None:
    """Writes ``combine(what is there, value)`` at each position, for one value after the other where it occurs again.

    Args:
        whole: no two of its elements share memory.
        at: of ``whole``.
        values: an array that is broadcast to ``at.whole_shape`` and cast, or a number.
        combine: what becomes of two elements; the last value stays, unless this is given.
    """
    runs = at if isinstance(at, Runs) else in_order(at)
    at = runs.at
    if not isinstance(values, DeviceArray):
        values = fill(whole.seen((), ()), values)
    if overlap(values, whole):
        values = contiguous_clone(values)
    values = row_by_row(expand(cast(values, whole.dtype), at.whole_shape))
    sizes = np.uint32(runs.places.size), np.uint32(prod(at.shape))
    shape, (_, steps) = collapse(at.shape, [dense_strides(at.shape), at.steps])
    numbers = (tuple(map(np.uint32, each)) for each in (shape, steps))
    total = np.dtype(np.float32) if whole.dtype == np.float16 else whole.dtype
    kernel = _write(combine, number_type(total), len(shape))
    launch(kernel, blocks_for(values.size), (whole, values, runs.places, runs.order, *sizes, *numbers))


@cache
def _write(combine: Formula, number: Any, dims: int) -> Callable[..., None]:
    """A thread for each element of each run, which begins where the place before is another."""
    f, place = function(combine), places(dims)

    def kernel(whole, values, found, order, count, columns, shape, steps):
        i = position()
        n = uint32(i // columns)
        column = uint32(i - uint32(n * columns))
        if n < count and (n == 0 or found[uint32(n - uint32(1))] != found[n]):
            start = found[n]
            to = uint32(uint32(start) + place(column, shape, steps))
            total = number(whole[to])
            while n < count and found[n] == start:
                value = number(values[uint32(uint32(uint32(order[n]) * columns) + column)])
                total = number(f(total, value))
                n = uint32(n + uint32(1))
            whole[to] = total

    return kernel
