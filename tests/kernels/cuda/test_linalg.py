"""What the table of cases does not say of linear algebra: how results are laid out, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("numba_cuda", reason="numba-cuda, which compiles these kernels, is not installed")

from minitorch.kernels import tables
from minitorch.kernels.cuda import DeviceArray, from_host

CPU, GPU = tables[np.ndarray], tables[DeviceArray]
RANDOM = np.random.default_rng(3)
PROGRAMS = {
    "linalg_lu_factor": lambda k, a: k.linalg_lu_factor(a),
    "linalg_solve": lambda k, a: k.linalg_solve(a, a),
    "linalg_solve right": lambda k, a: k.linalg_solve(a, a, False),
    "linalg_solve_triangular": lambda k, a: k.linalg_solve_triangular(a, a, True, False),
    "lu_permutation": lambda k, a: k.lu_permutation(k.linalg_lu_factor(a)[1], a),
    "linalg_cholesky": lambda k, a: k.linalg_cholesky(k.matmul(a, k.transpose(a, 1, 2)), True),
    "linalg_ldl_factor": lambda k, a: k.linalg_ldl_factor(a),
    "geqrf": lambda k, a: k.geqrf(a),
    "linalg_qr": lambda k, a: k.linalg_qr(a, "reduced"),
    "ormqr": lambda k, a: k.ormqr(*k.geqrf(a), a, False, True),
    "linalg_svd": lambda k, a: k.linalg_svd(a, True),
    "linalg_eigh": lambda k, a: k.linalg_eigh(a, "L"),
    "linalg_lstsq": lambda k, a: k.linalg_lstsq(a, a, 1e-6, "gelsd")[0],
    "copied_stack": lambda k, a: k.copied_stack(a, (2, 2)),
    "linalg_pinv": lambda k, a: k.linalg_pinv(a),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_results_are_laid_out_as_on_the_cpu(name, interpreter):
    a = RANDOM.standard_normal((2, 3, 3))
    theirs, ours = PROGRAMS[name](CPU, a), PROGRAMS[name](GPU, from_host(a))
    pairs = [(theirs, ours)] if isinstance(theirs, np.ndarray) else zip(theirs, ours, strict=True)
    assert all(found.strides == wanted.strides for wanted, found in pairs)


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_not_finite_cannot_be_decomposed(number, interpreter):
    a = from_host(np.array([[number, 0], [0, 1]]))
    for refused in (
        lambda: GPU.linalg_svd(a, True),
        lambda: GPU.linalg_eigh(a, "L"),
        lambda: GPU.linalg_lstsq(a, a, 1e-6, "gelsd"),
    ):
        with pytest.raises(ValueError, match="not finite"):
            refused()


def test_least_squares_by_triangles_need_full_rank(interpreter):
    a = from_host(np.zeros((3, 2)))
    with pytest.raises(ValueError, match="full rank"):
        GPU.linalg_lstsq(a, a, 1e-6, "gels")
