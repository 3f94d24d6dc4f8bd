"""``save``: an object into torch's file format, in one step that either happens or does not."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from collections.abc import Iterator
from typing import Any, BinaryIO

from minitorch.serialization.archive import write_archive
from minitorch.serialization.format import SaveError
from minitorch.serialization.pickler import Pickler


def save(obj: Any, f: str | os.PathLike[str] | BinaryIO) -> None:
    """Writes ``obj`` in torch's own format, so that both ``minitorch.load`` and ``torch.load`` read it.

    What can be saved: tensors and parameters (with their strides; memory that several share is written once), and
    dicts, OrderedDicts, lists, tuples, sets, numbers, strings, bytes, None, sizes and dtypes.

    Given a path, the file is complete or absent: whatever goes wrong, an older file of that name stays as it was.

    Args:
        obj: usually a module's or an optimizer's ``state_dict()``.
        f: a path, or a file open for binary writing.

    Raises:
        TypeError: something in ``obj`` can't be saved; the message names the path to it (``obj['epochs'][3]``).
        SaveError: the file can't be written. It is an ``OSError`` and, as in torch, a ``RuntimeError``.

    See torch.save.
    """
    pickler = Pickler()
    pickled = pickler.dump(obj)
    if not isinstance(f, (str, os.PathLike)):
        if not hasattr(f, "write"):
            raise TypeError(f"save needs a path or a file open for binary writing, not {f!r}")
        write_archive(f, pickled, pickler.storages)
        return
    try:
        with replacing(os.fspath(f)) as file:
            write_archive(file, pickled, pickler.storages)
    except OSError as error:
        reason = f"{error.strerror or error}; nothing was saved, and an older file is as it was"
        raise SaveError(error.errno, reason, os.fspath(f)) from error


@contextlib.contextmanager
def replacing(path: str) -> Iterator[BinaryIO]:
    """A new file, open for binary writing, that takes the place of ``path`` when the block ends without an error.

    Until then it has another name in the same folder; after an error it is removed. A symbolic link keeps pointing to
    the file, which is replaced where it lies; the file's permissions are kept. What is not a regular file (a device, a
    pipe) is written to directly.
    """
    target = os.path.realpath(path)
    mode = None
    if os.path.exists(target):
        mode = os.stat(target).st_mode
        if not stat.S_ISREG(mode):
            with open(target, "wb") as file:
                yield file
            return
    folder = os.path.dirname(target)
    temporary = os.path.join(folder, f".minitorch-{secrets.token_hex(8)}.tmp")
    try:
        with open(temporary, "xb") as file:
            if mode is not None:
                os.chmod(temporary, stat.S_IMODE(mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        raise
    _sync_folder(folder)


def _sync_folder(folder: str) -> None:
    """Makes a new name in a folder survive a loss of power, where the system lets folders be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
