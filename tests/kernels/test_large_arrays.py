"""Kernels have variants for large arrays, on all threads: these give what numpy gives, or torch, for any layout and number."""

import itertools

import numpy as np
import pytest
import torch

from minitorch.kernels import tables
from minitorch.kernels.cpu import threads, ufunc_loops

k = tables[np.ndarray]
SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e30, -1e30, 1e-30, 2.5, -2.5]


pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")  # numpy's, about infinities


@pytest.fixture(params=[1, 2])
def count(request):
    before = threads.get_num_threads()
    threads.set_num_threads(min(request.param, threads.MOST_THREADS))
    yield request.param
    threads.set_num_threads(before)


def numbers(shape, seed=0, dtype=np.float32):
    """Random numbers of many magnitudes, and among them all that is special."""
    rng = np.random.default_rng(seed)
    flat = rng.standard_normal(int(np.prod(shape))) * 10.0 ** rng.uniform(-3, 3, int(np.prod(shape)))
    places = rng.permutation(flat.size)[: 20 * len(SPECIAL)]
    flat[places] = np.tile(SPECIAL, 20)[: len(places)]
    return flat.reshape(shape).astype(dtype)


def layouts(array):
    yield array
    yield np.asfortranarray(array)
    yield np.repeat(array, 2, -1)[..., ::2]
    yield array[::-1]
    yield array[..., ::-1]


def operands(shape):
    """Arrays that broadcast to the shape."""
    yield from layouts(numbers(shape))
    yield numbers((*shape[:-1], 1), 1)
    yield numbers(shape[-1:], 2)
    yield numbers((1,) * (len(shape) - 1) + shape[-1:], 3)
    yield np.full((), 3, np.float32)


@pytest.mark.parametrize("shape", [(5,), (1, 1), (7, 1), (4, 6), (3, 4, 5), (2, 3, 4, 5), (0, 3)])
def test_numpys_loops_give_the_same_to_the_bit_for_any_layout(count, shape):
    for a, b in itertools.product(operands(shape), repeat=2):
        shared = ufunc_loops.call(np.add, a, b)
        if shared is not None:  # some need more than two steps
            np.testing.assert_array_equal(shared, np.add(a, b))
            assert shared.dtype == a.dtype
    for a in operands(shape):
        for ufunc in (np.exp, np.isnan):
            shared = ufunc_loops.call(ufunc, a)
            if shared is not None:
                np.testing.assert_array_equal(shared, ufunc(a))


def test_layouts_that_are_evenly_spaced_have_a_shared_loop():
    a = numbers((6, 10))
    for b in (a, a.T.copy().T, a[:, ::2].repeat(2, 1), a[0], a[:, :1], np.full((), 2, np.float32)):
        assert ufunc_loops.call(np.multiply, a, b) is not None
    assert ufunc_loops.call(np.add, a, a.astype(np.complex64)) is None


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64, np.uint8, np.bool_])
@pytest.mark.parametrize("name", ["add", "mul", "div", "maximum", "eq", "lt", "logical_and", "neg", "sin", "isnan"])
def test_large_arrays_of_any_dtype_give_what_small_ones_do(count, name, dtype):
    a, b = numbers((600, 500)), numbers((600, 500), 1)
    with np.errstate(invalid="ignore", over="ignore"):
        a, b = np.nan_to_num(a).astype(dtype), np.nan_to_num(b).astype(dtype)
    operands = (a,) if name in ("neg", "sin", "isnan") else (a, b)
    if dtype == np.bool_ and name == "neg":
        pytest.skip("numpy does not negate truth values, and operators refuse to before")
    large = getattr(k, name)(*operands)
    small = np.concatenate([getattr(k, name)(*[each[row] for each in operands]) for row in range(600)]).reshape(
        600, 500
    )
    assert large.dtype == small.dtype
    np.testing.assert_array_equal(large, small)


def test_a_number_beside_large_integers_keeps_its_kind():
    a = np.arange(2**18)
    np.testing.assert_array_equal(k.gt(a, 2.5), a > 2.5)
    np.testing.assert_array_equal(k.mul(a.astype(np.float32), 2.5), a.astype(np.float32) * np.float32(2.5))
    np.testing.assert_array_equal(k.sub(1, a.astype(np.float32)), 1 - a.astype(np.float32))


