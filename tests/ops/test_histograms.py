"""Histograms, parts of numbers and rows of indices: what the database has too few samples of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error

LIBRARIES = (minitorch, torch)
NAN, INFINITY = float("nan"), float("inf")


def y(lib: Any, **settings: Any) -> Any:
    return lib.tensor([1.0, 2.0, 2.0, 3.0], **settings)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_histograms_of_random_numbers_are_torchs(seed: int, dtype: str):
    source = np.random.default_rng(seed)
    numbers, weight = (source.normal(size=(40, 3)).astype(dtype) for _ in range(2))
    edges = np.sort(source.normal(size=5)).astype(dtype)
    numbers[0, :] = edges[1]
    results = []
    for lib in LIBRARIES:
        x, w, e = (lib.from_numpy(each) for each in (numbers, weight, edges))
        results.append([
            lib.histogram(x, 7), lib.histogram(x, e), lib.histogram(x, 5, range=(-1.0, 0.5), weight=w),
            lib.histogram(x, e, density=True), lib.histogramdd(x, [2, 3, 4]), lib.histogramdd(x, [e, e, e], weight=w[:, 0]),
            lib.histogramdd(x, 3, range=[-1.0, 1, -2, 2, -3, 3], density=True),
        ])  # fmt: skip
    for ours, theirs in zip(*results, strict=True):
        assert_same(tuple(ours), tuple(theirs))
        assert type(ours).__name__ == type(theirs).__name__


@pytest.mark.parametrize("call", [
    lambda lib: lib.histogram(lib.tensor([1.0, NAN, 2.0]), lib.tensor([0.0, 1.5, 3.0])),
    lambda lib: lib.histogram(lib.tensor([2.0, 2.0]), 3), lambda lib: lib.histogram(lib.ones(0), 3),
    lambda lib: lib.histogram(y(lib), 2, range=(5.0, 6.0), density=True), lambda lib: lib.histogram(lib.tensor(2.0), 2),
    lambda lib: lib.histogram(y(lib), lib.tensor([2.0, 1.0])),
])  # fmt: skip
def test_histograms_of_few_numbers_are_torchs(call: Any):
    ours, theirs = (call(lib) for lib in LIBRARIES)
    assert_same(tuple(ours), tuple(theirs))


@pytest.mark.parametrize("call", [
    lambda lib: lib.histogram(lib.tensor([1.0, NAN]), 3), lambda lib: lib.histogram(y(lib), 3, range=(3.0, 1.0)),
    lambda lib: lib.histogram(y(lib), 3, range=(1.0, INFINITY)), lambda lib: lib.histogram(y(lib), 0),
    lambda lib: lib.histogram(y(lib).long(), 3), lambda lib: lib.histogram(y(lib), 3, weight=lib.ones(3)),
    lambda lib: lib.histogram(y(lib), 3, weight=lib.ones(4).double()), lambda lib: lib.histogram(y(lib), lib.ones(1, 2)),
    lambda lib: lib.histogram(y(lib), lib.ones(2).double()), lambda lib: lib.histogram(y(lib), lib.ones(0)),
    lambda lib: lib.histogram(y(lib), lib.ones(1)), lambda lib: lib.histogram(y(lib), 2, range=(1.0,)),
    lambda lib: lib.histogramdd(y(lib), [2]), lambda lib: lib.histogramdd(lib.ones(4, 2), [2]),
    lambda lib: lib.histogramdd(lib.ones(4, 2), [y(lib)]), lambda lib: lib.histogramdd(lib.ones(4, 2), [2, 0]),
    lambda lib: lib.histogramdd(lib.ones(4, 2), [2, 3], range=[0.0, 8]),
    lambda lib: lib.histogramdd(lib.ones(4, 2), [2, 3], weight=lib.ones(3)),
    lambda lib: lib.histogramdd(lib.ones(4, 2, requires_grad=True), 2).hist.sum().backward(),
    lambda lib: lib.histogramdd(lib.ones(4, 2, requires_grad=True), [y(lib), y(lib)]).hist.sum().backward(),
    lambda lib: lib.histogram(y(lib, requires_grad=True), 2).hist.sum().backward(),
])  # fmt: skip
def test_histograms_refuse_what_torch_refuses(call: Any):
    assert_same_error(*(lambda lib=lib: call(lib) for lib in LIBRARIES))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_parts_of_special_numbers_are_torchs(dtype: str):
    numbers = np.array([0.0, -0.0, INFINITY, -INFINITY, NAN, 1e-45, 6e-8, 3.0, -4.0, 0.5]).astype(dtype)
    ours, theirs = (lib.frexp(lib.from_numpy(numbers)) for lib in LIBRARIES)
    assert_same(tuple(ours), tuple(theirs))
    assert_same_error(*(lambda lib=lib: lib.frexp(lib.tensor([1, 2])) for lib in LIBRARIES))


@pytest.mark.parametrize("size", [0, 2, 3, 5])
def test_nonzero_static_fills_up_or_cuts_off(size: int):
    ours, theirs = (lib.nonzero_static(lib.tensor([[1, 0], [2, 3]]), size=size, fill_value=7) for lib in LIBRARIES)
    assert_same(ours, theirs)
    assert not size or ours.stride() == theirs.stride()


@pytest.mark.parametrize("call", [
    lambda lib: lib.cov(lib.ones(2, 2, 2)), lambda lib: lib.cov(lib.tensor([True])),
    lambda lib: lib.cov(y(lib), fweights=y(lib)), lambda lib: lib.cov(y(lib), fweights=lib.ones(3).long()),
    lambda lib: lib.cov(y(lib), fweights=lib.ones(1, 4).long()), lambda lib: lib.cov(y(lib), fweights=-y(lib).long()),
    lambda lib: lib.cov(y(lib), aweights=y(lib).long()), lambda lib: lib.cov(y(lib), aweights=-y(lib)),
    lambda lib: lib.cov(y(lib), aweights=lib.zeros(4)), lambda lib: lib.corrcoef(lib.ones(2, 2, 2)),
])  # fmt: skip
def test_covariances_refuse_what_torch_refuses(call: Any):
    assert_same_error(*(lambda lib=lib: call(lib) for lib in LIBRARIES))


@pytest.mark.filterwarnings("ignore:cov")
@pytest.mark.parametrize("call", [
    lambda lib: lib.cov(y(lib), correction=5), lambda lib: lib.cov(lib.tensor(1.0)), lambda lib: lib.cov(lib.ones(3, 0)),
    lambda lib: lib.corrcoef(lib.tensor(1.0)), lambda lib: lib.cov(lib.tensor([[1, 2], [3, 5]])),
])  # fmt: skip
def test_covariances_of_too_few_observations_are_torchs(call: Any):
    ours, theirs = (call(lib) for lib in LIBRARIES)
    assert_same(ours, theirs)
