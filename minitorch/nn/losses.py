"""Losses of ``minitorch.nn.functional``: of differences, and negative log-likelihoods.

All take ``reduction``: ``"mean"``, ``"sum"``, or ``"none"`` for the losses themselves. ``size_average`` and ``reduce`` are older
words for it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch.autograd.grad_mode import no_grad
from minitorch.creation import ones_like
from minitorch.ops import ctc, differences, likelihood, loss
from minitorch.ops.dimensions import broadcast_shapes, broadcast_tensors
from minitorch.ops.reduced_loss import REDUCTIONS, reduced
from minitorch.tensor import Tensor
from minitorch.warn import warn

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy", "ctc_loss", "gaussian_nll_loss", "huber_loss",
    "kl_div", "l1_loss", "legacy_reduction", "mse_loss", "nll_loss", "poisson_nll_loss", "smooth_l1_loss",
]  # fmt: skip


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction, or with a warning what the two older words for it mean, where one of them is given."""
    if size_average is None and reduce is None:
        if reduction != "elementwise_mean":
            return reduction
        warn("reduction='elementwise_mean' is deprecated. Please use reduction='mean' instead.")
        return "mean"
    meant = "none" if reduce is False else "sum" if size_average is False else "mean"
    warn(f"size_average and reduce args will be deprecated, please use reduction='{meant}' instead.")
    return meant


def check_reduction(reduction: str, complaint: str) -> None:
    """Raises torch's error for a reduction that is not known."""
    if reduction not in REDUCTIONS:
        raise ValueError(reduction + complaint)


# -- differences ------------------------------------------------------------------------------------------------------


def _broadcast(input: Tensor, target: Tensor) -> tuple[Tensor, ...]:
    """Both in one shape; with a warning where that is not yet so."""
    if target.shape == input.shape:
        return input, target
    warn(
        f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). "
        "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size."
    )
    return broadcast_tensors(input, target)


def _weighted(losses: Tensor, weight: Tensor, input: Tensor, reduction: str, mean: str) -> Tensor:
    """Losses times their weights, and their sum, or ``"weighted"`` or ``"plain"`` mean."""
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    losses = losses * weight
    if reduction == "mean" and mean == "weighted":
        return losses.sum() / weight.sum()
    if reduction not in REDUCTIONS:
        raise ValueError(f"Invalid reduction mode: {reduction}. Expected one of 'none', 'mean', 'sum'.")
    return reduced(losses, reduction)


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """``(input - target)²``, its mean or its sum.

    Args:
        input: any shape, floating point.
        target: the same shape.
        size_average, reduce: older words for the reduction.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        weight: the same shape; how much each element counts, in the mean too.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    input, target = _broadcast(input, target)
    if weight is None:
        return differences.mse_loss(input, target, reduction)
    return _weighted((input - target) ** 2, weight, input, reduction, mean="weighted")


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    weight: Tensor | None = None,
) -> Tensor:
    """``abs(input - target)``, its mean or its sum; arguments as for ``mse_loss``."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    input, target = _broadcast(input, target)
    if weight is None:
        return differences.l1_loss(input, target, reduction)
    return _weighted((input - target).abs(), weight, input, reduction, mean="weighted")


def smooth_l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    beta: float = 1.0,
) -> Tensor:
    """``d² / (2 beta)`` for differences d below ``beta``, ``|d| - beta / 2`` beyond; other arguments as for ``mse_loss``."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    return differences.smooth_l1_loss(*_broadcast(input, target), reduction, beta)


def huber_loss(
    input: Tensor, target: Tensor, reduction: str = "mean", delta: float = 1.0, weight: Tensor | None = None
) -> Tensor:
    """``d² / 2`` for differences d up to ``delta``, ``delta (|d| - delta / 2)`` beyond; other arguments as for ``mse_loss``."""
    input, target = _broadcast(input, target)
    if weight is None:
        return differences.huber_loss(input, target, legacy_reduction(None, None, reduction), delta)
    return _weighted(differences.huber_loss(input, target, "none", delta), weight, input, reduction, mean="plain")


# -- likelihoods ------------------------------------------------------------------------------------------------------


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``-weight[target] * input[target]`` of each sample: the negative log-likelihood, for log-probabilities.

    Args:
        input: (batch, classes, …), or (classes,) for a single sample.
        target: class indices, int64: (batch, …), or () for a single sample.
        weight: (classes,), how much each class counts.
        size_average, reduce: older words for the reduction.
        ignore_index: samples with this target count nothing.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``.
    """
    return loss.nll_loss(input, target, weight, ignore_index, legacy_reduction(size_average, reduce, reduction))


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The negative log-likelihood of ``log_softmax(input)``.

    Args:
        input: scores, (batch, classes, …), or (classes,) for a single sample.
        target: class indices (int64; (batch, …), or ()), or probabilities of the input's shape and a floating point dtype.
        weight: (classes,), how much each class counts.
        size_average, reduce: older words for the reduction.
        ignore_index: samples with this class index count nothing.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: mixes the targets with this much of a uniform distribution; from 0 to 1.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    return loss.cross_entropy(input, target, weight, ignore_index, reduction, label_smoothing)


