"""Compiling kernels with numba, and the threads that they run on.

``jit`` compiles a serial kernel and ``parallel_jit`` one whose ``prange`` loops are shared among threads. Both
compile at the first call and store the machine code on disk, so that the next process only loads it.

Two dangers of threads are met here, once, so that no kernel needs to think of them:

* numba's fallback pool of threads (``workqueue``) aborts the process when two Python threads use it at once.
  OpenMP or TBB are taken where there is one; a lock lets one kernel run at a time where there is neither.
* OpenMP does not survive ``fork``: in a child, its threads are gone, and the first parallel loop would end the process
  (GNU's OpenMP) or wait for ever. Children that were forked after the first parallel kernel, such as a data loader's
  workers, run the same kernels compiled without threads.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import os
import threading
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numba
from numba.core import event
from numba.core.caching import FunctionCache

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

config: Any = numba.config  # its options are made at run time, unseen by type checkers
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}


def jit(function: Callable[..., Any]) -> Any:
    """Compiles ``function`` for one thread; it may be called from Python and from other kernels."""
    return _compile(function, parallel=False)


def parallel_jit(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiles ``function``, to be called from Python, with its ``prange`` loops shared among ``get_num_threads()``."""
    threaded = _compile(function, parallel=True)
    serial = _compile(_renamed(function, function.__name__ + "_serial"), parallel=False)

    @functools.wraps(function)
    def kernel(*arguments: Any) -> Any:
        global _threads_started
        if _threads_lost:
            return serial(*arguments)
        _threads_started = True
        if _one_at_a_time is None:
            return threaded(*arguments)
        with _one_at_a_time:
            return threaded(*arguments)

    return kernel


def _compile(function: Callable[..., Any], parallel: bool) -> Any:
    dispatcher: Any = numba.njit(function, parallel=parallel, **_OPTIONS)
    with contextlib.suppress(RuntimeError):  # no folder for the cache can be written to: compile in each process anew
        dispatcher._cache = _KernelCache(function)
    return dispatcher


def _renamed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A copy under another name: numba's cache tells functions apart by name, but not by compiler options."""
    assert isinstance(function, types.FunctionType)
    copy = types.FunctionType(
        function.__code__, function.__globals__, name, function.__defaults__, function.__closure__
    )
    copy.__qualname__, copy.__module__ = name, function.__module__
    return copy


class _KernelCache(FunctionCache):
    """numba's cache of machine code, but one that kernels can rely on.

    * It is stale when any kernel's source has changed, not only the function's own file: kernels inline each other.
    * Processes that compile the same kernel at the same time, such as a loader's workers, take turns at its files.
    * A full disk is no reason to stop: the kernel has been compiled, it is only not stored.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function)
        self._cache_file._source_stamp = _source_stamp()

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        with self._turn():
            return super().load_overload(sig, target_context)

    def save_overload(self, sig: Any, data: Any) -> None:
        with self._turn(), contextlib.suppress(OSError):
            super().save_overload(sig, data)

    @contextlib.contextmanager
    def _turn(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            if fcntl is not None:
                with contextlib.suppress(OSError):  # a folder that has become read-only is not written to either
                    lock = stack.enter_context(open(os.path.join(self.cache_path, "kernels.lock"), "w"))
                    fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@functools.cache
def _source_stamp() -> tuple[int, int]:
    sources = [each.stat() for each in Path(__file__).parent.glob("*.py")]
    return max(each.st_mtime_ns for each in sources), sum(each.st_size for each in sources)


# Threads and forks


def _choose_layer() -> str:
    """The pool of threads for numba to use: the user's choice, else the first that can be loaded."""
    chosen = str(config.THREADING_LAYER)
    if chosen != "default":
        return chosen
    for layer, module in (("omp", "omppool"), ("tbb", "tbbpool")):
        with contextlib.suppress(ImportError):  # wheels for some platforms lack the pool, or the library it needs
            importlib.import_module(f"numba.np.ufunc.{module}")
            return layer
    return "workqueue"


def _after_fork() -> None:
    global _threads_lost
    _threads_lost = _threads_lost or _threads_started


config.THREADING_LAYER = _choose_layer()
_one_at_a_time = threading.Lock() if config.THREADING_LAYER == "workqueue" else None
_threads_started = False  # in this process or in the one that it was forked from
_threads_lost = False
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def set_num_threads(count: int) -> None:
    """Sets how many threads numba's kernels, called from this Python thread, and BLAS use.

    More threads than numba was started with (``NUMBA_NUM_THREADS``, by default one for each core) are not used.

    Raises:
        RuntimeError: ``count`` is not positive.
    """
    global _threads_started
    if count < 1:
        raise RuntimeError("set_num_threads expects a positive integer")
    count = min(count, config.NUMBA_NUM_THREADS)
    _threads_started = True
    numba.set_num_threads(count)
    if (blas := _blas()) is not None:
        blas.set_num_threads(count)


def get_num_threads() -> int:
    """How many threads the kernels that are called from this Python thread use."""
    global _threads_started
    if _threads_lost:
        return 1
    _threads_started = True
    return numba.get_num_threads()


class _Blas(NamedTuple):
    """What sets and tells the number of threads of numpy's BLAS."""

    set_num_threads: Callable[[int], None]
    get_num_threads: Callable[[], int]


@functools.cache
def _blas() -> _Blas | None:
    """The library behind numpy's products; None where its threads cannot be set (Apple's Accelerate)."""
    extension = importlib.import_module("numpy._core._multiarray_umath")
    library = ctypes.CDLL(extension.__file__)  # looks a name up in the BLAS that the extension is linked with, too
    for name in ("scipy_openblas_{}_num_threads64_", "scipy_openblas_{}_num_threads", "openblas_{}_num_threads"):
        setter, getter = (getattr(library, name.format(verb), None) for verb in ("set", "get"))
        if setter is not None and getter is not None:
            return _Blas(setter, getter)
    return None


def on_one_blas_thread(product: Callable[..., Any], *operands: Any) -> Any:
    """``product(*operands)``, without BLAS's other threads.

    After a product on several threads, OpenBLAS's go on spinning for a tenth of a second, and take the cores from numba's:
    that costs more than they gain, unless the product is large.
    """
    blas = _blas()
    if blas is None or (before := blas.get_num_threads()) == 1:
        return product(*operands)
    blas.set_num_threads(1)
    try:
        return product(*operands)
    finally:
        blas.set_num_threads(before)


# Watching the compiler


class _CompileListener(event.Listener):
    def __init__(self, announce: Callable[[str], None]) -> None:
        self.announce = announce

    def on_start(self, event: event.Event) -> None:
        self.announce(event.data["dispatcher"].py_func.__name__)

    def on_end(self, event: event.Event) -> None:
        pass


@contextlib.contextmanager
def announce_compiling(announce: Callable[[str], None]) -> Iterator[None]:
    """Within the block, calls ``announce(name of the kernel)`` before each compilation (not when the cache has it)."""
    listener = _CompileListener(announce)
    event.register("numba:compile", listener)
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)
