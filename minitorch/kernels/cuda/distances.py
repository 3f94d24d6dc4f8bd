"""Distances between all vectors of one set and all of another, or of the same, by the formulas that the CPU's kernels compile."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from math import inf, prod
from math import sqrt as root
from typing import Any

import numpy as np
from numba import uint32

from minitorch.kernels.cpu.distances import (
    add_difference,
    add_powers,
    add_signs,
    add_signs_of_largest,
    count,
    largest,
    sum_of_powers,
    sum_of_sizes,
    sum_of_squares,
)
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.creation import ones, zeros
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.elementwise import maximum, mul, row_by_row, sqrt
from minitorch.kernels.cuda.gemm import matmul
from minitorch.kernels.cuda.launch import blocks_for, launch
from minitorch.kernels.cuda.lifting import position
from minitorch.kernels.cuda.reduction import sum
from minitorch.kernels.cuda.shape import cat, transpose

__all__ = ["cdist", "cdist_backward", "euclidean_dist", "pdist", "pdist_backward"]


def cdist(a: DeviceArray, b: DeviceArray, p: float, keeps_nan: bool = False) -> DeviceArray:
    """(…, n, d) and (…, m, d) -> (…, n, m). For p = inf NaN count nothing, unless ``keeps_nan``."""
    out = empty((*a.shape[:-1], b.shape[-2]), a.dtype)
    given = (row_by_row(a), row_by_row(b), a.dtype.type(p), np.bool_(keeps_nan))
    launch(_distances(_kind(p)), blocks_for(out.size), (out, *given, _sizes(a, b)))
    return out


def cdist_backward(grad: DeviceArray, a: DeviceArray, b: DeviceArray, distances: DeviceArray, p: float) -> DeviceArray:
    """The gradient for ``a``."""
    if p == 0 or not b.shape[-2]:
        return zeros(a.shape, a)
    out = empty(a.shape, a.dtype)
    given = tuple(map(row_by_row, (grad, a, b, distances)))
    kernel = _slopes(_kind(p), number_type(a.dtype))
    launch(kernel, blocks_for(out.size), (out, *given, a.dtype.type(p), _sizes(a, b)))
    return out


def euclidean_dist(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """Distances for p = 2 by one product of matrices: |x - y|² = |x|² + |y|² - 2 xᵀy, which loses digits where x is near y."""
    last = a.ndim - 1
    square_a, square_b = (sum(mul(each, each), (last,), True) for each in (a, b))
    left = cat([mul(a, -2.0), square_a, ones(square_a.shape, a)], last)
    right = cat([b, ones(square_b.shape, b), square_b], last)
    return sqrt(maximum(matmul(left, transpose(right, last - 1, last)), 0.0))


def pdist(a: DeviceArray, p: float) -> DeviceArray:
    """(n, d) -> (n (n - 1) / 2,): the distances of each pair of rows, once."""
    rows = a.shape[0]
    square, out = cdist(a, a, p, True), empty((rows * (rows - 1) // 2,), a.dtype)
    launch(_take_pairs, blocks_for(square.size), (out, square, np.uint32(rows)))
    return out


def pdist_backward(grad: DeviceArray, a: DeviceArray, distances: DeviceArray, p: float) -> DeviceArray:
    """The gradient for ``a``."""
    rows = a.shape[0]
    square = [empty((rows, rows), a.dtype) for _ in range(2)]
    for whole, pairs in zip(square, (grad, distances), strict=True):
        launch(_put_pairs, blocks_for(whole.size), (whole, row_by_row(pairs), np.uint32(rows)))
    return cdist_backward(square[0], a, a, square[1], p)


def _kind(p: float) -> float | None:
    """Which norms have a formula of their own."""
    return p if p in (0, 1, 2, inf) else None


def _sizes(a: DeviceArray, b: DeviceArray) -> tuple[np.uint32, ...]:
    """How many matrices there are in a stack, the rows of each in both sets, and the numbers in a row."""
    return tuple(map(np.uint32, (prod(a.shape[:-2]), a.shape[-2], b.shape[-2], a.shape[-1])))


@cache
def _distances(kind: float | None) -> Callable[..., None]:
    """A thread for each distance."""

    def kernel(out, a, b, p, keeps_nan, sizes):
        stack, n, m, length = sizes
        i = position()
        if i < uint32(uint32(stack * n) * m):
            row = uint32(i // m)
            column = uint32(uint32(uint32(row // n) * m) + uint32(i - uint32(row * m)))
            first, second = uint32(row * length), uint32(column * length)
            x, y = a[first : uint32(first + length)], b[second : uint32(second + length)]
            if kind == 2:
                out[i] = root(sum_of_squares(x, y))
            elif kind == 1:
                out[i] = sum_of_sizes(x, y)
            elif kind == 0:
                out[i] = count(x, y)
            elif kind == inf:
                out[i] = largest(x, y, keeps_nan)
            else:
                out[i] = sum_of_powers(x, y, p) ** (type(p)(1) / p)

    return kernel


@cache
def _slopes(kind: float | None, number: Any) -> Callable[..., None]:
    """A thread for each number of the result: what the distances to all rows of the other set add to it."""

    def kernel(out, grads, a, b, found, p, sizes):
        stack, n, m, length = sizes
        i = position()
        if i < uint32(uint32(stack * n) * length):
            total = cuda.local.array(1, number)
            total[0] = 0
            row = uint32(i // length)
            x = a[i : uint32(i + uint32(1))]
            at = uint32(uint32(uint32(row // n) * uint32(m * length)) + uint32(i - uint32(row * length)))
            pair, stop = uint32(row * m), uint32(uint32(row + uint32(1)) * m)
            while pair < stop:
                grad, distance, y = grads[pair], found[pair], b[at : uint32(at + uint32(1))]
                if kind == 1:
                    add_signs(x, y, grad, total)
                elif kind == inf:
                    add_signs_of_largest(x, y, grad, distance, total)
                elif distance != 0:
                    if kind == 2:
                        add_difference(x, y, grad / distance, total)
                    else:
                        add_powers(x, y, p - type(p)(1), grad / distance ** (p - type(p)(1)), total)
                pair, at = uint32(pair + uint32(1)), uint32(at + length)
            out[i] = total[0]

    return kernel


@function
def _pair(i, j, rows):
    """The number of the pair of rows i < j, in the order of i, then of j."""
    before = uint32(uint32(i * uint32(uint32(rows + rows) - uint32(i + uint32(1)))) // uint32(2))
    return uint32(before + uint32(j - uint32(i + uint32(1))))


def _take_pairs(pairs, square, rows):
    """A thread for each element of the square, of which one triangle is wanted."""
    at = position()
    i = uint32(at // rows)
    j = uint32(at - uint32(i * rows))
    if i < j and i < rows:
        pairs[_pair(i, j, rows)] = square[at]


def _put_pairs(square, pairs, rows):
    """A thread for each element of the square: both triangles have the pairs, and the diagonal has nothing."""
    at = position()
    if at < uint32(rows * rows):
        i = uint32(at // rows)
        j = uint32(at - uint32(i * rows))
        square[at] = type(square[at])(0) if i == j else pairs[_pair(min(i, j), max(i, j), rows)]
