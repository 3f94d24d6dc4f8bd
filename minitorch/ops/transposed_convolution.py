"""Transposed convolution: the gradient of a convolution's input, as an operator of its own; and convolution of sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.ops.arguments import Each, dtype_name
from minitorch.ops.convolution import Convolving
from minitorch.ops.convolution_checks import Sizes, check_dtypes, check_shapes, for_each
from minitorch.ops.operator import operator
from minitorch.ops.shape import squeeze, unsqueeze

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class ConvolutionBackward0(Convolving, saves={"a": "input", "shape": "shapes"}):
    """What is here the input, the weight and the result are for a convolution the gradient, the weight and the input."""

    def forward(self, k: Table, a: Any, weight: Any, bias: Any, output_shape: Sizes, **geometry: Any) -> Any:
        self.geometry, self.shape = geometry, (a.shape, weight.shape)
        self.save(a if self.needs[1] else None, weight if self.needs[0] else None)
        result = k.convolution_input_grad(a, weight, input_shape=output_shape, **geometry)
        return result if bias is None else k.add(result, k.reshape(bias, (-1, *[1] * (len(output_shape) - 2))))

    def backward(self, k: Table, grad: Any, a: Any, weight: Any) -> tuple[Any, ...]:
        a_shape, weight_shape = self.shape
        return (
            self.needs[0] and self.convolution_of(k, grad, weight, a_shape),
            self.needs[1] and k.convolution_weight_grad(a, grad, weight_shape=weight_shape, **self.geometry),
            self.needs[2] and k.sum(grad, (0, *range(2, len(a_shape))), False),
        )


@operator(method=False)
def conv_transpose1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Each = 1,
    padding: Each = 0,
    output_padding: Each = 0,
    groups: int = 1,
    dilation: Each = 1,
) -> Tensor:
    """Spreads (batch, in_channels, length) by ``weight`` (in_channels, out_channels / groups, size); see ``conv_transpose2d``."""
    return _spread(1, input, weight, bias, stride, padding, output_padding, groups, dilation)


@operator(method=False)
def conv_transpose2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Each = 1,
    padding: Each = 0,
    output_padding: Each = 0,
    groups: int = 1,
    dilation: Each = 1,
) -> Tensor:
    """Puts ``weight``, times each pixel, where ``conv2d`` with these settings would look for that pixel, and adds up.

    Args:
        input: (batch, in_channels, height, width), or without the batch.
        weight: (in_channels, out_channels / groups, kernel height, kernel width), of the input's dtype.
        bias: (out_channels,), added to every position.
        stride: how far apart the pixels' copies of the weight are.
        padding: how many pixels are cut off around the result.
        output_padding: how many are added to the result at the bottom and at the right, which ``conv2d`` would not have used.
        groups: the channels fall into so many groups that are convolved apart.
        dilation: the distance of the weight's taps, in pixels.

    Raises:
        RuntimeError: shapes, dtypes or settings that do not fit.
    """
    return _spread(2, input, weight, bias, stride, padding, output_padding, groups, dilation)


@operator(method=False)
def conv_transpose3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Each = 1,
    padding: Each = 0,
    output_padding: Each = 0,
    groups: int = 1,
    dilation: Each = 1,
) -> Tensor:
    """Spreads (batch, in_channels, depth, height, width) by a weight of five dimensions; see ``conv_transpose2d``."""
    return _spread(3, input, weight, bias, stride, padding, output_padding, groups, dilation)


def _spread(
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Each,
    padding: Each,
    output_padding: Each,
    groups: int,
    dilation: Each,
) -> Tensor:
    settings = stride, padding, output_padding, groups, dilation
    if input._array.ndim == dims + 1:
        return squeeze(_spread(dims, unsqueeze(input, 0), weight, bias, *settings), 0)
    count = weight._array.ndim - 2
    given = {"stride": stride, "padding": padding, "dilation": dilation, "output_padding": output_padding}
    fits = input._array.ndim == dims + 2 and count > 0
    geometry = {name: for_each(name, each, dims, count) if fits else () for name, each in given.items()}
    shape, weight_shape = input._array.shape, weight._array.shape
    bias_shape = None if bias is None else bias._array.shape
    check_shapes(f"conv_transpose{dims}d", shape, weight_shape, bias_shape, groups=groups, **geometry)
    check_dtypes(f"slow_conv_transpose{max(2, dims)}d_out_cpu", input, weight, bias, transposed=True)
    added = geometry.pop("output_padding")
    sizes = [
        (size - 1) * step - 2 * p + d * (kernel - 1) + extra + 1
        for size, kernel, step, p, d, extra in zip(shape[2:], weight_shape[2:], *geometry.values(), added, strict=True)
    ]
    if 0 in shape[2:]:
        image = [*shape[:2], *[1] * (2 - dims), *shape[2:]]
        raise RuntimeError(f"Only zero batch or zero channel inputs are supported, but got input shape: {image}")
    if min(sizes) < 1:
        raise RuntimeError(
            f"Given input size per channel: ({' x '.join(map(str, shape[2:]))}). Calculated output size per channel: "
            f"({' x '.join(map(str, sizes))}). Output size is too small"
        )
    return ConvolutionBackward0.apply(
        input, weight, bias, output_shape=(shape[0], weight_shape[1] * groups, *sizes), groups=groups, **geometry
    )


class ConvTbcBackward0(Function):
    """A convolution of sequences that have their time first, (time, batch, channels)."""

    __slots__ = ("geometry",)

    def forward(self, k: Table, a: Any, weight: Any, bias: Any, pad: int) -> Any:
        self.geometry = {"stride": (1,), "padding": (pad,), "dilation": (1,), "groups": 1}
        self.save(a, weight)
        return self.time_first(k, k.convolution(self.time_last(k, a), self.turned(k, weight), bias, **self.geometry))

    def backward(self, k: Table, grad: Any, a: Any, weight: Any) -> tuple[Any, ...]:
        grad, a, weight = self.time_last(k, grad), self.time_last(k, a), self.turned(k, weight)
        return (
            self.needs[0]
            and self.time_first(k, k.convolution_input_grad(grad, weight, input_shape=a.shape, **self.geometry)),
            self.needs[1]
            and self.turned(k, k.convolution_weight_grad(grad, a, weight_shape=weight.shape, **self.geometry)),
            self.needs[2] and k.sum(grad, (0, 2), False),
        )

    @staticmethod
    def time_last(k: Table, a: Any) -> Any:
        return k.permute(a, (1, 2, 0))

    @staticmethod
    def time_first(k: Table, a: Any) -> Any:
        return k.clone(k.permute(a, (2, 0, 1)))

    @staticmethod
    def turned(k: Table, weight: Any) -> Any:
        return k.permute(weight, (2, 1, 0))


@operator(method=False)
def conv_tbc(input: Tensor, weight: Tensor, bias: Tensor, pad: int = 0) -> Tensor:
    """Slides ``weight`` (size, in_channels, out_channels) over sequences (time, batch, in_channels), with zeros at both ends.

    Raises:
        RuntimeError: shapes that do not fit.
    """
    if bias is None:
        raise TypeError("conv_tbc(): argument 'bias' (position 3) must be Tensor, not NoneType")
    shape, weight_shape, bias_shape = (each._array.shape for each in (input, weight, bias))
    if len(shape) != 3:
        raise RuntimeError("Input must have 3 dims: time, batch, in_channel")
    if len(weight_shape) != 3:
        raise RuntimeError("Weight tensor must have 3 dims: kernel_width, in_channels, out_channels.")
    if len(bias_shape) != 1:
        raise RuntimeError("Bias must be 1-D")
    if shape[2] != weight_shape[1]:
        raise RuntimeError("Input dim 2 (input channels) is not == dim 1 in the weight tensor")
    if weight_shape[2] != bias_shape[0]:
        raise RuntimeError("Bias size must equal dim 2 in the weight tensor (output channels).")
    if weight._array.dtype != input._array.dtype:
        raise RuntimeError(
            f"self and mat2 must have the same dtype, but got {dtype_name(input)} and {dtype_name(weight)}"
        )
    length = shape[0] + 2 * pad - weight_shape[0] + 1
    if length < 0:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {length}: {[length, shape[1], weight_shape[2]]}"
        )
    return ConvTbcBackward0.apply(input, weight, bias, pad=pad)
