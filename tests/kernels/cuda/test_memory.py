"""The pool of memory: what it asks the driver for, gives out, keeps and counts."""

from __future__ import annotations

import weakref

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels.cuda.memory import Block, Capacity, Pool, bucket, in_words
from minitorch.kernels.errors import OutOfMemoryError

FLOAT = np.dtype(np.float32)


class Driver:
    """Hands out memory, up to a limit. ``waits`` has what streams were made to wait for."""

    def __init__(self, limit=1 << 20):
        self.limit, self.asked, self.held, self.waits = limit, [], weakref.WeakSet(), []

    def __call__(self, size):
        if self.used + size > self.limit:
            raise MemoryError("the driver has no more")
        self.asked.append(size)
        array = np.zeros(size, np.uint8).view(Bytes)
        self.held.add(array)
        return Block(array, array.__array_interface__["data"][0])

    @property
    def used(self):
        return sum(each.size for each in self.held)

    def wait(self, stream, others):
        self.waits.append((stream, set(others)))

    def capacity(self):
        return Capacity(self.limit - self.used, self.limit)


class Bytes(np.ndarray):
    """An array that can be in a set."""

    __hash__ = object.__hash__
    __eq__ = object.__eq__


def made(**limits):
    driver = Driver(**limits)
    return driver, Pool(driver, driver.wait, driver.capacity)


def test_what_was_freed_is_used_again():
    driver, pool = made()
    first = pool.allocate(1000, FLOAT, 0)
    assert pool.in_use.current == pool.reserved.current == 4096
    del first
    assert (pool.in_use.current, pool.reserved.current, pool.in_use.peak) == (0, 4096, 4096)
    second = pool.allocate(900, FLOAT, 0)
    assert driver.asked == [4096]
    assert (pool.in_use.current, pool.in_use.allocated, pool.arrays.allocated) == (4096, 8192, 2)
    del second
    pool.in_use.reset()
    assert pool.in_use.peak == 0


def test_memory_is_in_use_as_long_as_some_of_it_is():
    _, pool = made()
    part = pool.allocate(1000, FLOAT, 0)[10:].view(np.dtype(np.int32))
    assert pool.arrays.current == 1
    assert (part.size, part.start, part.address) == (990, 10, part.block.address + 40)
    assert part.array.dtype == np.int32
    assert part.array.__array_interface__["data"][0] == part.address
    del part
    assert pool.arrays.current == 0


def test_numbas_arrays_are_made_once_for_a_block_and_a_dtype():
    _, pool = made()
    memory = pool.allocate(10, FLOAT, 0)
    before = memory.array
    assert memory.view(FLOAT).array is before
    del memory
    assert pool.allocate(20, FLOAT, 0).array is before


def test_what_is_kept_can_be_given_back():
    driver, pool = made()
    held = pool.allocate(1000, FLOAT, 0)
    pool.allocate(5000, FLOAT, 0)
    pool.empty()
    assert pool.reserved.current == pool.in_use.current == driver.used == 4096
    del held


def test_memory_that_is_kept_is_given_back_before_there_is_none():
    driver, pool = made(limit=10000)
    pool.allocate(1500, FLOAT, 0)  # which nobody holds
    held = pool.allocate(1024, FLOAT, 0)
    assert (driver.asked, pool.reserved.current) == ([8192, 4096], 4096)
    with pytest.raises(
        OutOfMemoryError, match=r"^CUDA out of memory. Tried to allocate 8.00 KiB. GPU 0 has a total capacity of"
    ):
        pool.allocate(2048, FLOAT, 0)
    assert (pool.refused, pool.failed) == (2, 1)
    del held


def test_each_stream_keeps_its_own():
    driver, pool = made()
    pool.allocate(100, FLOAT, "first")
    pool.allocate(100, FLOAT, "second")
    assert driver.asked == [512, 512]
    pool.allocate(100, FLOAT, "first")
    assert driver.asked == [512, 512]
    assert driver.waits == []


def test_a_stream_waits_for_others_that_used_its_memory_before_it_is_used_again():
    driver, pool = made()
    memory = pool.allocate(100, FLOAT, "first")
    memory.owner.elsewhere |= {"second", "third"}
    assert driver.waits == []
    del memory
    assert driver.waits == [("first", {"second", "third"})]


def test_in_a_forked_process_nothing_is_waited_for():
    driver, pool = made()
    memory = pool.allocate(100, FLOAT, "first")
    memory.owner.elsewhere.add("second")
    pool.abandon()
    del memory
    assert driver.waits == []


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 5000, 1 << 20, (1 << 20) + 1, 3_000_000, 123_456_789])
def test_sizes_are_rounded_to_few(size):
    assert bucket(size) >= max(size, 512)
    assert bucket(bucket(size)) == bucket(size)
    assert bucket(size) <= max(512, 2 * size if size <= 1 << 20 else 1.126 * size)


SIZES = {
    0: "0 bytes",
    1024: "1024 bytes",
    1025: "1.00 KiB",
    3 << 19: "1.50 MiB",
    1 << 30: "1024.00 MiB",
    1 << 31: "2.00 GiB",
}


@pytest.mark.parametrize(("size", "words"), SIZES.items())
def test_sizes_are_written_as_torch_writes_them(size, words):
    assert in_words(size) == words
