"""The backward pass.

Gradients in flight wait, summed up, at the node that they have reached. The youngest of those nodes is always complete:
whatever else could send it a gradient is younger still, and would be waiting too. So one heap of node numbers is all the
order there is; nothing is counted beforehand and nothing recurses.

Every gradient is an array, and the formulas run on arrays; with ``create_graph`` it is a tensor, and the same formulas
record a graph of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from minitorch.autograd import anomaly_mode
from minitorch.autograd.accumulate_grad import AccumulateGrad
from minitorch.autograd.edges import Edge
from minitorch.autograd.grad_mode import set_grad_enabled
from minitorch.autograd.graph import Function, new_tensor
from minitorch.autograd.hooks import ACCUMULATED, AFTER, BEFORE, Hooks, current_pass, in_order, watchers
from minitorch.autograd.ownership import has_memory_of_its_own, is_alone
from minitorch.kernels import tables

if TYPE_CHECKING:
    from minitorch.autograd.variable import Variable

Gradient = Any  # an array, or with create_graph a tensor
_AtNode = tuple[Function, list[Gradient | None]]
"""A node, and the gradients that have reached its outputs so far."""


def run(
    roots: list[tuple[Edge, Gradient]],
    retain_graph: bool,
    create_graph: bool,
    targets: dict[Edge, Gradient | None] | None = None,
    accumulate: bool = True,
) -> None:
    """Carries gradients from the roots down to the leaves.

    Args:
        roots: where to start, and with which gradients.
        retain_graph: keep the saved arrays.
        create_graph: gradients are tensors and the pass is recorded.
        targets: go only where these edges can be reached, and write down here the gradients that arrive at them.
        accumulate: add the gradients that arrive at leaves to their ``.grad``.
    """
    wanted = None if targets is None else _nodes_above(targets, [edge[0] for edge, _ in roots])
    waiting: dict[int, _AtNode] = {}
    youngest: list[int] = []  # a heap of negated sequence numbers
    node: Any = None
    edges: Sequence[Edge] = [edge for edge, _ in roots]
    results: Sequence[Gradient | None] = [grad for _, grad in roots]
    differentiate = (
        anomaly_mode.watched(_differentiate) if watchers and anomaly_mode.is_anomaly_enabled() else _differentiate
    )
    this: Pass | None = None
    with set_grad_enabled(create_graph):
        while True:
            for (below, number), grad in zip(edges, results, strict=True):
                if below is None or grad is None or grad is False or (wanted is not None and below not in wanted):
                    continue
                shape, dtype = below.outputs[2 * number : 2 * number + 2]
                array = grad._array if create_graph else grad
                if array.shape != shape or array.dtype is not dtype:
                    grad = _fit(node, grad, shape, dtype)
                sequence_nr = below.sequence_nr
                if sequence_nr in waiting:
                    _, grads = waiting[sequence_nr]
                    grads[number] = grad if grads[number] is None else _add(grads, number, grad)
                else:
                    grads = [None] * (len(below.outputs) // 2)
                    grads[number] = grad
                    waiting[sequence_nr] = below, grads
                    heappush(youngest, -sequence_nr)
            grad = array = edges = results = ()  # see is_alone(): nothing but `waiting` shall hold what waits
            if not youngest:
                return
            node, grads = waiting.pop(-heappop(youngest))
            hooks = node.hooks
            # As in torch, a target is without what the hooks do where the pass goes on to other targets.
            early = wanted is not None and not accumulate and any(edge[0] in wanted for edge in node.next_functions)
            if targets is not None and early:
                _write_down(node, grads, targets)
            if hooks:
                if this is None:
                    this = Pass([edge[0] for edge, _ in roots], wanted)
                _run_hooks(this, node, hooks, grads)
            if targets is not None and not early:
                _write_down(node, grads, targets)
            if type(node) is AccumulateGrad:
                if accumulate and (targets is None or (node, 0) in targets):
                    if hooks:
                        _run_node_hooks(_accumulate, node, grads, create_graph)
                    else:
                        node.accumulate(grads)
            elif wanted is None or node in wanted:
                edges = node.next_functions
                if hooks:
                    results = _run_node_hooks(differentiate, node, grads, create_graph)
                else:
                    results = differentiate(node, grads, create_graph)
                if not retain_graph and node.saved:
                    node.saved = None


def _write_down(node: Function, grads: list[Gradient | None], targets: dict[Edge, Gradient | None]) -> None:
    for number, grad in enumerate(grads):
        if (node, number) in targets:
            targets[node, number] = grad


def _add(grads: list[Gradient | None], number: int, grad: Gradient) -> Gradient:
    """One more gradient, added to those that have come before."""
    k = tables[type(grad)]
    if not isinstance(grad, Function.Tensor) and is_alone(grads, number):
        known = grads[number]
        if has_memory_of_its_own(known):
            return k.add_into(known, grad)
    return k.add(grads[number], grad)


def _differentiate(node: Function, grads: list[Gradient | None], create_graph: bool) -> Sequence[Gradient | None]:
    """The node's formula, on the gradients of its outputs: zeros stand for those that nothing depended on."""
    saved: Sequence[Any] = node.saved_in_graph() if create_graph else node.saved_arrays()
    present = grads[0]
    if len(grads) > 1:
        present = next(grad for grad in grads if grad is not None)
        if node.fills_in_zeros:
            k = tables[type(present)]
            grads = [
                k.expand(k.zeros((), present, dtype), shape) if grad is None else grad
                for grad, shape, dtype in zip(grads, node.outputs[::2], node.outputs[1::2], strict=True)
            ]
    result = node.backward(tables[type(present)], *grads, *saved)
    if len(result) != len(node.next_functions):
        raise RuntimeError(
            f"function {node.name()} returned an incorrect number of gradients "
            f"(expected {len(node.next_functions)}, got {len(result)})"
        )
    return result


