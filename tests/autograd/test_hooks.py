"""Hooks of tensors, of nodes, of saved tensors; the detection of anomalies; and what nodes show: as in torch."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import torch

import minitorch
from tests.autograd.programs import Program, assert_said_alike, said, same_in_both
from tests.oracle import pull_back


def leaf(lib: Any) -> Any:
    return lib.tensor([1.0, 2.0, 3.0], requires_grad=True)


def after(answer: Any) -> Program:
    """A hook after a node's formula that gives this answer."""
    return of_node("register_hook", answer)


def before(answer: Any) -> Program:
    """A hook before a node's formula that gives this answer."""
    return of_node("register_prehook", answer)


def of_node(register: str, answer: Any) -> Program:
    def program(lib: Any, say: Any) -> Any:
        def hook(*given):
            say(*given)
            return answer(*given[0])

        x = leaf(lib)
        y = x * 2
        getattr(y.grad_fn, register)(hook)
        pull_back(y)
        return x.grad

    return program


def of_tensor(answer: Any) -> Program:
    def program(lib: Any, say: Any) -> Any:
        x = leaf(lib)
        x.register_hook(answer)
        pull_back(x * 2)
        return x.grad

    return program


def after_accumulating(lib: Any, say: Any) -> None:
    x = leaf(lib)
    handle = x.register_post_accumulate_grad_hook(lambda leaf: say(leaf is x, leaf.grad))
    pull_back(x * 2)
    pull_back(x * 3)
    handle.remove()
    pull_back(x * 4)


