"""Products of vectors, matrices and tensors beyond ``matmul``."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import check_sequence, cpp_name, dimension, dtype_name
from minitorch.ops.arithmetic import mul
from minitorch.ops.linear_algebra import linalg_operator
from minitorch.ops.matmul import DotBackward0, check_dot, dot, matmul, mm, outer
from minitorch.ops.operator import formula, operator
from minitorch.ops.reduction import sum
from minitorch.ops.shape import UnsafeViewBackward0, flatten, permute, reshape, squeeze, unsqueeze, view

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

# -- vectors ------------------------------------------------------------------------------------------------------------


class VdotBackward0(DotBackward0):
    """Of real numbers, as ``dot``."""


@operator(out=True)
def vdot(input: Tensor, other: Tensor) -> Tensor:
    """(k,) by (k,) -> (): as ``dot``, which differs for complex numbers only."""
    check_dot(input, other)
    return VdotBackward0.apply(input, other)


@operator(out=True)
def inner(input: Tensor, other: Tensor) -> Tensor:
    """The products along the last dimension of both, summed: (…, k) by (*, k) -> (…, *). A number scales.

    Raises:
        RuntimeError: the last sizes differ.
    """
    a, b = input._array.shape, other._array.shape
    if not a or not b:
        return mul(input, other)
    if input._array.dtype is not other._array.dtype:
        raise RuntimeError("both inputs should have same dtype")
    if a[-1] != b[-1]:
        raise RuntimeError(
            f"inner() the last dimension must match on both input tensors but got shapes {list(a)} and {list(b)}"
        )
    return tensordot(input, other, ([-1], [-1]))


@operator(out=True)
def ger(input: Tensor, vec2: Tensor) -> Tensor:
    """As ``outer``."""
    return outer(input, vec2)


@operator(out=True)
def kron(input: Tensor, other: Tensor) -> Tensor:
    """Kronecker's product: every element of ``input`` times all of ``other``, in blocks."""
    a, b = input._array.shape, other._array.shape
    dims = max(len(a), len(b))
    a, b = (1,) * (dims - len(a)) + a, (1,) * (dims - len(b)) + b
    left = _unsafe_view(input, [size for each in a for size in (each, 1)])
    right = _unsafe_view(other, [size for each in b for size in (1, each)])
    return _unsafe_view(mul(left, right), [x * y for x, y in zip(a, b, strict=True)])


def _unsafe_view(input: Tensor, shape: Sequence[int]) -> Tensor:
    try:
        return UnsafeViewBackward0.apply(input, shape=tuple(shape))
    except ValueError:  # the strides do not allow it
        return reshape(input, shape)


class LinalgCrossBackward0(Function):
    """The vector product: d(a × b) = da × b + a × db, and the triple product is cyclic."""

    __slots__ = ("dim",)
    broadcasts = True

    def forward(self, k: Table, a: Any, b: Any, dim: int) -> Any:
        self.dim = dim
        self.save(a if self.needs[1] else None, b if self.needs[0] else None)
        return k.vector_product(a, b, dim)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.vector_product(b, grad, dim=self.dim),
            self.needs[1] and k.vector_product(grad, a, dim=self.dim),
        )


formula("vector_product")(LinalgCrossBackward0)


def _crossed(input: Tensor, other: Tensor, dim: int) -> Tensor:
    a, b = input._array.shape, other._array.shape
    if len(a) != len(b):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    d = dimension(dim, len(a))
    if a[d] != 3 or b[d] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {a[d]} and {b[d]}")
    return LinalgCrossBackward0.apply(input, other, dim=d)


@operator(out=True)
def cross(input: Tensor, other: Tensor, dim: int | None = None) -> Tensor:
    """The vector product along ``dim``, or along the first dimension of size 3; the others are broadcast.

    Raises:
        RuntimeError: the dimension is not of size 3, or there is none of that size.
    """
    if dim is None:
        dim = next((d for d, size in enumerate(input._array.shape) if size == 3), None)
        if dim is None:
            raise RuntimeError("no dimension of size 3 in input")
    return _crossed(input, other, dim)


def _linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1) -> Tensor:
    """The vector product along ``dim``; the other dimensions are broadcast."""
    return _crossed(input, other, dim)


_linalg_cross.__name__ = "cross"
linalg_operator(out=True)(_linalg_cross)


@linalg_operator(out=True)
def vecdot(x: Tensor, y: Tensor, *, dim: int = -1) -> Tensor:
    """The products along one dimension, summed.

    Raises:
        RuntimeError: the dtype is not floating point.
    """
    for each in (x, y):
        if each._array.dtype.kind != "f":
            raise RuntimeError(
                f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {dtype_name(each)}"
            )
    if x._array.ndim == y._array.ndim == 1:
        return vdot(x, y)
    return sum(mul(x, y), dim)


linalg_operator(out=True)(matmul)


# -- tensors ------------------------------------------------------------------------------------------------------------


