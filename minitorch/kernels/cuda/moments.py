"""What normalisation sums: means and variances, and what its gradients need.

As in ``folding``, a block or a thread takes a slice of the elements of one result, and slices are joined in a second launch.

Source: T. Chan, G. Golub and R. LeVeque, Algorithms for computing the sample variance (1983), for the correction of what rounding
does to a mean, and for joining moments.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
from numba import uint32

from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.folding import BLOCK, COLUMNS, SLICE_OF_BLOCK, SLICE_OF_THREAD, Plan, combiner, plan
from minitorch.kernels.cuda.launch import MOST_BLOCKS, blocks_for, launch
from minitorch.kernels.cuda.lifting import places, position
from minitorch.kernels.cuda.reduction import sum

Places = tuple[np.uint32, ...]
"""Of an array that lies row by row: the element i belongs to moment ``i // Places[0] % Places[1]``, and to the weight
``i // Places[2] % Places[3]``."""


def moments(a: DeviceArray, dim: tuple[int, ...], eps: float) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """The mean over some dimensions, the variance, and 1 / sqrt(variance + eps); each flat."""
    planned = plan(a, dim)
    slices, length = _slices(planned)
    mean, squares = empty((slices, planned.outputs), a.dtype), empty((slices, planned.outputs), a.dtype)
    kernel = _moments(not planned.by_block, number_type(a.dtype), len(planned.kept_shape), len(planned.gone_shape))
    _over(planned, slices, kernel, (mean, squares, a), length)
    joined = [empty((planned.outputs,), a.dtype) for _ in range(3)]
    sizes = tuple(map(np.uint32, (planned.outputs, planned.elements, slices, length)))
    launch(_join, blocks_for(planned.outputs), (*joined, mean, squares, a.dtype.type(eps), *sizes))
    return joined[0], joined[1], joined[2]


def sums(
    dim: tuple[int, ...],
    grad: DeviceArray,
    a: DeviceArray,
    mean: DeviceArray,
    rstd: DeviceArray,
    weight: DeviceArray | None,
    where: Places,
) -> tuple[DeviceArray, DeviceArray]:
    """Over some dimensions of arrays that lie row by row, flat: of grad * weight, and of that times (a - mean) * rstd."""
    planned = plan(grad, dim)
    slices, length = _slices(planned)
    found = [empty((slices, planned.outputs), a.dtype) for _ in range(2)]
    number, dims = number_type(a.dtype), (len(planned.kept_shape), len(planned.gone_shape))
    kernel = _sums(not planned.by_block, weight is not None, number, *dims)
    given = (grad, a, mean, rstd, mean if weight is None else weight, where)
    _over(planned, slices, kernel, (*found, *given), length)
    totals, products = (sum(each, (0,), False) if slices > 1 else each.seen(each.shape[1:], (1,)) for each in found)
    return totals, products


