"""What datasets of pictures have in common: the transforms, the printed form, and fetching a whole batch at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

import minitorch
from minitorch.utils.data import Dataset
from minitorch.vision.transforms.batch import BatchForm, batch_form
from minitorch.vision.transforms.functional import pillow


class VisionDataset(Dataset):
    """Base class of datasets of pictures.

    Args:
        root: the dataset's folder; ``~`` is expanded.
        transforms: takes a picture and its target and returns both, transformed.
        transform: takes a picture and returns it transformed.
        target_transform: the same for the target.

    Raises:
        ValueError: ``transforms`` is given together with one of the other two.
    """

    def __init__(
        self,
        root: str | os.PathLike[str] | None = None,
        transforms: Callable | None = None,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
    ) -> None:
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ValueError("Only transforms or transform/target_transform can be passed as argument")
        self.transform = transform
        self.target_transform = target_transform
        if transform is not None or target_transform is not None:
            transforms = StandardTransform(transform, target_transform)
        self.transforms = transforms

    def __getitem__(self, index: int) -> Any:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def extra_repr(self) -> str:
        """Lines of the printed form that a subclass adds."""
        return ""

    def __repr__(self) -> str:
        body = [f"Number of datapoints: {len(self)}"]
        if self.root is not None:
            body.append(f"Root location: {self.root}")
        body += self.extra_repr().splitlines()
        if self.transforms is not None:
            body.append(repr(self.transforms))
        return "\n    ".join([f"Dataset {type(self).__name__}", *body])


class StandardTransform:
    """A transform for the picture and one for the target, as one for both."""

    def __init__(self, transform: Callable | None = None, target_transform: Callable | None = None) -> None:
        self.transform = transform
        self.target_transform = target_transform

    def __call__(self, picture: Any, target: Any) -> tuple[Any, Any]:
        if self.transform is not None:
            picture = self.transform(picture)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return picture, target

    def __repr__(self) -> str:
        body = ["StandardTransform"]
        for head, transform in (("Transform: ", self.transform), ("Target transform: ", self.target_transform)):
            if transform is not None:
                body.append(head + repr(transform).replace("\n", "\n" + " " * len(head)))
        return "\n".join(body)


class PictureDataset(VisionDataset):
    """Pictures and labels that are all in memory.

    A sample is the picture, transformed, and its label. Transforms get a PIL image, as in torchvision. When all of them
    are this package's own, a batch is made in one pass instead (``__getbatch__``), and PIL is not needed at all; the
    numbers are the same, bit for bit.

    Attributes:
        data: uint8 array of shape (N, height, width, channels).
        targets: list of N labels.
        classes: the name of each label.
    """

    data: np.ndarray
    targets: list[int]
    classes: list[str]

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """The sample at ``index``: (picture, label).

        Raises:
            IndexError: there is no such sample.
            ModuleNotFoundError: the transforms need a PIL image, and Pillow is not installed.
        """
        picture: Any = self.data[index]
        target: Any = self.targets[index]
        if self._batch_form() is None:
            picture = pillow("to hand a picture out, or to a transform of your own").fromarray(picture)
        if self.transform is not None:
            picture = self.transform(picture)
        if self.target_transform is not None:
            target = self.target_transform(target)
        return picture, target

    def __getitems__(self, indices: Sequence[int]) -> list[tuple[Any, Any]]:
        """The samples at ``indices``, the same as one by one.

        Raises:
            IndexError: there is no such sample.
        """
        batch = self.__getbatch__(indices)
        if batch is None:
            return [self[index] for index in indices]
        pictures, labels = (part.numpy() for part in batch)
        return list(zip(map(minitorch.from_numpy, pictures), labels.tolist(), strict=True))

    def __getbatch__(self, indices: Sequence[int]) -> list[minitorch.Tensor] | None:
        """The samples at ``indices`` as one batch, as the default collate function would make it of them.

        Returns:
            ``[pictures, labels]``: floating point of shape (len(indices), channels, height, width) and int64 of shape
            (len(indices),). None when a transform works on one picture at a time, or labels are not plain integers.

        Raises:
            IndexError: there is no such sample.
        """
        form = self._batch_form()
        if form is None or self.target_transform is not None:
            return None
        where = np.asarray(indices, dtype=np.int64)
        outside = np.flatnonzero((where < -len(self)) | (where >= len(self)))
        if len(outside):
            raise IndexError(f"index {where[outside[0]]} is out of bounds for a dataset of {len(self)} pictures")
        labels = [self.targets[index] for index in where.tolist()]
        if not all(type(label) is int for label in labels):
            return None
        pictures = form(self.data.transpose(0, 3, 1, 2), where)
        return [minitorch.from_numpy(pictures), minitorch.from_numpy(np.array(labels, dtype=np.int64))]

    def _batch_form(self) -> BatchForm | None:
        """The transform for a whole batch; None when there is none."""
        if not isinstance(self.data, np.ndarray) or self.data.dtype != np.uint8 or self.data.ndim != 4:
            return None
        return batch_form(self.transform, channels=self.data.shape[3])
