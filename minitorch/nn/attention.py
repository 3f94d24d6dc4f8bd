"""Attention of ``minitorch.nn.functional``."""

from __future__ import annotations

import math

from minitorch.noise import drop
from minitorch.ops.arguments import cpp_name, dtype_name
from minitorch.ops.attention import attention_in_one, attention_scores, causal_mask, fits_in_one
from minitorch.tensor import Tensor

__all__ = ["scaled_dot_product_attention"]


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """``softmax(query keyᵀ scale + attn_mask) value``.

    Args:
        query: (batch, heads, length, size), or with other dimensions in front.
        key: (batch, heads, source length, size).
        value: (batch, heads, source length, value size).
        attn_mask: is added to the scores, or if it is of bools, says which are seen; broadcast.
        dropout_p: the probability of a weight to be left out.
        is_causal: each position sees those that are no later; instead of a mask.
        scale: of the scores, one over the root of the size unless given.
        enable_gqa: each head of key and value may serve several of the query.

    Raises:
        RuntimeError: shapes, dtypes or settings that do not go together.
    """
    _check(query, key, value, attn_mask, is_causal)
    if query.ndim == key.ndim == value.ndim == 3:
        mask = attn_mask.unsqueeze(0) if attn_mask is not None and attn_mask.ndim == 3 else attn_mask
        whole = scaled_dot_product_attention(
            query.unsqueeze(0), key.unsqueeze(0), value.unsqueeze(0), mask, dropout_p, is_causal, scale, enable_gqa
        )
        return whole.squeeze(0)
    if scale is None:
        scale = 1 / math.sqrt(query.shape[-1]) if query.shape[-1] else 1.0
    if dropout_p == 0.0 and fits_in_one(query, key, value, attn_mask, enable_gqa):
        return attention_in_one(query, key, value, attn_mask, scale, is_causal)
    if enable_gqa:
        heads = query.shape[-3]
        if heads % key.shape[-3] or heads % value.shape[-3]:
            raise RuntimeError("Number of heads in key and value must divide the number of heads in \nquery")
        key, value = (each.repeat_interleave(heads // each.shape[-3], -3) for each in (key, value))
    weights = attention_scores(query, key, causal_mask(query, key) if is_causal else attn_mask, scale)
    return drop(weights, dropout_p, True) @ value


def _check(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, is_causal: bool) -> None:
    given = {"query": query, "key": key, "value": value}
    if len({each.dtype for each in given.values()}) > 1:
        dtypes = " ".join(f"{'and ' * (name == 'value')}{name}.dtype: {cpp_name(each)}" for name, each in given.items())
        raise RuntimeError(f"Expected query, key, and value to have the same dtype, but got {dtypes} instead.")
    if not query.is_floating_point():
        raise RuntimeError(f"expected scalar type Float but found {dtype_name(query)}")
    if min(each.ndim for each in given.values()) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{query.ndim} key.dim: {key.ndim} and value.dim: {value.ndim} instead."
        )
    if mask is not None:
        if is_causal:
            raise RuntimeError(
                "_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True"
            )
        if mask.dtype is not query.dtype and cpp_name(mask) not in ("bool", "float"):
            raise RuntimeError(
                "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
                f"{cpp_name(mask)} and  query.dtype: {cpp_name(query)} instead."
            )
