"""The incomplete gamma functions beside numbers of many digits, and at their edges beside torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, pull_back

# a, x, P(a, x), Q(a, x): computed with 40 digits. The last come from normal distributions that are nearly these.
KNOWN = [
    (1.268379729049285e-10, 1.031337018091787, 0.9999999999735913, 2.6408648590493137e-11),
    (1.0061607649808489e-10, 3.387915353663739e-10, 0.9999999978640797, 2.135920375978231e-09),
    (0.001, 1.08, 0.9998076318278966, 0.00019236817210348974),
    (0.3, 1.0, 0.9156741562411088, 0.08432584375889124),
    (5.0, 20.0, 0.9999830552560699, 1.6944743930067385e-05),
    (20.36728689111317, 14.368775403300935, 0.07896544992276679, 0.9210345500772332),
    (23.676483088796406, 30.490960275158688, 0.9118163121339355, 0.08818368786606445),
    (158.63087485470643, 111.86425413757225, 1.811807867042493e-05, 0.9999818819213295),
    (1015.8249119262184, 1157.3998646075077, 0.9999898367305433, 1.0163269456631401e-05),
    (1.5e6, 1.5e6, 0.5001085783363806, 0.49989142166361944),
    (2830354.4765646285, 2809014.8484568195, 2.4058727289964432e-37, 1.0),
    (8771661.481455097, 8758056.919158846, 2.155837152817694e-06, 0.9999978441628472),
]


@pytest.mark.parametrize(("name", "column"), [("igamma", 2), ("igammac", 3)])
def test_nearly_all_digits_are_right(name: str, column: int):
    a, x, *_ = np.array(KNOWN).T
    found = getattr(minitorch, name)(minitorch.from_numpy(a), minitorch.from_numpy(x))
    np.testing.assert_allclose(found.numpy()[:-3], np.array(KNOWN)[:-3, column], rtol=1e-13)
    np.testing.assert_allclose(found.numpy()[-3:], np.array(KNOWN)[-3:, column], rtol=1e-10)


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("name", ["igamma", "igammac"])
def test_the_edges_are_torchs(name: str, dtype: str):
    values = np.array([0.0, -0.0, 1.0, -1.0, 0.5, np.inf, -np.inf, np.nan], dtype)
    a, x = values[:, None], values
    ours, theirs = (getattr(lib, name)(lib.from_numpy(a), lib.from_numpy(x)) for lib in (minitorch, torch))
    assert_same(ours, theirs)


@pytest.mark.parametrize("name", ["igamma", "igammac"])
def test_the_first_argument_has_no_gradient(name: str):
    for lib in (minitorch, torch):
        result = getattr(lib, name)(lib.ones(2, requires_grad=True), lib.ones(2))
        with pytest.raises(NotImplementedError, match=f"the derivative for '{name}: input' is not implemented."):
            pull_back(result)
