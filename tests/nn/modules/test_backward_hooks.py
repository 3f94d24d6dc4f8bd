"""Hooks on the gradients of modules, and hooks of all modules: as in torch."""

from __future__ import annotations

import importlib
from typing import Any

from tests.autograd.programs import Program, assert_said_alike, same_in_both
from tests.oracle import pull_back


def module(lib: Any) -> Any:
    class Scale(lib.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = lib.nn.Parameter(lib.tensor([2.0, 3.0]))

        def forward(self, x, y=None, **others):
            product = x * self.weight
            return product if y is None else (product, y * 2)

        def __repr__(self) -> str:
            return "Scale()"

    return Scale()


def leaf(lib: Any) -> Any:
    return lib.tensor([1.0, 5.0], requires_grad=True)


def hooked(*hooks: Any, inputs: Any = lambda lib: (leaf(lib),)) -> Program:
    """A module with hooks (and pre-hooks, which are given as tuples), called and differentiated."""

    def program(lib: Any, say: Any) -> Any:
        scale = module(lib)
        for number, each in enumerate(hooks):
            if isinstance(each, tuple):
                scale.register_full_backward_pre_hook(
                    lambda *given, answer=each[0], number=number: say("before", number, given) or answer(*given)
                )
            else:
                scale.register_full_backward_hook(
                    lambda *given, answer=each, number=number: say("after", number, given) or answer(*given)
                )
        given = inputs(lib)
        output = scale(*given)
        say(output)
        outputs = output if isinstance(output, tuple) else (output,)
        say([each.grad_fn.name() for each in outputs if each.grad_fn], outputs[0].grad_fn.next_functions)
        sum(each.sum() for each in outputs if each.requires_grad).backward()
        return [each.grad for each in (*given, scale.weight) if getattr(each, "is_leaf", False)]

    return program


def nothing(*given: Any) -> None:
    """A hook that only looks."""


def prepended_and_removed(lib: Any, say: Any) -> None:
    scale = module(lib)
    scale.register_full_backward_hook(lambda *given: say("first"))
    scale.register_full_backward_hook(lambda *given: say("prepended"), prepend=True)
    removed = scale.register_full_backward_hook(lambda *given: say("removed"))
    removed.remove()
    with scale.register_full_backward_pre_hook(lambda *given: say("inside")):
        pull_back(scale(leaf(lib)))
    pull_back(scale(leaf(lib)))


def in_a_network(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    network = lib.nn.Sequential(module(lib), lib.nn.ReLU(), module(lib))
    for number, each in enumerate(network):
        each.register_full_backward_hook(
            lambda _, a, b, number=number: say(number, a, b) or tuple(grad * 10 for grad in a)
        )
    pull_back(network(x))
    return x.grad, [each.grad for each in network.parameters()]


def of_a_gradient(lib: Any, say: Any) -> Any:
    x, scale = leaf(lib), module(lib)
    scale.register_full_backward_hook(lambda *given: say(given))
    (first,) = lib.autograd.grad((scale(x) ** 3).sum(), x, create_graph=True)
    return lib.autograd.grad(first.sum(), x)


def changed_in_place(lib: Any, say: Any) -> None:
    relu = lib.nn.ReLU(inplace=True)
    relu.register_full_backward_hook(nothing)
    pull_back(relu(leaf(lib) * 1))


def without_recording(lib: Any, say: Any) -> Any:
    scale = module(lib)
    scale.register_full_backward_hook(nothing)
    with lib.no_grad():
        return scale(leaf(lib))


def of_all_modules(lib: Any, say: Any) -> None:
    shared = importlib.import_module(f"{lib.__name__}.nn.modules.module")
    handles = [
        shared.register_module_forward_pre_hook(lambda module, args: say("forward pre", args)),
        shared.register_module_forward_hook(lambda module, args, output: say("forward", args, output)),
        shared.register_module_full_backward_pre_hook(lambda module, grads: say("backward pre", grads)),
        shared.register_module_full_backward_hook(lambda module, a, b: say("backward", a, b)),
    ]
    scale = module(lib)
    scale.register_forward_hook(lambda *given: say("own"))
    scale.register_full_backward_hook(lambda *given: say("own backward"))
    pull_back(scale(leaf(lib)))
    for each in handles:
        each.remove()
    pull_back(scale(leaf(lib)))


PROGRAMS: dict[str, Program] = {
    "after": hooked(nothing),
    "before": hooked((nothing,)),
    "both": hooked((nothing,), nothing),
    "after, replaced": hooked(lambda module, a, b: (a[0] * 10,), nothing),
    "before, replaced": hooked((lambda module, grads: (grads[0] * 10,),), nothing),
    "after, too many": hooked(lambda module, a, b: (a[0], a[0])),
    "before, too many": hooked((lambda module, grads: (grads[0], grads[0]),)),
    "several": hooked(nothing, inputs=lambda lib: (leaf(lib), leaf(lib))),
    "several, one constant": hooked((nothing,), nothing, inputs=lambda lib: (leaf(lib), lib.ones(2))),
    "several, one number": hooked((nothing,), nothing, inputs=lambda lib: (leaf(lib), 3)),
    "no input requires gradients": hooked((nothing,), nothing, inputs=lambda lib: (lib.ones(2),)),
    "no input requires gradients, replaced": hooked(lambda module, a, b: (b[0],), inputs=lambda lib: (lib.ones(2),)),
    "no input requires gradients, before": hooked((nothing,), inputs=lambda lib: (lib.ones(2),)),
    "prepended and removed": prepended_and_removed,
    "in a network": in_a_network,
    "of a gradient": of_a_gradient,
    "changed in place": changed_in_place,
    "without recording": without_recording,
    "of all modules": of_all_modules,
}


@same_in_both(PROGRAMS)
def test_hooks_of_modules_are_called_and_answered_as_in_torch(program: Program):
    assert_said_alike(program)
