"""Every kernel, interpreted, against the CPU's kernel of the same name."""

from __future__ import annotations

import zlib
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels import tables
from minitorch.kernels.cuda import (
    DeviceArray,
    convolution,
    folding,
    from_host,
    gemm,
    gemm_tile,
    lifting,
    placement,
    strides,
    to_host,
)  # fmt: skip
from minitorch.kernels.cuda.array import dense_strides
from tests.kernels.cuda.cases import CASES, NOT_FOR_TRUTH
from tests.kernels.test_pooling import windows

CPU, GPU = tables[np.ndarray], tables[DeviceArray]
DTYPES = {
    "e": "float16", "f": "float32", "d": "float64", "l": "int64", "i": "int32", "b": "int8", "B": "uint8", "?": "bool",
}  # fmt: skip
TOLERANCES = {"e": 5e-4, "f": 5e-7, "d": 1e-15}

ROWS = [
    pytest.param(case, np.dtype(DTYPES[letter]), id=f"{case.name} {DTYPES[letter]}")
    for case in CASES
    for letter in case.dtypes
    if not (letter == "?" and case.name.split()[0] in NOT_FOR_TRUTH)
]

IN_DOUBLE = (
    "sin ",
    "cos ",
    "tan ",
    "prod",
)  # angles that are large are reduced in double precision; this product is in it


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


@pytest.mark.parametrize(("case", "dtype"), ROWS)
def test_a_kernel_gives_what_the_cpus_gives(case, dtype, interpreter):
    random = np.random.default_rng(zlib.crc32(case.name.encode()))
    arrays = [make(random, dtype) for make in case.inputs]
    expected = as_tuple(case.program(CPU, *[each.copy() for each in arrays]))
    found = as_tuple(case.program(GPU, *[from_host(each) for each in arrays]))
    for theirs, ours in zip(expected, map(to_host, found), strict=True):
        assert (ours.shape, ours.dtype) == (theirs.shape, theirs.dtype)
        tolerance = TOLERANCES.get(theirs.dtype.char)
        if tolerance is None:
            np.testing.assert_array_equal(ours, theirs)
        else:
            scale = np.nan_to_num(np.abs(theirs), nan=0, posinf=0).max(initial=0)
            within = tolerance * case.close
            np.testing.assert_allclose(
                ours, theirs, rtol=within * 2, atol=within * (scale if case.close > 1 else 1e-30)
            )


KEPT_LAYOUT = {
    "fill",
    "fill broadcast",
    "both transposed",
    "permuted",
    "five dimensions",
    "transposed",
    "sliced",
    "add (13, 31)",
}


@pytest.mark.parametrize(
    "case",
    [each for each in CASES if each.name in KEPT_LAYOUT or "in columns" in each.name],
    ids=lambda each: each.name,
)
def test_results_are_laid_out_as_on_the_cpu(case, interpreter):
    arrays = [make(np.random.default_rng(1), np.dtype("f")) for make in case.inputs]
    theirs, ours = case.program(CPU, *arrays), case.program(GPU, *map(from_host, arrays))
    assert not ours.size or ours.steps == tuple(step // theirs.itemsize for step in theirs.strides)


@given(data=st.data())
def test_results_of_arrays_that_lie_differently_lie_as_numpy_lays_them(data):
    shape = data.draw(st.lists(st.integers(1, 3), min_size=1, max_size=5))
    arrays = []
    for first in (
        0,
        data.draw(st.integers(0, len(shape) - 1)),
    ):  # the second may lack dimensions, and have some of size 1
        sizes = [data.draw(st.sampled_from([size, 1])) if arrays else size for size in shape[first:]]
        order = data.draw(st.permutations(range(len(sizes))))
        arrays.append(np.zeros([sizes[d] for d in order]).transpose(np.argsort(order)))
    views = [[0 if n == 1 else step for n, step in zip(each.shape, each.strides, strict=True)] for each in arrays]
    order = lifting.layout([[0] * (len(shape) - len(each)) + each for each in views])
    found, wanted = dense_strides(shape, order), np.add(*arrays).strides
    assert [8 * step for step, n in zip(found, shape, strict=True) if n > 1] == [
        step for step, n in zip(wanted, shape, strict=True) if n > 1
    ]


def test_every_kernel_is_in_a_case():
    """But for views and where arrays lie, which every program with tensors needs."""
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("*.py"))
    elsewhere = {*placement.__all__, *strides.__all__, "clone_as", "depend", "write_changes", "write_over"}
    words = {word for case in CASES for word in case.name.replace("(", " ").split()}
    named = [name for name in GPU if f'"{name}"' in text or f".{name}(" in text or name in words]
    assert {*GPU} - {*named} <= elsewhere


