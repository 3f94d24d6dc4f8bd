"""Modes as contexts and decorators, inference mode, flags of tensors, arguments of ``backward`` and ``grad``: as in torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

import minitorch
from tests.autograd.programs import Program, assert_said_alike, same_in_both
from tests.oracle import pull_back


def leaf(lib: Any) -> Any:
    return lib.tensor([1.0, 2.0, 3.0], requires_grad=True)


def inside(lib: Any, say: Any) -> None:
    x, constant = leaf(lib), lib.ones(3)
    with lib.inference_mode():
        made, result, view, detached = lib.ones(3), x * 2, constant[:2], x.detach()
        given = lib.zeros(3, requires_grad=True)
        say([lib.is_inference(each) for each in (made, result, result[0], view, detached, given, x)])
        say(given.requires_grad, (given * 2).requires_grad, result.requires_grad, made.requires_grad_())
        say(lib.is_inference_mode_enabled(), lib.is_grad_enabled())
        made.detach().add_(1)
        constant.add_(1)
        result[0].mul_(2)
        say(made, result, constant)
        with lib.inference_mode(False):
            say(
                lib.is_inference_mode_enabled(),
                lib.is_grad_enabled(),
                (x * 2).requires_grad,
                lib.ones(2).is_inference(),
            )
        with lib.no_grad():
            say(lib.is_inference_mode_enabled(), lib.is_grad_enabled())
        with lib.enable_grad():
            say((x * 2).requires_grad)
    say(lib.is_inference_mode_enabled(), lib.is_grad_enabled())


def made_inside(lib: Any) -> Any:
    with lib.inference_mode():
        return lib.tensor([1.0, 2.0, 3.0]) * 2


def after(use: Callable[[Any, Any], Any]) -> Program:
    """What can be done with a tensor that was made in inference mode."""
    return lambda lib, say: use(lib, made_inside(lib))


def version_inside(lib: Any, say: Any) -> None:
    with lib.inference_mode():
        lib.ones(3)._version  # noqa: B018  (it is the reading that fails)


def decorated(lib: Any, say: Any) -> None:
    @lib.inference_mode()
    def infers():
        return lib.is_inference_mode_enabled()

    @lib.inference_mode
    def infers_too():
        return lib.is_inference_mode_enabled()

    @lib.inference_mode(False)
    def records():
        return lib.is_inference_mode_enabled(), lib.is_grad_enabled()

    @lib.no_grad
    def quiet():
        return lib.is_grad_enabled()

    with lib.no_grad():
        enabled = lib.enable_grad()(lambda: lib.is_grad_enabled())()
    say(infers(), infers_too(), records(), quiet(), enabled, infers.__name__)
    say(lib.is_inference_mode_enabled(), lib.is_grad_enabled())


def decorated_generator(lib: Any, say: Any) -> None:
    @lib.no_grad()
    def steps():
        try:
            say("first", lib.is_grad_enabled())
            given = yield 1
            say(given, lib.is_grad_enabled())
            yield 2
        except KeyError:
            say("thrown", lib.is_grad_enabled())
            yield 3
        finally:
            say("end", lib.is_grad_enabled())
        return 4

    steps_taken = steps()
    say(next(steps_taken), lib.is_grad_enabled())
    say(steps_taken.send("given"), lib.is_grad_enabled())
    say(steps_taken.throw(KeyError()), lib.is_grad_enabled())
    say(list(steps_taken))
    half = steps()
    next(half)
    half.close()


def set_flag(make: Callable[[Any], Any], value: Any) -> Program:
    def program(lib: Any, say: Any) -> None:
        make(lib).requires_grad = value

    return program


def a_view_of_what_gets_a_history(lib: Any, say: Any) -> Any:
    base, x = lib.zeros(2, 3), leaf(lib)
    row, column, detached = base[0], base[:, 0], base.detach()
    base[1] = x * 2
    say(base.requires_grad, row.requires_grad, column.requires_grad, detached.requires_grad)
    pull_back(column * column + row.sum())
    return x.grad


PROGRAMS: dict[str, Program] = {
    "inside": inside,
    "a version inside": version_inside,
    "in place": after(lambda lib, x: x.add_(1)),
    "in place on a view": after(lambda lib, x: x[0].add_(1)),
    "in place with a leaf": after(lambda lib, x: x.mul_(leaf(lib))),
    "saved": after(lambda lib, x: x * leaf(lib)),
    "saved, second": after(lambda lib, x: leaf(lib).mul(x)),
    "not saved": after(lambda lib, x: x + leaf(lib)),
    "joined": after(lambda lib, x: lib.stack([x, leaf(lib)])),
    "copied": after(lambda lib, x: (leaf(lib) * 1).copy_(x)),
    "a mask": after(lambda lib, x: leaf(lib).masked_fill(x > 2, 0)),
    "cloned": after(lambda lib, x: (x.clone().is_inference(), x.clone() * leaf(lib))),
    "viewed": after(lambda lib, x: (x[0], x.view(3, 1).t().grad_fn, x[1:].is_inference(), list(x), x.exp())),
    "requires_grad": after(lambda lib, x: x.requires_grad_()),
    "no requires_grad": after(lambda lib, x: x.requires_grad_(False)),
    "version": after(lambda lib, x: x._version),
    "decorated": decorated,
    "decorated generator": decorated_generator,
    "Variable": lambda lib, say: lib.autograd.Variable(leaf(lib)),
    "Variable with gradient": lambda lib, say: lib.autograd.Variable(lib.ones(2), requires_grad=True),
    "Variable of a number": lambda lib, say: lib.autograd.Variable(3),
    "is a Variable": lambda lib, say: (
        isinstance(leaf(lib), lib.autograd.Variable),
        isinstance(3, lib.autograd.Variable),
    ),
    "requires_grad_ of a text": lambda lib, say: lib.ones(2).requires_grad_("yes"),
    "requires_grad of a text": set_flag(lambda lib: lib.ones(2), "yes"),
    "requires_grad off": set_flag(lambda lib: leaf(lib) * 2, False),
    "requires_grad on": set_flag(lambda lib: leaf(lib) * 2, True),
    "requires_grad of integers": set_flag(lambda lib: lib.ones(2, dtype=lib.int64), True),
    "flags": lambda lib, say: (
        leaf(lib).retains_grad,
        leaf(lib).is_leaf,
        (leaf(lib) * 2).output_nr,
        lib.ones(2, 3, requires_grad=True).unbind(1)[2].output_nr,
        lib.ones(2, 3).unbind(1)[2].output_nr,
    ),
    "views of what gets a history": a_view_of_what_gets_a_history,
    "only_inputs": lambda lib, say: lib.autograd.grad(leaf(lib) * 2, leaf(lib), lib.ones(3), only_inputs=False),
    "materialize_grads": lambda lib, say: lib.autograd.grad(
        (leaf(lib) * 2).sum(), leaf(lib), materialize_grads=True, allow_unused=False
    ),
    "grad_variables": lambda lib, say: lib.autograd.backward((leaf(lib) * 2).sum(), grad_variables=lib.ones(())),
    "grad_variables and grad_tensors": lambda lib, say: lib.autograd.backward(
        (leaf(lib) * 2).sum(), lib.ones(()), grad_variables=lib.ones(())
    ),
    "a dict of inputs": lambda lib, say: (x := leaf(lib)) is not None and [pull_back(x, inputs={"a": x}), x.grad],
    "no tensors": lambda lib, say: lib.autograd.backward([]),
    "a number": lambda lib, say: lib.autograd.backward(3),
    "a number for a gradient": lambda lib, say: lib.autograd.backward([leaf(lib).sum()], [3]),
    "no inputs": lambda lib, say: lib.autograd.grad(leaf(lib).sum(), []),
    "a number as input": lambda lib, say: lib.autograd.grad(leaf(lib).sum(), 3),
}


@same_in_both(PROGRAMS)
def test_modes_and_flags_are_torchs(program: Program):
    assert_said_alike(program)


def test_batched_cotangents_are_refused():
    x = leaf(minitorch)
    with pytest.raises(NotImplementedError, match="one cotangent at a time"):
        minitorch.autograd.grad(x * 2, x, minitorch.ones(2, 3), is_grads_batched=True)


@pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])
def test_a_change_that_is_refused_in_inference_mode_alone_leaves_others_alone(lib: Any):
    x = made_inside(lib)
    with lib.inference_mode():
        x.add_(1)
    assert x.tolist() == [3.0, 5.0, 7.0]
