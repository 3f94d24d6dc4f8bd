"""Torch's CPU random numbers, bit for bit: the generator with its state, and the distributions drawn from it.

A `Generator` is a stream of 32-bit words (mt19937). Every distribution here takes a known number of words for each
element, so the words are drawn in blocks and turned into numbers a block at a time, in the order in which torch takes
them one by one. Where torch's result depends on how it was compiled, this follows its x86 builds, which fuse
``a * b + c`` into one rounding.
"""

from __future__ import annotations

import importlib
import math
import secrets
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import numpy as np

from minitorch.dtypes import BFLOAT16, limits_of
from minitorch.kernels.cpu.creation import cast, new

__all__ = ["Generator", "bernoulli", "normal", "randint", "random", "randperm", "uniform"]

BLOCK = 1 << 16  # elements at a time: the words of a block fit in the cache
SINGLE = np.dtype(np.float32)
FEW = 1 << 12  # elements up to which numpy or Python will do: a small tensor is not worth importing the compiler for

MASK_32, MASK_64 = (1 << 32) - 1, (1 << 64) - 1

# The bytes of torch.Generator.get_state(): torch's C++ structure, whose gaps are left by alignment.
STATE = np.dtype(
    {
        "names": ["seed", "left", "seeded", "next", "words", "normal", "has_normal", "normal32", "has_normal32"],
        "formats": ["<u8", "<i4", "<i4", "<u8", ("<u8", 624), "<f8", "<i4", "<f4", "?"],
        "offsets": [0, 8, 12, 16, 24, 5024, 5040, 5048, 5052],
        "itemsize": 5056,
    }
)
WORDS_IN_STATE = 624
LARGEST_SHUFFLED = MASK_32 // 20 - 1  # beyond it, torch no longer takes remainders of 32-bit words for a permutation


class Generator:
    """A source of random words in the state that torch's CPU generator would be in."""

    def __init__(self, seed: int = 67280421310721) -> None:
        self._bits = np.random.MT19937(0)
        self.manual_seed(seed)

    def manual_seed(self, seed: int) -> Generator:
        """Starts the stream that belongs to a seed (a negative one counts down from 2**64); returns the generator.

        Raises:
            ValueError: the seed does not fit into 64 bits.
        """
        if not -(1 << 63) <= seed <= MASK_64:
            raise ValueError("Overflow when unpacking long long")
        self._seed = seed & MASK_64
        seeded = np.random.RandomState(self._seed & MASK_32).get_state(legacy=False)
        self._set_words(seeded["state"]["key"], WORDS_IN_STATE)
        self._drawn_from = False
        self.next_normal: float | None = None  # second of a pair of normal numbers, not handed out yet
        self._next_normal32: float | None = None  # torch keeps one too, and never uses it on the CPU
        return self

    def seed(self) -> int:
        """Starts a stream that nobody can foresee, and returns its seed."""
        self.manual_seed(secrets.randbits(53))
        return self._seed

    def initial_seed(self) -> int:
        """The seed that the stream was started with."""
        return self._seed

    def get_state(self) -> np.ndarray:
        """The state as torch's bytes: uint8, shape (5056,)."""
        mersenne = self._bits.state["state"]
        state = np.zeros((), STATE)
        state["seed"], state["seeded"], state["words"] = self._seed, 1, mersenne["key"]
        state["next"] = mersenne["pos"] if self._drawn_from else 0
        state["left"] = WORDS_IN_STATE + 1 - mersenne["pos"]
        state["normal"], state["has_normal"] = self.next_normal or 0.0, self.next_normal is not None
        state["normal32"], state["has_normal32"] = self._next_normal32 or 0.0, self._next_normal32 is not None
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def set_state(self, state_bytes: np.ndarray) -> None:
        """Continues from a state that `get_state`, here or in torch, gave.

        Raises:
            RuntimeError: the bytes are not such a state.
        """
        if state_bytes.size != STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE.itemsize} but found the input RNG state size to be "
                f"{state_bytes.size}"
            )
        state = np.frombuffer(state_bytes.tobytes(), STATE)[0]
        left, position = int(state["left"]), int(state["next"])
        unused = (left, position) == (1, 0)  # seeded, and nothing drawn: the words are still to be made
        if state["seeded"] != 1 or not 1 <= left <= WORDS_IN_STATE or not (unused or left + position == 625):
            raise RuntimeError("Invalid mt19937 state")
        self._seed = int(state["seed"])
        self._set_words(state["words"].astype(np.uint32), WORDS_IN_STATE + 1 - left)
        self._drawn_from = not unused
        self.next_normal = float(state["normal"]) if state["has_normal"] else None
        self._next_normal32 = float(state["normal32"]) if state["has_normal32"] else None

    def _set_words(self, words: np.ndarray, position: int) -> None:
        self._bits.state = {"bit_generator": "MT19937", "state": {"key": words, "pos": position}}

    def words(self, count: int) -> np.ndarray:
        """The next `count` 32-bit words, as uint64."""
        self._drawn_from |= count > 0
        return self._bits.random_raw(count)

    def long_words(self, count: int) -> np.ndarray:
        """The next `count` 64-bit words, each made of two of 32 bits: the first is the upper half."""
        words = self.words(2 * count)
        return words[0::2] << np.uint64(32) | words[1::2]


