"""What convolutions check of their arguments, in torch's words."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from minitorch.ops.arguments import Each, cpp_name, dtype_name

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

Sizes = tuple[int, ...]


def for_each(name: str, value: Each, dims: int, wanted: int) -> Sizes:
    """A setting for each of the ``wanted`` dimensions of the weight; a single number stands for ``dims``.

    Raises:
        RuntimeError: there are not so many numbers.
    """
    each = (value,) * dims if isinstance(value, int) else tuple(value) * (dims if len(value) == 1 else 1)
    if len(each) == wanted:
        return each
    if len(each) == 1:
        return each * wanted
    raise RuntimeError(
        f"expected {name} to be a single integer value or a list of {wanted} values to match the convolution dimensions, but "
        f"got {name}={list(each)}"
    )


@lru_cache(maxsize=1024)
def check_shapes(
    name: str,
    shape: Sizes,
    weight_shape: Sizes,
    bias_shape: Sizes | None,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    groups: int,
    output_padding: Sizes | None = None,
) -> None:
    """Raises RuntimeError where shapes and settings do not go together; only transposed convolutions pad the output."""
    dims = int(name[-2])
    if len(shape) != dims + 2:
        raise RuntimeError(
            f"Expected {dims + 1}D (unbatched) or {dims + 2}D (batched) input to {name}, but got input of size: {list(shape)}"
        )
    if len(weight_shape) < 3:
        raise RuntimeError("weight should have at least three dimensions")
    if min(padding) < 0:
        raise RuntimeError("negative padding is not supported")
    if output_padding is not None and min(output_padding) < 0:
        raise RuntimeError("negative output_padding is not supported")
    if min(stride) < 1:
        raise RuntimeError("non-positive stride is not supported")
    if min(dilation) < 1:
        given = f", but got {list(dilation)}" if min(dilation) == 0 else ""
        raise RuntimeError("dilation should be greater than zero" + given)
    if groups < 1:
        raise RuntimeError("non-positive groups is not supported")
    if len(weight_shape) != len(shape):
        raise RuntimeError(
            f"Expected {len(weight_shape)}-dimensional input for {len(weight_shape)}-dimensional weight {list(weight_shape)}, "
            f"but got {len(shape)}-dimensional input of size {list(shape)} instead"
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
    if output_padding is None:
        _check_channels(
            f"groups={groups}, ", shape, weight_shape, bias_shape, weight_shape[1] * groups, weight_shape[0]
        )
        _check_reach(shape, weight_shape, padding, dilation)
    else:
        _check_channels("transposed=1, ", shape, weight_shape, bias_shape, weight_shape[0], weight_shape[1] * groups)
        _check_output_padding(output_padding, stride, dilation)


def _check_channels(
    given: str, shape: Sizes, weight_shape: Sizes, bias_shape: Sizes | None, channels: int, out_channels: int
) -> None:
    if shape[1] != channels:
        raise RuntimeError(
            f"Given {given}weight of size {list(weight_shape)}, expected input{list(shape)} to have {channels} channels, but got "
            f"{shape[1]} channels instead"
        )
    if bias_shape is not None and bias_shape != (out_channels,):
        given = given if given.startswith("transposed") else ""
        raise RuntimeError(
            f"Given {given}weight of size {list(weight_shape)}, expected bias to be 1-dimensional with {out_channels} elements, "
            f"but got bias of size {list(bias_shape)} instead"
        )


def _check_reach(shape: Sizes, weight_shape: Sizes, padding: Sizes, dilation: Sizes) -> None:
    padded = [size + 2 * p for size, p in zip(shape[2:], padding, strict=True)]
    reach = [d * (size - 1) + 1 for size, d in zip(weight_shape[2:], dilation, strict=True)]
    if any(size < r for size, r in zip(padded, reach, strict=True)):
        raise RuntimeError(
            f"Calculated padded input size per channel: ({' x '.join(map(str, padded))}). Kernel size: "
            f"({' x '.join(map(str, reach))}). Kernel size can't be greater than actual input size"
        )


def _check_output_padding(output_padding: Sizes, stride: Sizes, dilation: Sizes) -> None:
    if any(p >= max(s, d) for p, s, d in zip(output_padding, stride, dilation, strict=True)):
        dims = max(2, len(stride))  # a signal is an image of one row
        words = [
            f"{name}_{axis}: {value}"
            for name, *values in (
                ("output_padding", 0, *output_padding),
                ("stride", 1, *stride),
                ("dilation", 1, *dilation),
            )
            for axis, value in zip(("depth", "height", "width")[-dims:], values[-dims:], strict=True)
        ]
        raise RuntimeError(f"output padding must be smaller than either stride or dilation, but got {' '.join(words)}")


def check_dtypes(kernel: str, input: Tensor, weight: Tensor, bias: Tensor | None, transposed: bool = False) -> None:
    """Raises RuntimeError where the dtypes differ, or have no convolution."""
    of_input = input._array.dtype
    for name, other in (("weight", weight), ("bias", bias)):
        if other is not None and other._array.device != input._array.device:
            text = _differ(name, input, other)
            raise RuntimeError(text.partition(" or ")[0] if input.is_cuda else text)
    if bias is not None and bias._array.dtype is not of_input:
        if transposed:
            raise RuntimeError(_differ("bias", input, bias))
        raise RuntimeError(f"Input type ({cpp_name(input)}) and bias type ({cpp_name(bias)}) should be the same")
    if weight._array.dtype is not of_input:
        if of_input == "float32" and len(input._array) > 1:  # torch's kernel is then another one
            raise RuntimeError(_differ("weight", input, weight))
        raise RuntimeError(f"expected scalar type {dtype_name(input)} but found {dtype_name(weight)}")
    if of_input.kind == "b" or (transposed and of_input.kind != "f" and of_input != "int64"):
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype_name(input)}'")


def _differ(name: str, input: Tensor, other: Tensor) -> str:
    given, found = (each._type_name() for each in (input, other))
    return (
        f"Input type ({given}) and {name} type ({found}) should be the same or input should be a MKLDNN tensor and {name} is a "
        "dense tensor"
    )
