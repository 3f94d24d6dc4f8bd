"""Operators that users write: ``autograd.Function`` as in torch, its context, its checks and its errors."""

from __future__ import annotations

import gc
import importlib
import weakref
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.autograd.programs import Program, assert_said_alike, same_in_both
from tests.oracle import cotangent, pull_back


def leaf(lib: Any) -> Any:
    return lib.tensor([1.0, 2.0, 3.0], requires_grad=True)


def function(lib: Any, forward: Any, backward: Any, **others: Any) -> Any:
    """A class of the user's, as it were."""
    methods = {"forward": forward, "backward": backward, **others}
    return type("Mine", (lib.autograd.Function,), {name: staticmethod(each) for name, each in methods.items()})


def differentiated(forward: Any, backward: Any, *more: Any) -> Program:
    """A program that applies a function to a leaf (and more), and differentiates the sum of the first result."""

    def program(lib: Any, say: Any) -> Any:
        x = leaf(lib)
        y = function(lib, forward, backward).apply(x, *(each(lib) if callable(each) else each for each in more))
        say(y)
        first = y[0] if isinstance(y, tuple) else y
        say(first.grad_fn.name(), first.grad_fn.next_functions)
        pull_back(first)
        return x.grad

    return program


def saved(ctx: Any, *tensors: Any) -> Any:
    ctx.save_for_backward(*tensors)
    return ctx


def remembered(lib: Any, say: Any) -> Any:
    class Scaled(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x, factor, y):
            ctx.save_for_backward(x, y, None)
            ctx.factor = factor
            ctx.saved = ctx.outputs = ctx.needs = "mine"
            say(ctx.needs_input_grad)
            return x * factor + y

        @staticmethod
        def backward(ctx, grad):
            x, y, nothing = ctx.saved_tensors
            say(x, y, nothing, grad, ctx.needs_input_grad, ctx.factor, ctx.saved, ctx.outputs, ctx.needs)
            return grad * ctx.factor, None, None

    x, y = leaf(lib), lib.ones(3)
    z = Scaled.apply(x, 2.5, y)
    say(z, z.grad_fn.saved_tensors, z.grad_fn.factor)
    pull_back(z)
    return x.grad


def in_two_steps(lib: Any, say: Any) -> Any:
    class Scaled(lib.autograd.Function):
        @staticmethod
        def forward(x, factor=3):
            return x * factor

        @staticmethod
        def setup_context(ctx, inputs, output):
            say(inputs, output.requires_grad)
            ctx.factor = inputs[1]

        @staticmethod
        def backward(ctx, grad):
            return grad * ctx.factor, None

    x = leaf(lib)
    pull_back(Scaled.apply(x) + Scaled.apply(x, 4) + Scaled.apply(x, factor=5))
    return x.grad


def third_derivatives(lib: Any, say: Any) -> Any:
    cube = function(
        lib, lambda ctx, x: saved(ctx, x) and x**3, lambda ctx, grad: grad * 3 * ctx.saved_tensors[0] ** 2
    ).apply
    x = leaf(lib)
    y = cube(x)
    for _ in range(3):
        (y,) = lib.autograd.grad((y * lib.tensor([1.0, -1.0, 2.0])).sum(), x, create_graph=True)
        say(y)
    return y.requires_grad


def a_saved_result(lib: Any, say: Any) -> Any:
    def forward(ctx, x):
        result = x.exp()
        ctx.save_for_backward(result)
        return result

    exp = function(lib, forward, lambda ctx, grad: grad * ctx.saved_tensors[0]).apply
    x = leaf(lib)
    (first,) = lib.autograd.grad(exp(x).sum(), x, create_graph=True)
    return lib.autograd.grad(first.sum(), x)


def a_captured_tensor(lib: Any, say: Any) -> Any:
    x, w = leaf(lib), leaf(lib)
    times_w = function(lib, lambda ctx, x: saved(ctx, w) and x * w, lambda ctx, grad: grad * ctx.saved_tensors[0]).apply
    (first,) = lib.autograd.grad(times_w(x).sum(), x, create_graph=True)
    return lib.autograd.grad((first * first).sum(), w)


