"""Convolutions: each class calls the function of ``nn.functional`` that has its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from minitorch.creation import empty
from minitorch.dtypes import dtype as Dtype
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.ops.arguments import Each, several
from minitorch.tensor import Tensor

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    dims: ClassVar[int]
    function: ClassVar[Callable[..., Tensor]]
    transposed: ClassVar[bool] = False
    weight: Parameter
    bias: Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Each,
        stride: Each = 1,
        padding: Each | str = 0,
        dilation: Each = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = several(kernel_size, self.dims)
        self.stride = several(stride, self.dims)
        self.padding = padding if isinstance(padding, str) else several(padding, self.dims)
        self.dilation = several(dilation, self.dims)
        self.output_padding = (0,) * self.dims
        self.groups = groups
        self.padding_mode = padding_mode
        self._check()
        first, second = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        self.weight = Parameter(empty(first, second // groups, *self.kernel_size, device=device, dtype=dtype))
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
            if self.padding == "same" and max(self.stride) > 1:
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in PADDING_MODES:
            raise ValueError(f"padding_mode must be one of {PADDING_MODES}, but got padding_mode='{self.padding_mode}'")

    def reset_parameters(self) -> None:
        """Draws the parameters anew."""
        init.reset_layer_(self.weight, self.bias)

    def forward(self, input: Tensor) -> Tensor:
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._padding_at_edges(), self.padding_mode), 0
        return self.function(input, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def _padding_at_edges(self) -> list[int]:
        """What ``F.pad`` is to add, beginning with the last dimension."""
        if isinstance(self.padding, str):
            same = self.padding == "same"
            zeros = [same * d * (size - 1) for d, size in zip(self.dilation, self.kernel_size, strict=True)]
            return [side for count in reversed(zeros) for side in (count // 2, count - count // 2)]
        return [count for count in reversed(self.padding) for _ in range(2)]

    def extra_repr(self) -> str:
        unusual: Sequence[tuple[str, Any, Any]] = (
            ("padding", self.padding, (0,) * self.dims),
            ("dilation", self.dilation, (1,) * self.dims),
            ("output_padding", self.output_padding, (0,) * self.dims),
            ("groups", self.groups, 1),
            ("bias", self.bias is not None, True),
            ("padding_mode", self.padding_mode, "zeros"),
        )
        settings = "".join(f", {name}={value}" for name, value, usual in unusual if value != usual)
        return (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}{settings}"
        )


class Conv1d(_ConvNd):
    """Slides a window over (batch, in_channels, length), or without the batch; see ``Conv2d``."""

    dims, function = 1, staticmethod(F.conv1d)


class Conv2d(_ConvNd):
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
        padding_mode: what is added instead of ``"zeros"``: ``"reflect"``, ``"replicate"`` or ``"circular"``.
        device: ``"cpu"``.
        dtype: of the parameters.

    Attributes:
        weight: (out_channels, in_channels / groups, kernel height, kernel width), at first spread evenly over ±1/√n, where n
            is how many numbers of the input a number of the result depends on.
        bias: (out_channels,), likewise.

    Raises:
        ValueError: settings that do not fit.
    """

    dims, function = 2, staticmethod(F.conv2d)


class Conv3d(_ConvNd):
    """Slides a window over (batch, in_channels, depth, height, width), or without the batch; see ``Conv2d``."""

    dims, function = 3, staticmethod(F.conv3d)


class _ConvTransposeNd(_ConvNd):
    transposed = True

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Each,
        stride: Each = 1,
        padding: Each = 0,
        output_padding: Each = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Each = 1,
        padding_mode: str = "zeros",
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        settings = stride, padding, dilation, groups, bias, padding_mode, device, dtype
        super().__init__(in_channels, out_channels, kernel_size, *settings)
        self.output_padding = several(output_padding, self.dims)

    def forward(self, input: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        """With ``output_size``, the size of the result, where several go with the same input."""
        added = self.output_padding if output_size is None else self._added(input, output_size)
        return self.function(
            input, self.weight, self.bias, self.stride, self.padding, added, self.groups, self.dilation
        )

    def _added(self, input: Tensor, output_size: Sequence[int]) -> tuple[int, ...]:
        """The output padding that makes the result of that size."""
        others = input.dim() - self.dims
        size = output_size[others:] if len(output_size) == input.dim() else output_size
        if len(size) != self.dims:
            raise ValueError(
                f"ConvTranspose{self.dims}D: for {input.dim()}D input, output_size must have {self.dims} or {input.dim()} "
                f"elements (got {len(size)})"
            )
        least = [
            (extent - 1) * step - 2 * int(p) + d * (kernel - 1) + 1
            for extent, step, p, d, kernel in zip(
                input.shape[others:], self.stride, self.padding, self.dilation, self.kernel_size, strict=True
            )
        ]
        most = [each + step - 1 for each, step in zip(least, self.stride, strict=True)]
        if any(not low <= each <= high for low, each, high in zip(least, size, most, strict=True)):
            raise ValueError(
                f"requested an output size of {size}, but valid sizes range from {least} to {most} (for an input of "
                f"{input.shape[2:]})"
            )
        return tuple(each - low for each, low in zip(size, least, strict=True))


class ConvTranspose1d(_ConvTransposeNd):
    """Spreads (batch, in_channels, length) by a window; see ``ConvTranspose2d``."""

    dims, function = 1, staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """Spreads (batch, in_channels, height, width) by a window; see ``functional.conv_transpose2d``, also for the settings.

    Attributes:
        weight: (in_channels, out_channels / groups, kernel height, kernel width), at first as that of ``Conv2d``.
        bias: (out_channels,), likewise.

    Raises:
        ValueError: settings that do not fit.
    """

    dims, function = 2, staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """Spreads (batch, in_channels, depth, height, width) by a window; see ``ConvTranspose2d``."""

    dims, function = 3, staticmethod(F.conv_transpose3d)
