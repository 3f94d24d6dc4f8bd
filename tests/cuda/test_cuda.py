"""``minitorch.cuda``: without a GPU, with a stand-in for numba's ``cuda``, in the simulator, and on a GPU."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import minitorch

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels.cuda import device, from_host
from tests.cuda.program import check
from tests.kernels.cuda.fake import GIB, install
from tests.ptx.device import Interpreter

PROGRAM = Path(__file__).with_name("program.py")
without_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")

EXPRESSIONS = """
    c.is_available() | c.device_count() | c.is_initialized() | c.init() | c.current_device() | c.set_device(0) | c.set_device(1)
    c.set_device(-1) | c.set_device('cpu') | c.set_device('cuda') | c.set_device(None) | c.set_device(1.5) | c.set_device('foo')
    c.set_device(torch.device('cpu')) | c.get_device_name() | c.get_device_capability() | c.get_device_properties(0)
    c.get_device_properties('cpu') | c.synchronize() | c.synchronize('cpu') | c.is_bf16_supported()
    c.is_bf16_supported(including_emulation=False) | c.memory_allocated() | c.memory_allocated('cpu') | c.memory_allocated(5)
    c.max_memory_allocated() | c.memory_reserved() | c.memory_reserved('foo') | c.max_memory_reserved() | c.memory_stats()
    c.reset_peak_memory_stats() | c.empty_cache() | c.mem_get_info() | c.mem_get_info('cpu') | c.manual_seed(1)
    c.manual_seed_all(1) | c.manual_seed('a') | c.manual_seed_all('a') | c.manual_seed(1.5) | c.seed() | c.seed_all()
    c.initial_seed() | c.get_rng_state() | c.get_rng_state_all() | c.Event() | c.Event().query() | c.Event().synchronize()
    c.Event().record() | c.Event().wait() | c.Event().elapsed_time(c.Event()) | c.Event().elapsed_time(3)
    c.Event(enable_timing=True).elapsed_time(c.Event(enable_timing=True)) | c.Event(True, True) | c.Stream('cpu')
    c.current_stream() | c.default_stream() | c.stream(None).__enter__() | c.set_stream(None) | c.device('cpu') | c.device(0).idx
    c.device('cuda:3').idx | c.device(None).idx | c.device('cuda').idx | c.device(-1).__enter__() | c.device(0).__enter__()
    c.device_of(torch.ones(1)).idx | c.OutOfMemoryError | c.OutOfMemoryError('a') | issubclass(c.OutOfMemoryError, RuntimeError)
    c.AcceleratorError | c.Stream | c.Event | c.device | c.StreamContext
    (torch.manual_seed(3), c.manual_seed(4), torch.rand(2))[2] | torch.initial_seed()
    torch.manual_seed(3).initial_seed()