def _fit(node: Function, grad: Gradient, shape: tuple[int, ...], dtype: Any) -> Gradient:
    """Gives a gradient the shape and dtype of the input that it is for: this undoes broadcasting and type promotion."""
    k = tables[type(grad)]
    if grad.shape != shape:
        if not node.broadcasts:
            raise RuntimeError(
                f"Function {node.name()} returned an invalid gradient - got {list(grad.shape)} but expected shape "
                f"compatible with {list(shape)}"
            )
        grad = k.sum_to(grad, shape)
    return k.cast(grad, dtype)


class Pass:
    """One backward pass, for hooks that ask about it."""

    def __init__(self, roots: list[Function], wanted: set[Function] | None) -> None:
        self._roots, self._wanted = roots, wanted

    def will_run(self, node: Function | None) -> bool:
        """Whether the pass comes to a node, or has come to it."""
        return node in (_reached_from(self._roots) if self._wanted is None else self._wanted)


def _run_hooks(this: Pass, node: Function, hooks_of: dict[int, Hooks], grads: list[Gradient | None]) -> None:
    """Shows the gradients to their hooks, as tensors; what a hook returns takes the gradient's place."""
    Tensor = Function.Tensor
    token = current_pass.set(this)
    try:
        for number, grad in enumerate(grads):
            if grad is None or number not in hooks_of:
                continue
            tensor = grad if isinstance(grad, Tensor) else new_tensor(grad)
            for hook in in_order(hooks_of, number):
                returned = hook(tensor)
                if returned is None:
                    continue
                if not isinstance(returned, Tensor):
                    raise TypeError(f"expected Variable, but hook returned {type(returned).__name__!r}")
                tensor = returned
                _check_alike(hook, tensor, grad)
            grads[number] = tensor if isinstance(grad, Tensor) else tensor._array
    finally:
        current_pass.reset(token)


