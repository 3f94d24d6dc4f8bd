"""Max pooling over windows that lie evenly, and the node that all kinds of max pooling have.

The dimensions before the last one, two or three are only so many planes, so that an input without a batch is nothing special.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from minitorch.autograd.graph import Function
from minitorch.dtypes import int64
from minitorch.kernels.windows import pooled_size
from minitorch.ops.arguments import Each, dtype_name
from minitorch.ops.operator import formula, operator
from minitorch.ops.pooling import Sizes, check_windows, windows
from minitorch.ops.shape import squeeze, unsqueeze

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class MaxPooling(Function, saves={"indices": "result1"}):
    """The gradient of each window goes to its largest element."""

    dims: ClassVar[int]
    """How many dimensions a plane has."""
    kernel: ClassVar[str]
    graph_inputs = 1

    def forward(self, k: Table, a: Any, *samples: Any, **settings: Any) -> tuple[Any, Any]:
        result, indices = getattr(k, self.kernel)(a, *samples, **settings)
        self.save(a, indices)
        return result, indices

    def backward(self, k: Table, grad: Any, _: Any, a: Any, indices: Any) -> tuple[Any, ...]:
        return (k.max_pool_backward(grad, indices, a, dims=self.dims),)


class MaxPool2DWithIndicesBackward0(MaxPooling):
    dims, kernel = 2, "max_pool"


class MaxPool3DWithIndicesBackward0(MaxPooling):
    dims, kernel = 3, "max_pool"


@formula("max_pool_backward")
class MaxPoolBackwardBackward(Function):
    """Linear in the gradient, flat in the input of the pooling (which gives the shape)."""

    __slots__ = ("dims",)

    def forward(self, k: Table, grad: Any, indices: Any, a: Any, dims: int) -> Any:
        self.dims = dims
        self.save(indices)
        return k.max_pool_backward(grad, indices, a, dims)

    def backward(self, k: Table, grad: Any, indices: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.max_pool_gather(grad, indices, dims=self.dims),
            None,
            self.needs[2] and k.zeros(grad.shape, grad),
        )


@formula("max_pool_gather")
class MaxPoolGather(Function):
    """The adjoint of the one above."""

    __slots__ = ("dims",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, indices: Any, dims: int) -> Any:
        self.dims = dims
        self.save(a, indices)
        return k.max_pool_gather(a, indices, dims)

    def backward(self, k: Table, grad: Any, a: Any, indices: Any) -> tuple[Any, ...]:
        return (k.max_pool_backward(grad, indices, a, dims=self.dims),)


def _max_pool(
    dims: int,
    input: Tensor,
    kernel_size: Each,
    stride: Each | None,
    padding: Each,
    dilation: Each,
    ceil_mode: bool,
    indices: bool = False,
) -> Any:
    name = f"max_pool{dims}d"
    kernel, strides, paddings, dilations = windows(name, dims, kernel_size, stride, padding, dilation)
    check_windows(name, input._array.shape, kernel, strides, paddings, dilations, ceil_mode)
    if input._array.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")
    node = MaxPool2DWithIndicesBackward0 if dims == 2 else MaxPool3DWithIndicesBackward0
    result, found = node.apply(
        input, kernel_size=kernel, stride=strides, padding=paddings, dilation=dilations, ceil_mode=ceil_mode
    )
    return (result, found.to(int64)) if indices else result


@operator(method=False)
def max_pool1d(
    input: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    dilation: Each = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (batch, channels, length); see ``max_pool2d``."""
    settings = windows("max_pool1d", 1, kernel_size, stride, padding, dilation)
    _check_signal(input._array.shape, *settings, ceil_mode)
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"max_pool1d_impl\" not implemented for '{dtype_name(input)}'")
    return max_pool1d_with_indices(input, *settings, ceil_mode)[0]


def _check_signal(shape: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool) -> None:
    _check_dimensions("max_pool1d", shape)
    for name, (value,) in (("kernel_size", kernel), ("stride", stride), ("dilation", dilation)):
        if value < 1:
            raise RuntimeError(f"max_pool1d() {name} must be greater than zero, but got {value}")
        if name == "stride" and padding[0] < 0:
            raise RuntimeError(f"max_pool1d() padding must be non-negative, but got {padding[0]}")
        if name == "stride" and padding[0] > kernel[0] // 2:
            raise RuntimeError(
                f"max_pool1d() padding should be at most half of kernel size, but got padding={padding[0]} and "
                f"kernel_size={kernel[0]}"
            )
    size = pooled_size(shape[-1], kernel[0], stride[0], padding[0], dilation[0], ceil_mode)
    if size < 1:
        raise RuntimeError(f"max_pool1d() Invalid computed output size: {size}")


def _check_dimensions(name: str, shape: Sizes) -> None:
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise RuntimeError(
            f"{name}: Expected 2D or 3D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
        )


@operator(method=False)
def max_pool1d_with_indices(
    input: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    dilation: Each = 1,
    ceil_mode: bool = False,
) -> Any:
    """``max_pool1d``, and where in the signal each element was."""
    kernel, strides, paddings, dilations = windows("max_pool1d", 1, kernel_size, stride, padding, dilation)
    _check_dimensions("max_pool1d", input._array.shape)
    settings = (1, *kernel), (1, *strides), (0, *paddings), (1, *dilations), ceil_mode
    values, indices = _max_pool(2, unsqueeze(input, -2), *settings, indices=True)
    return squeeze(values, -2), squeeze(indices, -2)


@operator(method=False)
def max_pool2d(
    input: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    dilation: Each = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window, the first of them where there are several.

    Args:
        input: (batch, channels, height, width), or without the batch.
        kernel_size: the window's height and width, in pixels.
        stride: how far the window moves; by its own size unless given.
        padding: how far windows reach over the edge, at most half their size; nothing outside is ever chosen.
        dilation: the distance of the window's elements.
        ceil_mode: windows that reach over the far edge count too.

    Raises:
        RuntimeError: shapes or settings that do not fit.
    """
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode)  # type: ignore[no-any-return]


@operator(method=False, public=False)
def max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    dilation: Each = 1,
    ceil_mode: bool = False,
) -> Any:
    """``max_pool2d``, and where the elements were, counted through each plane of the input."""
    return _max_pool(2, input, kernel_size, stride, padding, dilation, ceil_mode, indices=True)


@operator(method=False)
def max_pool3d(
    input: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    dilation: Each = 1,
    ceil_mode: bool = False,
) -> Tensor:
    """The largest element of each window of (batch, channels, depth, height, width); see ``max_pool2d``."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode)  # type: ignore[no-any-return]


@operator(method=False, public=False)
def max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    dilation: Each = 1,
    ceil_mode: bool = False,
) -> Any:
    """``max_pool3d``, and where the elements were, counted through each volume of the input."""
    return _max_pool(3, input, kernel_size, stride, padding, dilation, ceil_mode, indices=True)
