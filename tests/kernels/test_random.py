"""Random numbers against torch's: the same seed gives the same bits, and states can be handed over."""

import math
import subprocess
import sys
import textwrap
import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from minitorch.kernels.cpu import random as kernels
from minitorch.kernels.cpu import random_loops

SIZES = (0, 1, 2, 15, 16, 17, 23, 24, 31, 32, 33, 100, 1000, 65536, 100003)
FLOATING = {np.float16: torch.float16, np.float32: torch.float32, np.float64: torch.float64}
INTEGRAL = {
    np.uint8: torch.uint8,
    np.int8: torch.int8,
    np.int16: torch.int16,
    np.int32: torch.int32,
    np.int64: torch.int64,
}
ALL = {np.bool: torch.bool} | INTEGRAL | FLOATING
RANGES = [
    *((-1 / math.sqrt(fan_in), 1 / math.sqrt(fan_in)) for fan_in in (3, 7, 25, 75, 84, 120, 150, 400)),
    (0.0, 1.0),
    (-0.3, 0.5),
    (100.0, 100.01),
    (1.0, 1.0),
    (-1000.3, 2000.7),
    (1e-30, 3e-30),
    (-1.0, 1.0),
    (0.0, 2.0**-30),
]
SEEDS = st.integers(-(2**63), 2**64 - 1)


