"""From many elements to few: sums, means, extremes.

``dim`` is a tuple of dimensions, never empty or negative; ``None`` means all of them.
"""

from __future__ import annotations

import math

import numpy as np

from minitorch.kernels.cpu import elementwise

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "count_nonzero", "logsumexp", "max_dim", "mean", "min_dim", "prod", "sum",
    "sum_to", "var_mean", "vector_norm",
]  # fmt: skip

Array = np.ndarray
Dim = tuple[int, ...] | None

ROWS = 32  # in a block that is added up by itself
SHARED = 2**15  # elements from which more than one thread pays


def sum(a: Array, dim: Dim, keepdim: bool, dtype: np.dtype | None = None) -> Array:
    """The sum, in ``dtype`` (the array's own unless given).

    numpy adds rows one after the other, and rounding errors pile up with their number. Here rows are added in blocks, and
    then the blocks.
    """
    dtype = dtype or a.dtype
    if a.size >= SHARED and a.dtype is dtype and a.dtype.kind == "f" and a.itemsize > 2:
        kept = [] if dim is None else [d for d in range(a.ndim) if d not in dim]
        if kept != list(range(a.ndim)) and (not kept or kept[-1] - kept[0] == len(kept) - 1):
            a = a if a.flags.forc else elementwise.clone(a)
            if a.flags.c_contiguous:
                return _shared_sum(a, kept, keepdim)
            return _shared_sum(a.T, [a.ndim - 1 - d for d in reversed(kept)], keepdim).T  # it lies column by column
    if dtype.itemsize == 2 and dtype.kind == "f":
        return sum(a, dim, keepdim, np.dtype(np.float32)).astype(dtype)
    if dim is not None and 0 in dim and a.ndim > 1 and a.shape[0] > ROWS and dtype.kind == "f":
        whole = a.shape[0] // ROWS * ROWS
        blocks = np.add.reduce(a[:whole].reshape(-1, ROWS, *a.shape[1:]), axis=1, dtype=dtype)
        return sum(np.concatenate([blocks, a[whole:].astype(dtype, copy=False)]), dim, keepdim, dtype)
    return np.add.reduce(a, axis=dim, keepdims=keepdim, dtype=dtype, out=...)


def _shared_sum(a: Array, kept: list[int], keepdim: bool) -> Array:
    """The sum over all dimensions but some neighbouring ones."""
    from minitorch.kernels.cpu import summing  # which needs numba, whose import takes longer than all else

    before, after = (kept[0], kept[-1] + 1) if kept else (0, 0)
    shape = a.shape[before:after]
    result = a
    if after < a.ndim:
        result = summing.rows(result.reshape(math.prod(a.shape[:after]), math.prod(a.shape[after:])))
    if before > 0:
        result = summing.columns(result.reshape(math.prod(a.shape[:before]), math.prod(shape)))
    return result.reshape([size if d in kept else 1 for d, size in enumerate(a.shape)] if keepdim else shape)


def mean(a: Array, dim: Dim, keepdim: bool, dtype: np.dtype | None = None) -> Array:
    """The mean, in ``dtype`` (the array's own unless given); NaN of nothing."""
    total = sum(a, dim, keepdim, dtype)
    count = a.size if dim is None else math.prod([a.shape[d] for d in dim])
    if total.itemsize == 2:
        return np.true_divide(total, count, dtype=np.float32, out=...).astype(total.dtype)
    return np.true_divide(total, total.dtype.type(count), out=...)


def sum_to(a: Array, shape: tuple[int, ...]) -> Array:
    """Undoes broadcasting: the sum over what had been expanded from ``shape``."""
    extra = a.ndim - len(shape)
    expanded = tuple(d + extra for d, size in enumerate(shape) if size == 1 and a.shape[d + extra] != 1)
    return sum(a, tuple(range(extra)) + expanded, keepdim=True).reshape(shape)


def all(a: Array, dim: Dim, keepdim: bool) -> Array:
    """Whether every element is true; of dtype uint8 for such."""
    return _answer(a, np.logical_and.reduce(a, axis=dim, keepdims=keepdim, out=...))


def any(a: Array, dim: Dim, keepdim: bool) -> Array:
    """Whether some element is true; of dtype uint8 for such."""
    return _answer(a, np.logical_or.reduce(a, axis=dim, keepdims=keepdim, out=...))


def _answer(a: Array, truth: Array) -> Array:
    return truth.astype(np.uint8) if a.dtype == np.uint8 else truth


def amax(a: Array, dim: Dim, keepdim: bool) -> Array:
    """The largest element; NaN if there is one."""
    return np.maximum.reduce(a, axis=dim, keepdims=keepdim, out=...)


