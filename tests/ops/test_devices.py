"""The same table of cases on a GPU: interpreted against torch on the CPU, and on hardware, where there is any, against torch there."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles the kernels for GPUs, is not installed")

import minitorch
from minitorch.kernels.cuda import device
from tests.ops.case import Case
from tests.ops.cases import CASES
from tests.ops.test_equivalence import FEW, Derivatives, every, inputs_of
from tests.oracle import assert_same, graph
from tests.ptx.device import Interpreter

ONE = settings(FEW, max_examples=1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@every(CASES)
@ONE
@given(data=st.data())
def test_values_and_gradients_are_torchs_in_the_interpreter(case: Case, dtype: str, data: Any):
    arrays = data.draw(inputs_of(case, dtype))
    with device.use(Interpreter()):
        ours = Derivatives(minitorch, case, arrays, twice=False, device="cuda")
        theirs = Derivatives(torch, case, arrays, twice=False)

        @cache
        def judge() -> Derivatives:
            return Derivatives(torch, case, [each.astype(np.float64) for each in arrays], twice=False)

        assert_same(ours.value, theirs.value, lambda: judge().value)
        assert_same(ours.first, theirs.first, lambda: judge().first)
        assert graph(ours.value) == graph(theirs.value)


@pytest.mark.skipif(not device.cuda.is_available(), reason="there is no GPU here")
@every(CASES)
@settings(FEW, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), dtype=st.sampled_from(["float32", "float64"]))
def test_values_and_gradients_are_torchs_on_a_gpu(case: Case, data: Any, dtype: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.backends.cuda.matmul, "allow_tf32", False)
    monkeypatch.setattr(torch.backends.cudnn, "allow_tf32", False)
    arrays = data.draw(inputs_of(case, dtype))
    ours, theirs = (Derivatives(lib, case, arrays, device="cuda") for lib in (minitorch, torch))

    @cache
    def judge() -> Derivatives:
        return Derivatives(torch, case, [each.astype(np.float64) for each in arrays])

    assert_same(ours.value, theirs.value, lambda: judge().value)
    assert_same(ours.first, theirs.first, lambda: judge().first)
    assert_same(ours.second, theirs.second, lambda: judge().second)