@pytest.fixture(scope="module", params=["compiled", "not compiled for a few"], autouse=True)
def both_forms(request):
    """Loops over a few elements are compiled where others have been, and else they are not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernels, "_loops", random_loops if request.param == "compiled" else None)
        patch.setattr(kernels, "_compiled", lambda: random_loops)
        yield


def twins(seed: int) -> tuple[kernels.Generator, torch.Generator]:
    return kernels.Generator(seed), torch.Generator().manual_seed(seed)


def assert_same_bits(mine: np.ndarray, theirs: torch.Tensor) -> None:
    expected = theirs.numpy()
    assert mine.dtype == expected.dtype
    assert mine.shape == expected.shape
    assert mine.tobytes() == expected.tobytes(), f"{np.count_nonzero(mine != expected)} of {mine.size} differ"


def assert_within_one_ulp(mine: np.ndarray, theirs: torch.Tensor) -> None:
    expected = theirs.numpy()
    assert mine.dtype == expected.dtype
    assert mine.shape == expected.shape
    np.testing.assert_array_max_ulp(mine, expected, maxulp=1)


def assert_same_state(mine: kernels.Generator, theirs: torch.Generator) -> None:
    state, expected = mine.get_state(), theirs.get_state().numpy()
    assert state.dtype == np.uint8
    assert state.size == expected.size
    if mine.next_normal is None:
        assert state.tobytes() == expected.tobytes()
    else:  # the number kept is a normal one, equal to a unit in the last place
        normal = slice(5024, 5032)
        assert_within_one_ulp(state[normal].view(np.float64), torch.from_numpy(expected[normal].view(np.float64)))
        assert np.delete(state, normal).tobytes() == np.delete(expected, normal).tobytes()


@given(SEEDS)
def test_a_seed_starts_the_same_stream_and_the_same_state(seed):
    mine, theirs = twins(seed)
    assert mine.initial_seed() == theirs.initial_seed()
    assert_same_state(mine, theirs)
    assert_same_bits(kernels.uniform(mine, (3,), np.float32), torch.rand(3, generator=theirs))


@pytest.mark.parametrize("seed", [2**64, -(2**63) - 1])
def test_a_seed_of_more_than_64_bits_is_refused_as_in_torch(seed):
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        torch.Generator().manual_seed(seed)
    with pytest.raises(ValueError, match="Overflow when unpacking long long"):
        kernels.Generator(seed)


def test_a_generator_starts_with_the_seed_of_torchs():
    assert kernels.Generator().initial_seed() == torch.Generator().initial_seed()


def test_a_random_seed_is_new_each_time_and_clears_the_number_kept():
    generator = kernels.Generator()
    kernels.normal(generator, (1,), np.float32)
    first, second = generator.seed(), generator.seed()
    assert first != second == generator.initial_seed()
    assert generator.next_normal is None


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("size", SIZES)
def test_rand_has_torchs_bits(dtype, size):
    mine, theirs = twins(size)
    assert_same_bits(kernels.uniform(mine, (size,), dtype), torch.rand(size, dtype=FLOATING[dtype], generator=theirs))
    assert_same_state(mine, theirs)


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize(("low", "high"), RANGES)
@pytest.mark.parametrize("shape", [(30, 1000), (4, 1000)])
def test_uniform_has_torchs_bits_in_every_range(dtype, low, high, shape):
    mine, theirs = twins(7)
    expected = torch.empty(shape, dtype=FLOATING[dtype]).uniform_(low, high, generator=theirs)
    assert_same_bits(kernels.uniform(mine, shape, dtype, low, high), expected)


@given(st.floats(-1e4, 1e4), st.floats(0, 1e4), st.sampled_from(list(FLOATING)), SEEDS)
def test_uniform_has_torchs_bits_in_any_range(low, width, dtype, seed):
    mine, theirs = twins(seed)
    expected = torch.empty(200, dtype=FLOATING[dtype]).uniform_(low, low + width, generator=theirs)
    assert_same_bits(kernels.uniform(mine, (200,), dtype, low, low + width), expected)


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(("mean", "std"), [(0.0, 1.0), (0.3, 0.7), (-2.0, 0.01), (5.0, 0.0)])
def test_normal_numbers_are_torchs(dtype, size, mean, std):
    mine, theirs = twins(size)
    expected = torch.empty(size, dtype=FLOATING[dtype]).normal_(mean, std, generator=theirs)
    assert_within_one_ulp(kernels.normal(mine, (size,), dtype, mean, std), expected)
    assert_same_state(mine, theirs)


def test_randn_has_torchs_bits():
    mine, theirs = twins(6)
    assert_same_bits(kernels.normal(mine, (1000, 1000), np.float32), torch.randn(1000, 1000, generator=theirs))


@pytest.mark.parametrize("dtype", FLOATING)
def test_normal_numbers_for_a_tensor_with_gaps_are_torchs(dtype):
    mine, theirs = twins(4)
    expected = torch.empty(31, 50, dtype=FLOATING[dtype])[:, ::2].normal_(0.5, 2.0, generator=theirs)
    assert_within_one_ulp(kernels.normal(mine, (31, 25), dtype, 0.5, 2.0, contiguous=False), expected)
    assert_same_state(mine, theirs)


@given(st.integers(-(2**63), 2**63 - 2), st.integers(1, 2**63 - 1), SEEDS)
def test_randint_is_torchs_for_any_range(low, width, seed):
    mine, theirs = twins(seed)
    high = min(low + width, 2**63 - 1)
    assert_same_bits(
        kernels.randint(mine, low, high, (20,), np.int64), torch.randint(low, high, (20,), generator=theirs)
    )
    assert_same_state(mine, theirs)


@pytest.mark.parametrize("width", [1, 2, 10, 2**28 - 1, 2**28, 2**28 + 1, 2**32 - 1, 2**32, 2**32 + 1, 2**63 - 1])
def test_randint_draws_wide_words_for_the_ranges_that_torch_does(width):
    mine, theirs = twins(5)
    assert_same_bits(kernels.randint(mine, 0, width, (20,), np.int64), torch.randint(width, (20,), generator=theirs))
    assert_same_state(mine, theirs)


def test_randint_over_all_but_one_of_the_64_bit_numbers():
    mine, theirs = twins(5)
    low, high = -(2**63), 2**63 - 1
    assert_same_bits(
        kernels.randint(mine, low, high, (99,), np.int64), torch.randint(low, high, (99,), generator=theirs)
    )


@pytest.mark.parametrize("dtype", ALL)
@pytest.mark.parametrize("size", SIZES)
def test_randint_is_torchs_in_every_type(dtype, size):
    mine, theirs = twins(size)
    high = 2 if dtype is np.bool else 100
    expected = torch.randint(0, high, (size,), dtype=ALL[dtype], generator=theirs)
    assert_same_bits(kernels.randint(mine, 0, high, (size,), dtype), expected)


@pytest.mark.parametrize("dtype", ALL)
def test_the_full_range_of_every_type_is_torchs(dtype):
    mine, theirs = twins(11)
    expected = torch.empty(40, 50, dtype=ALL[dtype]).random_(generator=theirs)
    assert_same_bits(kernels.random(mine, (40, 50), dtype), expected)
    assert_same_state(mine, theirs)


@pytest.mark.parametrize("size", [*SIZES, 1_000_000])
def test_randperm_is_torchs(size):
    mine, theirs = twins(size)
    assert_same_bits(kernels.randperm(mine, size, np.int64), torch.randperm(size, generator=theirs))
    assert_same_state(mine, theirs)


@pytest.mark.parametrize("dtype", INTEGRAL | FLOATING)
def test_randperm_is_torchs_in_every_type(dtype):
    mine, theirs = twins(1)
    expected = torch.randperm(101, dtype=(INTEGRAL | FLOATING)[dtype], generator=theirs)
    assert_same_bits(kernels.randperm(mine, 101, dtype), expected)


def test_a_permutation_too_large_for_32_bit_words_takes_each_number_once(monkeypatch):
    monkeypatch.setattr(kernels, "LARGEST_SHUFFLED", 0)
    permutation = kernels.randperm(kernels.Generator(1), 100_000, np.int32)
    assert not np.array_equal(permutation, np.arange(100_000))
    assert np.array_equal(np.sort(permutation), np.arange(100_000))


@pytest.mark.parametrize("dtype", FLOATING)
@pytest.mark.parametrize("out", [None, np.bool, np.float32, np.int64])
def test_bernoulli_is_torchs(dtype, out):
    mine, theirs = twins(3)
    probability = np.linspace(0, 1, 5000).astype(dtype).reshape(50, 100)
    given_to_torch = torch.from_numpy(probability)
    if out is None:
        expected = torch.bernoulli(given_to_torch, generator=theirs)
    else:
        expected = torch.empty(50, 100, dtype=ALL[out]).bernoulli_(given_to_torch, generator=theirs)
    assert_same_bits(kernels.bernoulli(mine, probability, out), expected)
    assert_same_state(mine, theirs)


DRAWS = {
    "rand": (
        lambda mine, size: kernels.uniform(mine, (size,), np.float32),
        lambda theirs, size: torch.rand(size, generator=theirs),
    ),
    "rand, float64": (
        lambda mine, size: kernels.uniform(mine, (size,), np.float64),
        lambda theirs, size: torch.rand(size, dtype=torch.float64, generator=theirs),
    ),
    "randn": (
        lambda mine, size: kernels.normal(mine, (size,), np.float32, 0.1, 2.0),
        lambda theirs, size: torch.empty(size).normal_(0.1, 2.0, generator=theirs),
    ),
    "randn, float64": (
        lambda mine, size: kernels.normal(mine, (size,), np.float64),
        lambda theirs, size: torch.randn(size, dtype=torch.float64, generator=theirs),
    ),
    "randint": (
        lambda mine, size: kernels.randint(mine, -3, 7, (size,), np.int64),
        lambda theirs, size: torch.randint(-3, 7, (size,), generator=theirs),
    ),
    "randperm": (
        lambda mine, size: kernels.randperm(mine, size, np.int64),
        lambda theirs, size: torch.randperm(size, generator=theirs),
    ),
}
SEQUENCES = st.lists(st.tuples(st.sampled_from(list(DRAWS)), st.integers(0, 40)), min_size=1, max_size=20)


@given(SEEDS, SEQUENCES)
def test_any_sequence_of_draws_is_torchs_and_so_is_the_state_after_each(seed, sequence):
    mine, theirs = twins(seed)
    for name, size in sequence:
        draw, draw_of_torch = DRAWS[name]
        assert_within_one_ulp(draw(mine, size), draw_of_torch(theirs, size))
        assert_same_state(mine, theirs)


@given(SEEDS, SEQUENCES, SEQUENCES)
def test_states_are_handed_over_both_ways(seed, before, after):
    first, theirs = twins(seed)
    for name, size in before:
        DRAWS[name][0](first, size)
    theirs.set_state(torch.from_numpy(first.get_state()))
    second = kernels.Generator(0)
    second.set_state(theirs.get_state().numpy())
    assert second.get_state().tobytes() == first.get_state().tobytes() == theirs.get_state().numpy().tobytes()
    for name, size in after:
        draw, draw_of_torch = DRAWS[name]
        expected = draw(first, size)
        assert draw(second, size).tobytes() == expected.tobytes()
        assert_within_one_ulp(expected, draw_of_torch(theirs, size))


@pytest.mark.parametrize("drawn", [1, 623, 624, 625, 1248])
def test_a_state_is_torchs_where_the_words_are_renewed(drawn):
    mine, theirs = twins(0)
    kernels.uniform(mine, (drawn,), np.float32)
    torch.rand(drawn, generator=theirs)
    assert_same_state(mine, theirs)


def test_a_float32_number_that_torch_keeps_survives_the_hand_over():
    state = torch.Generator().manual_seed(3).get_state().numpy().copy()
    state[5048:5052] = np.frombuffer(np.float32(0.25).tobytes(), np.uint8)
    state[5052] = 1
    generator = kernels.Generator()
    generator.set_state(state)
    assert generator.get_state().tobytes() == state.tobytes()


@pytest.mark.parametrize("broken", ["short", "empty", "position"])
def test_bytes_that_are_no_state_are_refused_in_torchs_words(broken):
    state = kernels.Generator(1).get_state()
    if broken == "short":
        state = state[:-8]
    elif broken == "empty":
        state[:] = 0
    else:
        state[8:12] = 255
    with pytest.raises(RuntimeError) as theirs:
        torch.Generator().set_state(torch.from_numpy(state))
    generator = kernels.Generator(2)
    before = generator.get_state()
    with pytest.raises(RuntimeError) as mine:
        generator.set_state(state)
    assert str(mine.value) == str(theirs.value)
    assert generator.get_state().tobytes() == before.tobytes()


def test_drawing_raises_no_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        generator = kernels.Generator(2**64 - 1)
        kernels.randint(generator, -(2**63), 2**63 - 1, (100,), np.int64)
        kernels.random(generator, (100,), np.int64)
        drawn = kernels.uniform(generator, (100,), np.float16, -60000.0, 5000.0)
    assert np.isfinite(drawn).all()


def test_a_few_numbers_need_no_compiler():
    program = """
        import sys
        import numpy as np
        from minitorch.kernels.cpu import random
        generator = random.Generator(0)
        random.uniform(generator, (10,), np.float32, -0.1, 0.1)
        random.normal(generator, (10,), np.float64)
        random.randperm(generator, 1000, np.int64)
        random.randint(generator, 0, 10, (100_000,), np.int64)
        print("numba" in sys.modules)
    """
    assert subprocess.check_output([sys.executable, "-c", textwrap.dedent(program)], text=True) == "False\n"
