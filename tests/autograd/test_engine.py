"""The backward pass: what it computes, accumulates, frees, refuses; everything as torch does it."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from tests.oracle import assert_same, assert_same_error, cotangent, graph, pull_back


def leaf(lib: Any, *shape: int, seed: int = 0, dtype: type = np.float32) -> Any:
    return lib.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(dtype)).requires_grad_()


def changed_result(lib: Any) -> None:
    y = leaf(lib, 2, 3).relu()
    y.add_(1)
    pull_back(y)


def changed_leaf(lib: Any) -> None:
    x, w = leaf(lib, 2, 3), leaf(lib, 3, 4)
    z = x @ w
    with lib.no_grad():
        w.add_(1)
    pull_back(z)


def changed_constant(lib: Any) -> None:
    w = lib.ones(3)
    z = leaf(lib, 2, 3) * w
    w.mul_(2)
    pull_back(z)


def changed_through_a_view(lib: Any) -> None:
    y = leaf(lib, 2, 3).exp()
    y.t()[0].zero_()
    pull_back(y)


def freed(lib: Any) -> None:
    y = leaf(lib, 3).exp().sum()
    y.backward()
    y.backward()


def freed_by_grad(lib: Any) -> None:
    x = leaf(lib, 3)
    y = (x * x).sum()
    lib.autograd.grad(y, x)
    lib.autograd.grad(y, x)


def in_no_grad(lib: Any) -> Any:
    with lib.no_grad():
        return (leaf(lib, 3) * 2).sum()


def put(tensor: Any, index: Any, value: Any) -> None:
    tensor[index] = value


def view_made_in_no_grad(lib: Any) -> None:
    base = leaf(lib, 2, 3) * 1
    with lib.no_grad():
        view = base[0]
    view.mul_(2)


def set_data(lib: Any, **attributes: Any) -> None:
    for name, value in attributes.items():
        setattr(leaf(lib, 3), name, value)


MISTAKES: dict[str, Callable[[Any], Any]] = {
    "a result changed in place": changed_result,
    "a leaf changed in place since": changed_leaf,
    "a constant changed in place since": changed_constant,
    "a result changed through a view": changed_through_a_view,
    "a graph that was freed": freed,
    "a graph that was freed by grad": freed_by_grad,
    "no scalar": lambda lib: (leaf(lib, 3) * 2).backward(),
    "no scalar for grad": lambda lib: lib.autograd.grad(leaf(lib, 3) * 2, leaf(lib, 3)),
    "no graph": lambda lib: lib.zeros(()).backward(),
    "no graph, second tensor": lambda lib: lib.autograd.backward([leaf(lib, 1).sum(), lib.zeros(())]),
    "no graph in no_grad": lambda lib: in_no_grad(lib).backward(),
    "a cotangent of another shape": lambda lib: (leaf(lib, 3) * 2).backward(lib.ones(2)),
    "a cotangent too few": lambda lib: lib.autograd.backward([leaf(lib, 3), leaf(lib, 3)], [lib.ones(3)]),
    "an input that is not used": lambda lib: lib.autograd.grad(leaf(lib, 3).sum(), leaf(lib, 3)),
    "an input without gradient": lambda lib: lib.autograd.grad(leaf(lib, 3).sum(), lib.zeros(3)),
    "backward to no inputs": lambda lib: pull_back(leaf(lib, 3), inputs=[]),
    "a leaf in place": lambda lib: leaf(lib, 3).add_(1),
    "a leaf in place by index": lambda lib: put(leaf(lib, 3), 0, 1.0),
    "a leaf in place by sign": lambda lib: leaf(lib, 3).__iadd__(1),
    "a view of a leaf in place": lambda lib: leaf(lib, 3)[0].add_(1),
    "a view of a leaf in place by index": lambda lib: put(leaf(lib, 3, 2).t(), 0, 1.0),
    "one of several views in place": lambda lib: (leaf(lib, 3, 2) * 1).unbind()[1].add_(1),
    "an iterated view in place": lambda lib: next(iter(leaf(lib, 3, 2) * 1)).mul_(2),
    "a view made in no_grad in place": view_made_in_no_grad,
    "a leaf filled with random numbers": lambda lib: leaf(lib, 3).uniform_(),
    "requires_grad of integers": lambda lib: lib.zeros(3, dtype=lib.int64).requires_grad_(),
    "requires_grad of integers when made": lambda lib: lib.tensor([1, 2], requires_grad=True),
    "requires_grad off for a result": lambda lib: (leaf(lib, 3) * 2).requires_grad_(False),
    "detach_ of a view": lambda lib: (leaf(lib, 3) * 2)[0].detach_(),
    "retain_grad without gradient": lambda lib: lib.zeros(3).retain_grad(),
    "a hook without gradient": lambda lib: lib.zeros(3).register_hook(print),
    "numpy with a gradient": lambda lib: leaf(lib, 3).numpy(),
    "a gradient of another shape": lambda lib: set_data(lib, grad=lib.zeros(2)),
    "a gradient that is no tensor": lambda lib: set_data(lib, grad=1),
    "a copy of a result": lambda lib: __import__("copy").deepcopy(leaf(lib, 3) * 2),
    "floor_divide": lambda lib: pull_back(leaf(lib, 3) // 2),
    "number % tensor": lambda lib: pull_back(2 % leaf(lib, 3)),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_raises_torchs_error(mistake: Callable[[Any], Any]):
    assert_same_error(lambda: mistake(minitorch), lambda: mistake(torch), whole=True)


# -- what arrives where -----------------------------------------------------------------------------------------------


def accumulate_twice(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    pull_back(x * x)
    first = x.grad
    pull_back(x * 3)
    return [x.grad, lib.tensor(first is x.grad)]


def accumulate_with_a_graph(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    pull_back(x * x * x, create_graph=True)
    first = x.grad
    pull_back(x * x, create_graph=True)
    second = x.grad
    return [first, second, lib.tensor(first is second), *lib.autograd.grad(second.sum(), x)]


def retained(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    y = x * 2
    y.retain_grad()
    y.retain_grad()
    z = y * y
    pull_back(z, retain_graph=True)
    pull_back(z)
    return [x.grad, y.grad, lib.tensor(y.retains_grad)]


def several_roots(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    y = x.exp()
    lib.autograd.backward([y, (y * x).sum()], [cotangent(y), None])
    return [x.grad]


def several_outputs_and_inputs(lib: Any) -> list[Any]:
    x, w = leaf(lib, 3), leaf(lib, 3, seed=1)
    y = x * w
    return list(lib.autograd.grad([y.sum(), (y * y).sum()], [x, y, w], retain_graph=True))


def unused_inputs(lib: Any) -> list[Any]:
    x, w = leaf(lib, 3), leaf(lib, 2)
    found = lib.autograd.grad((x * 2).sum(), [x, w], allow_unused=True)
    filled = lib.autograd.grad((x * 2).sum(), [x, w], materialize_grads=True)
    return [found[0], lib.tensor(found[1] is None), *filled, lib.tensor(x.grad is None)]


def only_some_inputs(lib: Any) -> list[Any]:
    x, w = leaf(lib, 3), leaf(lib, 3, seed=1)
    y = x * w
    pull_back(y.exp(), inputs=[x, y])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return [x.grad, lib.tensor(w.grad is None), y.grad]


def of_a_leaf_itself(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    pull_back(x)
    return [x.grad, *lib.autograd.grad(x, x, cotangent(x, seed=1))]


def third_derivatives(lib: Any) -> list[Any]:
    x = leaf(lib, 4, dtype=np.float64)
    y = (x.sigmoid() * x.sin() + (x * x + 1).log() ** 3 + x.softmax(0).norm()).sum()
    found = []
    for _ in range(3):
        (y,) = lib.autograd.grad(y, x, create_graph=True)
        found.append(y)
        y = (y * lib.tensor([1.0, -2.0, 0.5, 3.0], dtype=lib.float64)).sum()
    return found


def constants_are_left_out(lib: Any) -> list[Any]:
    x, w = leaf(lib, 3), lib.ones(3)
    y = (x * w).sum() + (w * w).sum()
    y.backward()
    return [x.grad, lib.tensor(w.grad is None), lib.tensor((w * w).requires_grad)]


def through_detached(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    y = x * 2
    pull_back(y.detach() * x + y.data * x)
    return [x.grad, lib.tensor([y.detach().requires_grad, y.data.is_leaf])]


def detached_in_place(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    y = x * 2
    y.detach_()
    return [y, lib.tensor([y.requires_grad, y.is_leaf, y.grad_fn is None])]


def mixed_dtypes(lib: Any) -> list[Any]:
    x, w = leaf(lib, 3), leaf(lib, 2, 1, dtype=np.float64)
    pull_back(x * w + x.double())
    return [x.grad, w.grad]


def graph_kept(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    y = x.exp().sum()
    y.backward(retain_graph=True)
    y.backward()
    return [x.grad]


def unfreed_without_saved(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    y = (x + 1).sum()
    y.backward()
    y.backward()
    return [x.grad]


def gradient_shared_with_two_leaves(lib: Any) -> list[Any]:
    x, w = leaf(lib, 3), leaf(lib, 3, seed=1)
    pull_back(x + w)
    with lib.no_grad():
        x.grad.mul_(5)
    return [x.grad, w.grad]


def cotangent_not_kept(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    given = cotangent(x)
    x.backward(given)
    x.backward(given)
    return [x.grad, given]


PROGRAMS = [
    accumulate_twice,
    accumulate_with_a_graph,
    retained,
    several_roots,
    several_outputs_and_inputs,
    unused_inputs,
    only_some_inputs,
    of_a_leaf_itself,
    third_derivatives,
    constants_are_left_out,
    through_detached,
    detached_in_place,
    mixed_dtypes,
    graph_kept,
    unfreed_without_saved,
    gradient_shared_with_two_leaves,
    cotangent_not_kept,
]


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.filterwarnings("ignore:Using backward")
def test_a_program_ends_as_in_torch(program: Callable[[Any], list[Any]]):
    assert_same(program(minitorch), program(torch))


@given(fan=st.integers(3, 8), seed=st.integers(0, 999))
def test_gradients_that_meet_are_added_in_torchs_order(fan: int, seed: int):
    results = []
    for lib in (minitorch, torch):
        x = leaf(lib, 5, seed=seed)
        y = x * 1.5
        scales = np.random.default_rng(seed).normal(size=fan).astype(np.float32) * 10.0 ** np.arange(fan)
        total = sum((y * float(scale) for scale in scales), lib.zeros(5))
        total = total + x * 3 + y * y + x * x
        pull_back(total)
        results.append(x.grad.numpy())
    np.testing.assert_array_equal(*results)


# -- hooks ------------------------------------------------------------------------------------------------------------


def hooks_everywhere(lib: Any) -> list[Any]:
    log: list[Any] = []
    x = leaf(lib, 3)
    y = x * 2
    x.register_hook(lambda grad: log.append(grad.clone()))
    x.register_hook(lambda grad: grad * 10)
    y.retain_grad()
    y.register_hook(lambda grad: log.append(grad.clone()))
    y.register_hook(lambda grad: grad + 1)
    removed = y.register_hook(lambda grad: grad * 1000)
    removed.remove()
    pull_back(y * y)
    return [*log, x.grad, y.grad]


def hooks_with_a_graph(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    y = x.exp()
    y.register_hook(lambda grad: grad * y)
    (first,) = lib.autograd.grad((y * y).sum(), x, create_graph=True)
    return [first, *lib.autograd.grad(first.sum(), x)]


def hooks_on_inputs_of_grad(lib: Any) -> list[Any]:
    x = leaf(lib, 3)
    y = x * 2
    y.register_hook(lambda grad: grad * 3)
    x.register_hook(lambda grad: grad * 5)
    return [*lib.autograd.grad((y * y).sum(), x, retain_graph=True), *lib.autograd.grad((y * y).sum(), y)]


def hooks_run_once_for_a_sum(lib: Any) -> list[Any]:
    log: list[Any] = []
    x = leaf(lib, 3)
    x.register_hook(lambda grad: log.append(grad.clone()))
    pull_back(x * 2 + x.exp() + x)
    return [*log, lib.tensor(len(log))]


@pytest.mark.parametrize(
    "program",
    [hooks_everywhere, hooks_with_a_graph, hooks_on_inputs_of_grad, hooks_run_once_for_a_sum],
    ids=lambda program: program.__name__,
)
def test_hooks_see_and_change_gradients_as_in_torch(program: Callable[[Any], list[Any]]):
    assert_same(program(minitorch), program(torch))


# -- memory -----------------------------------------------------------------------------------------------------------


def test_backward_frees_what_was_saved():
    x = leaf(minitorch, 3)
    inner = x.exp()
    saved = weakref.ref(inner._array)
    y = (inner * 2).sum()
    del inner
    assert saved() is not None
    y.backward()
    assert saved() is None


# -- the document's expressions ---------------------------------------------------------------------------------------

EXPRESSIONS: dict[str, Callable[[Any], Any]] = {
    "x + y": lambda lib: leaf(lib, 5, 3) + lib.ones(5, 3),
    "mean of squares": lambda lib: ((leaf(lib, 2, 2) + 2) ** 2 * 3).mean(),
    "norm of a doubled vector": lambda lib: (leaf(lib, 3) * 2).norm(),
    "a line's error": lambda lib: ((leaf(lib, 4, 1) @ leaf(lib, 1, 1) + leaf(lib, 1) - lib.ones(4, 1)) ** 2).sum(),
    "a view of rows": lambda lib: leaf(lib, 4, 4).view(-1, 8)[0].exp().sum(),
    "one tensor in many places": lambda lib: (lambda x: x * x + x.exp() / x - x.t())(leaf(lib, 3, 3)),
}


@pytest.mark.parametrize("expression", EXPRESSIONS.values(), ids=EXPRESSIONS)
def test_the_graph_of_an_expression_is_torchs(expression: Callable[[Any], Any]):
    assert graph(expression(minitorch)) == graph(expression(torch))


def test_nodes_are_described_as_in_torch():
    for lib in (minitorch, torch):
        y = leaf(lib, 3) * 2
        assert repr(y.grad_fn).startswith("<MulBackward0 object at 0x")
        assert y.grad_fn.name() == "MulBackward0"
        assert [number for _, number in y.grad_fn.next_functions] == [0, 0]
        assert y.output_nr == 0
