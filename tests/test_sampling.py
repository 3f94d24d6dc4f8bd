"""Random numbers written over tensors and drawn for them: with the same seed they are torch's, and so are errors and graphs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same_error, graph

FLOATING = ["float16", "float32", "float64"]
SIZES = (1, 5, 16, 17, 3000)
SEEDS = (0, 7)

IN_PLACE: dict[str, Callable[[Any], Any]] = {
    "bernoulli_": lambda x: x.bernoulli_(),
    "bernoulli_ with a probability": lambda x: x.bernoulli_(0.3),
    "cauchy_": lambda x: x.cauchy_(1.0, 2.0),
    "exponential_": lambda x: x.exponential_(),
    "exponential_ at a rate": lambda x: x.exponential_(2.5),
    "geometric_": lambda x: x.geometric_(0.3),
    "log_normal_": lambda x: x.log_normal_(0.5, 0.7),
    "normal_": lambda x: x.normal_(1.0, 2.0),
    "random_": lambda x: x.random_(),
    "random_ below": lambda x: x.random_(9),
    "random_ between": lambda x: x.random_(2, 7),
    "uniform_": lambda x: x.uniform_(-1.0, 2.0),
}
LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "transposed": lambda x: x[:35].reshape(5, 7).t(),
    "permuted": lambda x: x[:60].reshape(3, 4, 5).permute(1, 2, 0),
    "every second": lambda x: x[:48].reshape(6, 8)[::2, ::2],
    "transposed, with gaps": lambda x: x[:48].reshape(6, 8)[:, 1:].t(),
    "one of a row": lambda x: x[3],
}


def row(lib: Any, dtype: str, count: int = 20) -> Any:
    return lib.arange(0, count, dtype=getattr(lib, dtype))


NEW: dict[str, Callable[[Any, str], Any]] = {
    "bernoulli": lambda lib, dtype: lib.bernoulli(row(lib, dtype) / 20),
    "bernoulli of a transposed tensor": lambda lib, dtype: lib.bernoulli((row(lib, dtype) / 20).reshape(4, 5).t()),
    "bernoulli with a probability": lambda lib, dtype: lib.bernoulli(row(lib, dtype), 0.3),
    "bernoulli_ with probabilities": lambda lib, dtype: lib.empty(20, dtype=getattr(lib, dtype)).bernoulli_(
        row(lib, dtype) / 20
    ),
    "bernoulli_ with a row of probabilities": lambda lib, dtype: lib.empty(3, 20, dtype=getattr(lib, dtype)).bernoulli_(
        row(lib, dtype) / 20
    ),
    "bernoulli_ over a transposed tensor": lambda lib, dtype: (
        lib.empty(4, 5, dtype=getattr(lib, dtype)).t().bernoulli_((row(lib, dtype) / 20).reshape(5, 4))
    ),
    "poisson": lambda lib, dtype: lib.poisson(row(lib, dtype, 240) / 4),
    "poisson of many": lambda lib, dtype: lib.poisson((row(lib, dtype) * 2).reshape(20, 1).expand(20, 500)),
    "poisson of a transposed tensor": lambda lib, dtype: lib.poisson(row(lib, dtype).reshape(4, 5).t()),
    "multinomial, one": lambda lib, dtype: lib.multinomial(row(lib, dtype), 1),
    "multinomial": lambda lib, dtype: lib.multinomial(row(lib, dtype), 5),
    "multinomial of rows": lambda lib, dtype: lib.multinomial(row(lib, dtype, 60).reshape(3, 20), 19),
    "multinomial with replacement": lambda lib, dtype: lib.multinomial(row(lib, dtype), 500, True),
    "multinomial of rows with replacement": lambda lib, dtype: (
        row(lib, dtype, 60).reshape(3, 20).multinomial(50, replacement=True)
    ),
    "normal with means": lambda lib, dtype: lib.normal(row(lib, dtype), 2.5),
    "normal with few means": lambda lib, dtype: lib.normal(row(lib, dtype, 4)),
    "normal with deviations": lambda lib, dtype: lib.normal(0.5, row(lib, dtype)),
    "normal with both": lambda lib, dtype: lib.normal(row(lib, dtype), row(lib, dtype)),
    "normal with both, broadcast": lambda lib, dtype: lib.normal(row(lib, dtype, 4), row(lib, dtype).reshape(-1, 1)),
    "normal of a size": lambda lib, dtype: lib.normal(1.0, 2.0, (3, 4), dtype=getattr(lib, dtype)),
    "rand_like": lambda lib, dtype: lib.rand_like(row(lib, dtype).reshape(4, 5).t()),
    "randn_like": lambda lib, dtype: lib.randn_like(row(lib, dtype).reshape(4, 5)),
    "randn_like of a transposed tensor": lambda lib, dtype: lib.randn_like(row(lib, dtype).reshape(4, 5).t()),
    "randint_like": lambda lib, dtype: lib.randint_like(row(lib, dtype).reshape(4, 5).t(), 3, 10),
    "randint_like below": lambda lib, dtype: lib.randint_like(row(lib, dtype), 10),
    "randperm": lambda lib, dtype: lib.randperm(50, dtype=getattr(lib, dtype)),
    "after clone_state": lambda lib, dtype: lib.rand(5, generator=lib.Generator().manual_seed(3).clone_state()),
}


def assert_same_numbers(draw: Callable[[Any], Any]) -> None:
    """Checks what is drawn, bit for bit (float64 to the last places, where C libraries differ), and the state afterwards."""
    for seed in SEEDS:
        minitorch.manual_seed(seed)
        torch.manual_seed(seed)
        ours, theirs = draw(minitorch), draw(torch)
        assert str(ours.dtype) == str(theirs.dtype)
        assert ours.stride() == theirs.stride()
        a, b = ours.numpy(force=True), theirs.numpy(force=True)
        if a.dtype == np.float64:
            np.testing.assert_allclose(a, b, 1e-14, 1e-14)
        else:
            np.testing.assert_array_equal(a, b)
        states = [np.delete(each.get_rng_state().numpy(), slice(5024, 5032)) for each in (minitorch, torch)]
        np.testing.assert_array_equal(
            *states
        )  # but for a normal number that waits there, which is equal to the last place


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("write", IN_PLACE.values(), ids=IN_PLACE)
def test_numbers_written_over_a_tensor_are_torchs(write: Callable[[Any], Any], dtype: str):
    for size in SIZES:
        assert_same_numbers(lambda lib, size=size: write(lib.empty(size, dtype=getattr(lib, dtype))))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("write", IN_PLACE.values(), ids=IN_PLACE)
def test_numbers_are_written_in_the_order_of_memory(write: Callable[[Any], Any], layout: Callable[[Any], Any]):
    assert_same_numbers(lambda lib: write(layout(lib.zeros(64))))


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64"])
@pytest.mark.parametrize("name", ["bernoulli_", "geometric_", "random_", "random_ between"])
def test_whole_numbers_are_torchs(name: str, dtype: str):
    assert_same_numbers(lambda lib: IN_PLACE[name](lib.empty(100, dtype=getattr(lib, dtype))))


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("draw", NEW.values(), ids=NEW)
def test_new_numbers_are_torchs(draw: Callable[[Any, str], Any], dtype: str):
    assert_same_numbers(lambda lib: draw(lib, dtype))


DROPOUTS = ["dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d"]


@pytest.mark.parametrize("p", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("name", DROPOUTS)
def test_what_dropout_leaves_out_is_torchs(name: str, p: float):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for dtype in FLOATING:
            for training, inplace in ((True, False), (True, True), (False, False)):
                assert_same_numbers(
                    lambda lib, dtype=dtype, training=training, inplace=inplace: getattr(lib.nn.functional, name)(
                        (row(lib, dtype) - 8).reshape(2, 2, 5), p, training, inplace
                    )
                )


@pytest.mark.parametrize(
    "name", ["Dropout", "Dropout1d", "Dropout2d", "Dropout3d", "AlphaDropout", "FeatureAlphaDropout"]
)
def test_the_layers_drop_in_training_only_and_print_as_torchs(name: str):
    def draw(lib: Any) -> Any:
        layer = getattr(lib.nn, name)(0.3)
        return lib.stack([layer(lib.ones(2, 3, 4)), layer.eval()(lib.ones(2, 3, 4))])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert_same_numbers(draw)
    assert repr(getattr(minitorch.nn, name)(0.25, True)) == repr(getattr(torch.nn, name)(0.25, True))
    assert_same_error(lambda: getattr(minitorch.nn, name)(1.5), lambda: getattr(torch.nn, name)(1.5))


GRAPHS: dict[str, Callable[[Any, Any], Any]] = {
    **{name: lambda lib, x, write=write: write(x * 1) for name, write in IN_PLACE.items()},
    "bernoulli_ with probabilities": lambda lib, x: (x * 1).bernoulli_(lib.full((3, 4), 0.5)),
    "bernoulli": lambda lib, x: lib.bernoulli(x),
    "poisson": lambda lib, x: lib.poisson(x),
    "normal with means": lambda lib, x: lib.normal(x, 1.0),
    "normal with deviations": lambda lib, x: lib.normal(1.0, x),
    "normal with both": lambda lib, x: lib.normal(x[0], x),
    "dropout": lambda lib, x: lib.dropout(x, 0.5, True),
    "dropout of all": lambda lib, x: lib.dropout(x, 1.0, True),
    "dropout in place": lambda lib, x: lib.dropout_(x * 1, 0.5, True),
    "feature_dropout": lambda lib, x: lib.feature_dropout(x, 0.5, True),
    "alpha_dropout": lambda lib, x: lib.alpha_dropout(x, 0.5, True),
    "alpha_dropout in place": lambda lib, x: lib.alpha_dropout_(x * 1, 0.5, True),
    "feature_alpha_dropout": lambda lib, x: lib.feature_alpha_dropout(x, 0.5, True),
}  # fmt: skip


@pytest.mark.parametrize("draw", GRAPHS.values(), ids=GRAPHS)
def test_the_graph_and_the_gradient_are_torchs(draw: Callable[[Any, Any], Any]):
    found = []
    for lib in (minitorch, torch):
        lib.manual_seed(2)
        x = (lib.arange(12.0).reshape(3, 4) / 12).requires_grad_()
        result = draw(lib, x)
        result.backward(lib.arange(1.0, 13.0).reshape(3, 4))
        found.append((graph(result), x.grad.tolist()))
    assert found[0] == found[1]


MISTAKES: dict[str, Callable[[Any], Any]] = {
    "bernoulli_ of no probability": lambda lib: lib.zeros(2).bernoulli_(1.5),
    "bernoulli_ of no probabilities": lambda lib: lib.zeros(2).bernoulli_(lib.tensor([2.0])),
    "bernoulli_ of integers": lambda lib: lib.zeros(2).bernoulli_(lib.tensor([1])),
    "bernoulli of integers": lambda lib: lib.bernoulli(lib.tensor([1])),
    "bernoulli of no probabilities": lambda lib: lib.bernoulli(lib.tensor([-1.0])),
    "bernoulli_ over a leaf": lambda lib: lib.zeros(2, requires_grad=True).bernoulli_(),
    "exponential_ at no rate": lambda lib: lib.zeros(2).exponential_(0),
    "exponential_ of integers": lambda lib: lib.zeros(2).long().exponential_(),
    "geometric_ of 0": lambda lib: lib.zeros(2).geometric_(0),
    "cauchy_ of less than 0": lambda lib: lib.zeros(2).cauchy_(0, -1),
    "cauchy_ of integers": lambda lib: lib.zeros(2).long().cauchy_(),
    "log_normal_ of 0": lambda lib: lib.zeros(2).log_normal_(0, 0),
    "log_normal_ of integers": lambda lib: lib.zeros(2).long().log_normal_(),
    "normal_ of less than 0": lambda lib: lib.zeros(2).normal_(0, -1),
    "normal_ of integers": lambda lib: lib.zeros(2).long().normal_(),
    "uniform_ from above": lambda lib: lib.zeros(2).uniform_(2, 1),
    "uniform_ of integers": lambda lib: lib.zeros(2).long().uniform_(),
    "random_ of none": lambda lib: lib.zeros(2).random_(3, 3),
    "random_ beyond bytes": lambda lib: lib.zeros(2, dtype=lib.uint8).random_(300),
    "random_ below bytes": lambda lib: lib.zeros(2, dtype=lib.uint8).random_(-1, 3),
    "random_ beyond bools": lambda lib: lib.zeros(2, dtype=lib.bool).random_(3),
    "random_ beyond halves": lambda lib: lib.zeros(2, dtype=lib.float16).random_(70000),
    "random_ beyond 64 bits": lambda lib: lib.zeros(2).long().random_(2**63),
    "randint beyond bytes": lambda lib: lib.randint(300, (2,), dtype=lib.uint8),
    "randint of none": lambda lib: lib.randint(-5, (2,)),
    "randint_like of none": lambda lib: lib.randint_like(lib.zeros(2), 0),
    "rand of integers": lambda lib: lib.rand(2, dtype=lib.int64),
    "randn of integers": lambda lib: lib.randn(2, dtype=lib.int64),
    "rand_like of integers": lambda lib: lib.rand_like(lib.zeros(2).long()),
    "randperm of fewer than none": lambda lib: lib.randperm(-1),
    "randperm beyond bytes": lambda lib: lib.randperm(300, dtype=lib.uint8),
    "randperm beyond halves": lambda lib: lib.randperm(3000, dtype=lib.float16),
    "randperm of bools": lambda lib: lib.randperm(3, dtype=lib.bool),
    "normal with negative deviations": lambda lib: lib.normal(lib.ones(2), -lib.ones(2)),
    "normal with a negative deviation": lambda lib: lib.normal(lib.ones(2), -1.0),
    "normal with means of integers": lambda lib: lib.normal(lib.tensor([1]), 1.0),
    "normal with shapes that do not broadcast": lambda lib: lib.normal(lib.ones(2), lib.ones(3)),
    "poisson at negative rates": lambda lib: lib.poisson(-lib.ones(2)),
    "poisson of integers": lambda lib: lib.poisson(lib.tensor([1])),
    "multinomial of integers": lambda lib: lib.multinomial(lib.tensor([1]), 1),
    "multinomial of a cube": lambda lib: lib.multinomial(lib.ones(1, 1, 2), 1),
    "multinomial of a number": lambda lib: lib.multinomial(lib.tensor(1.0), 1),
    "multinomial of too many": lambda lib: lib.multinomial(lib.ones(2), 3),
    "multinomial of none": lambda lib: lib.multinomial(lib.ones(2), 0),
    "multinomial of negative weights": lambda lib: lib.multinomial(-lib.ones(2), 1),
    "multinomial of zeros": lambda lib: lib.multinomial(lib.zeros(2), 1),
    "multinomial of infinities": lambda lib: lib.multinomial(lib.ones(2) / 0, 1),
    "multinomial of negative weights with replacement": lambda lib: lib.multinomial(-lib.ones(2), 2, True),
    "multinomial of zeros with replacement": lambda lib: lib.multinomial(lib.zeros(2), 2, True),
    "multinomial of infinities with replacement": lambda lib: lib.multinomial(lib.ones(2) / 0, 2, True),
    "dropout of no probability": lambda lib: lib.dropout(lib.ones(2), 1.5, True),
    "dropout of no probability, as a function": lambda lib: lib.nn.functional.dropout(lib.ones(2), -1),
    "feature_dropout without channels": lambda lib: lib.feature_dropout(lib.ones(2), 0.5, True),
    "dropout1d of a picture": lambda lib: lib.nn.functional.dropout1d(lib.ones(1, 1, 1, 1)),
    "a seed that is no number": lambda lib: lib.Generator().manual_seed(1.5),
    "a seed beyond 64 bits": lambda lib: lib.manual_seed(2**64),
    "a state that is no tensor": lambda lib: lib.set_rng_state(1),
    "a state that is not of bytes": lambda lib: lib.set_rng_state(lib.zeros(2)),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_raises_torchs_error_and_draws_nothing(mistake: Callable[[Any], Any]):
    before = minitorch.get_rng_state().tolist()
    assert_same_error(lambda: mistake(minitorch), lambda: mistake(torch))
    assert minitorch.get_rng_state().tolist() == before


def test_dropout_of_integers_is_refused():
    assert_same_error(*[lambda lib=lib: lib.dropout(lib.tensor([1]), 0.5, True) for lib in (minitorch, torch)])


@pytest.mark.parametrize(("name", "ndim"), [("dropout2d", 2), ("dropout2d", 3), ("dropout3d", 3)])
def test_other_numbers_of_dimensions_are_warned_of_in_torchs_words(name: str, ndim: int):
    texts = []
    for lib in (minitorch, torch):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(lib.nn.functional, name)(lib.ones((2,) * ndim))
        texts.append([str(each.message) for each in caught])
    assert texts[0] == texts[1]


@pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])
def test_inside_fork_rng_nothing_is_drawn(lib: Any):
    lib.manual_seed(1)
    with lib.random.fork_rng():
        inside = lib.rand(3).tolist()
        lib.manual_seed(5)
    assert lib.rand(3).tolist() == inside
    with lib.random.fork_rng(enabled=False):
        lib.manual_seed(1)
    assert lib.rand(3).tolist() == inside


@pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])
def test_a_generator_of_ones_own_leaves_the_default_one_alone(lib: Any):
    before = lib.get_rng_state().tolist()
    source = lib.Generator().manual_seed(3)
    first = [lib.empty(4).exponential_(generator=source), lib.bernoulli(lib.full((4,), 0.5), generator=source)]
    source.manual_seed(3)
    second = [lib.empty(4).exponential_(generator=source), lib.bernoulli(lib.full((4,), 0.5), generator=source)]
    assert [x.tolist() for x in first] == [x.tolist() for x in second]
    assert lib.get_rng_state().tolist() == before
