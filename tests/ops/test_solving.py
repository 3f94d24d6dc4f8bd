"""Solvers and decompositions beyond what the tables of samples have: large matrices, singular ones, mistakes, kinds of results."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_same_error, pull_back

both_dtypes = pytest.mark.parametrize("dtype", [np.float32, np.float64])
SIZES = [31, 32, 33, 64, 65, 100, 200]  # around the sizes of blocks


@pytest.fixture(autouse=True)
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def assert_small(errors: np.ndarray, scale: float, dtype: type) -> None:
    assert np.abs(errors).max(initial=0) <= 100 * np.finfo(dtype).eps * scale


def drawn(dtype: type, *shape: int) -> np.ndarray:
    return np.random.default_rng(sum(shape)).normal(size=shape).astype(dtype)


@both_dtypes
@pytest.mark.parametrize("shape", [*((2, n, n) for n in SIZES), (100, 40), (40, 100), (33, 70), (70, 33), (300, 300)])
def test_the_factors_of_large_matrices_multiply_to_them(shape, dtype):
    a = drawn(dtype, *shape)
    p, lower, upper = (each.numpy().astype(np.float64) for each in minitorch.linalg.lu(minitorch.from_numpy(a)))
    assert_small(p @ lower @ upper - a, shape[-1], dtype)
    assert np.abs(lower).max() <= 1  # which pivots are for
    packed, pivots = minitorch.linalg.lu_factor(minitorch.from_numpy(a))
    assert packed.stride() == torch.linalg.lu_factor(torch.from_numpy(a)).LU.stride()
    if dtype is np.float64:  # single precision may take another of two that are nearly as large
        assert np.array_equal(pivots.numpy(), [pivots_of(each) for each in a] if a.ndim > 2 else pivots_of(a))


def pivots_of(a: np.ndarray) -> list[int]:
    """The rows with the largest element of each column, from 1; not torch's, whose LAPACK at times fails on large stacks."""
    left, rows = a.copy(), []
    for j in range(min(a.shape)):
        row = j + int(np.abs(left[j:, j]).argmax())
        rows.append(row + 1)
        left[[j, row]] = left[[row, j]]
        left[j + 1 :] -= np.outer(left[j + 1 :, j] / left[j, j], left[j])
    return rows


@both_dtypes
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("left", [True, False])
def test_large_systems_are_solved(size, dtype, left):
    a, b = drawn(dtype, 2, size, size), drawn(dtype, 2, *((size, 5) if left else (5, size)))
    ours = [minitorch.from_numpy(each) for each in (a, b)]
    factors = minitorch.linalg.lu_factor(ours[0])

    def error(x: minitorch.Tensor, matrix: np.ndarray) -> np.ndarray:
        exact = x.numpy().astype(np.float64)
        return (matrix @ exact if left else exact @ matrix) - b

    scale = size * np.linalg.cond(a.astype(np.float64)).max()
    assert_small(error(minitorch.linalg.solve(*ours, left=left), a), scale, dtype)
    assert_small(error(minitorch.linalg.lu_solve(*factors, ours[1], left=left), a), scale, dtype)
    turned = minitorch.linalg.lu_solve(*factors, ours[1], left=left, adjoint=True)
    assert_small(error(turned, a.swapaxes(-1, -2)), scale, dtype)
    for upper in (True, False):
        triangle = (np.triu if upper else np.tril)(a) + np.eye(size, dtype=dtype) * int(2 * size**0.5)
        x = minitorch.linalg.solve_triangular(minitorch.from_numpy(triangle), ours[1], upper=upper, left=left)
        assert_small(error(x, triangle), size, dtype)


