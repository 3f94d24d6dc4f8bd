"""Programs of attention: each gives the result, and the gradients of q, k and v."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.kernels.cuda.case import Case, call, normal, truth


def attending(causal: bool = False) -> Any:
    def program(k: Any, q: Any, keys: Any, values: Any, grad: Any, mask: Any = None) -> Any:
        how = (mask, 0.5, causal)
        return k.attention(q, keys, values, *how), *k.attention_backward(grad, q, keys, values, *how)

    return program


def unseen(random: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    scores = random.standard_normal((3, 5, 4)).astype(dtype)
    scores[1, :, 2], scores[0, 2] = -np.inf, -np.inf
    return scores


QKV = (normal(2, 4, 5, 3), normal(2, 2, 7, 3), normal(2, 2, 7, 3), normal(2, 4, 5, 3))
SQUARE = (normal(1, 2, 6, 4),) * 4

CASES = [
    Case("attention", attending(), QKV, close=16),
    Case("attention causal", attending(True), SQUARE, close=16),
    Case("attention mask", attending(), (*QKV, truth(2, 1, 5, 7)), close=16),
    Case("attention added mask", attending(), (*QKV, normal(2, 4, 5, 7)), close=16),
    Case("attention of halves", attending(), SQUARE, "e", close=4),
    Case("safe_softmax", call("safe_softmax", 1), (unseen,), close=4),
    Case("safe_softmax of nothing", call("safe_softmax", 2), (normal(2, 3, 0),)),
]
