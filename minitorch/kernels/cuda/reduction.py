"""From many elements to few: sums, means, extremes.

``dim`` is a tuple of dimensions, never empty or negative; ``None`` means all of them.
"""

from __future__ import annotations

from functools import cache
from math import prod as product
from typing import Any

import numpy as np
from numba import int64, uint32

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.elementwise import abs, add, div, exp, isinf, log, maximum, mul, pow, sqrt, sub
from minitorch.kernels.cuda.folding import BLOCK, Dim, fold, plan, result_shape
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.lifting import BOOL, cast, places
from minitorch.kernels.cuda.selection import where
from minitorch.kernels.cuda.shape import reshape
from minitorch.kernels.halves import in_float32

__all__ = [
    "all", "amax", "amin", "any", "argmax", "argmin", "count_nonzero", "logsumexp", "max_dim", "mean", "min_dim", "prod", "sum",
    "sum_to", "var_mean", "vector_norm",
]  # fmt: skip


def _both(x: Any, y: Any) -> Any:
    return x and y


def _either(x: Any, y: Any) -> Any:
    return x or y


def _is_true(x: Any) -> Any:
    return x != 0


def _square(x: Any) -> Any:
    return x * x


def sum(a: DeviceArray, dim: Dim, keepdim: bool, dtype: np.dtype | None = None) -> DeviceArray:
    """The sum, in ``dtype`` (the array's own unless given)."""
    return fold(a, dim, keepdim, formulas.add, 0, np.dtype(dtype or a.dtype))


def prod(a: DeviceArray, dim: Dim, keepdim: bool, dtype: np.dtype) -> DeviceArray:
    """The product, in ``dtype``."""
    return fold(a, dim, keepdim, formulas.multiply, 1, np.dtype(dtype))


def mean(a: DeviceArray, dim: Dim, keepdim: bool, dtype: np.dtype | None = None) -> DeviceArray:
    """The mean, in ``dtype`` (the array's own unless given); NaN of nothing."""
    dtype = np.dtype(dtype or a.dtype)
    if dtype == np.float16:
        return cast(mean(a, dim, keepdim, np.dtype(np.float32)), dtype)
    return div(sum(a, dim, keepdim, dtype), float(_count(a, dim)))


def _count(a: DeviceArray, dim: Dim) -> int:
    """How many elements each result is of."""
    return a.size if dim is None else product(a.shape[d] for d in dim)


