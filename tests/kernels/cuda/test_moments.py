"""Sums that normalisation takes, cut into slices as those of large arrays are, against the CPU's and against float64."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, from_host, moments, to_host

CPU, GPU = tables[np.ndarray], tables[DeviceArray]


@pytest.mark.parametrize("last", [False, True], ids=["by block", "by thread"])
def test_slices_are_joined(last, interpreter, monkeypatch):
    """Slices of 70 elements, or of 17; the last ones are shorter."""
    monkeypatch.setattr(moments, "SLICE_OF_BLOCK", 70)
    monkeypatch.setattr(moments, "SLICE_OF_THREAD", 17)
    random = np.random.default_rng(2)
    a, grad = (random.standard_normal((5, 9, 3) if last else (5, 3, 67)).astype("f") + 5 for _ in range(2))
    if last:
        a, grad = (each.reshape(45, 3) for each in (a, grad))
    weight = random.standard_normal(3).astype("f")
    theirs = CPU.batch_norm(a, weight, None, None, None, True, 0, 1e-3)
    ours = GPU.batch_norm(from_host(a), from_host(weight), None, None, None, True, 0, 1e-3)
    slopes = CPU.batch_norm_backward(grad, a, weight, *theirs[1:], True)
    found = GPU.batch_norm_backward(from_host(grad), from_host(a), from_host(weight), *ours[1:], True)
    for our, their in zip((*ours, *found), (*theirs, *slopes), strict=True):
        np.testing.assert_allclose(to_host(our), their, rtol=3e-6, atol=3e-6 * np.abs(their).max())


def test_a_variance_far_from_zero_keeps_its_digits(interpreter, monkeypatch):
    monkeypatch.setattr(moments, "SLICE_OF_BLOCK", 100)
    a = (np.random.default_rng(2).standard_normal((3, 300)) + 3000).astype("f")
    mean, variance, _ = (to_host(each) for each in moments.moments(from_host(a), (1,), 0.0))
    np.testing.assert_allclose(mean, a.mean(1, dtype="d"), rtol=1e-7)
    np.testing.assert_allclose(variance, a.var(1, dtype="d"), rtol=1e-5)
