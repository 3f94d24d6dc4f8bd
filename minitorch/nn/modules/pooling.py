"""Pooling: each class calls the function of ``nn.functional`` that has its name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module
from minitorch.ops.adaptive_pooling import OutputSize
from minitorch.ops.arguments import Each, several
from minitorch.tensor import Tensor


class _Pooling(Module):
    function: ClassVar[Callable[..., Any]]
    shown: ClassVar[tuple[str, ...]]
    """The settings that are printed."""

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={getattr(self, name)}" for name in self.shown)


class _MaxPoolNd(_Pooling):
    shown = "kernel_size", "stride", "padding", "dilation", "ceil_mode"

    def __init__(
        self,
        kernel_size: Each,
        stride: Each | None = None,
        padding: Each = 0,
        dilation: Each = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        return self.function(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )


class MaxPool1d(_MaxPoolNd):
    """The largest element of each window of (batch, channels, length); see ``MaxPool2d``."""

    function = staticmethod(F.max_pool1d)


class MaxPool2d(_MaxPoolNd):
    """The largest element of each window; see ``functional.max_pool2d``.

    Args:
        kernel_size: the window's height and width, in pixels.
        stride: how far the window moves; by its own size unless given.
        padding: how far windows reach over the edge.
        dilation: the distance of the window's elements.
        return_indices: return where the elements were as well.
        ceil_mode: windows that reach over the far edge count too.
    """

    function = staticmethod(F.max_pool2d)


class MaxPool3d(_MaxPoolNd):
    """The largest element of each window of (batch, channels, depth, height, width); see ``MaxPool2d``."""

    function = staticmethod(F.max_pool3d)


class _MaxUnpoolNd(_Pooling):
    dims: ClassVar[int]
    shown = "kernel_size", "stride", "padding"

    def __init__(self, kernel_size: Each, stride: Each | None = None, padding: Each = 0) -> None:
        super().__init__()
        self.kernel_size = several(kernel_size, self.dims)
        self.stride = several(kernel_size if stride is None else stride, self.dims)
        self.padding = several(padding, self.dims)

    def forward(self, input: Tensor, indices: Tensor, output_size: Sequence[int] | None = None) -> Tensor:
        return self.function(input, indices, self.kernel_size, self.stride, self.padding, output_size)


class MaxUnpool1d(_MaxUnpoolNd):
    """Max pooling of signals undone, but for what was not largest, which is zero; see ``functional.max_unpool2d``."""

    dims, function = 1, staticmethod(F.max_unpool1d)


class MaxUnpool2d(_MaxUnpoolNd):
    """Max pooling of images undone, but for what was not largest, which is zero; see ``functional.max_unpool2d``."""

    dims, function = 2, staticmethod(F.max_unpool2d)


class MaxUnpool3d(_MaxUnpoolNd):
    """Max pooling of volumes undone, but for what was not largest, which is zero; see ``functional.max_unpool2d``."""

    dims, function = 3, staticmethod(F.max_unpool3d)


class _AvgPoolNd(_Pooling):
    shown = "kernel_size", "stride", "padding"

    def __init__(
        self,
        kernel_size: Each,
        stride: Each | None = None,
        padding: Each = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad
        self.divisor_override = divisor_override

    def forward(self, input: Tensor) -> Tensor:
        settings = self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad
        return self.function(input, *settings, self.divisor_override)


class AvgPool1d(_Pooling):
    """The mean of each window of (batch, channels, length); see ``AvgPool2d``."""

    function = staticmethod(F.avg_pool1d)
    shown = "kernel_size", "stride", "padding"

    def __init__(
        self,
        kernel_size: Each,
        stride: Each | None = None,
        padding: Each = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> None:
        super().__init__()
        self.kernel_size = several(kernel_size, 1)
        self.stride = several(kernel_size if stride is None else stride, 1)
        self.padding = several(padding, 1)
        self.ceil_mode = ceil_mode
        self.count_include_pad = count_include_pad

    def forward(self, input: Tensor) -> Tensor:
        return self.function(input, self.kernel_size, self.stride, self.padding, self.ceil_mode, self.count_include_pad)


class AvgPool2d(_AvgPoolNd):
    """The mean of each window; see ``functional.avg_pool2d``.

    Args:
        kernel_size: the window's height and width, in pixels.
        stride: how far the window moves; by its own size unless given.
        padding: how many zeros are around the input.
        ceil_mode: windows that reach over the far edge count too.
        count_include_pad: the zeros around the input are counted in the mean.
        divisor_override: divide the sum by this, rather than by the number of elements.
    """

    function = staticmethod(F.avg_pool2d)


class AvgPool3d(_AvgPoolNd):
    """The mean of each window of (batch, channels, depth, height, width); see ``AvgPool2d``."""

    function = staticmethod(F.avg_pool3d)


class _FractionalMaxPoolNd(Module):
    dims: ClassVar[int]
    function: ClassVar[Callable[..., Any]]
    _random_samples: Tensor | None

    def __init__(
        self,
        kernel_size: Each,
        output_size: Each | None = None,
        output_ratio: Any = None,
        return_indices: bool = False,
        _random_samples: Tensor | None = None,
    ) -> None:
        super().__init__()
        self.kernel_size = several(kernel_size, self.dims)
        if self.dims == 3 and min(self.kernel_size) <= 0:
            raise ValueError(f"kernel_size must be greater than 0, but got {kernel_size}")
        self.return_indices = return_indices
        self.register_buffer("_random_samples", _random_samples)
        self.output_size = None if output_size is None else several(output_size, self.dims)
        self.output_ratio = None if output_ratio is None else several(output_ratio, self.dims)
        if output_size is None and output_ratio is None:
            raise ValueError(f"{type(self).__name__} requires specifying either an output size, or a pooling ratio")
        if output_size is not None and output_ratio is not None:
            raise ValueError("only one of output_size and output_ratio may be specified")
        if self.output_ratio is not None and not all(0 < each < 1 for each in self.output_ratio):
            raise ValueError(f"output_ratio must be between 0 and 1 (got {output_ratio})")

    def forward(self, input: Tensor) -> Any:
        settings = self.kernel_size, self.output_size, self.output_ratio, self.return_indices
        return self.function(input, *settings, self._random_samples)


class FractionalMaxPool2d(_FractionalMaxPoolNd):
    """The largest elements of windows that lie at random; see ``functional.fractional_max_pool2d``.

    Raises:
        ValueError: not just one of size and ratio is given, or the ratio is not between 0 and 1.
    """

    dims, function = 2, staticmethod(F.fractional_max_pool2d)


class FractionalMaxPool3d(_FractionalMaxPoolNd):
    """The same for volumes; see ``FractionalMaxPool2d``."""

    dims, function = 3, staticmethod(F.fractional_max_pool3d)


class _LPPoolNd(_Pooling):
    shown = "norm_type", "kernel_size", "stride", "ceil_mode"

    def __init__(
        self, norm_type: float, kernel_size: Each, stride: Each | None = None, ceil_mode: bool = False
    ) -> None:
        super().__init__()
        if norm_type == 0:
            raise ValueError(f"norm_type must be a non-zero value, but got {norm_type}")
        self.norm_type = norm_type
        self.kernel_size = kernel_size
        self.stride = stride
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Tensor:
        return self.function(input, float(self.norm_type), self.kernel_size, self.stride, self.ceil_mode)


class LPPool1d(_LPPoolNd):
    """``(Σ x ** norm_type) ** (1 / norm_type)`` of each window of a signal; see ``functional.lp_pool2d``."""

    function = staticmethod(F.lp_pool1d)


class LPPool2d(_LPPoolNd):
    """``(Σ x ** norm_type) ** (1 / norm_type)`` of each window of an image; see ``functional.lp_pool2d``."""

    function = staticmethod(F.lp_pool2d)


class LPPool3d(_LPPoolNd):
    """``(Σ x ** norm_type) ** (1 / norm_type)`` of each window of a volume; see ``functional.lp_pool2d``."""

    function = staticmethod(F.lp_pool3d)


class _AdaptiveMaxPoolNd(_Pooling):
    shown = ("output_size",)

    def __init__(self, output_size: OutputSize, return_indices: bool = False) -> None:
        super().__init__()
        self.output_size = output_size
        self.return_indices = return_indices

    def forward(self, input: Tensor) -> Any:
        return self.function(input, self.output_size, self.return_indices)


class AdaptiveMaxPool1d(_AdaptiveMaxPoolNd):
    """The largest elements of ``output_size`` windows that cover a signal; see ``functional.adaptive_max_pool2d``."""

    function = staticmethod(F.adaptive_max_pool1d)


class AdaptiveMaxPool2d(_AdaptiveMaxPoolNd):
    """The largest elements of windows that cover an image; see ``functional.adaptive_max_pool2d``."""

    function = staticmethod(F.adaptive_max_pool2d)


class AdaptiveMaxPool3d(_AdaptiveMaxPoolNd):
    """The largest elements of windows that cover a volume; see ``functional.adaptive_max_pool2d``."""

    function = staticmethod(F.adaptive_max_pool3d)


class _AdaptiveAvgPoolNd(_Pooling):
    shown = ("output_size",)

    def __init__(self, output_size: OutputSize) -> None:
        super().__init__()
        self.output_size = output_size

    def forward(self, input: Tensor) -> Tensor:
        return self.function(input, self.output_size)


class AdaptiveAvgPool1d(_AdaptiveAvgPoolNd):
    """The means of ``output_size`` windows that cover a signal; see ``functional.adaptive_avg_pool2d``."""

    function = staticmethod(F.adaptive_avg_pool1d)


class AdaptiveAvgPool2d(_AdaptiveAvgPoolNd):
    """The means of windows that cover an image; see ``functional.adaptive_avg_pool2d``."""

    function = staticmethod(F.adaptive_avg_pool2d)


class AdaptiveAvgPool3d(_AdaptiveAvgPoolNd):
    """The means of windows that cover a volume; see ``functional.adaptive_avg_pool2d``."""

    function = staticmethod(F.adaptive_avg_pool3d)
