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

from minitorch.kernels.cuda import device
from tests.cuda.program import check
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
