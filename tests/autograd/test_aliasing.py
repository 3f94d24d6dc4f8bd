"""Random programs of views and writes in place leave what they leave in torch: numbers, layouts, versions, histories, errors."""

from __future__ import annotations

import contextlib
import re
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from tests.oracle import assert_same, assert_same_error

# Every step gets the library, a tensor, another one, and three numbers that it makes sizes and places of.

Step = Callable[[Any, Any, Any, int, int, int], Any]


def _size(x: Any, dim: int) -> int:
    return max(x.shape[dim], 1)


def _narrow(lib: Any, x: Any, y: Any, a: int, b: int, c: int) -> Any:
    d = a % x.dim()
    start = b % _size(x, d)
    return x.narrow(d, start, c % (x.shape[d] - start + 1) if x.shape[d] else 0)


def _slice(lib: Any, x: Any, y: Any, a: int, b: int, c: int) -> Any:
    return x[(slice(None),) * (a % x.dim()) + (slice(b % 3, None, c % 2 + 1),)]


def _put(lib: Any, x: Any, y: Any, a: int, b: int, c: int) -> None:
    x[b % _size(x, 0)] = y[0] if c % 2 else 1.5


def _put_at(lib: Any, x: Any, y: Any, a: int, b: int, c: int) -> None:
    x[lib.tensor([b % _size(x, 0)])] = float(c)


def _put_where(lib: Any, x: Any, y: Any, a: int, b: int, c: int) -> None:
    if 0 not in x.stride():  # torch's gradient depends on how the expanded mask lies in memory
        x[x.detach() > 0.5] = 0.25 if c % 2 else y.sum()


def _fill(lib: Any, x: Any, y: Any, a: int, b: int, c: int) -> None:
    x.fill_(y.sum() if c % 2 and 0 not in x.stride() else 0.75)  # refused, torch leaves an expanded target half changed


VIEWS: dict[str, Step] = {
    "view": lambda lib, x, y, a, b, c: x.view(1, *x.shape),
    "reshape": lambda lib, x, y, a, b, c: x.reshape(-1, 2 if a % 2 else 1),
    "transpose": lambda lib, x, y, a, b, c: x.transpose(a % x.dim(), b % x.dim()),
    "permute": lambda lib, x, y, a, b, c: x.permute(tuple(reversed(range(x.dim())))),
    "expand": lambda lib, x, y, a, b, c: x.expand(2, *x.shape),
    "narrow": _narrow,
    "select": lambda lib, x, y, a, b, c: x.select(a % x.dim(), b % 3),
    "slice": _slice,
    "squeeze": lambda lib, x, y, a, b, c: x.squeeze(a % x.dim()),
    "unsqueeze": lambda lib, x, y, a, b, c: x.unsqueeze(a % (x.dim() + 1)),
    "unbind": lambda lib, x, y, a, b, c: x.unbind(a % x.dim())[0],
    "detach": lambda lib, x, y, a, b, c: x.detach(),
    "[...]": lambda lib, x, y, a, b, c: x[...],
    "mul": lambda lib, x, y, a, b, c: x * 1.5,
    "exp": lambda lib, x, y, a, b, c: (x * 0.25).exp(),
    "square": lambda lib, x, y, a, b, c: x * x,
    "new": lambda lib, x, y, a, b, c: lib.full_like(x.detach().clone(), 0.5),
}

WRITES: dict[str, Step] = {
    "add_": lambda lib, x, y, a, b, c: x.add_(y.mean()),
    "add_ tensor": lambda lib, x, y, a, b, c: x.add_(y if x.shape == y.shape else y.detach().clone()),
    "mul_": lambda lib, x, y, a, b, c: x.mul_(y.mean() if c % 2 else 0.5),
    "copy_": lambda lib, x, y, a, b, c: x.copy_(y.detach().clone() if c % 2 else y.clone()),
    "fill_": _fill,
    "zero_": lambda lib, x, y, a, b, c: x.zero_(),
    "tanh_": lambda lib, x, y, a, b, c: x.tanh_(),
    "x[i] =": _put,
    "x[[i]] =": _put_at,
    "x[mask] =": _put_where,
    "requires_grad_": lambda lib, x, y, a, b, c: x.requires_grad_(),
}

STEPS = {**VIEWS, **WRITES}

numbers = st.integers(0, 11)
steps = st.tuples(
    st.one_of(st.sampled_from(list(VIEWS)), st.sampled_from(list(WRITES))), numbers, numbers, numbers, numbers, numbers,
    st.sampled_from([True, True, True, False]),
)  # fmt: skip


def described(tensor: Any) -> list[Any]:
    """What can be asked of a tensor, or the error that asking raises."""
    questions: list[Callable[[], Any]] = [
        lambda: tuple(tensor.shape),
        lambda: [step for step, size in zip(tensor.stride(), tensor.shape, strict=True) if size > 1 and tensor.numel()],
        lambda: tensor.storage_offset() if tensor.numel() else None,  # numpy lays out what is empty in its own way
        lambda: tensor._version,
        lambda: tensor.requires_grad,
        lambda: tensor.is_leaf,
        lambda: tensor.grad_fn and tensor.grad_fn.name(),
        lambda: tensor.output_nr,
    ]
    answers = []
    for question in questions:
        try:
            answers.append(question())
        except RuntimeError as error:
            answers.append(first_line(error))
    return answers