def binary_cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``-target log(input) - (1 - target) log(1 - input)``, where logarithms are no less than -100.

    Args:
        input: probabilities, any shape.
        target: the same shape and dtype.
        weight: how much each element counts; broadcast.
        size_average, reduce: older words for the reduction.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: the shapes differ.
        RuntimeError: an input is no probability.
    """
    reduction = legacy_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}) is deprecated. "
            "Please ensure they have the same size."
        )
    if weight is not None:
        weight = weight.expand(broadcast_shapes(target.shape, weight.shape))
    return likelihood.binary_cross_entropy(input, target, weight, reduction)


def binary_cross_entropy_with_logits(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """``binary_cross_entropy`` of ``sigmoid(input)``, without overflow; ``pos_weight`` is how much positive targets count."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if target.shape != input.shape:
        raise ValueError(f"Target size ({target.shape}) must be the same as input size ({input.shape})")
    return likelihood.binary_cross_entropy_with_logits(input, target, weight, pos_weight, reduction)


def kl_div(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
    log_target: bool = False,
) -> Tensor:
    """``target (log(target) - input)``: the divergence of Kullback and Leibler, element by element.

    Args:
        input: logarithms of probabilities, any shape.
        target: probabilities, or with ``log_target`` their logarithms; broadcast.
        size_average, reduce: older words for the reduction.
        reduction: ``"batchmean"`` (the sum, by the size of the first dimension), ``"mean"``, ``"sum"`` or ``"none"``.
        log_target: see there.
    """
    if size_average is None and reduce is None and reduction == "mean":
        warn(
            "reduction: 'mean' divides the total loss by both the batch size and the support size."
            "'batchmean' divides only by the batch size, and aligns with the KL div math definition."
            "'mean' will be changed to behave the same as 'batchmean' in the next major release."
        )
    by_batch = reduction == "batchmean"
    if by_batch and size_average is None and reduce is None:
        losses = likelihood.kl_div(input, target, "sum", log_target=log_target)
    else:
        meant = legacy_reduction(size_average, reduce, reduction)
        losses = likelihood.kl_div(input, target, meant, log_target=log_target)
    return losses / input.shape[0] if by_batch and input.ndim else losses


def poisson_nll_loss(
    input: Tensor,
    target: Tensor,
    log_input: bool = True,
    full: bool = False,
    size_average: bool | None = None,
    eps: float = 1e-8,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of counts that are distributed as Poisson said.

    Args:
        input: logarithms of expected counts, any shape; or without ``log_input`` the counts.
        target: counts; broadcast.
        log_input: see there.
        full: add Stirling's approximation of ``log(target!)``, where the target is above 1.
        size_average, reduce: older words for the reduction.
        eps: is added to expected counts, so that they have a logarithm.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """
    if size_average is not None or reduce is not None:
        reduction = legacy_reduction(size_average, reduce, reduction)
    check_reduction(reduction, " is not a valid value for reduction")
    return likelihood.poisson_nll_loss(input, target, log_input, full, eps, reduction)


def gaussian_nll_loss(
    input: Tensor,
    target: Tensor,
    var: Tensor | float,
    full: bool = False,
    eps: float = 1e-6,
    reduction: str = "mean",
) -> Tensor:
    """The negative log-likelihood of numbers that are normally distributed: ``(log(var) + (input - target)² / var) / 2``.

    Args:
        input: expected numbers, any shape.
        target: the numbers; broadcast.
        var: their variances: one number, the input's shape, or that without its last size or with one size 1.
        full: add the constant ``log(2π) / 2``.
        eps: what variances are at least.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.

    Raises:
        ValueError: a variance is negative, or their shape does not fit.
    """
    if isinstance(var, float):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        var = ones_like(input) * var
    elif (var < 0).any():
        raise ValueError("var has negative entry/entries")
    if var.shape != input.shape:
        if input.shape[:-1] == var.shape:
            var = var.unsqueeze(-1)
        elif var.ndim != input.ndim or sum(v for n, v in zip(input.shape, var.shape, strict=True) if n != v) != 1:
            raise ValueError("var is of incorrect size")
    check_reduction(reduction, " is not valid")
    var = var.clone()
    with no_grad():
        var.clamp_(min=eps)
    losses = 0.5 * (var.log() + (input - target) ** 2 / var)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Tensor | Sequence[int],
    target_lengths: Tensor | Sequence[int],
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """The negative log-likelihood of a labelling, summed over all its alignments with a sequence; see ``minitorch.ctc_loss``."""
    reduction = legacy_reduction(None, None, reduction)
    return ctc.ctc_loss(log_probs, targets, input_lengths, target_lengths, blank, reduction, zero_infinity)
