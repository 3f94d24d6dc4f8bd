"""Distances between vectors: of each in one set to each in another, or to each other in the same."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, Unary
from minitorch.ops.arguments import check_tensors, dtype_name
from minitorch.ops.linear_algebra import check_precise, transposed
from minitorch.ops.operator import formula, operator
from minitorch.ops.promotion import broadcast_shapes
from minitorch.ops.shape import contiguous, expand, view

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


def _slope_and_turn(k: Table, turn: Any, grad: Any, difference: Any, distance: Any, p: float) -> tuple[Any, Any]:
    """For n = |d|_p along the last dimension, the slope s = dn/dd: s · turn, and the gradient of grad s · turn for d.

    s = sign(d) (|d| / n)^(p-1), and ds = (p-1) (|d|^(p-2) / n^(p-1) dd - s (s · dd) / n); both are 0 where n is.
    """
    last = len(difference.shape) - 1
    n = k.unsqueeze(distance, -1)
    away = k.ne(n, 0)
    size, flat = k.abs(difference), k.eq(difference, 0)
    if math.isinf(p):
        slope = k.mul(k.sign(difference), k.eq(size, n))
    else:
        power = k.pow(n, p - 1)
        slope = k.div(k.mul(k.sign(difference), k.where(flat, 0.0, k.pow(size, p - 1))), power)
        slope = k.where(away, slope, 0.0)
    along = k.sum(k.mul(slope, turn), (last,), False)
    if p in (0, 1) or math.isinf(p):
        return along, k.zeros(difference.shape, difference)
    curve = k.pow(size, p - 2)
    curve = curve if p >= 2 else k.where(flat, 0.0, curve)
    turned = k.sub(k.mul(k.div(curve, power), turn), k.mul(slope, k.div(k.unsqueeze(along, -1), n)))
    return along, k.where(away, k.mul(k.mul(turned, p - 1), k.unsqueeze(grad, -1)), 0.0)


# -- between two sets -------------------------------------------------------------------------------------------------------


class CdistBackward0(Function, saves={"a": "x1", "b": "x2", "distance": "result"}):
    __slots__ = ("p",)
    broadcasts = True

    def forward(self, k: Table, a: Any, b: Any, p: float) -> Any:
        self.p = p
        lead = broadcast_shapes(a.shape[:-2], b.shape[:-2])
        result = k.cdist(k.expand(a, (*lead, *a.shape[-2:])), k.expand(b, (*lead, *b.shape[-2:])), p)
        self.save(a, b, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, b: Any, distance: Any) -> tuple[Any, ...]:
        lead = grad.shape[:-2]
        a, b = k.expand(a, (*lead, *a.shape[-2:])), k.expand(b, (*lead, *b.shape[-2:]))
        across = transposed(k, grad), b, a, transposed(k, distance)
        return (
            self.needs[0] and k.cdist_backward(grad, a, b, distance, p=self.p),
            self.needs[1] and k.cdist_backward(*across, p=self.p),
        )


@formula("cdist_backward")
class CdistBackwardBackward0(Function):
    """The distances are what they are for ``a`` and ``b``: their own gradient is part of those."""

    __slots__ = ("p",)

    def forward(self, k: Table, grad: Any, a: Any, b: Any, distance: Any, p: float) -> Any:
        self.p = p
        self.save(grad, a, b, distance)
        return k.cdist_backward(grad, a, b, distance, p)

    def backward(self, k: Table, turn: Any, weight: Any, a: Any, b: Any, distance: Any) -> tuple[Any, ...]:
        if self.p == 0:
            return (None,) * 4
        difference = k.sub(k.unsqueeze(a, -2), k.unsqueeze(b, -3))
        along, curved = _slope_and_turn(k, k.unsqueeze(turn, -2), weight, difference, distance, self.p)
        last = len(difference.shape) - 1
        return along, k.sum(curved, (last - 1,), False), k.neg(k.sum(curved, (last - 2,), False)), None


class EuclideanDistBackward0(Function, saves={"a": "x1", "b": "x2", "distance": "result"}):
    """For p = 2, by products of matrices."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        result = k.euclidean_dist(a, b)
        self.save(a, b, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, b: Any, distance: Any) -> tuple[Any, ...]:
        ratio = k.where(k.eq(distance, 0), 0.0, k.div(grad, distance))
        last = len(distance.shape) - 1
        to_a = k.sub(k.mul(a, k.sum(ratio, (last,), True)), k.matmul(ratio, b))
        across = transposed(k, ratio)
        return to_a, k.sub(k.mul(b, k.sum(across, (last,), True)), k.matmul(across, a))


MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist", "donot_use_mm_for_euclid_dist")
ROWS = 25  # in either set, from which products of matrices are worth what they lose