def first_line(error: Exception) -> str:
    """Type and first line; without the name of the node that made a saved tensor, which in torch depends on who has asked."""
    text = re.sub(r"which is output \d+ of \S+,", "which is output of a node,", str(error).partition("\n")[0])
    return f"{type(error).__name__}: {text}"


def run(lib: Any, program: list[tuple[Any, ...]], weights: int) -> tuple[list[Any], list[Any], list[Any]]:
    """What was raised, what the tensors are, and their gradients or the error instead."""
    source = np.random.default_rng(weights)
    leaf = lib.from_numpy(source.uniform(0.5, 1.5, (2, 3, 2))).requires_grad_()
    tensors, raised = [leaf, leaf * 2, lib.from_numpy(source.uniform(0.5, 1.5, (3, 2)))], []
    for name, x, y, a, b, c, recorded in program:
        with contextlib.nullcontext() if recorded else lib.no_grad():
            try:
                made = STEPS[name](lib, tensors[x % len(tensors)], tensors[y % len(tensors)], a, b, c)
            except Exception as error:  # which one it is, is what is compared
                raised.append((name, first_line(error)))
            else:
                if name in VIEWS:
                    tensors.append(made)
    try:
        total = sum((each * lib.from_numpy(source.normal(size=tuple(each.shape)))).sum() for each in tensors)
        gradients = list(lib.autograd.grad(total, [leaf], allow_unused=True))
    except Exception as error:
        gradients = [first_line(error)]
    return raised, [described(each) for each in tensors], [*(each.detach() for each in tensors), *gradients]


@given(program=st.lists(steps, min_size=1, max_size=8), weights=st.integers(0, 99))
def test_programs_of_views_and_writes_leave_what_they_leave_in_torch(program: list[Any], weights: int):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # expanded targets, and .grad of what is no leaf
        ours, theirs = run(minitorch, program, weights), run(torch, program, weights)
    assert ours[0] == theirs[0]
    assert ours[1] == theirs[1]
    assert_same(ours[2], theirs[2])


def saved_then(change: Callable[[Any, Any, Any], Any]) -> Callable[[Any], Any]:
    """A program in which a node has saved what ``change`` then writes over."""

    def program(lib: Any) -> None:
        x = lib.tensor([1.0, 2.0, 3.0]).requires_grad_()
        y = x * 2
        z = y * y
        change(lib, x, y)
        z.sum().backward()

    return program


@pytest.mark.parametrize(
    "change",
    [
        lambda lib, x, y: y.add_(1),
        lambda lib, x, y: y.add_(1).mul_(2),
        lambda lib, x, y: y.copy_(x.exp()),
        lambda lib, x, y: y.__setitem__(0, 1.0),
        lambda lib, x, y: y.pow_(x),
        lambda lib, x, y: y.index_fill_(0, lib.tensor([0]), x[0]),
        lambda lib, x, y: y.detach().mul_(2),
        lambda lib, x, y: y[1:].fill_(x[0]),
    ],
)
def test_the_error_about_a_changed_tensor_names_what_last_changed_it(change: Any):
    program = saved_then(change)
    assert_same_error(lambda: program(minitorch), lambda: program(torch))


def test_what_views_have_saved_is_named_as_in_torch():
    def program(lib: Any) -> None:
        y = lib.tensor([[1.0, 2.0], [3.0, 4.0]]).requires_grad_() * 2
        row = y[0]
        z = row * row
        y.mul_(2)
        z.sum().backward()

    assert_same_error(lambda: program(minitorch), lambda: program(torch))


@pytest.mark.parametrize("targets", ["x", "y", "xy", "yw", "wx", "w"])
def test_grad_shows_a_gradient_before_its_hooks_where_the_pass_goes_on(targets: str):
    def run(lib: Any) -> list[Any]:
        x = lib.tensor([1.0, 2.0]).requires_grad_()
        y = x * 2
        w = y * 3
        for each, factor in ((x, 100), (y, 10), (w, 7)):
            each.register_hook(lambda grad, factor=factor: grad * factor)
        named = {"x": x, "y": y, "w": w}
        return list(lib.autograd.grad(w.sum(), [named[name] for name in targets]))

    assert_same(run(minitorch), run(torch))


def test_a_view_of_a_constant_base_gets_the_base_s_history_without_being_asked():
    def run(lib: Any) -> Any:
        w = lib.tensor([1.0, 2.0]).requires_grad_()
        base = lib.zeros(2, 2)
        row = base[0]
        base.add_(w)
        return lib.autograd.grad((row * 3).sum(), w)

    assert_same(run(minitorch), run(torch))
