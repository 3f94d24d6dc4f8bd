"""Max pooling undone: what was largest goes back to its place, with zeros around it."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import Each, dtype_name
from minitorch.ops.operator import operator
from minitorch.ops.pooling import Sizes
from minitorch.ops.shape import squeeze, unsqueeze

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class MaxUnpooling(Function):
    __slots__ = ("dims",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, indices: Any, output_size: Sizes) -> Any:
        self.dims = len(output_size)
        self.save(a, indices)
        return k.max_unpool(a, indices, output_size)

    def backward(self, k: Table, grad: Any, a: Any, indices: Any) -> tuple[Any, ...]:
        return (k.max_pool_gather(grad, indices, dims=self.dims),)


class MaxUnpool2DBackward0(MaxUnpooling):
    pass


class MaxUnpool3DBackward0(MaxUnpooling):
    pass


@operator(method=False, public=False)
def max_unpool1d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Signals, (batch, channels, length) with or without the batch, of zeros and a pooling's results; see ``max_unpool2d``."""
    size, _, _ = _sizes(1, input, kernel_size, stride, padding, output_size)
    return squeeze(_unpooled(2, unsqueeze(input, -1), unsqueeze(indices, -1), (*size, 1)), -1)


@operator(method=False, public=False)
def max_unpool2d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Images of zeros and a pooling's results, each at its place.

    Args:
        input: (batch, channels, height, width), or without the batch: results of ``max_pool2d``.
        indices: likewise, int64: where each of them was, counted through its plane.
        kernel_size, stride, padding: what the pooling was called with; the size of its input follows from them, in part.
        output_size: the size itself, with or without batch and channels.

    Raises:
        ValueError, RuntimeError: the size does not go with the settings, or an index is outside.
    """
    size, _, _ = _sizes(2, input, kernel_size, stride, padding, output_size)
    return _unpooled(2, input, indices, size)


@operator(method=False, public=False)
def max_unpool3d(
    input: Tensor,
    indices: Tensor,
    kernel_size: Each,
    stride: Each | None = None,
    padding: Each = 0,
    output_size: Sequence[int] | None = None,
) -> Tensor:
    """Volumes, (batch, channels, depth, height, width), of zeros and a pooling's results; see ``max_unpool2d``."""
    size, strides, paddings = _sizes(3, input, kernel_size, stride, padding, output_size)
    for name, given in (("stride", strides), ("padding", paddings)):
        if len(given) != 3:
            raise RuntimeError(
                f"There should be exactly three elements (depth, height, width) in {name}, but got: {len(given)} elements."
            )
    if min(strides) < 1:
        raise RuntimeError(f"strides should be greater than zero, but got stride: {list(strides)}")
    return _unpooled(3, input, indices, size)


def _sizes(
    dims: int,
    input: Tensor,
    kernel_size: Each,
    stride: Each | None,
    padding: Each,
    output_size: Sequence[int] | None,
) -> tuple[Sizes, Sizes, Sizes]:
    """The size of the result; stride and padding for each dimension."""
    kernel, strides, paddings = (
        (each,) * dims if isinstance(each, int) else tuple(each)
        for each in (kernel_size, kernel_size if stride is None else stride, padding)
    )
    count = len(kernel)
    sizes = [
        (size - 1) * strides[d] + kernel[d] - 2 * paddings[d] for d, size in enumerate(input._array.shape[-count:])
    ]
    wanted: Sequence[int] = sizes
    if output_size is not None:
        wanted = output_size[2:] if len(output_size) == count + 2 else output_size
        if len(wanted) != count:
            raise ValueError(
                f"output_size should be a sequence containing {count} or {count + 2} elements, but it has a length of "
                f"'{len(wanted)}'"
            )
        for d, (size, step) in enumerate(zip(sizes, strides, strict=False)):
            if not size - step < wanted[d] < size + step:
                raise ValueError(
                    f'invalid output_size "{wanted}" (dim {d} must be between {size - step} and {size + step})'
                )
    for d, size in enumerate(wanted):
        if size < 0:
            raise ValueError(
                f"max_unpooling: output_size must contain non-negative spatial dimensions, but got output_size[{d}]={size}"
            )
    return tuple(wanted), strides, paddings


def _unpooled(dims: int, input: Tensor, indices: Tensor, size: Sizes) -> Tensor:
    shape, dtype = list(input._array.shape), indices._array.dtype
    if dtype != "int64":
        raise RuntimeError(
            "elements in indices should be type int64" + (f" but got: {dtype_name(indices)}" if dims == 2 else "")
        )
    if len(shape) not in (dims + 1, dims + 2):
        raise RuntimeError(
            f"Input to max_unpooling{dims}d should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with {len(shape)} "
            "dimensions."
        )
    if input._array.shape != indices._array.shape:
        raise RuntimeError(
            f"Expected shape of indices to be same as that of the input tensor ({shape}) but got indices tensor with shape: "
            f"{list(indices._array.shape)}"
        )
    for d in range(1, len(shape)):
        if not shape[d]:
            raise RuntimeError(
                f"max_unpooling{dims}d_forward_out_cpu(): Expected input to have non-zero size for non-batch dimensions, but got "
                f"{shape} with dimension {d} being empty."
            )
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"max_unpool{dims}d\" not implemented for '{dtype_name(input)}'")
    places = as_numpys(indices._array)
    outside = places[(places < 0) | (places >= prod(size))]
    if outside.size:
        raise RuntimeError(
            f"Found an invalid max index: {outside[-1]} (output volumes are of size {'x'.join(map(str, size))})"
        )
    return (MaxUnpool2DBackward0 if dims == 2 else MaxUnpool3DBackward0).apply(input, indices, output_size=size)
