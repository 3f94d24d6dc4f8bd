"""Transforms: what is done to a picture on its way into a network. Each works on one picture at a time.

`batch.py` has the same for a whole batch at once; it draws the same random numbers in the same order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import minitorch
from minitorch.nn import Module
from minitorch.tensor import Tensor
from minitorch.vision.transforms import functional as F


class Compose:
    """Transforms one after another.

    Args:
        transforms: functions of a picture; the first is applied first.
    """

    def __init__(self, transforms: Sequence[Callable]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return "\n    ".join([f"{type(self).__name__}(", *map(str, self.transforms)]) + "\n)"


class ToTensor:
    """Makes a tensor of shape (C, H, W) of a PIL image or an array of shape (H, W, C).

    Bytes from 0 to 255 become numbers from 0.0 to 1.0 of the default dtype; other types stay as they are.

    Raises:
        TypeError: the picture is neither.
        ValueError: the array has neither 2 nor 3 dimensions.
    """

    def __call__(self, pic: Any) -> Tensor:
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class Normalize(Module):
    """Subtracts each channel's ``mean`` from a tensor of shape (..., C, H, W), then divides by its ``std``.

    Args:
        mean: C numbers, or one for all channels.
        std: the same, none of them zero.
        inplace: change the given tensor itself.

    Raises:
        TypeError: the picture is not a tensor of floating point numbers.
        ValueError: it has fewer than three dimensions, or ``std`` has a zero.
        RuntimeError: the number of means or deviations doesn't fit the number of channels.
    """

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        super().__init__()
        self.mean = mean
        self.std = std
        self.inplace = inplace

    def forward(self, tensor: Tensor) -> Tensor:
        return F.normalize(tensor, self.mean, self.std, self.inplace)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(mean={self.mean}, std={self.std})"


class RandomHorizontalFlip(Module):
    """Mirrors a picture left to right with probability ``p``.

    Takes a PIL image, a uint8 array of shape (H, W, C), or a tensor of shape (..., H, W); returns the same kind.
    """

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        return F.hflip(img) if minitorch.rand(1) < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"


class RandomGrayscale(Module):
    """Makes a picture grey with probability ``p``; the number of its channels stays the same.

    Takes a PIL image, a uint8 array of shape (H, W, C), or a tensor of shape (..., C, H, W); returns the same kind.

    Raises:
        TypeError: the picture is not of these kinds, or has neither 1 nor 3 channels.
    """

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        channels, _, _ = F.get_dimensions(img)
        return F.rgb_to_grayscale(img, num_output_channels=channels) if minitorch.rand(1) < self.p else img

    def __repr__(self) -> str:
        return f"{type(self).__name__}(p={self.p})"
