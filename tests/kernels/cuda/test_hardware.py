"""What numba, for which there is a stand-in here, is asked to do for a GPU; and what is made of its errors."""

from __future__ import annotations

import re
import threading

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from numba.cuda.cudadrv.driver import CudaAPIError

from minitorch.kernels.cuda import array, device, from_host, placement, to_host
from minitorch.kernels.cuda.hardware import DEFAULT, Hardware
from minitorch.kernels.cuda.launch import launch
from minitorch.kernels.cuda.lifting import lift
from minitorch.kernels.errors import AcceleratorError, OutOfMemoryError
from tests.kernels.cuda.fake import GIB, TEXTS

FLOAT = np.dtype(np.float32)


@pytest.fixture
def gpu(numba_cuda):
    with device.use(Hardware()) as made:
        yield made


def double(a, number):
    """A kernel: what numba would give it are numpy's arrays here."""
    a.data[...] *= number


def test_arrays_go_there_and_back(gpu):
    a = np.arange(12, dtype=np.float32).reshape(3, 4)
    ours = from_host(a)
    np.testing.assert_array_equal(to_host(ours), a)
    np.testing.assert_array_equal(to_host(ours.seen((2, 4), (4, 1), 4)), a[1:])
    assert ours.memory.size == 12  # and not that of the block


def test_kernels_get_numbas_arrays_from_the_first_element_on(gpu):
    ours = from_host(np.arange(6, dtype=np.float32))
    launch(double, (1,), (ours.seen((2,), (1,), 4), np.float32(2)), 32)
    assert to_host(ours)[4:].tolist() == [8, 10]
    assert to_host(ours)[:4].tolist() == [0, 1, 2, 3]


def test_memory_read_as_another_dtype_is_the_same(gpu):
    ours = from_host(np.array([1.0, 2.0], np.float32))
    other = array.DeviceArray(ours.memory.view(np.dtype(np.int32)), np.dtype(np.int32), (2,), (1,))
    assert to_host(other).tolist() == np.array([1.0, 2.0], np.float32).view(np.int32).tolist()
    assert placement.address(other) == placement.address(ours)
    assert placement.overlap(ours, other)
    assert not placement.overlap(ours, from_host(np.ones(2)))
    del ours
    assert gpu.pool.arrays.current == 1


def test_what_was_freed_is_used_again(gpu, numba_cuda):
    first = from_host(np.ones(1000, np.float32))
    address = placement.address(first)
    del first
    asked = numba_cuda.asked
    assert placement.address(from_host(np.ones(900))) != address
    assert placement.address(from_host(np.ones(900, np.float32))) == address
    assert numba_cuda.asked == asked + 1


def test_out_of_memory_is_torchs_error(gpu, numba_cuda):
    numba_cuda.limit = 9 * GIB // 2
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


def test_what_the_driver_does_not_answer_at_all_is_no_lack_of_memory(gpu, numba_cuda, monkeypatch):
    def fails(size, dtype):
        raise CudaAPIError(700, "")

    monkeypatch.setattr(numba_cuda, "device_array", fails)
    with pytest.raises(AcceleratorError, match="CUDA error: an illegal memory access was encountered"):
        array.empty((3,), FLOAT)


def test_the_driver_gets_back_what_is_not_in_use(gpu, numba_cuda):
    held = from_host(np.ones(3))
    from_host(np.ones(10000))
    gpu.empty_cache()
    assert numba_cuda.used() == gpu.pool.reserved.current == 512
    assert numba_cuda.freed == 1
    del held


# -- streams ----------------------------------------------------------------------------------------------------------


def test_work_is_put_on_the_stream_that_is_chosen(gpu, numba_cuda):
    stream = gpu.new_stream()
    ours = from_host(np.ones(3, np.float32))
    gpu.stream = stream
    launch(double, (1,), (ours, np.float32(2)), 32)
    to_host(ours)
    gpu.stream = DEFAULT
    launch(double, (1,), (ours, np.float32(2)), 32)
    default = numba_cuda.default
    expected = [("write", default), ("double", stream), ("read", stream), ("finish", stream), ("double", default)]
    assert numba_cuda.log == expected


def test_memory_of_one_stream_is_not_given_to_another(gpu, numba_cuda):
    first = from_host(np.ones(3))
    address = placement.address(first)
    del first
    gpu.stream = gpu.new_stream()
    assert placement.address(from_host(np.ones(3))) != address
    gpu.stream = DEFAULT
    assert placement.address(from_host(np.ones(3))) == address
    assert "wait" not in [what for what, _ in numba_cuda.log]


