"""In place on views: the histories of the base and of all its views follow, to second derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from tests.oracle import assert_same, cotangent, graph


def leaf(lib: Any, *shape: int, seed: int = 0) -> Any:
    return lib.from_numpy(np.random.default_rng(seed).uniform(0.5, 2.0, shape)).requires_grad_()


VIEWS: dict[str, Callable[[Any], Any]] = {
    "select": lambda x: x[1],
    "slice": lambda x: x[:, 1:3],
    "step": lambda x: x[::2, 1],
    "t": lambda x: x.t(),
    "view": lambda x: x.view(-1)[3:9],
    "permute": lambda x: x.permute(1, 0)[1],
    "unsqueeze": lambda x: x[None, 0],
    "squeeze": lambda x: x[0:1].squeeze(0),
    "narrow": lambda x: x.narrow(1, 1, 2),
    "all": lambda x: x[...],
    "detour": lambda x: x.view(2, 2, 4).transpose(0, 2)[1, :, 0],
}

CHANGES: dict[str, Callable[[Any, Any], Any]] = {
    "mul_": lambda view, b: view.mul_(b.sum()),
    "add_": lambda view, b: view.add_(view.detach() * b[0]),
    "exp_": lambda view, b: view.exp_(),
    "pow_": lambda view, b: view.pow_(3),
    "relu_": lambda view, b: view.relu_(),
    "zero_": lambda view, b: view.zero_(),
    "fill_": lambda view, b: view.fill_(b[1]),
    "copy_": lambda view, b: view.copy_(b[2]),
    "sigmoid_": lambda view, b: view.sigmoid_(),
    "sub_": lambda view, b: view.sub_(b[0], alpha=2),
}


@given(
    views=st.lists(st.sampled_from(list(VIEWS)), min_size=1, max_size=3),
    changes=st.lists(st.sampled_from(list(CHANGES)), min_size=3, max_size=3),
    weights=st.integers(0, 99),
)
def test_changes_through_views_reach_base_and_siblings_with_all_derivatives(
    views: list[str], changes: list[str], weights: int
):
    def run(lib: Any) -> list[Any] | str:
        a, b = leaf(lib, 4, 4), leaf(lib, 3, seed=1)
        base = a * 1.5
        opened = [VIEWS[name](base) for name in views]
        for view, name in zip(opened, changes, strict=False):
            CHANGES[name](view, b)
        source = np.random.default_rng(weights)

        def weighted(parts: list[Any]) -> Any:
            return sum((part * lib.from_numpy(source.normal(size=tuple(part.shape)))).sum() for part in parts)

        outcome = weighted([base * base, *opened])
        try:
            first = lib.autograd.grad(outcome, [a, b], create_graph=True, materialize_grads=True)
        except RuntimeError as error:
            return str(error)[:80]  # something that one change had saved, another one has overwritten
        again = weighted([each for each in first if each.requires_grad])
        second = lib.autograd.grad(again, [a, b], materialize_grads=True)
        return [base, *opened, *first, *second]

    ours, theirs = run(minitorch), run(torch)
    if isinstance(theirs, str):
        assert ours == theirs
    else:
        assert_same(ours, theirs)


def fresh_views_are_made_of_the_new_base(lib: Any) -> Any:
    base = leaf(lib, 3, 3) * 2
    row = base[0]
    base.mul_(leaf(lib, 3, seed=2))
    return row


def a_view_of_a_view(lib: Any) -> Any:
    base = leaf(lib, 3, 3) * 2
    base[1][1:].mul_(leaf(lib, 2, seed=2))
    return base


def a_constant_base_gets_a_history(lib: Any) -> Any:
    base = lib.zeros(3, 3).double()
    base[1] = leaf(lib, 3) * 2
    return base


def a_sibling_of_a_changed_view(lib: Any) -> Any:
    base = lib.zeros(3, 3).double()
    column = base[:, 0]
    base[1].copy_(leaf(lib, 3))
    return column


@pytest.mark.parametrize(
    "program",
    [
        fresh_views_are_made_of_the_new_base,
        a_view_of_a_view,
        a_constant_base_gets_a_history,
        a_sibling_of_a_changed_view,
    ],
    ids=lambda program: program.__name__,
)
def test_the_graph_after_a_change_is_torchs(program: Callable[[Any], Any]):
    assert graph(program(minitorch)) == graph(program(torch))


@pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])
def test_views_share_memory_and_copies_do_not(lib: Any):
    base = lib.arange(12).reshape(3, 4)
    for shares, other in [
        (True, base.view(4, 3)),
        (True, base.reshape(12)),
        (True, base.t()),
        (True, base[1:]),
        (True, base[0]),
        (True, base.detach()),
        (True, base.data),
        (True, base.expand(2, 3, 4)),
        (True, base.unbind()[0]),
        (True, base.contiguous()),
        (True, base.squeeze()),
        (True, base.flatten()),
        (False, base.clone()),
        (False, base.t().reshape(12)),
        (False, base[[0, 1]]),
        (False, base + 0),
        (False, base.t().contiguous()),
        (False, base[base >= 0]),
    ]:
        before = other.clone()
        base.add_(100)
        assert (other != before).any().item() is shares


@pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])
def test_a_change_in_no_grad_leaves_the_graph_alone(lib: Any):
    x = leaf(lib, 3)
    y = x * 2
    node = y.grad_fn
    with lib.no_grad():
        y.add_(1)
        x.mul_(2)
    assert y.grad_fn is node
    assert x.is_leaf
    y.backward(cotangent(y))
    assert_same(x.grad.tolist(), (cotangent(y) * 2).tolist())
