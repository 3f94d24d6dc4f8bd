"""What a program does with ``minitorch.cuda`` that has a GPU, or numba's simulator of one: run as a program, on the simulator."""

from __future__ import annotations

import numpy as np

import minitorch
from minitorch import cuda
from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, from_host, to_host
from minitorch.kernels.cuda.device import SIMULATED
from minitorch.kernels.cuda.placement import is_pinned, pinned

K = tables[DeviceArray]


def check() -> None:
    """Raises AssertionError where something is not as it should be."""
    assert cuda.is_available()
    assert cuda.device_count() == 1
    cuda.init()
    assert cuda.is_initialized()
    assert cuda.current_device() == 0
    cuda.set_device(0)
    with cuda.device("cuda"):
        check_memory()
        check_streams()
    check_properties()
    cuda.synchronize()
    check_random()


def check_memory() -> None:
    cuda.empty_cache()
    before, reserved = cuda.memory_allocated(), cuda.memory_reserved()
    cuda.reset_peak_memory_stats()
    array = from_host(np.ones(1 << 18, np.float32))
    assert cuda.memory_allocated() == before + (1 << 20)
    del array
    assert cuda.memory_allocated() == before
    assert cuda.max_memory_allocated() == before + (1 << 20)
    assert cuda.memory_reserved() == reserved + (1 << 20)
    assert "1024 KiB" in cuda.memory_summary()
    cuda.empty_cache()
    assert cuda.memory_reserved() == reserved
    source = pinned(np.arange(6.0).reshape(2, 3).T)
    assert is_pinned(source)
    np.testing.assert_array_equal(to_host(from_host(source)), source)


def check_streams() -> None:
    default, stream = cuda.default_stream(), cuda.Stream()
    assert cuda.current_stream() == default != stream
    start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    a = from_host(np.arange(5, dtype=np.float32))
    stream.wait_stream(default)
    with cuda.stream(stream):
        assert cuda.current_stream() == stream
        start.record()
        b = K.add(a, a)
        end.record()
        assert to_host(b).tolist() == [0, 2, 4, 6, 8]
    assert cuda.current_stream() == default
    default.wait_stream(stream)
    del a  # which the other stream has used
    assert to_host(K.add(b, b)).tolist() == [0, 4, 8, 12, 16]
    end.synchronize()
    stream.synchronize()
    assert all(each.query() for each in (start, end, stream))
    if SIMULATED:
        assert lacks(lambda: start.elapsed_time(end)) == "numba's simulator takes no time"
    else:
        assert start.elapsed_time(end) >= 0


def check_properties() -> None:
    major, minor = cuda.get_device_capability()
    assert major >= 3
    assert minor >= 0
    if SIMULATED:
        assert "name" in lacks(cuda.get_device_properties)
        assert "memory" in lacks(cuda.mem_get_info)
        assert not hasattr(from_host(np.ones(1)), "__cuda_array_interface__")
        return
    found = cuda.get_device_properties()
    free, total = cuda.mem_get_info()
    assert 0 < free <= total == found.total_memory
    assert (found.name, found.major, found.minor) == (cuda.get_device_name(), major, minor)
    assert found.multi_processor_count > 0


def lacks(ask) -> str:
    try:
        ask()
    except NotImplementedError as error:
        return str(error)
    raise AssertionError("the simulator does not lack this")


def check_random() -> None:
    cuda.manual_seed(3)
    (state,) = cuda.get_rng_state_all()
    assert cuda.initial_seed() == 3
    minitorch.manual_seed(4)
    assert cuda.initial_seed() == 4
    cuda.set_rng_state_all([state])
    assert cuda.initial_seed() == 3
    assert minitorch.initial_seed() == 4


if __name__ == "__main__":
    check()
    print("as it should be")
