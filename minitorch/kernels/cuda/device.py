"""The device seam: the one module that knows numba's ``cuda``.

What runs kernels is a `Device`. `Hardware` is a GPU, or numba's simulator of one (``NUMBA_ENABLE_CUDASIM=1``); tests put another
in its place, which interprets what ``compile_to_ptx`` gives. Nothing asks for a GPU before `current` does.

Raises:
    RuntimeError: numba cannot compile for CUDA at all.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol, TypeVar
from weakref import WeakValueDictionary

import numba
import numpy as np
from numba import types

from minitorch.kernels.cuda import errors

Array = np.ndarray
Kernel = TypeVar("Kernel", bound=Callable[..., None])
Grid = tuple[int, int, int]

try:
    cuda: Any = importlib.import_module("numba.cuda")  # numba-cuda, if that is installed
except Exception as error:  # of any type: it is a package that does not fit another
    raise RuntimeError(errors.broken(error)) from error

config: Any = numba.config
number_type: Callable[[np.dtype], Any] = numba.from_dtype
"""numba's type for a dtype, which kernels call to make a number of it."""

SIMULATED = config.ENABLE_CUDASIM


class Memory(Protocol):
    """Flat memory on a device: elements of one dtype. A slice that begins further on is memory too."""

    dtype: np.dtype
    size: int
    of: Any
    """What else shows the same bytes: other memory, of which this is a view, or the library whose they are; or nothing."""

    def __getitem__(self, part: slice) -> Memory: ...

    def view(self, dtype: np.dtype) -> Memory:
        """The same bytes, as elements of another dtype; bytes are left over where they make up none."""


class Device(Protocol):
    """What keeps arrays and runs kernels, in the order in which it is asked to."""

    def __hash__(self) -> int: ...

    def allocate(self, size: int, dtype: np.dtype) -> Memory:
        """Memory for that many elements, in which anything may be."""

    def adopt(self, address: int, size: int, dtype: np.dtype, owner: Any) -> Memory:
        """Elements from an address on, which are another library's, as memory. It keeps their owner alive."""

    def address(self, memory: Memory) -> int:
        """Of the first element."""

    def write(self, memory: Memory, array: Array, wait: bool = True) -> None:
        """Copies a flat array of the host to the memory's first elements.

        Without ``wait``, a copy from page-locked memory is only begun, and the array may not be written to until it is done.
        """

    def read(self, memory: Memory, size: int, wait: bool = True) -> Array:
        """Copies the memory's first elements to the host, when all that was launched before is done.

        Without ``wait``, the copy is only begun: the array, which is page-locked, has the elements after ``synchronize``.
        """

    def launch(
        self,
        kernel: Callable[..., None],
        threads: int,
        grid: Grid,
        args: Sequence[Any],
        by_address: Sequence[Memory] = (),
    ) -> None:
        """Runs a kernel in blocks of so many threads; it uses memory in its arguments, and some by address."""

    def synchronize(self) -> None:
        """Waits until all that was launched is done."""

    def stream_number(self) -> int:
        """The stream that work is put on now, as CUDA's interfaces name it: an address, or 1 for the default stream."""

    def let_wait(self, stream_number: int) -> None:
        """Work that is put on that stream from now on waits for what was launched."""

    def wait_for(self, stream_number: int) -> None:
        """Work that is launched from now on waits for what was put on that stream."""

    def page_locked(self, size: int, dtype: np.dtype) -> Array:
        """A flat array of the host that the device copies from and to by itself, in which anything may be."""


_in_use: list[Device] = []


def current() -> Device:
    """The device that arrays are made on: the GPU, unless ``use`` has said otherwise.

    Raises:
        RuntimeError: there is no GPU, or none that can be used; the first line is torch's.
    """
    return _in_use[-1] if _in_use else hardware()


@contextmanager
def use(device: Device) -> Iterator[Device]:
    """Within the ``with`` block, arrays are made on this device and kernels run on it."""
    _in_use.append(device)
    try:
        yield device
    finally:
        _in_use.pop()


_locked: WeakValueDictionary[int, Array] = WeakValueDictionary()
"""The page-locked arrays that there are, by their identity."""


def page_locked(size: int, dtype: np.dtype) -> Array:
    """A flat array of the host in page-locked memory, in which anything may be."""
    array = current().page_locked(size, dtype)
    return _locked.setdefault(id(array), array)


