"""Rows for decompositions of matrices into triangles, and for what is solved with them."""

from __future__ import annotations

import warnings
from typing import Any

from tests.ops.case import Case, fixed, of_one, one_of

SQUARE = one_of((3, 3), (2, 3, 3), (2, 1, 4, 4), (1, 1))
MATRICES = one_of((3, 3), (2, 2, 5), (2, 5, 2))
SYSTEM = fixed((2, 3, 3), (2, 3, 2))
BROADCAST = fixed((3, 3), (2, 3, 2))
FROM_THE_RIGHT = fixed((2, 3, 3), (2, 2, 3))


def positive(lib: Any, a: Any) -> Any:
    """A symmetric, positive definite matrix."""
    return a @ a.mT + lib.eye(a.shape[-1], dtype=a.dtype)


def far(lib: Any, a: Any) -> Any:
    """A matrix that is far from singular, also as a triangle."""
    return a + 4 * lib.eye(*a.shape[-2:], dtype=a.dtype)


def pivots(lib: Any, a: Any) -> Any:
    """Exchanges of rows, for any matrix to be taken as L and U."""
    return lib.linalg.lu_factor(far(lib, a)).pivots


def both_factors(lib: Any, a: Any) -> Any:
    _, lower, upper = lib.linalg.lu(far(lib, a))
    return lower @ upper


def quietly(function: Any, *args: Any, **kwargs: Any) -> Any:
    """Without the warning that there is something newer."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*args, **kwargs)


CASES = [
    of_one("linalg.lu_factor", lambda lib, a: lib.linalg.lu_factor(far(lib, a)).LU, MATRICES),
    *(
        of_one(f"linalg.lu, {name}", lambda lib, a, name=name: getattr(lib.linalg.lu(far(lib, a)), name), MATRICES)
        for name in "LU"
    ),
    of_one("linalg.lu, both", both_factors, MATRICES),
    *(
        of_one(
            f"lu_unpack, {name}",
            lambda lib, a, name=name: getattr(lib.lu_unpack(far(lib, a), pivots(lib, a)), name),
            MATRICES,
        )
        for name in "LU"
    ),
    *(
        Case(
            f"linalg.lu_solve, left={left}, adjoint={adjoint}",
            lambda lib, a, b, left=left, adjoint=adjoint: lib.linalg.lu_solve(
                far(lib, a), pivots(lib, a), b, left=left, adjoint=adjoint
            ),
            SYSTEM if left else FROM_THE_RIGHT,
        )
        for left in (True, False)
        for adjoint in (True, False)
    ),
    Case("lu_solve", lambda lib, a, b: quietly(lib.lu_solve, b, far(lib, a), pivots(lib, a)), SYSTEM),
    of_one("det", lambda lib, a: lib.det(a), SQUARE, "independent"),
    of_one("linalg.det", lambda lib, a: lib.linalg.det(a), SQUARE, "independent"),
    of_one("slogdet", lambda lib, a: lib.slogdet(far(lib, a)).logabsdet, SQUARE),
    of_one("logdet", lambda lib, a: lib.logdet(positive(lib, a)), SQUARE),
    of_one("inverse", lambda lib, a: lib.inverse(far(lib, a)), SQUARE),
    of_one("linalg.inv", lambda lib, a: lib.linalg.inv(far(lib, a)), SQUARE),
    of_one("linalg.inv_ex", lambda lib, a: lib.linalg.inv_ex(far(lib, a)).inverse, SQUARE),
    Case("linalg.solve", lambda lib, a, b: lib.linalg.solve(far(lib, a), b), SYSTEM),
    Case("linalg.solve, broadcast", lambda lib, a, b: lib.linalg.solve(far(lib, a), b), BROADCAST),
    Case("linalg.solve, a vector", lambda lib, a, b: lib.linalg.solve(far(lib, a), b), fixed((3, 3), (3,))),
    Case("linalg.solve, vectors", lambda lib, a, b: lib.linalg.solve(far(lib, a), b), fixed((2, 3, 3), (2, 3))),
    Case("linalg.solve, one for all", lambda lib, a, b: lib.linalg.solve(far(lib, a), b), fixed((2, 3, 3), (3,))),
    Case("linalg.solve, left=False", lambda lib, a, b: lib.linalg.solve(far(lib, a), b, left=False), FROM_THE_RIGHT),
    Case("linalg.solve_ex", lambda lib, a, b: lib.linalg.solve_ex(far(lib, a), b).result, SYSTEM),
    *(
        Case(
            f"linalg.solve_triangular, upper={upper}, left={left}, unitriangular={unitriangular}",
            lambda lib, a, b, settings=(upper, left, unitriangular): lib.linalg.solve_triangular(
                far(lib, a), b, upper=settings[0], left=settings[1], unitriangular=settings[2]
            ),
            SYSTEM if left else FROM_THE_RIGHT,
        )
        for upper in (True, False)
        for left in (True, False)
        for unitriangular in (True, False)
    ),
    Case(
        "linalg.solve_triangular, broadcast",
        lambda lib, a, b: lib.linalg.solve_triangular(far(lib, a), b, upper=True),
        fixed((3, 3), (2, 3, 1)),
    ),
    *(
        Case(
            f"triangular_solve, transpose={transpose}",
            lambda lib, b, a, transpose=transpose: quietly(
                lib.triangular_solve, b, far(lib, a), transpose=transpose
            ).solution,
            fixed((2, 3, 2), (3, 3)),
        )
        for transpose in (True, False)
    ),
    Case(
        "triangular_solve, the copy",
        lambda lib, b, a: quietly(lib.triangular_solve, b, far(lib, a)).cloned_coefficient,
        fixed((2, 3, 2), (3, 3)),
    ),
    of_one("linalg.cholesky", lambda lib, a: lib.linalg.cholesky(positive(lib, a)), SQUARE),
    of_one("linalg.cholesky, upper", lambda lib, a: lib.linalg.cholesky(positive(lib, a), upper=True), SQUARE),
    of_one("linalg.cholesky_ex", lambda lib, a: lib.linalg.cholesky_ex(positive(lib, a)).L, SQUARE),
    *(
        Case(
            f"cholesky_solve, upper={upper}",
            lambda lib, b, a, upper=upper: lib.cholesky_solve(b, far(lib, a).triu() if upper else far(lib, a).tril(), upper),
            fixed((2, 3, 2), (3, 3)),
        )
        for upper in (True, False)
    ),
    *(
        of_one(
            f"cholesky_inverse, upper={upper}",
            lambda lib, a, upper=upper: lib.cholesky_inverse(far(lib, a).triu() if upper else far(lib, a).tril(), upper),
            SQUARE,
        )
        for upper in (True, False)
    ),
    *(
        of_one(
            f"matrix_power {n}",
            lambda lib, a, n=n: lib.matrix_power(far(lib, a), n),
            SQUARE,
        )
        for n in (0, 1, 2, 3, 4, 5, 7, -1, -2)
    ),
    Case("linalg.tensorsolve", lambda lib, a, b: lib.linalg.tensorsolve(a, b), fixed((2, 3, 6), (2, 3)), layouts=False),
    Case(
        "linalg.tensorsolve, dims",
        lambda lib, a, b: lib.linalg.tensorsolve(a, b, dims=(0, 2)),
        fixed((2, 6, 3), (6,)),
        layouts=False,
    ),
    of_one("linalg.tensorinv", lambda lib, a: lib.linalg.tensorinv(a, ind=1), fixed((6, 2, 3)), layouts=False),
]  # fmt: skip
