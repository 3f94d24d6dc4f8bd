"""Hooks on what nodes save: tensors are packed on their way into a node, and unpacked on their way out of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from minitorch.autograd.hooks import watchers

Pack = Callable[[Any], Any]
Unpack = Callable[[Any], Any]

PACKED = [-1]
"""Stands for the version counter of a packed tensor. It equals no version, so that reading takes the way around."""

_pairs: ContextVar[tuple[tuple[Pack, Unpack], ...]] = ContextVar("saved_tensors_hooks", default=())
_refusal: ContextVar[str | None] = ContextVar("disabled_saved_tensors_hooks", default=None)


class Packed:
    """What a node holds in place of an array, once a hook has packed it."""

    __slots__ = ("content", "unpack_hook")

    def __init__(self, content: Any, unpack_hook: Unpack) -> None:
        self.content, self.unpack_hook = content, unpack_hook

    def unpack(self) -> Any:
        """The array again.

        Raises:
            TypeError: the hook returned something else than a tensor.
        """
        tensor = self.unpack_hook(self.content)
        if not hasattr(tensor, "_array"):
            raise TypeError(
                f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type "
                f"{type(tensor).__name__}"
            )
        return tensor._array


def _pack(node: Any) -> None:
    """Gives the tensors that a new node has saved to the innermost pair of hooks."""
    pairs = _pairs.get()
    if pairs:
        for position, source in enumerate(node.sources if node.saved else ()):
            if source is not None and source[0] is not PACKED:
                node.pack(position, *pairs[-1])


class saved_tensors_hooks:
    """Inside, tensors that nodes save go through ``pack_hook``, and are read back through ``unpack_hook``.

    With two such contexts inside each other, the inner one's hooks are called. What ``pack_hook`` returns should not hold the
    tensor that it was given itself: a node that is held by what it holds is not freed until the garbage collector comes by.

    Args:
        pack_hook: takes a tensor; what it returns, of any kind, is kept in its place.
        unpack_hook: takes what ``pack_hook`` returned; returns a tensor with the same contents.
    """

    def __init__(self, pack_hook: Pack, unpack_hook: Unpack) -> None:
        self.pack_hook, self.unpack_hook = pack_hook, unpack_hook

    def __enter__(self) -> None:
        refusal = _refusal.get()
        if refusal is not None:
            raise RuntimeError(refusal)
        _pairs.set((*_pairs.get(), (self.pack_hook, self.unpack_hook)))
        watchers.append(_pack)

    def __exit__(self, *exception: object) -> None:
        watchers.remove(_pack)
        _pairs.set(_pairs.get()[:-1])


class save_on_cpu(saved_tensors_hooks):
    """Inside, saved tensors are kept in the memory of the CPU, and copied back to where they were when they are read.

    Args:
        pin_memory: keep what was on a GPU in page-locked memory, from which it is copied while Python goes on.
        device_type: of no effect.
    """

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Any) -> tuple[Any, Any]:
            kept = tensor.detach().cpu()
            return tensor.device, kept.pin_memory() if pin_memory and tensor.is_cuda else kept

        super().__init__(pack, lambda packed: packed[1].to(packed[0], non_blocking=pin_memory))


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, ``saved_tensors_hooks`` raises a RuntimeError with this message."""
    if _pairs.get():
        raise RuntimeError(error_message)
    token = _refusal.set(error_message)
    try:
        yield
    finally:
        _refusal.reset(token)


class SavedTensor:
    """``node._raw_saved_self``: one saved tensor, which hooks of its own may pack."""

    __slots__ = ("_node", "_position")

    def __init__(self, node: Any, position: int) -> None:
        self._node, self._position = node, position

    def register_hooks(self, pack_hook: Pack, unpack_hook: Unpack) -> None:
        """Packs the tensor now; whoever reads it unpacks it.

        Raises:
            RuntimeError: it has hooks already, it has been freed, or nothing was saved here.
        """
        node, position = self._node, self._position
        if node.saved is None:
            raise RuntimeError(
                "Calling register_hooks on a saved tensor after it has been freed. Saved intermediate values of the graph are "
                "freed when you call .backward() or autograd.grad(). Specify retain_graph=True if you need to backward through "
                "the graph a second time or if you need to access saved variables after calling backward."
            )
        if node.saved[position] is None:
            raise RuntimeError("Calling register_hooks on a saved tensor with value None is forbidden")
        if node.sources[position][0] is PACKED:
            raise RuntimeError("Calling register_hooks on a saved tensor whose hooks have already been set. "
                               "Hint: only one pair of hooks is allowed at a time.")  # fmt: skip
        node.pack(position, pack_hook, unpack_hook)
