"""Losses of ``minitorch.nn.functional`` that ask for a margin; see ``minitorch.nn.losses`` for the arguments that all take."""

from __future__ import annotations

from collections.abc import Callable

from minitorch.nn.losses import check_reduction, legacy_reduction
from minitorch.ops import margins
from minitorch.ops.extremes import clamp_min, minimum
from minitorch.ops.nonlinearity import log_sigmoid
from minitorch.ops.reduced_loss import reduced
from minitorch.ops.similarity import pairwise_distance
from minitorch.tensor import Tensor

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss", "multilabel_margin_loss",
    "multilabel_soft_margin_loss", "soft_margin_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss",
]  # fmt: skip


def soft_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``log(1 + exp(-target * input))``, for targets 1 and -1."""
    return margins.soft_margin_loss(input, target, legacy_reduction(size_average, reduce, reduction))


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, margin - target * (input1 - input2))``; see ``minitorch.margin_ranking_loss``.

    Raises:
        RuntimeError: the numbers of dimensions differ.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if not input1.ndim == input2.ndim == target.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape} "
        )
    return margins.margin_ranking_loss(input1, input2, target, margin, reduction)


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``input`` where the target is 1, ``max(0, margin - input)`` where it is -1."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    return margins.hinge_embedding_loss(input, target, margin, reduction)


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``1 - cos`` where the target is 1, ``max(0, cos - margin)`` where it is -1; see ``minitorch.cosine_embedding_loss``."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    return margins.cosine_embedding_loss(input1, input2, target, margin, reduction)


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean over classes of ``max(0, margin - input[target] + input)^p``, without the target itself; for each row.

    Args:
        input: scores, (batch, classes) or (classes,).
        target: class indices, int64: (batch,), or () for a single sample.
        p: 1 or 2.
        margin: by how much the target's score is to be above the others.
        weight: (classes,), how much each class counts as a target.
        size_average, reduce: older words for the reduction.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError, ValueError: shapes, dtypes or settings that do not fit.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    check_reduction(reduction, " is not a valid value for reduction")
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and weight.ndim != 1:
        raise ValueError("weight must be one-dimensional")
    return margins.multi_margin_loss(input, target, p, margin, weight, reduction)


def multilabel_margin_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The sum of ``max(0, 1 - input[t] + input[i])`` over targets t and all other classes i, by the number of classes.

    Args:
        input: scores, (batch, classes) or (classes,).
        target: the same shape, int64: in each row class indices up to the first -1.
        size_average, reduce: older words for the reduction.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """
    return margins.multilabel_margin_loss(input, target, legacy_reduction(size_average, reduce, reduction))


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The mean of ``binary_cross_entropy_with_logits`` over classes, the last dimension, times ``weight``; for each row."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    losses = -(target * log_sigmoid(input) + (1 - target) * log_sigmoid(-input))
    if weight is not None:
        losses = losses * weight
    losses = losses.sum(dim=input.ndim - 1) / input.shape[input.ndim - 1]
    check_reduction(reduction, " is not valid")
    return reduced(losses, reduction)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2,
    eps: float = 1e-6,
    swap: bool = False,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``max(0, d(anchor, positive) - d(anchor, negative) + margin)``, for distances d; see ``minitorch.triplet_margin_loss``.

    Raises:
        ValueError: the margin is not positive.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    _check_margin(margin)
    return margins.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, reduction)


def _check_margin(margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: str = "mean",
) -> Tensor:
    """``triplet_margin_loss`` for any distance, ``pairwise_distance`` unless given.

    Raises:
        ValueError: the margin is not positive.
        RuntimeError: the numbers of dimensions differ.
    """
    check_reduction(reduction, " is not a valid value for reduction")
    _check_margin(margin)
    margins.check_triplet(anchor, positive, negative)
    distance = pairwise_distance if distance_function is None else distance_function
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return reduced(clamp_min(margin + near - far, 0), reduction)