def test_memory_that_another_stream_has_used_waits_for_it(gpu, numba_cuda):
    ours = from_host(np.ones(3, np.float32))
    stream = gpu.stream = gpu.new_stream()
    launch(double, (1,), (ours, np.float32(2)), 32)
    gpu.stream = DEFAULT
    del ours
    assert numba_cuda.log[-2:] == [("record", stream), ("wait", numba_cuda.default)]


def test_threads_choose_streams_for_themselves(gpu):
    gpu.stream = gpu.new_stream()
    seen = []
    thread = threading.Thread(target=lambda: seen.append(gpu.stream))
    thread.start()
    thread.join()
    assert seen == [DEFAULT]


def test_copies_need_not_be_waited_for(gpu, numba_cuda, monkeypatch):
    source = placement.pinned(np.arange(4, dtype=np.float32))
    memory = gpu.allocate(4, FLOAT)
    gpu.write(memory, source, wait=False)
    assert numba_cuda.log == [("write", numba_cuda.default), ("record", numba_cuda.default)]
    (event, held), *_ = gpu.copying
    assert held is source  # which lives until the copy is done
    event.ready = True
    target = gpu.read(memory, 4, wait=False)
    assert [held for _, held in gpu.copying] == [target]
    assert placement.is_pinned(target)
    assert not placement.is_pinned(gpu.read(memory, 4))


def test_other_libraries_streams_are_waited_for(gpu, numba_cuda):
    gpu.let_wait(1)
    gpu.wait_for(1)
    assert numba_cuda.log == []  # it is the same
    gpu.let_wait(0x77)
    gpu.wait_for(0x88)
    numbers = [(what, int(stream)) for what, stream in numba_cuda.log]
    assert numbers == [("record", 0), ("wait", 0x77), ("record", 0x88), ("wait", 0)]
    gpu.stream = gpu.new_stream()
    assert gpu.stream_number() == int(gpu.stream)
    gpu.let_wait(1)
    assert numba_cuda.log[-2:] == [("record", gpu.stream), ("wait", numba_cuda.default)]


# -- errors -----------------------------------------------------------------------------------------------------------


def test_what_a_kernel_did_wrong_is_told_when_it_is_waited_for(gpu, numba_cuda):
    numba_cuda.fail = CudaAPIError(700, "Call to cuCtxSynchronize results in CUDA_ERROR_ILLEGAL_ADDRESS")
    with pytest.raises(
        AcceleratorError, match=f"^CUDA error: {TEXTS[700].decode()}\n.*need not be the cause"
    ) as caught:
        gpu.synchronize()
    assert isinstance(caught.value.__cause__, CudaAPIError)
    assert from_host(np.ones(3)).size == 3


def test_a_driver_that_does_not_know_the_toolkits_ptx_is_too_old(gpu, numba_cuda):
    ours = from_host(np.ones(3))
    numba_cuda.fail, numba_cuda.toolkit, numba_cuda.known = CudaAPIError(222, ""), (13, 1), (13, 0)
    with pytest.raises(RuntimeError, match=r"driver on your system is too old \(found version 13000\)"):
        launch(double, (1,), (ours, np.float32(2)), 32)


def broken_formula(x):
    return x.no_such_thing


def test_a_kernel_that_cannot_be_compiled_is_named(interpreter):
    expected = (
        r'"unary\(broken_formula\)" not implemented on CUDA for float32: numba cannot compile it. Unknown attribute'
    )
    with pytest.raises(NotImplementedError, match=f"^{expected} 'no_such_thing' of type float32$") as caught:
        lift(broken_formula, from_host(np.ones(3, np.float32)))
    assert "TypingError" in type(caught.value.__cause__).__name__


@pytest.mark.parametrize(
    ("error", "kind"), [(NotImplementedError("float128", 3), NotImplementedError), (TypeError("a slip"), TypeError)]
)
def test_a_launch_fails_with_its_reason(error, kind, gpu, numba_cuda):
    ours = from_host(np.ones(3, np.float32))
    numba_cuda.fail = error
    with pytest.raises(kind, match=r'"double" not implemented on CUDA for float32|^a slip$'):
        launch(double, (1,), (ours, np.float32(2)), 32)


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
