"""Normalisation by statistics of channels that are kept from batch to batch."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar

from minitorch import dtypes
from minitorch.creation import empty, ones, zeros
from minitorch.dtypes import dtype as Dtype
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.tensor import Tensor


class Affine(Module):
    """What normalisations may end with: a scale and a shift.

    Attributes:
        weight: 1 at first; or ``None``.
        bias: 0 at first; or ``None``.
    """

    weight: Parameter | None
    bias: Parameter | None

    def register_affine(
        self, shape: tuple[int, ...], weight: bool, bias: bool, device: Any, dtype: Dtype | None
    ) -> None:
        """Makes weight and bias, where they are wanted."""
        for name, wanted in (("weight", weight), ("bias", weight and bias)):
            self.register_parameter(name, Parameter(empty(*shape, device=device, dtype=dtype)) if wanted else None)

    def reset_parameters(self) -> None:
        """Starts anew."""
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)


class NormBase(Affine):
    """What batch and instance normalisation share.

    Args:
        num_features: the number of channels.
        eps: is added to variances.
        momentum: by how much running statistics move; ``None`` for the mean of all batches.
        affine: whether there are weight and bias.
        track_running_stats: keep running statistics, and use them when not in training.
        device: ``"cpu"``.
        dtype: of parameters and statistics.
        bias: whether there is one.

    Attributes:
        weight, bias: (num_features,).
        running_mean, running_var: (num_features,), 0 and 1 at first.
        num_batches_tracked: how often they have moved, an int64.
    """

    _version: ClassVar[int] = 2
    dimensions: ClassVar[tuple[int, int]]
    """How many an input may have."""
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        self.register_affine((num_features,), affine, bias, device, dtype)
        kept = track_running_stats
        self.register_buffer("running_mean", zeros(num_features, device=device, dtype=dtype) if kept else None)
        self.register_buffer("running_var", ones(num_features, device=device, dtype=dtype) if kept else None)
        self.register_buffer("num_batches_tracked", zeros((), device=device, dtype=dtypes.int64) if kept else None)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Forgets the running statistics."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        self.reset_running_stats()
        super().reset_parameters()

    def extra_repr(self) -> str:
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim not in self.dimensions:
            wanted = " or ".join(f"{each}D" for each in sorted(set(self.dimensions)))
            raise ValueError(f"expected {wanted} input (got {input.ndim}D input)")

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        if local_metadata.get("version") in (None, 1) and self.num_batches_tracked is not None:
            state_dict.setdefault(prefix + "num_batches_tracked", self.num_batches_tracked)  # it is newer
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class _BatchNorm(NormBase):
    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        momentum = self.momentum or 0.0
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:
                momentum = 1.0 / float(self.num_batches_tracked)
        kept = not self.training or self.track_running_stats
        return F.batch_norm(
            input,
            self.running_mean if kept else None,
            self.running_var if kept else None,
            self.weight,
            self.bias,
            self.training or (self.running_mean is None and self.running_var is None),
            momentum,
            self.eps,
        )


class BatchNorm1d(_BatchNorm):
    """``(input - mean) / sqrt(variance + eps) * weight + bias`` for each channel: (batch, channels) or with a length."""

    dimensions = (2, 3)


class BatchNorm2d(_BatchNorm):
    """The same for (batch, channels, height, width)."""

    dimensions = (4, 4)


class BatchNorm3d(_BatchNorm):
    """The same for (batch, channels, depth, height, width)."""

    dimensions = (5, 5)


class _InstanceNorm(NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Dtype | None = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        self._check_input_dim(input)
        single = input.ndim == self.dimensions[0]
        dim = 0 if single else 1
        if input.shape[dim] != self.num_features:
            if self.affine:
                raise ValueError(
                    f"expected input's size at dim={dim} to match num_features ({self.num_features}), but got: "
                    f"{input.shape[dim]}."
                )
            warnings.warn(
                f"input's size at dim={dim} does not match num_features. You can silence this warning by not passing in "
                "num_features, which is not used because affine=False",
                stacklevel=2,
            )
        result = F.instance_norm(
            input.unsqueeze(0) if single else input,
            self.running_mean,
            self.running_var,
            self.weight,
            self.bias,
            self.training or not self.track_running_stats,
            self.momentum or 0.0,
            self.eps,
        )
        return result.squeeze(0) if single else result

    def _load_from_state_dict(
        self, state_dict: dict[str, Any], prefix: str, local_metadata: dict[str, Any], *rest: Any
    ) -> None:
        names = [name for name in ("running_mean", "running_var") if prefix + name in state_dict]
        if local_metadata.get("version") is None and not self.track_running_stats and names:
            quoted, kind = " and ".join(f'"{prefix}{name}"' for name in names), type(self).__name__
            rest[-1].append(
                f"Unexpected running stats buffer(s) {quoted} for {kind} with track_running_stats=False. If state_dict is a "
                f"checkpoint saved before 0.4.0, this may be expected because {kind} does not track running stats by default "
                "since 0.4.0. Please remove these keys from state_dict. If the running stats are actually needed, instead set "
                f"track_running_stats=True in {kind} to enable them. See the documentation of {kind} for details."
            )
            for name in names:
                state_dict.pop(prefix + name)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)


class InstanceNorm1d(_InstanceNorm):
    """``BatchNorm1d`` of each sample by itself: (batch, channels, length), or one of a batch."""

    dimensions = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """``BatchNorm2d`` of each sample by itself: (batch, channels, height, width), or one of a batch."""

    dimensions = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """``BatchNorm3d`` of each sample by itself: (batch, channels, depth, height, width), or one of a batch."""

    dimensions = (4, 5)
