"""The same table of cases on a GPU: interpreted against torch on the CPU, and on hardware, where there is any, against torch there."""

from __future__ import annotations

import zlib
from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles the kernels for GPUs, is not installed")

import minitorch
from minitorch.kernels.cuda import device
from tests.ops.case import Case
from tests.ops.cases import CASES
from tests.ops.test_equivalence import FEW, Derivatives, every, inputs_of
from tests.oracle import assert_same, graph
from tests.ptx.device import Interpreter

Arrays = list[np.ndarray]

EXAMPLES = max(1, settings().max_examples // 50)  # of each row
DRAWN = 10  # for each example
THOROUGH = EXAMPLES > 1


def examples(case: Case, dtype: str) -> list[Arrays]:
    """Inputs of a row, the same ones every time: the smallest there are, with which hypothesis begins, and the largest of some."""
    drawn: list[Arrays] = []

    @seed(zlib.crc32(f"{case.name} {dtype}".encode()))
    @settings(FEW, max_examples=EXAMPLES * DRAWN)
    @given(inputs_of(case, dtype))
    def draw(arrays: Arrays) -> None:
        drawn.append(arrays)

    draw()
    groups = [drawn[first : first + DRAWN] for first in range(0, len(drawn), DRAWN)]
    largest = [max(reversed(each), key=lambda arrays: sum(array.size for array in arrays)) for each in groups]
    alike = [each.shape for each in drawn[0]] == [each.shape for each in largest[0]]
    return largest if alike else [drawn[0], *largest]


def assert_equal(ours: Derivatives, theirs: Derivatives, case: Case, arrays: Arrays, twice: bool = True) -> None:
    """All numbers; torch's in float64 are the judge."""

    @cache
    def judge() -> Derivatives:
        return Derivatives(torch, case, [each.astype(np.float64) for each in arrays], twice)

    assert_same(ours.value, theirs.value, lambda: judge().value)
    assert_same(ours.first, theirs.first, lambda: judge().first)
    assert_same(ours.second, theirs.second, lambda: judge().second)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every(CASES)
def test_gradients_and_graphs_are_torchs_in_the_interpreter(case: Case, dtype: str):
    """Second gradients are in float64 alone, unless tests are thorough."""
    twice = THOROUGH or dtype == "float64"
    for arrays in examples(case, dtype):
        with device.use(Interpreter()):
            ours = Derivatives(minitorch, case, arrays, twice, "cuda")
            theirs = Derivatives(torch, case, arrays, twice)
            assert_equal(ours, theirs, case, arrays, twice)
            assert graph(ours.value) == graph(theirs.value)


NOT_COMPARED = {
    "special.ndtri": "what it is given is rounded to float16, and torch, which has it in float32 only, does not round there",
    "special.zeta": "likewise, for what is rounded are the factors of its gradient",
    "logit": "torch rounds the quotient whose logarithm it takes, and may so undo the rounding of what it is given; we do not",
    "cdist by products": "torch has this one way to distances in float16; we refuse, as it does for the others",
}
WRONG_IN_TORCH = {"matrix_exp": "infinity", "matrix_exp of large ones": "NaN"}  # in float16, and not in float32


@every([case for case in CASES if case.name not in NOT_COMPARED])
def test_gradients_and_graphs_in_float16_are_torchs_in_the_interpreter(case: Case):
    """Where torch's CPU has no float16, so that it refuses, we refuse likewise, or give what it gives in float32, rounded."""
    for arrays in examples(case, "float16"):
        with device.use(Interpreter()):
            ours = outcome(minitorch, case, arrays, "cuda")
            theirs = outcome(torch, case, arrays)
            if isinstance(ours, str):
                nothing = any(each.size == 0 for each in arrays)  # of which torch does not ask what dtype it is
                assert ours == theirs or nothing
                continue
            in_float32 = isinstance(theirs, str) or case.name in WRONG_IN_TORCH
            if in_float32:
                theirs = Derivatives(torch, case, [each.astype(np.float32) for each in arrays], twice=False)
            assert graph(ours.value) == graph(theirs.value)
            if in_float32:
                theirs.value, theirs.first, theirs.second = map(rounded, (theirs.value, theirs.first, theirs.second))
            assert_equal(ours, theirs, case, arrays, twice=False)


def outcome(lib: Any, case: Case, arrays: Arrays, on: str | None = None) -> Derivatives | str:
    """What a library gives, or the first line of what it refuses with."""
    try:
        return Derivatives(lib, case, arrays, twice=False, device=on)
    except RuntimeError as error:
        return f"{type(error).__name__}: {error}".partition("\n")[0]


def rounded(results: Any) -> Any:
    """Tensors of float32, in float16."""
    if isinstance(results, tuple | list):
        return [rounded(each) for each in results]
    return results.half() if results.dtype is torch.float32 else results


@pytest.mark.skipif(not device.cuda.is_available(), reason="there is no GPU here")
@every(CASES)
@settings(FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), dtype=st.sampled_from(["float32", "float64"]))
def test_values_and_gradients_are_torchs_on_a_gpu(case: Case, data: Any, dtype: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    arrays = data.draw(inputs_of(case, dtype))
    ours, theirs = (Derivatives(lib, case, arrays, device="cuda") for lib in (minitorch, torch))
    assert_equal(ours, theirs, case, arrays)