def uniform(
    generator: Generator, shape: tuple[int, ...], dtype: np.dtype, low: float = 0.0, high: float = 1.0
) -> np.ndarray:
    """Numbers spread evenly over [low, high): of a floating point dtype, as torch's ``uniform_``."""
    dtype = _as_dtype(dtype)
    if dtype.itemsize == 2:  # torch calculates in float32
        rounded, bound = (
            cast(each, dtype) for each in (uniform(generator, shape, SINGLE, low, high), np.array([high]))
        )
        rounded[rounded.astype(np.float32) >= bound.astype(np.float32)] = low  # rounding may have reached it
        return rounded
    out = np.empty(shape, dtype)
    for block in _blocks(out):
        if dtype.itemsize == 8:
            _to_uniform(generator.long_words(block.size), block, 53, low, high)
        else:
            _to_uniform(generator.words(block.size), block, 24, low, high)
    return out


def normal(
    generator: Generator,
    shape: tuple[int, ...],
    dtype: np.dtype,
    mean: float = 0.0,
    std: float = 1.0,
    contiguous: bool = True,
) -> np.ndarray:
    """Normally distributed numbers: of a floating point dtype, as torch's ``normal_``.

    Torch draws differently for fewer than 16 elements, and when the tensor to be filled is not `contiguous`.
    Source: G. E. P. Box and M. E. Muller, A Note on the Generation of Random Normal Deviates (1958).
    """
    dtype = _as_dtype(dtype)
    count = math.prod(shape)
    if count < 16 or not contiguous:
        samples = _normals_in_pairs(generator, count)
        if (mean, std) != (0, 1):
            _compiled().scale_and_shift(samples, mean, std)
        return cast(samples, dtype).reshape(shape)

    precise = np.dtype(np.float64 if dtype == np.float64 else np.float32)
    to_normal = _compiled().groups_to_normal64 if precise == np.float64 else _compiled().groups_to_normal32
    in_groups = count // 16 * 16
    out = np.empty(count, precise)
    drawn = in_groups if dtype.itemsize == 2 else count  # halves skip those that the last group replaces
    out[:drawn] = uniform(generator, (drawn,), precise)
    to_normal(out[:in_groups], mean, std)
    if in_groups < count:  # the last group overlaps the one before, with uniform numbers of its own
        out[-16:] = uniform(generator, (16,), precise)
        to_normal(out[-16:], mean, std)
    return cast(out, dtype).reshape(shape)


