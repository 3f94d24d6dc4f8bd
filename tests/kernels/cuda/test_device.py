"""The device seam, the pool of memory, the limits of launches, and what happens without a GPU."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import weakref

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, array, device, from_host, launch, to_host
from minitorch.kernels.cuda.memory import Pool, bucket

GPU = tables[DeviceArray]
FLOAT = np.dtype(np.float32)


class Driver:
    """Hands out memory, up to a limit."""

    def __init__(self, limit=1 << 40):
        self.limit, self.asked, self.held = limit, [], weakref.WeakSet()

    def __call__(self, size):
        if sum(each.size for each in self.held) + size > self.limit:
            raise MemoryError("the driver has no more")
        self.asked.append(size)
        block = Block(size)
        self.held.add(block)
        return block


class Block:
    """Stands for a numba array: it has views, and can be referred to weakly."""

    def __init__(self, size):
        self.size = size

    def view(self, dtype):
        return Block(self.size)


def test_what_was_freed_is_used_again():
    driver = Driver()
    pool = Pool(driver)
    first = pool.allocate(1000, FLOAT)
    assert pool.allocated == pool.reserved == 4096
    del first
    gc.collect()
    assert (pool.allocated, pool.reserved, pool.peak) == (0, 4096, 4096)
    second = pool.allocate(900, FLOAT)
    assert driver.asked == [4096]
    assert pool.allocated == 4096
    del second


def test_what_is_kept_can_be_given_back():
    pool = Pool(Driver())
    held = pool.allocate(1000, FLOAT)
    pool.allocate(5000, FLOAT)
    gc.collect()
    pool.empty()
    assert pool.reserved == pool.allocated == 4096
    del held


def test_memory_that_is_kept_is_given_back_before_there_is_none():
    driver = Driver(limit=10000)
    pool = Pool(driver)
    pool.allocate(1500, FLOAT)  # which nobody holds
    gc.collect()
    held = pool.allocate(1024, FLOAT)
    assert (driver.asked, pool.reserved) == ([8192, 4096], 4096)
    with pytest.raises(RuntimeError, match=r"CUDA out of memory. Tried to allocate 8192 bytes; 4096 bytes are in use"):
        pool.allocate(2048, FLOAT)
    del held


@pytest.mark.parametrize("size", [0, 1, 511, 512, 513, 5000, 1 << 20, (1 << 20) + 1, 3_000_000, 123_456_789])
def test_sizes_are_rounded_to_few(size):
    assert bucket(size) >= max(size, 512)
    assert bucket(bucket(size)) == bucket(size)
    assert bucket(size) <= max(512, 2 * size if size <= 1 << 20 else 1.126 * size)


def nothing(a, size):
    """A kernel that does nothing."""


@pytest.mark.parametrize(
    ("grid", "threads", "message"),
    [
        ((1,), 2048, "2048 threads in a block"),
        ((1,), 33, "whole warps"),
        ((1, 65536), 32, "a grid of"),
        ((1, 1, 65536), 32, "a grid of"),
        ((2**31,), 32, "a grid of"),
    ],
)
def test_a_launch_beyond_the_limits_is_an_error(grid, threads, message, interpreter):
    with pytest.raises(ValueError, match=message):
        launch.launch(nothing, grid, (), threads)


def test_an_empty_grid_is_not_launched(interpreter):
    launch.launch(nothing, (0,), ())
    assert interpreter.launched == []


def test_arrays_that_cannot_be_counted_in_32_bits_are_an_error(interpreter):
    with pytest.raises(RuntimeError, match="2147483648 elements and more are not supported"):
        array.empty((1 << 16, 1 << 15), FLOAT)


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "u1", "i2", "i4", "i8", "?"])
def test_arrays_go_to_the_device_and_back(dtype, interpreter):
    a = np.random.default_rng(1).integers(0, 9, (3, 4, 5)).astype(dtype)
    ours = from_host(a)
    np.testing.assert_array_equal(to_host(ours), a)
    view = GPU.slice(GPU.permute(ours, (2, 0, 1)), 1, 1, 3, 1)
    np.testing.assert_array_equal(to_host(view), a.transpose(2, 0, 1)[:, 1:3])
    assert view.memory is ours.memory


def test_a_view_that_strides_do_not_allow_is_an_error(interpreter):
    with pytest.raises(ValueError, match="no view of shape"):
        GPU.view(GPU.t(from_host(np.ones((3, 4)))), (12,))


def test_devices_take_turns(interpreter):
    assert device.current() is interpreter


def python(program, **environment):
    """What a fresh Python prints."""
    return subprocess.run(
        [sys.executable, "-c", program], env={**os.environ, **environment}, capture_output=True, text=True, timeout=300
    )


def test_without_a_gpu_there_is_a_clear_error():
    program = (
        "import numpy as np\nfrom numba import cuda\nfrom minitorch.kernels.cuda import from_host\n"
        "try:\n    from_host(np.ones(3))\nexcept RuntimeError as error:\n    print(error)\n"
        "if cuda.is_available():\n    print('No CUDA GPUs are available')"
    )
    assert "No CUDA GPUs are available" in python(program).stdout


def test_importing_the_package_imports_nothing_of_this():
    program = (
        "import sys, minitorch\nprint([each for each in sys.modules if 'kernels.cuda' in each or each == 'numba.cuda'])"
    )
    assert python(program).stdout == "[]\n"
