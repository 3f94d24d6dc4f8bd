"""Starts compiled kernels through the driver itself. numba would look at every argument anew each time, which takes six times as
long.

What a kernel gets are numbers, one after another: for a flat array seven (two pointers of numba's own, which kernels do not use,
the number of elements, the size of one, the address of the first, and the first two again as shape and stride), a number for a
number, and for a tuple what is in it.
"""

from __future__ import annotations

import ctypes
import struct
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch.kernels.cuda.memory import Region

Grid = tuple[int, int, int]

ARRAY = 7 * "Q"
NUMBERS = {
    np.bool_: "?", np.int8: "b", np.uint8: "B", np.int16: "h", np.uint16: "H", np.int32: "i", np.uint32: "I", np.int64: "q",
    np.uint64: "Q", np.longlong: "q", np.ulonglong: "Q", np.float16: "e", np.float32: "f", np.float64: "d",
}  # fmt: skip
"""How `struct` names the types of numbers."""


def unpacked(args: Sequence[Any]) -> tuple[tuple[Any, ...], list[Any]]:
    """What the arguments of a launch are, by which kernels are compiled, and the numbers that they come to."""
    kinds: list[Any] = []
    values: list[Any] = []
    _unpack(args, kinds, values)
    return tuple(kinds), values


def _unpack(args: Sequence[Any], kinds: list[Any], values: list[Any]) -> None:
    for each in args:
        kind = type(each)
        if kind is Region:
            kinds.append(each.dtype)
            values += each.numbers
        elif kind is tuple:
            kinds.append(len(each))
            _unpack(each, kinds, values)
        else:
            kinds.append(kind)
            values.append(each)


class Launcher:
    """A kernel that was compiled for arguments of certain kinds, on the GPU.

    Args:
        function: the kernel there, as numba has it.
        kinds: of its arguments, from ``unpacked``.
        start: the driver's ``cuLaunchKernel``.
    """

    def __init__(self, function: Any, kinds: Sequence[Any], start: Any) -> None:
        self.function, self.handle, self.start = function, int(function.handle), start
        formats = "".join(
            ARRAY if isinstance(each, np.dtype) else NUMBERS[each] for each in kinds if type(each) is not int
        )
        self.numbers = struct.Struct(formats)
        self.buffer = ctypes.create_string_buffer(self.numbers.size)
        first = ctypes.addressof(self.buffer)
        places = [
            struct.calcsize(f"{formats[:n]}0{each}") for n, each in enumerate(formats)
        ]  # each aligned to its size
        self.addresses = (ctypes.c_void_p * len(places))(*[first + each for each in places])
        self.lock = threading.Lock()  # for the buffer, which the driver has read when it returns

    def __call__(self, grid: Grid, threads: int, stream: int, values: Sequence[Any]) -> int:
        """Starts it. Returns the driver's code: 0 if that went well."""
        with self.lock:
            self.numbers.pack_into(self.buffer, 0, *values)
            return self.start(self.handle, *grid, threads, 1, 1, 0, stream, self.addresses, None)


def driver_launch(driver: Any) -> Any:
    """``cuLaunchKernel`` of a driver, a library as ``ctypes`` has it."""
    start = driver.cuLaunchKernel
    pointer, number = ctypes.c_void_p, ctypes.c_uint
    start.argtypes = [pointer, *[number] * 7, pointer, pointer, pointer]
    return start
