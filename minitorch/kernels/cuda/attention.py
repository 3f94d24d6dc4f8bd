"""Attention: softmax(q kᵀ scale + mask) v, for (batch, heads, length, size); heads of k and v may each serve several of q.

It is made of products and softmax: the weights are an array in memory.
"""

from __future__ import annotations

import math

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray, from_host
from minitorch.kernels.cuda.elementwise import add, clone_as, eq, mul
from minitorch.kernels.cuda.exponential import softmax, softmax_backward
from minitorch.kernels.cuda.gemm import matmul
from minitorch.kernels.cuda.reduction import amax, sum
from minitorch.kernels.cuda.selection import where
from minitorch.kernels.cuda.shape import reshape, transpose, unsqueeze
from minitorch.kernels.halves import in_float32

__all__ = ["attention", "attention_backward", "safe_softmax"]


def safe_softmax(a: DeviceArray, dim: int) -> DeviceArray:
    """Softmax, which is 0 where all is -inf."""
    result = softmax(a, dim)
    return where(eq(amax(a, (dim,), True), -math.inf), 0.0, result) if a.size else result


@in_float32
def attention(
    q: DeviceArray, k: DeviceArray, v: DeviceArray, mask: DeviceArray | None, scale: float, causal: bool
) -> DeviceArray:
    """The result, laid out as q, for a mask that is added (or tells what is seen), or one that hides what comes later."""
    return clone_as(reshape(matmul(_weights(q, k, mask, scale, causal), unsqueeze(v, 2)), q.shape), q)


@in_float32
def attention_backward(
    grad: DeviceArray,
    q: DeviceArray,
    k: DeviceArray,
    v: DeviceArray,
    mask: DeviceArray | None,
    scale: float,
    causal: bool,
) -> tuple[DeviceArray, DeviceArray, DeviceArray]:
    """The gradients of q, k and v; the weights are computed anew."""
    weights = _weights(q, k, mask, scale, causal)
    grads, queries = _grouped(grad, k), _grouped(q, k)
    by_weights = matmul(grads, transpose(unsqueeze(v, 2), -1, -2))
    by_scores = mul(softmax_backward(by_weights, weights, weights.ndim - 1), scale)
    by_q = matmul(by_scores, unsqueeze(k, 2))
    by_k, by_v = (matmul(transpose(left, -1, -2), right) for left, right in ((by_scores, queries), (weights, grads)))
    return reshape(by_q, q.shape), reshape(sum(by_k, (2,), False), k.shape), reshape(sum(by_v, (2,), False), v.shape)


def _grouped(q: DeviceArray, k: DeviceArray) -> DeviceArray:
    """(batch, heads of k, heads of q that each serves, length, size)."""
    return reshape(q, (q.shape[0], k.shape[1], q.shape[1] // k.shape[1], *q.shape[2:]))


def _weights(q: DeviceArray, k: DeviceArray, mask: DeviceArray | None, scale: float, causal: bool) -> DeviceArray:
    scores = mul(matmul(_grouped(q, k), transpose(unsqueeze(k, 2), -1, -2)), scale)
    if causal:
        scores = where(from_host(np.tri(*scores.shape[-2:], dtype=bool)), scores, -math.inf)
    if mask is not None:
        grouped = unsqueeze(mask, 2) if mask.shape[1] == 1 else _grouped(mask, k)
        scores = where(grouped, scores, -math.inf) if mask.dtype.kind == "b" else add(scores, grouped)
    return safe_softmax(scores, scores.ndim - 1)
