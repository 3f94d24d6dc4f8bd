"""A pool of device memory: asking the driver takes longer than most kernels run, so what was freed is kept for the next array.

Kernels of one stream run in the order of their launches, so memory can be given to the next array of the same stream as soon as
Python has let it go. Where another stream has used it as well, the memory's own stream is first made to wait for that one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from minitorch.kernels.errors import OutOfMemoryError

SMALLEST = 512  # bytes
FINE = 1 << 20  # bytes from which sizes are rounded to an eighth of their power of two rather than to one
UNITS = ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))


def bucket(size: int) -> int:
    """The size that a request is rounded up to, so that few sizes occur, and at most an eighth of what is large is wasted."""
    if size <= SMALLEST:
        return SMALLEST
    power = 1 << (size - 1).bit_length()
    step = power if size <= FINE else power // 16
    return -(-size // step) * step


def in_words(size: float) -> str:
    """A number of bytes as torch writes it: ``2.00 GiB``."""
    unit, name = next(((unit, name) for unit, name in UNITS if size > unit), (1, "bytes"))
    return f"{size} bytes" if unit == 1 else f"{size / unit:.2f} {name}"


class Block:
    """Bytes that the driver gave, and what kernels see them as.

    Args:
        array: the bytes, as numba has them: a flat array of uint8.
        address: of the first one.
    """

    __slots__ = ("address", "array", "size", "views")

    def __init__(self, array: Any, address: int) -> None:
        self.array, self.address, self.size = array, address, array.size
        self.views: dict[np.dtype, Any] = {}

    def seen_as(self, dtype: np.dtype) -> Any:
        """numba's array of all of it. There is one for each dtype, for making one takes long."""
        view = self.views.get(dtype)
        if view is None:
            view = self.views[dtype] = self.array.view(dtype)
        return view


class Lease:
    """A block in use. When nobody refers to it any more, its pool has the block back.

    ``elsewhere`` has the streams that have used the block beside its own.
    """

    __slots__ = ("block", "elsewhere", "pool", "stream")

    def __init__(self, pool: Pool, block: Block, stream: Any) -> None:
        self.pool, self.block, self.stream = pool, block, stream
        self.elsewhere: set[Any] = set()

    def __del__(self) -> None:
        self.pool.take_back(self)


