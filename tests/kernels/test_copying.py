"""Copies and products of any layout give what numpy gives."""

import itertools

import numpy as np
import pytest
import torch

from minitorch.kernels import tables

k = tables[np.ndarray]
LARGE = (600, 500)


def layouts(shape, dtype=np.float32):
    """The same shape, in memory in all sorts of ways."""
    rng = np.random.default_rng(0)
    height, width = shape
    yield rng.standard_normal(shape).astype(dtype)
    yield rng.standard_normal((width, height)).astype(dtype).T
    yield rng.standard_normal((height, 2 * width)).astype(dtype)[:, ::2]
    yield rng.standard_normal(shape).astype(dtype)[::-1, ::-1]
    yield np.broadcast_to(rng.standard_normal((1, width)).astype(dtype), shape)
    yield np.broadcast_to(rng.standard_normal((height, 1)).astype(dtype), shape)
    yield np.broadcast_to(rng.standard_normal((1, 1)).astype(dtype), shape)


@pytest.mark.parametrize("shape", [LARGE, (3, 4), (1, 300_000), (300_000, 1), (0, 5)])
@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_a_copy_is_laid_out_as_asked_and_has_the_same_numbers(shape, dtype):
    for source, like in itertools.product(layouts(shape, dtype), repeat=2):
        copy = k.clone_as(source, like)
        np.testing.assert_array_equal(copy, source)
        assert not np.shares_memory(copy, source)
        dense = like if like.flags.forc else np.empty(shape, dtype)
        assert copy.strides == dense.strides or 1 in shape or 0 in shape
    for source in layouts(shape, dtype):
        np.testing.assert_array_equal(k.clone(source), source)


def test_writing_over_casts_broadcasts_and_allows_for_overlap():
    for target, source in itertools.product([a for a in layouts(LARGE) if a.flags.writeable], layouts(LARGE)):
        k.write_over(target, source)
        np.testing.assert_array_equal(target, source)
    target = np.zeros(LARGE, np.float32)
    k.write_over(target, np.arange(500, dtype=np.float32))
    k.write_over(target[:, 1:], target[:, :-1])
    np.testing.assert_array_equal(target[7], [0, *range(499)])
    k.write_over(target, np.float64([2.5]))
    assert (target == 2.5).all()
    cube = np.zeros((70, 80, 90), np.float32)
    k.write_over(cube[:, ::2], np.full((), 3, np.float32))
    assert cube.sum() == 3 * 70 * 40 * 90


@pytest.mark.parametrize("dim", [0, 1])
def test_joining_takes_any_layout(dim):
    for a, b in itertools.product(layouts(LARGE), repeat=2):
        np.testing.assert_array_equal(k.cat([a, b], dim), np.concatenate([a, b], dim))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int64])
@pytest.mark.parametrize(
    ("n", "inner", "m"), [(3, 4, 5), (1, 7, 1), (1, 1, 1), (40, 30, 20), (0, 3, 2), (3, 0, 2), (2, 3, 0)]
)
def test_products_of_any_layout_and_dtype(n, inner, m, dtype):
    bias = np.arange(m).astype(dtype)
    for a, b in itertools.product(layouts((n, inner)), layouts((inner, m))):
        a, b = (np.asarray(each * (1 if np.dtype(dtype).kind == "f" else 10)) for each in (a, b))
        a, b = a.astype(dtype, order="K"), b.astype(dtype, order="K")
        expected = a.astype(np.float64) @ b.astype(np.float64)
        tolerance = {"e": 2e-2, "f": 1e-4}.get(np.dtype(dtype).char, 1e-12)
        product = k.mm(a, b)
        assert product.dtype == dtype
        np.testing.assert_allclose(product, expected, tolerance, tolerance)
        np.testing.assert_allclose(k.addmm(bias, a, b, 1, 1), bias + expected, tolerance, tolerance)
        np.testing.assert_allclose(k.addmm(bias, a, b, 2, 3), 2 * bias + 3 * expected, 2 * tolerance, 8 * tolerance)


def test_products_with_nan_and_infinity_are_torchs():
    a = np.array([[0.0, np.nan], [np.inf, 1.0]], np.float32)
    b = np.array([[0.0, 2.0], [1.0, 0.0]], np.float32)
    for left, right in ((a, b), (b, a), (a[:1], b[:, :1]), (a.T, b)):
        expected = torch.from_numpy(np.ascontiguousarray(left)) @ torch.from_numpy(right)
        np.testing.assert_array_equal(k.mm(left, right), expected.numpy())
    one = np.zeros((1, 1), np.float32)
    assert np.isnan(k.mm(one, np.full((1, 3), np.nan, np.float32))).all()


def test_the_outer_product_of_long_vectors():
    a, b = np.arange(700, dtype=np.float32), np.arange(1400, dtype=np.float32)[::2]
    np.testing.assert_array_equal(k.outer(a, b), np.outer(a, b))
    np.testing.assert_array_equal(k.mul(a[:, None], b), np.outer(a, b))
