"""Convolution over the last one, two or three dimensions of (batch, channels, …).

A convolution is linear in the input and in the weight. So its two gradients are linear too, and each of the three operators
here is differentiated in terms of the other two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.ops.arguments import Each
from minitorch.ops.convolution_checks import Sizes, check_dtypes, check_shapes, for_each
from minitorch.ops.operator import formula, operator
from minitorch.ops.padding import constant_pad_nd
from minitorch.ops.shape import squeeze, unsqueeze
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Convolving(Function):
    """What the three operators have in common: how the weight moves over the input."""

    __slots__ = ("geometry", "shape")

    geometry: dict[str, Any]

    def convolution_of(self, k: Table, a: Any, weight: Any, shape: Sizes) -> Any:
        """Of a larger input than need be (see ``output_padding``), there is more than is wanted."""
        result = k.convolution(a, weight, None, **self.geometry)
        for d in range(2, len(shape)):
            if result.shape[d] != shape[d]:
                result = k.slice(result, d, 0, shape[d], 1)
        return result


@formula("convolution")
class ConvolutionBackward0(Convolving, saves={"a": "input", "shape": "shapes"}):
    def forward(self, k: Table, a: Any, weight: Any, bias: Any, **geometry: Any) -> Any:
        self.geometry, self.shape = geometry, (a.shape, weight.shape)
        self.save(a if self.needs[1] else None, weight if self.needs[0] else None)
        return k.convolution(a, weight, bias, **geometry)

    def backward(self, k: Table, grad: Any, a: Any, weight: Any) -> tuple[Any, ...]:
        a_shape, weight_shape = self.shape
        return (
            self.needs[0] and k.convolution_input_grad(grad, weight, input_shape=a_shape, **self.geometry),
            self.needs[1] and k.convolution_weight_grad(grad, a, weight_shape=weight_shape, **self.geometry),
            self.needs[2] and k.sum(grad, (0, *range(2, len(a_shape))), False),
        )


@formula("convolution_input_grad")
class ConvolutionInputGrad(Convolving):
    def forward(self, k: Table, grad: Any, weight: Any, input_shape: Any, **geometry: Any) -> Any:
        self.geometry, self.shape = geometry, (grad.shape, weight.shape)
        self.save(grad if self.needs[1] else None, weight if self.needs[0] else None)
        return k.convolution_input_grad(grad, weight, input_shape=input_shape, **geometry)

    def backward(self, k: Table, outer: Any, grad: Any, weight: Any) -> tuple[Any, ...]:
        grad_shape, weight_shape = self.shape
        return (
            self.needs[0] and self.convolution_of(k, outer, weight, grad_shape),
            self.needs[1] and k.convolution_weight_grad(grad, outer, weight_shape=weight_shape, **self.geometry),
        )


@formula("convolution_weight_grad")
class ConvolutionWeightGrad(Convolving):
    def forward(self, k: Table, grad: Any, a: Any, weight_shape: Any, **geometry: Any) -> Any:
        self.geometry, self.shape = geometry, (grad.shape, a.shape)
        self.save(grad if self.needs[1] else None, a if self.needs[0] else None)
        return k.convolution_weight_grad(grad, a, weight_shape=weight_shape, **geometry)

    def backward(self, k: Table, outer: Any, grad: Any, a: Any) -> tuple[Any, ...]:
        grad_shape, a_shape = self.shape
        return (
            self.needs[0] and self.convolution_of(k, a, outer, grad_shape),
            self.needs[1] and k.convolution_input_grad(grad, outer, input_shape=a_shape, **self.geometry),
        )


@operator(method=False)
def conv1d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Each = 1,
    padding: Each | str = 0,
    dilation: Each = 1,
    groups: int = 1,
) -> Tensor:
    """Slides ``weight`` (out_channels, in_channels / groups, size) over (batch, in_channels, length); see ``conv2d``."""
    return _convolved(1, input, weight, bias, stride, padding, dilation, groups)


@operator(method=False)
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Each = 1,
    padding: Each | str = 0,
    dilation: Each = 1,
    groups: int = 1,
) -> Tensor:
    """Slides ``weight`` over ``input`` (cross-correlation, as every framework calls it convolution).

    Args:
        input: (batch, in_channels, height, width), or without the batch.
        weight: (out_channels, in_channels / groups, kernel height, kernel width), of the input's dtype.
        bias: (out_channels,), added to every position.
        stride: how far the window moves, in pixels.
        padding: how many zeros are added around the input, in pixels; ``"valid"`` for none, ``"same"`` to keep the size.
        dilation: the distance of the weight's taps, in pixels.
        groups: the channels fall into so many groups that are convolved apart.

    Raises:
        RuntimeError, ValueError: shapes, dtypes or settings that do not fit.
    """
    return _convolved(2, input, weight, bias, stride, padding, dilation, groups)


@operator(method=False)
def conv3d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Each = 1,
    padding: Each | str = 0,
    dilation: Each = 1,
    groups: int = 1,
) -> Tensor:
    """Slides ``weight``, of five dimensions, over (batch, in_channels, depth, height, width); see ``conv2d``."""
    return _convolved(3, input, weight, bias, stride, padding, dilation, groups)


def _convolved(
    dims: int,
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Each,
    padding: Each | str,
    dilation: Each,
    groups: int,
) -> Tensor:
    if input._array.ndim == dims + 1:
        return squeeze(_convolved(dims, unsqueeze(input, 0), weight, bias, stride, padding, dilation, groups), 0)
    count = weight._array.ndim - 2
    if input._array.ndim == dims + 2 and count > 0:
        if isinstance(padding, str):
            input, padding = _pad_by_name(padding, dims, input, weight, stride, dilation, groups)
        strides = for_each("stride", stride, dims, count)
        paddings = for_each("padding", padding, dims, count)
        dilations = for_each("dilation", dilation, dims, count)
    else:
        strides = paddings = dilations = ()  # refused below
    bias_shape = None if bias is None else bias._array.shape
    check_shapes(
        f"conv{dims}d", input._array.shape, weight._array.shape, bias_shape, strides, paddings, dilations, groups
    )
    check_dtypes("compute_columns3d" if dims == 3 else "slow_conv2d_cpu", input, weight, bias)
    return ConvolutionBackward0.apply(
        input, weight, bias, stride=strides, padding=paddings, dilation=dilations, groups=groups
    )


def _pad_by_name(
    name: str, dims: int, input: Tensor, weight: Tensor, stride: Each, dilation: Each, groups: int
) -> tuple[Tensor, Sizes]:
    """The padding, and the input, padded where there is to be more behind it than before."""
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    kernel = weight._array.shape[2:]
    if name == "valid":
        return input, (0,) * len(kernel)
    if name != "same":
        raise RuntimeError(f"Invalid padding string: '{name}'")
    if len(kernel) != dims:
        raise RuntimeError(
            f"Expected {len(kernel) + 2}-dimensional input for {len(kernel) + 2}-dimensional weight{list(weight._array.shape)}, "
            f"but got {dims + 2}-dimensional input of size {list(input._array.shape)} instead"
        )
    if max(for_each("stride", stride, dims, dims)) > 1:
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    zeros = [d * (size - 1) for d, size in zip(for_each("dilation", dilation, dims, dims), kernel, strict=True)]
    if any(count % 2 for count in zeros):
        warn(
            "Using padding='same' with even kernel lengths and odd dilation may require a zero-padded copy of the input be "
            "created",
            UserWarning,
        )
        input = constant_pad_nd(input, [side for count in reversed(zeros) for side in (0, count % 2)])
    return input, tuple(count // 2 for count in zeros)
