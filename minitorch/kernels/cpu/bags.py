"""Bags of rows of a table: their sums, means or maxima."""

from __future__ import annotations

import numpy as np
from numba import prange

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.halves import in_float32

__all__ = ["embedding_bag"]

Array = np.ndarray

SHARED = 2**14  # numbers to look up from which more than one thread pays


@in_float32
def embedding_bag(
    weight: Array, indices: Array, starts: Array, shares: Array | None, mode: str, padding: int
) -> tuple[Array, Array, Array]:
    """The bags, how many rows each has, and for maxima the rows that they are from.

    Args:
        weight: (rows, numbers).
        indices: which rows, one bag after the other.
        starts: where each bag begins, and at last where the last one ends.
        shares: by how much to multiply each row that is looked up.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        padding: a row that counts nothing; or -1.
    """
    bags, numbers = len(starts) - 1, weight.shape[1]
    out, counts = np.zeros((bags, numbers), weight.dtype), np.zeros(bags, np.int64)
    origins = np.zeros((bags, numbers) if mode == "max" else (0, 0), np.int64)
    if shares is None:
        shares = np.ones(len(indices), weight.dtype)
    arrays = [np.ascontiguousarray(each) for each in (weight, indices, starts, shares)]
    kernel = _largest if mode == "max" else _added
    kernel = kernel if len(indices) * numbers >= SHARED else kernel.serial
    kernel(*arrays, padding, out, counts, origins)
    if mode == "mean":
        out /= np.maximum(counts, 1).astype(out.dtype)[:, None]
    return out, counts, origins


@parallel_jit
def _added(weight, indices, starts, shares, padding, out, counts, origins):
    for bag in prange(len(out)):
        totals = np.zeros(weight.shape[1])
        for i in range(starts[bag], starts[bag + 1]):
            row, share = indices[i], shares[i]
            if row != padding:
                counts[bag] += 1
                for c in range(weight.shape[1]):
                    totals[c] += weight[row, c] * share
        for c in range(weight.shape[1]):
            out[bag, c] = totals[c]


@parallel_jit
def _largest(weight, indices, starts, shares, padding, out, counts, origins):
    for bag in prange(len(out)):
        for i in range(starts[bag], starts[bag + 1]):
            row = indices[i]
            if row != padding:
                counts[bag] += 1
                for c in range(weight.shape[1]):
                    if counts[bag] == 1 or weight[row, c] > out[bag, c]:
                        out[bag, c], origins[bag, c] = weight[row, c], row
