"""Losses that ask for a margin: between scores, between distances, or between classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minitorch.autograd.graph import Function, beside
from minitorch.ops.arguments import dtype_name, lies_within
from minitorch.ops.arithmetic import AddBackward1, add, div, mul, neg, sub
from minitorch.ops.comparison import eq, ne, where
from minitorch.ops.conversion import cast
from minitorch.ops.elementary import sqrt
from minitorch.ops.extremes import clamp_min, minimum
from minitorch.ops.last_derivative import last
from minitorch.ops.operator import operator
from minitorch.ops.reduced_loss import ReducedLoss, check_reduction, reduced
from minitorch.ops.reduction import sum
from minitorch.ops.similarity import pairwise_distance

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

SMALLEST_SQUARE = 1e-12
"""Is added to squared lengths, so that their root has a derivative."""


class SubBackward1(AddBackward1):
    """A number that a larger operator supplies, taken away: it has no edge."""

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        return k.sub(a, number)


class SoftMarginLossBackward0(ReducedLoss):
    """log(1 + exp(-ba)); dl/da = -b exp(-ba) / (1 + exp(-ba))."""

    graph_inputs = 1
    shaped_as = 0

    def losses(self, k: Table, a: Any, b: Any) -> Any:
        return k.log1p(k.exp(k.neg(k.mul(b, a))))

    def gradients(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        z = k.exp(k.neg(k.mul(b, a)))
        return (k.mul(grad, k.div(k.neg(k.mul(b, z)), k.add(z, 1))),)


class MarginLoss(Function):
    """A loss for each row of scores, or for a single one; a kernel computes it, and its derivative by each score."""

    __slots__ = ("reduction",)
    graph_inputs = 1
    operator: ClassVar[str]

    def forward(self, k: Table, a: Any, target: Any, *weight: Any, reduction: str, **params: Any) -> Any:
        rows = a if a.ndim == 2 else k.reshape(a, (1, -1))
        targets = k.reshape(target, rows.shape if self.operator == "multilabel_margin" else (-1,))
        losses, slopes = getattr(k, self.operator)(rows, targets, *weight, **params)
        self.reduction = reduction
        self.save(a, k.reshape(slopes, a.shape))
        if reduction == "none" or a.ndim < 2:
            one_by_one = reduction == "none" and self.operator == "multi_margin"
            return k.reshape(losses, target.shape if one_by_one else a.shape[:-1])
        return getattr(k, reduction)(losses, None, False)

    def backward(self, k: Table, grad: Any, a: Any, slopes: Any) -> tuple[Any, ...]:
        if self.reduction == "mean" and len(slopes.shape) == 2:
            grad = k.div(grad, slopes.shape[0])
        by_row = k.reshape(grad, (-1, *(1,) * (len(slopes.shape) - 1)) if slopes.shape else ())
        return (last(k, k.mul(by_row, slopes), a, operator=f"{self.operator}_loss_backward"),)


class MultiMarginLossBackward0(MarginLoss):
    """sum_i w_t max(0, margin - a_t + a_i)^p / n, over i other than the target t."""

    operator = "multi_margin"


class MultilabelMarginLossBackward0(MarginLoss):
    """sum_{t, i} max(0, 1 - a_t + a_i) / n, over targets t and other classes i."""

    operator = "multilabel_margin"


@operator(method=False, public=False)
def soft_margin_loss(input: Tensor, target: Tensor, reduction: str | int = "mean") -> Tensor:
    """``log(1 + exp(-target * input))``, its mean or its sum.

    Args:
        input: any shape, floating point.
        target: 1 or -1, the same shape.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the reduction is not known.
    """
    if input._array.dtype.kind != "f":
        raise RuntimeError(f"result type Float can't be cast to the desired output type {dtype_name(input)}")
    target = cast(target, input._array.dtype)
    return SoftMarginLossBackward0.apply(input, target, None, reduction=check_reduction(reduction))


@operator(method=False)
def margin_ranking_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str | int = "mean"
) -> Tensor:
    """``max(0, margin - target * (input1 - input2))``: which of two is to be ranked higher.

    Args:
        input1: any shape.
        input2: likewise; broadcast.
        target: 1 where the first is to be higher, -1 where the second is; broadcast.
        margin: by how much.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the reduction is not known.
    """
    return reduced(clamp_min(AddBackward1.apply(mul(neg(target), sub(input1, input2)), float(margin)), 0), reduction)


def _constant(number: float, like: Tensor) -> Tensor:
    """A number as a tensor of that dtype, for torch has a tensor there."""
    return cast(beside(np.array(number), like), like._array.dtype)


@operator(method=False)
def hinge_embedding_loss(input: Tensor, target: Tensor, margin: float = 1.0, reduction: str | int = "mean") -> Tensor:
    """``input`` where the target is 1, ``max(0, margin - input)`` where it is -1: for distances.

    Args:
        input: any shape.
        target: 1 or -1; broadcast.
        margin: how far what is unlike is to be apart.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the reduction is not known.
    """
    unlike = where(ne(target, 1), clamp_min(sub(_constant(margin, input), input), 0), 0)
    return reduced(add(unlike, where(ne(target, -1), input, 0)), reduction)


@operator(method=False)
def cosine_embedding_loss(
    input1: Tensor, input2: Tensor, target: Tensor, margin: float = 0.0, reduction: str | int = "mean"
) -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1, for the cosine between two vectors.

    Args:
        input1: (batch, size) or (size,).
        input2: the same shape.
        target: 1 or -1, (batch,) or ().
        margin: how small the cosine of what is unlike is to be.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError: there are not so many dimensions.
        ValueError: the reduction is not known.
    """
    dims = target._array.ndim
    if dims not in (0, 1):
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if dims == 1 and not input1._array.ndim == input2._array.ndim == 2:
        shapes = [list(each._array.shape) for each in (input1, input2)]
        raise RuntimeError(
            f"1D target tensor expects 2D input tensors, but found inputs with sizes {shapes[0]} and {shapes[1]}."
        )
    if dims == 0 and not input1._array.ndim == input2._array.ndim == 1:
        shapes = [list(each._array.shape) for each in (input1, input2)]
        raise RuntimeError(
            f"0D target tensor expects 1D input tensors, but found inputs with sizes {shapes[0]} and {shapes[1]}."
        )
    squares = [AddBackward1.apply(sum(mul(each, each), dims), SMALLEST_SQUARE) for each in (input1, input2)]
    cosine = div(sum(mul(input1, input2), dims), sqrt(mul(*squares)))
    like = where(eq(target, 1), sub(_constant(1, cosine), cosine), 0.0)
    unlike = where(eq(target, -1), clamp_min(SubBackward1.apply(cosine, margin), 0), 0.0)
    return reduced(add(like, unlike), reduction)


