"""Groups, states and their files are torch's."""

from __future__ import annotations

import copy
import io
import pickle
from typing import Any

import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error

LIBRARIES = [minitorch, torch]


def parameters(lib: Any, count: int = 3) -> list[Any]:
    return [lib.nn.Parameter(lib.arange(float(n))) for n in range(1, count + 1)]


def optimizer_of(lib: Any, steps: int = 2, dtype: str = "float32") -> Any:
    """One with two groups that has taken some steps."""
    params = parameters(lib)
    for each in params:
        each.data = each.data.to(getattr(lib, dtype))
    optimizer = lib.optim.SGD([{"params": params[:2]}, {"params": params[2], "lr": 0.5}], lr=0.25, momentum=0.5)
    take_steps(lib, optimizer, steps)
    return optimizer


def take_steps(lib: Any, optimizer: Any, steps: int) -> list[list[float]]:
    params = [each for group in optimizer.param_groups for each in group["params"]]
    for step in range(steps):
        for each in params[1:]:
            each.grad = lib.full_like(each.detach(), step + 1)
        optimizer.step()
    return [each.tolist() for each in params]


def moved(state: Any, lib: Any) -> Any:
    """A state dict with its tensors in the other library."""
    if isinstance(state, minitorch.Tensor | torch.Tensor):
        return lib.from_numpy(state.numpy().copy())
    if isinstance(state, dict):
        return {key: moved(value, lib) for key, value in state.items()}
    return [moved(each, lib) for each in state] if isinstance(state, list) else state


def test_optimizers_print_as_in_torch():
    assert repr(optimizer_of(minitorch)) == repr(optimizer_of(torch))


def test_states_are_torchs():
    ours, theirs = optimizer_of(minitorch).state_dict(), optimizer_of(torch).state_dict()
    assert ours["param_groups"] == theirs["param_groups"]
    assert [list(group) for group in ours["param_groups"]] == [list(group) for group in theirs["param_groups"]]
    assert list(ours["state"]) == list(theirs["state"]) == [1, 2]
    for number, state in theirs["state"].items():
        assert list(ours["state"][number]) == list(state) == ["momentum_buffer"]
        assert_same(ours["state"][number]["momentum_buffer"], state["momentum_buffer"])


def test_states_go_both_ways_and_training_goes_on_as_if_nothing_had_happened():
    expected = take_steps(torch, optimizer_of(torch), 2)
    for source, target in ((minitorch, torch), (torch, minitorch)):
        first, second = optimizer_of(source), optimizer_of(target, steps=0)
        second.load_state_dict(moved(first.state_dict(), target))
        for group, other in zip(second.param_groups, first.param_groups, strict=True):
            for param, value in zip(group["params"], other["params"], strict=True):
                param.data = target.tensor(value.tolist())
        assert take_steps(target, second, 2) == expected


def test_states_go_both_ways_through_files():
    for source, target in ((minitorch, torch), (torch, minitorch)):
        file = io.BytesIO()
        source.save(optimizer_of(source).state_dict(), file)
        file.seek(0)
        optimizer = optimizer_of(target, steps=0)
        optimizer.load_state_dict(target.load(file))
        assert optimizer.state_dict()["param_groups"] == optimizer_of(source).state_dict()["param_groups"]
        assert take_steps(target, optimizer, 1) == take_steps(source, loaded_into_new(source), 1)


def loaded_into_new(lib: Any) -> Any:
    optimizer = optimizer_of(lib, steps=0)
    optimizer.load_state_dict(optimizer_of(lib).state_dict())
    return optimizer


