"""Distributions drawn from torch's stream of random words beside those of ``random``: element after element, in torch's order.

Each number is computed in float64 and then rounded to the dtype that is asked for.
"""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cpu import random
from minitorch.kernels.cpu.creation import cast
from minitorch.kernels.cpu.random import Generator

__all__ = [
    "bernoulli", "cauchy", "exponential", "geometric", "log_normal", "multinomial_with_replacement", "poisson",
]  # fmt: skip

DOUBLE = np.dtype(np.float64)
Shape = tuple[int, ...]


def bernoulli(generator: Generator, shape: Shape, dtype: np.dtype, probability: float) -> np.ndarray:
    """Ones with one probability for all, else zeros, as torch's ``bernoulli_(p)``."""
    return cast(random.uniform(generator, shape, DOUBLE) < probability, dtype)


def exponential(generator: Generator, shape: Shape, dtype: np.dtype, rate: float) -> np.ndarray:
    """Waiting times for events that come at a rate, as torch's ``exponential_``."""
    return _rounded(-1.0 / rate * np.log1p(-random.uniform(generator, shape, DOUBLE)), dtype)


def geometric(generator: Generator, shape: Shape, dtype: np.dtype, probability: float) -> np.ndarray:
    """How many trials it takes to succeed once, as torch's ``geometric_``."""
    uniform = random.uniform(generator, shape, DOUBLE)
    return _rounded(np.ceil(np.log(uniform) / np.log1p(-probability)), dtype)


def cauchy(generator: Generator, shape: Shape, dtype: np.dtype, median: float, sigma: float) -> np.ndarray:
    """Numbers of Cauchy's distribution, as torch's ``cauchy_``."""
    uniform = random.uniform(generator, shape, DOUBLE)
    return _rounded(median + sigma * np.tan(np.pi * (uniform - 0.5)), dtype)


def log_normal(generator: Generator, shape: Shape, dtype: np.dtype, mean: float, std: float) -> np.ndarray:
    """Numbers whose logarithms are normal, as torch's ``log_normal_``."""
    normal = random.normal(generator, shape, DOUBLE, mean, std, contiguous=False)
    return _rounded(np.exp(normal), dtype)


def _rounded(numbers: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The numbers in another dtype; to those of two bytes they are rounded twice, as in torch."""
    return cast(numbers.astype(np.float32) if dtype.itemsize == 2 else numbers, dtype)


def multinomial_with_replacement(generator: Generator, weights: np.ndarray, count: int) -> np.ndarray:
    """In each row of weights, ``count`` places, each with a probability in proportion to its weight."""
    sums = np.cumsum(weights, axis=-1, dtype=np.result_type(weights, np.float32))
    sums /= sums[..., -1:].copy()
    sums[..., -1] = 1
    rows = sums.reshape(-1, sums.shape[-1])
    drawn = random.uniform(generator, (len(rows), count), DOUBLE)
    places = [np.searchsorted(row.astype(np.float64), each) for row, each in zip(rows, drawn, strict=True)]
    return np.array(places, np.int64).reshape(*weights.shape[:-1], count)


def poisson(generator: Generator, rates: np.ndarray) -> np.ndarray:
    """How many events come in a unit of time, for each rate, as torch's ``poisson``.

    How many words one of them takes is not known beforehand: what is left of a block is put back.
    """
    from minitorch.kernels.cpu import distribution_loops  # which needs numba, whose import takes longer than all else

    flat = np.ascontiguousarray(rates, np.float64).reshape(-1)
    out = np.empty(flat.size)
    done, block = 0, 1 << 10
    while done < flat.size:
        before = generator.get_state()
        numbers = random.uniform(generator, (block,), DOUBLE)
        made, used = distribution_loops.poisson(flat[done:], out[done:], numbers)
        generator.set_state(before)
        generator.long_words(used)
        done += made
        block = min(4 * block, 1 << 16)
    return out.astype(rates.dtype).reshape(rates.shape)
