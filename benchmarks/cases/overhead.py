"""``overhead``: what an operator costs apart from its arithmetic, on tensors of a few elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import minitorch
from benchmarks.cases import Results, Settings
from benchmarks.measure import compare

ROUNDS = 30
CALLS = 100  # in one run of a program, so that calling the program itself weighs little
LINKS = 100  # of the chain


def overhead(settings: Settings) -> Results:
    """Single operators on tiny tensors, and a chain of 100, forward and backward"""
    for ours, torchs in zip(programs(minitorch), programs(torch), strict=True):
        name, our_run, calls, array_calls = ours
        label = settings.label("overhead", name, group="all")
        limit = settings.limits.calls(array_calls) if array_calls else None
        yield compare(label, our_run, torchs[1], settings.rounds or ROUNDS, limit=limit, calls=calls)


def programs(library: Any) -> list[tuple[str, Callable[[], Any], int, int]]:
    """Name, program, how many calls it makes, and how many operations on arrays one of them takes at least (0: none)."""
    generator = np.random.default_rng(0)

    def numbers(*shape: int, requires_grad: bool = False) -> Any:
        return library.tensor(generator.standard_normal(shape, np.float32), requires_grad=requires_grad)

    a, b, leaf = numbers(4), numbers(4), numbers(4, requires_grad=True)
    matrix, rows = numbers(2, 2, requires_grad=True), numbers(2, 4)
    weight, bias = numbers(3, 4, requires_grad=True), numbers(3, requires_grad=True)
    relu, linear, times = library.nn.functional.relu, library.nn.functional.linear, range(CALLS)

    def mul() -> Any:
        for _ in times:
            result = a * b
        return result

    def mul_with_node() -> Any:
        for _ in times:
            result = leaf * b
        return result

    def view() -> Any:
        for _ in times:
            result = matrix.view(4)
        return result

    def index() -> Any:
        for _ in times:
            result = matrix[1]
        return result

    def relu_with_node() -> Any:
        for _ in times:
            result = relu(leaf)
        return result

    def linear_with_node() -> Any:
        for _ in times:
            result = linear(rows, weight, bias)
        return result

    def chain() -> Any:
        leaf.grad = None
        result = leaf
        for _ in range(LINKS):
            result = result * b
        result.backward(a)
        return leaf.grad

    return [
        ("mul", mul, CALLS, 1),
        ("mul with node", mul_with_node, CALLS, 1),
        ("view with node", view, CALLS, 0),
        ("index with node", index, CALLS, 0),
        ("relu with node", relu_with_node, CALLS, 1),
        ("linear with node", linear_with_node, CALLS, 2),
        (f"chain of {LINKS}, forward, backward", chain, 1, 2 * LINKS),
    ]
