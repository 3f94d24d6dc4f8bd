"""Pictures of many pictures."""

from __future__ import annotations

import math
import os
from typing import Any, BinaryIO

import numpy as np

import minitorch
from minitorch import Tensor
from minitorch.vision.transforms.functional import pillow


@minitorch.no_grad()
def make_grid(
    tensor: Tensor | list[Tensor],
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """One picture with many pictures in rows, read like text.

    Args:
        tensor: shape (B, C, H, W), or a list of B pictures of shape (C, H, W); also a single picture of shape (C, H, W)
            or (H, W), which comes back without padding. A single channel is repeated in three.
        nrow: how many pictures stand in a row.
        padding: pixels between the pictures, and around them.
        normalize: map the range of values to 0 to 1, so that it can be shown.
        value_range: (min, max) of that range, instead of the smallest and largest values.
        scale_each: find that range for each picture by itself.
        pad_value: the value of the pixels between.

    Returns:
        shape (C, ceil(B / nrow) * (H + padding) + padding, min(B, nrow) * (W + padding) + padding).

    Raises:
        TypeError: ``tensor`` is something else, or ``value_range`` is not a tuple.
        ValueError: there are no pictures, or ``nrow`` is not positive.
        RuntimeError: the pictures' sizes differ, or they are normalised and not floating point.
    """
    pictures = _as_batch(tensor)
    if normalize:
        if value_range is not None and not isinstance(value_range, tuple):
            raise TypeError("value_range has to be a tuple (min, max) if specified. min and max are numbers")
        pictures = pictures.clone()
        for part in pictures if scale_each else [pictures]:
            low, high = value_range or (part.min().item(), part.max().item())
            part.clamp_(low, high).sub_(low).div_(max(high - low, 1e-5))
    if len(pictures) == 1:
        return pictures.squeeze(0)
    if nrow < 1 or not len(pictures):
        raise ValueError(f"can't make rows of {nrow} of {len(pictures)} pictures")
    count, channels, height, width = pictures.shape
    columns = min(nrow, count)
    rows = math.ceil(count / columns)
    shape = (channels, rows * (height + padding) + padding, columns * (width + padding) + padding)
    grid = minitorch.full(shape, pad_value, dtype=pictures.dtype)
    for i, picture in enumerate(pictures):
        row, column = divmod(i, columns)
        top, left = row * (height + padding) + padding, column * (width + padding) + padding
        grid[:, top : top + height, left : left + width] = picture
    return grid


def _as_batch(tensor: Tensor | list[Tensor]) -> Tensor:
    """The pictures as one tensor of shape (B, C, H, W), where C is 3 if it was 1."""
    if isinstance(tensor, list):
        for each in tensor:
            if not isinstance(each, Tensor):
                raise TypeError(f"tensor or list of tensors expected, got a list containing {type(each)}")
        tensor = minitorch.stack(tensor, dim=0)
    elif not isinstance(tensor, Tensor):
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    if tensor.ndim == 2:
        tensor = tensor.unsqueeze(0)
    if tensor.ndim == 3:
        tensor = tensor.unsqueeze(0)
    if tensor.ndim != 4:
        raise ValueError(f"expected pictures of shape (B, C, H, W), got {tensor.shape}")
    return minitorch.cat((tensor, tensor, tensor), 1) if tensor.size(1) == 1 else tensor


def save_image(
    tensor: Tensor | list[Tensor],
    fp: str | os.PathLike[str] | BinaryIO,
    format: str | None = None,
    **kwargs: Any,
) -> None:
    """Writes pictures with values from 0 to 1 to an image file, as a grid if there are several.

    Args:
        tensor: as for `make_grid`, which also takes ``kwargs``.
        fp: the file's name, or an open file.
        format: the image format ("png"); by default, what the name ends in.

    Raises:
        ModuleNotFoundError: Pillow is not installed.
        OSError: the file can't be written.
    """
    grid = make_grid(tensor, **kwargs).detach().mul(255).add(0.5).clamp(0, 255)  # + 0.5: the cast cuts off
    pixels = grid.permute(1, 2, 0).to(minitorch.uint8).numpy()
    pillow("to write image files").fromarray(np.ascontiguousarray(pixels)).save(fp, format=format)
