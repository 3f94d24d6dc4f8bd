"""How many threads the kernels and numpy's BLAS use: one setting for both, and for every Python thread.

The setting is only remembered here, and handed to numba when the first parallel kernel starts (``compiler``), so nothing
in this file needs numba.
"""

from __future__ import annotations

import ctypes
import importlib
import os
import warnings
from collections.abc import Callable
from typing import Any


def _most_threads() -> int:
    """How many threads numba starts: what the user says in the environment, else one for each core of this process."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS and Windows
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    chosen = os.environ.get("NUMBA_NUM_THREADS")
    if chosen is None:
        return cores
    if chosen.strip().isdecimal() and int(chosen) > 0:
        return int(chosen)
    warnings.warn(f"NUMBA_NUM_THREADS is {chosen!r} and not a whole number, 1 or more: all {cores} cores are used.")
    del os.environ["NUMBA_NUM_THREADS"]  # numba would stop at it
    return cores


MOST_THREADS = _most_threads()
_count = MOST_THREADS
_warned = False
started = False  # numba's threads, in this process or in the one that it was forked from
_lost = False  # by a fork, which copies none but the Python thread that called it


def _after_fork() -> None:
    global _lost
    _lost = _lost or started


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def set_num_threads(count: int) -> None:
    """Sets how many threads the kernels and numpy's BLAS use, whichever Python thread calls them.

    More threads than numba starts with (one for each core, or ``NUMBA_NUM_THREADS``) are not used; the first time, a warning
    says so.

    Raises:
        RuntimeError: ``count`` is not an integer, or not positive.
    """
    global _count, _warned
    if isinstance(count, bool) or not hasattr(count, "__index__"):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(count).__name__}")
    count = count.__index__()
    if count < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    if count > MOST_THREADS and not _warned:
        _warned = True
        warnings.warn(
            f"set_num_threads({count}): {MOST_THREADS} threads are used, one for each core (the environment variable "
            "NUMBA_NUM_THREADS sets another limit, when a program starts)",
            stacklevel=2,
        )
    _count = min(count, MOST_THREADS)
    _blas_threads.value = _count


def get_num_threads() -> int:
    """How many threads the kernels use."""
    return 1 if _lost else _count


# BLAS


class _BlasThreads:
    """The number of threads of numpy's BLAS, as an attribute; 1 where it cannot be set (Apple's Accelerate)."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._set, self._get = (_blas_function(library, verb + "_num_threads") for verb in ("set", "get"))

    @property
    def value(self) -> int:
        return self._get() if self._get is not None else 1

    @value.setter
    def value(self, count: int) -> None:
        if self._set is not None:
            self._set(count)


def _blas_function(library: ctypes.CDLL, name: str) -> Callable[..., Any] | None:
    for pattern in ("scipy_openblas_{}64_", "scipy_openblas_{}", "openblas_{}"):
        if (function := getattr(library, pattern.format(name), None)) is not None:
            return function
    return None


def blas_variable() -> ctypes.c_int | None:
    """OpenBLAS's variable for the number of its threads: writing it takes a tenth of the time that the functions take."""
    kind = _blas_function(blas_library, "get_parallel")
    if kind is None or kind() != 1:  # threads of another kind (OpenMP's) are counted elsewhere
        return None
    try:
        return ctypes.c_int.in_dll(blas_library, "blas_cpu_number")
    except ValueError:
        return None


# The extension's library: names are also looked up in the BLAS that it is linked with.
blas_library = ctypes.CDLL(importlib.import_module("numpy._core._multiarray_umath").__file__)
_blas_threads = _BlasThreads(blas_library)
_variable = blas_variable()
_quick_blas_threads = (
    _blas_threads if _variable is None else _variable
)  # may be lowered and put back, but not be raised

BLAS_SHARES = 2**18
"""Multiplications in a product, below which OpenBLAS takes one thread without being told."""


def on_one_blas_thread(product: Callable[..., Any], *operands: Any) -> Any:
    """``product(*operands)``, without BLAS's other threads.

    After a product on several threads, OpenBLAS's go on spinning for a tenth of a second, and take the cores from numba's:
    that costs more than they gain, unless the product is large. Products of fewer than `BLAS_SHARES` multiplications need not
    be wrapped in this. Meanwhile, large products of other Python threads may run on one thread, too.
    """
    threads = _quick_blas_threads
    if (before := threads.value) == 1:
        return product(*operands)
    threads.value = 1
    try:
        return product(*operands)
    finally:
        threads.value = before
