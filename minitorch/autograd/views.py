"""Views and changes in place: how history is re-routed when shared memory is written.

Writing to a view changes its base. Seen from the graph, the base becomes a new value: the old one with one region replaced
(``CopySlices``); and every view of it, when next asked for its history, comes out of the new base (``ViewBackward``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.edges import NO_EDGE, Edge
from minitorch.autograd.graph import Function
from minitorch.autograd.hooks import next_sequence_nr, watchers
from minitorch.autograd.ownership import Array
from minitorch.autograd.saved import Source
from minitorch.kernels import Table, tables

if TYPE_CHECKING:
    from minitorch.autograd.variable import Variable


Step = tuple[type[Function], dict[str, Any], "int | None"]
"""A view operator, its arguments, and which of its results is meant if it has several."""


Steps = Any  # a tuple of Steps and a Step, or None
"""The steps to a view: those before the last, and the last. (A new view of a view copies nothing.)"""


class Region:
    """The part of a base that a view shows: a function that shows it of any array of the base's shape."""

    __slots__ = ("steps",)

    def __init__(self, last: Steps) -> None:
        self.steps: list[Step] = []
        while last is not None:
            last, step = last
            self.steps.insert(0, step)

    def __call__(self, base: Array) -> Array:
        """The view of another array of the base's shape."""
        k = tables[type(base)]
        for operator, params, number in self.steps:
            base = operator().forward(k, base, **params)
            if number is not None:
                base = base[number]
        return base


def region_of(view: Variable) -> Region:
    """What a view shows of its base.

    Raises:
        RuntimeError: the base has since taken another shape in place.
    """
    base, steps = view._view  # type: ignore[misc]  # it is a view
    region = Region(steps)
    if base._reshaped:
        try:
            now = region(base._array)
        except (ValueError, IndexError):
            now = None
        if now is None or not tables[type(now)].coincide(now, view._array):
            raise RuntimeError(
                "this view was taken before its base took another shape in place (t_(), unsqueeze_(), ...), and its history "
                "cannot be followed through that. Take the view again."
            )
    return region


class ViewBackward(Function):
    """A view's history, once its base has been changed: its gradient fills its region of the base, the rest is zero."""

    __slots__ = ("base_shape", "region")

    base_shape: tuple[int, ...]
    region: Region

    @classmethod
    def of(cls, base: Variable, region: Region) -> Edge:
        """The edge for a view of ``base``."""
        node = cls()
        node.base_shape, node.region = base._array.shape, region
        _attach(node, [base._gradient_edge()], region(base._array))
        return (node, 0)

    def backward(self, k: Table, grad: Any) -> tuple[Any]:
        return (k.write_region(k.zeros(self.base_shape, grad), grad, region=self.region),)

    def name(self) -> str:
        return "AsStridedBackward0"


class CopySlices(Function):
    """A base after a region of it went through an operator in place.

    The gradient outside the region passes unchanged; inside, it goes through the operator's own backward formula, to what
    was in the region before and to the operator's other inputs.
    """

    __slots__ = ("expanded", "node", "region")
    namespace = "torch::autograd::"

    expanded: bool
    node: Function
    region: Region

    def _origin(self, source: Source) -> Edge:
        """The inner operator's own result is what the region shows of the new base."""
        if source[2] >= 0:
            return self.node._origin(source)
        view = ViewBackward()
        view.base_shape, view.region = self.outputs[0], self.region
        base = next(value for value, each in zip(self.saved or (), self.sources, strict=True) if each is source)
        _attach(view, [(self, 0)], base)
        return (view, 0)

    def _latest(self, source: Source) -> Edge:
        return super()._latest(source) if source[2] >= 0 else (self.node, ~source[2])

    def backward(self, k: Table, grad: Any, *saved: Any) -> tuple[Any, ...]:
        if self.expanded:
            raise RuntimeError(
                "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
                "Please clone() the tensor before performing the operation."
            )
        inside, *others = self.node.backward(k, k.read_region(grad, region=self.region), *saved)
        if inside is None or inside is False:
            inside = k.zeros(k.read_region(grad, region=self.region).shape, grad)
        return (k.write_region(grad, inside, region=self.region), *others)

    @property
    def broadcasts(self) -> bool:  # type: ignore[override]  # here it is the inner operator's
        return self.node.broadcasts


def refused(view: Variable, what: str) -> RuntimeError:
    """The error for a view that may not be changed in place: ``what`` happened to it."""
    if view._refusal not in ("no_grad", "several"):
        return RuntimeError(view._refusal)
    if view._edge is None:
        begin = f"A view was created in no_grad mode and {what} modified inplace with grad mode enabled."
    else:
        node, number = view._edge
        cut_off = view._refusal == "no_grad"
        begin = (
            f"Output {number} of {node.short_name()} is a view{' of a view which was created in no_grad mode' * cut_off} "
            f"and {what} modified inplace{' with grad mode enabled' * cut_off}."
        )
    if view._refusal == "several":
        return RuntimeError(
            f"{begin} This view is the output of a function that returns multiple views. Such functions do not allow the "
            "output views to be modified inplace. You should replace the inplace operation by an out-of-place one."
        )
    return RuntimeError(
        f"{begin} Given that this use case is ambiguous and error-prone, it is forbidden. You can clarify your code by "
        "moving both the view and the inplace either both inside the no_grad block (if you don't want the inplace to be "
        "tracked) or both outside (if you want the inplace to be tracked)."
    )


def rebase(base: Variable, region: Region, node: Function, expanded: bool) -> None:
    """Gives ``base`` the history of having had ``node``'s operator applied in place to one region of it."""
    outer = CopySlices()
    outer.node, outer.region, outer.expanded = node, region, expanded
    _attach(outer, [base._gradient_edge() if base._requires_grad else NO_EDGE, *node.next_functions[1:]], base._array)
    outer.saved, outer.sources, node.saved = node.saved, node.sources if node.saved else (), ()
    outer.leaves = node.leaves
    base._edge, base._requires_grad = (outer, 0), True


def _attach(node: Function, edges: list[Edge], result: Array) -> None:
    node.hooks = node.leaves = None
    node.next_functions = tuple(edges)
    node.needs = tuple([edge[0] is not None for edge in edges])
    node.outputs = result.shape, result.dtype
    node.saved = node.sources = ()
    node.sequence_nr = next_sequence_nr()
    if watchers:
        node.show_to_watchers()