def _slices(planned: Plan) -> tuple[int, int]:
    """How many slices there are, and how many elements are in one, but for the last."""
    most = SLICE_OF_BLOCK if planned.by_block else max(SLICE_OF_THREAD, math.isqrt(planned.elements))
    slices = min(max(1, -(-planned.elements // most)), MOST_BLOCKS[1])
    length = -(-planned.elements // slices)
    return max(1, -(-planned.elements // max(length, 1))), length  # none of them is empty


def _over(planned: Plan, slices: int, kernel: Any, args: tuple[Any, ...], length: int) -> None:
    threads = BLOCK if planned.by_block else COLUMNS
    blocks = planned.outputs if planned.by_block else -(-planned.outputs // threads)
    sizes = tuple(map(np.uint32, (planned.outputs, planned.elements, length)))
    launch(kernel, (blocks, slices), (*args, *sizes, *planned.for_kernel), threads)


@function
def which(i, inner, count):
    """``i // inner % count``."""
    outer = uint32(i // inner)
    return uint32(outer - uint32(uint32(outer // count) * count))


@cache
def _share(alone: bool) -> Any:
    """A function that gives this thread's result, whether it is there, its first element of a slice, and how far the next is."""

    @function
    def share(length):
        thread, block = uint32(cuda.threadIdx.x), uint32(cuda.blockIdx.x)
        begin = uint32(uint32(cuda.blockIdx.y) * length)
        if alone:
            return uint32(uint32(block * uint32(COLUMNS)) + thread), begin, uint32(1)
        return block, uint32(begin + thread), uint32(BLOCK)

    return share


@cache
def _moments(alone: bool, number: Any, kept_dims: int, gone_dims: int) -> Any:
    """The mean of a slice, and the sum of its squared distances from it."""
    share, sum_of_all = _share(alone), combiner(formulas.add, BLOCK)
    kept_place, gone_place = places(kept_dims), places(gone_dims)

    def kernel(means, squares, a, outputs, count, length, kept_shape, kept_steps, gone_shape, gone_steps):
        found = cuda.shared.array(BLOCK, number)
        o, first, step = share(length)
        if o < outputs:
            start = kept_place(o, kept_shape, kept_steps)
            begin = uint32(uint32(cuda.blockIdx.y) * length)
            stop = min(uint32(begin + length), count)
            size = number(uint32(stop - begin))
            total = number(0)
            i = first
            while i < stop:
                total += a[uint32(start + gone_place(i, gone_shape, gone_steps))]
                i = uint32(i + step)
            if not alone:
                total = sum_of_all(found, total)
            mean = total / size
            rest, square = number(0), number(0)
            i = first
            while i < stop:
                distance = a[uint32(start + gone_place(i, gone_shape, gone_steps))] - mean
                rest += distance
                square += distance * distance
                i = uint32(i + step)
            if not alone:
                rest, square = sum_of_all(found, rest), sum_of_all(found, square)
            if first == begin:
                at = uint32(uint32(uint32(cuda.blockIdx.y) * outputs) + o)
                means[at] = mean + rest / size
                squares[at] = square - rest * rest / size

    return kernel


def _join(mean, variance, rstd, means, squares, eps, outputs, count, slices, length):
    """A thread for each result."""
    o = position()
    if o < outputs:
        number = type(eps)
        all_of_them = number(count)
        center = number(0)
        for n in range(slices):
            part = uint32(min(length, uint32(count - uint32(uint32(n) * length))))
            center += means[uint32(uint32(uint32(n) * outputs) + o)] * (number(part) / all_of_them)
        square = number(0)
        for n in range(slices):
            part = uint32(min(length, uint32(count - uint32(uint32(n) * length))))
            at = uint32(uint32(uint32(n) * outputs) + o)
            distance = means[at] - center
            square += squares[at] + distance * distance * number(part)
        mean[o] = center
        variance[o] = square / all_of_them
        rstd[o] = number(1) / math.sqrt(square / all_of_them + eps)


@cache
def _sums(alone: bool, weighted: bool, number: Any, kept_dims: int, gone_dims: int) -> Any:
    share, sum_of_all = _share(alone), combiner(formulas.add, BLOCK)
    kept_place, gone_place = places(kept_dims), places(gone_dims)

    def kernel(
        totals, products, grad, a, mean, rstd, weight, where,
        outputs, count, length, kept_shape, kept_steps, gone_shape, gone_steps,
    ):  # fmt: skip
        found = cuda.shared.array(BLOCK, number)
        o, first, step = share(length)
        if o < outputs:
            start = kept_place(o, kept_shape, kept_steps)
            begin = uint32(uint32(cuda.blockIdx.y) * length)
            stop = min(uint32(begin + length), count)
            total, product = number(0), number(0)
            i = first
            while i < stop:
                at = uint32(start + gone_place(i, gone_shape, gone_steps))
                m = which(at, where[0], where[1])
                g = grad[at]
                if weighted:
                    g *= weight[which(at, where[2], where[3])]
                total += g
                product += g * ((a[at] - mean[m]) * rstd[m])
                i = uint32(i + step)
            if not alone:
                total, product = sum_of_all(found, total), sum_of_all(found, product)
            if first == begin:
                at = uint32(uint32(uint32(cuda.blockIdx.y) * outputs) + o)
                totals[at] = total
                products[at] = product

    return kernel