@operator(method=False, out=True)
def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Products over several dimensions, summed: a matrix product of what is left of both.

    Args:
        a: any shape.
        b: any shape.
        dims: which dimensions of ``a`` and of ``b`` are summed over, in two lists; a number stands for the last ones of ``a``
            and the first ones of ``b``.

    Raises:
        RuntimeError: the dimensions do not fit.
    """
    over_a, over_b = _paired_dims(a, dims)
    if len(over_a) != len(over_b):
        raise RuntimeError("both dimension lists should have same length")
    shape_a, shape_b = a._array.shape, b._array.shape
    of_a = [dimension(d, len(shape_a)) for d in over_a]
    of_b = [dimension(d, len(shape_b)) for d in over_b]
    for i, j, given_i, given_j in zip(of_a, of_b, over_a, over_b, strict=True):
        if shape_b[j] == 1:
            a = sum(a, i, True)
        elif shape_a[i] == 1:
            b = sum(b, j, True)
        elif shape_a[i] != shape_b[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {shape_a[i]} in dim {given_i} and second has size "
                f"{shape_b[j]} in dim {given_j}"
            )
    free_a = [d for d in range(len(shape_a)) if d not in of_a]
    free_b = [d for d in range(len(shape_b)) if d not in of_b]
    rows, columns = ([shape[d] for d in free] for shape, free in ((shape_a, free_a), (shape_b, free_b)))
    left, right = permute(a, [*free_a, *of_a]), permute(b, [*of_b, *free_b])
    shape, inner = [*rows, *columns], math.prod(a._array.shape[d] for d in of_a)
    if math.prod(shape) == 1 and inner:
        if left.is_contiguous() and right.is_contiguous():
            return view(dot(flatten(left), flatten(right)), shape)
        return view(sum(mul(squeeze(left), squeeze(right))), shape)
    product = mm(reshape(left, (math.prod(rows), inner)), reshape(right, (inner, math.prod(columns))))
    return reshape(product, shape)


def _paired_dims(a: Tensor, dims: Any) -> tuple[list[int], list[int]]:
    if isinstance(dims, Variable):
        dims = dims._array.tolist()
    if isinstance(dims, Sequence) and not isinstance(dims, str):
        first, second = (list(each) if isinstance(each, Sequence) else [each] for each in dims)
        return first, second
    if not isinstance(dims, int):
        raise RuntimeError(
            "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] containing two lists, but got "
            f"dims={dims}"
        )
    if dims < 0:
        raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
    if dims > a._array.ndim:
        raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
    return list(range(-dims, 0)), list(range(dims))


# -- several factors ------------------------------------------------------------------------------------------------------


def _multiplied(tensors: Sequence[Tensor]) -> Tensor:
    """In the order that takes the fewest multiplications.

    Source: Cormen, Leiserson, Rivest and Stein, Introduction to Algorithms, 15.2.
    """
    sizes = [tensors[0]._array.shape[0], *(each._array.shape[1] for each in tensors)]
    count = len(tensors)
    cost = np.zeros((count, count))
    split = np.zeros((count, count), int)
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            costs = [cost[i, s] + cost[s + 1, j] + sizes[i] * sizes[s + 1] * sizes[j + 1] for s in range(i, j)]
            split[i, j] = i + int(np.argmin(costs))
            cost[i, j] = min(costs)

    def product(i: int, j: int) -> Tensor:
        return tensors[i] if i == j else mm(product(i, split[i, j]), product(split[i, j] + 1, j))

    return product(0, count - 1)


@linalg_operator(out=True)
def multi_dot(tensors: Sequence[Tensor]) -> Tensor:
    """The product of two matrices or more, in the cheapest order; the first and the last may be vectors.

    Raises:
        RuntimeError: fewer than two, or shapes that do not fit.
    """
    check_sequence("linalg_multi_dot", tensors)
    count = len(tensors)
    if count < 2:
        raise RuntimeError("multi_dot(): expected at least 2 tensors but got " + str(count))
    for number, each in enumerate(tensors):
        if number in (0, count - 1):
            if not 1 <= each._array.ndim <= 2:
                place = "first" if number == 0 else "last"
                raise RuntimeError(f"multi_dot(): the {place} tensor must be 1D or 2D but got {each._array.ndim}D")
        elif each._array.ndim != 2:
            raise RuntimeError(f"multi_dot(): tensor {number} must be 2D but got {each._array.ndim}D")
        if each._array.dtype != tensors[0]._array.dtype:
            raise RuntimeError(
                f"multi_dot(): all tensors must have be the same dtype but tensor 0 is {cpp_name(tensors[0])} and tensor "
                f"{number} {cpp_name(each)}"
            )
    factors = list(tensors)
    shape: list[int] = []
    if factors[0]._array.ndim == 1:
        factors[0] = unsqueeze(factors[0], 0)
    else:
        shape.append(factors[0]._array.shape[0])
    if factors[-1]._array.ndim == 1:
        factors[-1] = unsqueeze(factors[-1], -1)
    else:
        shape.append(factors[-1]._array.shape[1])
    for number, (a, b) in enumerate(pairwise(factors)):
        if a._array.shape[1] != b._array.shape[0]:
            (n, k), (k2, m) = a._array.shape, b._array.shape
            raise RuntimeError(
                f"multi_dot(): tensors {number} and {number + 1} with shapes [{n}, {k}] and [{k2}, {m}] cannot be multiplied"
            )
    return view(_multiplied(factors), shape)


@operator(method=False, out=True)
def chain_matmul(*matrices: Tensor) -> Tensor:
    """The product of matrices, in the cheapest order: ``linalg.multi_dot`` of one matrix or more.

    Raises:
        RuntimeError: none at all, something else than matrices, or shapes that do not fit.
    """
    check_sequence("chain_matmul", matrices)
    if not matrices:
        raise RuntimeError("chain_matmul(): Expected one or more matrices")
    for each in matrices:
        if each._array.ndim != 2:
            raise RuntimeError(f"Tensor dimension is {each._array.ndim}, expected 2 instead.")
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)
