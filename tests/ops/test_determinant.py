"""Determinants and their derivatives, where matrices are singular too: the oracle is the sum over all permutations."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import cotangent, pull_back


def leibniz(a: torch.Tensor) -> torch.Tensor:
    """det A as the polynomial that it is."""
    size = a.shape[-1]
    total = torch.zeros(a.shape[:-2], dtype=a.dtype)
    for order in permutations(range(size)):
        sign = round(float(np.linalg.det(np.eye(size)[list(order)])))
        product = torch.full(a.shape[:-2], float(sign), dtype=a.dtype)
        for row, column in enumerate(order):
            product = product * a[..., row, column]
        total = total + product
    return total


def of_rank(source: np.random.Generator, rank: int, *shape: int) -> np.ndarray:
    """Matrices of integers, so that LU finds zeros and not what rounding leaves of them."""
    factors = (source.integers(-3, 4, size) for size in ((*shape[:-1], rank), (*shape[:-2], rank, shape[-1])))
    return np.matmul(*factors).astype(np.float64)


def derivatives(lib, function, array):
    """The determinants, the gradients for random cotangents, and theirs."""
    source = np.random.default_rng(1)
    x = lib.from_numpy(array).requires_grad_()
    value = function(x)
    outer = lib.from_numpy(np.asarray(source.normal(size=array.shape[:-2]))).requires_grad_()
    (first,) = lib.autograd.grad(value, x, outer, create_graph=True)
    inner = lib.from_numpy(source.normal(size=array.shape))
    second = lib.autograd.grad(first, (x, outer), inner, allow_unused=True)
    second = [lib.zeros_like(given) if each is None else each for each, given in zip(second, (x, outer), strict=True)]
    return [each.numpy(force=True) for each in (value, first, *second)]


def assert_near(ours, exact):
    for a, b in zip(ours, exact, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-7, atol=1e-8 * max(1.0, np.abs(b).max(initial=0)))


SINGULAR = [(rank, size) for size in (1, 2, 3, 4, 5) for rank in range(size)]


@pytest.mark.parametrize(("rank", "size"), SINGULAR)
@pytest.mark.parametrize("lead", [(), (3,), (2, 2)])
def test_singular_matrices_have_the_derivatives_of_the_polynomial(rank, size, lead):
    array = of_rank(np.random.default_rng(rank + 10 * size), rank, *lead, size, size)
    assert_near(derivatives(minitorch, minitorch.det, array), derivatives(torch, leibniz, array))


def test_a_stack_may_have_singular_matrices_of_different_ranks_and_others():
    source = np.random.default_rng(0)
    array = np.stack([source.normal(size=(4, 4)), *(of_rank(source, rank, 4, 4) for rank in range(5))])
    assert_near(derivatives(minitorch, minitorch.det, array), derivatives(torch, leibniz, array))


def test_nearly_singular_matrices_have_the_derivatives_of_the_polynomial():
    source = np.random.default_rng(0)
    array = of_rank(source, 3, 6, 4, 4) + 1e-13 * source.normal(size=(6, 4, 4))
    assert_near(derivatives(minitorch, minitorch.det, array), derivatives(torch, leibniz, array))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_the_gradient_alone_is_the_same_as_when_it_is_recorded(rank):
    array = of_rank(np.random.default_rng(rank), rank, 2, 4, 4)
    x = minitorch.from_numpy(array).requires_grad_()
    cotangent = minitorch.tensor([1.5, -2.0], dtype=minitorch.float64)
    plain, recorded = (
        minitorch.autograd.grad(minitorch.det(x), x, cotangent, create_graph=each)[0].numpy(force=True)
        for each in (False, True)
    )
    np.testing.assert_allclose(plain, recorded, rtol=1e-10, atol=1e-10)


def test_a_matrix_with_nan_does_not_disturb_a_singular_one_beside_it():
    array = np.stack([np.full((3, 3), np.nan), np.diag([1.0, 2.0, 0.0])])
    x = minitorch.from_numpy(array).requires_grad_()
    given = cotangent(minitorch.det(x))
    minitorch.det(x).backward(given)
    assert np.isnan(x.grad[0].numpy()).all()
    np.testing.assert_allclose(x.grad[1].numpy(), np.diag([0.0, 0.0, 2.0 * given[1].item()]), atol=1e-14)


@pytest.mark.parametrize("shape", [(0, 0), (2, 0, 0), (0, 3, 3)])
def test_without_elements_the_determinant_is_an_empty_product(shape):
    ours, theirs = (lib.det(lib.ones(*shape, requires_grad=True)) for lib in (minitorch, torch))
    assert ours.tolist() == theirs.tolist()
    x = minitorch.ones(*shape, requires_grad=True)
    pull_back(minitorch.det(x))
    assert tuple(x.grad.shape) == shape


def test_large_determinants_are_exact_in_sign_and_logarithm():
    array = np.random.default_rng(0).normal(size=(2, 150, 150))
    for dtype in (np.float32, np.float64):
        given = array.astype(dtype)
        sign, logarithm = (each.numpy() for each in minitorch.linalg.slogdet(minitorch.from_numpy(given)))
        exact = np.linalg.slogdet(given.astype(np.float64))
        np.testing.assert_array_equal(sign, exact.sign)
        np.testing.assert_allclose(logarithm, exact.logabsdet, rtol=1e-5 if dtype is np.float32 else 1e-12)


def test_the_logarithm_of_a_negative_determinant_is_nan_and_of_zero_infinite():
    array = np.stack([np.diag([1.0, -1.0]), np.zeros((2, 2)), np.diag([2.0, 3.0])])
    ours, theirs = (lib.logdet(lib.from_numpy(array)).numpy() for lib in (minitorch, torch))
    np.testing.assert_allclose(ours, theirs)
