"""Every row of the table of cases against torch: value, gradient, second gradient, graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import minitorch
from tests.ops.cases import CASES, VALUES, Case
from tests.oracle import assert_same, graph

FEW = settings(max_examples=max(4, settings().max_examples // 3), phases=[Phase.explicit, Phase.generate], print_blob=False, report_multiple_bugs=False)


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
    layouts = ["rows", "transposed", "stepped", "expanded"] if case.layouts else ["rows"]
    if case.values == "distinct":
        layouts.remove("expanded") if case.layouts else None
    return [
        laid_out(np.asarray(VALUES[values or case.values](source, shape), dtype), draw(st.sampled_from(layouts)))
        for shape in draw(case.shapes)
    ]


def derivatives(lib: Any, case: Case, arrays: list[np.ndarray], twice: bool) -> tuple[Any, list[Any], list[Any]]:
    """The value, the gradients of the inputs, and the gradients of those for all inputs and the cotangent.

    Cotangents are random, and the same for both libraries.
    """
    source = np.random.default_rng(0)

    def cotangent(like: Any) -> Any:
        numbers = source.normal(size=tuple(like.shape)).astype(str(like.dtype).removeprefix("torch."))
        return lib.from_numpy(np.asarray(numbers)).requires_grad_()

    inputs = [lib.from_numpy(array).requires_grad_() for array in arrays]
    value = case.call(lib, *inputs)
    outer = cotangent(value)
    first = list(lib.autograd.grad(value, inputs, outer, create_graph=twice, allow_unused=True))
    tied = [each for each in first if each is not None and each.requires_grad]
    if not twice or not tied:
        return value, first, []
    # Every gradient is given a cotangent, so that the libraries may differ in which of them are constants.
    outers = {number: cotangent(each) for number, each in enumerate(first) if each is not None}
    second = lib.autograd.grad(
        tied,
        [*inputs, outer],
        [outers[number] for number, each in enumerate(first) if each is not None and each.requires_grad],
        allow_unused=True,
    )
    return value, first, list(second)


def assert_same_gradients(ours: list[Any], theirs: list[Any], judge: list[Any]) -> None:
    """A gradient that is missing is zero."""
    for number, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a is None or b is None:
            present = a if b is None else b
            assert present is None or not present.detach().numpy().any()
        else:
            assert_same(a, b, judge[number])


@every(CASES)
@FEW
@given(data=st.data(), dtype=st.sampled_from(["float32", "float64"]))
def test_values_and_first_and_second_gradients_are_torchs(case: Case, data: Any, dtype: str):
    arrays = data.draw(inputs_of(case, dtype))
    ours = derivatives(minitorch, case, arrays, case.twice)
    theirs = derivatives(torch, case, arrays, case.twice)
    judge = derivatives(torch, case, [each.astype(np.float64) for each in arrays], case.twice)
    assert_same(ours[0], theirs[0], judge[0])
    assert_same_gradients(ours[1], theirs[1], judge[1])
    if ours[2] or theirs[2]:
        count = len(arrays) + 1
        assert_same_gradients(*(each[2] or [None] * count for each in (ours, theirs, judge)))


@every([case for case in CASES if case.special])
@FEW
@given(data=st.data(), dtype=st.sampled_from(["float32", "float64"]))
def test_zeros_ties_infinities_and_nan_give_what_torch_gives(case: Case, data: Any, dtype: str):
    arrays = data.draw(inputs_of(case, dtype, "special"))
    ours, theirs = (derivatives(lib, case, arrays, False) for lib in (minitorch, torch))
    assert_same(ours[0], theirs[0])
    assert_same_gradients(ours[1], theirs[1], theirs[1])


@every(CASES)
@settings(max_examples=3)
@given(data=st.data())
def test_the_graph_is_torchs(case: Case, data: Any):
    arrays = data.draw(inputs_of(case, "float32"))
    graphs = [
        graph(case.call(lib, *[lib.from_numpy(array).requires_grad_() for array in arrays])) for lib in (minitorch, torch)
    ]
    assert graphs[0] == graphs[1]


@every([case for case in CASES if case.shapes is not None])
@settings(max_examples=1)
@given(data=st.data())
def test_gradients_pass_gradcheck_and_gradgradcheck(case: Case, data: Any):
    rows = Case(case.name, case.call, case.shapes, case.values, layouts=False)
    arrays = data.draw(inputs_of(rows, "float64"))
    inputs = [minitorch.from_numpy(array).requires_grad_() for array in arrays]
    call = lambda *inputs: case.call(minitorch, *inputs)
    if call(*inputs).dtype is minitorch.float64:
        assert minitorch.autograd.gradcheck(call, inputs)
        assert not case.twice or minitorch.autograd.gradgradcheck(call, inputs)
