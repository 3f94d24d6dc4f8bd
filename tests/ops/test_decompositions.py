"""Decompositions, norms of matrices and distances: what the tables of cases do not say, with torch as the oracle."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same, assert_same_error

INF, NAN = float("inf"), float("nan")


def in_both(call: Any) -> None:
    """Compares what a call gives, in values, dtypes, strides and printed type."""
    ours, theirs = call(minitorch), call(torch)
    assert_same(ours, theirs)
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (ours, theirs)), strict=True):
        assert b.numel() < 2 or a.stride() == b.stride()
    assert type(ours).__name__ == type(theirs).__name__


def refused_by_both(call: Any) -> None:
    assert_same_error(lambda: call(minitorch), lambda: call(torch))


def numbers(lib: Any, *shape: int, dtype: str = "float64") -> Any:
    return lib.from_numpy(np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype))


# -- refusals -----------------------------------------------------------------------------------------------------------

INPUTS = {
    "integers": lambda lib: lib.ones(3, 3, dtype=lib.int64),
    "a vector": lambda lib: lib.ones(3),
    "a number": lambda lib: lib.tensor(1.0),
    "a wide matrix": lambda lib: lib.ones(2, 3),
    "halves": lambda lib: lib.ones(3, 3, dtype=lib.float16),
    "NaN": lambda lib: lib.full((3, 3), NAN),
    "NaN in a stack": lambda lib: lib.stack([lib.eye(3), lib.full((3, 3), NAN)]),
    "no tensor": lambda lib: 3,
}
FUNCTIONS = {
    "linalg.qr": lambda lib, x: lib.linalg.qr(x),
    "geqrf": lambda lib, x: lib.geqrf(x),
    "linalg.svd": lambda lib, x: lib.linalg.svd(x),
    "linalg.svdvals": lambda lib, x: lib.linalg.svdvals(x),
    "svd": lambda lib, x: lib.svd(x),
    "linalg.eigh": lambda lib, x: lib.linalg.eigh(x),
    "linalg.eigvalsh": lambda lib, x: lib.linalg.eigvalsh(x),
    "linalg.pinv": lambda lib, x: lib.linalg.pinv(x),
    "linalg.pinv hermitian": lambda lib, x: lib.linalg.pinv(x, hermitian=True),
    "linalg.matrix_rank": lambda lib, x: lib.linalg.matrix_rank(x),
    "linalg.matrix_rank hermitian": lambda lib, x: lib.linalg.matrix_rank(x, hermitian=True),
    "matrix_exp": lambda lib, x: lib.matrix_exp(x),
    "linalg.matrix_exp": lambda lib, x: lib.linalg.matrix_exp(x),
    "linalg.matrix_norm": lambda lib, x: lib.linalg.matrix_norm(x),
    "linalg.matrix_norm 2": lambda lib, x: lib.linalg.matrix_norm(x, 2),
    "linalg.vector_norm": lambda lib, x: lib.linalg.vector_norm(x),
    "norm nuc": lambda lib, x: lib.linalg.vector_norm(x) if isinstance(x, int) else lib.norm(x, "nuc"),
    "linalg.cond": lambda lib, x: lib.linalg.cond(x),
    "linalg.cond 1": lambda lib, x: lib.linalg.cond(x, 1),
    "linalg.cond fro": lambda lib, x: lib.linalg.cond(x, "fro"),
    "linalg.vander": lambda lib, x: lib.linalg.vander(x),
    "vander": lambda lib, x: lib.vander(x),
    "linalg.diagonal": lambda lib, x: lib.linalg.diagonal(x),
    "linalg.householder_product": lambda lib, x: lib.linalg.householder_product(x, lib.ones(3)),
    "pdist": lambda lib, x: lib.pdist(x),
    "cdist": lambda lib, x: lib.cdist(x, x),
}


@pytest.mark.parametrize("given", INPUTS)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_torch_refuses_is_refused_with_its_words(name: str, given: str):
    function, make = FUNCTIONS[name], INPUTS[given]
    try:
        function(torch, make(torch))
    except Exception as error:
        if "invalid combination of arguments" in str(error) and given == "no tensor":
            with pytest.raises(TypeError):
                function(minitorch, make(minitorch))
        else:
            refused_by_both(lambda lib: function(lib, make(lib)))
    else:
        assert_values(function, make)


def assert_values(function: Any, make: Any) -> None:
    """What torch takes, minitorch takes, with results of the same shapes."""
    ours, theirs = (function(lib, make(lib)) for lib in (minitorch, torch))
    for a, b in zip(*(x if isinstance(x, tuple) else (x,) for x in (ours, theirs)), strict=True):
        assert (tuple(a.shape), str(a.dtype)) == (tuple(b.shape), str(b.dtype))


REFUSED = {
    "mode": lambda lib: lib.linalg.qr(lib.ones(2, 2), mode="raw"),
    "gradient of the mode r": lambda lib: lib.linalg.qr(numbers(lib, 3, 2).requires_grad_(), "r").R.sum().backward(),
    "gradient of a complete Q": lambda lib: lib.linalg.qr(numbers(lib, 3, 2).requires_grad_(), "complete").R.sum().backward(),
    "gradient of geqrf": lambda lib: lib.geqrf(numbers(lib, 3, 2).requires_grad_()).a.sum().backward(),
    "qr": lambda lib: lib.qr(lib.ones(2, 2)),
    "UPLO": lambda lib: lib.linalg.eigh(lib.ones(2, 2), "X"),
    "driver": lambda lib: lib.linalg.svd(lib.ones(2, 2), driver="gesvd"),
    "more reflections than columns": lambda lib: lib.orgqr(lib.ones(3, 2), lib.ones(3)),
    "reflections of another stack": lambda lib: lib.orgqr(lib.ones(2, 3, 2), lib.ones(3, 2)),
    "reflections of one matrix": lambda lib: lib.orgqr(lib.ones(2, 3, 2), lib.ones(2)),
    "reflections of another dtype": lambda lib: lib.orgqr(lib.ones(3, 2), lib.ones(2).double()),
    "ormqr of fewer rows": lambda lib: lib.ormqr(lib.ones(3, 2), lib.ones(2), lib.ones(4, 3)),
    "ormqr of fewer columns": lambda lib: lib.ormqr(lib.ones(3, 2), lib.ones(2), lib.ones(4, 5), False),
    "ormqr of fewer reflections": lambda lib: lib.ormqr(lib.ones(3, 2), lib.ones(1), lib.ones(3, 3)),
    "ormqr of another stack": lambda lib: lib.ormqr(lib.ones(2, 3, 2), lib.ones(2, 2), lib.ones(4, 3, 3)),
    "ormqr of another dtype": lambda lib: lib.ormqr(lib.ones(3, 2), lib.ones(2), lib.ones(3, 3).double()),
    "lstsq of fewer rows": lambda lib: lib.linalg.lstsq(lib.ones(3, 2), lib.ones(2, 1)),
    "lstsq of another dtype": lambda lib: lib.linalg.lstsq(lib.ones(3, 2), lib.ones(3, 1).double()),
    "lstsq of another stack": lambda lib: lib.linalg.lstsq(lib.ones(2, 3, 2), lib.ones(3, 3, 1)),
    "lstsq of a number": lambda lib: lib.linalg.lstsq(lib.ones(3, 2), lib.tensor(1.0)),
    "lstsq's driver": lambda lib: lib.linalg.lstsq(lib.ones(3, 2), lib.ones(3, 1), driver="foo"),
    "lstsq without full rank": lambda lib: lib.linalg.lstsq(lib.ones(2, 3, 2), lib.ones(2, 3, 1), driver="gels"),
    "norm": lambda lib: lib.linalg.norm(lib.ones(2, 2), "foo"),
    "norm of three dimensions": lambda lib: lib.linalg.norm(lib.ones(2, 2, 2), 2),
    "dimensions of a norm": lambda lib: lib.linalg.norm(lib.ones(2, 2, 2), 2, dim=(0, 1, 2)),
    "order of a matrix norm": lambda lib: lib.linalg.matrix_norm(lib.ones(2, 2), 3),
    "one dimension of a matrix norm": lambda lib: lib.linalg.matrix_norm(lib.ones(2, 2), dim=(0,)),
    "a dimension twice": lambda lib: lib.linalg.matrix_norm(lib.ones(2, 2), dim=(0, 0)),
    "a narrower dtype": lambda lib: lib.linalg.matrix_norm(lib.ones(2, 2), dtype=lib.float16),
    "an integer dtype": lambda lib: lib.linalg.vector_norm(lib.ones(2), dtype=lib.int64),
    "the largest of nothing": lambda lib: lib.linalg.vector_norm(lib.ones(0), INF),
    "the largest of no rows": lambda lib: lib.linalg.vector_norm(lib.ones(0, 3), INF, dim=0),
    "the least of no values": lambda lib: lib.linalg.matrix_norm(lib.ones(0, 3), -2),
    "condition": lambda lib: lib.linalg.cond(lib.ones(2, 2), 3),
    "condition of a wide matrix": lambda lib: lib.linalg.cond(lib.ones(2, 3), 1),
    "multi_dot of one": lambda lib: lib.linalg.multi_dot([lib.ones(2, 2)]),
    "multi_dot of two dtypes": lambda lib: lib.linalg.multi_dot([lib.ones(2, 2), lib.ones(2, 2).double()]),
    "chain_matmul of vectors": lambda lib: lib.chain_matmul(lib.ones(2), lib.ones(2, 2)),
    "powers": lambda lib: lib.linalg.vander(lib.ones(2), N=1),
    "powers below 0": lambda lib: lib.vander(lib.ones(2), -1),
    "cdist of vectors": lambda lib: lib.cdist(lib.ones(2), lib.ones(2, 2)),
    "cdist of other columns": lambda lib: lib.cdist(lib.ones(2, 2), lib.ones(2, 3)),
    "cdist of two dtypes": lambda lib: lib.cdist(lib.ones(2, 2), lib.ones(2, 2).double()),
    "cdist's p": lambda lib: lib.cdist(lib.ones(2, 2), lib.ones(2, 2), -1),
    "cdist's mode": lambda lib: lib.cdist(lib.ones(2, 2), lib.ones(2, 2), 2, "foo"),
    "pdist's p": lambda lib: lib.pdist(lib.ones(2, 2), -1),
    "rank of the components": lambda lib: lib.pca_lowrank(lib.ones(3, 2), 3),
    "refinements": lambda lib: lib.pca_lowrank(lib.ones(3, 2), 2, niter=-1),
    "out of svdvals": lambda lib: lib.linalg.svdvals(lib.ones(2, 2), out=lib.empty(0).double()),
    "out of eigh": lambda lib: lib.linalg.eigh(lib.eye(2), out=(lib.empty(0).double(), lib.empty(0))),
    "out of matrix_norm": lambda lib: lib.linalg.matrix_norm(lib.eye(2), out=lib.empty(0).double()),
    "out of norm": lambda lib: lib.linalg.norm(lib.eye(2), out=lib.empty(0).double()),
    "out of matrix_rank": lambda lib: lib.linalg.matrix_rank(lib.eye(2), out=lib.empty(0).bool()),
    "out of cond": lambda lib: lib.linalg.cond(lib.eye(2), out=lib.empty(0).long()),
    "out of qr with a gradient": lambda lib: lib.linalg.qr(lib.eye(2).requires_grad_(), out=(lib.empty(0), lib.empty(0))),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_arguments_that_do_not_fit_raise_torchs_errors(name: str):
    refused_by_both(REFUSED[name])


# -- results --------------------------------------------------------------------------------------------------------------

RESULTS = {
    **{
        f"{name} {shape}": lambda lib, call=call, shape=shape: call(lib, numbers(lib, *shape))
        for shape in [(3, 2), (2, 3), (2, 3, 3), (0, 3), (3, 0), (2, 0, 3)]
        for name, call in {
            "linalg.qr": lambda lib, x: lib.linalg.qr(x),
            "linalg.qr complete": lambda lib, x: lib.linalg.qr(x, "complete"),
            "linalg.qr r": lambda lib, x: lib.linalg.qr(x, "r"),
            "geqrf": lambda lib, x: lib.geqrf(x),
            "linalg.matrix_rank": lambda lib, x: lib.linalg.matrix_rank(x),
            "svd without vectors": lambda lib, x: lib.svd(x, compute_uv=False),
        }.items()
    },
    "eigenvalues of the upper triangle": lambda lib: lib.linalg.eigh(numbers(lib, 3, 3), "U").eigenvalues,
    **{
        f"lstsq {driver} {a} {b}": lambda lib, driver=driver, a=a, b=b: lib.linalg.lstsq(
            numbers(lib, *a), numbers(lib, *b), driver=driver
        )
        for driver in ("gels", "gelsy", "gelsd", "gelss", None)
        for a, b in [((4, 2), (4, 3)), ((2, 4, 2), (2, 4)), ((2, 2, 4), (2, 2, 3)), ((1, 3, 2), (5, 3, 1))]
    },
    "lstsq of nothing": lambda lib: lib.linalg.lstsq(numbers(lib, 0, 3), numbers(lib, 0, 1), driver="gelsd"),
    "lstsq of no unknowns": lambda lib: lib.linalg.lstsq(numbers(lib, 3, 0), numbers(lib, 3, 1), driver="gelsd"),
    "lstsq with rcond": lambda lib: lib.linalg.lstsq(lib.diag(lib.tensor([3.0, 1.0])), lib.ones(2, 1), 0.5),
    "rank with tolerances": lambda lib: lib.linalg.matrix_rank(
        lib.diag(lib.tensor([3.0, 1.0])), atol=lib.tensor([0.5, 2.0]), rtol=lib.tensor([0.5, 0.1])
    ),
    "rank by a number": lambda lib: lib.linalg.matrix_rank(lib.diag(lib.tensor([3.0, 1.0])), 1.5),
    "rank of a symmetric matrix": lambda lib: lib.linalg.matrix_rank(lib.ones(3, 3), hermitian=True),
    "rank of infinities": lambda lib: lib.linalg.matrix_rank(lib.full((2, 2), INF)),
    "pinv with tolerances": lambda lib: lib.linalg.pinv(lib.diag(lib.tensor([3.0, 1.0])), atol=1.5),
    "pinv by a number": lambda lib: lib.linalg.pinv(lib.diag(lib.tensor([3.0, 1.0])), 0.5),
    **{
        f"condition {p} {name}": lambda lib, p=p, make=make: lib.linalg.cond(make(lib), p)
        for p in (1, -1, "fro", INF, -INF)
        for name, make in {
            "": lambda lib: numbers(lib, 2, 3, 3),
            "of a singular matrix": lambda lib: lib.ones(2, 2),
            "of NaN": lambda lib: lib.full((2, 2), NAN),
            "of nothing": lambda lib: lib.ones(0, 0),
        }.items()
    },
    "matrix_exp of NaN": lambda lib: lib.matrix_exp(lib.stack([lib.eye(2), lib.full((2, 2), NAN)])),
    "matrix_exp too large": lambda lib: lib.matrix_exp(lib.full((2, 2), 300.0)),
    "matrix_exp of different sizes": lambda lib: lib.matrix_exp(numbers(lib, 3, 2, 2) * lib.tensor([[[1e-9]], [[1.0]], [[30]]])),
    "vander": lambda lib: lib.vander(lib.tensor([1, 2, 3])),
    "vander increasing": lambda lib: lib.vander(numbers(lib, 3), 5, True),
    "vander of no powers": lambda lib: lib.vander(lib.ones(3), 0),
    "vander of one power": lambda lib: lib.vander(lib.ones(3), 1),
    "linalg.vander of integers": lambda lib: lib.linalg.vander(lib.tensor([2, 3], dtype=lib.int32)),
    "norm of a wider dtype": lambda lib: lib.linalg.matrix_norm(lib.ones(2, 2), "nuc", dtype=lib.float64),
    "norm of nothing": lambda lib: lib.linalg.matrix_norm(lib.ones(2, 0, 3), 2),
    **{
        f"distances {p} {value}": lambda lib, p=p, value=value: (
            lib.cdist(lib.tensor([[value, 1.0]]), lib.tensor([[value, 1.0], [0.0, 0.0]]), p),
            lib.pdist(lib.tensor([[value, 1.0], [0.0, 0.0]]), p),
        )
        for p in (0.0, 0.5, 1.0, 2.0, 3.0, INF)
        for value in (NAN, INF)
    },
    "distances from nothing": lambda lib: lib.cdist(lib.ones(0, 2), lib.ones(3, 2)),
    "distances in no dimensions": lambda lib: lib.cdist(lib.ones(2, 0), lib.ones(3, 0)),
    "distances of one": lambda lib: lib.pdist(lib.ones(1, 3)),
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
def test_results_types_dtypes_and_strides_are_torchs(name: str):
    in_both(RESULTS[name])


@pytest.mark.parametrize("count", [1, 3])
def test_results_are_written_to_what_is_given(count: int):
    def call(lib: Any) -> Any:
        x, empty = numbers(lib, 3, 3), [lib.empty(0, dtype=lib.float64) for _ in range(3)]
        if count == 1:
            return lib.linalg.svdvals(x, out=empty[0])
        return lib.linalg.svd(x @ x.mT, out=tuple(empty))

    ours, theirs = call(minitorch), call(torch)
    if count == 1:
        assert_same(ours, theirs)
    else:
        assert_same(ours[1], theirs[1])
        assert [x.stride() for x in ours] == [x.stride() for x in theirs]
        assert repr(ours).split("\n")[0] == repr(theirs).split("\n")[0]


def test_a_failed_decomposition_is_a_LinAlgError():
    with pytest.raises(minitorch.linalg.LinAlgError):
        minitorch.linalg.svd(minitorch.full((2, 2), NAN))
    assert issubclass(minitorch.linalg.LinAlgError, RuntimeError)


# -- low rank ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5, 4), (4, 5), (2, 6, 4)])
@pytest.mark.parametrize("name", ["svd_lowrank", "pca_lowrank"])
def test_decompositions_of_low_rank_and_their_gradients_are_torchs(name: str, shape: tuple[int, ...]):
    def run(lib: Any) -> list[Any]:
        *lead, m, n = shape
        a, b = numbers(lib, *lead, m, 2).requires_grad_(), numbers(lib, *lead, 2, n).requires_grad_()
        lib.manual_seed(0)
        u, s, v = getattr(lib, name)(a @ b, 2)
        product = (u * (s**2).unsqueeze(-2)) @ v.mT  # whose signs are determined
        first = lib.autograd.grad(product, [a, b], numbers(lib, *shape), create_graph=True)
        second = lib.autograd.grad(first, [a, b], [numbers(lib, *x.shape) for x in first])
        return [s.detach(), product.detach(), *(x.detach() for x in (*first, *second))]

    for ours, theirs in zip(run(minitorch), run(torch), strict=True):
        np.testing.assert_allclose(ours.numpy(), theirs.numpy(), 1e-7, 1e-7 * float(theirs.abs().max()))


def test_what_is_taken_off_may_be_broadcast():
    def run(lib: Any) -> Any:
        lib.manual_seed(0)
        return lib.svd_lowrank(numbers(lib, 4, 3), 3, M=numbers(lib, 1, 3))[1]

    assert_same(run(minitorch), run(torch))


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
