"""What a case is: a program on a table of kernels, to be run on the CPU's and on the GPU's; and what makes its arrays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

Program = Callable[..., Any]
Make = Callable[[np.random.Generator, np.dtype], np.ndarray]


class Case(NamedTuple):
    name: str
    program: Program  # of a table and of arrays of it
    inputs: tuple[Make, ...]
    dtypes: str = "fd"
    close: float = 1  # how many times the usual tolerance


def normal(*shape: int) -> Make:
    """Numbers about 0; of integers small ones, of truth values both."""
    return lambda random, dtype: np.asarray(random.standard_normal(shape) * 3).astype(dtype)


def special(*shape: int) -> Make:
    """The same, with infinities, NaN and zeros of both signs, where there are such."""

    def make(random: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        a = normal(*shape)(random, dtype)
        if dtype.kind == "f":
            a.reshape(-1)[: 7 * (a.size // 7)].reshape(-1, 7)[:2] = [np.inf, -np.inf, np.nan, 0.0, -0.0, 0.5, -2.5]
        return a

    return make


def positive(*shape: int) -> Make:
    return lambda random, dtype: (np.abs(random.standard_normal(shape)) + 0.01).astype(dtype)


def inside(*shape: int) -> Make:
    """Numbers from -1 to 1."""
    return lambda random, dtype: random.uniform(-1, 1, shape).astype(dtype)


def truth(*shape: int) -> Make:
    return lambda random, dtype: random.random(shape) < 0.5


def classes(count: int, *shape: int) -> Make:
    return lambda random, dtype: random.integers(0, count, shape)


def call(name: str, *params: Any, **keywords: Any) -> Program:
    return lambda k, *arrays: getattr(k, name)(*arrays, *params, **keywords)
