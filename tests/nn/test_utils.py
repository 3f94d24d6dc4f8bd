"""Clipped gradients, and parameters as one vector, against torch."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error


def parameters(lib: Any, scale: float = 1.0) -> list[Any]:
    source = np.random.default_rng(0)
    made = []
    for shape in ((3, 4), (5,), (), (2, 2)):
        each = lib.nn.Parameter(lib.from_numpy(np.asarray(source.normal(size=shape), np.float32)))
        each.grad = lib.from_numpy(np.asarray(scale * source.normal(size=shape), np.float32))
        made.append(each)
    made[3].grad = None
    return made


@pytest.mark.parametrize("norm_type", [1, 2, 3.5, math.inf])
@pytest.mark.parametrize("max_norm", [0.1, 1e3])
def test_gradients_are_scaled_to_a_norm(max_norm: float, norm_type: float):
    def clipped(lib: Any) -> Any:
        given = parameters(lib)
        total = lib.nn.utils.clip_grad_norm_(given, max_norm, norm_type)
        return total, [each.grad for each in given[:3]]

    assert_same(clipped(minitorch), clipped(torch))


def test_a_norm_that_is_not_finite_can_be_refused():
    assert_same_error(*(
        lambda lib=lib: lib.nn.utils.clip_grad_norm_(parameters(lib, math.inf), 1.0, error_if_nonfinite=True)
        for lib in (minitorch, torch)
    ))  # fmt: skip


def test_no_gradients_have_no_norm():
    assert_same(*(lib.nn.utils.clip_grad_norm_(lib.nn.Parameter(lib.ones(2)), 1.0) for lib in (minitorch, torch)))


def test_elements_are_cut_off():
    def clipped(lib: Any) -> Any:
        given = parameters(lib)
        assert lib.nn.utils.clip_grad_value_(given, 0.5) is None
        return [each.grad for each in given[:3]]

    assert_same(clipped(minitorch), clipped(torch))


def test_a_vector_of_parameters_and_back():
    def through(lib: Any) -> Any:
        given = parameters(lib)
        vector = lib.nn.utils.parameters_to_vector(given)
        lib.nn.utils.vector_to_parameters(vector.detach() * 2, given)
        return vector, [each.data for each in given]

    assert_same(through(minitorch), through(torch))
