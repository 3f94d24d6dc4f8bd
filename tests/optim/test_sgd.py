"""SGD takes torch's steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from tests.oracle import assert_same_error

RATES = st.floats(0, 1, width=16)


@st.composite
def recipes(draw: Any) -> dict[str, Any]:
    """All settings that go together."""
    settings = {name: draw(st.just(0) | RATES) for name in ("lr", "momentum", "dampening", "weight_decay")}
    settings["maximize"] = draw(st.booleans())
    settings["nesterov"] = draw(st.booleans()) and settings["momentum"] > 0
    if settings["nesterov"]:
        settings["dampening"] = 0
    return settings


def trajectory(lib: Any, dtype: str, seed: int, settings: dict[str, Any], others: dict[str, Any]) -> list[np.ndarray]:
    """Two groups of parameters after each of 10 steps; now and then a parameter has no gradient."""
    source = np.random.default_rng(seed)
    shapes = [(3, 17), (), (0, 4), (5,)]
    params = [lib.tensor(source.standard_normal(shape).astype(dtype), requires_grad=True) for shape in shapes]
    optimizer = lib.optim.SGD([{"params": params[:2]}, {"params": params[2:], **others}], **settings)
    states = []
    for _ in range(10):
        for param in params:
            grad = source.standard_normal(tuple(param.shape)).astype(dtype)
            param.grad = None if source.random() < 0.2 else lib.tensor(grad)
        optimizer.step()
        states += [param.detach().numpy().copy() for param in params]
    return states


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@given(settings=recipes(), others=recipes(), seed=st.integers(0, 2**16))
def test_ten_steps_are_torchs_to_the_bit(dtype: str, settings: dict, others: dict, seed: int):
    ours, theirs = (trajectory(lib, dtype, seed, settings, others) for lib in (minitorch, torch))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


@given(settings=recipes(), seed=st.integers(0, 2**16))
def test_float16_stays_as_near_to_torch_as_its_rounding(settings: dict, seed: int):
    ours, theirs = (trajectory(lib, "float16", seed, settings, {}) for lib in (minitorch, torch))
    for a, b in zip(ours[:4], theirs[:4], strict=True):  # one step; rounding differs where a velocity is stored
        np.testing.assert_allclose(a, b, 2e-3, 2e-3)


@pytest.mark.parametrize("lib", [minitorch, torch])
def test_the_closure_is_called_with_recording_on_and_its_loss_is_returned(lib: Any):
    x = lib.tensor([2.0], requires_grad=True)
    optimizer = lib.optim.SGD([x], lr=0.5)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (x * x).sum()
        loss.backward()
        return loss

    with lib.no_grad():
        assert optimizer.step(closure).item() == 4
    assert x.tolist() == [0]
    assert optimizer.step() is None


@pytest.mark.parametrize("lib", [minitorch, torch])
def test_a_step_counts_as_a_change_in_place(lib: Any):
    x = lib.tensor([2.0], requires_grad=True)
    loss = (x * x).sum()
    x.grad = lib.ones(1)
    lib.optim.SGD([x], lr=0.5).step()
    assert x.is_leaf
    assert x.requires_grad
    assert x._version == 1
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        loss.backward()


def test_settings_may_change_between_steps_and_may_be_tensors():
    results = []
    for lib in (minitorch, torch):
        x = lib.tensor([2.0, -1.0], requires_grad=True)
        optimizer = lib.optim.SGD([x], lr=lib.tensor(0.25), momentum=0.5)
        for lr in (lib.tensor(0.25), 0.125, 1.0):
            optimizer.param_groups[0]["lr"] = lr
            x.grad = lib.tensor([1.0, 3.0])
            optimizer.step()
        results.append(x.tolist())
    assert results[0] == results[1]


def test_parameters_and_gradients_may_lie_in_memory_in_any_way():
    results = []
    for lib in (minitorch, torch):
        x = lib.arange(12.0).reshape(3, 4).t().requires_grad_()
        x.retain_grad() if not x.is_leaf else None
        optimizer = lib.optim.SGD([x], lr=0.1, momentum=0.9, weight_decay=0.3)
        for _ in range(3):
            x.grad = lib.arange(24.0).reshape(4, 6)[:, ::2]
            optimizer.step()
        results.append((x.detach().numpy(), x.stride()))
    np.testing.assert_array_equal(results[0][0], results[1][0])
    assert results[0][1] == results[1][1] == (1, 4)


@pytest.mark.parametrize(
    "settings",
    [
        {"lr": -1},
        {"lr": -0.5},
        {"momentum": -0.1},
        {"weight_decay": -1e-4},
        {"nesterov": True},
        {"nesterov": True, "momentum": 0.9, "dampening": 0.1},
    ],
)
def test_settings_out_of_range_get_torchs_answers(settings: dict[str, Any]):
    assert_same_error(
        lambda: minitorch.optim.SGD([minitorch.ones(1)], **settings),
        lambda: torch.optim.SGD([torch.ones(1)], **settings),
    )


def test_a_rate_of_several_numbers_is_refused():
    assert_same_error(
        lambda: minitorch.optim.SGD([minitorch.ones(1)], lr=minitorch.ones(2)),
        lambda: torch.optim.SGD([torch.ones(1)], lr=torch.ones(2)),
    )