def test_the_tables_have_the_same_names():
    assert {*GPU} == {*CPU}


@pytest.mark.parametrize(
    "settings", [(0, 0, False, False), (0.9, 0, False, True), (0.9, 0.1, True, False), (0, 0.1, False, False)]
)
@pytest.mark.parametrize("dtype", ["f", "d"])
def test_sgd_takes_the_same_steps_to_the_bit(settings, dtype, interpreter):
    """Of parameters of several sizes, the same for all of which there is one launch."""
    momentum, decay, nesterov, maximize = settings
    random = np.random.default_rng(5)
    arrays = [[random.standard_normal(size).astype(dtype) for size in (257, 1, (3, 700), 0, 1024)] for _ in range(3)]
    ours = [[from_host(each) for each in several] for several in arrays]
    interpreter.launched.clear()
    for k, (params, grads, velocities) in ((CPU, arrays), (GPU, ours)):
        k.sgd(params, grads, velocities if momentum else None, 0.1, momentum, 0.8, decay, nesterov, maximize)
    assert len(interpreter.launched) == 1
    for theirs, mine in zip(chain(*arrays), chain(*ours), strict=True):
        np.testing.assert_array_equal(to_host(mine), theirs)


@pytest.mark.parametrize("dtype", ["f", "e"])
def test_sgd_of_parameters_that_are_views_and_others_that_are_not(dtype, interpreter):
    param, grad = np.random.default_rng(5).standard_normal((2, 9, 7)).astype(dtype)
    other = grad.astype("d")
    ours, their = GPU.t(from_host(param)), from_host(other)
    GPU.sgd([ours, their], [from_host(grad.T), their], None, 0.1, 0, 1, 0, False, False)
    CPU.sgd([param, other], [grad, other.copy()], None, 0.1, 0, 1, 0, False, False)
    np.testing.assert_array_equal(to_host(GPU.t(ours)), param)
    np.testing.assert_array_equal(to_host(their), other)


def test_what_cannot_be_written_over_is_left_as_it_is(interpreter):
    a = from_host(np.arange(9, dtype="f").reshape(3, 3))
    assert not GPU.overwrite("exp", a)
    assert not GPU.overwrite("add", a)
    assert not GPU.overwrite("add", a, GPU.t(a))
    assert not GPU.overwrite("add", from_host(np.arange(9)), 1)
    np.testing.assert_array_equal(to_host(a), np.arange(9).reshape(3, 3))
    assert GPU.overwrite("add", a, a)
    np.testing.assert_array_equal(to_host(a), 2 * np.arange(9).reshape(3, 3))


def test_an_array_of_the_host_is_refused(interpreter):
    with pytest.raises(TypeError, match="an array of the host was given"):
        GPU.add(from_host(np.ones(3, "f")), np.ones(3, "f"))


def test_the_gradient_of_an_input_may_be_larger_than_what_was_read(interpreter):
    grad, weight = np.random.default_rng(1).integers(-9, 9, (2, 1, 1, 4, 4)).astype("f")
    how = {"stride": (3, 3), "padding": (1, 0), "dilation": (1, 1), "groups": 1}
    theirs = CPU.convolution_input_grad(grad, weight, (1, 1, 16, 20), **how)
    ours = GPU.convolution_input_grad(from_host(grad), from_host(weight), (1, 1, 16, 20), **how)
    np.testing.assert_array_equal(to_host(ours), theirs)


def test_a_target_that_is_no_class_is_found(interpreter):
    assert GPU.nll_outside(from_host(np.array([0, 3, -1])), 3, -1) == 3
    assert GPU.nll_outside(from_host(np.array([0, 2, -1])), 3, -1) is None


def test_results_are_the_same_from_run_to_run(interpreter):
    a = np.random.default_rng(5).standard_normal((3, 17000)).astype("f")
    first, second = (to_host(GPU.sum(from_host(a), None, False)) for _ in range(2))
    assert first == second


def test_more_products_than_a_grid_has_blocks_are_taken_in_parts(interpreter, monkeypatch):
    monkeypatch.setattr(gemm, "MOST_BATCHES", 2)
    a, b = np.ones((5, 3, 4), np.float32), np.arange(60, dtype=np.float32).reshape(5, 4, 3)
    np.testing.assert_array_equal(to_host(GPU.bmm(from_host(a), from_host(b))), a @ b)