def check_triplet(anchor: Tensor, positive: Tensor, negative: Tensor) -> None:
    """Raises torch's error for tensors whose numbers of dimensions differ."""
    a, b, c = (each._array.ndim for each in (anchor, positive, negative))
    if not a == b == c:
        raise RuntimeError(
            "The anchor, positive, and negative tensors are expected to have the same number of dimensions, but got: "
            f"anchor {a}D, positive {b}D, and negative {c}D inputs"
        )


@operator(method=False)
def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: str | int = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)``, for the distance d by the p-norm.

    Args:
        anchor: (…, size).
        positive: likewise; what is to be near.
        negative: likewise; what is to be further off.
        margin: by how much.
        p, eps: see ``pairwise_distance``.
        swap: the negative's distance is that from the positive, where that is smaller.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError: the numbers of dimensions differ.
        ValueError: the reduction is not known.

    Source: V. Balntas et al., Learning shallow convolutional feature descriptors with triplet losses, 2016.
    """
    check_triplet(anchor, positive, negative)
    near, far = pairwise_distance(anchor, positive, p, eps), pairwise_distance(anchor, negative, p, eps)
    if swap:
        far = minimum(far, pairwise_distance(positive, negative, p, eps))
    return reduced(clamp_min(sub(AddBackward1.apply(near, margin), far), 0), reduction)


# -- scores of classes ------------------------------------------------------------------------------------------------


def _check_scores(kernel: str, input: Tensor) -> None:
    shape = input._array.shape
    if len(shape) > 2 or 0 in shape[-1:]:
        raise RuntimeError(
            f"Expected non-empty vector or matrix with optional 0-dim batch size, but got: {list(shape)}"
        )
    if input._array.dtype not in (np.float32, np.float64):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype_name(input)}'")


def _check_dtype(tensor: Tensor, wanted: str) -> None:
    if dtype_name(tensor) != wanted:
        raise RuntimeError(f"expected scalar type {wanted} but found {dtype_name(tensor)}")


@operator(method=False, public=False)
def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    reduction: str | int = "mean",
) -> Tensor:
    """The mean over classes of ``max(0, margin - input[target] + input)^p``, without the target itself; for each row.

    Args:
        input: scores, (batch, classes) or (classes,); float32 or float64.
        target: class indices, int64: (batch,), or () for a single sample.
        p: 1 or 2.
        margin: by how much the target's score is to be above the others.
        weight: (classes,), how much each class counts as a target.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError: shapes, dtypes or targets that do not fit.
        ValueError: the reduction is not known.
    """
    reduction = check_reduction(reduction)
    _check_scores("multi_margin_loss_cpu_kernel", input)
    shape = input._array.shape
    rows, classes = shape[0] if len(shape) == 2 else 1, shape[-1] if shape else 1
    if target._array.ndim > 1 or target._array.size != rows:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch size). "
            f"Expected target size [{rows}], but got {list(target._array.shape)}. Input has shape {list(shape)}."
        )
    if weight is not None and weight._array.size != classes:
        raise RuntimeError(f"inconsistent weight size, expected {classes} but got {list(weight._array.shape)}")
    _check_dtype(target, "Long")
    if weight is not None:
        _check_dtype(weight, dtype_name(input))
    if not lies_within(target._array, 0, classes):
        raise RuntimeError("target out of range")
    return MultiMarginLossBackward0.apply(input, target, weight, p=p, margin=margin, reduction=reduction)


@operator(method=False, public=False)
def multilabel_margin_loss(input: Tensor, target: Tensor, reduction: str | int = "mean") -> Tensor:
    """The sum of ``max(0, 1 - input[t] + input[i])`` over targets t and all other classes i, by the number of classes.

    Args:
        input: scores, (batch, classes) or (classes,); float32 or float64.
        target: the same shape, int64: in each row class indices up to the first -1.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError: shapes, dtypes or targets that do not fit.
        ValueError: the reduction is not known.
    """
    reduction = check_reduction(reduction)
    shape, array = input._array.shape, target._array
    _check_scores("multilabel_margin_loss_forward_out_frame", input)
    if array.shape != shape and not (array.size == input._array.size and len(shape) < 2 and array.ndim < 2):
        raise RuntimeError(f"inconsistent target size: {list(array.shape)} for input of size: {list(shape)}")
    _check_dtype(target, "Long")
    if not lies_within(array, -1, shape[-1] if shape else 1):
        raise RuntimeError("argument #2 'target' is out of range")
    return MultilabelMarginLossBackward0.apply(input, target, reduction=reduction)
