"""Bessel functions beside numbers of many digits (torch's are off in the sixth digit in places), and at edges beside torch."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, pull_back

# Computed with 30 digits; Airy's function at the negative of each number.
POINTS = [1e-06, 0.3, 1.0, 2.5, 7.75, 13.9, 14.1, 40.0, 1234.5]
KNOWN = {
    "bessel_j0": [
        0.99999999999975,
        0.9776262465382961,
        0.7651976865579666,
        -0.048383776468198,
        0.22523406912010668,
        0.18357985545786965,
        0.15695287703260125,
        0.00736689058423729,
        -0.013550379618035721,
    ],
    "bessel_j1": [
        4.999999999999375e-07,
        0.148318816273104,
        0.4400505857449335,
        0.49709410246427405,
        0.1916025921891178,
        0.11652489036905639,
        0.14878435129739387,
        0.126038318037585,
        0.0182175083373925,
    ],
    "bessel_y0": [
        -8.869031481659444,
        -0.8072735778045195,
        0.08825696421567696,
        0.4980703596152319,
        0.17676987751364717,
        0.10985918945952657,
        0.14313622862254458,
        0.12593641705826092,
        0.018222995047412552,
    ],
    "bessel_y1": [
        -636619.772372175,
        -2.2931051383885293,
        -0.7812128213002887,
        0.1459181379667858,
        -0.21433222865940804,
        -0.1797509510695483,
        -0.15198133346781773,
        -0.005793505821549633,
        0.013557761447180334,
    ],
    "scaled_modified_bessel_k0": [
        13.931456005075459,
        1.8526273007720142,
        1.144463079806895,
        0.7595486903280996,
        0.44340977933536646,
        0.3332560203015054,
        0.330923549473581,
        0.19755558495729816,
        0.035667316406815634,
    ],
    "scaled_modified_bessel_k1": [
        1000000.9999932843,
        4.12515776224447,
        1.6361534862632583,
        0.900174423907878,
        0.4711940069873715,
        0.3450420307257065,
        0.3424636878814552,
        0.20000996725443349,
        0.03568175954137276,
    ],
    "airy_ai": [
        0.355028312707221,
        0.43090309528558085,
        0.5355608832923521,
        -0.11232506769296609,
        0.17497790079676515,
        -0.20434433220527407,
        -0.29081008514996654,
        -0.04593392343795725,
        0.0847327393708121,
    ],
}


@pytest.mark.parametrize("name", KNOWN)
def test_values_are_right(name: str):
    x = np.array(POINTS) * (-1 if name == "airy_ai" else 1)
    found = getattr(minitorch.special, name)(minitorch.from_numpy(x)).numpy()
    np.testing.assert_allclose(found, KNOWN[name], rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", [
    "airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "modified_bessel_i0", "modified_bessel_i1",
    "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "spherical_bessel_j0",
])  # fmt: skip
def test_edges_are_torchs(name: str, dtype: str):
    values = np.array([0.0, -0.0, -1.0, np.inf, -np.inf, np.nan, 100.0], dtype)
    ours, theirs = (getattr(lib.special, name)(lib.from_numpy(values)) for lib in (minitorch, torch))
    assert_same(ours, theirs)
    with pytest.raises(NotImplementedError, match="not implemented for 'Half'"):
        getattr(minitorch.special, name)(minitorch.ones(2).half())


POLYNOMIALS = [name for name in minitorch.special.__all__ if "polynomial" in name]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", POLYNOMIALS)
def test_polynomials_are_torchs(name: str, dtype: str):
    x = np.array([0.0, -0.0, -1.0, np.inf, -np.inf, np.nan, -3.0, 1.0, 0.25, 2.5], dtype)
    n = np.array([3.0, 8, -1, 1.7, -0.5, 20, np.nan, np.inf], dtype)[:, None]
    ours, theirs = (getattr(lib.special, name)(lib.from_numpy(x), lib.from_numpy(n)) for lib in (minitorch, torch))
    assert_same(ours, theirs)
    ours, theirs = (getattr(lib.special, name)(0.5, lib.tensor([1, 2])) for lib in (minitorch, torch))
    assert_same(ours, theirs)


def test_zeta_at_the_edges_is_torchs():
    s = np.array([1.0, 0.5, 2, 3, 2.5, np.inf, np.nan, 30])[:, None]
    q = np.array([0.0, -1, -1.5, 2, np.inf, np.nan, 0.1, 50])
    ours, theirs = (lib.special.zeta(lib.from_numpy(s), lib.from_numpy(q)) for lib in (minitorch, torch))
    assert_same(ours, theirs)
    for lib in (minitorch, torch):
        with pytest.raises(NotImplementedError, match="the derivative for 'zeta' is not implemented"):
            pull_back(lib.special.zeta(lib.tensor([2.0], requires_grad=True), 2))


def test_numbers_that_are_too_large_to_have_a_fraction_are_whole():
    q = [-math.inf, -1e20, -(2.0**53)]
    ours = minitorch.special.zeta(2.0, minitorch.tensor(q, dtype=minitorch.float64))
    assert ours.tolist() == torch.special.zeta(2.0, torch.tensor(q, dtype=torch.float64)).tolist() == [math.inf] * 3
