"""Dropout as layers: they do nothing unless the module is in training."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module
from minitorch.tensor import Tensor


class _Dropout(Module):
    """What the layers share.

    Args:
        p: the probability to be left out.
        inplace: write the result over the input.

    Raises:
        ValueError: ``p`` is no probability.
    """

    function: ClassVar[Callable[..., Tensor]]

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def forward(self, input: Tensor) -> Tensor:
        return type(self).function(input, self.p, self.training, self.inplace)

    def extra_repr(self) -> str:
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_Dropout):
    """Leaves out numbers: see ``functional.dropout``."""

    function = F.dropout


class Dropout1d(_Dropout):
    """Leaves out channels of rows: see ``functional.dropout1d``."""

    function = F.dropout1d


class Dropout2d(_Dropout):
    """Leaves out channels of pictures: see ``functional.dropout2d``."""

    function = F.dropout2d


class Dropout3d(_Dropout):
    """Leaves out channels of volumes: see ``functional.dropout3d``."""

    function = F.dropout3d


class AlphaDropout(_Dropout):
    """Keeps mean and variance, for networks of SELU: see ``functional.alpha_dropout``."""

    function = F.alpha_dropout


class FeatureAlphaDropout(_Dropout):
    """The same for whole channels: see ``functional.feature_alpha_dropout``."""

    function = F.feature_alpha_dropout