def test_more_slices_than_a_grid_has_blocks_are_made_longer(interpreter, monkeypatch):
    monkeypatch.setattr(folding, "MOST_BLOCKS", (9, 3, 3))
    a = np.arange(2000, dtype=np.int64).reshape(1000, 2)
    np.testing.assert_array_equal(to_host(GPU.sum(from_host(a), (0,), False)), a.sum(0))


@given(case=windows())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_pooling_of_any_windows_is_the_cpus(case, interpreter):
    shape, options = case
    a = np.random.default_rng(1).integers(-5, 5, shape).astype("f")
    expected, found = CPU.max_pool(a, *options), GPU.max_pool(from_host(a), *options)
    for theirs, ours in zip(expected, map(to_host, found), strict=True):
        np.testing.assert_array_equal(ours, theirs)
        assert ours.dtype == theirs.dtype
    grad = CPU.max_pool_backward(expected[0], expected[1], a, 2)
    np.testing.assert_allclose(to_host(GPU.max_pool_backward(*found, from_host(a), 2)), grad, rtol=1e-6)


@given(
    sizes=st.tuples(*[st.integers(1, 3)] * 3, *[st.integers(4, 9)] * 2, *[st.integers(1, 3)] * 2),
    stride=st.tuples(*[st.integers(1, 3)] * 2), padding=st.tuples(*[st.integers(0, 2)] * 2),
    dilation=st.tuples(*[st.integers(1, 2)] * 2), groups=st.integers(1, 2),
)  # fmt: skip
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
def test_convolution_of_any_geometry_is_the_cpus(sizes, stride, padding, dilation, groups, interpreter):
    n, channels, outputs, height, width, *kernel = sizes
    assume(
        all(
            (k - 1) * d < size + 2 * p for k, d, size, p in zip(kernel, dilation, (height, width), padding, strict=True)
        )
    )
    random = np.random.default_rng(1)
    input = random.integers(-3, 4, (n, channels * groups, height, width)).astype("f")
    weight = random.integers(-3, 4, (outputs * groups, channels, *kernel)).astype("f")
    how = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
    output = CPU.convolution(input, weight, None, **how)
    programs = [
        lambda k, a, w, g: k.convolution(a, w, None, **how),
        lambda k, a, w, g: k.convolution_input_grad(g, w, input.shape, **how),
        lambda k, a, w, g: k.convolution_weight_grad(g, a, weight.shape, **how),
    ]
    for program in programs:  # of whole numbers, whose sums are exact
        theirs = program(CPU, input, weight, output)
        np.testing.assert_array_equal(to_host(program(GPU, *map(from_host, (input, weight, output)))), theirs)


TRANSPOSED = {"nn": (False, False), "nt": (False, True), "tn": (True, False), "tt": (True, True)}


@pytest.mark.parametrize("sizes", [(130, 24, 132), (131, 13, 129)], ids=["vectors", "elements"])
@pytest.mark.parametrize("kind", TRANSPOSED)
def test_large_tiles_multiply_too(kind, sizes, interpreter, monkeypatch):
    """Of whole numbers, whose sums are exact. Products of matrices this small would not get large tiles by themselves."""
    monkeypatch.setattr(gemm, "choose", lambda *args: gemm_tile.LARGE)
    n, depth, m = sizes
    random = np.random.default_rng(1)
    a, b = (random.integers(-9, 10, shape).astype("f") for shape in ((n, depth), (depth, m)))
    ours = [
        GPU.t(from_host(each.T)) if turned else from_host(each)
        for each, turned in zip((a, b), TRANSPOSED[kind], strict=True)
    ]
    np.testing.assert_array_equal(to_host(GPU.mm(*ours)), a @ b)


def test_large_tiles_convolve_too(interpreter, monkeypatch):
    monkeypatch.setattr(convolution, "choose", lambda *args: gemm_tile.LARGE)
    random = np.random.default_rng(1)
    a, weight = (random.integers(-9, 10, shape).astype("f") for shape in ((2, 3, 9, 10), (5, 3, 3, 3)))
    how = {"stride": (2, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}
    grad = CPU.convolution(a, weight, None, **how)
    np.testing.assert_array_equal(to_host(GPU.convolution(from_host(a), from_host(weight), None, **how)), grad)
    for name, other, shape in (("input", weight, a.shape), ("weight", a, weight.shape)):
        program = f"convolution_{name}_grad"
        ours = getattr(GPU, program)(from_host(grad), from_host(other), shape, **how)
        np.testing.assert_array_equal(to_host(ours), getattr(CPU, program)(grad, other, shape, **how))
