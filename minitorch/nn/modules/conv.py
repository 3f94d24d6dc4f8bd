"""Convolutions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.creation import empty
from minitorch.dtypes import dtype as Dtype
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.ops.arguments import Pair, pair
from minitorch.tensor import Tensor

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class Conv2d(Module):
    """Slides a window over (batch, in_channels, height, width), or without the batch; see ``functional.conv2d``.

    Args:
        in_channels: channels of the input.
        out_channels: channels of the result.
        kernel_size: the window's height and width, in pixels.
        stride: how far the window moves, in pixels.
        padding: how many zeros are added around the input; ``"valid"`` for none, ``"same"`` to keep the size.
        dilation: the distance of the window's elements, in pixels.
        groups: the channels fall into so many groups that are convolved apart.
        bias: whether a number is added to each channel of the result.
        padding_mode: ``"zeros"``.
        device: ``"cpu"``.
        dtype: of the parameters.

    Attributes:
        weight: (out_channels, in_channels / groups, kernel height, kernel width), at first spread evenly over ±1/√n, where n
            is how many numbers of the input a number of the result depends on.
        bias: (out_channels,), likewise.

    Raises:
        ValueError: settings that do not fit.
        NotImplementedError: padding with anything but zeros.
    """

    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Pair,
        stride: Pair = 1,
        padding: Pair | str = 0,
        dilation: Pair = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = pair(kernel_size)
        self.stride = pair(stride)
        self.padding = padding if isinstance(padding, str) else pair(padding)
        self.dilation = pair(dilation)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check()
        self.weight = Parameter(
            empty(out_channels, in_channels // groups, *self.kernel_size, device=device, dtype=dtype)
        )
        self.register_parameter("bias", Parameter(empty(out_channels, device=device, dtype=dtype)) if bias else None)
        self.reset_parameters()

    def _check(self) -> None:
        if self.groups <= 0:
            raise ValueError("groups must be a positive integer")
        if self.in_channels % self.groups:
            raise ValueError("in_channels must be divisible by groups")
        if self.out_channels % self.groups:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(f"Invalid padding string {self.padding!r}, should be one of {{'same', 'valid'}}")
            if self.padding == "same" and self.stride != (1, 1):
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {PADDING_MODES}, but got padding_mode='{self.padding_mode}'")
        if self.padding_mode != "zeros":
            raise NotImplementedError(
                f"padding_mode='{self.padding_mode}' is not implemented: Conv2d pads with 'zeros'; "
                "other padding can be put around the input beforehand"
            )

    def reset_parameters(self) -> None:
        """Draws the parameters anew."""
        init.reset_layer_(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        return F.conv2d(input, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        unusual: Sequence[tuple[str, Any, Any]] = (
            ("padding", self.padding, (0, 0)),
            ("dilation", self.dilation, (1, 1)),
            ("groups", self.groups, 1),
            ("bias", self.bias is not None, True),
        )
        settings = "".join(f", {name}={value}" for name, value, usual in unusual if value != usual)
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}{settings}"
        )
