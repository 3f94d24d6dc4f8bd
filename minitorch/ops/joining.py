"""Tensors joined: stacks by ``cat``, blocks along a diagonal, and all combinations of elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.ops.dimensions import atleast_1d, atleast_2d, atleast_3d, meshgrid
from minitorch.ops.indexing import IndexBackward0
from minitorch.ops.operator import functions, operator
from minitorch.ops.parts import Joining, cat, stack
from minitorch.ops.shape import flatten, reshape

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

functions["concat"] = functions["concatenate"] = functions["cat"]


def _some(name: str, tensors: Sequence[Tensor]) -> Sequence[Tensor]:
    if not len(tensors):
        raise RuntimeError(f"{name} expects a non-empty TensorList")
    return tensors


@operator(method=False, out=True)
def hstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the second dimension; along the first if they have only one (numbers count as vectors)."""
    rows = [atleast_1d(each) for each in _some("hstack", tensors)]
    return cat(rows, 0 if rows[0]._array.ndim == 1 else 1)


@operator(method=False, out=True)
def vstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the first dimension; vectors and numbers count as rows."""
    return cat([atleast_2d(each) for each in _some("vstack", tensors)], 0)


@operator(method=False, out=True)
def dstack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the third dimension; tensors of fewer dimensions get them (see ``atleast_3d``)."""
    return cat([atleast_3d(each) for each in _some("dstack", tensors)], 2)


@operator(method=False, out=True)
def column_stack(tensors: Sequence[Tensor]) -> Tensor:
    """Joined along the second dimension; vectors and numbers count as columns."""
    given = _some("column_stack", tensors)
    return hstack([reshape(each, (each._array.size, 1)) if each._array.ndim <= 1 else each for each in given])


functions["row_stack"] = functions["vstack"]


class BlockDiagBackward0(Joining):
    """Each block gets its own part of the gradient."""

    __slots__ = ("shapes",)

    def forward(self, k: Table, *arrays: Any) -> Any:
        self.shapes = [each.shape for each in arrays]
        return k.block_diag([each.reshape((1,) * (2 - each.ndim) + each.shape) for each in arrays])

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        parts, row, column = [], 0, 0
        for needed, shape in zip(self.needs, self.shapes, strict=True):
            height, width = (1,) * (2 - len(shape)) + shape
            rows = needed and k.slice(grad, 0, row, row + height, 1)
            parts.append(needed and k.reshape(k.slice(rows, 1, column, column + width, 1), shape))
            row, column = row + height, column + width
        return tuple(parts)


@operator(method=False)
def block_diag(*tensors: Tensor) -> Tensor:
    """Matrices along the diagonal of a larger one, with zeros beside them; vectors and numbers count as rows.

    Raises:
        RuntimeError: a tensor has more than two dimensions.
    """
    for position, each in enumerate(tensors):
        if each._array.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {position} has {each._array.ndim} "
                "dimensions"
            )
    return BlockDiagBackward0.apply(*tensors)


@operator(method=False)
def cartesian_prod(*tensors: Tensor) -> Tensor:
    """Every choice of one element from each vector, one choice a row; of a single vector, the vector itself."""
    for each in tensors:
        if each._array.ndim != 1:
            raise RuntimeError(f"Expect a 1D vector, but got shape {list(each._array.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    return stack([flatten(each) for each in meshgrid(*tensors, indexing="ij")], 1)


@operator
def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Every choice of ``r`` elements of a vector in their order, one choice a row; with replacement, also of equal ones.

    Raises:
        RuntimeError: not a vector, or ``r`` is negative.
    """
    if input._array.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(input._array.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if not r:
        return Variable._of(tables[type(input._array)].zeros((0,), input._array))
    order = np.indices((input._array.size,) * r)
    rises = np.diff(order, axis=0) >= (0 if with_replacement else 1)
    chosen = np.nonzero(rises.all(axis=0))
    return IndexBackward0.apply(input, tables[type(input._array)].beside(np.stack(chosen, 1), input._array))