def _run_node_hooks(
    compute: anomaly_mode.Formula, node: Function, grads: list[Gradient | None], create_graph: bool
) -> Sequence[Gradient | None]:
    """Computes a node's formula, between the hooks that the node has for it."""
    hooks = node.hooks or {}
    for hook in in_order(hooks, BEFORE):
        grads[:] = _replaced(hook, grads, hook(_shown(grads)), create_graph)
    given = _shown(grads) if AFTER in hooks else ()
    nothing = all(grad is None for grad in grads)
    results = [None] * len(node.next_functions) if nothing else compute(node, grads, create_graph)
    for hook in in_order(hooks, AFTER):
        results = _replaced(hook, results, hook(_shown(results), given), create_graph)
    return results


def _shown(grads: Sequence[Gradient | None]) -> tuple[Variable | None, ...]:
    """Gradients as hooks see them."""
    return tuple(
        None if grad is None or grad is False else grad if isinstance(grad, Function.Tensor) else new_tensor(grad)
        for grad in grads
    )


def _replaced(
    hook: Callable[..., Any], grads: Sequence[Gradient | None], returned: Any, create_graph: bool
) -> Sequence[Gradient | None]:
    """What a hook returned, in place of the gradients; ``None`` leaves them as they are."""
    if returned is None:
        return grads
    if not isinstance(returned, tuple):
        raise TypeError(f"expected tuple, but hook returned {type(returned).__name__!r}")
    if len(returned) != len(grads):
        raise RuntimeError(
            f"hook '{_name_of(hook)}' has returned an incorrect number of values (got {len(returned)}, but expected {len(grads)})"
        )
    for each, before in zip(returned, grads, strict=True):
        if each is None:
            continue
        if not isinstance(each, Function.Tensor):
            raise TypeError(f"expected Variable, but hook returned {type(each).__name__!r}")
        if before is None or before is False:
            raise RuntimeError("can't replace a None gradient with a non-None value")
        _check_alike(hook, each, before)
    return [each if each is None or create_graph else each._array for each in returned]


def _check_alike(hook: Callable[..., Any], tensor: Any, before: Gradient) -> None:
    """A hook may give other numbers, but not another kind of tensor."""
    known: Any = before if isinstance(before, Function.Tensor) else new_tensor(before)
    given, wanted = tensor._array, known._array
    if given.dtype is not wanted.dtype or given.device != wanted.device:
        raise RuntimeError(
            f"hook '{_name_of(hook)}' has changed the type of value (was {known._type_name()} got {tensor._type_name()})"
        )
    if given.shape != wanted.shape:
        raise RuntimeError(f"hook '{_name_of(hook)}' has changed the size of value")


def _name_of(hook: Callable[..., Any]) -> str:
    return getattr(hook, "__name__", type(hook).__name__)


def _accumulate(node: Function, grads: list[Gradient | None], create_graph: bool) -> Sequence[Gradient | None]:
    """The formula of the end of the graph, and the hooks that come after it."""
    assert isinstance(node, AccumulateGrad)
    node.accumulate(grads)
    for hook in in_order(node.hooks or {}, ACCUMULATED):
        hook(node.variable)
    return ()


def _reached_from(roots: list[Function]) -> set[Function]:
    """All nodes that a pass from these can come to."""
    reached: set[Function] = set()
    stack = list(roots)
    while stack:
        node = stack.pop()
        if node not in reached:
            reached.add(node)
            stack.extend(edge[0] for edge in node.next_functions if edge[0] is not None)
    return reached


def _nodes_above(targets: dict[Edge, Any], roots: list[Function]) -> set[Function]:
    """The nodes through which a target can be reached."""
    above = {edge[0] for edge in targets}
    for node in sorted(_reached_from(roots), key=lambda node: node.sequence_nr):  # what a node leads to is older
        if any(edge[0] in above for edge in node.next_functions):
            above.add(node)
    return above
