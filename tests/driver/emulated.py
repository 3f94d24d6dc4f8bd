"""A driver of a GPU that is not there, below numba: what it is told is noted, and kernels are interpreted.

All that is above it is what runs on a machine with a GPU: this package, numba-cuda and CUDA's packages for Python. They take it
for the driver because its library, ``libcuda.so.1``, is found first.
"""

from __future__ import annotations

import atexit
import ctypes
import shutil
import subprocess
import traceback
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from tests.ptx.instructions import mean
from tests.ptx.machine import Program
from tests.ptx.machine import launch as run
from tests.ptx.memory import BEFORE, GlobalMemory, Region
from tests.ptx.module import parse

SOURCE = Path(__file__).with_name("driver.c")
NAME = "libcuda.so.1"
GIB = 1 << 30

OUT_OF_MEMORY, NO_DEVICE, INVALID_DEVICE, NOT_READY, ILLEGAL_ADDRESS, UNSUPPORTED_PTX = 2, 100, 101, 600, 700, 222
ERRORS = {
    OUT_OF_MEMORY: ("CUDA_ERROR_OUT_OF_MEMORY", "out of memory"),
    NO_DEVICE: ("CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"),
    INVALID_DEVICE: ("CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"),
    NOT_READY: ("CUDA_ERROR_NOT_READY", "device not ready"),
    ILLEGAL_ADDRESS: ("CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"),
    UNSUPPORTED_PTX: (
        "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
        "the provided PTX was compiled with an unsupported toolchain.",
    ),
    803: ("CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"),
}
CONTEXT = 0xC0
MAJOR, MINOR = 75, 76
ATTRIBUTES = {
    1: 1024, 8: 48 << 10, 10: 32, 16: 132, 38: 50 << 20, 39: 2048, 41: 1, MAJOR: 9, MINOR: 0, 81: 228 << 10,
}  # fmt: skip
"""Of an H100, by the driver's numbers: CU_DEVICE_ATTRIBUTE_MAX_THREADS_PER_BLOCK and so on. Others are 0."""
MAX_THREADS = 0  # CU_FUNC_ATTRIBUTE_MAX_THREADS_PER_BLOCK
UUID = bytes(range(16))


WORD, POINTER = ctypes.c_uint64, ctypes.POINTER
LISTENER = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, WORD, WORD, WORD, POINTER(WORD))
STARTER = ctypes.CFUNCTYPE(
    ctypes.c_int, WORD, POINTER(ctypes.c_uint), POINTER(ctypes.c_uint), WORD, POINTER(ctypes.c_void_p)
)
"""What driver.c calls."""


def compiler() -> str | None:
    """The C compiler, if there is one."""
    return shutil.which("cc")


def build(folder: Path) -> None:
    """Makes the library in a folder."""
    command = [
        str(compiler()),
        "-shared",
        "-fPIC",
        f"-Wl,-soname,{NAME}",
        "-o",
        str(folder / NAME),
        str(SOURCE),
        "-ldl",
    ]
    subprocess.run(command, check=True)


class Failure(Exception):
    """A call fails, with that code."""


