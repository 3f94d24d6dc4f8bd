"""The optimiser's passes: rounding, layouts."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch.kernels.cpu.optimizer import sgd

NUMBERS = st.floats(-1e3, 1e3, width=32)


@given(param=NUMBERS, grad=NUMBERS, lr=st.floats(2**-10, 1, width=32))
def test_a_step_is_rounded_once(param: float, grad: float, lr: float):
    array = np.array([param], np.float32)
    sgd([array], [np.array([grad], np.float32)], None, lr, 0, 1, 0, False, False)
    exact = Fraction(param) - Fraction(lr) * Fraction(grad)
    below, above = (np.nextafter(array[0], np.float32(end)) for end in (-np.inf, np.inf))
    assert all(abs(Fraction(float(array[0])) - exact) <= abs(Fraction(float(each)) - exact) for each in (below, above))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_other_layouts_give_the_same_numbers(dtype: type):
    source = np.random.default_rng(0)
    rows = [source.standard_normal((5, 6)).astype(dtype) for _ in range(3)]
    others = [rows[0].T.copy().T, np.repeat(rows[1], 2, axis=1)[:, ::2], rows[2].T.copy().T]
    for param, grad, velocity in (rows, others):
        sgd([param], [grad], [velocity], 0.1, 0.9, 0.7, 0.01, True, True)
    np.testing.assert_array_equal(rows[0], others[0])
    np.testing.assert_array_equal(rows[2], others[2])


def test_infinities_stay_out_of_what_is_switched_off():
    param, grad = np.array([np.inf, 1.0]), np.array([1.0, 2.0])
    sgd([param], [grad], None, 0.5, 0, 1, 0, False, False)
    np.testing.assert_array_equal(param, [np.inf, 0.0])
