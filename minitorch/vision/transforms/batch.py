"""Transforms for a whole batch of pictures in one pass, from bytes to the network's input.

This package's transforms, as long as they make a tensor of a picture's bytes, boil down to three things: whether each
picture is mirrored, whether it is made grey, and a table with the number that each byte of each channel becomes. The
random numbers are drawn picture by picture and, for each picture, transform by transform, as they are when the pictures
go through one by one. So the batch is the same, bit for bit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import minitorch
from minitorch.kernels.cpu.image import batch_of_pictures
from minitorch.vision.transforms.transforms import Compose, Normalize, RandomGrayscale, RandomHorizontalFlip, ToTensor


class BatchForm:
    """A chain of transforms for pictures with ``channels`` channels, made link by link.

    Attributes:
        chances: the probability of each random transform, in the order of the chain.
        flips: for each of them, whether it mirrors the picture; otherwise it makes it grey.
        table: what each byte of each channel becomes, shape (channels, 256); None before `ToTensor`.
    """

    def __init__(self, channels: int) -> None:
        self.channels = channels
        self.chances: list[float] = []
        self.flips: list[bool] = []
        self.table: np.ndarray | None = None

    def __call__(self, pictures: np.ndarray, where: np.ndarray) -> np.ndarray:
        """The transformed pictures at the positions ``where`` (int64, from -N to N - 1).

        Args:
            pictures: uint8 of shape (N, channels, height, width).

        Returns:
            floating point of shape (len(where), channels, height, width).
        """
        assert self.table is not None
        draws = minitorch.rand(len(where) * len(self.chances)).numpy().reshape(len(where), len(self.chances))
        happens = draws < np.array(self.chances, dtype=draws.dtype)
        flips = np.array(self.flips, dtype=np.bool_)
        flipped = (happens & flips).sum(axis=1) % 2 == 1
        grey = (happens & ~flips).any(axis=1) & (self.channels == 3)
        output = np.empty((len(where), *pictures.shape[1:]), self.table.dtype)
        batch_of_pictures(pictures, where % len(pictures), flipped, grey, self.table, output)
        return output

    def add(self, transform: Any) -> bool:
        """Adds a link to the chain; False when it can't be part of one."""
        rule = _RULES.get(type(transform))  # a subclass may do something else, so it has no rule
        return rule is not None and rule(self, transform)

    def _add_all(self, compose: Compose) -> bool:
        return all(self.add(transform) for transform in compose.transforms)

    def _add_flip(self, flip: RandomHorizontalFlip) -> bool:
        self.chances.append(float(flip.p))
        self.flips.append(True)
        return True

    def _add_grayscale(self, grayscale: RandomGrayscale) -> bool:
        self.chances.append(float(grayscale.p))
        self.flips.append(False)
        return self.table is None and self.channels in (1, 3)  # tensors become grey by another formula

    def _add_to_tensor(self, _: ToTensor) -> bool:
        first, dtype = self.table is None, minitorch.get_default_dtype().numpy
        self.table = np.tile(np.arange(256, dtype=dtype) / dtype.type(255), (self.channels, 1))
        return first and dtype in (np.float32, np.float64)

    def _add_normalize(self, normalize: Normalize) -> bool:
        if self.table is None:
            return False
        mean, std = (np.asarray(values, dtype=self.table.dtype) for values in (normalize.mean, normalize.std))
        fits = all(values.shape in ((), (1,), (self.channels,)) for values in (mean, std))
        if not fits or not std.all():
            return False  # the transform itself says what is wrong
        self.table = (self.table - mean.reshape(-1, 1)) / std.reshape(-1, 1)
        return True


_RULES: dict[type, Callable[[BatchForm, Any], bool]] = {
    Compose: BatchForm._add_all,
    RandomHorizontalFlip: BatchForm._add_flip,
    RandomGrayscale: BatchForm._add_grayscale,
    ToTensor: BatchForm._add_to_tensor,
    Normalize: BatchForm._add_normalize,
}


def batch_form(transform: object, channels: int) -> BatchForm | None:
    """The batch form of a transform for uint8 pictures; None when it has to work on one picture at a time.

    Args:
        transform: one of this package's transforms, or a `Compose` of them, that turns pictures into tensors.
        channels: how many channels the pictures have.
    """
    form = BatchForm(channels)
    return form if form.add(transform) and form.table is not None else None
