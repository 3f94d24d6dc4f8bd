"""What is saved is what torch saves, and it is loaded, or refused, as torch does."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from minitorch import nn
from tests.nn.networks import documented_network, nested_network, twins
from tests.oracle import assert_same, assert_same_error

LIBRARIES = [minitorch, torch]


def as_arrays(state: Any) -> dict[str, np.ndarray]:
    return {name: each.numpy() for name, each in state.items()}


def as_tensors(lib: Any, arrays: dict[str, np.ndarray]) -> dict[str, Any]:
    return OrderedDict((name, lib.from_numpy(array.copy())) for name, array in arrays.items())


@pytest.mark.parametrize("build", [documented_network, nested_network])
def test_the_state_is_torchs_with_its_versions(build: Any):
    ours, theirs = (net.state_dict() for net in twins(build))
    assert type(ours) is OrderedDict
    assert list(ours) == list(theirs)
    assert ours._metadata == dict(theirs._metadata)
    for name, each in theirs.items():
        assert_same(ours[name], each)
        assert not ours[name].requires_grad


@pytest.mark.parametrize("build", [documented_network, nested_network])
def test_states_go_both_ways_between_the_libraries(build: Any):
    ours, theirs = build(minitorch), build(torch)
    assert (
        str(ours.load_state_dict(as_tensors(minitorch, as_arrays(theirs.state_dict()))))
        == "<All keys matched successfully>"
    )
    other = build(minitorch)
    assert (
        str(theirs.load_state_dict(as_tensors(torch, as_arrays(other.state_dict()))))
        == "<All keys matched successfully>"
    )
    for name, each in theirs.state_dict().items():
        assert_same(other.state_dict()[name], each)


def test_the_state_shares_memory_with_the_module_and_keep_vars_gives_the_parameters():
    layer = nn.Linear(2, 2)
    layer.state_dict()["weight"].zero_()
    assert layer.weight.tolist() == [[0, 0], [0, 0]]
    assert layer.state_dict(keep_vars=True)["weight"] is layer.weight


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_prefix_and_a_destination_collect_several_modules(lib: Any):
    state: dict[str, Any] = {}
    lib.nn.Linear(2, 2).state_dict(destination=state, prefix="first.")
    lib.nn.Linear(2, 2).state_dict(destination=state, prefix="second.")
    assert list(state) == ["first.weight", "first.bias", "second.weight", "second.bias"]


def test_loading_copies_into_the_parameters_and_casts():
    layer = nn.Linear(2, 1)
    weight = layer.weight
    source = {"weight": minitorch.ones(1, 2, dtype=minitorch.float64), "bias": minitorch.tensor([3])}
    version = weight._version
    layer.load_state_dict(source)
    assert layer.weight is weight
    assert weight.dtype is minitorch.float32
    assert weight._version == version + 1
    assert weight.requires_grad
    assert weight.is_leaf
    source["weight"].zero_()
    assert weight.tolist() == [[1, 1]]
    assert layer.bias.tolist() == [3]


@pytest.mark.parametrize("lib", LIBRARIES)
def test_assign_takes_the_tensors_themselves(lib: Any):
    block = nested_network(lib).blocks[0].requires_grad_(False)
    source = {name: each.double() for name, each in block.state_dict().items()}
    block.load_state_dict(source, assign=True)
    assert type(block.scale) is lib.nn.Parameter
    assert block.scale.dtype == lib.float64
    assert not block.scale.requires_grad
    assert block.mean is source["mean"]
    source["scale"].add_(1)
    assert block.scale.tolist() == [2, 2, 2, 2]


def changed(lib: Any, **changes: Any) -> Any:
    """The documented network, and a state for it with some entries replaced, or without those that are None."""
    net = documented_network(lib)
    state = net.state_dict()
    for name, shape in changes.items():
        name = name.replace("__", ".")
        if shape is None:
            del state[name]
        else:
            state[name] = lib.zeros(shape) if isinstance(shape, tuple) else shape
    return net, state


def load(lib: Any, strict: bool = True, **changes: Any) -> Any:
    net, state = changed(lib, **changes)
    return net.load_state_dict(state, strict=strict)


@pytest.mark.parametrize(
    "changes",
    [
        {"fc3__weight": (5, 84), "fc3__bias": (5,)},
        {"fc1__weight": None, "conv1__bias": None},
        {"fc9__weight": (2, 2), "extra": (1,), "fc1__scale": (2,), "fc1__weight__deep": (2,)},
        {"fc1__weight": None, "fc4__weight": (2,), "fc3__weight": (84, 10)},
        {"fc1__weight": "a string"},
        {"fc1__bias": ()},
    ],
)
def test_what_does_not_fit_is_reported_as_in_torch(changes: dict[str, Any]):
    assert_same_error(lambda: load(minitorch, **changes), lambda: load(torch, **changes), whole=True)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_report_that_is_an_error_still_loads_what_fits(lib: Any):
    net, state = changed(lib, fc3__weight=(1, 1), fc1__bias=(120,))
    with pytest.raises(RuntimeError):
        net.load_state_dict(state)
    assert not net.fc1.bias.detach().numpy().any()


def test_without_strict_the_names_are_returned():
    results = [load(lib, strict=False, fc1__weight=None, extra=(1,)) for lib in (minitorch, torch)]
    assert results[0] == results[1] == (["fc1.weight"], ["extra"])
    assert repr(results[0]) == repr(results[1])
    for lib in (minitorch, torch):
        with pytest.raises(RuntimeError, match="size mismatch"):
            load(lib, strict=False, fc3__bias=(3,))


def test_something_else_than_a_mapping_is_refused():
    assert_same_error(lambda: nn.Linear(1, 1).load_state_dict([1]), lambda: torch.nn.Linear(1, 1).load_state_dict([1]))


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_single_number_may_come_in_one_dimension(lib: Any):
    module = lib.nn.Module()
    module.scale = lib.nn.Parameter(lib.tensor(1.0))
    module.load_state_dict({"scale": lib.tensor([4.0])})
    assert module.scale.item() == 4


@pytest.mark.parametrize("lib", LIBRARIES)
def test_subclasses_can_read_older_layouts(lib: Any):
    class Renamed(lib.nn.Linear):
        _version = 2

        def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: Any, *rest: Any) -> None:
            if local_metadata.get("version", 1) < 2:
                state_dict[prefix + "weight"] = state_dict.pop(prefix + "kernel")
            super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    net = lib.nn.Sequential(Renamed(2, 2))
    old = lib.nn.Sequential(lib.nn.Linear(2, 2)).state_dict()
    old["0.kernel"] = old.pop("0.weight")
    net.load_state_dict(old)
    assert net[0].weight.tolist() == old["0.kernel"].tolist()
    assert net.state_dict()._metadata["0"] == {"version": 2}
    net.load_state_dict(net.state_dict())
