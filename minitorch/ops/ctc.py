"""Connectionist temporal classification: a loss for sequences whose labels are known, but not when they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, beside
from minitorch.autograd.variable import Variable
from minitorch.dtypes import from_numpy_dtype
from minitorch.kernels.cpu.creation import as_numpys, cast
from minitorch.ops.arguments import invalid_combination
from minitorch.ops.arithmetic import div
from minitorch.ops.comparison import eq, where
from minitorch.ops.last_derivative import WithoutDerivative
from minitorch.ops.operator import formula, operator
from minitorch.ops.reduced_loss import REDUCTIONS, check_reduction, reduced
from minitorch.ops.shape import squeeze, unsqueeze

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class CtcLossBackward0(Function):
    """Torch's gradient: that of the scores whose ``log_softmax`` the input is. It has no gradient itself."""

    __slots__ = ("blank", "zero_infinity")
    graph_inputs = 1

    def forward(
        self, k: Table, a: Any, targets: Any, lengths: Any, target_lengths: Any, blank: int, zero_infinity: bool
    ) -> Any:
        losses, alpha = k.ctc_loss(a, targets, lengths, target_lengths, blank)
        self.blank, self.zero_infinity = blank, zero_infinity
        self.save(a, targets, lengths, target_lengths, losses, alpha)
        return losses

    def backward(self, k: Table, grad: Any, a: Any, *saved: Any) -> tuple[Any, ...]:
        return (k.ctc_loss_backward(grad, a, *saved, blank=self.blank, zero_infinity=self.zero_infinity),)


@formula("ctc_loss_backward")
class CtcLossBackwardBackward(WithoutDerivative):
    def forward(self, k: Table, grad: Any, a: Any, *saved: Any, **settings: Any) -> Any:  # type: ignore[override]
        self.operator = "_ctc_loss_backward"
        return k.ctc_loss_backward(grad, a, *saved, **settings)


@operator(method=False)
def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str | int = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The negative log-likelihood of labels, summed over all ways to spread them over time.

    Args:
        log_probs: logarithms of probabilities, (time, batch, classes), or (time, classes) for one sequence.
        targets: labels, (batch, at most so many), or those of all sequences after each other.
        input_lengths: how much of the time counts, (batch,); integers.
        target_lengths: how many labels each sequence has, (batch,); integers.
        blank: the class that stands for no label.
        reduction: ``"mean"`` (of losses by their numbers of labels), ``"sum"`` or ``"none"``.
        zero_infinity: impossible labels, of which there are more than the time has room for, count nothing.

    Raises:
        RuntimeError: shapes, lengths or dtypes that do not fit.
        IndexError: a target is not the index of a class.
        ValueError: the reduction is not known.
    """
    reduction = check_reduction(reduction)
    if isinstance(input_lengths, Variable) != isinstance(target_lengths, Variable) or isinstance(input_lengths, int):
        raise invalid_combination(
            "ctc_loss",
            log_probs,
            targets,
            input_lengths,
            target_lengths,
            blank,
            REDUCTIONS.index(reduction),
            zero_infinity,
        )
    batched = log_probs._array.ndim == 3
    lengths, label_lengths = _lengths(input_lengths, "input_lengths"), _lengths(target_lengths, "target_lengths")
    whole = log_probs if batched else unsqueeze(log_probs, 1)
    labels = as_numpys(targets._array) if batched else as_numpys(targets._array)[None]
    labels = _by_sequence(whole._array, labels, lengths, label_lengths, blank)
    losses = CtcLossBackward0.apply(
        whole,
        *[beside(each, whole) for each in (labels, lengths, label_lengths)],
        blank=blank,
        zero_infinity=zero_infinity,
    )
    if zero_infinity:
        losses = where(eq(losses, float("inf")), 0.0, losses)
    if reduction == "mean":
        counts = beside(cast(np.maximum(label_lengths, 1), losses._array.dtype), losses)
        losses = div(losses, counts)
    elif reduction == "none" and not batched:
        return squeeze(losses, 0)
    return reduced(losses, reduction)


def _lengths(given: Tensor | Sequence[int], name: str) -> np.ndarray:
    array = as_numpys(given._array) if isinstance(given, Variable) else np.array(given, np.int64)
    if array.dtype.kind not in "iu":
        raise RuntimeError(f"{name} must be integral")
    return np.atleast_1d(array).astype(np.int64)


def _by_sequence(
    array: np.ndarray, targets: np.ndarray, lengths: np.ndarray, target_lengths: np.ndarray, blank: int
) -> np.ndarray:
    """The labels as rows, one for each sequence, after checking that all fits."""
    if not array.size:
        raise RuntimeError("log_probs tensor must not be empty")
    if array.dtype not in (np.float32, np.float64):
        raise NotImplementedError(f"\"ctc_loss_cpu\" not implemented for '{from_numpy_dtype(array.dtype).scalar_type}'")
    if array.ndim != 3:
        raise _unfit(f"3-dimensional tensor, but got {array.ndim}-dimensional tensor for argument #1 'log_probs'")
    if targets.ndim not in (1, 2):
        raise _unfit(f"1 to 2 dimensions, but got {targets.ndim}-dimensional tensor for argument #2 'targets'")
    time, batch, classes = array.shape
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, each in (("input_lengths", lengths), ("target_lengths", target_lengths)):
        if each.shape != (batch,):
            raise RuntimeError(f"{name} must be of size batch_size")
        if each.min() < 0:
            raise _unfit(f"{name} to have value at least 0, but got value {each[each < 0][0]}")
    most, total = int(target_lengths.max()), int(target_lengths.sum())
    if targets.ndim == 1:
        if len(targets) != total:
            raise _unfit(
                f"tensor to have size {total} at dimension 0, but got size {len(targets)} for argument #2 'targets'"
            )
        rows = np.zeros((batch, most), np.int64)
        rows[np.arange(most) < target_lengths[:, None]] = targets
    else:
        rows = np.ascontiguousarray(targets, np.int64)
        if len(rows) != batch:
            raise _unfit(
                f"tensor to have size {batch} at dimension 0, but got size {len(rows)} for argument #2 'targets'"
            )
        if rows.shape[1] < most:
            raise _unfit(
                f"tensor to have size at least {most} at dimension 1, but got size {rows.shape[1]} for argument #2 'targets'"
            )
    if lengths.max() > time:
        raise _unfit(f"input_lengths to have value at most {time}, but got value {lengths[lengths > time][0]}")
    counted = rows[np.arange(rows.shape[1]) < target_lengths[:, None]]
    outside = counted[(counted < 0) | (counted >= classes)]
    if outside.size:
        raise IndexError(f"Target {outside[0]} is out of bounds.")
    return rows


def _unfit(what: str) -> RuntimeError:
    return RuntimeError(f"Expected {what} (while checking arguments for ctc_loss_allocate_outputs)")