@both_dtypes
@pytest.mark.parametrize("size", SIZES)
def test_large_positive_matrices_are_decomposed(size, dtype):
    root = drawn(dtype, 2, size, size)
    a = root @ root.swapaxes(-1, -2) / size + np.eye(size, dtype=dtype)
    ours = minitorch.from_numpy(a)
    lower = minitorch.linalg.cholesky(ours)
    exact = lower.numpy().astype(np.float64)
    assert_small(exact @ exact.swapaxes(-1, -2) - a, size, dtype)
    assert_small(minitorch.linalg.cholesky(ours, upper=True).numpy() - exact.swapaxes(-1, -2), size, dtype)
    inverse = minitorch.cholesky_inverse(lower).numpy().astype(np.float64)
    assert_small(inverse @ a - np.eye(size), 10 * size, dtype)
    assert_small(minitorch.linalg.inv(ours).numpy().astype(np.float64) @ a - np.eye(size), 10 * size, dtype)


@pytest.mark.parametrize("where", [0, 5, 40, 70])
def test_the_first_minor_that_is_not_positive_is_named(where):
    a = np.eye(80)
    a[where, where] = -1
    ours = minitorch.linalg.cholesky_ex(minitorch.from_numpy(np.stack([np.eye(80), a])))
    assert ours.info.tolist() == [0, where + 1]
    assert ours.info.dtype is minitorch.int32


@both_dtypes
@pytest.mark.parametrize("shape", [(1, 1), (2, 2), (3, 3), (2, 3, 9, 9), (100, 100), (0, 3, 3), (2, 0, 0)])
def test_symmetric_matrices_are_decomposed_as_lapack_does_it(shape, dtype):
    a = drawn(dtype, *shape)
    a = a + a.swapaxes(-1, -2)
    ours, theirs = (lib.linalg.ldl_factor(lib.from_numpy(a)) for lib in (minitorch, torch))
    assert ours.pivots.tolist() == theirs.pivots.tolist()
    assert ours.LD.shape == tuple(theirs.LD.shape)
    tolerance = 1e-8 if dtype is np.float64 else 1e-3
    np.testing.assert_allclose(ours.LD.numpy(), theirs.LD.numpy(), tolerance, 10 * tolerance)
    b = drawn(dtype, *shape[:-1], 2)
    x = minitorch.linalg.ldl_solve(*ours, minitorch.from_numpy(b)).numpy().astype(np.float64)
    condition = np.linalg.cond(a.astype(np.float64)).max(initial=1) if a.size else 1
    assert_small(a @ x - b, 10 * max(shape) * condition, dtype)


def test_gradients_of_ldl_are_refused_as_in_torch():
    def refused(lib):
        a = lib.eye(3, requires_grad=True)
        pull_back(lib.linalg.ldl_factor(a * 2).LD)

    assert_same_error(lambda: refused(minitorch), lambda: refused(torch))


SINGULAR = {
    "zeros": np.zeros((3, 3)),
    "of rank 1": np.array([[1.0, 2], [2, 4]]),
    "one of a stack": np.stack([np.eye(2), np.ones((2, 2))]),
}


@pytest.mark.parametrize("matrix", SINGULAR.values(), ids=SINGULAR)
@pytest.mark.parametrize(
    "call",
    [
        lambda lib, a: lib.linalg.inv_ex(a),
        lambda lib, a: lib.linalg.solve_ex(a, lib.ones_like(a)),
        lambda lib, a: lib.linalg.lu_factor_ex(a),
        lambda lib, a: lib.linalg.lu(a),
        lambda lib, a: lib.linalg.slogdet(a),
        lambda lib, a: (lib.linalg.solve_triangular(a, lib.ones_like(a), upper=False),),
    ],
)
def test_singular_matrices_give_infinities_and_nan_where_torch_does(matrix, call):
    ours, theirs = (call(lib, lib.from_numpy(matrix)) for lib in (minitorch, torch))
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a.numpy(), b.numpy())
        assert str(a.dtype).removeprefix("minitorch.") == str(b.dtype).removeprefix("minitorch.")


def zeros(lib, *shape, dtype="float64"):
    return lib.zeros(*shape, dtype=getattr(lib, dtype))


def pivots(lib, *shape):
    return lib.ones(*shape, dtype=lib.int32)