class Memory(GlobalMemory):
    """Blocks of bytes. Of large ones there is only the beginning, which is all that is looked at."""

    def allocate(self, size: int, itemsize: int, name: str) -> int:
        address = super().allocate(min(size, GIB >> 10), itemsize, name)
        self.top = address + -(-(size + self.GAP) // 256) * 256
        return address

    def part(self, address: int, size: int) -> tuple[Region, slice]:
        """The block in which an address is, and which of its bytes come from there on."""
        start = int(self.starts[np.searchsorted(self.starts, address, "right") - 1])
        return self.region(start), slice(address - start, address - start + size)


class Driver:
    """The driver. Its methods are named after its functions, and take their arguments but for where results are to go.

    ``log`` has what was done, and on which stream; ``limit`` is the memory, ``pending`` the events that have not come, ``time``
    what a clock on the GPU shows, in milliseconds. ``fail`` is a code with which the next thing that is done fails, ``refusal``
    one with which the driver does not even start, ``refuse_memory`` one with which it gives no memory, ``broken_event`` one with
    which it answers when asked for an event. Without ``interpreting``, kernels do nothing.
    """

    def __init__(self) -> None:
        self.memory = Memory()
        self.reset()
        self.handles, self.functions, self.kept = count(0x1000, 0x10), dict[int, str](), dict[int, Any]()
        self.libraries: dict[str, Any] = {}  # of numba's, by the name of the kernel in it
        self.programs: dict[str, Program] = {}
        self.contexts: list[int] = []
        self._listeners = LISTENER(self._called), STARTER(self._launched)
        library = ctypes.CDLL(NAME)
        library.listen_with(*self._listeners)
        atexit.register(library.listen_with, None, None)
        self._watch_numba()

    def reset(self) -> None:
        """As it is at first, except for what has been given out."""
        self.sizes: dict[int, int] = {}
        self.log: list[tuple[str, int]] = []
        self.interpreting = True
        self.fail: int | None = None
        self.refusal: int | None = None
        self.refuse_memory: int | None = None
        self.broken_event: int | None = None
        self.limit, self.version, self.devices, self.asked, self.time = 80 * GIB, 13010, 1, 0, 0.0
        self.pending: set[int] = set()
        self.recorded: dict[int, float] = {}
        self.stream = 0  # of the copy that is next

    def _watch_numba(self) -> None:
        """A driver gets machine code, which nobody interprets: so the text that it was made from is asked for."""
        from numba.cuda.codegen import CUDACodeLibrary

        load = CUDACodeLibrary.get_cufunc

        def watched(library: Any) -> Any:
            self.libraries[library._entry_name] = library
            return load(library)

        CUDACodeLibrary.get_cufunc = watched

    # -- being called ---------------------------------------------------------------------------------------------------

    def _called(self, name: bytes, a: int, b: int, c: int, out: Any) -> int:
        try:
            method = getattr(self, name.decode())
            result = method(*(a, b, c)[: method.__code__.co_argcount - 1])
        except Failure as failure:
            return failure.args[0]
        except BaseException:
            traceback.print_exc()
            return 999
        if out and result is not None:
            out[0] = result
        return 0

    def _launched(self, function: int, grid: Any, block: Any, stream: int, parameters: Any) -> int:
        try:
            self._do("launch", stream)
            if self.interpreting:
                self._run(self.functions[function], tuple(grid[:3]), tuple(block[:3]), parameters)
        except Failure as failure:
            return failure.args[0]
        except BaseException:
            traceback.print_exc()
            return ILLEGAL_ADDRESS
        return 0

    def _run(self, name: str, grid: Any, block: Any, parameters: Any) -> None:
        if name not in self.programs:
            self.programs[name] = Program(parse(self.libraries[name].get_asm_str()), mean)
        program = self.programs[name]
        numbers = [
            np.frombuffer(ctypes.string_at(parameters[n], dtype.itemsize), dtype)[0]
            for n, dtype in enumerate(program.module.parameters.values())
        ]
        run(program, grid, block, numbers, self.memory)

    def _do(self, what: str, stream: int) -> None:
        self.log.append((what, stream))
        if self.fail is not None:
            code, self.fail = self.fail, None
            raise Failure(code)

    def _new(self) -> int:
        return next(self.handles)

    def _text(self, text: str) -> int:
        """The address of a text, which stays."""
        kept = self.kept.setdefault(hash(text), ctypes.create_string_buffer(text.encode()))
        return ctypes.addressof(kept)

    # -- what there is --------------------------------------------------------------------------------------------------

    def cuInit(self) -> None:
        if self.refusal is not None:
            raise Failure(self.refusal)

    def cuDriverGetVersion(self) -> int:
        return self.version

    def cuGetErrorName(self, code: int) -> int:
        return self._text(ERRORS[code][0])

    def cuGetErrorString(self, code: int) -> int:
        return self._text(ERRORS[code][1])

    def cuDeviceGetCount(self) -> int:
        return self.devices

    def cuDeviceGet(self, number: int) -> int:
        if number >= self.devices:
            raise Failure(INVALID_DEVICE)
        return number

    def cuDeviceGetAttribute(self, attribute: int) -> int:
        return ATTRIBUTES.get(attribute, 0)

    def cuDeviceGetName(self, target: int, size: int) -> None:
        ctypes.memmove(target, b"NVIDIA H100\0", 12)

    def cuDeviceGetUuid(self, target: int) -> None:
        ctypes.memmove(target, UUID, 16)

    def cuDeviceTotalMem(self) -> int:
        return self.limit

    # -- contexts: one, which threads take into use ---------------------------------------------------------------------

    def cuDevicePrimaryCtxRetain(self) -> int:
        return CONTEXT

    def cuDevicePrimaryCtxRelease(self) -> None:
        """There is one context for all."""

    def cuCtxPushCurrent(self, context: int) -> None:
        self.contexts.append(context)

    def cuCtxPopCurrent(self) -> int:
        return self.contexts.pop()

    def cuCtxSetCurrent(self, context: int) -> None:
        self.contexts[-1:] = [context]

    def cuCtxGetCurrent(self) -> int:
        return self.contexts[-1] if self.contexts else 0

    def cuCtxGetDevice(self) -> int:
        return 0

    def cuCtxSynchronize(self) -> None:
        self._do("synchronize", 0)

    # -- memory ---------------------------------------------------------------------------------------------------------

    @property
    def used(self) -> int:
        return sum(self.sizes.values())

    def cuMemAlloc(self, size: int) -> int:
        self.asked += 1
        if self.refuse_memory is not None:
            raise Failure(self.refuse_memory)
        if self.used + size > self.limit:
            raise Failure(OUT_OF_MEMORY)
        address = self.memory.allocate(size, 1, f"a block of {size} bytes")
        self.sizes[address] = size
        return address

    def cuMemFree(self, address: int) -> None:
        self.sizes.pop(address, None)

    def cuMemGetInfo(self) -> int:
        return self.limit - self.used

    def cuMemHostAlloc(self, size: int) -> int:
        made = ctypes.create_string_buffer(size)
        self.kept[ctypes.addressof(made)] = made
        return ctypes.addressof(made)

    def cuMemFreeHost(self, address: int) -> None:
        del self.kept[address]

    def on(self, stream: int) -> None:
        """The next copy is on a stream."""
        self.stream = stream

    def cuMemcpyHtoD(self, to: int, source: int, size: int) -> None:
        self._copied("write")
        region, part = self.memory.part(to, size)
        region.bytes[part] = np.frombuffer(ctypes.string_at(source, size), np.uint8)
        region.written[part] = BEFORE

    def cuMemcpyDtoH(self, to: int, source: int, size: int) -> None:
        self._copied("read")
        region, part = self.memory.part(source, size)
        ctypes.memmove(to, region.bytes[part].tobytes(), size)

    def _copied(self, what: str) -> None:
        stream, self.stream = self.stream, 0
        self._do(what, stream)

    def cuPointerGetAttribute(self, attribute: int, address: int) -> int:
        return {1: CONTEXT, 2: 2, 3: address}[attribute]  # its context, that it is on a device, and where

    # -- streams and events ---------------------------------------------------------------------------------------------

    def cuStreamCreate(self) -> int:
        return self._new()

    def cuStreamDestroy(self, stream: int) -> None:
        """Its number is not given again."""

    def cuStreamQuery(self, stream: int) -> None:
        """All is done at once."""

    def cuStreamSynchronize(self, stream: int) -> None:
        self._do("finish", stream)

    def cuStreamWaitEvent(self, stream: int, event: int) -> None:
        self._do("wait", stream)

    def cuEventCreate(self) -> int:
        return self._new()

    def cuEventDestroy(self, event: int) -> None:
        """Likewise."""

    def cuEventRecord(self, event: int, stream: int) -> None:
        self._do("record", stream)
        self.pending.add(event)
        self.recorded[event] = self.time

    def cuEventQuery(self, event: int) -> None:
        if self.broken_event is not None:
            raise Failure(self.broken_event)
        if event in self.pending:
            raise Failure(NOT_READY)

    def cuEventSynchronize(self, event: int) -> None:
        self._do("finish", event)
        self.pending.discard(event)

    def cuEventElapsedTime(self, start: int, end: int) -> int:
        return round(1000 * (self.recorded[end] - self.recorded[start]))

    # -- kernels --------------------------------------------------------------------------------------------------------

    def cuModuleLoadDataEx(self, image: int) -> int:
        return self._new()

    cuLibraryLoadData = cuModuleLoadDataEx

    def cuModuleUnload(self, module: int) -> None:
        """Its kernels stay."""

    cuLibraryUnload = cuModuleUnload

    def cuModuleGetFunction(self, module: int, name: int) -> int:
        handle = self._new()
        self.functions[handle] = ctypes.string_at(name).decode()
        return handle

    cuLibraryGetKernel = cuModuleGetFunction

    def cuKernelGetAttribute(self, attribute: int) -> int:
        return 1024 if attribute == MAX_THREADS else 0

    cuFuncGetAttribute = cuKernelGetAttribute