def is_page_locked(a: Array) -> bool:
    """Whether an array lies in such memory."""
    owner: Any = a
    while owner is not None and id(owner) not in _locked:
        owner = getattr(owner, "base", None)
    return owner is not None


# -- the GPU ----------------------------------------------------------------------------------------------------------

_found: list[Any] = []
_forked: list[bool] = []


def hardware() -> Any:
    """The GPU that numba has chosen, as `Hardware`: it is asked for once.

    Raises:
        RuntimeError: there is none that can be used, or it was used before this process was forked.
    """
    if not _found:
        if _forked:
            raise RuntimeError(errors.FORKED)
        reason = unavailable()
        if reason is not None:
            raise RuntimeError(reason)
        from minitorch.kernels.cuda.hardware import Hardware

        try:
            _found.append(Hardware())
        except ImportError as error:  # numba's for a GPU that it does not know
            raise RuntimeError(f"{errors.NOT_INITIALIZED}\n{error}") from error
    return _found[0]


def unavailable() -> str | None:
    """Why there is no GPU that can be used; nothing if there is one."""
    return None if SIMULATED else errors.why_not(cuda)


def is_initialized() -> bool:
    """Whether the GPU has been asked for, and is there."""
    return bool(_found)


def _after_fork() -> None:
    """The driver does not survive a fork; what runs on the CPU does."""
    for each in _found:
        each.abandon()
        _forked.append(True)
    _found.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


# -- compiling --------------------------------------------------------------------------------------------------------


@cache
def compiled(kernel: Callable[..., None], threads: int) -> Any:
    """The kernel, for blocks of so many threads, as numba starts it: ``compiled(kernel, 32)[grid, 32, stream](*args)``."""
    return cuda.jit(kernel) if SIMULATED else cuda.jit(kernel, launch_bounds=_bounds(kernel, threads))


def resident(kernel: Kernel, blocks: int) -> Kernel:
    """The kernel, which then gets no more registers than let a multiprocessor hold so many blocks at once."""
    vars(kernel)["resident"] = blocks
    return kernel


def _bounds(kernel: Callable[..., None], threads: int) -> tuple[int, ...]:
    """Threads in a block, and blocks at once where the kernel says so."""
    return (threads, kernel.resident) if hasattr(kernel, "resident") else (threads,)


def function(formula: Callable[..., Any]) -> Any:
    """A function that kernels can call: a formula, or what is compiled already, be it for the CPU."""
    return formula if hasattr(formula, "py_func") else cuda.jit(formula, device=True)


def machine_code(code: bytes) -> Any:
    """A kernel's machine code, as numba loads it."""
    return importlib.import_module("cuda.core").ObjectCode.from_cubin(code)


def signature(args: Sequence[Any]) -> tuple[types.Type, ...]:
    """numba's types for the arguments of a launch: flat arrays, numpy's numbers, and tuples of these."""
    return tuple(_type_of(each) for each in args)


def _type_of(value: Any) -> types.Type:
    if isinstance(value, tuple):
        inner = tuple(_type_of(each) for each in value)
        return types.UniTuple(inner[0], len(inner)) if len({*inner}) == 1 else types.Tuple(inner)
    if isinstance(value, np.generic):
        return number_type(value.dtype)
    return types.Array(number_type(value.dtype), 1, "C")


def compile_to_ptx(
    kernel: Callable[..., None], args: Sequence[types.Type], capability: tuple[int, int], threads: int
) -> str:
    """The kernel's PTX for a compute capability. This needs no GPU.

    Raises:
        NotImplementedError: numba cannot compile the kernel for these types.
    """
    from numba.cuda import dispatcher

    class Target:
        compute_capability = capability

    # Functions that the kernel calls would ask the GPU for its capability, and there may be none.
    ask = dispatcher.get_current_device
    dispatcher.get_current_device = Target
    try:
        return cuda.compile_ptx(kernel, args, cc=capability, launch_bounds=_bounds(kernel, threads))[0]
    except Exception as error:
        known = errors.of_launch(
            error, cuda, kernel, [str(each.dtype) for each in args if isinstance(each, types.Array)]
        )
        if known is None:
            raise
        raise known from error
    finally:
        dispatcher.get_current_device = ask