class Region:
    """Elements of a block, one after another: the memory that arrays lie in.

    Args:
        owner: keeps the block from being used for something else: a lease, or what another library calls its own.
        start: the first element's number, among the block's elements of that dtype.
        of: what else shows these elements, if something does.
    """

    __slots__ = ("_array", "_numbers", "block", "dtype", "of", "owner", "size", "start")

    def __init__(self, owner: Any, block: Block, dtype: np.dtype, size: int, start: int = 0, of: Any = None) -> None:
        self.owner, self.block, self.dtype, self.size, self.start, self.of = owner, block, dtype, size, start, of
        self._array: Any = None
        self._numbers: tuple[int, ...] = ()

    @property
    def address(self) -> int:
        """Of the first element."""
        return self.block.address + self.start * self.dtype.itemsize

    @property
    def array(self) -> Any:
        """numba's array, for copies: from the first element to the end of the block."""
        if self._array is None:
            whole = self.block.seen_as(self.dtype)
            self._array = whole[self.start :] if self.start else whole
        return self._array

    @property
    def numbers(self) -> tuple[int, ...]:
        """What kernels get of it: see ``launcher``."""
        if not self._numbers:
            size, itemsize = self.size, self.dtype.itemsize
            self._numbers = (0, 0, size, itemsize, self.address, size, itemsize)
        return self._numbers

    def __getitem__(self, part: slice) -> Region:
        offset = part.start or 0
        return Region(self.owner, self.block, self.dtype, self.size - offset, self.start + offset)

    def view(self, dtype: np.dtype) -> Region:
        """The same bytes as elements of another dtype."""
        size, start = (each * self.dtype.itemsize // dtype.itemsize for each in (self.size, self.start))
        return Region(self.owner, self.block, dtype, size, start, self if self.of is None else self.of)


class Tally:
    """How many there are, the most that there were at once, and how many there have been in all."""

    __slots__ = ("allocated", "current", "peak")

    def __init__(self) -> None:
        self.current = self.peak = self.allocated = 0

    def add(self, count: int) -> None:
        self.current += count
        self.allocated += count
        self.peak = max(self.peak, self.current)

    def remove(self, count: int) -> None:
        self.current -= count

    def reset(self) -> None:
        """The most that there were at once is what there is now."""
        self.peak = self.current


class Capacity(NamedTuple):
    """Bytes of a GPU's memory."""

    free: float
    total: float


class Pool:
    """Memory by size.

    Args:
        obtain: gives that many bytes of the device, or raises MemoryError.
        wait: makes a stream wait for others.
        capacity: how much memory the device has.

    ``in_use`` counts the bytes of arrays, ``arrays`` these; ``reserved`` the bytes that the driver gave. ``refused`` is how often
    it had no more, ``failed`` how often there was none to be found.
    """

    def __init__(
        self,
        obtain: Callable[[int], Block],
        wait: Callable[[Any, Iterable[Any]], None],
        capacity: Callable[[], Capacity],
    ) -> None:
        self.obtain, self.wait, self.capacity = obtain, wait, capacity
        self.free: dict[tuple[Any, int], list[Block]] = {}
        self.in_use, self.reserved, self.arrays = Tally(), Tally(), Tally()
        self.refused = self.failed = 0
        self.lock = threading.RLock()  # a block can come back at any time, also while the pool looks for one

    def allocate(self, size: int, dtype: np.dtype, stream: Any) -> Region:
        """Memory for that many elements, for use on a stream.

        Raises:
            OutOfMemoryError: there is none, also after all that is kept was given back.
        """
        wanted = size * dtype.itemsize
        rounded = bucket(wanted)
        with self.lock:
            kept = self.free.get((stream, rounded))
            block = kept.pop() if kept else self._obtain(rounded, wanted)
            self.in_use.add(rounded)
            self.arrays.add(1)
        return Region(Lease(self, block, stream), block, dtype, size)

    def _obtain(self, rounded: int, wanted: int) -> Block:
        try:
            block = self.obtain(rounded)
        except MemoryError:
            self.refused += 1
            self.empty()
            try:
                block = self.obtain(rounded)
            except MemoryError as error:
                self.failed += 1
                raise OutOfMemoryError(self._want(wanted)) from error
        self.reserved.add(rounded)
        return block

    def _want(self, wanted: int) -> str:
        free, total = self.capacity()
        return (
            f"CUDA out of memory. Tried to allocate {in_words(wanted)}. GPU 0 has a total capacity of {in_words(total)} of which "
            f"{in_words(free)} is free. Including memory of other programs, {in_words(total - free)} memory in use. Of the "
            f"allocated memory {in_words(self.in_use.current)} is allocated by minitorch for {self.arrays.current} arrays, and "
            f"{in_words(self.reserved.current - self.in_use.current)} is reserved by minitorch but unallocated."
        )

    def take_back(self, lease: Lease) -> None:
        """Keeps a block that is not in use any more, for arrays of the same stream."""
        if lease.elsewhere:
            self.wait(lease.stream, lease.elsewhere)
        with self.lock:
            self.in_use.remove(lease.block.size)
            self.arrays.remove(1)
            self.free.setdefault((lease.stream, lease.block.size), []).append(lease.block)

    def empty(self) -> None:
        """Gives back to the driver what is kept."""
        with self.lock:
            self.reserved.remove(sum(size * len(blocks) for (_, size), blocks in self.free.items()))
            self.free.clear()

    def abandon(self) -> None:
        """In a process that was forked, no block comes to use again: the GPU is not there."""
        self.lock, self.wait = threading.RLock(), lambda stream, others: None
