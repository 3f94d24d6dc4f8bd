"""What the driver is asked to do, and what is made of its errors. See test_driver.py."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest
from numba import cuda
from numba.cuda.cudadrv.driver import CudaAPIError

from minitorch.kernels.cuda import array, device, dlpack, from_host, placement, to_host
from minitorch.kernels.cuda.hardware import DEFAULT
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.lifting import lift, position
from minitorch.kernels.errors import AcceleratorError, OutOfMemoryError
from tests.driver.emulated import ERRORS, GIB, ILLEGAL_ADDRESS, OUT_OF_MEMORY, UNSUPPORTED_PTX

FLOAT = np.dtype(np.float32)


def double(a, number, size):
    i = position()
    if i < size:
        a[i] *= number


def doubled(ours):
    launch(double, (1,), (ours, np.float32(2), np.uint32(ours.size)), 32)


def test_arrays_go_there_and_back(gpu):
    a = np.arange(12, dtype=np.float32).reshape(3, 4)
    ours = from_host(a)
    np.testing.assert_array_equal(to_host(ours), a)
    np.testing.assert_array_equal(to_host(ours.seen((2, 4), (4, 1), 4)), a[1:])
    assert ours.memory.size == 12  # and not that of the block


def test_kernels_get_arrays_from_the_first_element_on(gpu):
    ours = from_host(np.arange(6, dtype=np.float32))
    doubled(ours.seen((2,), (1,), 4))
    assert to_host(ours).tolist() == [0, 1, 2, 3, 8, 10]


def test_memory_read_as_another_dtype_is_the_same(gpu):
    ours = from_host(np.array([1.0, 2.0], np.float32))
    other = array.DeviceArray(ours.memory.view(np.dtype(np.int32)), np.dtype(np.int32), (2,), (1,))
    assert to_host(other).tolist() == np.array([1.0, 2.0], np.float32).view(np.int32).tolist()
    assert placement.address(other) == placement.address(ours)
    assert placement.overlap(ours, other)
    assert not placement.overlap(ours, from_host(np.ones(2)))
    del ours
    assert gpu.pool.arrays.current == 1


def test_what_was_freed_is_used_again(gpu, driver):
    first = from_host(np.ones(1000, np.float32))
    address = placement.address(first)
    del first
    asked = driver.asked
    assert placement.address(from_host(np.ones(900))) != address
    assert placement.address(from_host(np.ones(900, np.float32))) == address
    assert driver.asked == asked + 1


def test_out_of_memory_is_torchs_error(gpu, driver):
    driver.limit = 9 * GIB // 2
    held = array.empty((768, 1 << 20), FLOAT)
    array.empty((100, 1 << 10), FLOAT)  # which nobody holds
    expected = (
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 4.50 GiB of which 1.50 GiB is free. "
        "Including memory of other programs, 3.00 GiB memory in use. Of the allocated memory 3.00 GiB is allocated by minitorch "
        "for 1 arrays, and 0 bytes is reserved by minitorch but unallocated."
    )
    with pytest.raises(OutOfMemoryError, match=f"^{re.escape(expected)}$") as caught:
        array.empty((512, 1 << 20), FLOAT)
    assert isinstance(caught.value, RuntimeError)
    assert (gpu.pool.refused, gpu.pool.failed) == (1, 1)
    del held
    assert array.empty((512, 1 << 20), FLOAT).size == 1 << 29  # and all goes on


def test_what_the_driver_does_not_answer_at_all_is_no_lack_of_memory(gpu, driver):
    driver.refuse_memory = ILLEGAL_ADDRESS
    with pytest.raises(AcceleratorError, match="CUDA error: an illegal memory access was encountered"):
        array.empty((3,), FLOAT)


def test_the_driver_gets_back_what_is_not_in_use(gpu, driver):
    held = from_host(np.ones(3))
    from_host(np.ones(10000))
    gpu.empty_cache()
    assert driver.used == gpu.pool.reserved.current == 512
    del held


# -- streams ----------------------------------------------------------------------------------------------------------


def test_work_is_put_on_the_stream_that_is_chosen(gpu, driver):
    stream = gpu.new_stream()
    ours = from_host(np.ones(3, np.float32))
    gpu.stream = stream
    doubled(ours)
    to_host(ours)
    gpu.stream = DEFAULT
    doubled(ours)
    number = int(stream)
    assert driver.log == [("write", 0), ("launch", number), ("read", number), ("finish", number), ("launch", 0)]


def test_memory_of_one_stream_is_not_given_to_another(gpu, driver):
    first = from_host(np.ones(3))
    address = placement.address(first)
    del first
    gpu.stream = gpu.new_stream()
    assert placement.address(from_host(np.ones(3))) != address
    gpu.stream = DEFAULT
    assert placement.address(from_host(np.ones(3))) == address
    assert "wait" not in [what for what, _ in driver.log]


def test_memory_that_another_stream_has_used_waits_for_it(gpu, driver):
    ours = from_host(np.ones(3, np.float32))
    stream = gpu.stream = gpu.new_stream()
    doubled(ours)
    gpu.stream = DEFAULT
    del ours
    assert driver.log[-2:] == [("record", int(stream)), ("wait", 0)]


def test_threads_choose_streams_for_themselves(gpu):
    gpu.stream = gpu.new_stream()
    seen = []
    thread = threading.Thread(target=lambda: seen.append(gpu.stream))
    thread.start()
    thread.join()
    assert seen == [DEFAULT]


def test_copies_need_not_be_waited_for(gpu, driver):
    source = placement.pinned(np.arange(4, dtype=np.float32))
    memory = gpu.allocate(4, FLOAT)
    gpu.write(memory, source, wait=False)
    assert driver.log == [("write", 0), ("record", 0)]
    (_, held), *_ = gpu.copying
    assert held is source  # which lives until the copy is done
    driver.pending.clear()
    target = gpu.read(memory, 4, wait=False)
    assert [held for _, held in gpu.copying] == [target]
    assert placement.is_pinned(target)
    assert target.tolist() == [0, 1, 2, 3]
    assert not placement.is_pinned(gpu.read(memory, 4))


def test_other_libraries_streams_are_waited_for(gpu, driver):
    gpu.let_wait(1)
    gpu.wait_for(1)
    assert driver.log == []  # it is the same
    gpu.let_wait(0x77)
    gpu.wait_for(0x88)
    assert driver.log == [("record", 0), ("wait", 0x77), ("record", 0x88), ("wait", 0)]
    gpu.stream = gpu.new_stream()
    assert gpu.stream_number() == int(gpu.stream)
    gpu.let_wait(1)
    assert driver.log[-2:] == [("record", int(gpu.stream)), ("wait", 0)]


# -- other libraries ----------------------------------------------------------------------------------------------------


class Shown:
    """An object of another library."""

    def __init__(self, **shown):
        self.__cuda_array_interface__ = shown


def test_the_stream_that_is_named_is_waited_for(gpu, driver):
    address = placement.address(from_host(np.ones(2, np.float32)))
    driver.log.clear()
    shown = Shown(shape=(2,), typestr="<f4", data=(address, False), version=3, stream=0x99)
    taken = placement.from_cuda_array_interface(shown)
    assert driver.log == [("record", 0x99), ("wait", 0)]
    assert placement.address(taken) == address
    assert taken.memory.owner is shown
    assert gpu.pool.arrays.current == 0  # it is not ours


def test_memory_is_shared_with_numba(gpu):
    """Which reads what we show, and shows what it has itself."""
    ours = from_host(np.arange(6, dtype=np.float32).reshape(2, 3))
    theirs = cuda.as_cuda_array(ours.seen((3, 2), (1, 3)))
    assert (theirs.shape, theirs.strides, theirs.dtype) == ((3, 2), (4, 12), FLOAT)
    again = placement.from_cuda_array_interface(theirs)
    del theirs
    doubled(again.seen((6,), (1,)))
    assert to_host(ours).tolist() == [[0, 2, 4], [6, 8, 10]]
    made = cuda.to_device(np.arange(4.0))
    taken = placement.from_cuda_array_interface(made)
    launch(double, (1,), (taken, np.float64(3), np.uint32(4)), 32)
    assert made.copy_to_host().tolist() == to_host(taken).tolist() == [0, 3, 6, 9]


def test_the_readers_stream_waits(gpu, driver):
    ours = from_host(np.ones(3))
    driver.log.clear()
    for stream in (-1, None, 1):
        dlpack.to_dlpack(ours, stream)
    assert driver.log == []
    dlpack.to_dlpack(ours, 0x55)
    assert driver.log == [("record", 0), ("wait", 0x55)]
    for stream in (0, 2):
        with pytest.raises(BufferError, match="default stream"):
            dlpack.to_dlpack(ours, stream)


# -- errors -----------------------------------------------------------------------------------------------------------


def test_what_a_kernel_did_wrong_is_told_when_it_is_waited_for(gpu, driver):
    driver.fail = ILLEGAL_ADDRESS
    expected = f"^CUDA error: {ERRORS[ILLEGAL_ADDRESS][1]}\n.*need not be the cause"
    with pytest.raises(AcceleratorError, match=expected) as caught:
        gpu.synchronize()
    assert isinstance(caught.value.__cause__, CudaAPIError)
    assert from_host(np.ones(3)).size == 3


@pytest.mark.parametrize(
    "use",
    [
        lambda gpu, ours: doubled(ours),
        lambda gpu, ours: to_host(ours),
        lambda gpu, ours: from_host(np.ones(3)),
        lambda gpu, ours: gpu.finish(gpu.new_stream()),
        lambda gpu, ours: gpu.finish(DEFAULT),
        lambda gpu, ours: gpu.mark(DEFAULT),
        lambda gpu, ours: gpu.mark(gpu.new_stream()),
        lambda gpu, ours: gpu.let_wait(0x77),
        lambda gpu, ours: gpu.read(ours.memory, 3, wait=False),
    ],
    ids=["launch", "read", "write", "stream", "default stream", "record", "record elsewhere", "wait", "read at leisure"],
)  # fmt: skip
def test_whatever_reports_a_failure_names_it_as_torch_does(use, gpu, driver):
    ours = from_host(np.ones(3, np.float32))
    doubled(ours)
    driver.fail = ILLEGAL_ADDRESS
    with pytest.raises(AcceleratorError, match=f"^CUDA error: {ERRORS[ILLEGAL_ADDRESS][1]}\n"):
        use(gpu, ours)
    assert driver.fail is None


def test_a_question_for_an_event_fails_likewise(gpu, driver):
    event = gpu.mark(DEFAULT)
    assert not gpu.is_done(event)
    driver.pending.clear()
    assert gpu.is_done(event)
    driver.broken_event = ILLEGAL_ADDRESS
    with pytest.raises(AcceleratorError, match=f"^CUDA error: {ERRORS[ILLEGAL_ADDRESS][1]}\n"):
        gpu.is_done(event)


def test_no_memory_for_a_launch_is_out_of_memory(gpu, driver):
    ours = from_host(np.ones(3, np.float32))
    driver.fail = OUT_OF_MEMORY
    with pytest.raises(OutOfMemoryError, match="CUDA error: out of memory"):
        doubled(ours)


def test_a_driver_that_does_not_know_the_toolkits_ptx_is_too_old(gpu, driver):
    ours = from_host(np.ones(3, np.float32))
    driver.fail, driver.version = UNSUPPORTED_PTX, 13000
    with pytest.raises(RuntimeError, match=r"driver on your system is too old \(found version 13000\)"):
        doubled(ours)


def test_a_driver_that_is_newer_than_the_toolkit_will_do(driver):
    driver.version = 14000
    assert device.unavailable() is None


def broken_formula(x):
    return x.no_such_thing


def test_a_kernel_that_cannot_be_compiled_is_named(gpu):
    expected = (
        r'^"unary\(broken_formula\)" not implemented on CUDA for float32: numba cannot compile it. Unknown attribute'
    )
    with pytest.raises(NotImplementedError, match=expected):
        lift(broken_formula, from_host(np.ones(3, np.float32)))
    assert to_host(from_host(np.ones(3))).tolist() == [1, 1, 1]


# -- page-locked memory -----------------------------------------------------------------------------------------------


LAYOUTS = {
    "a row": np.arange(6.0), "transposed": np.arange(6.0).reshape(2, 3).T, "with gaps": np.arange(6)[::2],
    "empty": np.ones((0, 3)), "one element": np.array(3.0), "repeated": np.broadcast_to(1, (2, 3)),
}  # fmt: skip


@pytest.mark.parametrize("given", LAYOUTS.values(), ids=LAYOUTS)
def test_page_locked_copies_are_equal(given, gpu):
    copy = placement.pinned(given)
    np.testing.assert_array_equal(copy, given)
    assert copy.strides == given.strides
    assert placement.is_pinned(copy)
    assert placement.is_pinned(copy[...])
    assert not placement.is_pinned(given)
    assert not np.shares_memory(copy, given)
