"""The loops of normalisation: over planes (batch, channels, inner), columns (batch, channels), and rows.

Sums are kept in double precision.

Source: T. Chan, G. Golub and R. LeVeque, Algorithms for computing the sample variance (1983), for joining moments.
"""

from __future__ import annotations

import math

from numba import prange

from minitorch.kernels.cpu.compiler import jit, parallel_jit

WIDTH = 64  # columns to take together
BLOCKS = 32  # into which rows are divided, whose gradients of weights are added up by themselves


# -- planes -------------------------------------------------------------------------------------------------------------


@jit(reorder=True)
def sum(numbers):
    total = 0.0
    for i in range(len(numbers)):
        total += numbers[i]
    return total


@jit(reorder=True)
def _sum_of_squares(numbers, mean):
    total = 0.0
    for i in range(len(numbers)):
        deviation = numbers[i] - mean
        total += deviation * deviation
    return total


@jit(reorder=True)
def _sum_of_products(a, b, mean):
    total = 0.0
    for i in range(len(a)):
        total += a[i] * (b[i] - mean)
    return total


@parallel_jit
def moments_of_planes(a, mean, variance):
    size = a.shape[2]
    for c in prange(a.shape[1]):
        center = squares = 0.0
        for n in range(a.shape[0]):
            own = sum(a[n, c]) / size
            distance = own - center
            center += distance / (n + 1)
            squares += _sum_of_squares(a[n, c], own) + distance * distance * size * n / (n + 1)
        mean[c] = center
        variance[c] = squares / (a.shape[0] * size)


@parallel_jit
def sums_of_planes(grad, a, mean, sums, products):
    for c in prange(a.shape[1]):
        total = product = 0.0
        for n in range(a.shape[0]):
            total += sum(grad[n, c])
            product += _sum_of_products(grad[n, c], a[n, c], mean[c])
        sums[c], products[c] = total, product


@jit
def apply(a, mean, scale, shift, out):
    for i in range(len(a)):
        out[i] = (a[i] - mean) * scale + shift


@parallel_jit
def apply_to_planes(a, mean, scale, shift, out):
    for plane in prange(a.shape[0] * a.shape[1]):
        n, c = plane // a.shape[1], plane % a.shape[1]
        apply(a[n, c], mean[c], scale[c], shift[c], out[n, c])


@jit
def combine(grad, a, mean, of_grad, of_plane, shift, out):
    for i in range(len(a)):
        out[i] = grad[i] * of_grad + (a[i] - mean) * of_plane + shift


@parallel_jit
def combine_planes(grad, a, mean, of_grad, of_plane, shift, out):
    for plane in prange(a.shape[0] * a.shape[1]):
        n, c = plane // a.shape[1], plane % a.shape[1]
        combine(grad[n, c], a[n, c], mean[c], of_grad[c], of_plane[c], shift[c], out[n, c])


# -- columns ------------------------------------------------------------------------------------------------------------


@parallel_jit
def moments_of_columns(a, mean, variance):
    for block in prange(-(-a.shape[1] // WIDTH)):
        begin, end = block * WIDTH, min((block + 1) * WIDTH, a.shape[1])
        mean[begin:end] = 0
        variance[begin:end] = 0
        for n in range(a.shape[0]):
            for c in range(begin, end):
                mean[c] += a[n, c]
        mean[begin:end] /= a.shape[0]
        for n in range(a.shape[0]):
            for c in range(begin, end):
                deviation = a[n, c] - mean[c]
                variance[c] += deviation * deviation
        variance[begin:end] /= a.shape[0]


@parallel_jit
def sums_of_columns(grad, a, mean, sums, products):
    for block in prange(-(-a.shape[1] // WIDTH)):
        begin, end = block * WIDTH, min((block + 1) * WIDTH, a.shape[1])
        sums[begin:end] = 0
        products[begin:end] = 0
        for n in range(a.shape[0]):
            for c in range(begin, end):
                sums[c] += grad[n, c]
                products[c] += grad[n, c] * (a[n, c] - mean[c])


@parallel_jit
def apply_to_columns(a, mean, scale, shift, out):
    for n in prange(a.shape[0]):
        for c in range(a.shape[1]):
            out[n, c] = (a[n, c] - mean[c]) * scale[c] + shift[c]


@parallel_jit
def combine_columns(grad, a, mean, of_grad, of_plane, shift, out):
    for n in prange(a.shape[0]):
        for c in range(a.shape[1]):
            out[n, c] = grad[n, c] * of_grad[c] + (a[n, c] - mean[c]) * of_plane[c] + shift[c]


# -- rows ---------------------------------------------------------------------------------------------------------------


@jit
def normalise(row, mean, rstd, scale, shift, out):
    for i in range(len(row)):
        out[i] = (row[i] - mean) * rstd * scale[i] + shift[i]


@parallel_jit
def normalise_rows(a, scale, shift, eps, out, means, rstds):
    number = a.dtype.type
    for r in prange(len(a)):
        mean = sum(a[r]) / a.shape[1]
        rstd = 1 / math.sqrt(_sum_of_squares(a[r], mean) / a.shape[1] + eps)
        means[r], rstds[r] = mean, rstd
        normalise(a[r], number(mean), number(rstd), scale, shift, out[r])


@jit(reorder=True)
def _weighted_sums(grad, row, mean, rstd, scale, sums, products):
    """Adds a row's part of the gradients of weight and bias, and returns the sums that its own gradient takes."""
    total = product = 0.0
    for i in range(len(row)):
        normal = (row[i] - mean) * rstd
        products[i] += grad[i] * normal
        sums[i] += grad[i]
        weighted = grad[i] * scale[i]
        total += weighted
        product += weighted * normal
    return total, product


@jit
def _row_backward(grad, row, mean, rstd, scale, total, product, out):
    for i in range(len(row)):
        out[i] = (grad[i] * scale[i] - total - (row[i] - mean) * rstd * product) * rstd


@parallel_jit
def normalise_rows_backward(grad, a, scale, mean, rstd, out, sums):
    number = a.dtype.type
    height = -(-len(a) // BLOCKS)
    for block in prange(BLOCKS):
        for r in range(block * height, min((block + 1) * height, len(a))):
            total, product = _weighted_sums(grad[r], a[r], mean[r], rstd[r], scale, sums[1, block], sums[0, block])
            total, product = number(total / a.shape[1]), number(product / a.shape[1])
            _row_backward(grad[r], a[r], mean[r], rstd[r], scale, total, product, out[r])
