"""Changes in place: which tensors may be changed, and what history they have afterwards."""

from __future__ import annotations

import gc
import weakref
from sys import getrefcount
from typing import Any

from minitorch.autograd.accumulate_grad import AccumulateGrad
from minitorch.autograd.grad_mode import Untracked, is_inference_mode_enabled, recording
from minitorch.autograd.graph import new_tensor
from minitorch.autograd.variable import Variable
from minitorch.autograd.views import rebase, refused, region_of


def is_expanded(tensor: Variable) -> bool:
    """Whether some of the elements lie at one place."""
    array = tensor._array
    return bool(
        array.size
        and 0 in array.strides
        and any(size > 1 and not step for size, step in zip(array.shape, array.strides, strict=True))
    )


def check_written_once(tensor: Variable) -> None:
    """Raises torch's error where two elements lie at one place, so that writing all of them cannot be done."""
    if is_expanded(tensor):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory location. "
            "Please clone() the tensor before performing the operation."
        )


def check_inplace(tensor: Variable, recorded: bool | None = None, once: bool = True) -> None:
    """Raises torch's error where a tensor may not be changed in place.

    Args:
        tensor: what is to be changed.
        recorded: the change goes into the graph. Default: if the tensor requires gradients, and no_grad is not on.
        once: no two elements may lie at one place.
    """
    if tensor._wants_grad() and recording.get() if recorded is None else recorded:
        if tensor._view is not None:
            if tensor._refusal in ("no_grad", "several"):
                raise refused(tensor, "is being")
            if tensor._wants_grad() and tensor._view[0].is_leaf:
                raise RuntimeError(
                    "a view of a leaf Variable that requires grad is being used in an in-place operation."
                )
        if tensor._refusal is not None:
            raise refused(tensor, "is being")
        if tensor._wants_grad() and tensor.is_leaf:
            raise RuntimeError("a leaf Variable that requires grad is being used in an in-place operation.")
    if once:
        check_written_once(tensor)
    if type(tensor._version_counter) is Untracked and not is_inference_mode_enabled():
        raise RuntimeError(
            "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a normal "
            "tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more details."
        )


def as_it_was(tensor: Variable) -> Any:
    """A tensor's array and history as they are, in a tensor of their own."""
    twin = new_tensor(tensor._array)
    twin._edge = tensor._gradient_edge() if tensor._requires_grad else None
    twin._requires_grad, twin._view = tensor._requires_grad, tensor._view
    twin._version_counter, twin._edge_version = tensor._version_counter, tensor._version_counter[0]
    return twin


def become(tensor: Variable, view: Variable) -> None:
    """Gives a tensor the shape, strides and history of a view of it as it was."""
    tensor._version_counter[0] += 1
    tensor._array = view._array
    if view._edge is not None:
        tensor._edge, tensor._requires_grad = view._edge, True
    if tensor._view is None:
        tensor._reshaped = True
    else:
        tensor._view, tensor._edge_version = view._view, tensor._version_counter[0]
    if tensor._accumulator is not None:  # it takes gradients of the old shape
        tensor._accumulator = AccumulateGrad(tensor, tensor._accumulator.hooks)


def take_over(tensor: Variable, result: Variable) -> None:
    """Finishes a change in place: the tensor (its memory is written already) now has the history of ``result``."""
    tensor._version_counter[0] += 1
    if result._edge is None:
        return
    node, number = result._edge
    node.resave(number, result._array, tensor)
    target = tensor if tensor._view is None else tensor._view[0]
    if not target._requires_grad and getrefcount(tensor._version_counter) > (2 if tensor is target else 3):
        _tell_views(tensor._version_counter)
    if tensor._view is None:
        tensor._edge, tensor._requires_grad = result._edge, True
    else:
        base = tensor._view[0]
        rebase(base, region_of(tensor), node, is_expanded(tensor))
        tensor._edge_version = -1  # the next look at grad_fn finds the new history through the base
        tensor._requires_grad = True
    latest, number = (tensor if tensor._view is None else tensor._view[0])._edge  # type: ignore[misc]  # it has one now
    tensor._version_counter[1:] = [weakref.ref(latest), number]
    if tensor._stop_retaining is not None:
        tensor._stop_retaining()
        tensor._stop_retaining = None
        tensor.retain_grad()


def _tell_views(version_counter: list[int]) -> None:
    """Lets the views of a base, which had no history and is about to get one, know that they have one too.

    A base does not know its views, which would cost every view something; so this looks for all that share its counter.
    """
    for each in gc.get_referrers(version_counter):
        if isinstance(each, Variable) and each._view is not None:
            each._requires_grad = True
