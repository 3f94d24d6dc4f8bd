"""Distances between all vectors of one set and all of another, or of the same: (sum |x - y|^p)^(1/p)."""

from __future__ import annotations

import numpy as np

__all__ = ["cdist", "cdist_backward", "euclidean_dist", "pdist", "pdist_backward"]

Array = np.ndarray

BLOCK = 2**20  # differences that are held at once


def _norm(differences: Array, p: float) -> Array:
    """The p-norms along the last dimension; for p = inf, NaN count nothing."""
    size = np.abs(differences)
    if p == 0:
        return np.sum(np.minimum(np.ceil(size), 1), -1)
    if p == 1:
        return np.sum(size, -1)
    if p == 2:
        return np.sqrt(np.sum(size * size, -1))
    if np.isinf(p):
        return np.fmax.reduce(size, -1, initial=0)
    return np.power(np.sum(np.power(size, p), -1), 1 / p)


def _slope(differences: Array, grad: Array, distances: Array, p: float) -> Array:
    """The gradient of each distance for each difference; 0 where the distance is."""
    if p == 1:
        return np.sign(differences) * grad[..., None]
    distance = distances[..., None]
    if np.isinf(p):
        return np.sign(differences) * (np.abs(differences) == distance) * grad[..., None]
    away = distance != 0
    if p == 2:
        return differences * np.divide(grad[..., None], distance, out=np.zeros_like(distance), where=away)
    if p < 1:
        away = away & (differences != 0)
    power = np.zeros_like(differences)
    np.power(np.abs(differences), p - 1, out=power, where=np.broadcast_to(away, power.shape))
    scale = np.divide(grad[..., None], np.power(distance, p - 1), out=np.zeros_like(distance), where=distance != 0)
    return np.sign(differences) * power * scale


def cdist(a: Array, b: Array, p: float) -> Array:
    """(…, n, d) and (…, m, d) -> (…, n, m)."""
    result = np.empty((*a.shape[:-1], b.shape[-2]), a.dtype)
    for rows in _blocks(a, b):
        result[..., rows, :] = _norm(a[..., rows, None, :] - b[..., None, :, :], p)
    return result


def cdist_backward(grad: Array, a: Array, b: Array, p: float, distances: Array) -> Array:
    """The gradient for ``a``."""
    result = np.zeros_like(a)
    if p == 0:
        return result
    for rows in _blocks(a, b):
        differences = a[..., rows, None, :] - b[..., None, :, :]
        result[..., rows, :] = _slope(differences, grad[..., rows, :], distances[..., rows, :], p).sum(-2)
    return result


def _blocks(a: Array, b: Array) -> list[slice]:
    """Rows of ``a`` that are worked on together."""
    rows = a.shape[-2]
    each = max(1, BLOCK * rows // max(1, a.size * b.shape[-2]))
    return [slice(start, start + each) for start in range(0, rows, each)]


def euclidean_dist(a: Array, b: Array) -> Array:
    """Distances for p = 2 by one product of matrices: |x - y|² = |x|² + |y|² - 2 xᵀy, which loses digits where x is near y."""
    square_a, square_b = np.sum(a * a, -1, keepdims=True), np.sum(b * b, -1, keepdims=True)
    left = np.concatenate([-2 * a, square_a, np.ones_like(square_a)], -1)
    right = np.concatenate([b, np.ones_like(square_b), square_b], -1)
    squares = np.matmul(left, right.swapaxes(-1, -2))
    return np.sqrt(np.maximum(squares, 0, out=squares), out=squares)


def pdist(a: Array, p: float) -> Array:
    """(n, d) -> (n (n - 1) / 2,): the distances of each pair of rows, once."""
    return cdist(a, a, p)[_pairs(a)]


def pdist_backward(grad: Array, a: Array, p: float, distances: Array) -> Array:
    """The gradient for ``a``."""
    pairs, count = _pairs(a), len(a)
    square = np.zeros((2, count, count), a.dtype)
    for whole, part in zip(square, (grad, distances), strict=True):
        whole[pairs] = part
        whole += whole.T
    return cdist_backward(square[0], a, a, p, square[1])


def _pairs(a: Array) -> tuple[Array, Array]:
    return np.triu_indices(len(a), 1)
