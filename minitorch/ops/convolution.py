"""Convolution and pooling over the last two dimensions of (batch, channels, height, width).

A convolution is linear in the input and in the weight. So its two gradients are linear too, and each of the three operators
here is differentiated in terms of the other two.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.dtypes import int64
from minitorch.ops.arguments import Pair, cpp_name, dtype_name, pair
from minitorch.ops.operator import formula, operator
from minitorch.ops.shape import squeeze, unsqueeze

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Convolving(Function):
    """What the three operators have in common: how the weight moves over the input."""

    __slots__ = ("geometry", "shape")


class ConvolutionBackward0(Convolving, saves={"a": "input", "shape": "shapes"}):
    def forward(self, k: Table, a: Any, weight: Any, bias: Any, **geometry: Any) -> Any:
        self.geometry, self.shape = geometry, (a.shape, weight.shape)
        self.save(a if self.needs[1] else None, weight if self.needs[0] else None)
        return k.conv2d(a, weight, bias, **geometry)

    def backward(self, k: Table, grad: Any, a: Any, weight: Any) -> tuple[Any, ...]:
        a_shape, weight_shape = self.shape
        return (
            self.needs[0] and k.conv2d_input_grad(grad, weight, input_shape=a_shape, **self.geometry),
            self.needs[1] and k.conv2d_weight_grad(grad, a, weight_shape=weight_shape, **self.geometry),
            self.needs[2] and k.sum(grad, (0, 2, 3), False),
        )


@formula("conv2d_input_grad")
class ConvolutionInputGrad(Convolving):
    def forward(self, k: Table, grad: Any, weight: Any, input_shape: Any, **geometry: Any) -> Any:
        self.geometry, self.shape = geometry, weight.shape
        self.save(grad if self.needs[1] else None, weight if self.needs[0] else None)
        return k.conv2d_input_grad(grad, weight, input_shape=input_shape, **geometry)

    def backward(self, k: Table, outer: Any, grad: Any, weight: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.conv2d(outer, weight, None, **self.geometry),
            self.needs[1] and k.conv2d_weight_grad(grad, outer, weight_shape=self.shape, **self.geometry),
        )


@formula("conv2d_weight_grad")
class ConvolutionWeightGrad(Convolving):
    def forward(self, k: Table, grad: Any, a: Any, weight_shape: Any, **geometry: Any) -> Any:
        self.geometry, self.shape = geometry, a.shape
        self.save(grad if self.needs[1] else None, a if self.needs[0] else None)
        return k.conv2d_weight_grad(grad, a, weight_shape=weight_shape, **geometry)

    def backward(self, k: Table, outer: Any, grad: Any, a: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.conv2d(a, outer, None, **self.geometry),
            self.needs[1] and k.conv2d_input_grad(grad, outer, input_shape=self.shape, **self.geometry),
        )


@operator(method=False)
def conv2d(
    input: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Pair = 1,
    padding: Pair | str = 0,
    dilation: Pair = 1,
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
    if input._array.ndim == 3:
        return squeeze(conv2d(unsqueeze(input, 0), weight, bias, stride, padding, dilation, groups), 0)
    strides, dilations = pair(stride), pair(dilation)
    if isinstance(padding, str):
        if groups < 1:
            raise RuntimeError("non-positive groups is not supported")
        kernel = weight._array.shape[2:]
        padding = _named_padding(padding, kernel, strides, dilations) if len(kernel) == 2 else (0, 0)  # refused below
    geometry: dict[str, Any] = {"stride": strides, "padding": pair(padding), "dilation": dilations, "groups": groups}
    bias_shape = None if bias is None else bias._array.shape
    _check_shapes(input._array.shape, weight._array.shape, bias_shape, strides, geometry["padding"], dilations, groups)
    _check_dtypes(input, weight, bias)
    return ConvolutionBackward0.apply(input, weight, bias, **geometry)


def _named_padding(
    name: str, kernel: tuple[int, ...], stride: tuple[int, int], dilation: tuple[int, int]
) -> tuple[int, int]:
    if name == "valid":
        return 0, 0
    if name != "same":
        raise RuntimeError(f"Invalid padding string: '{name}'")
    if stride != (1, 1):
        raise RuntimeError("padding='same' is not supported for strided convolutions")
    reach = [d * (size - 1) for d, size in zip(dilation, kernel, strict=True)]
    if any(r % 2 for r in reach):
        raise RuntimeError(
            "padding='same' with a kernel of even size needs more zeros on one side; pad the input first"
        )
    return reach[0] // 2, reach[1] // 2


@lru_cache(maxsize=1024)
def _check_shapes(
    shape: tuple[int, ...],
    weight_shape: tuple[int, ...],
    bias_shape: tuple[int, ...] | None,
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    groups: int,
) -> None:
    if len(shape) != 4:
        raise RuntimeError(
            f"Expected 3D (unbatched) or 4D (batched) input to conv2d, but got input of size: {list(shape)}"
        )
    if len(weight_shape) < 3:
        raise RuntimeError("weight should have at least three dimensions")
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if min(stride) < 1:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 1:
        given = f", but got {list(dilation)}" if min(dilation) == 0 else ""
        raise RuntimeError("dilation should be greater than zero" + given)
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    if len(weight_shape) != 4:
        raise RuntimeError(
            f"Expected {len(weight_shape)}-dimensional input for {len(weight_shape)}-dimensional weight{list(weight_shape)}, but "
            f"got 4-dimensional input of size {list(shape)} instead"
        )
    if weight_shape[0] < groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be at least {groups} at dimension 0, but got weight of size "
            f"{list(weight_shape)} instead"
        )
    if weight_shape[0] % groups:
        raise RuntimeError(
            f"Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got weight of size "
            f"[{list(weight_shape)}] instead"
        )
    if shape[1] != weight_shape[1] * groups:
        raise RuntimeError(
            f"Given groups={groups}, weight of size {list(weight_shape)}, expected input{list(shape)} to have "
            f"{weight_shape[1] * groups} channels, but got {shape[1]} channels instead"
        )
    if bias_shape is not None and bias_shape != weight_shape[:1]:
        raise RuntimeError(
            f"Given weight of size {list(weight_shape)}, expected bias to be 1-dimensional with {weight_shape[0]} elements, "
            f"but got bias of size {list(bias_shape)} instead"
        )
    padded = [size + 2 * p for size, p in zip(shape[2:], padding, strict=True)]
    reach = [d * (size - 1) + 1 for size, d in zip(weight_shape[2:], dilation, strict=True)]
    if any(size < r for size, r in zip(padded, reach, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({padded[0]} x {padded[1]}). "
            f"Kernel size: ({reach[0]} x {reach[1]}). Kernel size can't be greater than actual input size"
        )


def _check_dtypes(input: Tensor, weight: Tensor, bias: Tensor | None) -> None:
    if bias is not None and bias._array.dtype is not input._array.dtype:
        raise RuntimeError(f"Input type ({cpp_name(input)}) and bias type ({cpp_name(bias)}) should be the same")
    if weight._array.dtype is not input._array.dtype:
        raise RuntimeError(f"expected scalar type {dtype_name(input)} but found {dtype_name(weight)}")
    if input._array.dtype.kind != "f":
        raise RuntimeError(f"\"conv2d\" not implemented for '{dtype_name(input)}'")


class MaxPool2DWithIndicesBackward0(Function, saves={"indices": "result1"}):
    """The gradient of each window goes to its largest element."""

    def forward(self, k: Table, a: Any, **window: Any) -> tuple[Any, Any]:
        result, indices = k.max_pool2d(a, **window)
        self.save(a, indices)
        return result, indices

    def backward(self, k: Table, grad: Any, _: Any, a: Any, indices: Any) -> tuple[Any, ...]:
        return (k.max_pool2d_backward(grad, indices, a),)


@formula("max_pool2d_backward")
class MaxPool2DBackwardBackward(Function):
    """Linear in the gradient, flat in the input of the pooling (which gives the shape)."""

    def forward(self, k: Table, grad: Any, indices: Any, a: Any) -> Any:
        self.save(indices)
        return k.max_pool2d_backward(grad, indices, a)

    def backward(self, k: Table, grad: Any, indices: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.max_pool2d_gather(grad, indices), None, self.needs[2] and k.zeros(grad.shape, grad)


@formula("max_pool2d_gather")
class MaxPool2DGather(Function):
    """The adjoint of the one above."""

    graph_inputs = 1

    def forward(self, k: Table, a: Any, indices: Any) -> Any:
        self.save(a, indices)
        return k.max_pool2d_gather(a, indices)

    def backward(self, k: Table, grad: Any, a: Any, indices: Any) -> tuple[Any, ...]:
        return (k.max_pool2d_backward(grad, indices, a),)


@operator(method=False)
def max_pool2d(
    input: Tensor,
    kernel_size: Pair,
    stride: Pair | None = None,
    padding: Pair = 0,
    dilation: Pair = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> Any:
    """The largest element of each window, the first of them where there are several.

    Args:
        input: (batch, channels, height, width), or without the batch.
        kernel_size: the window's height and width, in pixels.
        stride: how far the window moves; by its own size unless given.
        padding: how far windows reach over the edge, at most half their size; nothing outside is ever chosen.
        dilation: the distance of the window's elements.
        ceil_mode: windows that reach over the far edge count too.
        return_indices: return where the elements were as well, counted through each plane of the input.

    Raises:
        RuntimeError: shapes or settings that do not fit.
    """
    window: dict[str, Any] = {
        "kernel_size": pair(kernel_size),
        "stride": pair(kernel_size if stride is None or stride == () or stride == [] else stride),
        "padding": pair(padding),
        "dilation": pair(dilation),
        "ceil_mode": ceil_mode,
    }
    _check_pooling(input._array.shape, *window.values())
    without_batch = input._array.ndim == 3
    batch = unsqueeze(input, 0) if without_batch else input
    result, indices = MaxPool2DWithIndicesBackward0.apply(batch, **window)
    if without_batch:
        result, indices = squeeze(result, 0), squeeze(indices, 0)
    return (result, indices.to(int64)) if return_indices else result


@lru_cache(maxsize=1024)
def _check_pooling(
    shape: tuple[int, ...],
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    dilation: tuple[int, int],
    ceil_mode: bool,
) -> None:
    if len(shape) not in (3, 4):
        raise RuntimeError("non-empty 3D or 4D (batch mode) tensor expected for input")
    if 0 in stride:
        raise RuntimeError("stride should not be zero")
    for size, p in zip(kernel_size, padding, strict=True):
        if p < 0:
            raise RuntimeError(f"pad must be non-negative, but got pad: {p}")
        if p > size // 2:
            raise RuntimeError(
                f"pad should be at most half of effective kernel size, but got pad={p}, kernel_size={size} and "
                f"dilation={max(dilation)}"
            )
    if min(kernel_size) < 1:
        raise RuntimeError(
            f"kernel size should be greater than zero, but got kH: {kernel_size[0]} kW: {kernel_size[1]}"
        )
    if min(stride) < 1:
        raise RuntimeError(f"stride should be greater than zero, but got dH: {stride[0]} dW: {stride[1]}")
    if min(dilation) < 1:
        raise RuntimeError(
            f"dilation should be greater than zero, but got dilationH: {dilation[0]} dilationW: {dilation[1]}"
        )
    if 0 in shape[len(shape) - 3 :]:
        raise RuntimeError(
            f"Expected 3D or 4D (batch mode) tensor with optional 0 dim batch size for input, but got:{list(shape)}"
        )
    reach = [d * (size - 1) + 1 for size, d in zip(kernel_size, dilation, strict=True)]
    out = [(size + 2 * p - r) // s + 1 for size, p, r, s in zip(shape[-2:], padding, reach, stride, strict=True)]
    if min(out) < 1 and not ceil_mode:
        raise RuntimeError(
            f"Given input size: ({shape[-3]}x{shape[-2]}x{shape[-1]}). Calculated output size: ({shape[-3]}x{out[0]}x{out[1]}). "
            "Output size is too small"
        )