"""


def outcome(expression, lib):
    try:
        result = eval(expression, {"torch": lib, "c": lib.cuda})
    except Exception as error:
        return type(error).__name__, str(error).partition("\n")[0]
    return type(result).__name__, repr(result).partition(" object at ")[0]


@without_gpu
@pytest.mark.parametrize(
    "expression", [each.strip() for each in EXPRESSIONS.replace("\n", "|").split("|") if each.strip()]
)
def test_without_a_gpu_all_is_as_in_torch(expression):
    theirs = outcome(expression, torch)
    assert outcome(expression, minitorch) == theirs


@without_gpu
def test_asking_whether_there_is_a_gpu_imports_nothing():
    program = "import sys, minitorch\nprint(minitorch.cuda.is_available(), 'numba' in sys.modules, 'numba.cuda' in sys.modules)"
    assert (
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout == "False False False\n"
    )


def test_a_program_works_in_the_simulator():
    root = str(PROGRAM.parents[2])
    environment = {**os.environ, "NUMBA_ENABLE_CUDASIM": "1", "PYTHONPATH": root}
    run = subprocess.run([sys.executable, PROGRAM], env=environment, capture_output=True, text=True, timeout=600)
    assert run.stdout == "as it should be\n", run.stderr


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_program_works_on_the_gpu():
    check()


# -- with a stand-in for numba's cuda ---------------------------------------------------------------------------------


@pytest.fixture
def fake(monkeypatch):
    return install(monkeypatch)


def test_the_gpu_is_taken_into_use_when_something_needs_it(fake):
    cuda = minitorch.cuda
    assert cuda.is_available()
    assert cuda.device_count() == 1
    assert not cuda.is_initialized()
    assert cuda.memory_allocated() == 0
    cuda.empty_cache()
    assert not cuda.is_initialized()
    assert cuda.current_device() == 0
    assert cuda.is_initialized()


def test_a_gpu_that_cannot_be_used_is_not_available(fake):
    fake.gpus = []
    assert not minitorch.cuda.is_available()
    with pytest.raises(RuntimeError, match=r"^No CUDA GPUs are available$"):
        minitorch.cuda.init()


def test_the_gpu_is_described_as_in_torch(fake):
    cuda = minitorch.cuda
    assert (cuda.get_device_name(), cuda.get_device_capability("cuda")) == ("NVIDIA H100", (9, 0))
    found = cuda.get_device_properties(minitorch.device("cuda:0"))
    assert (found.total_memory, found.multi_processor_count, found.warp_size) == (80 * GIB, 132, 32)
    assert found.max_threads_per_multi_processor == 2048
    assert repr(found) == (
        "_CudaDeviceProperties(name='NVIDIA H100', major=9, minor=0, total_memory=81920MB, multi_processor_count=132, uuid=1234, "
        "L2_cache_size=50MB)"
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
def test_there_is_one_gpu(use, fake):
    with pytest.raises(
        minitorch.cuda.AcceleratorError, match=r"^CUDA error: invalid device ordinal\nGPU device may be out of"
    ):
        use(minitorch.cuda)


def test_memory_is_counted(fake):
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
    assert (cuda.memory_reserved(), fake.used()) == (1 << 20, 1 << 20)
    with pytest.raises(RuntimeError, match=r"^Invalid device argument 1: did you call init\?$"):
        cuda.memory_allocated(1)
    del first


def test_the_names_in_a_summary_are_torchs():
    """torch writes it from figures, which can be given to it here."""
    names = [
        "allocated_bytes", "active_bytes", "requested_bytes", "reserved_bytes", "inactive_split_bytes", "allocation", "active",
        "segment", "inactive_split",
    ]  # fmt: skip
    figures = {
        f"{name}.{pool}.{each}": 0 for name in names for pool in ("all", "large_pool", "small_pool") for each in EACH
    }
    figures |= {f"oversize_{name}.{each}": 0 for name in ("allocations", "segments") for each in EACH}
    figures |= {"num_ooms": 0, "num_alloc_retries": 0}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("torch.cuda.memory.memory_stats", lambda device: figures)
        theirs = torch.cuda.memory_summary(0, abbreviated=True).splitlines()
    ours = minitorch.cuda.memory_summary().splitlines()
    words = {line.split("|")[1].strip() for line in ours[5:]} - {"=" * 75, "-" * 75}
    assert words <= {line.split("|")[1].strip() for line in theirs[5:] if line}
    assert {len(line) for line in ours} == {len(line) for line in theirs if line} == {77}
    assert ours[3] == theirs[3]
    assert ours[5] == theirs[5]


EACH = ("current", "peak", "allocated", "freed")


def test_streams_are_chosen_within_a_block(fake):
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


def test_events_are_recorded_waited_for_and_timed(fake):
    cuda = minitorch.cuda
    stream, default = cuda.Stream(), cuda.default_stream()
    start, end = cuda.Event(enable_timing=True), cuda.Event(enable_timing=True)
    start.record(stream)
    fake.time = 2.5
    end.record()
    end.wait(stream)
    with pytest.raises(ValueError, match=r"^Both events must be completed before calculating elapsed time\.$"):
        start.elapsed_time(end)
    assert not start.query()
    start.synchronize()
    end.synchronize()
    assert start.elapsed_time(end) == 2.5
    native = [each._event for each in (start, end)]
    expected = [("record", stream), ("record", default), ("wait", stream)]
    assert fake.log[:3] == [(what, fake.default if on == default else on._stream) for what, on in expected]
    assert fake.log[3:] == [("finish", event) for event in native]
    fake.log.clear()
    default.wait_stream(stream)
    default.synchronize()
    assert not stream.query()
    assert fake.log[:3] == [("record", stream._stream), ("wait", fake.default), ("finish", fake.default)]
    with pytest.raises(NotImplementedError, match="events that processes share"):
        cuda.Event(interprocess=True)


def test_the_gpus_random_numbers_have_a_generator_of_their_own(fake):
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


@pytest.fixture
def interpreted():
    with device.use(Interpreter()):
        yield


DRAWS = {
    "rand": lambda **where: minitorch.rand(5, **where),
    "randn": lambda **where: minitorch.randn(2, 3, **where),
    "randint": lambda **where: minitorch.randint(9, (5,), **where),
    "randperm": lambda **where: minitorch.randperm(5, **where),
    "normal_": lambda **where: minitorch.zeros(5, **where).normal_(),
    "bernoulli": lambda **where: minitorch.full((9,), 0.5, **where).bernoulli(),
    "bernoulli_": lambda **where: minitorch.zeros(9, **where).bernoulli_(0.5),
    "poisson": lambda **where: minitorch.poisson(minitorch.ones(5, **where)),
    "multinomial": lambda **where: minitorch.multinomial(minitorch.ones(5, **where), 5),
    "normal": lambda **where: minitorch.normal(minitorch.zeros(5, **where), 2.0),
    "dropout": lambda **where: minitorch.nn.functional.dropout(minitorch.ones(20, **where)),
}


@pytest.mark.parametrize("draw", DRAWS.values(), ids=DRAWS)
def test_what_is_drawn_for_the_gpu_leaves_the_cpus_random_numbers_alone(draw, interpreted):
    minitorch.manual_seed(3)
    before = minitorch.get_rng_state()
    drawn = draw(device="cuda")
    assert minitorch.equal(minitorch.get_rng_state(), before)
    with minitorch.random.fork_rng():
        other = draw(device="cuda")
    assert not np.array_equal(other.cpu().numpy(), drawn.cpu().numpy())
    np.testing.assert_array_equal(draw(device="cuda").cpu().numpy(), other.cpu().numpy())
    np.testing.assert_array_equal(draw().numpy(), drawn.cpu().numpy())  # the same seed gives the same numbers


def test_a_generator_is_for_one_device(interpreted):
    generator = minitorch.Generator("cuda")
    assert generator.device == generator.clone_state().device == minitorch.device("cuda:0")
    generator.manual_seed(3)
    minitorch.manual_seed(3)
    expected = minitorch.rand(3).tolist()
    assert minitorch.rand(3, device="cuda", generator=generator).tolist() == expected
    for place, given, text in (
        ("cuda", minitorch.Generator(), "Expected a 'cuda' device type for generator but found 'cpu'"),
        ("cpu", generator, "Expected a 'cpu' device type for generator but found 'cuda'"),
    ):
        with pytest.raises(RuntimeError, match=text):
            minitorch.rand(3, device=place, generator=given)
        with pytest.raises(RuntimeError, match=text):
            minitorch.zeros(3, device=place).uniform_(generator=given)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
@pytest.mark.parametrize("place", ["cpu", "cuda"])
def test_the_copy_of_a_generator_is_for_the_same_device(place, copied, interpreted):
    generator = minitorch.Generator(place)
    generator.manual_seed(11)
    minitorch.randn(3, device=place, generator=generator)
    twin = copied(generator)
    assert (twin.device, twin.initial_seed()) == (generator.device, 11)
    ours, expected = (minitorch.randn(5, device=place, generator=each) for each in (twin, generator))
    assert ours.tolist() == expected.tolist()


def test_generators_are_taken_apart_as_torchs():
    ours, theirs = minitorch.Generator(), torch.Generator()
    for each in (ours, theirs):
        each.manual_seed(11)
    kind, (place,), (seed, offset, state) = ours.__reduce__()
    assert (kind, place) == (minitorch.Generator, ours.device)
    assert (seed, offset, state.tolist()) == (11, None, theirs.__reduce__()[2][2].tolist())
