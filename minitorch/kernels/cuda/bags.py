"""Bags of rows of a table: their sums, means or maxima."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numba import int64, uint32

from minitorch.kernels.cuda.array import DeviceArray, empty, on_device
from minitorch.kernels.cuda.creation import ones
from minitorch.kernels.cuda.device import number_type
from minitorch.kernels.cuda.elementwise import div, maximum, row_by_row
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import cast, position
from minitorch.kernels.cuda.shape import unsqueeze
from minitorch.kernels.halves import in_float32

__all__ = ["embedding_bag"]

Array = DeviceArray | np.ndarray


@in_float32
def embedding_bag(
    weight: DeviceArray, indices: Array, starts: Array, shares: DeviceArray | None, mode: str, padding: int
) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """The bags, how many rows each has, and for maxima the rows that they are from.

    Args:
        weight: (rows, numbers).
        indices: which rows, one bag after the other.
        starts: where each bag begins, and at last where the last one ends.
        shares: by how much to multiply each row that is looked up.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        padding: a row that counts nothing; or -1.
    """
    rows, bounds = row_by_row(on_device(indices)), row_by_row(on_device(starts))
    bags, numbers = bounds.size - 1, weight.shape[1]
    out, counts = empty((bags, numbers), weight.dtype), empty((bags,), np.int64)
    origins = empty((bags, numbers) if mode == "max" else (0, 0), np.int64)
    given = (rows, bounds, np.int64(padding), np.uint32(bags))
    launch(_count, blocks_for(bags), (counts, *given))
    table = (row_by_row(weight), np.uint32(numbers))
    if mode == "max":
        launch(_largest, blocks_for(out.size), (out, origins, *table, *given))
        return out, counts, origins
    by = ones((rows.size,), weight) if shares is None else row_by_row(shares)
    launch(_added(number_type(weight.dtype)), blocks_for(out.size), (out, by, *table, *given))
    if mode == "mean":
        out = div(out, unsqueeze(cast(maximum(counts, 1), out.dtype), 1))
    return out, counts, origins


def _count(counts, rows, bounds, padding, bags):
    bag = position()
    if bag < bags:
        count = int64(0)
        i, stop = bounds[bag], bounds[uint32(bag + uint32(1))]
        while i < stop:
            if rows[uint32(i)] != padding:
                count += int64(1)
            i += 1
        counts[bag] = count


@cache
def _added(number: Any) -> Any:
    """A thread for each number of each bag."""

    def kernel(out, shares, weight, numbers, rows, bounds, padding, bags):
        place = position()
        bag = uint32(place // numbers)
        column = uint32(place - uint32(bag * numbers))
        if bag < bags:
            total = number(0)
            i, stop = bounds[bag], bounds[uint32(bag + uint32(1))]
            while i < stop:
                if rows[uint32(i)] != padding:
                    total += weight[uint32(uint32(uint32(rows[uint32(i)]) * numbers) + column)] * shares[uint32(i)]
                i += 1
            out[place] = total

    return kernel


def _largest(out, origins, weight, numbers, rows, bounds, padding, bags):
    """A thread for each number of each bag. Of equal ones the first counts; a bag that begins with NaN stays so."""
    place = position()
    bag = uint32(place // numbers)
    column = uint32(place - uint32(bag * numbers))
    if bag < bags:
        best, origin, found = type(weight[0])(0), int64(0), False
        i, stop = bounds[bag], bounds[uint32(bag + uint32(1))]
        while i < stop:
            if rows[uint32(i)] != padding:
                value = weight[uint32(uint32(uint32(rows[uint32(i)]) * numbers) + column)]
                if not found or value > best:
                    best, origin, found = value, int64(rows[uint32(i)]), True
            i += 1
        out[place] = best
        origins[place] = origin
