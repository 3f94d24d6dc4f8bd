"""Vandermonde's matrices: the powers of numbers, in columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch.autograd.graph import beside
from minitorch.kernels.cpu.creation import cast
from minitorch.ops.arguments import check_tensors, dtype_name
from minitorch.ops.dimensions import atleast_1d
from minitorch.ops.joining import cat
from minitorch.ops.linear_algebra import linalg_operator
from minitorch.ops.operator import operator
from minitorch.ops.parts import select, slice
from minitorch.ops.product import cumprod
from minitorch.ops.rearranging import flip
from minitorch.ops.reduction import summed_dtype
from minitorch.ops.shape import expand, unsqueeze

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def _linalg_vander(x: Tensor, *, N: int | None = None) -> Tensor:
    """1, x, x², … of each number, as a new last dimension: (…, n) -> (…, n, N).

    Args:
        x: one dimension or more; integers are computed as int64.
        N: how many powers; by default as many as there are numbers in the last dimension.

    Raises:
        RuntimeError: bool or float16, or fewer than two powers.
    """
    check_tensors("linalg_vander", x=x)
    array = x._array
    if array.dtype.kind == "b" or array.dtype.char == "e":
        raise RuntimeError(
            f"linalg.vander supports floating point, complex, and integer tensors, but got {dtype_name(x)}"
        )
    x = atleast_1d(x)
    shape = x._array.shape
    count = shape[-1] if N is None else N
    if count <= 1:
        raise RuntimeError("N must be greater than 1.")
    powers = cumprod(expand(unsqueeze(x, -1), (*shape, count - 1)), -1)
    ones = beside(cast(np.ones((*shape, 1)), powers._array.dtype), powers)
    return cat([ones, powers], -1)


_linalg_vander.__name__ = "vander"
linalg_operator(_linalg_vander)


@operator(method=False)
def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """The powers of each number in a row, from the highest down to 1, or with ``increasing`` from 1 on: (n,) -> (n, N).

    Args:
        x: one dimension; integers are computed as int64.
        N: how many powers; by default as many as there are numbers.
        increasing: the other order.

    Raises:
        RuntimeError: not a vector, or a negative ``N``.
    """
    check_tensors("vander", x=x)
    if x._array.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    count = x._array.shape[0] if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    dtype = summed_dtype(x, None)
    result = beside(cast(np.empty((x._array.shape[0], count)), dtype), x)
    if count:
        select(result, 1, 0).fill_(1)
    if count > 1:
        slice(result, 1, 1, count, 1).copy_(unsqueeze(x, 1))
        slice(result, 1, 1, count, 1).copy_(cumprod(slice(result, 1, 1, count, 1), 1))
    return result if increasing else flip(result, (1,))
