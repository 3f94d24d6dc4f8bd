"""What the cases of ``cases_spatial`` do not show: halves, any sums and windows, and gradients that are adjoint."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, from_host, lines, to_host
from tests.kernels.cuda.case import Case
from tests.kernels.cuda.cases_spatial import CASES

CPU, GPU = tables[np.ndarray], tables[DeviceArray]
HALVES = (
    "flip ((0, 2),)", "tril (3,)", "pad_edges in columns", "pad_edges_backward reflect", "unfold_backward apart",
    "col2im single", "avg_pool (3, 18)", "avg_pool_backward (3, 18)", "resample (2, 3, 5, 7)", "resample_backward (2, 3, 5, 7)",
    "adaptive_max_pool (2, 4, 5, 6)", "max_unpool", "convolution (1, 2, 4", "convolution_input_grad (1, 2, 4",
    "convolution_weight_grad (1, 2, 4", "grid_sample volumes",
)  # fmt: skip
OF_HALVES = [each for each in CASES if each.name.startswith(HALVES) and "of volumes" not in each.name]


@pytest.mark.parametrize("case", OF_HALVES, ids=lambda each: each.name)
def test_halves_are_computed_in_float32(case: Case, interpreter):
    """The CPU's kernels in float32 are the judge, and rounding to halves is what may differ."""
    half = np.dtype(np.float16)
    arrays = [make(np.random.default_rng(1), half) for make in case.inputs]
    wide = [each.astype("f") if each.dtype == half else each for each in arrays]
    expected, found = case.program(CPU, *wide), case.program(GPU, *map(from_host, arrays))
    for theirs, ours in zip(*[each if isinstance(each, tuple) else (each,) for each in (expected, found)], strict=True):
        assert ours.dtype == (half if theirs.dtype.kind == "f" else theirs.dtype)
        scale = np.nan_to_num(np.abs(theirs), posinf=0).max(initial=1)
        np.testing.assert_allclose(to_host(ours).astype("f"), theirs, rtol=1e-3, atol=1e-3 * scale)


@given(
    shape=st.lists(st.integers(1, 5), min_size=1, max_size=3), count=st.integers(0, 6), terms=st.integers(0, 40),
    seed=st.integers(0, 99), data=st.data(),
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_sums_along_a_dimension_are_products_with_a_matrix(shape, count, terms, seed, data, interpreter):
    """Of whole numbers, whose sums are exact. Some terms go nowhere."""
    random, dim = np.random.default_rng(seed), data.draw(st.integers(0, len(shape) - 1))
    a = random.integers(-9, 9, shape).astype("f")
    places, sources = random.integers(-1, count + 1, terms), random.integers(0, shape[dim], terms)
    weights = random.integers(-3, 4, terms).astype("f")
    matrix = np.zeros((count, shape[dim]), "f")
    inside = (places >= 0) & (places < count)
    np.add.at(matrix, (places[inside], sources[inside]), weights[inside])
    ours = lines.added(from_host(a), dim, lines.terms_of(places, count, sources, weights))
    np.testing.assert_array_equal(to_host(ours), np.moveaxis(np.tensordot(matrix, a, (1, dim)), 0, dim))


@given(
    sizes=st.tuples(*[st.integers(1, 6)] * 3), kernel=st.tuples(*[st.integers(1, 3)] * 3), seed=st.integers(0, 99),
    stride=st.tuples(*[st.integers(1, 3)] * 3), dilation=st.tuples(*[st.integers(1, 2)] * 3), ceil_mode=st.booleans(),
    halves=st.tuples(*[st.booleans()] * 3),
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_pooling_of_volumes_by_any_windows_is_the_cpus(
    sizes, kernel, seed, stride, dilation, ceil_mode, halves, interpreter
):
    padding = tuple(size // 2 * half for size, half in zip(kernel, halves, strict=True))
    reaches = zip(sizes, kernel, dilation, padding, strict=True)
    kernel = tuple(k if (k - 1) * d < size + 2 * p else 1 for size, k, d, p in reaches)
    padding = tuple(min(p, k // 2) for p, k in zip(padding, kernel, strict=True))
    a = np.random.default_rng(seed).integers(-3, 4, (2, *sizes)).astype("f")
    a[a == 3] = np.nan
    how = (kernel, stride, padding, dilation, ceil_mode)
    for theirs, ours in zip(CPU.max_pool(a, *how), GPU.max_pool(from_host(a), *how), strict=True):
        np.testing.assert_array_equal(to_host(ours), theirs)
        assert ours.dtype == theirs.dtype


def test_tables_that_are_alike_are_placed_once(interpreter):
    indices = np.arange(7)
    assert lines.table(indices) is lines.table(indices.copy())
    assert lines.table(indices) is not lines.table(indices.astype(np.int32))