def randint(generator: Generator, low: int, high: int, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Whole numbers from low to high - 1, as torch's ``randint`` and ``random_(low, high)``; high is at most 2**63."""
    return _whole_numbers(generator, low, high - low, high - low >= 1 << 28, shape, dtype)


def random(generator: Generator, shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Whole numbers from 0 to the largest that the type holds exactly, as torch's ``random_()``."""
    dtype = _as_dtype(dtype)
    if dtype.kind == "f":
        count_of_values = 2 ** limits_of(dtype).digits + 1
    else:
        count_of_values = 2 if dtype == np.bool else int(np.iinfo(dtype).max) + 1
    return _whole_numbers(generator, 0, count_of_values, dtype.itemsize == 8, shape, dtype)


def randperm(generator: Generator, n: int, dtype: np.dtype) -> np.ndarray:
    """The numbers 0 to n - 1 in random order."""
    if n <= LARGEST_SHUFFLED:
        out = np.arange(n)
        _shuffle(out, generator.words(max(n - 1, 0)))
    else:
        out = np.empty(n, np.int64)
        for start in range(0, n, BLOCK):
            _compiled().insert_shuffled(out, start, generator.long_words(min(BLOCK, n - start)))
    return cast(out, dtype)


def bernoulli(generator: Generator, probability: np.ndarray, dtype: np.dtype | None = None) -> np.ndarray:
    """Ones with the given probabilities (any shape, floating point), else zeros; by default of the same type."""
    precise = np.dtype(np.float64 if probability.dtype == np.float64 else np.float32)
    return cast(uniform(generator, probability.shape, precise) < probability, dtype or probability.dtype)


def _as_dtype(given: Any) -> np.dtype:
    """The dtype for one of numpy's classes, too."""
    return given if given is BFLOAT16 else np.dtype(given)


def _blocks(out: np.ndarray) -> Iterator[np.ndarray]:
    flat = out.reshape(-1)
    for start in range(0, flat.size, BLOCK):
        yield flat[start : start + BLOCK]


def _whole_numbers(
    generator: Generator, low: int, count_of_values: int, wide: bool, shape: tuple[int, ...], dtype: np.dtype
) -> np.ndarray:
    out = new(np.empty, shape, dtype)
    for block in _blocks(out):
        words = generator.long_words(block.size) if wide else generator.words(block.size).astype(np.uint32)
        words %= words.dtype.type(count_of_values)
        block[:] = words.astype(np.int64) + np.int64(low)
    return out


def _normals_in_pairs(generator: Generator, count: int) -> np.ndarray:
    """Standard normal numbers made two at a time from float64; an odd one out waits in the generator."""
    if count == 0:
        return np.empty(0)
    waiting = [] if generator.next_normal is None else [generator.next_normal]
    pairs = (count - len(waiting) + 1) // 2
    fresh = uniform(generator, (2 * pairs,), np.dtype(np.float64))
    if _loops is None and 2 * pairs <= FEW:
        fresh = np.array([number for pair in fresh.reshape(-1, 2).tolist() for number in _pair_to_normal(*pair)])
    else:
        _compiled().pairs_to_normal(fresh)
    samples = np.append(waiting, fresh)
    generator.next_normal = float(samples[count]) if samples.size > count else None
    return samples[:count]


# The compiled loops, and what gives the same results for a few elements


_loops: ModuleType | None = None  # what numba has compiled, once it is loaded


def _compiled() -> ModuleType:
    global _loops
    if _loops is None:
        _loops = importlib.import_module("minitorch.kernels.cpu.random_loops")
    return _loops


def _to_uniform(words: np.ndarray, out: np.ndarray, digits: int, low: float, high: float) -> None:
    """out = low + (high - low) * the lowest `digits` bits of each word, read as a binary fraction."""
    first, past = out.dtype.type(low), out.dtype.type(high)
    if _loops is not None or out.size > FEW or not _is_exact(first, past, digits):
        _compiled().to_uniform(words, out, digits, low, high)
        return
    fractions = (words & np.uint64((1 << digits) - 1)) * (1.0 / (1 << digits))
    out[:] = fractions * float(past - first) + float(first)
    out[out >= past] = first


def _is_exact(first: np.floating, past: np.floating, digits: int) -> bool:
    """Whether float64 holds first + (past - first) * fraction without rounding, for fractions of so many binary digits.

    The compiled loop rounds this once, to ``out``; so does numpy, then.
    """
    width = past - first
    lowest = min(_lowest_digit(width) / (1 << digits), _lowest_digit(first))
    return bool(max(abs(first), abs(past), width) <= lowest * (1 << 53))


def _lowest_digit(number: np.floating) -> float:
    """The power of two that the last binary digit of a number stands for."""
    if not math.isfinite(number):
        return 0.0
    numerator, denominator = number.as_integer_ratio()
    return (numerator & -numerator) / denominator if numerator else math.inf


def _pair_to_normal(first: float, second: float) -> tuple[float, float]:
    angle, radius = 2.0 * math.pi * first, math.sqrt(-2.0 * math.log1p(-second))
    return radius * math.cos(angle), radius * math.sin(angle)


def _shuffle(out: np.ndarray, words: np.ndarray) -> None:
    """Fisher and Yates: place i takes one of those from i on."""
    if _loops is not None or out.size > FEW:
        _compiled().shuffle(out, words)
        return
    places = (np.arange(words.size) + (words % np.arange(out.size, 1, -1).astype(np.uint64)).astype(np.int64)).tolist()
    items = out.tolist()
    for i, j in enumerate(places):
        items[i], items[j] = items[j], items[i]
    out[:] = items