MISTAKES = {
    "lu_factor: a vector": lambda lib: lib.linalg.lu_factor(zeros(lib, 3)),
    "lu_factor: integers": lambda lib: lib.linalg.lu_factor(zeros(lib, 3, 3, dtype="int64")),
    "lu_factor: halves": lambda lib: lib.linalg.lu_factor(zeros(lib, 3, 3, dtype="float16")),
    "lu_factor: singular": lambda lib: lib.linalg.lu_factor(zeros(lib, 3, 3)),
    "lu_factor: singular, in a stack": lambda lib: lib.linalg.lu_factor(zeros(lib, 2, 3, 3)),
    "lu_factor: without pivoting": lambda lib: lib.linalg.lu_factor(lib.eye(3), pivot=False),
    "lu_factor_ex: singular": lambda lib: lib.linalg.lu_factor_ex(zeros(lib, 3, 3), check_errors=True),
    "lu: a vector": lambda lib: lib.linalg.lu(zeros(lib, 3)),
    "lu_unpack: long pivots": lambda lib: lib.lu_unpack(zeros(lib, 3, 3), pivots(lib, 3).long()),
    "lu_unpack: too few pivots": lambda lib: lib.lu_unpack(zeros(lib, 3, 3), pivots(lib, 2)),
    "lu_unpack: too large a pivot": lambda lib: lib.lu_unpack(zeros(lib, 3, 3), 9 * pivots(lib, 3)),
    "lu_unpack: a number": lambda lib: lib.lu_unpack(zeros(lib, 3, 3), 5),
    "lu_solve: long pivots": lambda lib: lib.linalg.lu_solve(zeros(lib, 3, 3), pivots(lib, 3).long(), zeros(lib, 3, 2)),
    "lu_solve: too few pivots": lambda lib: lib.linalg.lu_solve(zeros(lib, 3, 3), pivots(lib, 2), zeros(lib, 3, 2)),
    "lu_solve: not square": lambda lib: lib.linalg.lu_solve(zeros(lib, 3, 2), pivots(lib, 2), zeros(lib, 3, 2)),
    "lu_solve: a vector": lambda lib: lib.linalg.lu_solve(zeros(lib, 3, 3), pivots(lib, 3), zeros(lib, 3)),
    "lu_solve: other rows": lambda lib: lib.linalg.lu_solve(zeros(lib, 3, 3), pivots(lib, 3), zeros(lib, 2, 2)),
    "lu_solve: other columns": lambda lib: lib.linalg.lu_solve(
        zeros(lib, 3, 3), pivots(lib, 3), zeros(lib, 3, 2), left=False
    ),
    "lu_solve: pivots of another stack": lambda lib: lib.linalg.lu_solve(
        zeros(lib, 2, 3, 3), pivots(lib, 3), zeros(lib, 3, 2)
    ),
    "lu_solve: two dtypes": lambda lib: lib.linalg.lu_solve(lib.eye(3), pivots(lib, 3), zeros(lib, 3, 2)),
    "det: not square": lambda lib: lib.det(zeros(lib, 3, 2)),
    "det: a vector": lambda lib: lib.linalg.det(zeros(lib, 3)),
    "det: a number": lambda lib: lib.det(3),
    "det: integers": lambda lib: lib.linalg.det(zeros(lib, 3, 3, dtype="int64")),
    "slogdet: halves": lambda lib: lib.linalg.slogdet(zeros(lib, 3, 3, dtype="float16")),
    "logdet: not square": lambda lib: lib.logdet(zeros(lib, 3, 2)),
    "inv: singular": lambda lib: lib.linalg.inv(zeros(lib, 3, 3)),
    "inv: singular, in a stack": lambda lib: lib.inverse(zeros(lib, 2, 2, 3, 3)),
    "inv_ex: singular": lambda lib: lib.linalg.inv_ex(zeros(lib, 3, 3), check_errors=True),
    "inv: integers": lambda lib: lib.linalg.inv(zeros(lib, 3, 3, dtype="int64")),
    "inv: into integers": lambda lib: lib.linalg.inv(lib.eye(3), out=zeros(lib, 3, 3, dtype="int64")),
    "inv_ex: into another dtype": lambda lib: lib.linalg.inv_ex(lib.eye(3), out=(lib.eye(3), zeros(lib, ()))),
    "solve: singular": lambda lib: lib.linalg.solve(zeros(lib, 3, 3), zeros(lib, 3)),
    "solve_ex: singular": lambda lib: lib.linalg.solve_ex(zeros(lib, 3, 3), zeros(lib, 3), check_errors=True),
    "solve: too short a vector": lambda lib: lib.linalg.solve(zeros(lib, 3, 3), zeros(lib, 2)),
    "solve: a number": lambda lib: lib.linalg.solve(zeros(lib, 3, 3), zeros(lib, ())),
    "solve: two dtypes": lambda lib: lib.linalg.solve(lib.eye(3), zeros(lib, 3)),
    "solve: stacks that do not broadcast": lambda lib: lib.linalg.solve(zeros(lib, 2, 3, 3), zeros(lib, 4, 3, 2)),
    "solve_triangular: other rows": lambda lib: lib.linalg.solve_triangular(lib.eye(3), lib.eye(2), upper=True),
    "solve_triangular: integers": lambda lib: lib.linalg.solve_triangular(
        zeros(lib, 3, 3, dtype="int64"), zeros(lib, 3, 2, dtype="int64"), upper=True
    ),
    "solve_triangular: into another dtype": lambda lib: lib.linalg.solve_triangular(
        zeros(lib, 3, 3), zeros(lib, 3, 2), upper=True, out=lib.eye(3)
    ),
    "triangular_solve: other rows": lambda lib: lib.triangular_solve(zeros(lib, 2, 2), zeros(lib, 3, 3)),
    "triangular_solve: a vector": lambda lib: lib.triangular_solve(zeros(lib, 3), zeros(lib, 3, 3)),
    "triangular_solve: not square": lambda lib: lib.triangular_solve(zeros(lib, 3, 2), zeros(lib, 3, 2)),
    "triangular_solve: two dtypes": lambda lib: lib.triangular_solve(lib.eye(3), zeros(lib, 3, 3)),
    "cholesky: not positive": lambda lib: lib.linalg.cholesky(-lib.eye(3)),
    "cholesky: not positive, in a stack": lambda lib: lib.linalg.cholesky(lib.stack([lib.eye(3), -lib.eye(3)])),
    "cholesky_ex: not positive": lambda lib: lib.linalg.cholesky_ex(-lib.eye(3), check_errors=True),
    "cholesky: halves": lambda lib: lib.linalg.cholesky(zeros(lib, 3, 3, dtype="float16")),
    "cholesky: integers": lambda lib: lib.linalg.cholesky(zeros(lib, 3, 3, dtype="int64")),
    "the cholesky that is removed": lambda lib: lib.cholesky(lib.eye(3)),
    "cholesky_solve: other rows": lambda lib: lib.cholesky_solve(zeros(lib, 2, 2), zeros(lib, 3, 3)),
    "cholesky_solve: a vector": lambda lib: lib.cholesky_solve(zeros(lib, 3, 2), zeros(lib, 3)),
    "cholesky_solve: integers": lambda lib: lib.cholesky_solve(*[zeros(lib, 3, 3, dtype="int64")] * 2),
    "cholesky_solve: into integers": lambda lib: lib.cholesky_solve(
        lib.eye(3), lib.eye(3), out=zeros(lib, 3, 3, dtype="int64")
    ),
    "cholesky_inverse: singular": lambda lib: lib.cholesky_inverse(zeros(lib, 3, 3)),
    "cholesky_inverse: integers": lambda lib: lib.cholesky_inverse(zeros(lib, 3, 3, dtype="int64")),
    "matrix_power: not square": lambda lib: lib.matrix_power(zeros(lib, 3, 2), 2),
    "matrix_power: of a fraction": lambda lib: lib.linalg.matrix_power(lib.eye(3), 1.5),
    "matrix_power: the inverse of integers": lambda lib: lib.matrix_power(zeros(lib, 3, 3, dtype="int64"), -1),
    "matrix_power: into integers": lambda lib: lib.matrix_power(lib.eye(3), 2, out=zeros(lib, 3, 3, dtype="int64")),
    "tensorsolve: other sizes": lambda lib: lib.linalg.tensorsolve(zeros(lib, 2, 3, 6), zeros(lib, 2, 4)),
    "tensorinv: other sizes": lambda lib: lib.linalg.tensorinv(zeros(lib, 4, 5), ind=1),
    "tensorinv: no rows": lambda lib: lib.linalg.tensorinv(zeros(lib, 4, 4), ind=0),
    "tensorinv: singular": lambda lib: lib.linalg.tensorinv(zeros(lib, 2, 2), ind=1),
    "ldl_factor: not square": lambda lib: lib.linalg.ldl_factor(zeros(lib, 3, 2)),
    "ldl_factor: integers": lambda lib: lib.linalg.ldl_factor(zeros(lib, 3, 3, dtype="int64")),
    "ldl_solve: other rows": lambda lib: lib.linalg.ldl_solve(zeros(lib, 3, 3), pivots(lib, 3), zeros(lib, 2, 2)),
    "ldl_solve: a vector": lambda lib: lib.linalg.ldl_solve(zeros(lib, 3, 3), pivots(lib, 3), zeros(lib, 3)),
    "ldl_solve: fractions": lambda lib: lib.linalg.ldl_solve(
        zeros(lib, 3, 3), pivots(lib, 3).float(), zeros(lib, 3, 2)
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistakes_raise_torchs_errors(mistake):
    assert_same_error(lambda: mistake(minitorch), lambda: mistake(torch), whole=True)


def test_an_error_of_linear_algebra_is_known_by_torchs_name():
    with pytest.raises(minitorch.linalg.LinAlgError) as ours:
        minitorch.linalg.inv(minitorch.zeros(2, 2))
    kind = type(ours.value)
    assert issubclass(kind, RuntimeError)
    assert (kind.__module__, kind.__name__) == (torch.linalg.LinAlgError.__module__, torch.linalg.LinAlgError.__name__)


NAMED = {
    "lu_factor": lambda lib: lib.linalg.lu_factor(lib.eye(2)),
    "lu_factor_ex": lambda lib: lib.linalg.lu_factor_ex(lib.eye(2)),
    "linalg.lu": lambda lib: lib.linalg.lu(lib.eye(2)),
    "lu": lambda lib: lib.lu(lib.eye(2)),
    "lu with infos": lambda lib: lib.lu(lib.eye(2), get_infos=True),
    "lu_unpack": lambda lib: lib.lu_unpack(*lib.linalg.lu_factor(lib.eye(2))),
    "slogdet": lambda lib: lib.slogdet(lib.eye(2)),
    "linalg.slogdet": lambda lib: lib.linalg.slogdet(lib.eye(2)),
    "inv_ex": lambda lib: lib.linalg.inv_ex(lib.eye(2)),
    "solve_ex": lambda lib: lib.linalg.solve_ex(lib.eye(2), lib.ones(2)),
    "triangular_solve": lambda lib: lib.triangular_solve(lib.eye(2), lib.eye(2)),
    "cholesky_ex": lambda lib: lib.linalg.cholesky_ex(lib.eye(2)),
    "ldl_factor": lambda lib: lib.linalg.ldl_factor(lib.eye(2)),
    "ldl_factor_ex": lambda lib: lib.linalg.ldl_factor_ex(lib.eye(2)),
    "lu_factor, out": lambda lib: lib.linalg.lu_factor(lib.eye(2), out=(lib.ones(2, 2), pivots(lib, 2))),
    "slogdet, out": lambda lib: lib.slogdet(lib.eye(2), out=(lib.ones(()), lib.ones(()))),
    "linalg.slogdet, out": lambda lib: lib.linalg.slogdet(lib.eye(2), out=(lib.ones(()), lib.ones(()))),
}


@pytest.mark.parametrize("call", NAMED.values(), ids=NAMED)
def test_results_are_named_and_printed_as_torchs(call):
    assert repr(call(minitorch)) == repr(call(torch))


SAVED = {
    "det": lambda lib, a: lib.det(a),
    "slogdet": lambda lib, a: lib.slogdet(a).logabsdet,
    "lu_factor": lambda lib, a: lib.linalg.lu_factor(a).LU,
    "inv": lambda lib, a: lib.linalg.inv(a),
    "solve": lambda lib, a: lib.linalg.solve(a, lib.ones_like(a)),
    "solve_triangular": lambda lib, a: lib.linalg.solve_triangular(a, lib.ones_like(a), upper=True),
    "triangular_solve": lambda lib, a: lib.triangular_solve(lib.ones_like(a), a).solution,
    "lu_solve": lambda lib, a: lib.linalg.lu_solve(a, pivots(lib, 3), lib.ones_like(a)),
    "cholesky": lambda lib, a: lib.linalg.cholesky(a),
    "cholesky_solve": lambda lib, a: lib.cholesky_solve(lib.ones_like(a), a),
    "cholesky_inverse": lambda lib, a: lib.cholesky_inverse(a),
}


@pytest.mark.parametrize("call", SAVED.values(), ids=SAVED)
def test_what_nodes_have_saved_is_known_by_torchs_names(call):
    ours, theirs = (call(lib, lib.eye(3, requires_grad=True)).grad_fn for lib in (minitorch, torch))
    names = {name for name in dir(theirs) if name.startswith("_saved_")}
    assert names
    assert names <= {name for name in dir(ours) if name.startswith("_saved_")}
    for name in names:
        a, b = getattr(ours, name), getattr(theirs, name)
        assert (a.tolist() if hasattr(a, "tolist") else a) == (b.tolist() if hasattr(b, "tolist") else b)


@pytest.mark.usefixtures("every_warning")
@pytest.mark.parametrize("name", ["lu", "lu_solve", "triangular_solve"])
def test_what_is_deprecated_says_so_as_in_torch(name):
    def warning(lib):
        given = {"lu": (lib.eye(2),), "lu_solve": (lib.eye(2), lib.eye(2), pivots(lib, 2))}
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            getattr(lib, name)(*given.get(name, (lib.eye(2), lib.eye(2))))
        return str(caught[0].message).partition(" (Triggered")[0] if caught else None

    theirs = warning(torch)
    assert theirs is not None
    assert warning(minitorch) == theirs


KEYWORDS = {
    **dict.fromkeys(("linalg.inv", "linalg.inv_ex", "linalg.det", "linalg.slogdet", "linalg.lu"), ("A",)),
    **dict.fromkeys(("linalg.lu_factor", "linalg.lu_factor_ex"), ("A",)),
    **dict.fromkeys(("linalg.cholesky", "linalg.cholesky_ex", "linalg.ldl_factor", "cholesky_inverse"), ("input",)),
    **dict.fromkeys(("det", "slogdet", "logdet", "inverse", "linalg.ldl_factor_ex"), ("input",)),
    **dict.fromkeys(("linalg.solve", "linalg.solve_ex"), ("A", "B")),
    "linalg.tensorsolve": ("input", "other"),
    "cholesky_solve": ("input", "input2"),
    "triangular_solve": ("input", "A"),
    "lu_solve": ("input", "LU_data", "LU_pivots"),
    "linalg.lu_solve": ("LU", "pivots", "B"),
    "linalg.ldl_solve": ("LD", "pivots", "B"),
    "lu_unpack": ("LU_data", "LU_pivots"),
}


@pytest.mark.parametrize("name", KEYWORDS)
def test_arguments_have_torchs_names(name):
    def call(lib):
        place, _, function = name.rpartition(".")
        given = {each: pivots(lib, 2) if "pivots" in each else lib.eye(2) for each in KEYWORDS[name]}
        if "other" in given:
            given["other"] = lib.ones(2)
        result = getattr(getattr(lib, place, lib), function)(**given)
        return [each.tolist() for each in (result if isinstance(result, tuple) else (result,))]

    assert call(minitorch) == call(torch)
