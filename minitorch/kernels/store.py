"""Compiled kernels on disk: a file for each kernel and each combination of argument types.

A file is a checksum, a stamp of what it was compiled from, and the compiled kernel. It appears under its name when it is
complete, so processes that compile the same kernel at the same time do not disturb each other. Whatever is wrong with a file or
a folder, kernels work: there is a warning, and they are compiled again.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import tempfile
import warnings
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numba
from numba.misc.appdirs import AppDirs

config: Any = numba.config  # its options are made at run time, unseen by type checkers
SUFFIX = ".kernel"
_CHECKSUM_BYTES, _STAMP_BYTES = 4, 32


class Place(NamedTuple):
    """Where compiled kernels are: the folders to look in, the last of which is written to, unless none can be."""

    folders: list[Path]
    writable: Path | None
    complaint: str  # for the user: kernels cannot be stored, or not where they should be; else empty


class Store:
    """The kernels that are compiled from the sources in a folder.

    Args:
        sources: the folder. Kernels lie in a folder beside them, unless another one is chosen or it cannot be written to.
        used: folders with sources that these use.
        versions: of what they are compiled with.
    """

    def __init__(self, sources: Path, used: Sequence[Path], versions: str) -> None:
        self.sources, self.used = sources, used
        self.versions = f"{versions} numba {numba.__version__} Python {platform.python_version()}"

    def read(self, name: str, *files: str) -> bytes | None:
        """What was stored under a name; None if that is nothing, or no longer valid. ``files`` are further sources."""
        stamp = self._stamp(files)
        for folder in self.place.folders:
            if (found := _read(folder / name, stamp)) is not None:
                return found
        return None

    def write(self, name: str, kernel: bytes, *files: str) -> None:
        """Stores a compiled kernel. Where that is impossible there is a warning, and the kernel works nevertheless."""
        folder = self.place.writable
        if self.place.complaint:
            _say_once(self.place.complaint)
        if folder is None:
            return
        stamped = self._stamp(files) + kernel
        try:
            _write(folder / name, zlib.crc32(stamped).to_bytes(_CHECKSUM_BYTES, "little") + stamped)
        except OSError as error:
            _say_once(
                f"Compiled kernels cannot be stored in {folder} ({error.strerror}), so that the next process will compile "
                "them again. NUMBA_CACHE_DIR can name another folder."
            )

    def size(self) -> int:
        """How many bytes the kernels take in the folder that is written to."""
        folder = self.place.writable
        return sum(path.stat().st_size for path in folder.glob("*" + SUFFIX)) if folder else 0

    @functools.cache  # noqa: B019  (there are as many stores as kinds of devices)
    def _stamp(self, files: tuple[str, ...]) -> bytes:
        """Changes with the versions, with any kernel's source, and with the source in these files."""
        digest = hashlib.sha256(self.versions.encode())
        folders = (self.sources, *self.used)
        for source in sorted({*map(Path, files), *[each for folder in folders for each in folder.glob("*.py")]}):
            digest.update(source.read_bytes() if source.exists() else str(source).encode())
        return digest.digest()

    @functools.cached_property
    def place(self) -> Place:
        """The folder that ``NUMBA_CACHE_DIR`` names, or the one beside the sources, or the user's: the first to be written to.

        Those before it are looked in, too: somebody who may write there may have compiled the kernels for all.
        """
        of_this_copy = f"minitorch-{hashlib.sha256(str(self.sources).encode()).hexdigest()[:10]}"
        chosen, users = config.CACHE_DIR, AppDirs("minitorch", False).user_cache_dir
        candidates = [Path(chosen, of_this_copy)] if chosen else []
        candidates.append(self.sources / "__pycache__")
        if os.path.isabs(users):  # there is a home
            candidates.append(Path(users, of_this_copy))
        reasons: list[str] = []
        for folder in candidates:
            try:
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
            except OSError as error:
                reasons.append(f"{folder}: {error.strerror}")
                continue
            refused = bool(chosen and reasons)
            complaint = f"Compiled kernels are stored in {folder}, not as asked ({reasons[0]})." if refused else ""
            return Place(candidates[: len(reasons) + 1], folder, complaint)
        return Place(
            candidates,
            None,
            f"Compiled kernels cannot be stored ({'; '.join(reasons)}), so that each process compiles them again; "
            "NUMBA_CACHE_DIR can name a folder for them.",
        )


def file_name(module: str, name: str, identity: bytes) -> str:
    """The file for a kernel of a module. ``identity`` is all that kernels of this name differ in."""
    return f"{module.rpartition('.')[2]}.{name}-{hashlib.sha256(identity).hexdigest()[:20]}{SUFFIX}"


def _read(path: Path, stamp: bytes) -> bytes | None:
    try:
        data = path.read_bytes()
    except OSError:
        return None
    stamped = data[_CHECKSUM_BYTES:]
    if zlib.crc32(stamped) != int.from_bytes(data[:_CHECKSUM_BYTES], "little") or len(stamped) < _STAMP_BYTES:
        _say_once(f"The compiled kernel {path} is damaged: it is compiled anew.")
        return None
    return stamped[_STAMP_BYTES:] if stamped.startswith(stamp) else None


def _write(path: Path, data: bytes) -> None:
    handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with open(handle, "wb") as file:
            file.write(data)
        os.chmod(unfinished, 0o644)  # mkstemp's files are for their owner only
        os.replace(unfinished, path)
    except OSError:
        os.unlink(unfinished)
        raise


_said: list[str] = []


def _say_once(sentence: str) -> None:
    """Warns, but only the first time in a process: what is wrong with one kernel's file is mostly wrong with all."""
    if not _said:
        _said.append(sentence)
        warnings.warn(sentence)
