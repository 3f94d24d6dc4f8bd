"""Distances between all vectors of one set and all of another, or of the same: (sum |x - y|^p)^(1/p)."""

from __future__ import annotations

from math import prod

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit

__all__ = ["cdist", "cdist_backward", "euclidean_dist", "pdist", "pdist_backward"]

Array = np.ndarray

SHARED = 2**14  # differences from which more than one thread pays


def cdist(a: Array, b: Array, p: float, keeps_nan: bool = False) -> Array:
    """(…, n, d) and (…, m, d) -> (…, n, m). For p = inf NaN count nothing, unless ``keeps_nan``."""
    out = np.empty((*a.shape[:-1], b.shape[-2]), a.dtype)
    _run(_cdist, a, b, a.dtype.type(p), keeps_nan, _stacked(out))
    return out


def cdist_backward(grad: Array, a: Array, b: Array, distances: Array, p: float) -> Array:
    """The gradient for ``a``."""
    out = np.zeros(a.shape, a.dtype)
    if p != 0:
        _run(_cdist_backward, a, b, a.dtype.type(p), _stacked(grad), _stacked(distances), _stacked(out))
    return out


def euclidean_dist(a: Array, b: Array) -> Array:
    """Distances for p = 2 by one product of matrices: |x - y|² = |x|² + |y|² - 2 xᵀy, which loses digits where x is near y."""
    square_a, square_b = np.sum(a * a, -1, keepdims=True), np.sum(b * b, -1, keepdims=True)
    left = np.concatenate([-2 * a, square_a, np.ones_like(square_a)], -1)
    right = np.concatenate([b, np.ones_like(square_b), square_b], -1)
    squares = np.matmul(left, right.swapaxes(-1, -2))
    return np.sqrt(np.maximum(squares, 0, out=squares), out=squares)


def pdist(a: Array, p: float) -> Array:
    """(n, d) -> (n (n - 1) / 2,): the distances of each pair of rows, once."""
    return cdist(a, a, p, True)[np.triu_indices(len(a), 1)]


def pdist_backward(grad: Array, a: Array, distances: Array, p: float) -> Array:
    """The gradient for ``a``."""
    pairs = np.triu_indices(len(a), 1)
    square = np.zeros((2, len(a), len(a)), a.dtype)
    for whole, part in zip(square, (grad, distances), strict=True):
        whole[pairs] = part
        whole += whole.T
    return cdist_backward(square[0], a, a, square[1], p)


def _stacked(a: Array) -> Array:
    """As a stack of matrices in one dimension, row by row."""
    return np.ascontiguousarray(a).reshape(prod(a.shape[:-2]), *a.shape[-2:])


def _run(kernel, a: Array, b: Array, *rest) -> None:
    kernel = kernel if a.size * b.shape[-2] >= SHARED else kernel.serial
    kernel(_stacked(a), _stacked(b), *rest)


# The choice among the norms is made once for a row: in the inner loops, it would keep them from becoming vector code.


@parallel_jit
def _cdist(a, b, p, keeps_nan, out):
    stack, n, _ = a.shape
    m = b.shape[1]
    for row in prange(stack * n):
        s, i = row // n, row % n
        if p == 2:
            for j in range(m):
                out[s, i, j] = np.sqrt(sum_of_squares(a[s, i], b[s, j]))
        elif p == 1:
            for j in range(m):
                out[s, i, j] = sum_of_sizes(a[s, i], b[s, j])
        elif p == 0:
            for j in range(m):
                out[s, i, j] = count(a[s, i], b[s, j])
        elif p == np.inf:
            for j in range(m):
                out[s, i, j] = largest(a[s, i], b[s, j], keeps_nan)
        else:
            for j in range(m):
                out[s, i, j] = sum_of_powers(a[s, i], b[s, j], p) ** (1 / p)


@jit(reorder=True)
def sum_of_squares(x, y):
    total = x.dtype.type(0)
    for c in range(x.size):
        total += (x[c] - y[c]) * (x[c] - y[c])
    return total


@jit(reorder=True)
def sum_of_sizes(x, y):
    total = x.dtype.type(0)
    for c in range(x.size):
        total += abs(x[c] - y[c])
    return total


@jit
def count(x, y):
    total = x.dtype.type(0)
    for c in range(x.size):
        size = abs(x[c] - y[c])
        total += size if size != size else size != 0
    return total


@jit
def largest(x, y, keeps_nan):
    total = x.dtype.type(0)
    for c in range(x.size):
        size = abs(x[c] - y[c])
        if size > total or (keeps_nan and size != size):
            total = size
    return total


@jit(reorder=True)
def sum_of_powers(x, y, p):
    total = x.dtype.type(0)
    for c in range(x.size):
        total += abs(x[c] - y[c]) ** p
    return total


@parallel_jit
def _cdist_backward(a, b, p, grad, distances, out):
    """The slope of a distance is 0 where the distance is, and that of |.| at 0."""
    stack, n, _ = a.shape
    m = b.shape[1]
    for row in prange(stack * n):
        s, i = row // n, row % n
        if p == 2:
            for j in range(m):
                if distances[s, i, j] != 0:
                    add_difference(a[s, i], b[s, j], grad[s, i, j] / distances[s, i, j], out[s, i])
        elif p == 1:
            for j in range(m):
                add_signs(a[s, i], b[s, j], grad[s, i, j], out[s, i])
        elif p == np.inf:
            for j in range(m):
                add_signs_of_largest(a[s, i], b[s, j], grad[s, i, j], distances[s, i, j], out[s, i])
        else:
            for j in range(m):
                if distances[s, i, j] != 0:
                    scale = grad[s, i, j] / distances[s, i, j] ** (p - 1)
                    add_powers(a[s, i], b[s, j], p - 1, scale, out[s, i])


@jit
def add_difference(x, y, scale, out):
    for c in range(x.size):
        out[c] += scale * (x[c] - y[c])


@jit
def add_signs(x, y, grad, out):
    for c in range(x.size):
        out[c] += grad if x[c] > y[c] else -grad if x[c] < y[c] else type(grad)(0) * grad


@jit
def add_signs_of_largest(x, y, grad, distance, out):
    for c in range(x.size):
        if abs(x[c] - y[c]) == distance:
            out[c] += grad if x[c] > y[c] else -grad if x[c] < y[c] else type(grad)(0) * grad


@jit
def add_powers(x, y, power, scale, out):
    for c in range(x.size):
        if x[c] != y[c]:
            slope = scale * abs(x[c] - y[c]) ** power
            out[c] += slope if x[c] > y[c] else -slope
