"""Max pooling over windows that lie at random, so that the result may be smaller by any factor.

Source: Graham, Fractional Max-Pooling, 2014.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.dtypes import int64
from minitorch.ops.arguments import Each, dimension
from minitorch.ops.max_pooling import MaxPooling
from minitorch.ops.operator import operator

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class FractionalMaxPool2DBackward0(MaxPooling):
    dims, kernel = 2, "fractional_max_pool"


class FractionalMaxPool3DBackward0(MaxPooling):
    dims, kernel = 3, "fractional_max_pool"


@operator(method=False, public=False)
def fractional_max_pool2d(input: Tensor, kernel_size: Each, output_size: Each, samples: Tensor) -> Any:
    """The largest elements of windows of the planes of (batch, channels, height, width), and where they were.

    Args:
        input: with or without a batch, floating point.
        kernel_size: height and width of the windows, in pixels.
        output_size: height and width of the result.
        samples: (batch, channels, 2), from 0 to 1, of the same dtype: where the windows of a plane lie, across and down.

    Raises:
        RuntimeError: shapes or sizes do not fit.
    """
    return _pooled(2, input, kernel_size, output_size, samples)


@operator(method=False, public=False)
def fractional_max_pool3d(input: Tensor, kernel_size: Each, output_size: Each, samples: Tensor) -> Any:
    """Likewise of (batch, channels, depth, height, width), with ``samples`` (batch, channels, 3): deep, down and across."""
    return _pooled(3, input, kernel_size, output_size, samples)


def _pooled(dims: int, input: Tensor, kernel_size: Each, output_size: Each, samples: Tensor) -> Any:
    name, shape = f"fractional_max_pool{dims}d", tuple(input._array.shape)
    sizes = []
    for setting, value in (("kernel_size", kernel_size), ("output_size", output_size)):
        each = (value,) * dims if isinstance(value, int) else tuple(value) * (dims if len(value) == 1 else 1)
        if len(each) != dims:
            ints = "Ints" if dims == 2 else "three Ints"
            raise RuntimeError(f"{name}: {setting} must either be a single Int or tuple of {ints}")
        sizes.append(each)
    kernel, made = sizes
    if min(kernel) < 1:
        raise RuntimeError(f"{name}(): kernel size should be greater than zero, but got {'x'.join(map(str, kernel))}")
    _check_shape(f"{name}{'_out' if dims == 3 else ''}()", shape, kernel, made)
    batch, channels = (1, *shape)[len(shape) - dims - 1 :][:2]
    _check_samples(input, samples, batch, channels, dims)
    node = FractionalMaxPool2DBackward0 if dims == 2 else FractionalMaxPool3DBackward0
    across_first = samples.flip(2) if dims == 2 else samples
    planes = across_first[:batch].reshape(batch * channels, dims)
    values, indices = node.apply(input, planes.detach(), kernel_size=kernel, output_size=made)
    return values, indices.to(int64)


def _check_shape(place: str, shape: tuple[int, ...], kernel: tuple[int, ...], made: tuple[int, ...]) -> None:
    dims = len(kernel)
    dimension(-dims - 1, len(shape))
    for d in range(len(shape) - dims - 1, len(shape)):
        if not shape[d]:
            raise RuntimeError(
                f"{place}: Expected input to have non-zero size for non-batch dimensions, but got{list(shape)} with dimension "
                f"{d} being empty."
            )
    for axis, size, k, count in zip(("time", "height", "width")[-dims:], shape[-dims:], kernel, made, strict=True):
        if count + k - 1 > size:
            raise RuntimeError(f"{place}: pool {axis} {k} too large relative to input {axis} {size}")


def _check_samples(input: Tensor, samples: Tensor, batch: int, channels: int, dims: int) -> None:
    shape = samples._array.shape
    if samples._array.dtype != input._array.dtype:
        raise RuntimeError("Expect _random_samples to have the same dtype as input")
    if len(shape) != 3:
        raise RuntimeError(f"Expect _random_samples to have 3 dimensions, got {len(shape)}")
    if shape[0] < batch:
        raise RuntimeError("Expect _random_samples.size(0) no less then input batch size.")
    if shape[1] != channels:
        raise RuntimeError("Expect _random_samples.size(1) equals to input channel size.")
    if shape[2] != dims:
        raise RuntimeError(f"Expect _random_samples.size(2) equals to {dims}; got {shape[2]}.")
