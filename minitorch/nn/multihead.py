"""Attention of several heads, with its projections: ``minitorch.nn.functional.multi_head_attention_forward``."""

from __future__ import annotations

import math

from minitorch import dtypes
from minitorch.creation import zeros
from minitorch.nn.attention import scaled_dot_product_attention
from minitorch.noise import drop
from minitorch.ops.activation import softmax
from minitorch.ops.added_product import baddbmm
from minitorch.ops.joining import cat
from minitorch.ops.matmul import bmm, linear
from minitorch.ops.padding import pad
from minitorch.tensor import Tensor
from minitorch.warn import warn

Three = tuple[Tensor, Tensor, Tensor]


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Projects query, key and value, attends with each head to its part of them, and projects what comes out.

    Args:
        query: (length, batch, embed_dim), or without a batch.
        key: (source length, batch, key size).
        value: (source length, batch, value size).
        embed_dim_to_check: what the size of the query has to be.
        num_heads: into which the size is divided.
        in_proj_weight: of query, key and value, one below the other: (3 * embed_dim, embed_dim).
        in_proj_bias: likewise, (3 * embed_dim,).
        bias_k: one more position of the keys, (1, 1, embed_dim).
        bias_v: likewise of the values.
        add_zero_attn: one more position of zeros for both.
        dropout_p: the probability of a weight to be left out in training.
        out_proj_weight: (embed_dim, embed_dim).
        out_proj_bias: (embed_dim,).
        training: see there.
        key_padding_mask: (batch, source length): which keys are not seen, or what is added to their scores.
        need_weights: return the weights too, which takes more memory.
        attn_mask: (length, source length), or one for each head of each sample: which pairs are not seen, or what is added.
        use_separate_proj_weight: the weights of query, key and value are given apart.
        q_proj_weight: (embed_dim, embed_dim).
        k_proj_weight: (embed_dim, key size).
        v_proj_weight: (embed_dim, value size).
        static_k: keys after projection, (batch * heads, source length, head size).
        static_v: likewise values.
        average_attn_weights: return the mean of the heads' weights.
        is_causal: the mask is the one that hides what comes later.

    Returns:
        The result, in the query's shape; and the weights, (batch, length, source length), with heads after the batch unless
        they are averaged.

    Raises:
        AssertionError, RuntimeError: shapes, dtypes or settings that do not go together.
    """
    batched = _check_shapes(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = query.unsqueeze(1), key.unsqueeze(1), value.unsqueeze(1)
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, size = query.shape
    key_padding_mask = canonical_mask(key_padding_mask, "key_padding_mask", query, attn_mask)
    attn_mask, is_causal = _causal_or_masked(query, attn_mask, is_causal, key_padding_mask is not None, need_weights)
    _check(size == embed_dim_to_check, f"was expecting embedding dimension of {embed_dim_to_check}, but got {size}")
    part = size // num_heads
    _check(part * num_heads == size, f"embed_dim {size} not divisible by num_heads {num_heads}")
    if use_separate_proj_weight:
        apart = (q_proj_weight, k_proj_weight, v_proj_weight)
        q, k, v = _projected_apart(query, key, value, apart, in_proj_bias)
    else:
        q, k, v = _projected(query, key, value, in_proj_weight, in_proj_bias)
    attn_mask = _with_heads(attn_mask, (length, key.shape[0]), batch * num_heads)
    if (bias_k is None) != (bias_v is None):
        raise AssertionError(
            "bias_k is set but bias_v is None" if bias_v is None else "bias_v is set but bias_k is None"
        )
    if bias_k is not None and bias_v is not None:
        _check(static_k is None, "bias cannot be added to static key.")
        _check(static_v is None, "bias cannot be added to static value.")
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        attn_mask, key_padding_mask = _longer(attn_mask), _longer(key_padding_mask)
    q = q.view(length, batch * num_heads, part).transpose(0, 1)
    k, v = (
        _by_head(each, static, name, batch * num_heads, part)
        for each, static, name in ((k, static_k, "static_k"), (v, static_v, "static_v"))
    )
    if add_zero_attn:
        k, v = (cat([each, zeros(batch * num_heads, 1, part, dtype=each.dtype)], dim=1) for each in (k, v))
        attn_mask, key_padding_mask = _longer(attn_mask), _longer(key_padding_mask)
    if key_padding_mask is not None:
        spread = _padding_by_head(key_padding_mask, batch, num_heads, k.shape[1])
        attn_mask = spread if attn_mask is None else attn_mask + spread
    dropout_p = dropout_p if training else 0.0
    weights = None
    if need_weights:
        _check(not is_causal or attn_mask is not None, "FIXME: is_causal not implemented for need_weights")
        result, weights = _attended_with_weights(q, k, v, attn_mask, dropout_p)
        result = result.transpose(0, 1).reshape(length * batch, size)
        weights = weights.view(batch, num_heads, length, k.shape[1])
        weights = weights.mean(dim=1) if average_attn_weights else weights
    else:
        result = _attended(q, k, v, attn_mask, dropout_p, is_causal, batch)
        result = result.permute(2, 0, 1, 3).reshape(batch * length, size)
    result = linear(result, out_proj_weight, out_proj_bias)
    result = result.view(length, batch, result.shape[1])
    if batched:
        return result, weights
    return result.squeeze(1), None if weights is None else weights.squeeze(0)


def _causal_or_masked(
    query: Tensor, mask: Tensor | None, is_causal: bool, is_padded: bool, need_weights: bool
) -> tuple[Tensor | None, bool]:
    """The mask of pairs, and whether what comes later is hidden without it."""
    if is_causal and mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    if is_causal and not is_padded and not need_weights:
        return None, True
    return canonical_mask(mask, "attn_mask", query), is_causal and not is_padded


def _padding_by_head(padding: Tensor, batch: int, heads: int, source: int) -> Tensor:
    for d, wanted in enumerate((batch, source)):
        found = padding.shape[d]
        _check(found == wanted, f"Expected key_padded_mask.shape[{d}] to be {wanted}, but got {found}")
    return padding.view(batch, 1, 1, source).expand(-1, heads, -1, -1).reshape(batch * heads, 1, source)


def _attended_with_weights(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout_p: float
) -> tuple[Tensor, Tensor]:
    """By head: what is seen, (batch * heads, length, head size), and the weights, (batch * heads, length, source length)."""
    scaled, keys = q * math.sqrt(1.0 / float(q.shape[-1])), k.transpose(-2, -1)
    weights = softmax(bmm(scaled, keys) if mask is None else baddbmm(mask, scaled, keys), -1)
    weights = drop(weights, dropout_p, True)
    return bmm(weights, v), weights


def _attended(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout_p: float, is_causal: bool, batch: int
) -> Tensor:
    """What is seen, (batch, heads, length, head size), without weights in memory."""
    heads = q.shape[0] // batch
    if mask is not None:
        single = mask.shape[0] == 1 and mask.ndim == 3
        mask = mask.unsqueeze(0) if single else mask.view(batch, heads, -1, k.shape[1])
    q, k, v = (each.view(batch, heads, each.shape[1], each.shape[2]) for each in (q, k, v))
    return scaled_dot_product_attention(q, k, v, mask, dropout_p, is_causal)


def _check(holds: bool, complaint: str) -> None:
    if not holds:
        raise AssertionError(complaint)


def _check_shapes(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None, heads: int
) -> bool:
    """Whether there is a batch."""
    if query.ndim not in (2, 3):
        raise AssertionError(
            f"query should be unbatched 2D or batched 3D tensor but received {query.ndim}-D query tensor"
        )
    d = query.ndim
    start = f"For {'batched' if d == 3 else 'unbatched'} ({d}-D) `query`, expected"
    _check(
        key.ndim == value.ndim == d,
        f"{start} `key` and `value` to be {d}-D but found {key.ndim}-D and {value.ndim}-D tensors respectively",
    )
    if padding is not None:
        _check(
            padding.ndim == d - 1,
            f"{start} `key_padding_mask` to be `None` or {d - 1}-D but found {padding.ndim}-D tensor instead",
        )
    if mask is not None:
        _check(
            mask.ndim in (2, 3),
            f"{start} `attn_mask` to be `None`, 2-D or 3-D but found {mask.ndim}-D tensor instead",
        )
        if d == 2 and mask.ndim == 3:
            wanted = (heads, query.shape[0], key.shape[0])
            _check(mask.shape == wanted, f"Expected `attn_mask` shape to be {wanted} but got {mask.shape}")
    return d == 3


def canonical_mask(mask: Tensor | None, name: str, query: Tensor, other: Tensor | None = None) -> Tensor | None:
    """A mask to be added: -inf where one of bools hides something. With a warning where ``other`` is of another dtype."""
    if mask is None:
        return None
    floats = mask.is_floating_point()
    _check(floats or mask.dtype is dtypes.bool, f"only bool and floating types of {name} are supported")
    if other is not None and mask.dtype is not other.dtype:
        warn(f"Support for mismatched {name} and attn_mask is deprecated. Use same type for both instead.")
    return mask if floats else zeros(mask.shape, dtype=query.dtype).masked_fill_(mask, -math.inf)


def _projected(query: Tensor, key: Tensor, value: Tensor, weight: Tensor | None, bias: Tensor | None) -> Three:
    """By parts of one weight; in as few products as there are different tensors."""
    _check(key.shape == value.shape, f"key shape {key.shape} does not match value shape {value.shape}")
    if weight is None:
        raise AssertionError("use_separate_proj_weight is False but in_proj_weight is None")
    size = query.shape[-1]
    if key is not value:
        biases = (None,) * 3 if bias is None else bias.chunk(3)
        q, k, v = (linear(each, w, b) for each, w, b in zip((query, key, value), weight.chunk(3), biases, strict=True))
        return q, k, v
    if query is key:
        q, k, v = _in_parts(linear(query, weight, bias), 3, size)
        return q, k, v
    first, rest = weight.split([size, size * 2])
    first_bias, rest_bias = (None, None) if bias is None else bias.split([size, size * 2])
    q = linear(query, first, first_bias)
    return (q, *_in_parts(linear(key, rest, rest_bias), 2, size))  # type: ignore[return-value]  # of two parts


def _in_parts(projected: Tensor, count: int, size: int) -> tuple[Tensor, ...]:
    whole = projected.unflatten(-1, (count, size)).unsqueeze(0).transpose(0, -2).squeeze(-2).contiguous()
    return tuple(whole[number] for number in range(count))


def _projected_apart(
    query: Tensor, key: Tensor, value: Tensor, weights: tuple[Tensor | None, ...], bias: Tensor | None
) -> Three:
    """Each by its own weight."""
    _check(
        key.shape[:2] == value.shape[:2],
        f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}",
    )
    size = query.shape[-1]
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    given = [(query, "query", "q"), (key, "key", "k"), (value, "value", "v")]
    for (_, _, short), weight in zip(given, weights, strict=True):
        _check(weight is not None, f"use_separate_proj_weight is True but {short}_proj_weight is None")
    found = []
    for (each, name, _), weight, part in zip(given, weights, biases, strict=True):
        assert weight is not None
        wanted = (size, each.shape[-1])
        _check(weight.shape == wanted, f"expecting {name} weights shape of {wanted}, but got {weight.shape}")
        _check(part is None or part.shape == (size,), f"expecting {name} bias shape of {(size,)}")
        found.append(linear(each, weight, part))
    return found[0], found[1], found[2]


def _with_heads(mask: Tensor | None, pairs: tuple[int, int], heads: int) -> Tensor | None:
    """A mask of three dimensions."""
    if mask is None:
        return None
    wanted = pairs if mask.ndim == 2 else (heads, *pairs)
    if mask.shape != wanted:
        raise RuntimeError(f"The shape of the {mask.ndim}D attn_mask is {mask.shape}, but should be {wanted}.")
    return mask.unsqueeze(0) if mask.ndim == 2 else mask


def _longer(mask: Tensor | None) -> Tensor | None:
    """A mask for one more position, which is seen."""
    return None if mask is None else pad(mask, (0, 1))


def _by_head(projected: Tensor, static: Tensor | None, name: str, heads: int, part: int) -> Tensor:
    if static is None:
        return projected.view(projected.shape[0], heads, part).transpose(0, 1)
    for d, wanted in ((0, heads), (2, part)):
        _check(static.shape[d] == wanted, f"expecting {name}.size({d}) of {wanted}, but got {static.shape[d]}")
    return static
