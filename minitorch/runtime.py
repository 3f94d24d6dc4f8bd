"""Settings of torch's runtime that programs ask for or set."""

from __future__ import annotations

import os

_interop_threads: int | None = None


def set_flush_denormal(mode: bool) -> bool:
    """Whether denormal numbers could be set to count as 0 (which makes some processors faster): no, so nothing changes."""
    return False


def get_num_interop_threads() -> int:
    """The number that was set, or else the number of processors. Operators are computed one after another all the same."""
    return _interop_threads or os.cpu_count() or 1


def set_num_interop_threads(threads: int) -> None:
    """Sets the number, once.

    Raises:
        RuntimeError: the number is not positive, or was set before.
    """
    global _interop_threads
    if threads <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    if _interop_threads is not None:
        raise RuntimeError(
            "Error: cannot set number of interop threads after parallel work has started or set_num_interop_threads called"
        )
    _interop_threads = threads


def compiled_with_cxx11_abi() -> bool:
    """True, as for every torch of today; there is no C++ here."""
    return True
