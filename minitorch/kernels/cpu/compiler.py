"""Compiling kernels with numba.

``jit`` compiles a serial kernel and ``parallel_jit`` one whose ``prange`` loops are shared among threads. Both
compile at the first call and store the machine code on disk, so that the next process only loads it.

Importing this module imports numba, which takes longer than all the rest of the package: only modules with compiled kernels
do so, and they are themselves imported when they are first needed.

Two dangers of threads are met here, once, so that no kernel needs to think of them:

* numba's fallback pool of threads (``workqueue``) aborts the process when two Python threads use it at once.
  OpenMP or TBB are taken where there is one; a lock lets one kernel run at a time where there is neither.
* OpenMP does not survive ``fork``: in a child, its threads are gone, and the first parallel loop would end the process
  (GNU's OpenMP) or wait for ever. Children that were forked after the first parallel kernel, such as a data loader's
  workers, run the same kernels compiled without threads.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import threading
import time
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numba
from numba.core import event

from minitorch.kernels.cpu import threads
from minitorch.kernels.cpu.cache import KernelCache

config: Any = numba.config  # its options are made at run time, unseen by type checkers
_OPTIONS: dict[str, Any] = {"nogil": True, "error_model": "numpy"}
_POOLS = {"omp": "omppool", "tbb": "tbbpool", "workqueue": "workqueue"}
_NUMBAS_CHOICE = ("safe", "threadsafe", "forksafe")


def jit(function: Callable[..., Any] | None = None, *, reorder: bool = False, fuse: bool = False) -> Any:
    """Compiles ``function`` for one thread; it may be called from Python and from other kernels.

    With ``reorder``, sums in it may be added up in another order, so that they can be added up side by side. With ``fuse``, a
    product that is added to something may be rounded once, with the sum.
    """
    if function is None:
        return functools.partial(jit, reorder=reorder, fuse=fuse)
    flags = {flag for flag, wanted in (("reassoc", reorder), ("contract", fuse)) if wanted}
    return _compile(function, parallel=False, fastmath=flags or False)


def parallel_jit(function: Callable[..., Any]) -> Any:
    """Compiles ``function``, to be called from Python, with its ``prange`` loops shared among ``get_num_threads()``.

    The result's ``serial`` is the same function compiled without threads, for work that is too small to be shared.
    """
    threaded = _compile(function, parallel=True)
    serial = _compile(_renamed(function, function.__name__ + "_serial"), parallel=False)

    @functools.wraps(function)
    def kernel(*arguments: Any) -> Any:
        count = threads.get_num_threads()
        if count == 1:
            return serial(*arguments)
        if _applied.count != count:
            _apply(count)
        if _one_at_a_time is None:
            return threaded(*arguments)
        with _one_at_a_time:
            return threaded(*arguments)

    kernel.serial = serial  # type: ignore[attr-defined]
    return kernel


def _compile(function: Callable[..., Any], parallel: bool, fastmath: Any = False) -> Any:
    dispatcher: Any = numba.njit(function, parallel=parallel, fastmath=fastmath, **_OPTIONS)
    dispatcher._cache = KernelCache(function)
    return dispatcher


def _renamed(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """A copy under another name: the cache tells functions apart by name, but not by compiler options."""
    assert isinstance(function, types.FunctionType)
    copy = types.FunctionType(
        function.__code__, function.__globals__, name, function.__defaults__, function.__closure__
    )
    copy.__qualname__, copy.__module__ = name, function.__module__
    return copy


# numba's pool of threads


def _choose_layer() -> str:
    """The pool of threads for numba to use: the user's choice, else the first that can be loaded."""
    chosen = str(config.THREADING_LAYER).lower()
    if chosen in _NUMBAS_CHOICE or (chosen in _POOLS and _can_be_loaded(chosen)):
        return chosen
    layer = next(filter(_can_be_loaded, _POOLS))
    if chosen != "default":
        warnings.warn(
            f"NUMBA_THREADING_LAYER is {chosen!r}, which cannot be loaded here: {layer!r} is used (known are "
            f"{', '.join([*_POOLS, *_NUMBAS_CHOICE])})."
        )
    return layer


def _can_be_loaded(layer: str) -> bool:
    """Wheels for some platforms lack a pool, or the library that it needs."""
    try:
        importlib.import_module(f"numba.np.ufunc.{_POOLS[layer]}")
    except ImportError:
        return False
    return True


class _Applied(threading.local):
    """The number of threads that numba was last told to use, which it remembers for each Python thread."""

    count = 0


def _apply(count: int) -> None:
    threads.started = True
    numba.set_num_threads(min(count, config.NUMBA_NUM_THREADS))
    _applied.count = count


config.THREADING_LAYER = _choose_layer()
_one_at_a_time = threading.Lock() if config.THREADING_LAYER in ("workqueue", "forksafe") else None
_applied = _Applied()


# Watching the compiler


class _Watch(event.Listener):
    def __init__(self, before: Callable[[str], None], after: Callable[[str, float], None]) -> None:
        self.before, self.after = before, after
        self.starts: list[float] = []  # kernels are compiled while others are, which call them

    def on_start(self, event: event.Event) -> None:
        self.starts.append(time.perf_counter())
        if name := _name(event):
            self.before(name)

    def on_end(self, event: event.Event) -> None:
        seconds = time.perf_counter() - self.starts.pop()
        if name := _name(event):
            self.after(name, seconds)


def _name(event: event.Event) -> str | None:
    """What is compiled, as "module.kernel"; None if it is a part of numba's own."""
    function = event.data["dispatcher"].py_func
    package, _, module = function.__module__.rpartition(".")
    return None if package.startswith("numba") else f"{module}.{function.__name__}"


def _ignore(*about: Any) -> None:
    pass


@contextlib.contextmanager
def watch_compiling(
    before: Callable[[str], None] = _ignore, after: Callable[[str, float], None] = _ignore
) -> Iterator[None]:
    """Within the block, calls ``before(name)`` and ``after(name, seconds)`` around each compilation of a kernel.

    A kernel that the cache has is not compiled.
    """
    listener = _Watch(before, after)
    event.register("numba:compile", listener)
    try:
        yield
    finally:
        event.unregister("numba:compile", listener)
