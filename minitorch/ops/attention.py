"""Attention: what is looked up with queries among keys, and the values that are there.

Source: A. Vaswani et al., Attention is all you need, 2017.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minitorch.autograd.graph import Function, Unary, beside
from minitorch.kernels.cpu.creation import as_numpys, cast
from minitorch.ops.activation import softmax_backward
from minitorch.ops.arithmetic import MulBackward1, add, mul
from minitorch.ops.matmul import matmul
from minitorch.ops.operator import operator, operators
from minitorch.ops.rearranging import repeat_interleave
from minitorch.ops.reduction import sum
from minitorch.ops.shape import reshape, transpose

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class SafeSoftmaxBackward0(Unary):
    """Softmax of scores, 0 where all are -inf."""

    __slots__ = ("dim",)

    def forward(self, k: Table, a: Any, dim: int) -> Any:
        self.dim = dim
        result = k.safe_softmax(a, dim)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.softmax_backward(grad, result, dim=self.dim),)


class ScaledDotProductFlashAttentionForCpuBackward0(Function):
    """All in one node, for four dimensions. The weights are not kept, but computed anew for the gradient."""

    __slots__ = ("causal", "scale")
    graph_inputs = 3
    kernel: ClassVar[str] = "attention"

    def forward(self, k: Table, query: Any, key: Any, value: Any, mask: Any, scale: float, causal: bool) -> Any:
        self.scale, self.causal = scale, causal
        self.save(query, key, value, mask)
        return k.attention(query, key, value, mask, scale, causal)

    def backward(self, k: Table, grad: Any, query: Any, key: Any, value: Any, mask: Any) -> tuple[Any, ...]:
        if k is operators:
            return _gradients(grad, query, key, value, mask, self.scale, self.causal)
        grads = getattr(k, f"{self.kernel}_backward")(grad, query, key, value, mask, self.scale, self.causal)
        return tuple(needed and each for needed, each in zip(self.needs, grads, strict=False))


def _gradients(
    grad: Tensor, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scale: float, causal: bool
) -> tuple[Tensor, ...]:
    """The gradients as formulas, of which there are gradients again."""
    served = query._array.shape[1] // key._array.shape[1]
    keys, values = (each if served == 1 else repeat_interleave(each, served, 1) for each in (key, value))
    scores = mul(matmul(query, transpose(keys, -2, -1)), scale)
    for each in (causal_mask(query, key) if causal else None, mask):
        if each is not None:
            scores = add(scores, added_mask(each, query))
    weights = SafeSoftmaxBackward0.apply(scores, dim=3)
    by_weights = matmul(grad, transpose(values, -2, -1))
    by_scores = mul(softmax_backward(by_weights, weights, 3), scale)
    by_key, by_value = (matmul(transpose(a, -2, -1), b) for a, b in ((by_scores, query), (weights, grad)))
    if served > 1:
        by_key, by_value = (
            sum(reshape(each, (len(each), -1, served, *each._array.shape[2:])), 2) for each in (by_key, by_value)
        )
    return matmul(by_scores, keys), by_key, by_value


def causal_mask(query: Tensor, key: Tensor) -> Tensor:
    """What each position of the query sees: what is no later."""
    return beside(np.tri(query._array.shape[-2], key._array.shape[-2], dtype=bool), query)


def added_mask(mask: Tensor, query: Tensor) -> Tensor:
    """A mask to be added to scores: 0 where they are seen, and -inf elsewhere."""
    if mask._array.dtype.kind != "b":
        return mask
    return beside(cast(np.where(as_numpys(mask._array), 0, -np.inf), query._array.dtype), query)


@operator(method=False, public=False)
def safe_softmax(input: Tensor, dim: int) -> Tensor:
    """Softmax of scores along a dimension, 0 where all are -inf."""
    return SafeSoftmaxBackward0.apply(input, dim=dim % max(input._array.ndim, 1))


@operator(method=False, public=False)
def attention_in_one(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, scale: float, causal: bool
) -> Tensor:
    """``softmax(query keyᵀ scale + mask) value`` in one node, for tensors that ``fits_in_one``."""
    if mask is not None:
        mask = reshape(mask, (1,) * (4 - mask._array.ndim) + mask._array.shape)
    return ScaledDotProductFlashAttentionForCpuBackward0.apply(query, key, value, mask, scale=scale, causal=causal)


def fits_in_one(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, grouped: bool) -> bool:
    """Whether torch computes attention in one node: four dimensions, sizes that go together without broadcasting."""
    q, k, v = (each._array for each in (query, key, value))
    if not q.ndim == k.ndim == v.ndim == 4 or 0 in (*q.shape, *k.shape, *v.shape):
        return False
    if k.shape != v.shape or q.shape[0] != k.shape[0] or q.shape[3] != k.shape[3]:
        return False
    if q.shape[1] != k.shape[1] and not (grouped and q.shape[1] % k.shape[1] == 0):
        return False
    if any(each.strides[-1] != each.itemsize and each.shape[-1] > 1 for each in (q, k, v)):
        return False
    if mask is None:
        return True
    wanted = (*q.shape[:3], k.shape[2])[-mask._array.ndim :]
    return (
        mask._array.ndim in (2, 4)
        and not mask._wants_grad()
        and all(size in (1, full) for size, full in zip(mask._array.shape, wanted, strict=True))
    )


@operator(method=False, public=False)
def attention_scores(query: Tensor, key: Tensor, mask: Tensor | None, scale: float) -> Tensor:
    """``softmax(query keyᵀ scale + mask)``, step by step: both are multiplied with the root of the scale."""
    root = math.sqrt(abs(scale))
    keys = MulBackward1.apply(transpose(key, -2, -1), root)
    scores = matmul(MulBackward1.apply(query, math.copysign(root, scale)), keys)
    if mask is not None:
        scores = add(scores, added_mask(mask, query))
    return safe_softmax(scores, -1)
