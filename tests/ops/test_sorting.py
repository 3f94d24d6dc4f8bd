"""What is chosen among equal elements, results by name, ``out=``, and dtypes: as torch has them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error

LENGTHS = (1, 2, 3, 5, 16, 17, 40, 100, 1000)
DTYPES = ("float32", "float64", "int64", "uint8", "float16")


def both(call: Any, *arrays: np.ndarray) -> tuple[Any, Any]:
    return tuple(call(lib, *(lib.from_numpy(each.copy()) for each in arrays)) for lib in (minitorch, torch))


def with_ties(length: int, dtype: str, seed: int) -> np.ndarray:
    source = np.random.default_rng(seed)
    array = source.integers(0, max(2, length // 4), (3, length)).astype(dtype)
    if seed % 2 and array.dtype.kind == "f":
        array[source.random(array.shape) < 0.2] = np.nan
    return array


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    "call",
    [
        lambda lib, a: lib.sort(a),
        lambda lib, a: lib.sort(a, descending=True),
        lambda lib, a: lib.sort(a, dim=1, stable=True),
        lambda lib, a: lib.sort(a, dim=1, stable=True, descending=True),
        lambda lib, a: lib.sort(a.t(), 0),
        lambda lib, a: a.argsort(),
        lambda lib, a: lib.topk(a, min(3, a.shape[1])),
        lambda lib, a: lib.topk(a, a.shape[1] // 2, largest=False),
        lambda lib, a: lib.topk(a, a.shape[1] // 2, sorted=False),
        lambda lib, a: lib.kthvalue(a, (a.shape[1] + 1) // 2),
        lambda lib, a: lib.median(a, 1),
        lambda lib, a: lib.nanmedian(a, 1),
        lambda lib, a: lib.cummax(a, 1),
        lambda lib, a: lib.cummin(a, 1),
        lambda lib, a: lib.max(a, 1),
        lambda lib, a: lib.unique(a, return_inverse=True, return_counts=True),
        lambda lib, a: lib.unique_consecutive(a, return_inverse=True, return_counts=True),
    ],
)
def test_of_equal_elements_the_same_are_chosen(call, length, dtype):
    for seed in range(4):
        assert_same(*both(call, with_ties(length, dtype, seed)))


@pytest.mark.parametrize("length", LENGTHS)
def test_the_mode_is_the_smallest_of_the_most_frequent(length):
    assert_same(*both(lambda lib, a: lib.mode(a), with_ties(length, "int64", 0)))


def test_long_rows_of_integers_are_sorted_digit_by_digit():
    array = np.random.default_rng(0).integers(0, 1000, 2**15)
    assert_same(*both(lambda lib, a: lib.sort(a), array))
    assert_same(*both(lambda lib, a: lib.sort(a, descending=True), array))


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("name", ["quantile", "nanquantile"])
def test_of_equal_elements_quantiles_give_the_gradient_to_the_same(name, count):
    for seed, length in enumerate((3, 4, 15, 16, 99, 100, 300)):
        array = np.nan_to_num(with_ties(length, "float64", seed), nan=1.0)
        shares = np.random.default_rng(seed).random(count)

        def gradient(lib, a, q):
            cotangent = lib.from_numpy(np.arange(1.0, 3 * count + 1).reshape(count, 3))
            return lib.autograd.grad(getattr(lib, name)(a.requires_grad_(), q, 1), a, cotangent)

        assert_same(*both(gradient, array, shares))


NAMED = [
    lambda lib, a: lib.max(a, 1),
    lambda lib, a: lib.min(a, 0),
    lambda lib, a: lib.sort(a),
    lambda lib, a: lib.topk(a, 2),
    lambda lib, a: lib.median(a, 0),
    lambda lib, a: lib.nanmedian(a, 0),
    lambda lib, a: lib.mode(a),
    lambda lib, a: lib.kthvalue(a, 1),
    lambda lib, a: lib.cummax(a, 0),
    lambda lib, a: lib.cummin(a, 0),
    lambda lib, a: lib.aminmax(a),
]


@pytest.mark.parametrize("call", NAMED)
def test_results_of_several_tensors_have_names_and_print_as_torchs(call):
    ours, theirs = both(call, np.array([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]], np.float32))
    assert repr(ours) == repr(theirs)
    assert isinstance(ours, tuple)
    assert type(ours) is getattr(minitorch.return_types, type(ours).__name__)
    assert all(getattr(ours, field) is part for field, part in zip(type(ours).fields, ours, strict=True))


@pytest.mark.parametrize("call", NAMED)
def test_results_of_several_tensors_are_written_to_several(call):
    array = np.array([[3.0, 1.0, 2.0], [4.0, 6.0, 5.0]], np.float32)
    for lib in (minitorch, torch):
        a = lib.from_numpy(array)
        expected = call(lib, a)
        kind = getattr(lib.return_types, f"{type(expected).__name__}_out")
        outs = tuple(lib.empty(0, dtype=each.dtype) for each in expected)
        result = call(_With(lib, outs), a)
        assert type(result) is kind
        for out, given, wanted in zip(outs, result, expected, strict=True):
            assert out is given
            assert lib.equal(out, wanted)


class _With:
    """A library whose functions write to given tensors."""

    def __init__(self, lib: Any, outs: Any) -> None:
        self.lib, self.outs = lib, outs

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: getattr(self.lib, name)(*args, **kwargs, out=self.outs)


@pytest.mark.parametrize("name", ["sum", "prod", "cumsum", "cumprod", "nansum"])
@pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64"])
def test_sums_and_products_of_integers_are_int64(name, dtype):
    array = np.random.default_rng(0).integers(0, 5, (3, 4)).astype(dtype)
    assert_same(*both(lambda lib, a: getattr(lib, name)(a, 1), array))


@pytest.mark.parametrize(
    "call",
    [
        lambda lib, a: lib.sort(a, 2),
        lambda lib, a: lib.topk(a, 5),
        lambda lib, a: lib.kthvalue(a, 0),
        lambda lib, a: lib.median(a[:, :0], 1),
        lambda lib, a: lib.mode(a[:, :0]),
        lambda lib, a: lib.max(a[:, :0], 1),
        lambda lib, a: lib.aminmax(a[:0]),
        lambda lib, a: lib.quantile(a, 1.5),
        lambda lib, a: lib.quantile(a[:0], 0.5),
        lambda lib, a: lib.quantile(a, 0.5, interpolation="cubic"),
        lambda lib, a: lib.quantile(a.long(), 0.5),
        lambda lib, a: lib.var(a.long()),
        lambda lib, a: lib.var_mean(a.long()),
        lambda lib, a: lib.mean(a.long()),
        lambda lib, a: lib.nanmean(a.long()),
        lambda lib, a: lib.cumsum(a, 2),
        lambda lib, a: lib.diff(a[0, 0]),
        lambda lib, a: lib.diff(a, prepend=a[0]),
        lambda lib, a: lib.diff(a, prepend=a[:1]),
        lambda lib, a: lib.trapezoid(a, a[0, :2]),
        lambda lib, a: lib.trapezoid(a > 0),
        lambda lib, a: lib.bincount(a),
        lambda lib, a: lib.bincount(a.long()),
        lambda lib, a: lib.bincount(-a[0].long() - 5),
        lambda lib, a: lib.bincount(a[0].long().abs(), minlength=-1),
        lambda lib, a: lib.bincount(a[0].long().abs(), a[0, :2]),
        lambda lib, a: lib.histc(a, 0),
        lambda lib, a: lib.histc(a, min=3, max=1),
        lambda lib, a: lib.histc(a + 1 / (a * 0)),
        lambda lib, a: lib.histc(a.long()),
        lambda lib, a: lib.searchsorted(a, a[:1]),
        lambda lib, a: lib.searchsorted(a, 1.0),
        lambda lib, a: lib.searchsorted(a, a, side="middle"),
        lambda lib, a: lib.searchsorted(a, a, side="left", right=True),
        lambda lib, a: lib.searchsorted(a, a, sorter=a),
        lambda lib, a: lib.unique(a[:0], dim=1),
        lambda lib, a: lib.renorm(a, 2, 0, -1),
        lambda lib, a: lib.renorm(a, 0, 0, 1),
        lambda lib, a: lib.argmax(a[:, :0]),
        lambda lib, a: lib.logcumsumexp(a.long(), 0),
    ],
)
def test_mistakes_raise_torchs_errors(call):
    array = np.array([[0.5, -1.0, 2.0], [1.5, 3.0, 0.0]], np.float32)
    assert_same_error(*(lambda lib=lib: call(lib, lib.from_numpy(array)) for lib in (minitorch, torch)))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(300, 700), (700, 300), (40, 5, 1000)])
@pytest.mark.parametrize("name", ["var", "std", "cumsum", "cumprod", "logsumexp", "logcumsumexp", "prod"])
def test_large_arrays(name, shape, dtype):
    array = np.random.default_rng(0).normal(1, 0.01, shape).astype(dtype)
    for dim in (0, -1):
        ours, theirs = both(lambda lib, a, dim=dim: getattr(lib, name)(a, dim), array)
        judge = getattr(torch, name)(torch.from_numpy(array.astype(np.float64)), dim)
        assert_same(ours, theirs, lambda judge=judge: judge)