def amin(a: Array, dim: Dim, keepdim: bool) -> Array:
    """The smallest element; NaN if there is one."""
    return np.minimum.reduce(a, axis=dim, keepdims=keepdim, out=...)


def argmax(a: Array, dim: int | None, keepdim: bool) -> Array:
    """Where the largest element is (the first of them, or the first NaN), as int64."""
    return np.asarray(np.argmax(a, axis=dim, keepdims=keepdim))


def argmin(a: Array, dim: int | None, keepdim: bool) -> Array:
    """Where the smallest element is (the first of them, or the first NaN), as int64."""
    return np.asarray(np.argmin(a, axis=dim, keepdims=keepdim))


def max_dim(a: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The largest elements along a dimension, and where they are."""
    return _at(a, dim, keepdim, argmax(a, dim, True) if a.ndim else np.zeros((), np.int64))


def min_dim(a: Array, dim: int, keepdim: bool) -> tuple[Array, Array]:
    """The smallest elements along a dimension, and where they are."""
    return _at(a, dim, keepdim, argmin(a, dim, True) if a.ndim else np.zeros((), np.int64))


def _at(a: Array, dim: int, keepdim: bool, indices: Array) -> tuple[Array, Array]:
    if a.ndim == 0:
        return a.copy(), indices
    values = np.take_along_axis(a, indices, dim)
    return (values, indices) if keepdim else (values.squeeze(dim), indices.squeeze(dim))


def vector_norm(a: Array, p: float, dim: Dim, keepdim: bool, dtype: np.dtype | None = None) -> Array:
    """(sum |a|^p)^(1/p), in ``dtype`` (the array's own unless given).

    For p = inf or -inf that is the largest or smallest magnitude, for 0 the count of non-zeros.
    """
    dtype = dtype or a.dtype
    if dtype.itemsize == 2:
        return vector_norm(a, p, dim, keepdim, np.dtype(np.float32)).astype(dtype)
    a = a.astype(dtype, copy=False)
    if p == 2 and dim is None and not keepdim and a.flags.c_contiguous and a.itemsize > 2:
        flat = a.reshape(-1)
        return np.sqrt(np.dot(flat, flat), out=...)
    if p == 2:
        return np.sqrt(sum(np.multiply(a, a), dim, keepdim), out=...)
    if p == 0:
        return sum((a != 0).astype(a.dtype), dim, keepdim)
    magnitude = np.absolute(a, out=...)
    if p == 1:
        return sum(magnitude, dim, keepdim)
    if p in (np.inf, -np.inf):
        return (amax if p > 0 else amin)(magnitude, dim, keepdim)
    return np.power(sum(np.power(magnitude, p), dim, keepdim), 1 / p, out=...)


def prod(a: Array, dim: Dim, keepdim: bool, dtype: np.dtype) -> Array:
    """The product, in ``dtype``."""
    product = np.multiply.reduce(a.astype(dtype, copy=False), axis=dim, keepdims=keepdim, dtype=_wide(dtype), out=...)
    return product.astype(dtype, copy=False)


def var_mean(a: Array, dim: Dim, keepdim: bool, correction: float, root: bool = False) -> tuple[Array, Array]:
    """The variance (its square root if ``root``) and the mean, computed in double precision; NaN of nothing."""
    count = a.size if dim is None else math.prod([a.shape[d] for d in dim])
    mean = sum(a, dim, True, _wide(a.dtype)) / count if count else np.full_like(sum(a, dim, True), np.nan)
    deviation = np.subtract(a, mean, out=...)
    total = sum(np.square(deviation, out=deviation), dim, keepdim)
    variance = np.true_divide(total, max(count - correction, 0.0) if count else 0.0, out=...)
    if root:
        np.sqrt(variance, out=variance)
    return variance.astype(a.dtype), mean.reshape(variance.shape).astype(a.dtype)


def _wide(dtype: np.dtype) -> np.dtype:
    """The dtype that sums and products of many elements are kept in."""
    return np.dtype(np.float32 if dtype.itemsize == 2 else np.float64) if dtype.kind == "f" else dtype


def logsumexp(a: Array, dim: Dim, keepdim: bool) -> Array:
    """log(sum(exp(a))), shifted by the largest element unless that is infinite, so that nothing overflows."""
    largest = amax(a, dim, True) if a.size else np.zeros_like(sum(a, dim, True))
    largest[np.isinf(largest)] = 0
    logarithm = np.log(sum(np.exp(a - largest, out=...), dim, keepdim), out=...)
    return np.add(logarithm, largest.reshape(logarithm.shape), out=...)


def count_nonzero(a: Array, dim: Dim) -> Array:
    """How many elements are not zero, as int64."""
    return np.asarray(np.count_nonzero(a, axis=dim), np.int64)
