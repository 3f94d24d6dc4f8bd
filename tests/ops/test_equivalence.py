"""Every row of the table of cases against torch: value, gradient, second gradient, graph."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import minitorch
from minitorch.autograd import gradcheck, gradgradcheck
from tests.ops.case import UNEQUAL, VALUES, Case
from tests.ops.cases import CASES
from tests.oracle import assert_same, graph

# One example says it all: no shrinking.
FEW = settings(max_examples=settings().max_examples // 5, phases=[Phase.generate])
SOME = settings(FEW, max_examples=settings().max_examples // 2)


def every(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.name)


def laid_out(array: np.ndarray, layout: str) -> np.ndarray:
    """The same numbers, otherwise placed in memory."""
    if not array.ndim:
        return array
    if layout == "transposed":
        return array.T.copy().T
    if layout == "stepped":
        wide = np.full((*array.shape[:-1], 2 * array.shape[-1] + 1), np.nan, array.dtype)
        wide[..., 1::2] = array
        return wide[..., 1::2]
    if layout == "expanded":
        return np.lib.stride_tricks.as_strided(array, array.shape, (0, *array.strides[1:]))
    return array


@st.composite
def inputs_of(draw: Any, case: Case, dtype: str, values: str | None = None) -> list[np.ndarray]:
    """Arrays for a case's inputs, in memory in all sorts of ways."""
    source = np.random.default_rng(draw(st.integers(0, 2**16)))
    layouts = ["rows", "transposed", "stepped"] if case.layouts else ["rows"]
    if case.layouts and case.values not in UNEQUAL:
        layouts.append("expanded")
    return [
        laid_out(np.asarray(VALUES[values or case.values](source, shape), dtype), draw(st.sampled_from(layouts)))
        for shape in draw(case.shapes)
    ]


class Derivatives:
    """A case in one library: its value, the gradients of its inputs, and the gradients of those for inputs and cotangent.

    Cotangents are random, and the same for both libraries. A gradient that is missing is zero.
    """

    def __init__(
        self, lib: Any, case: Case, arrays: list[np.ndarray], twice: bool = True, device: str | None = None
    ) -> None:
        self.lib, self.source, self.device = lib, np.random.default_rng(0), device
        with nullcontext() if device is None else lib.device(device):
            self.compute(case, [self.placed(array) for array in arrays], twice and case.twice)

    def placed(self, array: np.ndarray) -> Any:
        """An input or a cotangent, which lies in a device's memory as it does on the host."""
        if self.device is None:
            return self.lib.from_numpy(array).requires_grad_()
        steps = [each // array.itemsize for each in array.strides]
        extent = 1 + sum((size - 1) * step for size, step in zip(array.shape, steps, strict=True)) if array.size else 0
        memory = np.lib.stride_tricks.as_strided(array, (extent,), (array.itemsize,)).copy()
        tensor = self.lib.from_numpy(memory).to(self.device)
        return self.lib.as_strided(tensor, array.shape, steps).requires_grad_()

    def compute(self, case: Case, inputs: list[Any], twice: bool) -> None:
        lib = self.lib
        self.value = case.call(lib, *inputs)
        outer = self.cotangent(self.value)
        first = lib.autograd.grad(self.value, inputs, outer, create_graph=twice, allow_unused=True)
        self.first = self.filled(first, inputs)
        # A cotangent for every gradient, so that the libraries may differ in which of them are constants.
        pairs = [(each, self.cotangent(each)) for each in self.first]
        tied = [(each, cotangent) for each, cotangent in pairs if each.requires_grad]
        if twice and tied:
            inputs.append(outer)
            gradients, cotangents = zip(*tied, strict=True)
            second = lib.autograd.grad(gradients, inputs, cotangents, allow_unused=True)
            self.second = self.filled(second, inputs)
        else:
            self.second = self.filled([None] * (len(inputs) + 1), [*inputs, outer])

    def cotangent(self, like: Any) -> Any:
        numbers = self.source.normal(size=tuple(like.shape)).astype(str(like.dtype).removeprefix("torch."))
        return self.placed(np.asarray(numbers))

    def filled(self, gradients: Any, inputs: list[Any]) -> list[Any]:
        return [self.lib.zeros_like(x) if each is None else each for each, x in zip(gradients, inputs, strict=True)]


@every(CASES)
@FEW
@given(data=st.data(), dtype=st.sampled_from(["float32", "float64"]))
def test_values_first_and_second_gradients_and_graphs_are_torchs(case: Case, data: Any, dtype: str):
    arrays = data.draw(inputs_of(case, dtype))
    ours, theirs = (Derivatives(lib, case, arrays) for lib in (minitorch, torch))

    @cache
    def judge() -> Derivatives:
        return Derivatives(torch, case, [each.astype(np.float64) for each in arrays])

    assert_same(ours.value, theirs.value, lambda: judge().value)
    assert_same(ours.first, theirs.first, lambda: judge().first)
    assert_same(ours.second, theirs.second, lambda: judge().second)
    assert graph(ours.value) == graph(theirs.value)


@every([case for case in CASES if case.special])
@SOME
@given(data=st.data(), dtype=st.sampled_from(["float32", "float64"]))
def test_zeros_ties_infinities_and_nan_give_what_torch_gives(case: Case, data: Any, dtype: str):
    """Torch gets numbers with gaps between them, which it takes one by one: where they lie side by side, its vector
    instructions give some operators' NaN another gradient, but for the last few of them."""
    arrays = data.draw(inputs_of(case, dtype, "special"))
    ours = Derivatives(minitorch, case, arrays, twice=False)
    theirs = Derivatives(torch, case, [laid_out(each, "stepped") for each in arrays], twice=False)
    assert_same(ours.value, theirs.value)
    assert_same(ours.first, theirs.first)


@every([case for case in CASES if case.smooth])
@settings(max_examples=1)
@given(data=st.data())
def test_gradients_pass_gradcheck_and_gradgradcheck(case: Case, data: Any):
    arrays = data.draw(inputs_of(replace(case, layouts=False), "float64"))
    inputs = [minitorch.from_numpy(array).requires_grad_() for array in arrays]

    def call(*inputs: Any) -> Any:
        return case.call(minitorch, *inputs)

    if call(*inputs).dtype is minitorch.float64:
        assert gradcheck(call, inputs)
        assert not case.twice or gradgradcheck(call, inputs)
