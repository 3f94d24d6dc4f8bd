"""What a node has saved for its formula: arrays, the tensors that they belong to, and the names to read them by."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minitorch.autograd.anomaly_mode import is_anomaly_enabled
from minitorch.autograd.edges import NO_EDGE, Edge
from minitorch.autograd.grad_mode import Untracked, no_grad
from minitorch.autograd.saved_hooks import PACKED, Packed, SavedTensor
from minitorch.kernels import tables

if TYPE_CHECKING:
    from minitorch.autograd.ownership import Array
    from minitorch.autograd.variable import Variable

Source = tuple[list[Any], int, int]
"""Which tensor a saved array belongs to: its version counter, its version then, and its number among the inputs; among the
node's own results it is -1, -2, … (A node that held the tensors themselves would be part of a cycle.)"""


class SavedValues:
    """The part of a node that holds what its formula needs.

    Attributes:
        saved: what ``forward`` passed to ``save``; ``None`` once ``backward()`` has freed it.
        sources: for each saved value, the tensor that it belongs to, or ``None`` if it is the node's own.
    """

    __slots__ = ("saved", "sources")

    saved: Sequence[Any] | None
    sources: Sequence[Source | None]

    Tensor: ClassVar[type[Variable]]  # these two are the node's
    next_functions: tuple[Edge, ...]

    def save(self, *values: Any) -> None:
        """Keeps values for ``backward``, which gets them as its last arguments."""
        self.saved = values

    def _find_sources(
        self, inputs: Sequence[Any], arrays: Sequence[Any], results: Sequence[Variable]
    ) -> tuple[Source | None, ...]:
        """Finds the tensors that the saved arrays belong to, among the inputs and the results."""
        sources: list[Source | None] = []
        for value in self.saved or ():
            source = None
            if value is not None:
                for number, array in enumerate(arrays):
                    if array is value:
                        if isinstance(inputs[number], self.Tensor):
                            counter = inputs[number]._version_counter
                            source = counter, counter[0], number
                        break
                else:
                    for number, tensor in enumerate(results):
                        if tensor._array is value:
                            source = tensor._version_counter, tensor._version_counter[0], ~number
            sources.append(source)
        return tuple(sources)

    def saved_arrays(self) -> Sequence[Any]:
        """The saved values for ``backward`` on arrays; raises torch's errors if they are gone or have changed."""
        saved = self.saved
        if saved:
            for source in self.sources:
                if source is not None and source[0][0] != source[1]:
                    return self._unpacked_arrays()
        elif saved is None:
            raise RuntimeError(
                "Trying to backward through the graph a second time (or directly access saved tensors after they have "
                "already been freed). Saved intermediate values of the graph are freed when you call .backward() or "
                "autograd.grad(). Specify retain_graph=True if you need to backward through the graph a second time or "
                "if you need to access saved tensors after calling backward."
            )
        return saved

    def _unpacked_arrays(self) -> Sequence[Any]:
        """The saved values where some of them were packed by hooks, or have changed."""
        values = []
        for value, source in zip(self.saved or (), self.sources, strict=True):
            if source is not None and source[0] is PACKED:
                value = value.unpack()
            elif source is not None and source[0][0] != source[1]:
                raise self._modified(source)
            values.append(value)
        return tuple(values)

    def pack(self, position: int, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        """Keeps what a hook makes of a saved tensor in its place.

        Raises:
            RuntimeError: the hook has changed the tensor.
        """
        saved, sources = list(self.saved or ()), list(self.sources)
        counter, version, number = sources[position]  # type: ignore[misc]  # the caller has seen that there is one
        tensor = self.Tensor._of_saved(saved[position], counter, self._origin((counter, version, number)))
        with no_grad():
            content = pack_hook(tensor)
        if counter[0] != version:
            raise RuntimeError(
                "A saved tensor pack hook is modifying its input in place. Tensors provided as input to pack hook cannot be "
                "modified by in-place operations as this can lead to unexpected side-effects. Please open an issue if you need "
                "to perform in-place operations on the input to a pack hook."
            )
        saved[position], sources[position] = Packed(content, unpack_hook), (PACKED, version, number)
        self.saved, self.sources = tuple(saved), tuple(sources)

    def saved_in_graph(self) -> list[Any]:
        """The saved values for ``backward`` on tensors."""
        return self.tied(self.saved_arrays())

    def tied(self, saved: Sequence[Any]) -> list[Any]:
        """Saved values as tensors that are part of the graph, so that what is computed with them can be differentiated."""
        return [
            self.Tensor._of_saved(value, [0] if source[0] is PACKED else source[0], self._origin(source))
            if source is not None
            else self.Tensor._of(value) if type(value) in tables
            else value
            for value, source in zip(saved, self.sources if saved else (), strict=True)
        ]  # fmt: skip

    def _origin(self, source: Source) -> Edge:
        """Where the gradient of a saved tensor goes."""
        _, _, number = source
        if number < 0:
            return self, ~number  # type: ignore[return-value]  # it is a node
        return self.next_functions[number] if number < len(self.next_functions) else NO_EDGE

    def _latest(self, source: Source) -> Edge:
        """Where a saved tensor that has been changed comes from now; a view, whose name says so, from its base."""
        counter, _, number = source
        producer, output_nr = self._origin(source)
        if producer is None or number < 0:
            return producer, output_nr
        if producer.is_view:
            return producer, 0
        latest = counter[1]() if len(counter) > 1 else None
        older: Any = latest
        while older is not None and older is not producer:  # through what else was done in place to the same tensor
            older = older.next_functions[0][0] if older.next_functions else None
        return (producer, output_nr) if latest is None or older is None else (latest, counter[2])

    def _modified(self, source: Source) -> RuntimeError:
        """The error for a tensor that was changed since it was saved."""
        counter, version, _ = source
        value = next(value for value, each in zip(self.saved or (), self.sources, strict=True) if each is source)
        producer, number = self._latest(source)
        known = producer is not None and producer.next_functions  # a leaf's own node leads nowhere
        name = known and ("AsStrided" if producer.is_view else producer.short_name())
        origin = f", which is output {number} of {name}," if known else ""
        return RuntimeError(
            "one of the variables needed for gradient computation has been modified by an inplace operation: "
            f"[{self.Tensor._of(value)._type_and_shape()}]{origin} is at version {counter[0]}; "
            f"expected version {version} instead. Hint: "
            + (
                "the backtrace further above shows the operation that failed to compute its gradient. The variable in question "
                "was changed in there or anywhere later. Good luck!"
                if is_anomaly_enabled()
                else "enable anomaly detection to find the operation that failed to compute its gradient, with "
                "torch.autograd.set_detect_anomaly(True, check_nan=False)."
            )
        )

    def resave(self, number: int, result: Array, target: Variable) -> None:
        """Lets ``target``, over which a result was written in place, stand for that result among the saved values."""
        saved = self.saved or ()
        counter = target._version_counter
        self.sources = [(counter, counter[0], ~number) if value is result else source
                        for value, source in zip(saved, self.sources if saved else (), strict=True)]  # fmt: skip
        self.saved = tuple([target._array if value is result else value for value in saved])


def increment_version(tensor: Any) -> None:
    """Tells autograd that the memory of a tensor, or of several, was changed by something that autograd does not know of."""
    for each in tensor if isinstance(tensor, Sequence) else [tensor]:
        if type(each._version_counter) is not Untracked:
            each._version_counter[0] += 1


# -- torch's names ----------------------------------------------------------------------------------------------------

_TORCHS_NAMES = {"a": "self", "b": "other", "shape": "self_sym_sizes"} | {
    setting: setting for setting in ("alpha", "beta", "dim", "dims", "exponent", "index", "keepdim")
}


def name_saved_values(node: type, formula: Any, slots: tuple[str, ...], saves: dict[str, str]) -> None:
    """Lets a class of nodes show what it holds under torch's names: ``node._saved_self``, ``node._raw_saved_self``.

    Args:
        node: the class.
        formula: its ``backward``, whose arguments are gradients and then the saved values; ``None`` if it has none of its own.
        slots: where it keeps settings.
        saves: torch's names for some of the arguments and slots.
    """
    names = _TORCHS_NAMES | saves
    arguments = () if formula is None else formula.__code__.co_varnames[2 : formula.__code__.co_argcount]
    for position, each in enumerate(each for each in arguments if not each.startswith(("grad", "_"))):
        setattr(node, f"_saved_{names.get(each, each)}", property(partial(_saved_value, position=position)))
        setattr(node, f"_raw_saved_{names.get(each, each)}", property(partial(SavedTensor, position=position)))
    for each in names.keys() & slots:
        setattr(node, f"_saved_{names[each]}", property(attrgetter(each)))


def _saved_value(node: Any, position: int) -> Any:
    value = node.saved_in_graph()[position]
    if isinstance(value, bool | int | float) and node.graph_inputs is None:
        return node.Tensor._of(np.asarray(value))  # an operand like others, as torch sees it
    return value
