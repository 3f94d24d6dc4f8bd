"""A GPU, through numba: its memory, its streams, copies and launches."""

from __future__ import annotations

import ctypes
import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
from numba.core import event

from minitorch.kernels.cuda import cache, errors
from minitorch.kernels.cuda.device import SIMULATED, Array, Grid, compiled, cuda, machine_code, page_locked, signature
from minitorch.kernels.cuda.launcher import Launcher, driver_launch, unpacked
from minitorch.kernels.cuda.memory import Block, Capacity, Lease, Pool, Region

DEFAULT = 0
"""The stream that all work is put on unless another is chosen, as numba names it. numba's others wait for it, and it for them."""
DEFAULT_NUMBER = 1
"""The same, as interfaces between libraries name it, for which 0 could mean two streams."""
PROPERTIES = (
    "L2_CACHE_SIZE", "WARP_SIZE", "MAX_THREADS_PER_MULTIPROCESSOR", "MAX_SHARED_MEMORY_PER_BLOCK",
    "MAX_SHARED_MEMORY_PER_MULTIPROCESSOR",
)  # fmt: skip
"""What is asked of a GPU, as the driver calls it."""


def _explained(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, with the driver's errors as torch's."""

    @functools.wraps(method)
    def explaining(*args: Any, **params: Any) -> Any:
        try:
            return method(*args, **params)
        except Exception as error:
            known = errors.explained(error, cuda)
            if known is None:
                raise
            raise known from error

    return explaining


class _Chosen(threading.local):
    """The stream that a Python thread puts its work on, and whether it has taken the GPU into use."""

    stream: Any = DEFAULT
    begun = False


class Hardware:
    """The GPU that numba has chosen, or numba's simulator of one.

    Raises:
        RuntimeError: it cannot be used.
    """

    @_explained
    def __init__(self) -> None:
        cuda.current_context()  # which takes the GPU into use
        self.pool = Pool(self._obtain, self._order, self.capacity)
        self.chosen = _Chosen()
        self.streamed = False  # whether streams beside the default one have been chosen
        self.copying: list[tuple[Any, Array]] = []  # arrays of the host that copies go from or to, each with its event
        self.launchers: dict[Any, Launcher] = {}  # by kernel, threads in a block, and what its arguments are

    def abandon(self) -> None:
        """After a fork: there is no GPU in this process."""
        self.pool.abandon()

    # -- memory -------------------------------------------------------------------------------------------------------

    def allocate(self, size: int, dtype: np.dtype) -> Region:
        return self.pool.allocate(size, dtype, self.chosen.stream)

    @_explained
    def _obtain(self, size: int) -> Block:
        try:
            array = cuda.device_array(size, np.uint8)
        except Exception as error:
            if errors.is_out_of_memory(error, cuda):
                raise MemoryError from error
            raise
        return Block(array, _address(array))

    def adopt(self, address: int, size: int, dtype: np.dtype, owner: Any) -> Region:
        if SIMULATED:
            raise NotImplementedError("numba's simulator has no memory of a GPU that libraries could share")
        interface = {"shape": (size * dtype.itemsize,), "typestr": "|u1", "data": (address, False), "version": 3}
        block = Block(cuda.from_cuda_array_interface(interface, owner=owner), address)
        return Region(owner, block, dtype, size, of=owner)

    def address(self, memory: Region) -> int:
        return memory.address

    @_explained
    def capacity(self) -> Capacity:
        """The memory that is free, and all there is."""
        if SIMULATED:
            raise NotImplementedError("numba's simulator has no memory of its own, and so no end of it to tell")
        return Capacity(*cuda.current_context().get_memory_info())

    @_explained
    def empty_cache(self) -> None:
        """Gives the driver back what arrays do not use."""
        self.pool.empty()
        if not SIMULATED:
            cuda.current_context().memory_manager.deallocations.clear()  # numba gathers what is to be given back

    # -- copies -------------------------------------------------------------------------------------------------------

    @_explained
    def write(self, memory: Region, array: Array, wait: bool = True) -> None:
        stream = self._copying_stream(memory, wait)
        memory.array[: array.size].copy_to_device(array, stream=stream)
        self._copied(array, stream, wait)

    @_explained
    def read(self, memory: Region, size: int, wait: bool = True) -> Array:
        stream = self._copying_stream(memory, wait)
        target = np.empty(size, memory.dtype) if wait else page_locked(size, memory.dtype)
        memory.array[:size].copy_to_host(target, stream=stream)
        self._copied(target, stream, wait)
        return target

    @_explained
    def page_locked(self, size: int, dtype: np.dtype) -> Array:
        return cuda.pinned_array(max(size, 1), dtype)

    def _copying_stream(self, memory: Region, wait: bool) -> Any:
        """The stream in use. numba waits for copies on the default stream, unless that is given as an object."""
        stream = self._stream_for((memory,))
        return cuda.default_stream() if stream is DEFAULT and not wait else stream

    def _copied(self, array: Array, stream: Any, wait: bool) -> None:
        """Waits for a copy on a stream, or sees to it that the array lives until the copy is done."""
        if wait:
            if stream:  # numba waits on the default stream only
                stream.synchronize()
            return
        self.copying = [(event, held) for event, held in self.copying if not self.is_done(event)]
        self.copying.append((self.mark(stream), array))

    # -- kernels ------------------------------------------------------------------------------------------------------

    def launch(
        self,
        kernel: Callable[..., None],
        threads: int,
        grid: Grid,
        args: Sequence[Any],
        by_address: Sequence[Any] = (),
    ) -> None:
        stream = self._stream_for((*args, *by_address))
        try:
            self._start(kernel, threads, grid, args, stream)
        except Exception as error:
            known = errors.of_launch(error, cuda, kernel, [str(each.dtype) for each in _regions(args)])
            if known is None:
                raise
            raise known from error

    def _start(self, kernel: Callable[..., None], threads: int, grid: Grid, args: Sequence[Any], stream: Any) -> None:
        if SIMULATED:
            compiled(kernel, threads)[grid, threads, stream](*[_argument(each) for each in args])
            return
        kinds, numbers = unpacked(args)
        launcher = self.launchers.get((kernel, threads, kinds))
        if launcher is None:
            launcher = Launcher(self._loaded(kernel, threads, args), kinds, driver_launch(_driver()))
            self.launchers[kernel, threads, kinds] = launcher
        if not self.chosen.begun:
            cuda.current_context()  # in this thread, too
            self.chosen.begun = True
        _check(launcher(grid, threads, self.address_of(stream), numbers), "cuLaunchKernel")

    def _loaded(self, kernel: Callable[..., None], threads: int, args: Sequence[Any]) -> Any:
        """The kernel, compiled for arguments of these types, on the GPU."""
        types = signature(args)
        name = cache.name_of(kernel, threads, types, self.capability)
        stored = cache.STORE.read(name) if name else None
        if stored is not None:
            entry, _, code = stored.partition(b"\n")
            return cuda.current_context().create_module_image(machine_code(code)).get_function(entry.decode())
        dispatcher = compiled(kernel, threads)
        with event.trigger_event("numba:compile", data={"dispatcher": dispatcher}):
            library = dispatcher.compile(types)._codelibrary
        if name:
            cache.STORE.write(name, library._entry_name.encode() + b"\n" + library.get_cubin().code)
        return library.get_cufunc()

    @_explained
    def synchronize(self) -> None:
        cuda.synchronize()

    # -- streams and events -------------------------------------------------------------------------------------------

    default_stream = DEFAULT

    @property
    def stream(self) -> Any:
        """The stream that this Python thread puts its work on, as numba has it."""
        return self.chosen.stream

    @stream.setter
    def stream(self, stream: Any) -> None:
        self.chosen.stream = stream
        self.streamed |= stream is not DEFAULT

    def _stream_for(self, args: Iterable[Any]) -> Any:
        """The stream in use, on which this memory is used."""
        stream = self.chosen.stream
        if self.streamed:
            for each in _regions(args):
                if isinstance(each.owner, Lease) and each.owner.stream is not stream:
                    each.owner.elsewhere.add(stream)
        return stream

    @_explained
    def new_stream(self) -> Any:
        """Another stream of this GPU."""
        return cuda.stream()

    @_explained
    def external_stream(self, number: int) -> Any:
        """Another library's stream, by its address."""
        if SIMULATED:
            raise NotImplementedError("numba's simulator knows no streams of other libraries")
        return DEFAULT if number in (0, DEFAULT_NUMBER) else cuda.external_stream(number)

    def address_of(self, stream: Any) -> int:
        """A stream's address; that of the default stream is 0."""
        return 0 if stream is DEFAULT else id(stream) if SIMULATED else int(stream)

    def stream_number(self) -> int:
        return self.address_of(self.chosen.stream) or DEFAULT_NUMBER

    @_explained
    def new_event(self, timing: bool) -> Any:
        """A point on a stream, once it is recorded there."""
        return cuda.event(timing=timing) if not SIMULATED else cuda.event()

    @_explained
    def record(self, event: Any, stream: Any) -> None:
        """The event is that all is done that has been put on a stream until now."""
        event.record(stream)

    def mark(self, stream: Any) -> Any:
        """An event, which is recorded on a stream."""
        event = self.new_event(timing=False)
        self.record(event, stream)
        return event

    @_explained
    def wait(self, stream: Any, event: Any) -> None:
        """Work that is put on a stream from now on waits for an event."""
        event.wait(stream)

    def _order(self, stream: Any, others: Iterable[Any]) -> None:
        """Work that is put on a stream from now on waits for what others have now."""
        for each in others:
            self.wait(stream, self.mark(each))

    def let_wait(self, stream_number: int) -> None:
        if stream_number != self.stream_number():
            self._order(self.external_stream(stream_number), (self.chosen.stream,))

    def wait_for(self, stream_number: int) -> None:
        if stream_number != self.stream_number():
            self._order(self.chosen.stream, (self.external_stream(stream_number),))

    @_explained
    def is_done(self, event: Any) -> bool:
        """Whether an event has come. In the simulator, all is done at once.

        numba's own question writes an error to programs' logs if it has not.
        """
        if SIMULATED:
            return True
        code = _driver().cuEventQuery(ctypes.c_void_p(int(event.handle)))
        if code != errors.NOT_READY:
            _check(code, "cuEventQuery")
        return code != errors.NOT_READY

    @_explained
    def finish(self, awaited: Any) -> None:
        """Waits for an event, or for all that is on a stream."""
        (cuda.default_stream() if awaited is DEFAULT else awaited).synchronize()

    @_explained
    def elapsed_time(self, start: Any, end: Any) -> float:
        """Milliseconds from one event to another."""
        if SIMULATED:
            raise NotImplementedError("numba's simulator takes no time")
        return start.elapsed_time(end)

    # -- what it is ---------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        return "numba's simulator" if SIMULATED else cuda.get_current_device().name

    @property
    def capability(self) -> tuple[int, int]:
        """The compute capability."""
        return tuple(cuda.get_current_device().compute_capability)

    @_explained
    def properties(self) -> list[Any]:
        """The memory in bytes, the number of multiprocessors, the identity, and what `PROPERTIES` names."""
        if SIMULATED:
            raise NotImplementedError("numba's simulator has no properties but a name and a compute capability")
        found = cuda.get_current_device()
        return [
            self.capacity().total,
            found.MULTIPROCESSOR_COUNT,
            found.uuid,
            *[getattr(found, each) for each in PROPERTIES],
        ]


def _driver() -> Any:
    """The driver's library, as ``ctypes`` has it."""
    return cuda.cudadrv.driver.driver.lib


def _check(code: int, call: str) -> None:
    """Raises what numba does where the driver has answered with another code than 0."""
    if code:
        raise cuda.cudadrv.driver.CudaAPIError(code, f"Call to {call} results in {code}")


def _argument(value: Any) -> Any:
    if type(value) is Region:
        return value.array
    return tuple([_argument(each) for each in value]) if isinstance(value, tuple) else value


def _regions(args: Iterable[Any]) -> Iterator[Region]:
    for each in args:
        if isinstance(each, tuple):
            yield from _regions(each)
        elif isinstance(each, Region):
            yield each


def _address(array: Any) -> int:
    interface = array.__array_interface__ if SIMULATED else array.__cuda_array_interface__
    return interface["data"][0]
