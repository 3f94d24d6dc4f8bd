"""What the cases of ``cases_spatial`` do not show: halves, any sums and windows, and gradients that are adjoint."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

import minitorch
import minitorch.nn.functional as F
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


PROGRAMS: dict[str, tuple[Any, ...]] = {
    "conv3d": (lambda a, w: F.conv3d(a, w, padding=1, stride=(2, 1, 1)), (1, 2, 4, 4, 4), (3, 2, 2, 3, 3)),
    "conv_transpose3d": (lambda a, w: F.conv_transpose3d(a, w, padding=1, stride=2), (1, 2, 3, 3, 3), (2, 3, 2, 3, 3)),
    "conv1d": (lambda a, w: F.conv1d(a, w, padding=1), (1, 2, 7), (3, 2, 3)),
    "bicubic": (lambda a: F.interpolate(a, size=(7, 3), mode="bicubic"), (1, 2, 5, 4)),
    "nearest": (lambda a: F.interpolate(a, scale_factor=2.0), (1, 2, 5)),
    "antialias": (lambda a: F.interpolate(a, size=(2, 3), mode="bilinear", antialias=True), (1, 2, 5, 4)),
    "avg_pool2d": (lambda a: F.avg_pool2d(a, 3, 2, 1), (1, 2, 7, 7)),
    "adaptive_avg_pool3d": (lambda a: F.adaptive_avg_pool3d(a, 2), (1, 2, 3, 4, 5)),
    "adaptive_max_pool2d": (lambda a: F.adaptive_max_pool2d(a, 2), (1, 2, 4, 5)),
    "max_pool3d": (lambda a: F.max_pool3d(a, 2), (1, 2, 4, 5, 4)),
    "max_unpool2d": (lambda a: F.max_unpool2d(*F.max_pool2d(a, 2, return_indices=True), 2), (1, 2, 4, 6)),
    "grid_sample": (lambda a, g: F.grid_sample(a, g, mode="bicubic", align_corners=True), (1, 2, 4, 5), (1, 3, 2, 2)),
    "unfold": (lambda a: F.unfold(a, (2, 3), padding=1), (1, 2, 4, 5)),
    "fold": (lambda a: F.fold(a, (4, 5), (2, 2)), (1, 8, 12)),
    "windows of a signal": (lambda a: a.unfold(1, 3, 2), (2, 8)),
    "reflect": (lambda a: F.pad(a, (1, 2), mode="reflect"), (2, 5)),
    "constant": (lambda a: F.pad(a, (1, -2, 2, 0), value=3.0), (2, 5)),
    "circular": (lambda a: F.pad(a, (1, 2), mode="circular"), (2, 5)),
    "turned": (lambda a: a.flip(-1).roll((1, -2), (0, -1)).rot90(1, (0, 1)), (3, 5)),
    "repeated": (lambda a: a.repeat(2, 1, 3).tril(1).triu(-1), (3, 5)),
    "diag_embed": (lambda a: minitorch.diag_embed(a, 1), (3, 3)),
    "trace": (lambda a: a.trace(), (3, 4)),
    "block_diag": (lambda a, b: minitorch.block_diag(a, b), (3, 4), (2, 1)),
    "pixel_shuffle": (lambda a: F.pixel_unshuffle(F.pixel_shuffle(a, 2), 2), (1, 4, 2, 3)),
    "channel_shuffle": (lambda a: F.channel_shuffle(a, 2), (1, 4, 3)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_tensors_and_their_first_and_second_gradients_are_the_cpus(name, interpreter):
    program, *shapes = PROGRAMS[name]
    random, results = np.random.default_rng(1), []
    arrays = [random.standard_normal(shape).astype("f") for shape in shapes]
    for device in ("cpu", "cuda"):
        given = [minitorch.tensor(each, device=device).requires_grad_() for each in arrays]
        result = program(*given)
        cotangent = np.random.default_rng(2).standard_normal(result.shape).astype("f")
        product = result * result * minitorch.tensor(cotangent, device=device)
        grads = minitorch.autograd.grad(product.sum(), given, create_graph=True)
        seconds = minitorch.autograd.grad(sum((each * each).sum() for each in grads), given)
        results.append([result, *grads, *seconds])
    for theirs, ours in zip(*results, strict=True):
        assert (ours.device.type, ours.shape) == ("cuda", theirs.shape)
        expected = theirs.numpy(force=True)
        scale = np.abs(expected).max(initial=1)
        np.testing.assert_allclose(ours.cpu().numpy(force=True), expected, rtol=1e-4, atol=1e-5 * scale)