def of_the_leafs_node(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    y = x * 2
    node = y.grad_fn.next_functions[0][0]
    node.register_prehook(lambda grads: say("before", grads) or (grads[0] * 10,))
    node.register_hook(lambda grad_inputs, grads: say("after", grad_inputs, grads, x.grad))
    pull_back(y)
    return x.grad


def with_a_graph(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    y = x.exp()
    y.grad_fn.register_hook(lambda grad_inputs, grads: (grad_inputs[0] * x,))
    (first,) = lib.autograd.grad(y.sum(), x, create_graph=True)
    return first, lib.autograd.grad(first.sum(), x)


def all_in_order(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    y = x * 2
    y.grad_fn.register_hook(lambda grad_inputs, grads: say("node, after"))
    y.grad_fn.register_prehook(lambda grads: say("node, before"))
    y.retain_grad()
    y.register_hook(lambda grad: say("tensor", grad) or grad * 2)
    x.register_hook(lambda grad: say("leaf"))
    x.register_post_accumulate_grad_hook(lambda leaf: say("accumulated"))
    pull_back(y)
    return y.grad, x.grad


def of_several(mode: str) -> Program:
    def program(lib: Any, say: Any) -> None:
        a, b = leaf(lib), leaf(lib)
        c, d = a * b, a * b
        handle = lib.autograd.graph.register_multi_grad_hook((a, b, c, d), lambda grads: say(grads), mode=mode)
        pull_back(c * 1, retain_graph=True)
        pull_back(c * 1, inputs=(a,), retain_graph=True)
        pull_back(c + d)
        handle.remove()
        pull_back(a * b)

    return program


def edges(lib: Any, say: Any) -> None:
    graph, x = lib.autograd.graph, leaf(lib)
    y = x * 2
    z = y * y
    edge = graph.get_gradient_edge(y)
    say(edge._fields, edge.node, edge.output_nr, isinstance(edge.node, graph.Node))
    say(lib.autograd.grad(z.sum(), edge, retain_graph=True))
    say(lib.autograd.grad(graph.get_gradient_edge(z), x, lib.ones(3)))
    graph.get_gradient_edge(lib.ones(3))


def metadata(lib: Any, say: Any) -> Any:
    y = leaf(lib) * 2
    say(y.grad_fn.metadata)
    y.grad_fn.metadata["mine"] = 1
    return y.grad_fn.metadata


def versions(lib: Any, say: Any) -> Any:
    x, y = lib.ones(3), lib.ones(3)
    lib.autograd.graph.increment_version(x)
    lib.autograd.graph.increment_version([x, y])
    return x._version, y._version


def saved_values(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    y = x * 2
    z = y * y
    say(y.grad_fn._saved_self, y.grad_fn._saved_other, (x * 2.5).grad_fn._saved_other, (x / 3).grad_fn._saved_other)
    say((x**3).grad_fn._saved_self, (x**3).grad_fn._saved_exponent, x.exp().grad_fn._saved_result)
    say(z.grad_fn._saved_self, z.grad_fn._saved_other, x.add(x, alpha=3).grad_fn._saved_alpha)
    pull_back(z)
    return z.grad_fn._saved_self


def raw_saved_values(lib: Any, say: Any) -> None:
    x = leaf(lib)
    y = x.exp()
    raw = y.grad_fn._raw_saved_result
    raw.register_hooks(lambda saved: saved.detach() * 2, lambda saved: say("unpack", saved) or saved)
    pull_back(y, retain_graph=True)
    say(x.grad, y.grad_fn._saved_result)
    raw.register_hooks(lambda saved: saved, lambda saved: saved)


def raw_and_freed(lib: Any, say: Any) -> None:
    y = leaf(lib).exp()
    pull_back(y)
    y.grad_fn._raw_saved_result.register_hooks(lambda saved: saved, lambda saved: saved)


def raw_and_missing(lib: Any, say: Any) -> None:
    (leaf(lib) * 2).grad_fn._raw_saved_self.register_hooks(lambda saved: saved, lambda saved: saved)


def packed(pack: Any, unpack: Any) -> Program:
    def program(lib: Any, say: Any) -> Any:
        x = leaf(lib)
        with lib.autograd.graph.saved_tensors_hooks(pack, unpack(lib)):
            y = x.exp()
        pull_back(y)
        return x.grad

    return program


def packed_along_a_chain(lib: Any, say: Any) -> Any:
    x = lib.tensor([0.5, 0.25], dtype=lib.float64, requires_grad=True)
    packed, unpacked = [], []
    with lib.autograd.graph.saved_tensors_hooks(
        lambda saved: packed.append(saved.tolist()) or saved.numpy(force=True).copy(),
        lambda array: unpacked.append(array.tolist()) or lib.from_numpy(array),
    ):
        y = (x * x).exp().sin() * 3
        y.mul_(y.detach().clone())
        z = y.pow(2).max(0)
    say(sorted(map(str, packed)))
    z[0].backward(retain_graph=True)
    say(sorted(map(str, unpacked)))
    (first,) = lib.autograd.grad(z[0], x, create_graph=True)
    return x.grad.tolist(), [round(each, 6) for each in lib.autograd.grad(first.sum(), x)[0].tolist()]


def nested(lib: Any, say: Any) -> None:
    hooks, x = lib.autograd.graph.saved_tensors_hooks, leaf(lib)
    with hooks(lambda saved: say("outer"), lambda saved: x):
        with hooks(lambda saved: say("inner"), lambda saved: x):
            y = x.exp()
        y.exp()
    y.exp()


def refused(lib: Any, say: Any) -> None:
    graph = lib.autograd.graph
    with graph.disable_saved_tensors_hooks("not here"):
        leaf(lib).exp()
        with graph.save_on_cpu():
            pass


def refused_inside(lib: Any, say: Any) -> None:
    graph = lib.autograd.graph
    with graph.save_on_cpu(), graph.disable_saved_tensors_hooks("not here"):
        pass


def saved_on_cpu(lib: Any, say: Any) -> Any:
    x = leaf(lib)
    with lib.autograd.graph.save_on_cpu(pin_memory=True):
        y = x.exp() * x
    pull_back(y)
    return x.grad


PROGRAMS: dict[str, Program] = {
    "after": after(lambda a, b: None),
    "after, replaced": after(lambda a, b: (a * 3, None)),
    "after, dropped": after(lambda a, b: (None, None)),
    "after, too few": after(lambda a, b: (a,)),
    "after, a tensor": after(lambda a, b: a),
    "after, a list": after(lambda a, b: [a, b]),
    "after, for a constant": after(lambda a, b: (a, a)),
    "after, another shape": after(lambda a, b: (a[:2], None)),
    "after, another dtype": after(lambda a, b: (a.double(), None)),
    "after, a number": after(lambda a, b: (3, None)),
    "before": before(lambda a: None),
    "before, replaced": before(lambda a: (a * 3,)),
    "before, dropped": before(lambda a: (None,)),
    "before, too many": before(lambda a: (a, a)),
    "before, a tensor": before(lambda a: a),
    "before, another shape": before(lambda a: (a[:2],)),
    "tensor": of_tensor(lambda grad: grad * 2),
    "tensor, a number": of_tensor(lambda grad: 3),
    "tensor, another dtype": of_tensor(lambda grad: grad.double()),
    "after accumulating": after_accumulating,
    "after accumulating, no leaf": lambda lib, say: (leaf(lib) * 2).register_post_accumulate_grad_hook(print),
    "after accumulating, no gradient": lambda lib, say: lib.ones(3).register_post_accumulate_grad_hook(print),
    "a leaf's node": of_the_leafs_node,
    "with a graph": with_a_graph,
    "all in order": all_in_order,
    "several": of_several("all"),
    "any of several": of_several("any"),
    "an unknown mode": of_several("some"),
    "edges": edges,
    "metadata": metadata,
    "versions": versions,
    "saved values": saved_values,
    "raw saved values": raw_saved_values,
    "raw and freed": raw_and_freed,
    "raw and missing": raw_and_missing,
    "packed": packed(lambda saved: saved.detach(), lambda lib: lambda content: content * 2),
    "packed as another": packed(lambda saved: 1, lambda lib: lambda content: lib.full((3,), 5.0)),
    "packed, no tensor": packed(lambda saved: 1, lambda lib: lambda content: content),
    "packed, changed": packed(lambda saved: saved.detach().add_(1), lambda lib: lambda content: content),
    "packed along a chain": packed_along_a_chain,
    "nested": nested,
    "refused": refused,
    "refused inside": refused_inside,
    "save_on_cpu": saved_on_cpu,
}


@same_in_both(PROGRAMS)
def test_hooks_are_called_and_answered_as_in_torch(program: Program):
    assert_said_alike(program)


def hooks_everywhere() -> list[Any]:
    linear = minitorch.nn.Linear(3, 3)
    linear.register_full_backward_hook(lambda module, a, b: None)
    x = minitorch.ones(2, 3, requires_grad=True)
    y = linear(x)
    y.register_hook(lambda grad: grad * 2)
    y.grad_fn.register_hook(lambda grad_inputs, grads: None)
    minitorch.autograd.graph.register_multi_grad_hook([x, y], lambda grads: None)
    with minitorch.autograd.graph.saved_tensors_hooks(lambda saved: saved.detach(), lambda saved: saved):
        z = (y * y).exp()
    with minitorch.autograd.set_detect_anomaly(True):
        w = z.sin().sum()
    w.backward()
    return [weakref.ref(each) for each in (x, y, y.grad_fn, z.grad_fn, w.grad_fn)]


def test_nodes_with_hooks_go_when_they_are_dropped():
    hooks_everywhere()  # once before: numba, which compiles now, leaves cycles of its own
    gc.collect()
    gc.disable()
    try:
        assert [each() for each in hooks_everywhere()] == [None] * 5
    finally:
        gc.enable()


# -- anomalies --------------------------------------------------------------------------------------------------------


def nan(lib: Any, say: Any) -> None:
    with lib.autograd.detect_anomaly():
        x = lib.zeros(2, requires_grad=True)
        pull_back(x / x)


def nan_recorded_outside(lib: Any, say: Any) -> None:
    x = lib.zeros(2, requires_grad=True)
    y = (x / x).sum()
    with lib.autograd.set_detect_anomaly(True):
        y.backward()


def nan_allowed(lib: Any, say: Any) -> Any:
    with lib.autograd.detect_anomaly(check_nan=False):
        x = lib.zeros(2, requires_grad=True)
        pull_back(x / x)
        say(lib.is_anomaly_enabled(), lib.is_anomaly_check_nan_enabled())
    say(lib.is_anomaly_enabled(), lib.is_anomaly_check_nan_enabled())
    return x.grad


def changed(lib: Any, say: Any) -> None:
    with lib.autograd.detect_anomaly():
        y = lib.zeros(2, requires_grad=True).exp()
        z = y * 2
        y.add_(1)
        pull_back(z)


@same_in_both(
    {"nan": nan, "nan recorded outside": nan_recorded_outside, "nan allowed": nan_allowed, "changed": changed}
)
def test_an_anomaly_is_reported_as_in_torch(program: Program):
    ours, theirs = (
        [line for line in said(lib, program) if "site-packages" not in line and "_pytest" not in line]
        for lib in (minitorch, torch)
    )
    assert [line for line in ours if "Error" in line or "Warning" in line or "True" in line] == [
        line for line in theirs if "Error" in line or "Warning" in line or "True" in line
    ]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_anomaly_names_the_line_that_made_the_node():
    x = minitorch.zeros(2, requires_grad=True)
    with minitorch.autograd.set_detect_anomaly(True):
        y = x.sqrt() * x  # this one
        with pytest.warns(UserWarning, match="y = x.sqrt") as caught, pytest.raises(RuntimeError, match="nan") as error:
            pull_back(y)
    assert "Error detected in SqrtBackward0. Traceback of forward call" in texts(caught)[0]
    assert "y = x.sqrt() * x" in error.value.__notes__[0]


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_an_anomaly_in_a_gradient_of_a_gradient_names_both_lines():
    x = minitorch.zeros(2, requires_grad=True)
    with minitorch.autograd.set_detect_anomaly(True):
        y = x**1.5
        (first,) = minitorch.autograd.grad(y.sum(), x, create_graph=True)
        with pytest.warns(UserWarning, match="PowBackward0") as caught, pytest.raises(RuntimeError, match="Pow"):
            minitorch.autograd.grad((first * 0).sum(), x)
    failed, induced = texts(caught)
    assert "Error detected in PowBackward0" in failed
    assert "Previous calculation was induced by PowBackward0" in induced
    assert "y = x**1.5" in induced


def texts(caught: pytest.WarningsRecorder) -> list[str]:
    return [str(each.message) for each in caught if each.category is UserWarning]
