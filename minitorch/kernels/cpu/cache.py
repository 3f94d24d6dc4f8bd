"""Compiled kernels on disk: a file for each kernel and each combination of argument types.

numba has a cache of its own, on which kernels cannot rely: it does not see that a kernel is stale because another one,
which it inlines, has changed; it stops at a damaged file; and before it loads machine code it prepares for compiling, which
takes longer than all else that a process does until its first step.

A file is a checksum, a stamp of what it was compiled from, and numba's own description of the compiled function. It appears
under its name when it is complete, so processes that compile the same kernel at the same time do not disturb each other.
"""

from __future__ import annotations

import functools
import hashlib
import os
import pickle
import platform
import tempfile
import warnings
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import llvmlite
import numba
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps
from numba.misc.appdirs import AppDirs

config: Any = numba.config  # its options are made at run time, unseen by type checkers
SUFFIX = ".kernel"
_CHECKSUM_BYTES, _STAMP_BYTES = 4, 32
_SOURCES = Path(__file__).parent


class KernelCache(NullCache):
    """What numba asks for a kernel's machine code before it compiles, and gives it to afterwards."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function

    @property
    def cache_path(self) -> str | None:
        folder = place().writable
        return None if folder is None else str(folder)

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        """The kernel compiled for arguments of these types; None where it is not stored, or no longer valid."""
        rtsys.initialize(target_context)  # the reference counts of arrays; machine code needs nothing else of numba's
        name = self._file_name(sig, target_context.codegen())
        for folder in place().folders:
            if (stored := _read(folder / name, _stamp(self._function.__code__.co_filename))) is not None:
                return CompileResult._rebuild(target_context, *pickle.loads(stored))
        return None

    def save_overload(self, sig: Any, data: Any) -> None:
        """Stores a compiled kernel. Where that is impossible there is a warning, and the kernel works nevertheless."""
        folder = place().writable
        if place().complaint:
            _say_once(place().complaint)
        if folder is None or data.library.has_dynamic_globals:
            return
        stamped = _stamp(self._function.__code__.co_filename) + dumps(data._reduce())
        path = folder / self._file_name(sig, data.codegen)
        try:
            _write(path, zlib.crc32(stamped).to_bytes(_CHECKSUM_BYTES, "little") + stamped)
        except OSError as error:
            _say_once(
                f"Compiled kernels cannot be stored in {folder} ({error.strerror}), so that the next process will compile "
                "them again. NUMBA_CACHE_DIR can name another folder."
            )

    def _file_name(self, sig: Any, codegen: Any) -> str:
        function = self._function
        enclosed = [cell.cell_contents for cell in function.__closure__ or ()]
        identity = repr((str(sig), codegen.magic_tuple())).encode() + function.__code__.co_code + dumps(enclosed)
        module = function.__module__.rpartition(".")[2]
        return f"{module}.{function.__name__}-{hashlib.sha256(identity).hexdigest()[:20]}{SUFFIX}"


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


@functools.cache
def _stamp(file: str) -> bytes:
    """Changes with the versions of numba and Python, with any kernel's source, and with the source in ``file``."""
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {platform.python_version()}".encode())
    for source in sorted({*_SOURCES.glob("*.py"), Path(file)}):
        digest.update(source.read_bytes() if source.exists() else str(source).encode())
    return digest.digest()


class Place(NamedTuple):
    """Where compiled kernels are: the folders to look in, the last of which is written to, unless none can be."""

    folders: list[Path]
    writable: Path | None
    complaint: str  # for the user: kernels cannot be stored, or not where they should be; else empty


@functools.cache
def place() -> Place:
    """The folder that ``NUMBA_CACHE_DIR`` names, or the one beside the sources, or the user's: the first that can be written to.

    Those before it are looked in, too: somebody who may write there may have compiled the kernels for all.
    """
    of_this_copy = f"minitorch-{hashlib.sha256(str(_SOURCES).encode()).hexdigest()[:10]}"
    chosen, users = config.CACHE_DIR, AppDirs("minitorch", False).user_cache_dir
    candidates = [Path(chosen, of_this_copy)] if chosen else []
    candidates.append(_SOURCES / "__pycache__")
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


def size(folder: Path) -> int:
    """How many bytes the compiled kernels in a folder take."""
    return sum(path.stat().st_size for path in folder.glob("*" + SUFFIX))


_said: list[str] = []


def _say_once(sentence: str) -> None:
    """Warns, but only the first time in a process: what is wrong with one kernel's file is mostly wrong with all."""
    if not _said:
        _said.append(sentence)
        warnings.warn(sentence)
