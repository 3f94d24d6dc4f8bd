"""Every layer against torch's: printing, values, gradients, second gradients, graph; and what it refuses."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

import minitorch
from minitorch import nn
from tests.nn.networks import tensors, twins
from tests.oracle import assert_same, assert_same_error, graph

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")


class Layer(NamedTuple):
    """How to make a layer, and the shape of its input."""

    make: Any
    shape: tuple[int, ...]


class Loss(NamedTuple):
    """How to make a loss, the shape of its input, and how to make its target."""

    make: Any
    shape: tuple[int, ...]
    target: Any


LAYERS = {
    "conv": Layer(lambda nn, lib: nn.Conv2d(3, 4, 3), (2, 3, 7, 6)),
    "conv, one number for each setting": Layer(lambda nn, lib: nn.Conv2d(2, 4, 3, 2, 1, 2, 2), (2, 2, 9, 9)),
    "conv, pairs": Layer(
        lambda nn, lib: nn.Conv2d(2, 2, (3, 2), stride=(2, 1), padding=(0, 1), dilation=(1, 2), bias=False),
        (1, 2, 7, 6),
    ),
    "conv, same, even": Layer(lambda nn, lib: nn.Conv2d(2, 3, (2, 4), padding="same", dilation=(3, 1)), (2, 2, 5, 6)),
    "conv, same": Layer(lambda nn, lib: nn.Conv2d(2, 3, (3, 5), padding="same", dilation=(2, 1)), (2, 2, 5, 6)),
    "conv, valid": Layer(lambda nn, lib: nn.Conv2d(2, 3, 2, padding="valid"), (2, 2, 5, 6)),
    "conv, without a batch": Layer(lambda nn, lib: nn.Conv2d(3, 4, 3, padding=1), (3, 4, 5)),
    "linear": Layer(lambda nn, lib: nn.Linear(4, 3), (5, 4)),
    "linear, without a bias": Layer(lambda nn, lib: nn.Linear(4, 3, bias=False), (5, 4)),
    "linear, more dimensions": Layer(lambda nn, lib: nn.Linear(4, 3), (2, 5, 4)),
    "linear, one sample": Layer(lambda nn, lib: nn.Linear(4, 3), (4,)),
    "pool": Layer(lambda nn, lib: nn.MaxPool2d(2), (2, 3, 6, 7)),
    "pool, all settings": Layer(
        lambda nn, lib: nn.MaxPool2d((3, 2), stride=(2, 1), padding=1, dilation=1, ceil_mode=True), (2, 3, 6, 7)
    ),
    "relu": Layer(lambda nn, lib: nn.ReLU(), (3, 4)),
    "sigmoid": Layer(lambda nn, lib: nn.Sigmoid(), (3, 4)),
    "tanh": Layer(lambda nn, lib: nn.Tanh(), (3, 4)),
    "softmax": Layer(lambda nn, lib: nn.Softmax(dim=1), (3, 4)),
    "log_softmax": Layer(lambda nn, lib: nn.LogSoftmax(dim=-1), (2, 3, 4)),
    "flatten": Layer(lambda nn, lib: nn.Flatten(), (2, 3, 4)),
    "flatten, some": Layer(lambda nn, lib: nn.Flatten(0, 1), (2, 3, 4)),
    "unflatten": Layer(lambda nn, lib: nn.Unflatten(1, (2, 3)), (4, 6)),
    "unflatten, inferred": Layer(lambda nn, lib: nn.Unflatten(-1, (2, -1, 1)), (4, 6)),
    "identity": Layer(lambda nn, lib: nn.Sequential(nn.Identity(54, unused=True), nn.Tanh()), (3,)),
    "relu, in place": Layer(lambda nn, lib: nn.Sequential(nn.Linear(4, 3), nn.ReLU(inplace=True)), (5, 4)),
}


def indices(*shape: int, classes: int) -> Any:
    return lambda source: source.integers(0, classes, shape)


def probabilities(*shape: int) -> Any:
    return lambda source: source.dirichlet(np.ones(shape[-1]), shape[:-1]).astype(np.float64)


LOSSES = {
    "mse": Loss(lambda nn, lib: nn.MSELoss(), (4, 3), lambda source: source.standard_normal((4, 3))),
    "mse, sum": Loss(
        lambda nn, lib: nn.MSELoss(reduction="sum"), (4, 3), lambda source: source.standard_normal((4, 3))
    ),
    "l1": Loss(lambda nn, lib: nn.L1Loss(reduction="none"), (4, 3), lambda source: source.standard_normal((4, 3))),
    "nll": Loss(lambda nn, lib: nn.NLLLoss(), (4, 3), indices(4, classes=3)),
    "nll, all settings": Loss(
        lambda nn, lib: nn.NLLLoss(lib.tensor([1.0, 2.0, 0.5], dtype=lib.float64), ignore_index=1, reduction="sum"),
        (6, 3),
        indices(6, classes=3),
    ),
    "cross entropy": Loss(lambda nn, lib: nn.CrossEntropyLoss(), (4, 3), indices(4, classes=3)),
    "cross entropy, pictures": Loss(lambda nn, lib: nn.CrossEntropyLoss(), (2, 3, 4, 5), indices(2, 4, 5, classes=3)),
    "cross entropy, all settings": Loss(
        lambda nn, lib: nn.CrossEntropyLoss(
            lib.tensor([1.0, 2.0, 0.5], dtype=lib.float64), ignore_index=2, reduction="none", label_smoothing=0.2
        ),
        (6, 3),
        indices(6, classes=3),
    ),
    "cross entropy, probabilities": Loss(lambda nn, lib: nn.CrossEntropyLoss(), (4, 3), probabilities(4, 3)),
}


@pytest.mark.parametrize("name", [*LAYERS, *LOSSES])
def test_layers_print_as_in_torch(name: str):
    make = (LAYERS.get(name) or LOSSES[name]).make
    assert repr(make(minitorch.nn, minitorch)) == repr(make(torch.nn, torch))


def differentiated(lib: Any, net: Any, x: Any, rest: list[Any], cotangents: list[Any]) -> list[Any]:
    """The result, its gradients with respect to input and parameters, and the gradients of those gradients."""
    result = net(x, *rest)
    leaves = [x, *net.parameters()]
    grads = lib.autograd.grad(result, leaves, cotangents[0], create_graph=True)
    found = [result, *grads]
    differentiable = [(grad, c) for grad, c in zip(grads, cotangents[1:], strict=True) if grad.requires_grad]
    if not differentiable:  # constant gradients; torch records some of these all the same, and then finds zeros
        return found + [lib.zeros_like(leaf) for leaf in leaves]
    onto, along = zip(*differentiable, strict=True)
    return found + list(lib.autograd.grad(onto, leaves, along, allow_unused=True, materialize_grads=True))


@pytest.mark.parametrize("name", [*LAYERS, *LOSSES])
@pytest.mark.parametrize("seed", [0, 1])
def test_values_and_gradients_of_first_and_second_order_are_torchs(name: str, seed: int):
    layer = LAYERS.get(name) or LOSSES[name]
    source = np.random.default_rng(seed)
    nets = twins(lambda lib: layer.make(lib.nn, lib), seed, "float64")
    inputs = tensors(source.standard_normal(layer.shape), requires_grad=True)
    targets = [[each] for each in tensors(layer.target(source))] if name in LOSSES else [[], []]
    with torch.no_grad():
        shape = nets[1](inputs[1].detach().clone(), *targets[1]).shape
    shapes = [shape, layer.shape, *(each.shape for each in nets[1].parameters())]
    cotangents = list(zip(*(tensors(source.standard_normal(each)) for each in shapes), strict=True))
    results = [
        differentiated(lib, net, x, target, list(along))
        for lib, net, x, target, along in zip((minitorch, torch), nets, inputs, targets, cotangents, strict=True)
    ]
    assert_same(*results)


@pytest.mark.parametrize("name", [*LAYERS, *LOSSES])
def test_graphs_are_torchs(name: str):
    layer = LAYERS.get(name) or LOSSES[name]
    source = np.random.default_rng(0)
    ours, theirs = twins(lambda lib: layer.make(lib.nn, lib), 0, "float64")
    x, y = tensors(source.standard_normal(layer.shape), requires_grad=True)
    a, b = [[each] for each in tensors(layer.target(source))] if name in LOSSES else [[], []]
    assert graph(ours(x, *a)) == graph(theirs(y, *b))


def test_the_places_of_the_largest_elements_can_be_asked_for():
    x, y = tensors(np.random.default_rng(0).standard_normal((2, 3, 6, 6)))
    assert_same(*(lib.nn.MaxPool2d(2, return_indices=True)(each) for lib, each in ((minitorch, x), (torch, y))))


def test_class_weights_are_part_of_the_state():
    for lib in (minitorch, torch):
        assert list(lib.nn.CrossEntropyLoss(lib.ones(3)).state_dict()) == ["weight"]
        assert list(lib.nn.CrossEntropyLoss().state_dict()) == []


def test_softmax_without_a_dimension_points_its_warning_at_the_call():
    for name in ("Softmax", "LogSoftmax"):
        with pytest.warns(UserWarning, match="Implicit dimension choice") as caught:
            getattr(nn, name)()(minitorch.zeros(2, 3))
        assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "mistake",
    [
        lambda nn, lib: nn.Conv2d(3, 4, 3, groups=0),
        lambda nn, lib: nn.Conv2d(3, 4, 3, groups=2),
        lambda nn, lib: nn.Conv2d(4, 3, 3, groups=2),
        lambda nn, lib: nn.Conv2d(3, 4, 3, padding="same", stride=2),
        lambda nn, lib: nn.Conv2d(3, 4, 3)(lib.zeros(2, 4, 5, 5)),
        lambda nn, lib: nn.Conv2d(3, 4, 3)(lib.zeros(2, 3, 2, 5)),
        lambda nn, lib: nn.Conv2d(3, 4, 3)(lib.zeros(2, 3)),
        lambda nn, lib: nn.Conv2d(3, 4, 3)(lib.zeros(2, 3, 5, 5, dtype=lib.float64)),
        lambda nn, lib: nn.Linear(3, 4)(lib.zeros(2, 5)),
        lambda nn, lib: nn.Linear(3, 4)(lib.zeros(2, 3, dtype=lib.float64)),
        lambda nn, lib: nn.MaxPool2d(2, padding=2)(lib.zeros(1, 1, 4, 4)),
        lambda nn, lib: nn.Flatten(2, 1)(lib.zeros(1, 1, 4, 4)),
        lambda nn, lib: nn.Flatten(7)(lib.zeros(1, 1, 4, 4)),
        lambda nn, lib: nn.Unflatten(1, 3),
        lambda nn, lib: nn.Unflatten(1, (2.0, 3)),
        lambda nn, lib: nn.Unflatten(1, (2, 3))(lib.zeros(4, 7)),
        lambda nn, lib: nn.MSELoss(reduction="median")(lib.zeros(1), lib.zeros(1)),
        lambda nn, lib: nn.CrossEntropyLoss()(lib.zeros(3, 4), lib.zeros(3)),
    ],
)
def test_mistakes_get_torchs_answers(mistake: Any):
    assert_same_error(lambda: mistake(minitorch.nn, minitorch), lambda: mistake(torch.nn, torch))


def test_padding_that_is_not_there_is_refused_with_what_there_is():
    with pytest.raises(ValueError, match="padding_mode must be one of"):
        nn.Conv2d(1, 1, 3, padding_mode="mirror")
    with pytest.raises(ValueError, match="Invalid padding string 'full', should be one of"):
        nn.Conv2d(1, 1, 3, padding="full")
