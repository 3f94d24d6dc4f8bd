"""`minitorch.cuda` where there is a GPU. See test_driver.py."""

from __future__ import annotations

import numpy as np
import pytest

import minitorch
from minitorch.kernels.cuda import from_host
from tests.driver.emulated import GIB


def test_the_gpu_is_taken_into_use_when_something_needs_it(driver):
    cuda = minitorch.cuda
    assert cuda.is_available()
    assert cuda.device_count() == 1
    assert not cuda.is_initialized()
    assert cuda.memory_allocated() == 0
    cuda.empty_cache()
    assert not cuda.is_initialized()
    assert cuda.current_device() == 0
    assert cuda.is_initialized()


def test_the_gpu_is_described_as_in_torch(driver):
    cuda = minitorch.cuda
    assert (cuda.get_device_name(), cuda.get_device_capability("cuda")) == ("NVIDIA H100", (9, 0))
    found = cuda.get_device_properties(minitorch.device("cuda:0"))
    assert (found.total_memory, found.multi_processor_count, found.warp_size) == (80 * GIB, 132, 32)
    assert found.max_threads_per_multi_processor == 2048
    assert repr(found) == (
        "_CudaDeviceProperties(name='NVIDIA H100', major=9, minor=0, total_memory=81920MB, multi_processor_count=132, uuid="
        "00010203-0405-0607-0809-0a0b0c0d0e0f, L2_cache_size=50MB)"
    )
    for place in (-1, 1, "cuda:7"):
        with pytest.raises(AssertionError, match=r"^Invalid device id$"):
            cuda.get_device_properties(place)
    with pytest.raises(ValueError, match="Expected a cuda device, but got: cpu"):
        cuda.get_device_name("cpu")


@pytest.mark.parametrize(
    "use",
    [
        lambda cuda: cuda.set_device(1),
        lambda cuda: cuda.set_device("cuda:2"),
        lambda cuda: cuda.synchronize(1),
        lambda cuda: cuda.device(1).__enter__(),
    ],
)
def test_there_is_one_gpu(use, driver):
    with pytest.raises(
        minitorch.cuda.AcceleratorError, match=r"^CUDA error: invalid device ordinal\nGPU device may be out of"
    ):
        use(minitorch.cuda)


def test_memory_is_counted(driver):
    cuda = minitorch.cuda
    cuda.init()
    first, second = from_host(np.ones(1 << 18, np.float32)), from_host(np.ones(3))
    del second
    assert (cuda.memory_allocated(), cuda.memory_reserved()) == (1 << 20, (1 << 20) + 512)
    assert cuda.max_memory_allocated() == (1 << 20) + 512
    cuda.reset_peak_memory_stats()
    assert cuda.max_memory_allocated(0) == 1 << 20
    assert cuda.max_memory_reserved("cuda") == (1 << 20) + 512
    assert cuda.mem_get_info() == (80 * GIB - (1 << 20) - 512, 80 * GIB)
    stats = cuda.memory_stats()
    assert (stats["allocation.all.current"], stats["allocation.all.freed"], stats["num_ooms"]) == (1, 1, 0)
    summary = cuda.memory_summary().splitlines()
    assert {len(each) for each in summary} == {77}
    assert "| Allocated memory      |   1024 KiB |   1024 KiB |   1024 KiB |      512 B |" in summary
    cuda.empty_cache()
    assert (cuda.memory_reserved(), driver.used) == (1 << 20, 1 << 20)
    with pytest.raises(RuntimeError, match=r"^Invalid device argument 1: did you call init\?$"):
        cuda.memory_allocated(1)
    del first


def test_streams_are_chosen_within_a_block(driver):
    cuda = minitorch.cuda
    stream, other = cuda.Stream(), cuda.Stream(device="cuda", priority=-1)
    default = cuda.default_stream()
    assert len({default, stream, other, cuda.current_stream()}) == 3
    with cuda.stream(stream):
        with other, cuda.stream(None):
            assert cuda.current_stream() == other
        assert cuda.current_stream() == stream
        with pytest.raises(KeyError), other:
            raise KeyError
        assert cuda.current_stream() == stream
    assert cuda.current_stream() == default
    cuda.set_stream(stream)
    assert cuda.current_stream() == stream != default
    cuda.set_stream(default)
    assert default.cuda_stream == 0
    assert stream.__cuda_stream__() == (0, stream.cuda_stream)
    assert repr(stream) == f"<torch.cuda.Stream device=cuda:0 cuda_stream={stream.cuda_stream:#x}>"
    assert cuda.ExternalStream(0x42).cuda_stream == 0x42
    assert cuda.ExternalStream(0) == default


def test_events_are_recorded_waited_for_and_timed(driver, caplog):
    cuda = minitorch.cuda
    stream, default = cuda.Stream(), cuda.default_stream()
    start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    start.record(stream)
    driver.time = 2.5
    end.record()
    end.wait(stream)
    with pytest.raises(ValueError, match=r"^Both events must be completed before calculating elapsed time\.$"):
        start.elapsed_time(end)
    assert not start.query()
    assert caplog.records == []
    start.synchronize()
    end.synchronize()
    assert start.elapsed_time(end) == 2.5
    native = [int(each._event.handle) for each in (start, end)]
    expected = [("record", stream), ("record", default), ("wait", stream)]
    assert driver.log[:3] == [(what, on.cuda_stream) for what, on in expected]
    assert driver.log[3:] == [("finish", event) for event in native]
    driver.log.clear()
    default.wait_stream(stream)
    default.synchronize()
    assert not stream.query()
    assert driver.log[:3] == [("record", stream.cuda_stream), ("wait", 0), ("finish", 0)]
    with pytest.raises(NotImplementedError, match="events that processes share"):
        cuda.Event(interprocess=True)


def test_the_gpus_random_numbers_have_a_generator_of_their_own(driver):
    cuda = minitorch.cuda
    minitorch.manual_seed(5)
    assert cuda.initial_seed() == minitorch.initial_seed() == 5
    before = minitorch.get_rng_state()
    cuda.manual_seed_all(7)
    state = cuda.get_rng_state()
    assert cuda.initial_seed() == 7
    assert minitorch.equal(minitorch.get_rng_state(), before)
    cuda.seed()
    assert not minitorch.equal(cuda.get_rng_state(), state)
    cuda.set_rng_state(state)
    assert minitorch.equal(cuda.get_rng_state_all()[0], state)
    seed = minitorch.seed()
    assert cuda.initial_seed() == seed
