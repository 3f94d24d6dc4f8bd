"""``ops``: every operator, forward and with its gradients, at three sizes, and for inputs that do not lie row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch

import minitorch
from benchmarks.cases import Results, Settings
from benchmarks.cases.operators import DIFFERENTIABLE, KINDS, OPERATORS, Operator
from benchmarks.comparison import Difference, Limit
from benchmarks.limits import Limits
from benchmarks.measure import compare
from benchmarks.place import Place
from minitorch.ops.operator import functions

ROUNDS = 8
SIZES = [1_000, 100_000, 1_000_000]  # elements

LAYOUTS: dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[Any], Any]]] = {
    "rows": (np.ascontiguousarray, lambda tensor: tensor),
    "transposed": (
        lambda array: np.ascontiguousarray(array.swapaxes(0, -1)),
        lambda tensor: tensor.transpose(0, -1).detach(),
    ),
    "every second": (lambda array: np.repeat(array, 2, -1), lambda tensor: tensor[..., ::2].detach()),
}
"""What is brought to the device, and how that is seen there."""


def ops(settings: Settings) -> Results:
    """Every operator, forward and with gradients, at three sizes, contiguous and strided"""
    for size in settings.size or SIZES:
        for layout in LAYOUTS:
            for operator in chosen(settings.only):
                if layout == "rows" or (operator.layouts and operator.inputs):
                    yield from _both_ways(operator, size, layout, settings)


def chosen(names: list[str] | None) -> Iterator[Operator]:
    """The operators of these names: ``sum`` stands for ``sum dim 0`` too."""
    return (each for each in OPERATORS if not names or each.name in names or each.name.split()[0] in names)


def without_a_row() -> list[str]:
    """Public operators of minitorch that this case does not measure."""
    return sorted(set(functions) - {each.name.split()[0] for each in OPERATORS})


def _both_ways(operator: Operator, size: int, layout: str, settings: Settings) -> Results:
    for way in ("forward", "forward+backward") if operator.gradients else ("forward",):
        label = settings.label("ops", f"{operator.name}, {layout}", f"{way}, {size:,} elements, {layout}")
        with_gradients = way != "forward"
        arrays = [
            KINDS[kind](np.random.default_rng(number), shape)
            for number, (kind, shape) in enumerate(zip(operator.inputs, operator.shapes(size), strict=True))
        ]
        minitorch.manual_seed(0)
        torch.manual_seed(0)
        example = operator.call(torch, *map(torch.from_numpy, arrays))
        limit = _limit(operator, size, arrays, example, with_gradients, settings.limits)
        minitorch.manual_seed(0)
        torch.manual_seed(0)
        ours, torchs = (
            program(library, operator, arrays, layout, example if with_gradients else None, settings.place)
            for library in (minitorch, torch)
        )
        try:
            yield compare(label, ours, torchs, settings.rounds or ROUNDS, settings.place, limit=limit)
        except (RuntimeError, NotImplementedError, TypeError) as error:
            yield Difference(label, f"it fails with {type(error).__name__}: {error}")


def program(
    library: Any, operator: Operator, arrays: list[np.ndarray], layout: str, example: torch.Tensor | None, place: Place
) -> Callable[[], Any]:
    """One call of the operator; with an example of its result, the gradients for a random cotangent too."""
    lay, see = LAYOUTS[layout]
    inputs = [see(place.put(library.from_numpy(lay(each)))) for each in arrays]
    on_gpu = place.device != "cpu"
    where = {"device": place.device} if on_gpu and operator.creates else {}
    if on_gpu and operator.random:  # of generators that differ
        return lambda: list(operator.call(library, *inputs, **where).shape)
    if example is None:
        return lambda: operator.call(library, *inputs, **where)
    leaves = [x.requires_grad_() for x, kind in zip(inputs, operator.inputs, strict=True) if kind in DIFFERENTIABLE]
    numbers = np.random.default_rng(len(arrays)).standard_normal(tuple(example.shape))
    cotangent = place.put(library.from_numpy(np.asarray(numbers, example.numpy().dtype)))

    def forward_and_backward() -> Any:
        for leaf in leaves:
            leaf.grad = None
        result = operator.call(library, *inputs)
        result.backward(cotangent)
        return [result.detach(), *(leaf.grad for leaf in leaves)]

    return forward_and_backward


def _limit(
    operator: Operator,
    size: int,
    arrays: list[np.ndarray],
    example: Any,
    with_gradients: bool,
    limits: Limits,
) -> Limit | None:
    """The limit for an operator that reads its inputs once and writes its result once, and likewise with gradients."""
    written = example.nbytes if isinstance(example, torch.Tensor) else 0
    read = sum(each.nbytes for each in arrays) if operator.reads else 0
    leaves = [each.nbytes for each, kind in zip(arrays, operator.inputs, strict=True) if kind in DIFFERENTIABLE]
    flops = operator.flops(size)
    moved = 0 if operator.view else read + written
    if with_gradients:
        moved += written + sum(leaves)
        flops += flops * sum(each.ndim > 1 for each in arrays)  # one more product for each matrix's gradient
    return limits.work(flops=flops, bytes=moved)
