"""The functions that modules compute, under torch's names and with torch's order of arguments."""

from __future__ import annotations

import warnings

from minitorch.dtypes import dtype as Dtype
from minitorch.ops import activation, loss
from minitorch.ops.activation import sigmoid, tanh
from minitorch.ops.convolution import conv2d, max_pool2d
from minitorch.ops.gathering import embedding, one_hot
from minitorch.ops.matmul import linear
from minitorch.ops.operator import methods
from minitorch.tensor import Tensor

__all__ = [
    "conv2d", "cross_entropy", "embedding", "l1_loss", "linear", "log_softmax", "max_pool2d", "mse_loss", "nll_loss",
    "one_hot", "relu", "relu_", "sigmoid", "softmax", "tanh",
]  # fmt: skip

relu_ = methods["relu_"]


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0); with ``inplace`` written over the input."""
    return relu_(input) if inplace else activation.relu(input)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """exp(input), divided by its sum along ``dim``.

    Args:
        input: any shape, floating point.
        dim: the dimension. Without one there is a warning, and an old rule chooses: the first one for 0, 1 and 3 dimensions,
            else the second.
        _stacklevel: how far up the stack the warning points.
        dtype: cast to this first.
    """
    return activation.softmax(input, _implicit_dim("softmax", input, dim, _stacklevel), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """log(softmax(input)) along ``dim``, without overflow; arguments as for ``softmax``."""
    return activation.log_softmax(input, _implicit_dim("log_softmax", input, dim, _stacklevel), dtype)


def _implicit_dim(name: str, input: Tensor, dim: int | None, stacklevel: int) -> int:
    if dim is not None:
        return dim
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.",
        stacklevel=stacklevel,
    )
    return 0 if input.dim() in (0, 1, 3) else 1


def legacy_reduction(size_average: bool | None, reduce: bool | None, reduction: str) -> str:
    """The reduction, or with a warning what the two older words for it mean, where one of them is given."""
    if size_average is None and reduce is None:
        return reduction
    meant = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{meant}' instead.", stacklevel=3
    )
    return meant


def mse_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``(input - target)²``, its mean or its sum.

    Args:
        input: any shape, floating point.
        target: the same shape.
        size_average, reduce: older words for the reduction.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
    """
    return loss.mse_loss(input, target, legacy_reduction(size_average, reduce, reduction))


def l1_loss(
    input: Tensor,
    target: Tensor,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """``abs(input - target)``, its mean or its sum; arguments as for ``mse_loss``."""
    reduction = legacy_reduction(size_average, reduce, reduction)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if input.shape != target.shape:
        warnings.warn(
            f"Using a target size ({target.shape}) that is different to the input size ({input.shape}). "
            "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size.",
            stacklevel=2,
        )
    distance = (input - target).abs()
    return distance if reduction == "none" else distance.mean() if reduction == "mean" else distance.sum()


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