@operator(method=False)
def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str | None = MODES[0]) -> Tensor:
    """The distances (sum |x - y|^p)^(1/p) of each vector in one set to each in another.

    Args:
        x1: (…, n, d), float32 or float64.
        x2: (…, m, d).
        p: not negative; 0 counts the components that differ, ``inf`` is the largest difference.
        compute_mode: whether for p = 2 distances are computed by a product of matrices, which is quicker and less exact:
            ``"use_mm_for_euclid_dist_if_necessary"`` (for more than 25 vectors), ``"use_mm_for_euclid_dist"``, or
            ``"donot_use_mm_for_euclid_dist"``.

    Raises:
        RuntimeError: shapes or dtypes that do not fit, or a negative ``p``.
        ValueError: another mode.
    """
    if compute_mode is not None and compute_mode not in MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    check_tensors("cdist", x1=x1, x2=x2)
    a, b = x1._array, x2._array
    for name, each in (("X1", a), ("X2", b)):
        if each.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, {name} got: {each.ndim}D")
    if a.shape[-1] != b.shape[-1]:
        raise RuntimeError(f"X1 and X2 must have the same number of columns. X1: {a.shape[-1]} X2: {b.shape[-1]}")
    for name, tensor in (("X1", x1), ("X2", x2)):
        if tensor._array.dtype.kind != "f":
            raise RuntimeError(f"cdist only supports floating-point dtypes, {name} got: {dtype_name(tensor)}")
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    lead = broadcast_shapes(a.shape[:-2], b.shape[:-2])
    n, m = a.shape[-2], b.shape[-2]
    by_products = compute_mode == MODES[1] or (compute_mode in (None, MODES[0]) and max(n, m) > ROWS)
    if a.dtype != b.dtype:
        raise RuntimeError(f"expected scalar type {dtype_name(x1)} but found {dtype_name(x2)}")
    check_precise("cdist", x1)
    if p != 2 or not by_products or not a.size or not b.size or 0 in lead:
        return CdistBackward0.apply(x1, x2, p=float(p))
    if lead:
        count = math.prod(lead)
        x1, x2 = (
            view(contiguous(expand(x, (*lead, *x._array.shape[-2:]))), (count, *x._array.shape[-2:])) for x in (x1, x2)
        )
    return view(EuclideanDistBackward0.apply(x1, x2), (*lead, n, m))


# -- within one set -------------------------------------------------------------------------------------------------------------


class PdistBackward0(Unary, saves={"distance": "result"}):
    __slots__ = ("p",)

    def forward(self, k: Table, a: Any, p: float) -> Any:
        self.p = p
        result = k.pdist(a, p)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, distance: Any) -> tuple[Any, ...]:
        return (k.pdist_backward(grad, a, distance, p=self.p),)


@formula("pdist_backward")
class PdistBackwardBackward0(Function):
    """The distances are what they are for ``a``: their own gradient is part of its."""

    __slots__ = ("p",)

    def forward(self, k: Table, grad: Any, a: Any, distance: Any, p: float) -> Any:
        self.p = p
        self.save(grad, a, distance, *[k.beside(each, a) for each in np.triu_indices(a.shape[0], 1)])
        return k.pdist_backward(grad, a, distance, p)

    def backward(
        self, k: Table, turn: Any, weight: Any, a: Any, distance: Any, first: Any, second: Any
    ) -> tuple[Any, ...]:
        if self.p == 0:
            return (None,) * 3
        difference, turned = (
            k.sub(k.index_select(each, 0, first), k.index_select(each, 0, second)) for each in (a, turn)
        )
        along, curved = _slope_and_turn(k, turned, weight, difference, distance, self.p)
        nothing = k.zeros(a.shape, a)
        of_a = k.sub(k.index_add(nothing, 0, first, curved), k.index_add(nothing, 0, second, curved))
        return along, of_a, None


@operator(method=False)
def pdist(input: Tensor, p: float = 2.0) -> Tensor:
    """The distances (sum |x - y|^p)^(1/p) of each vector to each later one: (n, d) -> (n (n - 1) / 2,).

    Args:
        input: float32 or float64.
        p: not negative, as for ``cdist``.

    Raises:
        RuntimeError: not a matrix, an integer dtype, or a negative ``p``.
    """
    check_tensors("pdist", input=input)
    if input._array.ndim != 2:
        raise RuntimeError(f"pdist only supports 2D tensors, got: {input._array.ndim}D")
    if input._array.dtype.kind != "f":
        raise RuntimeError("pdist only supports floating-point dtypes")
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    check_precise("pdist", input)
    return PdistBackward0.apply(contiguous(input), p=float(p))
