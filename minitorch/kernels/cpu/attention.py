"""Attention: softmax(q kᵀ scale + mask) v, for (batch, heads, length, size); heads of k and v may each serve several of q."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cpu.exponential import softmax, softmax_backward
from minitorch.kernels.halves import in_float32

__all__ = ["attention", "attention_backward", "safe_softmax"]

Array = np.ndarray


def safe_softmax(a: Array, dim: int) -> Array:
    """Softmax, which is 0 where all is -inf."""
    result = softmax(a, dim)
    return np.where(np.max(a, dim, keepdims=True, initial=-np.inf) == -np.inf, result.dtype.type(0), result)


@in_float32
def attention(q: Array, k: Array, v: Array, mask: Array | None, scale: float, causal: bool) -> Array:
    """The result, laid out as q, for a mask that is added (or tells what is seen), or one that hides what comes later."""
    out = np.empty_like(q)
    out[...] = np.matmul(_weights(q, k, mask, scale, causal), v[:, :, None]).reshape(q.shape)
    return out


@in_float32
def attention_backward(
    grad: Array, q: Array, k: Array, v: Array, mask: Array | None, scale: float, causal: bool
) -> tuple[Array, Array, Array]:
    """The gradients of q, k and v; the weights are computed anew."""
    weights = _weights(q, k, mask, scale, causal)
    grads, queries = _grouped(grad, k), _grouped(q, k)
    by_v = np.matmul(weights.swapaxes(-1, -2), grads)
    by_weights = np.matmul(grads, v[:, :, None].swapaxes(-1, -2))
    by_scores = softmax_backward(by_weights, weights, weights.ndim - 1)
    by_scores *= scale
    by_q = np.matmul(by_scores, k[:, :, None]).reshape(q.shape)
    by_k = np.matmul(by_scores.swapaxes(-1, -2), queries)
    return by_q, by_k.sum(2).reshape(k.shape), by_v.sum(2).reshape(v.shape)


def _grouped(q: Array, k: Array) -> Array:
    """(batch, heads of k, heads of q that each serves, length, size)."""
    return q.reshape(q.shape[0], k.shape[1], q.shape[1] // k.shape[1], *q.shape[2:])


def _weights(q: Array, k: Array, mask: Array | None, scale: float, causal: bool) -> Array:
    scores = np.matmul(_grouped(q, k), k[:, :, None].swapaxes(-1, -2))
    scores *= scale
    if causal:
        scores[..., np.triu(np.ones(scores.shape[-2:], bool), 1)] = -np.inf
    if mask is not None:
        heads = mask.shape[1]
        mask = mask[:, :, None] if heads == 1 else _grouped(mask, k)
        scores = np.where(mask, scores, scores.dtype.type(-np.inf)) if mask.dtype.kind == "b" else scores + mask
    return safe_softmax(scores, scores.ndim - 1)