def sum_to(a: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
    """Undoes broadcasting: the sum over what had been expanded from ``shape``."""
    extra = a.ndim - len(shape)
    expanded = tuple(d + extra for d, size in enumerate(shape) if size == 1 and a.shape[d + extra] != 1)
    return reshape(sum(a, tuple(range(extra)) + expanded, keepdim=True), shape)


def amax(a: DeviceArray, dim: Dim, keepdim: bool) -> DeviceArray:
    """The largest element; NaN if there is one."""
    return fold(a, dim, keepdim, formulas.larger, limit(a.dtype, lowest=True), a.dtype)


def amin(a: DeviceArray, dim: Dim, keepdim: bool) -> DeviceArray:
    """The smallest element; NaN if there is one."""
    return fold(a, dim, keepdim, formulas.smaller, limit(a.dtype, lowest=False), a.dtype)


def limit(dtype: np.dtype, lowest: bool) -> Any:
    """The lowest, or the highest, of all numbers of a dtype."""
    if dtype.kind == "f":
        return -np.inf if lowest else np.inf
    if dtype.kind == "b":
        return not lowest
    return np.iinfo(dtype).min if lowest else np.iinfo(dtype).max


def all(a: DeviceArray, dim: Dim, keepdim: bool) -> DeviceArray:
    """Whether every element is true; of dtype uint8 for such."""
    return cast(fold(a, dim, keepdim, _both, True, BOOL, _is_true), np.uint8 if a.dtype == np.uint8 else bool)


def any(a: DeviceArray, dim: Dim, keepdim: bool) -> DeviceArray:
    """Whether some element is true; of dtype uint8 for such."""
    return cast(fold(a, dim, keepdim, _either, False, BOOL, _is_true), np.uint8 if a.dtype == np.uint8 else bool)


def count_nonzero(a: DeviceArray, dim: Dim) -> DeviceArray:
    """How many elements are not zero, as int64."""
    return fold(a, dim, False, formulas.add, 0, np.dtype(np.int64), _is_true)


@in_float32
def var_mean(
    a: DeviceArray, dim: Dim, keepdim: bool, correction: float, root: bool = False
) -> tuple[DeviceArray, DeviceArray]:
    """The variance (its square root if ``root``) and the mean; NaN of nothing.

    What the deviations add up to, because the mean is rounded, is taken from the sum of their squares.
    """
    count = _count(a, dim)
    average = mean(a, dim, True)
    deviation = sub(a, average)
    rest = sum(deviation, dim, keepdim)
    total = sub(sum(mul(deviation, deviation), dim, keepdim), div(mul(rest, rest), float(count)))
    variance = div(maximum(total, 0.0), max(count - correction, 0.0) if count else 0.0)
    return sqrt(variance) if root else variance, reshape(average, variance.shape)


def vector_norm(a: DeviceArray, p: float, dim: Dim, keepdim: bool, dtype: np.dtype | None = None) -> DeviceArray:
    """(sum |a|^p)^(1/p), in ``dtype`` (the array's own unless given).

    For p = inf or -inf that is the largest or smallest magnitude, for 0 the count of non-zeros.
    """
    dtype = np.dtype(dtype or a.dtype)
    if dtype == np.float16:
        return cast(vector_norm(a, p, dim, keepdim, np.dtype(np.float32)), dtype)
    a = cast(a, dtype)
    if p == 2:
        return sqrt(fold(a, dim, keepdim, formulas.add, 0, dtype, _square))
    if p == 0:
        return fold(a, dim, keepdim, formulas.add, 0, dtype, _is_true)
    if p == 1:
        return fold(a, dim, keepdim, formulas.add, 0, dtype, formulas.absolute)
    if p in (np.inf, -np.inf):
        return (amax if p > 0 else amin)(abs(a), dim, keepdim)
    return pow(sum(pow(abs(a), p), dim, keepdim), 1 / p)


@in_float32
def logsumexp(a: DeviceArray, dim: Dim, keepdim: bool) -> DeviceArray:
    """log(sum(exp(a))), shifted by the largest element unless that is infinite, so that nothing overflows."""
    largest = amax(a, dim, True)
    largest = where(isinf(largest), 0.0, largest)
    total = sum(exp(sub(a, largest)), dim, keepdim)
    return add(log(total), reshape(largest, total.shape))


# -- where the extremes are ---------------------------------------------------------------------------------------------


def argmax(a: DeviceArray, dim: int | None, keepdim: bool) -> DeviceArray:
    """Where the largest element is (the first of them, or the first NaN), as int64."""
    return _extreme(a, dim, keepdim, largest=True)[1]


def argmin(a: DeviceArray, dim: int | None, keepdim: bool) -> DeviceArray:
    """Where the smallest element is (the first of them, or the first NaN), as int64."""
    return _extreme(a, dim, keepdim, largest=False)[1]


def max_dim(a: DeviceArray, dim: int, keepdim: bool) -> tuple[DeviceArray, DeviceArray]:
    """The largest elements along a dimension, and where they are."""
    return _extreme(a, dim if a.ndim else None, keepdim, largest=True)


def min_dim(a: DeviceArray, dim: int, keepdim: bool) -> tuple[DeviceArray, DeviceArray]:
    """The smallest elements along a dimension, and where they are."""
    return _extreme(a, dim if a.ndim else None, keepdim, largest=False)


@in_float32
def _extreme(a: DeviceArray, dim: int | None, keepdim: bool, largest: bool) -> tuple[DeviceArray, DeviceArray]:
    if dim is None:
        shape = result_shape(a, None, keepdim)
        a, dim = reshape(a, (a.size,)), 0
    else:
        shape = result_shape(a, (dim,), keepdim)
    planned = plan(a, (dim,))
    values, indices = empty(shape, a.dtype), empty(shape, np.int64)
    kernel = _position_kernel(largest, number_type(a.dtype), len(planned.kept_shape))
    kept_shape, kept_steps, _, (step,) = planned.for_kernel
    launch(
        kernel,
        (planned.outputs,),
        (values, indices, a, np.uint32(planned.elements), kept_shape, kept_steps, step),
        BLOCK,
    )
    return values, indices


@cache
def _position_kernel(largest: bool, number: Any, kept_dims: int) -> Any:
    """A block for each result. Of equal elements the first counts, and NaN counts as beyond all others."""
    place = places(kept_dims)

    @function
    def beats(x, i, y, j):
        if x != x or y != y:
            return x != x and (y == y or i < j)
        return (x > y if largest else x < y) or (x == y and i < j)

    def kernel(values, indices, a, count, kept_shape, kept_steps, step):
        best = cuda.shared.array(BLOCK, number)
        where = cuda.shared.array(BLOCK, uint32)
        thread, o = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.x)
        start = place(o, kept_shape, kept_steps)
        i = min(thread, uint32(count - uint32(1)))  # those beyond look at the last once more
        value, position = a[uint32(start + uint32(i * step))], i
        i = uint32(i + uint32(BLOCK))
        while i < count:
            other = a[uint32(start + uint32(i * step))]
            if beats(other, i, value, position):
                value, position = other, i
            i = uint32(i + uint32(BLOCK))
        best[thread] = value
        where[thread] = position
        cuda.syncthreads()
        half = uint32(BLOCK // 2)
        while half > 0:
            if thread < half:
                with_ = uint32(thread + half)
                if beats(best[with_], where[with_], best[thread], where[thread]):
                    best[thread] = best[with_]
                    where[thread] = where[with_]
            cuda.syncthreads()
            half = uint32(half >> uint32(1))
        if thread == 0:
            values[o] = best[0]
            indices[o] = int64(where[0])

    return kernel
