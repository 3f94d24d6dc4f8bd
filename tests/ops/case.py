"""What a row of the table of cases is, and the words that rows are written with.

A row says how to call an operator, in either library, and what shapes and values its inputs have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from minitorch.ops.operator import operators

Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Case:
    """One way to call an operator.

    Attributes:
        name: of the row.
        call: ``call(lib, *inputs)`` computes it in either library, ``minitorch`` or ``torch``.
        shapes: a strategy for the shapes of the inputs.
        values: the kind of numbers in the inputs, a key of ``VALUES``.
        special: the row is also for zeros, ties, infinities and NaN.
        smooth: differences approach the gradients: every input is differentiated, and everything is finite.
        layouts: the inputs need not lie row by row.
        twice: the gradients have gradients, in torch too.
    """

    name: str
    call: Callable[..., Any]
    shapes: st.SearchStrategy[Shapes]
    values: str = "any"
    special: bool = False
    smooth: bool = True
    layouts: bool = True
    twice: bool = True


VALUES: dict[str, Callable[[np.random.Generator, tuple[int, ...]], np.ndarray]] = {
    "any": lambda source, shape: source.normal(size=shape),
    # No row twice, in matrices that are to have full rank: with less, rounding says what their inverses are.
    "independent": lambda source, shape: source.normal(size=shape),
    "positive": lambda source, shape: source.uniform(0.3, 3.0, shape),
    "inside": lambda source, shape: source.uniform(-0.9, 0.9, shape),  # of (-1, 1)
    "not zero": lambda source, shape: source.uniform(0.3, 3.0, shape) * source.choice([-1.0, 1.0], shape),
    # Far from each other, in magnitude too, and from 0, so that no order changes under rounding.
    "distinct": lambda source, shape: (
        source.permutation(np.arange(1, int(np.prod(shape)) + 1)).reshape(shape) * 0.25 - 1.0625
    ),
    # Far from whole numbers.
    "broken": lambda source, shape: source.integers(-4, 4, shape) + source.uniform(0.2, 0.8, shape),
    # Each as often as any other, so that ten numbers have them all.
    "special": lambda source, shape: source.permutation(
        np.resize(
            source.permutation([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, -3.0, np.inf, -np.inf, np.nan]), int(np.prod(shape))
        )
    ).reshape(shape),
}


UNEQUAL = ("independent", "distinct")  # kinds whose rows are never all the same


@st.composite
def broadcast(draw: Any, count: int) -> Shapes:
    """Shapes of ``count`` inputs that broadcast with each other; empty and without dimensions too."""
    whole = draw(st.lists(st.sampled_from([1, 2, 3, 0, 4]), max_size=3))
    return tuple(
        tuple(draw(st.sampled_from([size, 1])) for size in whole[draw(st.integers(0, len(whole))) if number else 0 :])
        for number in range(count)
    )


def fixed(*shapes: tuple[int, ...]) -> st.SearchStrategy[Shapes]:
    return st.just(shapes)


def one_of(*choices: Shapes | tuple[int, ...]) -> st.SearchStrategy[Shapes]:
    """One input of any of these shapes."""
    return st.sampled_from([(shape,) for shape in choices])


ANY = broadcast(1)
PAIR = broadcast(2)
TRIPLE = broadcast(3)
SOME = one_of((3,), (2, 3), (4, 1, 2), (2, 3, 2))  # with elements and dimensions
CUBE = fixed((2, 3, 4))
MATRIX = fixed((3, 4))


def op(lib: Any, name: str) -> Callable[..., Any]:
    """What torch keeps in ``torch.nn.functional``."""
    return getattr(torch.nn.functional if lib is torch else operators, name)


def unary(name: str, values: str = "any", **settings: Any) -> Case:
    return Case(name, lambda lib, a: getattr(lib, name)(a), ANY, values, special=True, **settings)


def of_one(name: str, call: Callable[..., Any], shapes: Any = ANY, values: str = "any", **settings: Any) -> Case:
    return Case(name, call, shapes, values, **settings)