def several_results(materialize: bool) -> Program:
    def program(lib: Any, say: Any) -> Any:
        def forward(ctx, x):
            ctx.set_materialize_grads(materialize)
            mask = (x > 1).float()
            ctx.mark_non_differentiable(mask)
            return x * 2, x.long(), mask, "text", x * 3

        def backward(ctx, *grads):
            say(grads)
            return grads[0]

        x = leaf(lib)
        results = function(lib, forward, backward).apply(x)
        say(results, [each.output_nr for each in results if not isinstance(each, str)])
        pull_back(results[0])
        return x.grad

    return program


def dirty(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    y = x * 1

    def forward(ctx, y):
        ctx.mark_dirty(y)
        return y.mul_(3)

    z = function(lib, forward, lambda ctx, grad: grad * 3).apply(y)
    say(z is y, y.grad_fn, y.grad_fn.next_functions)
    pull_back(y)
    return x.grad


def dirty_view(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    base = x * 1
    view = base[:2]

    def forward(ctx, view):
        ctx.mark_dirty(view)
        return view.mul_(3)

    result = function(lib, forward, lambda ctx, grad: grad * 3).apply(view)
    say(result is view, base.grad_fn, view.grad_fn)
    pull_back(base)
    return x.grad


def changed_in_place(result: Any) -> Program:
    def program(lib: Any, say: Any) -> None:
        y = function(lib, lambda ctx, x: result(x), lambda ctx, grad: grad).apply(leaf(lib))
        say(y.grad_fn)
        y.add_(1)

    return program


def passed_twice(reads: bool) -> Program:
    def program(lib: Any, say: Any) -> None:
        def backward(ctx, grad):
            return grad * ctx.saved_tensors[0] if reads else grad

        y = function(lib, lambda ctx, x: saved(ctx, x) and x * 2, backward).apply(leaf(lib))
        pull_back(y)
        pull_back(y)

    return program


def changed_since(lib: Any, say: Any) -> None:
    def forward(ctx, x):
        result = x * 2
        ctx.save_for_backward(result)
        return result

    y = function(lib, forward, lambda ctx, grad: grad * ctx.saved_tensors[0]).apply(leaf(lib))
    with lib.no_grad():
        y.add_(1)
    pull_back(y)


def once(tied: bool) -> Program:
    def program(lib: Any, say: Any) -> Any:
        differentiable_once = importlib.import_module(f"{lib.__name__}.autograd.function").once_differentiable
        double = function(lib, lambda ctx, x: x * 2, differentiable_once(lambda ctx, grad: grad * 2)).apply
        x = leaf(lib)
        given = cotangent(x).requires_grad_(tied)
        (first,) = lib.autograd.grad(double(x), x, given, create_graph=True)
        say(first.requires_grad, first.grad_fn)
        return lib.autograd.grad((first * x).sum(), x)

    return program


def two_formulas(lib: Any, say: Any) -> None:
    both = function(lib, lambda ctx, x: x * 2, lambda ctx, grad: grad, vjp=lambda ctx, grad: grad)
    pull_back(both.apply(leaf(lib)))


def by_vjp(lib: Any, say: Any) -> Any:
    x = leaf(lib)

    class Mine(lib.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

        @staticmethod
        def vjp(ctx, grad):
            return grad * 2

    pull_back(Mine.apply(x))
    return x.grad


def without_static(lib: Any, say: Any) -> None:
    class Old(lib.autograd.Function):
        def forward(self, x):
            return x

    Old()(leaf(lib))


def in_no_grad(lib: Any, say: Any) -> Any:
    def forward(ctx, x):
        say(ctx.needs_input_grad)
        ctx.save_for_backward(x)
        return x * 2

    with lib.no_grad():
        return function(lib, forward, lambda ctx, grad: grad).apply(leaf(lib))


def with_hooks(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    y = function(lib, lambda ctx, x, n: x * n, lambda ctx, grad: (grad * 2, None)).apply(x, 2)
    y.grad_fn.register_prehook(lambda grads: say("before", grads))
    y.grad_fn.register_hook(lambda grad_inputs, grads: say("after", grad_inputs, grads))
    y.register_hook(lambda grad: grad * 10)
    pull_back(y)
    return x.grad


def packed(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    square = function(
        lib, lambda ctx, x: saved(ctx, x) and x * x, lambda ctx, grad: grad * 2 * ctx.saved_tensors[0]
    ).apply
    with lib.autograd.graph.saved_tensors_hooks(
        lambda x: say("pack", x) or x.detach(), lambda x: say("unpack", x) or x * 5
    ):
        y = square(x)
    pull_back(y)
    return x.grad


def a_pass_inside_a_pass(lib: Any, say: Any) -> Any:
    """What checkpointing does: the forward is run again, and differentiated, inside the backward."""

    class Again(lib.autograd.Function):
        @staticmethod
        def forward(ctx, compute, x):
            ctx.compute = compute
            ctx.save_for_backward(x)
            say(lib.is_grad_enabled())
            return compute(x)

        @staticmethod
        def backward(ctx, grad):
            say(lib.is_grad_enabled(), grad.requires_grad)
            (x,) = ctx.saved_tensors
            inner = x.detach().requires_grad_()
            with lib.enable_grad():
                ctx.compute(inner).backward(grad)
            return None, inner.grad

    x = leaf(lib)
    pull_back(Again.apply(lambda x: (x * x).exp(), x * 0.5))
    return x.grad


def one_gradient_for_two(lib: Any, say: Any) -> Any:
    add = function(lib, lambda ctx, a, b: a + b, lambda ctx, grad: (grad, grad)).apply
    a, b = leaf(lib), leaf(lib)
    given = cotangent(a)
    add(a, b).backward(given)
    a.grad.add_(1)
    pull_back(add(b, b))
    return a.grad, b.grad, given


def a_gradient_that_is_kept(lib: Any, say: Any) -> Any:
    kept: list[Any] = []
    double = function(lib, lambda ctx, x: x * 2, lambda ctx, grad: kept.append(grad) or grad * 2).apply
    x = leaf(lib)
    pull_back(double(x) + double(x) * 3)
    pull_back(double(x) + double(x) * 3)
    return kept, x.grad


def an_error_of_ones_own(lib: Any, say: Any) -> None:
    def backward(ctx, grad):
        raise KeyError("mine")

    y = function(lib, lambda ctx, x: x * 2, backward).apply(leaf(lib))
    try:
        pull_back(y)
    finally:
        say(lib.is_grad_enabled())


def two_results(lib: Any, say: Any) -> Any:
    both = function(lib, lambda ctx, x: (x * 2, x * 3), lambda ctx, a, b: a * 2 + b * 3).apply
    x = leaf(lib)
    a, b = both(x)
    (first,) = lib.autograd.grad((a * b).sum(), x, create_graph=True)
    return first, lib.autograd.grad(first.sum(), x)


def read_after_the_pass(lib: Any, say: Any) -> Any:
    y = function(lib, lambda ctx, x: saved(ctx, x) and x * 2, lambda ctx, grad: grad * 2).apply(leaf(lib))
    pull_back(y, retain_graph=True)
    say(y.grad_fn.saved_tensors)
    pull_back(y)
    return y.grad_fn.saved_tensors


PROGRAMS: dict[str, Program] = {
    "a pass inside a pass": a_pass_inside_a_pass,
    "one gradient for two": one_gradient_for_two,
    "a gradient that is kept": a_gradient_that_is_kept,
    "an error of one's own": an_error_of_ones_own,
    "two results": two_results,
    "read after the pass": read_after_the_pass,
    "a missing attribute": lambda lib, say: (
        function(lib, lambda ctx, x: x * 2, lambda ctx, grad: grad).apply(leaf(lib)).grad_fn.missing
    ),
    "context": remembered,
    "setup_context": in_two_steps,
    "third derivatives": third_derivatives,
    "a saved result": a_saved_result,
    "a captured tensor": a_captured_tensor,
    "several results": several_results(True),
    "several results, not materialized": several_results(False),
    "in place": dirty,
    "in place on a view": dirty_view,
    "an input returned as it is, not differentiable": differentiated(
        lambda ctx, x, y: ctx.mark_non_differentiable(y) or (x * 2, y, y.exp()), lambda ctx, a, b, c: (a * 2, c), leaf
    ),
    "a constant returned as it is, not differentiable": differentiated(
        lambda ctx, x, y: ctx.mark_non_differentiable(y) or (x * 2, y),
        lambda ctx, a, b: (a * 2, b),
        lambda lib: lib.ones(3),
    ),
    "an input returned as it is": differentiated(lambda ctx, x: x, lambda ctx, grad: grad * 2),
    "an input returned, then changed": changed_in_place(lambda x: x),
    "a view returned, then changed": changed_in_place(lambda x: x[0]),
    "a result changed": changed_in_place(lambda x: x * 2),
    "a second pass that reads": passed_twice(True),
    "a second pass that does not": passed_twice(False),
    "a saved tensor changed": changed_since,
    "once differentiable": once(False),
    "once differentiable, twice": once(True),
    "vjp": by_vjp,
    "vjp and backward": two_formulas,
    "no_grad": in_no_grad,
    "hooks": with_hooks,
    "packed": packed,
    "old style": without_static,
    "no forward": lambda lib, say: type("Mine", (lib.autograd.Function,), {}).apply(leaf(lib)),
    "no backward": lambda lib, say: pull_back(
        type("Mine", (lib.autograd.Function,), {"forward": staticmethod(lambda ctx, x: x * 2)}).apply(leaf(lib))
    ),
    "broadcast": differentiated(lambda ctx, x: x * 2, lambda ctx, grad: grad.expand(2, 3)),
    "other dtype": differentiated(lambda ctx, x: x * 2, lambda ctx, grad: grad.double()),
    "None": differentiated(lambda ctx, x, y: x * y, lambda ctx, grad: (grad, None), leaf),
    "one too many, None": differentiated(lambda ctx, x: x * 2, lambda ctx, grad: (grad, None)),
    "one too many": differentiated(lambda ctx, x: x * 2, lambda ctx, grad: (grad, grad)),
    "one too few": differentiated(lambda ctx, x, y: x * 2, lambda ctx, grad: grad, leaf),
    "for a number": differentiated(lambda ctx, x, n: x * n, lambda ctx, grad: (grad, grad), 2),
    "a number": differentiated(lambda ctx, x: x * 2, lambda ctx, grad: 3),
    "a list": differentiated(lambda ctx, x: x * 2, lambda ctx, grad: [grad]),
    "another shape": differentiated(lambda ctx, x: x * 2, lambda ctx, grad: grad[:2]),
    "saves a number": differentiated(lambda ctx, x: saved(ctx, x, 3) and x * 2, lambda ctx, grad: grad),
    "a dirty leaf": differentiated(lambda ctx, x: ctx.mark_dirty(x) or x.mul_(2), lambda ctx, grad: grad),
    "dirty, not returned": differentiated(
        lambda ctx, x, y: ctx.mark_dirty(y) or x * 2, lambda ctx, grad: grad, lambda lib: lib.ones(3)
    ),
    "a dirty number": differentiated(lambda ctx, x: ctx.mark_dirty(3) or x * 2, lambda ctx, grad: grad),
    "a number not differentiable": differentiated(
        lambda ctx, x: ctx.mark_non_differentiable(3) or x * 2, lambda ctx, grad: grad
    ),
}


@same_in_both(PROGRAMS)
def test_a_users_function_does_what_it_does_in_torch(program: Program):
    assert_said_alike(program)


@pytest.mark.parametrize("lib", [minitorch, torch], ids=["minitorch", "torch"])
def test_functions_go_through_gradcheck(lib: Any):
    sine = function(lib, lambda ctx, x: saved(ctx, x) and x.sin(), lambda ctx, grad: grad * ctx.saved_tensors[0].cos())
    x = lib.from_numpy(np.linspace(0.1, 1, 4)).requires_grad_()
    assert lib.autograd.gradcheck(sine.apply, (x,))
    assert lib.autograd.gradgradcheck(sine.apply, (x,))


def test_nodes_of_users_functions_go_when_they_are_dropped():
    def forward(ctx, x):
        result, mask = x * 2, (x > 1).float()
        ctx.mark_non_differentiable(mask)
        ctx.save_for_backward(x, result)
        return result, mask

    gc.collect()
    gc.disable()
    try:
        y, _ = function(minitorch, forward, lambda ctx, grad, _: grad).apply(leaf(minitorch))
        node = weakref.ref(y.grad_fn)
        del y, _
        assert node() is None
    finally:
        gc.enable()