AGAINST_TORCH = {
    "relu": (lambda a: k.relu(a), lambda a: a.relu()),
    "sign": (lambda a: k.sign(a), lambda a: torch.where(a.isnan(), 0.0, a.sign())),
    "clamp": (lambda a: k.clamp(a, -0.5, 2.0), lambda a: a.clamp(-0.5, 2.0)),
    "clamp from below": (lambda a: k.clamp(a, -0.5, None), lambda a: a.clamp(min=-0.5)),
    "sigmoid": (lambda a: k.sigmoid(a), lambda a: a.sigmoid()),
    "log1p": (lambda a: k.log1p(a), lambda a: a.log1p()),
    "reciprocal": (lambda a: k.reciprocal(a), lambda a: a.reciprocal()),
    "clone": (lambda a: k.clone(a), lambda a: a.clone()),
    "where number": (lambda a: k.where(a > 0, a, 3.0), lambda a: torch.where(a > 0, a, 3.0)),
    "where number first": (lambda a: k.where(a > 0, 3.0, a), lambda a: torch.where(a > 0, 3.0, a)),
    "where": (lambda a: k.where(a > 0, a, k.neg(a)), lambda a: torch.where(a > 0, a, -a)),
    "masked_fill": (lambda a: k.masked_fill(a, a < 0, 7.0), lambda a: a.masked_fill(a < 0, 7.0)),
    "remainder": (lambda a: k.remainder(a, 0.7), lambda a: a.remainder(0.7)),
    "remainder by each": (lambda a: k.remainder(a, k.neg(a[::-1])), lambda a: a.remainder(-a.flip(0))),
    "floor_divide": (lambda a: k.div_rounded(a, -3.0, "floor"), lambda a: a.div(-3.0, rounding_mode="floor")),
    "outer": (lambda a: k.outer(a[0], a[1]), lambda a: a[0].outer(a[1])),
    "cat": (lambda a: k.cat([a, a], 0), lambda a: torch.cat([a, a])),
    "stack": (lambda a: k.stack([a, a], 0), lambda a: torch.stack([a, a])),
    "gather": (
        lambda a: k.gather(a, 0, np.argsort(a[:500], 0)), lambda a: a.gather(0, torch.from_numpy(np.argsort(a[:500].numpy(), 0)))
    ),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", AGAINST_TORCH)
def test_kernels_for_large_arrays_equal_torchs(count, name, dtype):
    ours, torchs = AGAINST_TORCH[name]
    for a in layouts(numbers((600, 550), dtype=dtype)):
        tensor = torch.from_numpy(np.ascontiguousarray(a))
        np.testing.assert_allclose(ours(a), torchs(tensor).numpy(), rtol=1e-6 if dtype == np.float32 else 1e-14, atol=0)


@pytest.mark.parametrize("shape", [(3, 5), (100, 10), (40, 333), (7, 60, 90), (1, 5000), (5000, 1), (2, 3, 4, 500)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_softmax_along_every_dimension(count, name, dtype, shape):
    rng = np.random.default_rng(0)
    a, grad = (rng.standard_normal(shape) * 4).astype(dtype), rng.standard_normal(shape).astype(dtype)
    tolerance = 2e-5 if dtype == np.float32 else 1e-12
    for dim in range(len(shape)):
        x = torch.from_numpy(a).double().requires_grad_()
        expected = getattr(x, name)(dim)
        expected.backward(torch.from_numpy(grad).double())
        result = getattr(k, name)(a, dim)
        np.testing.assert_allclose(result, expected.detach().numpy(), tolerance, tolerance)
        by_input = getattr(k, name + "_backward")(grad, result, dim)
        np.testing.assert_allclose(by_input, x.grad.numpy(), tolerance, tolerance)


def test_softmax_of_rows_with_infinities_and_nan():
    a = np.zeros((3, 64), np.float32)
    a[0, 40], a[1, 3], a[2] = np.nan, np.inf, -np.inf
    for b, dim in ((a, 1), (np.ascontiguousarray(a.T), 0)):
        np.testing.assert_array_equal(k.softmax(b, dim), torch.from_numpy(b).softmax(dim).numpy())


@pytest.mark.parametrize("dim", [None, (0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_large_sums_are_exact_to_the_last_digits_and_do_not_depend_on_the_threads(dim, dtype):
    a = np.random.default_rng(0).standard_normal((50, 40, 70)).astype(dtype)
    before, results = threads.get_num_threads(), []
    for count in (1, threads.MOST_THREADS):
        threads.set_num_threads(count)
        results.append(k.sum(a, dim, False))
    threads.set_num_threads(before)
    np.testing.assert_array_equal(*results)
    assert k.sum(a, dim, True).shape == a.sum(dim, keepdims=True).shape
    scale = np.abs(a).sum(dim, dtype=np.float64)
    error = np.abs(results[0] - a.sum(dim, dtype=np.float64)) / scale
    assert error.max() < 4 * np.finfo(dtype).eps


def test_adding_at_rows_that_occur_twice(count):
    rng = np.random.default_rng(0)
    a, values = rng.standard_normal((50, 600)), rng.standard_normal((80, 600))
    rows = rng.integers(0, 50, 80)
    expected = torch.from_numpy(a).index_put((torch.from_numpy(rows),), torch.from_numpy(values), accumulate=True)
    np.testing.assert_allclose(k.index_put(a, (rows,), values, True), expected.numpy(), rtol=1e-12)
    with pytest.raises(IndexError):
        k.index_put(a, (rows + 49,), values, True)
    indices = rng.integers(0, 50, (80, 600))
    scattered = k.gather_backward(values, indices, (50, 600), 0)
    expected = torch.zeros(50, 600, dtype=torch.float64).scatter_add(
        0, torch.from_numpy(indices), torch.from_numpy(values)
    )
    np.testing.assert_allclose(scattered, expected.numpy(), rtol=1e-12)
