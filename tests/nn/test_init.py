"""Parameters start as torch's do, for the same seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from tests.oracle import assert_same, assert_same_error

EVEN = [
    ("uniform_", {"a": -2.0, "b": 0.5}),
    ("xavier_uniform_", {"gain": 1.7}),
    ("kaiming_uniform_", {"a": 5**0.5}),
    ("kaiming_uniform_", {"mode": "fan_out", "nonlinearity": "relu"}),
]
NORMAL = [
    ("normal_", {"mean": 1.0, "std": 0.3}),
    ("xavier_normal_", {}),
    ("kaiming_normal_", {"nonlinearity": "tanh"}),
]


def drawn(lib: Any, name: str, shape: list[int], dtype: str, seed: int, settings: dict[str, Any]) -> Any:
    lib.manual_seed(seed)
    tensor = lib.nn.Parameter(lib.empty(shape, dtype=getattr(lib, dtype)))
    result = getattr(lib.nn.init, name)(tensor, **settings)
    assert result is tensor
    assert result.is_leaf
    assert result.requires_grad
    return result


@pytest.mark.parametrize(("name", "settings"), EVEN)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(shape=st.lists(st.integers(1, 7), min_size=2, max_size=4), seed=st.integers(0, 2**32))
def test_even_numbers_are_torchs_to_the_bit(name: str, settings: dict, dtype: str, shape: list[int], seed: int):
    ours, theirs = (drawn(lib, name, shape, dtype, seed, settings) for lib in (minitorch, torch))
    np.testing.assert_array_equal(ours.detach().numpy(), theirs.detach().numpy())


@pytest.mark.parametrize(("name", "settings"), NORMAL)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(shape=st.lists(st.integers(1, 7), min_size=2, max_size=4), seed=st.integers(0, 2**32))
def test_normal_numbers_are_torchs(name: str, settings: dict, dtype: str, shape: list[int], seed: int):
    assert_same(*(drawn(lib, name, shape, dtype, seed, settings) for lib in (minitorch, torch)))


def test_a_generator_of_its_own_leaves_the_default_one_alone():
    minitorch.manual_seed(1)
    before = minitorch.get_rng_state().tolist()
    tensors = []
    for lib in (minitorch, torch):
        generator = lib.Generator()
        generator.manual_seed(7)
        tensors.append(lib.nn.init.kaiming_uniform_(lib.empty(5, 4), generator=generator))
    assert_same(*tensors)
    assert minitorch.get_rng_state().tolist() == before


@pytest.mark.parametrize(
    "make",
    [
        lambda lib: lib.nn.Linear(7, 5),
        lambda lib: lib.nn.Linear(3, 2, bias=False, dtype=lib.float64),
        lambda lib: lib.nn.Conv2d(3, 6, 5),
        lambda lib: lib.nn.Conv2d(4, 6, (1, 3), groups=2),
    ],
)
@given(seed=st.integers(0, 2**32))
def test_layers_start_as_torchs_to_the_bit(make: Any, seed: int):
    layers = []
    for lib in (minitorch, torch):
        lib.manual_seed(seed)
        layers.append(make(lib))
    ours, theirs = (list(layer.named_parameters()) for layer in layers)
    assert [name for name, _ in ours] == [name for name, _ in theirs]
    for (_, a), (_, b) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.detach().numpy(), b.detach().numpy())


def test_constants():
    for name, settings in (("zeros_", {}), ("ones_", {}), ("constant_", {"val": -1.5})):
        assert_same(*(drawn(lib, name, [2, 3], "float32", 0, settings) for lib in (minitorch, torch)))


@pytest.mark.parametrize(
    "arguments",
    [("linear",), ("sigmoid",), ("conv2d",), ("tanh",), ("relu",), ("leaky_relu",), ("leaky_relu", 0.2), ("selu",)],
)
def test_gains_are_torchs(arguments: tuple):
    assert minitorch.nn.init.calculate_gain(*arguments) == torch.nn.init.calculate_gain(*arguments)


def test_mistakes_get_torchs_answers():
    for mistake in (
        lambda lib: lib.nn.init.xavier_uniform_(lib.empty(3)),
        lambda lib: lib.nn.init.kaiming_normal_(lib.empty(3)),
        lambda lib: lib.nn.init.kaiming_uniform_(lib.empty(3, 3), mode="fan"),
        lambda lib: lib.nn.init.calculate_gain("swish"),
        lambda lib: lib.nn.init.calculate_gain("leaky_relu", "steep"),
        lambda lib: lib.nn.init.uniform_(lib.empty(3), 2.0, 1.0),
        lambda lib: lib.nn.init.normal_(lib.empty(3), std=-1.0),
    ):
        assert_same_error(lambda mistake=mistake: mistake(minitorch), lambda mistake=mistake: mistake(torch))


@pytest.mark.parametrize("lib", [minitorch, torch])
def test_a_weight_without_elements_is_left_alone_with_a_warning(lib: Any):
    for name in ("kaiming_uniform_", "kaiming_normal_"):
        with pytest.warns(UserWarning, match="Initializing zero-element tensors is a no-op"):
            getattr(lib.nn.init, name)(lib.empty(0, 3))
