"""A stand-in for numba's ``cuda`` on a machine with a GPU: arrays are numpy's, and what streams are given is noted."""

from __future__ import annotations

import weakref
from types import SimpleNamespace

import numpy as np
from numba.cuda.cudadrv.driver import CudaAPIError

from minitorch.kernels.cuda import device, hardware

GIB = 1 << 30
TEXTS = {2: b"out of memory", 101: b"invalid device ordinal", 700: b"an illegal memory access was encountered"}


class Array:
    """A flat array of the GPU's."""

    def __init__(self, gpu, data):
        self.gpu, self.data, self.dtype, self.size = gpu, data, data.dtype, data.size

    @property
    def __cuda_array_interface__(self):
        return {"data": (self.data.__array_interface__["data"][0], False)}

    def __getitem__(self, part):
        return Array(self.gpu, self.data[part])

    def view(self, dtype):
        return Array(self.gpu, self.data.view(dtype))

    def copy_to_device(self, array, stream=0):
        self.gpu.done("write", stream)
        self.data[...] = array

    def copy_to_host(self, array, stream=0):
        self.gpu.done("read", stream)
        array[...] = self.data


class Stream:
    def __init__(self, gpu, number):
        self.gpu, self.number = gpu, number

    def __int__(self):
        return self.number

    def synchronize(self):
        self.gpu.done("finish", self)


class Event:
    """``ready`` says whether it has come."""

    def __init__(self, gpu, timing):
        self.gpu, self.timing, self.ready = gpu, timing, False
        self.time = 0.0

    def record(self, stream):
        self.gpu.done("record", stream)
        self.time = self.gpu.time

    def wait(self, stream):
        self.gpu.done("wait", stream)

    def query(self):
        return self.ready

    def synchronize(self):
        self.gpu.done("finish", self)
        self.ready = True

    def elapsed_time(self, end):
        return end.time - self.time


class FakeCuda:
    """What numba's ``cuda`` is.

    ``log`` has what was done, and on which stream; ``fail`` is an error that the next thing raises; ``limit`` the memory.
    """

    implementation = "NVIDIA"

    def __init__(self, limit=80 * GIB):
        self.limit, self.held, self.log, self.fail, self.time = limit, weakref.WeakSet(), [], None, 0.0
        self.gpus, self.error, self.toolkit, self.known, self.asked = [0], None, (13, 0), (13, 1), 0
        self.runtime = SimpleNamespace(get_version=lambda: self.toolkit)
        driver = SimpleNamespace(get_version=lambda: self.known)
        self.cudadrv = SimpleNamespace(
            driver=SimpleNamespace(
                driver=driver,
                CudaAPIError=CudaAPIError,
                binding=SimpleNamespace(cuGetErrorString=lambda code: (0, TEXTS.get(int(code)))),
            )
        )
        self.default = Stream(self, 0)
        self.freed = 0

    def done(self, what, stream):
        self.log.append((what, self.default if stream == 0 else stream))
        if self.fail is not None:
            error, self.fail = self.fail, None
            raise error

    def is_available(self):
        return self.error is None

    def cuda_error(self):
        return self.error

    def current_context(self):
        clear = SimpleNamespace(clear=lambda: setattr(self, "freed", self.freed + 1))
        return SimpleNamespace(
            get_memory_info=lambda: (self.limit - self.used(), self.limit),
            memory_manager=SimpleNamespace(deallocations=clear),
        )

    def used(self):
        return sum(each.promised for each in self.held)

    def device_array(self, size, dtype):
        self.asked += 1
        if self.used() + size > self.limit:
            raise CudaAPIError(2, "Call to cuMemAlloc results in CUDA_ERROR_OUT_OF_MEMORY")
        array = Array(self, np.zeros(min(size, 1 << 20), dtype))  # as much as is looked at
        array.size = array.promised = size
        self.held.add(array)
        return array

    def from_cuda_array_interface(self, shown, owner):
        array = Array(self, np.zeros(shown["shape"], np.uint8))
        array.owner = owner
        return array

    def pinned_array(self, size, dtype):
        return np.empty(size, dtype)

    def stream(self):
        return Stream(self, 0x1000 + len(self.log))

    def default_stream(self):
        return self.default

    def external_stream(self, number):
        return Stream(self, number)

    def event(self, timing=True):
        return Event(self, timing)

    def synchronize(self):
        self.done("synchronize", 0)

    def jit(self, kernel, launch_bounds):
        gpu = self

        class Compiled:
            def __getitem__(self, where):
                def start(*args):
                    gpu.done(kernel.__name__, where[2])
                    return kernel(*args)

                return start

        return Compiled()

    def get_current_device(self):
        return SimpleNamespace(
            name="NVIDIA H100", compute_capability=(9, 0), uuid="GPU-1234", MULTIPROCESSOR_COUNT=132, L2_CACHE_SIZE=50 << 20,
            WARP_SIZE=32, MAX_THREADS_PER_MULTIPROCESSOR=2048, MAX_SHARED_MEMORY_PER_BLOCK=48 << 10,
            MAX_SHARED_MEMORY_PER_MULTIPROCESSOR=228 << 10,
        )  # fmt: skip


def install(monkeypatch):
    """Puts a stand-in where numba's ``cuda`` is; nobody has asked for the GPU yet."""
    fake = FakeCuda()
    for module in (device, hardware):
        monkeypatch.setattr(module, "cuda", fake)
    device.compiled.cache_clear()
    monkeypatch.setattr(device, "_found", [])
    monkeypatch.setattr(device, "_forked", [])
    return fake
