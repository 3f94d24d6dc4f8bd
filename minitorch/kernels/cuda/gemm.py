"""Products of two matrices, and of batches of them."""

from __future__ import annotations

from math import prod

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.device import number_type
from minitorch.kernels.cuda.elementwise import mul
from minitorch.kernels.cuda.gemm_operands import matrix, result, result_args
from minitorch.kernels.cuda.gemm_tile import choose, multiply, splits_for
from minitorch.kernels.cuda.launch import MOST_BLOCKS
from minitorch.kernels.cuda.lifting import broadcast, cast
from minitorch.kernels.cuda.reduction import sum
from minitorch.kernels.cuda.shape import cat, expand, reshape, select, slice, transpose, unsqueeze, view
from minitorch.kernels.cuda.vector import at_once

MOST_BATCHES = MOST_BLOCKS[2]

__all__ = ["addmm", "bmm", "dot", "matmul", "mm", "mv", "outer"]


def mm(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """(n, k) @ (k, m)."""
    out = _product(unsqueeze(a, 0), unsqueeze(b, 0), None, 1, 1)
    return reshape(out, out.shape[1:])


def addmm(bias: DeviceArray, a: DeviceArray, b: DeviceArray, beta: float, alpha: float) -> DeviceArray:
    """beta * bias + alpha * (a @ b); the bias is broadcast, and ignored (NaN too) for beta = 0."""
    shape = (a.shape[0], b.shape[1])
    out = _product(unsqueeze(a, 0), unsqueeze(b, 0), expand(bias, shape) if beta else None, alpha, beta)
    return reshape(out, shape)


def bmm(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """(b, n, k) @ (b, k, m)."""
    return _product(a, b, None, 1, 1)


def matmul(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """(…, n, k) @ (…, k, m), which are broadcast; what has one dimension is a row on the left, and a column on the right."""
    if a.ndim == 1:
        out = matmul(unsqueeze(a, 0), b)
        return select(out, out.ndim - 1 - (b.ndim > 1), 0)
    if b.ndim == 1:
        return select(matmul(a, unsqueeze(b, 1)), a.ndim - 1, 0)
    lead, n, m = broadcast([a.shape[:-2], b.shape[:-2]]), a.shape[-2], b.shape[-1]
    if b.ndim == 2:
        return view(mm(reshape(a, (prod(lead) * n, a.shape[-1])), b), (*lead, n, m))
    a, b = (reshape(expand(each, (*lead, *each.shape[-2:])), (prod(lead), *each.shape[-2:])) for each in (a, b))
    return view(bmm(a, b), (*lead, n, m))


def _summed(dtype: np.dtype) -> np.dtype:
    """In which products of a dtype are added up: sixteen bytes are to hold no more elements than a thread has columns."""
    if dtype.itemsize >= 4:
        return dtype
    return np.dtype(np.float32 if dtype.kind == "f" else np.int32)


def _product(a: DeviceArray, b: DeviceArray, bias: DeviceArray | None, alpha: float, beta: float) -> DeviceArray:
    batches, rows, depth = a.shape
    columns = b.shape[2]
    if not batches * rows * columns * (depth or bias is not None):
        return zeros((batches, rows, columns), a)
    wide = _summed(a.dtype)
    if wide != a.dtype:
        term = None if bias is None else cast(bias, wide)
        return cast(_product(cast(a, wide), cast(b, wide), term, alpha, beta), a.dtype)
    if batches > MOST_BATCHES:
        parts = [(n, min(n + MOST_BATCHES, batches)) for n in range(0, batches, MOST_BATCHES)]
        return cat([_product(slice(a, 0, *part, 1), slice(b, 0, *part, 1), bias, alpha, beta) for part in parts], 0)
    tile = choose(rows, columns, a.dtype, batches)
    splits = splits_for(tile, rows, columns, depth, batches) if bias is None and alpha == 1 else 1
    out = empty((batches * splits, rows, columns), a.dtype)
    a_source, a_args = matrix(a, tile.rows, tile.depth)
    b_source, b_args = matrix(transpose(b, 1, 2), tile.columns, tile.depth)
    sink = result(bias is not None, (alpha, beta) != (1, 1), number_type(a.dtype), at_once(columns, a.dtype))
    args = (result_args(out, bias, alpha, beta), a_args, b_args)
    multiply(tile, a.dtype, (a_source, b_source), sink, args, (rows, columns, depth), batches, splits)
    return sum(view(out, (batches, splits, rows, columns)), (1,), False) if splits > 1 else out


def mv(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """(n, k) @ (k,): a block sums each row's products."""
    return sum(mul(a, b), (1,), False)


def dot(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """(k,) @ (k,)."""
    return sum(mul(a, b), None, False)


def outer(a: DeviceArray, b: DeviceArray) -> DeviceArray:
    """(n,) by (m,): every product, (n, m)."""
    return mul(unsqueeze(a, 1), unsqueeze(b, 0))
