"""Functions have torch's names, order of arguments, warnings and errors; their numbers are tested with the operators."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
import minitorch.nn.functional as F
from tests.nn.networks import tensors
from tests.oracle import assert_same, assert_same_error, graph

IN_PYTHON = [
    name
    for name in F.__all__
    if inspect.isfunction(function := getattr(torch.nn.functional, name))
    and "args" not in inspect.signature(function).parameters  # what chooses between two functions hides their arguments
    and not name.endswith("_with_indices")  # one of which torch's functions have, but never look at
]


@pytest.mark.parametrize("name", IN_PYTHON)
def test_arguments_come_in_torchs_order_with_its_defaults(name: str):
    ours, theirs = (
        [(each.name, each.default) for each in inspect.signature(getattr(lib.nn.functional, name)).parameters.values()]
        for lib in (minitorch, torch)
    )
    assert ours == theirs


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@pytest.mark.parametrize("ndim", [0, 1, 2, 3, 4])
def test_softmax_without_a_dimension_warns_and_chooses_as_torch(name: str, ndim: int):
    ours, theirs = tensors(np.random.default_rng(ndim).standard_normal((2, 3, 4, 5)[:ndim]))
    said = []
    for lib, x in ((minitorch, ours), (torch, theirs)):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            said.append((getattr(lib.nn.functional, name)(x), caught))
    assert_same(said[0][0], said[1][0])
    assert [str(each.message) for each in said[0][1]] == [str(each.message) for each in said[1][1]]
    assert said[0][1][0].filename == __file__


def test_the_old_words_for_the_reduction_still_work_with_a_warning():
    rng = np.random.default_rng(0)
    (a, b), (x, y) = tensors(rng.standard_normal((3, 4))), tensors(rng.standard_normal((3, 4)))
    for old in (
        {"reduce": False},
        {"size_average": False},
        {"size_average": True},
        {"size_average": False, "reduce": False},
    ):
        results = []
        for lib, pair in ((minitorch, (a, x)), (torch, (b, y))):
            with pytest.warns(UserWarning, match="size_average and reduce args will be deprecated") as caught:
                results.append((lib.nn.functional.mse_loss(*pair, **old), lib.nn.MSELoss(**old).reduction))
            assert len({str(each.message) for each in caught}) == 1
        assert_same(results[0], results[1])


@pytest.mark.parametrize("reduction", ["none", "mean", "sum"])
def test_the_absolute_difference_is_torchs_with_its_graph(reduction: str):
    rng = np.random.default_rng(3)
    ours, theirs = tensors(rng.integers(-2, 3, (4, 5)).astype(np.float32), requires_grad=True)  # some differences are 0
    targets = tensors(rng.integers(-2, 3, (4, 5)).astype(np.float32), requires_grad=True)
    results = [
        lib.nn.functional.l1_loss(x, target, reduction=reduction)
        for lib, x, target in ((minitorch, ours, targets[0]), (torch, theirs, targets[1]))
    ]
    assert_same(*results)
    assert graph(results[0]) == graph(results[1])
    for result, cotangent in zip(
        results, tensors(rng.standard_normal(results[1].shape).astype(np.float32)), strict=True
    ):
        result.backward(cotangent)
    assert_same(ours.grad, theirs.grad)
    assert_same(targets[0].grad, targets[1].grad)


def test_a_loss_whose_target_has_another_size_warns_the_caller():
    for name in ("mse_loss", "l1_loss"):
        with pytest.warns(UserWarning, match=r"Using a target size \(torch.Size\(\[4\]\)\) that is different"):
            getattr(F, name)(minitorch.zeros(3, 4), minitorch.zeros(4))


def test_relu_in_place_writes_over_its_input():
    x = minitorch.tensor([-1.0, 2.0])
    assert F.relu(x, inplace=True) is x
    assert x.tolist() == [0, 2]


@pytest.mark.parametrize(
    "mistake",
    [
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4), lib.zeros(3)),
        lambda F, lib: F.nll_loss(lib.zeros(3, 4), lib.zeros(3)),
        lambda F, lib: F.nll_loss(lib.zeros(3, 4), lib.zeros(3, dtype=lib.float64)),
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4), lib.zeros(3, dtype=lib.int32)),
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4), lib.full((3,), 4)),
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4), lib.full((3,), -1)),
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4), lib.zeros(2, dtype=lib.int64)),
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4), lib.zeros(3, 4, dtype=lib.int64)),
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4, 2), lib.zeros(3, 3, dtype=lib.int64)),
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4), lib.zeros(3, dtype=lib.int64), label_smoothing=1.5),
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4), lib.zeros(3, dtype=lib.int64), reduction="median"),
        lambda F, lib: F.cross_entropy(lib.zeros(3, 4), lib.zeros(3, dtype=lib.int64), weight=lib.ones(3)),
        lambda F, lib: F.mse_loss(lib.zeros(3), lib.zeros(3), reduction="median"),
        lambda F, lib: F.l1_loss(lib.zeros(3), lib.zeros(3), reduction="median"),
        lambda F, lib: F.softmax(lib.zeros(3, dtype=lib.int64), 0),
        lambda F, lib: F.softmax(lib.zeros(3), 1),
        lambda F, lib: F.linear(lib.zeros(2, 3), lib.zeros(4, 5), lib.zeros(4)),
        lambda F, lib: F.linear(lib.zeros(2, 3), lib.zeros(4, 3, dtype=lib.float64), lib.zeros(4, dtype=lib.float64)),
        lambda F, lib: F.conv2d(lib.zeros(1, 3, 8, 8), lib.zeros(6, 4, 5, 5)),
        lambda F, lib: F.conv2d(lib.zeros(1, 3, 4, 4), lib.zeros(6, 3, 5, 5)),
        lambda F, lib: F.max_pool2d(lib.zeros(1, 3, 1, 1), 2),
    ],
)
def test_mistakes_get_torchs_answers(mistake: Any):
    assert_same_error(lambda: mistake(F, minitorch), lambda: mistake(torch.nn.functional, torch))
