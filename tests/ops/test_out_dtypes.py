"""Which dtypes a tensor given as ``out=`` may have, and what is said of the others, beside torch."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
import torch

import minitorch

DTYPES = ("bool", "uint8", "int32", "int64", "float16", "float32", "float64")
VECTOR, MATRIX = [1, 0, 1], [[1, 0], [0, 1], [1, 1]]
CALLS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("abs", "absolute", "neg", "negative", "ceil", "floor", "trunc", "fix", "frac", "round", "sign", "sgn"), (VECTOR,)),
    **dict.fromkeys(("bitwise_not", "conj_physical", "hardshrink", "nan_to_num", "isneginf", "isposinf", "signbit"), (VECTOR,)),
    **dict.fromkeys(("clamp", "clip", "clamp_min", "clamp_max"), (VECTOR, 1)),
    **dict.fromkeys(("all", "any", "argmax", "argmin", "diag", "tril", "triu", "msort"), (MATRIX,)),
    **dict.fromkeys(("alias_copy", "t_copy", "squeeze_copy"), (MATRIX,)),
    **dict.fromkeys(("quantile", "nanquantile"), (VECTOR, 1)),
    "heaviside": (VECTOR, VECTOR), "float_power": (VECTOR, 2),
}  # fmt: skip


def outcome(lib: Any, name: str, dtype: str, out: str) -> Any:
    def tensor(value: Any, dtype: str) -> Any:
        return lib.tensor(value, dtype=getattr(lib, dtype))

    target = tensor([], out)
    try:
        getattr(lib, name)(*(tensor(x, dtype) if isinstance(x, list) else x for x in CALLS[name]), out=target)
    except Exception as error:  # which one it is, is what is compared
        return type(error).__name__, str(error).partition("\n")[0]
    return target.tolist()


@pytest.mark.parametrize("out", DTYPES)
@pytest.mark.parametrize("name", CALLS)
def test_the_same_dtypes_are_refused_with_the_same_words(name: str, out: str):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in DTYPES:
            ours, theirs = (outcome(lib, name, dtype, out) for lib in (minitorch, torch))
            if "not implemented for" in str(ours):  # torch looks at the target first
                assert isinstance(theirs, tuple)
            else:
                assert ours == theirs, dtype


def test_bounds_that_are_tensors_may_be_cast():
    for lib in (minitorch, torch):
        bound = lib.tensor([0.5, 0.25])
        assert lib.clamp(lib.zeros(2), bound, out=lib.zeros(2, dtype=lib.float64)).tolist() == [0.5, 0.25]
        with pytest.raises(RuntimeError, match="Found dtype Double but expected Float"):
            lib.clamp(lib.zeros(2), 0.5, out=lib.zeros(2, dtype=lib.float64))
