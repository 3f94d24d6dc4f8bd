"""A tensor's place in the graph: whether it requires gradients, where it came from, and what it shares with others.

``Tensor`` (floor 3) adds everything that is not about gradients.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from sys import getrefcount
from typing import TYPE_CHECKING, Any

from minitorch.autograd import gradients
from minitorch.autograd.accumulate_grad import AccumulateGrad
from minitorch.autograd.edges import NO_EDGE, Edge
from minitorch.autograd.grad_mode import Untracked, is_inference_mode_enabled, recording
from minitorch.autograd.graph import Function, new_tensor
from minitorch.autograd.hooks import ACCUMULATED, RemovableHandle, next_sequence_nr
from minitorch.autograd.ownership import ALONE, Array
from minitorch.autograd.views import Step, Steps, ViewBackward, refused, region_of
from minitorch.dtypes import dtype, from_numpy_dtype

if TYPE_CHECKING:
    from typing import Self


class Variable:
    """An array and its place in the graph.

    Attributes:
        _array: the numbers.
        _version_counter: how often the memory was changed in place, in a list that all views of it share; and then, weakly, the
            node that the base came out of when that was last recorded, and the number of that node's output.
        _requires_grad: whether operators on it are recorded.
        _edge: the node that made it and the number of that node's output; ``None`` for a leaf.
        _view: for a view, what it is a view of, and the view operators that lead from there to it; else ``None``.

    The others are rare, and take space only where they are set.
    """

    __slots__ = ("__dict__", "__weakref__", "_array", "_edge", "_requires_grad", "_version_counter", "_view")

    _array: Array
    _edge: Edge | None
    _requires_grad: bool
    _version_counter: list[Any]
    _view: tuple[Variable, Steps] | None

    _grad: Variable | None = None
    _grad_dtype: Any = None  # numpy's dtype of the gradient, where it is not the tensor's own
    _borrowed: bool = False  # a gradient: its memory is somebody else's too
    _edge_version: int = 0  # a view's edge is stale once the memory's version is past this
    _refusal: str | None = (
        None  # why it may not be changed in place: "no_grad" made it, it is one of "several", or a text
    )
    _accumulator: AccumulateGrad | None = None  # the node that stands for a leaf, and has its hooks
    _stop_retaining: Callable[[], object] | None = None
    _reshaped: bool = False  # a base: it became a view of its own memory, so that views taken before do not lead to it

    # -- making -------------------------------------------------------------------------------------------------------

    def __new__(cls, data: Variable, requires_grad: bool = False) -> Any:
        """The old way to say ``data.detach().requires_grad_(requires_grad)``."""
        if not isinstance(data, Variable):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return data.detach().requires_grad_(requires_grad)

    _of = staticmethod(new_tensor)

    @staticmethod
    def _of_saved(array: Array, version_counter: list[int], edge: Edge) -> Any:
        """The tensor that a node saved, tied to where it came from."""
        self = new_tensor(array)
        self._version_counter = version_counter
        node, _ = edge if array.dtype.kind == "f" else NO_EDGE
        self._requires_grad = node is not None
        if isinstance(node, AccumulateGrad):
            self._accumulator = node
        elif node is not None:
            self._edge = edge
        return self

    def _become_view_of(self, source: Variable, step: Step) -> None:
        """Ties a result to the tensor whose memory it shares."""
        counter = self._version_counter = source._version_counter
        if type(counter) is Untracked:
            return
        if counter[0]:
            self._edge_version = counter[0]
        base, steps = source._view or (source, None)
        self._view = base, (steps, step)
        if not recording.get():
            self._requires_grad = base._requires_grad
            self._refusal = "no_grad"
        elif step[2] is not None:
            self._refusal = "several"
        elif source._refusal is not None:
            self._refusal = source._refusal

    # -- the graph ----------------------------------------------------------------------------------------------------

    @property
    def grad_fn(self) -> Function | None:
        """The node that made this tensor; ``None`` for a leaf."""
        if self._view is not None and self._edge_version != self._version_counter[0]:
            base = self._view[0]
            if base._requires_grad or self._edge is not None:
                if self._refusal is not None:
                    raise refused(self, "its base or another view of its base has been")
                # The memory was changed through the base or another view of it: this view now comes out of the base as it is.
                self._edge = ViewBackward.of(base, region_of(self))
                self._edge_version = self._version_counter[0]
                self._requires_grad = True
        return None if self._edge is None else self._edge[0]

    def _gradient_edge(self) -> Edge:
        """Where a gradient for this tensor goes."""
        if self._view is not None:
            self.grad_fn  # noqa: B018  (reading it brings a view's history up to date)
        edge = self._edge
        if edge is not None:
            return edge
        if not self._requires_grad or self._refusal == "no_grad":
            return NO_EDGE  # no_grad has cut a view off, though it requires gradients
        node = self._accumulator
        if node is None:
            node = self._accumulator = AccumulateGrad(self)
        elif getrefcount(node) == ALONE:
            node.sequence_nr = next_sequence_nr()  # no graph has it: in a new one, it is as old as its first use
        return (node, 0)

    def _wants_grad(self) -> bool:
        """A view requires gradients also if its base has come to do so by a change in place."""
        return self._requires_grad or (self._view is not None and self._view[0]._requires_grad)

    @property
    def output_nr(self) -> int:
        return 0 if self._edge is None else self._edge[1]

    @property
    def is_leaf(self) -> bool:
        """True for tensors that no recorded operator made."""
        return self._edge is None if self._view is None else self.grad_fn is None

    @property
    def requires_grad(self) -> bool:
        """Whether gradients are to be computed for this tensor."""
        return self._wants_grad()

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not isinstance(wanted, bool):
            raise RuntimeError("requires_grad must be a bool")
        if wanted and self._edge is not None:
            raise RuntimeError("you can only change requires_grad flags of leaf variables.")
        if wanted and self._array.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point and complex dtype can require gradients")
        self.requires_grad_(wanted)

    def requires_grad_(self, requires_grad: bool = True) -> Self:
        """Switches recording on or off for a leaf.

        Raises:
            RuntimeError: not a leaf, or not of a floating point dtype.
        """
        if not isinstance(requires_grad, bool):
            raise TypeError(
                f"requires_grad_(): argument 'requires_grad' (position 1) must be bool, not {type(requires_grad).__name__}"
            )
        if self._edge is not None:
            if not requires_grad:
                raise RuntimeError(
                    "you can only change requires_grad flags of leaf variables. If you want to use a computed variable in "
                    "a subgraph that doesn't require differentiation use var_no_grad = var.detach()."
                )
        elif requires_grad and self._array.dtype.kind != "f":
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        elif requires_grad and self.is_inference() and not is_inference_mode_enabled():
            raise RuntimeError("Setting requires_grad=True on inference tensor outside InferenceMode is not allowed.")
        else:
            self._requires_grad = requires_grad
        return self

    @property
    def grad(self) -> Any:
        """The gradient that ``backward()`` has summed up here so far: a tensor of the same shape and dtype, or ``None``."""
        if self._grad is None and self._edge is not None and self._requires_grad and not self.retains_grad:
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its .grad attribute won't be "
                "populated during autograd.backward(). If you indeed want the .grad field to be populated for a non-leaf "
                "Tensor, use .retain_grad() on the non-leaf Tensor. If you access the non-leaf Tensor by mistake, make sure "
                "you access the leaf Tensor instead. See github.com/pytorch/pytorch/pull/30531 for more information.",
                UserWarning,
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, new: Variable | None) -> None:
        if new is not None:
            if not isinstance(new, Variable):
                raise TypeError(
                    f"assigned grad expected to be a Tensor or None but got grad of type {type(new).__name__}"
                )
            if new is self:
                raise RuntimeError("can't assign Variable as its own grad")
            if new._array.shape != self._array.shape:
                raise RuntimeError(
                    f"attempting to assign a gradient of size '{list(new._array.shape)}' to a tensor of size "
                    f"'{list(self._array.shape)}'. Please ensure that the gradient and the tensor are the same size"
                )
            if new._array.device != self._array.device:
                given_type, own = (each._array.device.partition(":")[0] for each in (new, self))
                raise RuntimeError(
                    f"attempting to assign a gradient with device type '{given_type}' to a tensor with device type '{own}'. "
                    "Please ensure that the gradient and the tensor are on the same device"
                )
            if new._array.dtype != (self._grad_dtype or self._array.dtype):
                given, wanted = (from_numpy_dtype(new._array.dtype), self.grad_dtype)
                raise RuntimeError(
                    f"attempting to assign a gradient with dtype '{given.cpp_name}' to a tensor with grad_dtype "
                    f"'{wanted.scalar_type}'. The gradient must match the tensor's grad_dtype (defaults to the tensor's dtype). "
                    "You can set the tensor's grad_dtype attribute with a specific dtype, or None to allow any dtype. Set "
                    "grad_dtype with caution. Diverging the dtypes of a tensor and its gradient may break downstream systems "
                    "that assume they match."
                )
        self._grad = new

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    @property
    def grad_dtype(self) -> dtype:
        """The dtype that gradients are summed up in: this tensor's own unless set to another.

        Raises:
            RuntimeError: not a leaf, or there is a gradient of another dtype already.
        """
        if self._edge is not None:
            raise RuntimeError("grad_dtype can only be accessed on leaf tensors.")
        return from_numpy_dtype(self._grad_dtype or self._array.dtype)

    @grad_dtype.setter
    def grad_dtype(self, wanted: dtype) -> None:
        if self._edge is not None:
            raise RuntimeError("grad_dtype can only be set on leaf tensors.")
        if not isinstance(wanted, dtype):
            raise RuntimeError(f"grad_dtype must be a torch.dtype or None, but got {type(wanted).__name__}")
        if self._grad is not None and self._grad._array.dtype is not wanted.numpy:
            raise RuntimeError(
                f"Cannot set grad_dtype to '{wanted.scalar_type}' because there is already a gradient with dtype "
                f"'{from_numpy_dtype(self._grad._array.dtype).cpp_name}'. Please clear the gradient (.grad = None) before "
                "changing grad_dtype, or ensure the new grad_dtype matches the existing gradient's dtype."
            )
        self._grad_dtype = wanted.numpy
        if self._accumulator is not None:
            self._accumulator.outputs = self._array.shape, wanted.numpy

    @property
    def retains_grad(self) -> bool:
        """Whether ``backward()`` fills in ``.grad`` of this tensor although it is not a leaf."""
        return self._stop_retaining is not None

    def is_inference(self) -> bool:
        """Whether it was made in inference mode."""
        return type(self._version_counter) is Untracked

    @property
    def _version(self) -> int:
        if self.is_inference():
            raise RuntimeError("Inference tensors do not track version counter.")
        return self._version_counter[0]

    def backward(
        self,
        gradient: Variable | None = None,
        retain_graph: bool | None = None,
        create_graph: bool = False,
        inputs: Sequence[Variable] | Variable | None = None,
    ) -> None:
        """Adds the gradient of this tensor with respect to each leaf of its graph to that leaf's ``.grad``.

        Args:
            gradient: the cotangent, of this tensor's shape; may be left out for a single element.
            retain_graph: keep what the nodes have saved, for another pass. Default: the value of ``create_graph``.
            create_graph: record the backward pass itself, so that the gradients can be differentiated.
            inputs: accumulate into these tensors only.

        Raises:
            RuntimeError: no graph, a graph that was freed, a saved tensor that was changed, a cotangent that does not fit.
        """
        gradients.backward(self, gradient, retain_graph, create_graph, inputs=inputs)

    def detach(self) -> Any:
        """The same memory without history."""
        detached = new_tensor(self._array)
        detached._version_counter = self._version_counter
        return detached

    def detach_(self) -> Self:
        """Forgets this tensor's history.

        Raises:
            RuntimeError: the tensor is a view, whose history is its base's.
        """
        if self._view is not None:
            raise RuntimeError(
                "Can't detach views in-place. Use detach() instead. If you are using DistributedDataParallel (DDP) for "
                "training, and gradient_as_bucket_view is set as True, gradients are views of DDP buckets, and hence detach_() "
                "cannot be called on these gradients. To fix this error, please refer to the Optimizer.zero_grad() function in "
                "torch/optim/optimizer.py as the solution."
            )
        self._edge = None
        self._requires_grad = False
        return self

    @property
    def data(self) -> Any:
        """The same memory without history, and without telling autograd of changes made through it."""
        return new_tensor(self._array)

    @data.setter
    def data(self, new: Variable) -> None:
        if new._array.dtype != self._array.dtype or new._array.shape != self._array.shape:
            self._array = new._array
            if self._accumulator is not None:  # it takes gradients of the old kind
                self._accumulator = AccumulateGrad(self, self._accumulator.hooks)
        self._array = new._array

    # -- hooks --------------------------------------------------------------------------------------------------------

    def register_hook(self, hook: Callable[[Any], Any]) -> RemovableHandle:
        """Calls ``hook(grad)`` when this tensor's gradient is known; a tensor that it returns takes the gradient's place.

        Raises:
            RuntimeError: the tensor does not require gradients.
        """
        if not self._requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        node, number = self._gradient_edge()
        return node.register_output_hook(hook, number)

    def register_post_accumulate_grad_hook(self, hook: Callable[[Any], None]) -> RemovableHandle:
        """Calls ``hook(tensor)`` after ``backward()`` has added to this leaf's ``.grad``.

        Raises:
            RuntimeError: the tensor does not require gradients, or is not a leaf.
        """
        if not self._requires_grad:
            raise RuntimeError("cannot register a hook on a tensor that doesn't require gradient")
        if self.grad_fn is not None:
            raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
        return self._gradient_edge()[0]._register(ACCUMULATED, hook)

    def retain_grad(self) -> None:
        """Makes ``backward()`` fill in ``.grad`` of a tensor that is not a leaf.

        Raises:
            RuntimeError: the tensor does not require gradients.
        """
        if not self._requires_grad:
            raise RuntimeError("can't retain_grad on Tensor that has requires_grad=False")
        if self._edge is not None and self._stop_retaining is None:
            node, number = self._gradient_edge()
            self._stop_retaining = node.retain_grad_of(self, number)


def is_inference(input: Variable) -> bool:
    """Whether a tensor was made in inference mode."""
    return input.is_inference()
