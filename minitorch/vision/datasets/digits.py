"""1,797 handwritten digits that come with the package (``digits.LICENSE`` has their source and licence)."""

from __future__ import annotations

import functools
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from minitorch.vision.datasets.vision import PictureDataset

FILE = Path(__file__).with_name("digits.npz")
SCALE = 4  # each of the 8 x 8 pixels becomes 4 x 4
TEST_EVERY = 5


class Digits(PictureDataset):
    """Handwritten digits as pictures of 3 x 32 x 32, the size of CIFAR-10's.

    The originals have 8 x 8 pixels with 17 shades of grey. Here each pixel is repeated 4 times in both directions, each
    shade v becomes the byte nearest to 255 v / 16, and the three channels are equal.

    Sorted by class, and within a class in the order of the original file, every fifth digit is held out for testing:
    360 digits, the same share of each class; 1,437 remain for training. The same people wrote both parts.

    Args:
        root: not used, as the pictures are in the package; it is here so that calls look like those of other datasets.
        train: the digits for training, otherwise those for testing.
        transform: takes a PIL image and returns it transformed.
        target_transform: takes the label and returns it transformed.

    Attributes:
        data: uint8 array of shape (N, 32, 32, 3).
        targets: list of N labels from 0 to 9.
        classes: the names of the 10 classes, ``"0"`` to ``"9"``.
        class_to_idx: the label for each name.

    Raises:
        RuntimeError: the package's file of digits is missing or damaged.
    """

    def __init__(
        self,
        root: object = None,
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
    ) -> None:
        super().__init__(None, transform=transform, target_transform=target_transform)
        self.train = train
        shades, labels = _read()
        by_class = np.argsort(labels, kind="stable")
        held_out = np.arange(len(labels)) % TEST_EVERY == 0
        chosen = np.sort(by_class[~held_out if train else held_out])
        grey = ((shades[chosen].astype(np.uint16) * 255 + 8) // 16).astype(np.uint8)
        planes = np.broadcast_to(grey[:, None].repeat(SCALE, 2).repeat(SCALE, 3), (len(chosen), 3, 32, 32))
        self.data = np.ascontiguousarray(planes).transpose(0, 2, 3, 1)
        self.targets = labels[chosen].tolist()
        self.classes = [str(digit) for digit in range(10)]
        self.class_to_idx = {name: label for label, name in enumerate(self.classes)}

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"


@functools.cache
def _read() -> tuple[np.ndarray, np.ndarray]:
    """The file's contents: shades from 0 to 16, uint8 of shape (1797, 8, 8); labels, uint8 of shape (1797,)."""
    try:
        with open(FILE, "rb") as file, np.load(file, allow_pickle=False) as arrays:
            return arrays["shades"], arrays["labels"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise RuntimeError(f"{FILE} is missing or damaged ({error}); please install minitorch again") from None
