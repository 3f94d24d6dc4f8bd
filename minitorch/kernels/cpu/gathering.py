"""Reading and adding at indices along one dimension, compiled; the order of additions is that of the indices, always.

Arrays are taken as (outer, along, inner), and indices too, or are rows.
"""

from __future__ import annotations

from math import prod

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit

__all__ = ["gather", "gather_backward", "scatter_add"]

Array = np.ndarray

SHARED = 2**14  # elements from which more than one thread pays
COLUMNS = 256  # to take together


def gather(a: Array, dim: int, indices: Array) -> Array:
    """Along one dimension, the elements at those indices; along the others the indices may be fewer."""
    if not indices.ndim:
        return np.asarray(a.reshape(-1)[indices])
    if a.dtype.char == "e":  # which numba does not have
        return gather(a.view(np.uint16), dim, indices).view(a.dtype)
    if not indices.size:
        return np.empty(indices.shape, a.dtype)
    a = np.ascontiguousarray(a.reshape(a.shape or 1)[_part(indices.shape, dim)])
    out = np.empty(indices.shape, a.dtype)
    kernel = _gather if out.size >= SHARED else _gather.serial
    kernel(*(_around(dim, each) for each in (a, np.ascontiguousarray(indices), out)))
    return out


def gather_backward(grad: Array, indices: Array, shape: tuple[int, ...], dim: int) -> Array:
    """Zeros, with the values added at those indices of one dimension."""
    return _added(np.zeros(shape or 1, grad.dtype), dim, indices, grad).reshape(shape)


def scatter_add(a: Array, dim: int, indices: Array, src: Array) -> Array:
    """A copy with values added at those indices of one dimension; along the others the indices may be fewer."""
    values = src
    if src.shape != indices.shape and indices.size:
        values = src[tuple(map(slice, indices.shape))] if src.ndim and indices.ndim else src.reshape(indices.shape)
    return _added(a.copy(order="C").reshape(a.shape or 1), dim, indices, values).reshape(a.shape)


def _added(whole: Array, dim: int, indices: Array, values: Array) -> Array:
    """Adds values at indices of one dimension of an array that lies row by row; returns it."""
    if not indices.size:
        return whole
    if not indices.ndim or values.dtype.kind == "b" or values.itemsize == 2:
        positions = list(np.indices(indices.shape, sparse=True)) or [indices]
        if indices.ndim:
            positions[dim] = indices
        np.add.at(whole, tuple(positions), values)
        return whole
    part = whole[_part(indices.shape, dim)]
    target = np.ascontiguousarray(part)
    kernel = _scatter_add if values.size >= SHARED else _scatter_add.serial
    kernel(*(_around(dim, np.ascontiguousarray(each)) for each in (values, indices, target)))
    if target is not part:
        part[...] = target
    return whole


def add_rows(whole: Array, rows: Array, values: Array) -> None:
    """``whole[rows] += values``, where a row occurs twice, too: (n, …), (k,) and (k, …), contiguous; indices in range."""
    _add_rows(whole.reshape(len(whole), -1), rows, values.reshape(len(rows), -1))


def _part(shape: tuple[int, ...], dim: int) -> tuple[slice, ...]:
    """What indices of this shape can reach."""
    return tuple(slice(None) if d == dim else slice(size) for d, size in enumerate(shape))


def _around(dim: int, a: Array) -> Array:
    return a.reshape(prod(a.shape[:dim]), a.shape[dim], prod(a.shape[dim + 1 :]))


@parallel_jit
def _gather(a, indices, out):
    outer, count, inner = out.shape
    for item in prange(outer * count):
        o, j = item // count, item % count
        for i in range(inner):
            out[o, j, i] = a[o, indices[o, j, i], i]


@parallel_jit
def _scatter_add(values, indices, whole):
    outer, count, inner = values.shape
    blocks = -(-inner // COLUMNS)
    for item in prange(outer * blocks):
        o, begin = item // blocks, item % blocks * COLUMNS
        for j in range(count):
            for i in range(begin, min(begin + COLUMNS, inner)):
                whole[o, indices[o, j, i], i] += values[o, j, i]


@parallel_jit
def _add_rows(whole, rows, values):
    for block in prange(-(-values.shape[1] // COLUMNS)):
        begin, end = block * COLUMNS, min((block + 1) * COLUMNS, values.shape[1])
        for k in range(len(rows)):
            row = rows[k]
            for i in range(begin, end):
                whole[row, i] += values[k, i]