@pytest.mark.parametrize("lib", LIBRARIES)
def test_loaded_state_takes_the_dtype_of_its_parameter(lib: Any):
    optimizer = optimizer_of(lib, steps=0, dtype="float64")
    optimizer.load_state_dict(optimizer_of(lib).state_dict())
    assert {str(state["momentum_buffer"].dtype) for state in optimizer.state.values()} == {"torch.float64"}
    take_steps(lib, optimizer, 1)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_copies_go_on_by_themselves(copied: Any):
    optimizer = optimizer_of(minitorch)
    twin = copied(optimizer)
    assert take_steps(minitorch, twin, 2) == take_steps(torch, optimizer_of(torch), 2)
    assert take_steps(minitorch, optimizer, 0) == take_steps(torch, optimizer_of(torch), 0)


@pytest.mark.parametrize("lib", LIBRARIES)
def test_parameters_may_come_with_names(lib: Any):
    net = lib.nn.Linear(2, 1)
    optimizer = lib.optim.SGD(net.named_parameters())
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.param_groups[0]["params"][0] is net.weight
    other = lib.optim.SGD(net.parameters())
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["param_names"] == ["weight", "bias"]
    named = lib.optim.SGD(net.named_parameters())
    named.load_state_dict(lib.optim.SGD(net.parameters(), lr=3).state_dict())
    assert named.param_groups[0]["param_names"] == ["weight", "bias"]
    assert named.param_groups[0]["lr"] == 3


@pytest.mark.parametrize("lib", LIBRARIES)
def test_gradients_are_taken_away_or_set_to_zero(lib: Any):
    params = parameters(lib)
    params[0].grad = kept = lib.ones(1)
    optimizer = lib.optim.SGD(params)
    optimizer.zero_grad(set_to_none=False)
    assert params[0].grad is kept
    assert kept.tolist() == [0]
    assert params[1].grad is None
    optimizer.zero_grad()
    assert params[0].grad is None


@pytest.mark.parametrize("lib", LIBRARIES)
def test_a_parameter_twice_in_a_group_is_warned_of(lib: Any):
    param = parameters(lib, 1)[0]
    with pytest.warns(UserWarning, match="optimizer contains a parameter group with duplicate parameters") as caught:
        optimizer = lib.optim.SGD([param, param])
    assert optimizer.state_dict()["param_groups"][0]["params"] == [1, 1]
    if lib is minitorch:
        assert caught[0].filename.endswith("sgd.py")


def add(lib: Any, group: Any) -> None:
    lib.optim.SGD(parameters(lib)).add_param_group(group)


def shared(lib: Any) -> None:
    first, second = parameters(lib, 2)
    lib.optim.SGD([{"params": [first]}, {"params": [second, first]}])


def loaded(lib: Any, *groups: int) -> None:
    params = iter(parameters(lib, sum(groups)))
    optimizer = lib.optim.SGD([{"params": [next(params) for _ in range(count)]} for count in groups])
    optimizer_of(lib).load_state_dict(optimizer.state_dict())


@pytest.mark.parametrize(
    "mistake",
    [
        lambda lib: lib.optim.SGD([]),
        lambda lib: lib.optim.SGD(iter([])),
        lambda lib: lib.optim.SGD(lib.ones(2)),
        lambda lib: lib.optim.SGD(lib.nn.Parameter(lib.ones(2, dtype=lib.float64))),
        lambda lib: lib.optim.SGD([1.0]),
        lambda lib: lib.optim.SGD(["weight"]),
        lambda lib: lib.optim.SGD([lib.ones(2, requires_grad=True) * 2]),
        lambda lib: lib.optim.SGD([{"params": set(parameters(lib))}]),
        lambda lib: lib.optim.SGD([("a", lib.ones(1)), lib.ones(1)]),
        lambda lib: add(lib, parameters(lib)),
        lambda lib: add(lib, {"params": [("a", lib.ones(1))]}),
        lambda lib: add(lib, {"lr": 1}),
        shared,
        lambda lib: loaded(lib, 3),
        lambda lib: loaded(lib, 1, 2),
        lambda lib: lib.optim.Optimizer(parameters(lib), {}).step(),
    ],
)
def test_mistakes_get_torchs_answers(mistake: Any):
    assert_same_error(lambda: mistake(minitorch), lambda: mistake(torch))
