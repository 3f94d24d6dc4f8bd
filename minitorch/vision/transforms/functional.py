"""What the transforms do, as functions.

A picture is a PIL image; a uint8 array of shape (H, W, C) or (H, W), which is treated like the PIL image of the same
pixels; or a tensor of shape (..., C, H, W). The arithmetic is PIL's for the first two and torchvision's for tensors:
the two differ in how a colour becomes grey.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from typing import Any

import numpy as np

import minitorch
from minitorch import Tensor
from minitorch.kernels.cpu.image import grayscale

PIL_TYPES = {mode: np.dtype(kind) for mode, kind in (("I", "i4"), ("I;16", "i2"), ("I;16B", "i2"), ("F", "f4"))}


def pillow(purpose: str) -> ModuleType:
    """The module ``PIL.Image``, imported when it is first needed.

    Raises:
        ModuleNotFoundError: Pillow is not installed; the message says what it was needed for.
    """
    try:
        from PIL import Image
    except ModuleNotFoundError:
        raise ModuleNotFoundError(f"Pillow is needed {purpose}: pip install 'minitorch[plot]'") from None
    return Image


def _is_pil(picture: object) -> bool:
    """Whether this is a PIL image. Where PIL was never imported, nothing is."""
    return "PIL.Image" in sys.modules and isinstance(picture, sys.modules["PIL.Image"].Image)


def _is_pixels(picture: object) -> bool:
    return isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.ndim in (2, 3)


def get_dimensions(img: Any) -> list[int]:
    """``[channels, height, width]`` of a picture.

    Raises:
        TypeError: this is not a picture.
    """
    if isinstance(img, Tensor):
        _check_image(img)
        return [1 if img.ndim == 2 else img.shape[-3], *img.shape[-2:]]
    if _is_pil(img):
        return [len(img.getbands()), img.height, img.width]
    if _is_pixels(img):
        return [1 if img.ndim == 2 else img.shape[2], *img.shape[:2]]
    raise TypeError(f"Unexpected type {type(img)}")


def to_tensor(pic: Any) -> Tensor:
    """A PIL image, or an array of shape (H, W, C) or (H, W), as a tensor of shape (C, H, W).

    Bytes from 0 to 255 become numbers from 0.0 to 1.0 of the default dtype; other types stay as they are.

    Raises:
        TypeError: ``pic`` is neither.
        ValueError: the array has a different number of dimensions.
    """
    if isinstance(pic, np.ndarray):
        if pic.ndim not in (2, 3):
            raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
        pixels = pic if min(pic.strides) >= 0 else pic.copy()  # a mirrored array; tensors have no negative strides
    elif _is_pil(pic):
        pixels = np.array(pic, dtype=PIL_TYPES.get(pic.mode, np.dtype("u1")))
        if pic.mode == "1":
            pixels *= 255
    else:
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    planes = np.ascontiguousarray(np.atleast_3d(pixels).transpose(2, 0, 1))
    tensor = minitorch.from_numpy(planes)
    if planes.dtype == np.uint8:
        return tensor.to(minitorch.get_default_dtype()).div(255)
    return tensor


def normalize(
    tensor: Tensor,
    mean: float | Sequence[float] | Tensor,
    std: float | Sequence[float] | Tensor,
    inplace: bool = False,
) -> Tensor:
    """``(tensor - mean) / std``, channel by channel.

    Args:
        tensor: floating point of shape (..., C, H, W).
        mean: C numbers, or one for all channels.
        std: the same, none of them zero.
        inplace: change ``tensor`` itself.

    Raises:
        TypeError: ``tensor`` is not a tensor of floating point numbers.
        ValueError: it has fewer than three dimensions, or ``std`` has a zero.
        RuntimeError: the number of means or deviations doesn't fit the number of channels.
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    _check_image(tensor)
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.size()}"
        )
    mean, std = minitorch.as_tensor(mean, dtype=tensor.dtype), minitorch.as_tensor(std, dtype=tensor.dtype)
    if (std == 0).any():
        raise ValueError(f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero.")
    result = tensor if inplace else tensor.clone()
    return result.sub_(_by_channel(mean)).div_(_by_channel(std))


def _by_channel(values: Tensor) -> Tensor:
    return values.view(-1, 1, 1) if values.ndim == 1 else values


def hflip(img: Any) -> Any:
    """The picture mirrored left to right.

    Raises:
        TypeError: this is not a picture.
    """
    if isinstance(img, Tensor):
        _check_image(img)
        return img[..., minitorch.arange(img.shape[-1] - 1, -1, -1)]
    if _is_pil(img):
        return img.transpose(pillow("to mirror its images").Transpose.FLIP_LEFT_RIGHT)
    if _is_pixels(img):
        return img[:, ::-1]
    raise TypeError(f"img should be PIL Image. Got {type(img)}")


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """`rgb_to_grayscale` for PIL images of any mode, and for arrays.

    Raises:
        TypeError: ``img`` is neither.
        ValueError: ``num_output_channels`` is neither 1 nor 3.
    """
    if not _is_pil(img) and not _is_pixels(img):
        raise TypeError("Input should be PIL Image")
    return rgb_to_grayscale(img, num_output_channels)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """The picture's brightness, in one channel or repeated in three.

    A tensor's brightness is 0.2989 R + 0.587 G + 0.114 B, cut off (not rounded) for integers; that of PIL images and
    arrays is the nearest integer to 0.299 R + 0.587 G + 0.114 B. A picture with one channel is its own brightness.

    Raises:
        TypeError: this is not a picture, or has neither 1 nor 3 channels.
        ValueError: ``num_output_channels`` is neither 1 nor 3.
    """
    if isinstance(img, Tensor) and img.ndim < 3:
        raise TypeError(f"Input image tensor should have at least 3 dimensions, but found {img.ndim}")
    if not isinstance(img, Tensor) and not _is_pil(img) and not _is_pixels(img):
        raise TypeError(f"img should be PIL Image. Got {type(img)}")
    if not _is_pil(img) and (channels := get_dimensions(img)[0]) not in (1, 3):
        raise TypeError(f"Input image tensor permitted channel values are {[1, 3]}, but found {channels}")
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if isinstance(img, Tensor):
        return _grey_tensor(img, num_output_channels)
    if _is_pil(img):
        grey = img.convert("L")
        return grey if num_output_channels == 1 else pillow("to make an image grey").merge("RGB", [grey] * 3)
    grey = grayscale(img) if img.ndim == 3 and img.shape[2] == 3 else img.reshape(img.shape[:2])
    return grey.copy() if num_output_channels == 1 else np.repeat(grey[:, :, None], 3, axis=2)


def _grey_tensor(img: Tensor, channels: int) -> Tensor:
    if img.shape[-3] == 3:
        red, green, blue = img.unbind(dim=-3)
        grey = (0.2989 * red + 0.587 * green + 0.114 * blue).to(img.dtype).unsqueeze(-3)
    else:
        grey = img.clone()
    return grey.expand(img.shape) if channels == 3 else grey


def _check_image(tensor: Tensor) -> None:
    if tensor.ndim < 2:
        raise TypeError("Tensor is not a torch image.")
