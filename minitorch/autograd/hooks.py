"""Functions that users have called: when a gradient is known, when a node is made, when an array is saved."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Self

    from minitorch.autograd.engine import Pass
    from minitorch.autograd.variable import Variable

watchers: list[Callable[[Any], None]] = []
"""Called with each new node. It is empty as long as no mode is on that needs it, and so costs next to nothing."""

current_pass: ContextVar[Pass | None] = ContextVar("current_pass", default=None)
"""The backward pass that is calling hooks at the moment."""


next_sequence_nr = count().__next__
"""Numbers nodes and hooks as they are made."""

Hooks = dict[float, Callable[..., Any]]  # by their order
BEFORE, AFTER, ACCUMULATED = -1, -2, -3  # keys for hooks of a node, beside the numbers of its outputs


class RemovableHandle:
    """What ``register_hook`` returns: ``remove()`` takes the hook away again; works as a context manager too."""

    def __init__(self, remove: Callable[[], Any]) -> None:
        self.remove = remove

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.remove()


def add_hook(hooks: Hooks, hook: Callable[..., Any], key: float | None = None) -> Callable[[], object]:
    """Adds a hook, after all others unless a key says where. Returns what removes it."""
    key = next_sequence_nr() if key is None else key
    hooks[key] = hook
    return lambda: hooks.pop(key, None)


def in_order(hooks: dict[int, Hooks], place: int) -> list[Callable[..., Any]]:
    """The hooks at a place, as they are to be called."""
    here = hooks.get(place, {})
    return [here[key] for key in sorted(here)]


def register_multi_grad_hook(
    tensors: Sequence[Variable], fn: Callable[[Any], None], *, mode: str = "all"
) -> RemovableHandle:
    """Calls ``fn`` once in each backward pass that reaches several tensors.

    Args:
        tensors: those whose gradients are waited for.
        fn: in mode ``"all"`` it is given a list: the gradient of each tensor, ``None`` for those that the pass does not reach.
            In mode ``"any"`` it is given the gradient that is known first.
        mode: ``"all"`` or ``"any"``.

    Torch calls ``fn`` too early in mode ``"all"``, without the other gradients, where a pass starts at one of the tensors; this
    does not.

    Raises:
        ValueError: the mode is another.
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of {('all', 'any')} but got {mode}")
    if mode == "any":
        done: weakref.WeakSet[Pass] = weakref.WeakSet()

        def first_of_a_pass(grad: Variable) -> None:
            this = current_pass.get()
            if this is not None and this not in done:
                done.add(this)
                fn(grad)

        wanted = [each for each in tensors if each._requires_grad]
        return _register([first_of_a_pass] * len(wanted), wanted)
    nodes = [weakref.ref(each._gradient_edge()[0]) for each in tensors]  # which hold what holds this
    collected: dict[Pass, list[Variable | None]] = {}

    def collect(number: int, grad: Variable) -> None:
        this = current_pass.get()
        assert this is not None, "expected this hook to be called inside a backward call"
        grads = collected.setdefault(this, [None] * len(nodes))
        grads[number] = grad
        if sum(each is not None for each in grads) == sum(this.will_run(node()) for node in nodes):
            fn(collected.pop(this))

    return _register([partial(collect, number) for number in range(len(nodes))], tensors)


def _register(hooks: Sequence[Callable[[Variable], None]], tensors: Sequence[Variable]) -> RemovableHandle:
    handles = [each.register_hook(hook) for each, hook in zip(tensors, hooks, strict=True)]
    return RemovableHandle(lambda: [handle.remove() for handle in handles])
