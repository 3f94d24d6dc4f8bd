"""The device seam: the one module that knows numba's ``cuda``.

What runs kernels is a `Device`. `Hardware` is a GPU, or numba's simulator of one (``NUMBA_ENABLE_CUDASIM=1``); tests put another
in its place, which interprets what ``compile_to_ptx`` gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, Protocol

import numba
import numba.cuda
import numpy as np
from numba import types

Array = np.ndarray
Grid = tuple[int, int, int]

cuda: Any = numba.cuda  # which is numba-cuda, if that is installed: it has more than numba's own types say
config: Any = numba.config
number_type: Callable[[np.dtype], Any] = numba.from_dtype
"""numba's type for a dtype, which kernels call to make a number of it."""

SIMULATED = config.ENABLE_CUDASIM


class Memory(Protocol):
    """Flat memory on a device: elements of one dtype. A slice that begins further on is memory too."""

    dtype: np.dtype
    size: int

    def __getitem__(self, part: slice) -> Memory: ...

    def view(self, dtype: np.dtype) -> Memory:
        """The same bytes, as elements of another dtype of the same size."""


class Device(Protocol):
    """What keeps arrays and runs kernels."""

    def __hash__(self) -> int: ...

    def allocate(self, size: int, dtype: np.dtype) -> Memory:
        """Memory for that many elements, in which anything may be."""

    def address(self, memory: Memory) -> int:
        """Of the first element."""

    def write(self, memory: Memory, array: Array) -> None:
        """Copies a flat array of the host to the memory's first elements."""

    def read(self, memory: Memory, size: int) -> Array:
        """Copies the memory's first elements to the host, when all that was launched before is done."""

    def launch(self, kernel: Callable[..., None], threads: int, grid: Grid, args: Sequence[Any]) -> None:
        """Runs a kernel in blocks of so many threads."""

    def synchronize(self) -> None:
        """Waits until all that was launched is done."""


class Hardware:
    """The GPU that numba has chosen.

    Raises:
        RuntimeError: there is none, or its driver does not work.
    """

    def __init__(self) -> None:
        from minitorch.kernels.cuda.memory import Pool

        if not cuda.is_available():
            raise RuntimeError("No CUDA GPUs are available: numba finds no GPU, or no driver for one")
        self.pool = Pool(lambda size: cuda.device_array(size, np.uint8))

    def allocate(self, size: int, dtype: np.dtype) -> Memory:
        return self.pool.allocate(size, dtype)

    def address(self, memory: Any) -> int:
        return id(memory) if SIMULATED else memory.__cuda_array_interface__["data"][0]

    def write(self, memory: Any, array: Array) -> None:
        memory[: array.size].copy_to_device(array)

    def read(self, memory: Any, size: int) -> Array:
        return memory[:size].copy_to_host()

    def launch(self, kernel: Callable[..., None], threads: int, grid: Grid, args: Sequence[Any]) -> None:
        _jitted(kernel, threads)[grid, threads](*args)

    def synchronize(self) -> None:
        cuda.synchronize()


@cache
def _jitted(kernel: Callable[..., None], threads: int) -> Any:
    return cuda.jit(kernel) if SIMULATED else cuda.jit(kernel, launch_bounds=threads)


_current: list[Device] = []


def current() -> Device:
    """The device that arrays are made on: the GPU, unless ``use`` has said otherwise."""
    if not _current:
        _current.append(Hardware())
    return _current[-1]


@contextmanager
def use(device: Device) -> Iterator[Device]:
    """Within the ``with`` block, arrays are made on this device and kernels run on it."""
    _current.append(device)
    try:
        yield device
    finally:
        _current.pop()


def function(formula: Callable[..., Any]) -> Any:
    """A function that kernels can call: a formula, or what is compiled already, be it for the CPU."""
    return formula if hasattr(formula, "py_func") else cuda.jit(formula, device=True)


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
    """The kernel's PTX for a compute capability. This needs no GPU."""
    from numba.cuda import dispatcher

    class Target:
        compute_capability = capability

    # Functions that the kernel calls would ask the GPU for its capability, and there may be none.
    ask = dispatcher.get_current_device
    dispatcher.get_current_device = Target
    try:
        return cuda.compile_ptx(kernel, args, cc=capability, launch_bounds=threads)[0]
    finally:
        dispatcher.get_current_device = ask
