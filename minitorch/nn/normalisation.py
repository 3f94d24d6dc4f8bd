"""Normalisations of ``minitorch.nn.functional``; ``minitorch.batch_norm`` and its like have the details."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from minitorch.ops import batch_normalisation, normalisation
from minitorch.ops.arithmetic import div
from minitorch.ops.normalisation import rms_norm
from minitorch.ops.operator import functions, operators
from minitorch.ops.padding import pad
from minitorch.tensor import Tensor

__all__ = [
    "batch_norm",
    "group_norm",
    "instance_norm",
    "layer_norm",
    "local_response_norm",
    "normalize",
    "rms_norm",
]


def normalize(input: Tensor, p: float = 2.0, dim: int = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """``input`` by its p-norm along ``dim``, or by ``eps`` where that is larger."""
    length = input.norm(p, dim, keepdim=True)
    if out is None:
        return div(input, length.clamp_min(eps).expand_as(input))
    return functions["div"](input, length.clamp_min_(eps).expand_as(input), out=out)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``(input - mean) / sqrt(variance + eps) * weight + bias``, channel by channel.

    Args:
        input: (batch, channels, …).
        running_mean: (channels,), which is used unless in training, and else moves towards the batch's mean, in place.
        running_var: (channels,), likewise.
        weight: (channels,).
        bias: (channels,).
        training: normalise by the batch's own mean and variance.
        momentum: by how much the running statistics move.
        eps: is added to the variance.

    Raises:
        ValueError: in training there is one value per channel, or ``eps`` is 0; or it is negative.
        RuntimeError: there are no running statistics to use, or sizes or dtypes do not fit.
    """
    if training:
        _check_batch(input.shape)
    if training and eps <= 0.0:
        raise ValueError(f"batch_norm eps must be positive during training, but got {eps}")
    if eps < 0.0:
        raise ValueError(f"batch_norm eps must be non-negative, but got {eps}")
    return batch_normalisation.batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps, True)


def _check_batch(size: Any) -> None:
    if size[0] * math.prod(size[2:]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {size}")


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """``(input - mean) / sqrt(variance + eps) * weight + bias``, over the last dimensions, which have ``normalized_shape``."""
    return normalisation.layer_norm(input, normalized_shape, weight, bias, eps)


def group_norm(
    input: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None, eps: float = 1e-5
) -> Tensor:
    """``(input - mean) / sqrt(variance + eps) * weight + bias``, by groups of channels of each sample.

    Raises:
        ValueError: there is one value per group.
        RuntimeError: the channels cannot be divided so, or sizes or dtypes do not fit.
    """
    if input.ndim < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {input.ndim}")
    batch, channels, *inner = input.shape
    _check_batch([batch * channels // num_groups, num_groups, *inner])
    return normalisation.group_norm(input, num_groups, weight, bias, eps)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """``batch_norm`` of each sample by itself.

    Raises:
        ValueError: there is one value per channel.
        RuntimeError: as for ``batch_norm``.
    """
    if use_input_stats and math.prod(input.shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {input.shape}")
    return batch_normalisation.instance_norm(
        input, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, True
    )


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """``input / (k + alpha * mean(input²))^beta``, with means over neighbouring channels.

    Args:
        input: (batch, channels, …).
        size: how many channels, the one itself in their middle.
        alpha: of the mean.
        beta: the exponent.
        k: is added to the mean.

    Raises:
        ValueError: there are fewer than 3 dimensions.

    Source: A. Krizhevsky et al., ImageNet classification with deep convolutional neural networks, 2012.
    """
    if input.ndim < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality                          input (got {input.ndim} dimensions)"
        )
    if not input.numel():
        return input
    squares = input.mul(input)
    around = size // 2, (size - 1) // 2
    if input.ndim == 3:
        means = operators.avg_pool2d(pad(squares.unsqueeze(1), (0, 0, *around)), (size, 1), stride=1).squeeze(1)
    else:
        batch, channels, rows, *_ = input.shape
        volume = pad(squares.view(batch, 1, channels, rows, -1), (0, 0, 0, 0, *around))
        means = operators.avg_pool3d(volume, (size, 1, 1), stride=1).squeeze(1).view(input.shape)
    return input / means.mul(alpha).add(k).pow(beta)
