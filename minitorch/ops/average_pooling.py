"""Average pooling over windows that lie evenly, and the node that all kinds of average pooling have."""

from __future__ import annotations

from functools import lru_cache, reduce
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, Unary
from minitorch.kernels.windows import pooling_windows
from minitorch.ops.arguments import Each, dimension, dtype_name
from minitorch.ops.operator import formula, operator
from minitorch.ops.pooling import Sizes, check_windows, windows
from minitorch.ops.shape import squeeze, unsqueeze

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Averaging(Unary):
    """Each element of a window gets an even share of its gradient."""

    __slots__ = ("windows",)

    def forward(self, k: Table, a: Any, windows: Any) -> Any:
        self.windows = windows
        self.save(a)
        return k.avg_pool(a, windows)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.avg_pool_backward(grad, a, windows=self.windows),)


class AvgPool2DBackward0(Averaging):
    pass


class AvgPool3DBackward0(Averaging):
    pass


formula("avg_pool")(Averaging)


@formula("avg_pool_backward")
class AvgPoolBackwardBackward(Function):
    """Linear in the gradient, flat in the input of the pooling (which gives the shape)."""

    __slots__ = ("shape", "windows")

    def forward(self, k: Table, grad: Any, a: Any, windows: Any) -> Any:
        self.windows, self.shape = windows, a.shape
        return k.avg_pool_backward(grad, a, windows)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.avg_pool(grad, windows=self.windows), self.needs[1] and k.zeros(self.shape, grad)


@lru_cache(maxsize=256)
def _evenly(
    sizes: Sizes,
    kernel_size: Sizes,
    stride: Sizes,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> Any:
    """The windows, as the kernels want them (see ``averaging``)."""
    lines = [pooling_windows(*each, ceil_mode) for each in zip(sizes, kernel_size, stride, padding, strict=True)]
    counts = reduce(np.multiply.outer, [with_padding if count_include_pad else end - begin
                                        for begin, end, with_padding in lines])  # fmt: skip
    bounds = tuple((begin, end) for begin, end, _ in lines)
    return bounds, counts if divisor is None else np.full_like(counts, divisor)


def _avg_pool(
    dims: int,
    input: Tensor,
    kernel_size: Each,
    stride: Each | None,
    padding: Each,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Tensor:
    name = f"avg_pool{dims}d"
    settings = windows(name, dims, kernel_size, stride, padding)
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    shape = input._array.shape
    if dims == 2:
        dimension(-3, len(shape))
        if len(shape) > 4:
            raise RuntimeError(
                f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
            )
    check_windows(name, shape, *settings, ceil_mode)
    if input._array.dtype not in ("float32", "float64", "int64", "float16" if dims == 2 else "int64"):
        kernel = name if dims == 2 else f"{name}_out_frame"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype_name(input)}'")
    lines = _evenly(shape[-dims:], *settings[:3], ceil_mode, count_include_pad, divisor_override)
    return (AvgPool2DBackward0 if dims == 2 else AvgPool3DBackward0).apply(input, windows=lines)


def check_signal(name: str, input: Tensor) -> None:
    """Raises RuntimeError where the shape is neither (batch, channels, length) nor without the batch."""
    if input._array.ndim not in (2, 3):
        raise RuntimeError(
            f"Expected 2 to 3 dimensions, but got {input._array.ndim}-dimensional tensor for argument #1 'self' (while checking "
            f"arguments for {name})"
        )


@operator(method=False)
def avg_pool1d(
    input: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
) -> Tensor:
    """The mean of each window of (batch, channels, length); see ``avg_pool2d``."""
    kernel, strides, paddings, _ = windows("avg_pool1d", 1, kernel_size, stride, padding)
    check_signal("avg_pool1d", input)
    settings = (1, *kernel), (1, *strides), (0, *paddings), ceil_mode, count_include_pad, None
    return squeeze(_avg_pool(2, unsqueeze(input, -2), *settings), -2)


@operator(method=False, public=False)
def avg_pool2d(
    input: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window.

    Args:
        input: (batch, channels, height, width), or without the batch.
        kernel_size: the window's height and width, in pixels.
        stride: how far the window moves; by its own size unless given.
        padding: how many zeros are around the input, at most half the window's size.
        ceil_mode: windows that reach over the far edge count too.
        count_include_pad: the zeros around the input are counted in the mean.
        divisor_override: divide the sum by this, rather than by the number of elements.

    Raises:
        RuntimeError: shapes or settings that do not fit.
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)


@operator(method=False, public=False)
def avg_pool3d(
    input: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Tensor:
    """The mean of each window of (batch, channels, depth, height, width); see ``avg_pool2d``."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override)
