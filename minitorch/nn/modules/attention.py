"""Attention of several heads, as a layer."""

from __future__ import annotations

from typing import Any

from minitorch.creation import empty
from minitorch.dtypes import dtype as Dtype
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.linear import Linear
from minitorch.nn.modules.module import Module
from minitorch.nn.multihead import canonical_mask
from minitorch.nn.parameter import Parameter
from minitorch.tensor import Tensor


class NonDynamicallyQuantizableLinear(Linear):
    """``Linear``, under the name that torch prints."""


class MultiheadAttention(Module):
    """Looks up queries among keys, with several heads at once, and gives back values.

    Args:
        embed_dim: the size of queries and results.
        num_heads: among which it is divided.
        dropout: the probability of a weight to be left out in training.
        bias: whether the projections have one.
        add_bias_kv: one more position of keys and values, which is learnt.
        add_zero_attn: one more, of zeros.
        kdim: the size of keys, ``embed_dim`` unless given.
        vdim: the size of values, likewise.
        batch_first: inputs are (batch, length, size), not (length, batch, size).
        device: ``"cpu"``.
        dtype: of the parameters.

    Raises:
        ValueError: a size is not positive.
        AssertionError: it cannot be divided among the heads.
    """

    bias_k: Parameter | None
    bias_v: Parameter | None
    in_proj_bias: Parameter | None

    def __init__(
        self,
        embed_dim: int,
        num_heads: int,
        dropout: float = 0.0,
        bias: bool = True,
        add_bias_kv: bool = False,
        add_zero_attn: bool = False,
        kdim: int | None = None,
        vdim: int | None = None,
        batch_first: bool = False,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        if embed_dim <= 0 or num_heads <= 0:
            raise ValueError(
                f"embed_dim and num_heads must be greater than 0, got embed_dim={embed_dim} and num_heads={num_heads} instead"
            )
        super().__init__()
        self.embed_dim = embed_dim
        self.kdim = embed_dim if kdim is None else kdim
        self.vdim = embed_dim if vdim is None else vdim
        self._qkv_same_embed_dim = self.kdim == self.vdim == embed_dim
        self.num_heads = num_heads
        self.dropout = dropout
        self.batch_first = batch_first
        self.head_dim = embed_dim // num_heads
        if self.head_dim * num_heads != embed_dim:
            raise AssertionError("embed_dim must be divisible by num_heads")

        def parameter(*shape: int) -> Parameter:
            return Parameter(empty(*shape, device=device, dtype=dtype))

        same = self._qkv_same_embed_dim
        for name, size in (("q", embed_dim), ("k", self.kdim), ("v", self.vdim)):
            self.register_parameter(f"{name}_proj_weight", None if same else parameter(embed_dim, size))
        self.register_parameter("in_proj_weight", parameter(3 * embed_dim, embed_dim) if same else None)
        self.register_parameter("in_proj_bias", parameter(3 * embed_dim) if bias else None)
        self.out_proj = NonDynamicallyQuantizableLinear(embed_dim, embed_dim, bias, device, dtype)
        self.bias_k = parameter(1, 1, embed_dim) if add_bias_kv else None
        self.bias_v = parameter(1, 1, embed_dim) if add_bias_kv else None
        self.add_zero_attn = add_zero_attn
        self._reset_parameters()

    def _reset_parameters(self) -> None:
        for weight in (self.in_proj_weight, self.q_proj_weight, self.k_proj_weight, self.v_proj_weight):
            if weight is not None:
                init.xavier_uniform_(weight)
        if self.in_proj_bias is not None and self.out_proj.bias is not None:
            init.zeros_(self.in_proj_bias)
            init.zeros_(self.out_proj.bias)
        for bias in (self.bias_k, self.bias_v):
            if bias is not None:
                init.xavier_normal_(bias)

    def forward(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        key_padding_mask: Tensor | None = None,
        need_weights: bool = True,
        attn_mask: Tensor | None = None,
        average_attn_weights: bool = True,
        is_causal: bool = False,
    ) -> tuple[Tensor, Tensor | None]:
        """See ``functional.multi_head_attention_forward`` for arguments and results."""
        key_padding_mask = canonical_mask(key_padding_mask, "key_padding_mask", query, attn_mask)
        attn_mask = canonical_mask(attn_mask, "attn_mask", query)
        turned = self.batch_first and query.ndim == 3
        if turned:
            seen: dict[int, Tensor] = {}  # what is one tensor stays one
            query, key, value = (seen.setdefault(id(each), each.transpose(1, 0)) for each in (query, key, value))
        result, weights = F.multi_head_attention_forward(
            query,
            key,
            value,
            self.embed_dim,
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            self.bias_k,
            self.bias_v,
            self.add_zero_attn,
            self.dropout,
            self.out_proj.weight,
            self.out_proj.bias,
            training=self.training,
            key_padding_mask=key_padding_mask,
            need_weights=need_weights,
            attn_mask=attn_mask,
            use_separate_proj_weight=not self._qkv_same_embed_dim,
            q_proj_weight=self.q_proj_weight,
            k_proj_weight=self.k_proj_weight,
            v_proj_weight=self.v_proj_weight,
            average_attn_weights=average_attn_weights,
            is_causal=is_causal,
        )
        return result.transpose(1, 0) if turned else result, weights
