"""Rows for decompositions, norms of matrices and distances: those whose results mathematics determines."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.case import Case, fixed


def symmetric(a: Any) -> Any:
    return a + a.mT


def whole(lib: Any, a: Any, full: bool = False) -> Any:
    """A matrix again, from the vectors and values whose signs are not determined."""
    u, s, vh = lib.linalg.svd(a, full_matrices=full)
    count = s.shape[-1]
    return (u[..., :count] * s.unsqueeze(-2)) @ (vh[..., :count, :] * 2)


SHAPES = {"square": (3, 3), "tall": (4, 2), "wide": (2, 4), "stack": (2, 3, 2), "empty": (0, 3), "no columns": (3, 0)}
NORMS = ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf]
STRAIGHT = "donot_use_mm_for_euclid_dist"

CASES = [
    *(
        Case(f"linalg.{name} {kind}", call, fixed(shape), "independent")
        for kind, shape in SHAPES.items()
        for name, call in {
            "qr Q": lambda lib, a: lib.linalg.qr(a).Q,
            "qr R": lambda lib, a: lib.linalg.qr(a).R,
            "svd": whole,
            "svdvals": lambda lib, a: lib.linalg.svdvals(a),
            "pinv": lambda lib, a: lib.linalg.pinv(a),
        }.items()
    ),
    Case("linalg.svd full", lambda lib, a: whole(lib, a, True), fixed((3, 2)), "independent"),
    Case("linalg.svd Vh", lambda lib, a: lib.linalg.svd(a).Vh ** 2, fixed((3, 3)), "independent"),
    Case("svd", lambda lib, a: (lambda u, s, v: (u * s) @ v.mT)(*lib.svd(a)), fixed((4, 2)), "independent"),
    Case("svd without vectors", lambda lib, a: lib.svd(a, compute_uv=False).S, fixed((4, 2)), "independent"),
    Case("linalg.eigh values", lambda lib, a: lib.linalg.eigh(symmetric(a)).eigenvalues, fixed((3, 3)), "independent"),
    Case("linalg.eigh vectors", lambda lib, a: lib.linalg.eigh(symmetric(a))[1] ** 2, fixed((2, 3, 3)), "independent"),
    Case("linalg.eigvalsh", lambda lib, a: lib.linalg.eigvalsh(symmetric(a), "U"), fixed((3, 3)), "independent"),
    *(
        Case(f"linalg.householder_product {a} {b}", lambda lib, a, b: lib.linalg.householder_product(a, b), fixed(a, b))
        for a, b in [((4, 3), (3,)), ((4, 3), (2,)), ((2, 3, 3), (2, 3))]
    ),
    Case("orgqr", lambda lib, a, b: lib.orgqr(a, b), fixed((4, 3), (3,))),
    *(
        Case(
            f"ormqr {left} {across}",
            lambda lib, a, b, c, left=left, across=across: lib.ormqr(a, b, c, left, across),
            fixed((4, 3), (3,), (4, 2) if left else (2, 4)),
        )
        for left in (True, False)
        for across in (True, False)
    ),
    Case("pinverse", lambda lib, a: a.pinverse(), fixed((4, 2)), "independent"),
    Case("linalg.pinv hermitian", lambda lib, a: lib.linalg.pinv(symmetric(a), hermitian=True), fixed((3, 3)), "independent"),
    *(
        Case(
            f"linalg.lstsq {driver} {a} {b}",
            lambda lib, a, b, driver=driver: lib.linalg.lstsq(a, b, driver=driver).solution,
            fixed(a, b),
            "independent",
        )
        for driver in ("gels", "gelsy", "gelsd", "gelss")
        for a, b in [((4, 2), (4, 3)), ((2, 4), (2, 3)), ((2, 4, 2), (2, 4)), ((1, 3, 3), (2, 3, 1))]
    ),
    Case("linalg.lstsq residuals", lambda lib, a, b: lib.linalg.lstsq(a, b, driver="gels")[1], fixed((4, 2), (4, 3)), "independent"),
    Case("matrix_exp", lambda lib, a: lib.matrix_exp(a), fixed((3, 3)), "independent"),
    Case("matrix_exp of large ones", lambda lib, a: lib.linalg.matrix_exp(a * 4) / 100, fixed((2, 3, 3)), smooth=False),
    *(
        Case(
            f"linalg.matrix_norm {p} {dims}",
            lambda lib, a, p=p, dims=dims: lib.linalg.matrix_norm(a, p, dims, keepdim=dims[0] > 0),
            fixed((3, 2, 4)),
            "independent",
        )
        for p in NORMS
        for dims in ((-2, -1), (0, 2), (2, 0), (1, 0))
    ),
    *(Case(f"linalg.norm {p}", lambda lib, a, p=p: lib.linalg.norm(a, p), fixed((3, 4)), "independent") for p in (None, *NORMS)),
    Case("linalg.norm of vectors", lambda lib, a: lib.linalg.norm(a, 3, dim=1), fixed((3, 4))),
    Case("norm nuc", lambda lib, a: lib.norm(a, "nuc"), fixed((3, 4)), "independent"),
    Case("norm nuc of dims", lambda lib, a: a.norm("nuc", dim=(0, 2), keepdim=True), fixed((3, 2, 4)), "independent"),
    *(
        Case(f"linalg.cond {p}", lambda lib, a, p=p: lib.linalg.cond(a, p), fixed((3, 3)), "independent")
        for p in (None, 2, -2, "nuc")  # of the others, torch refuses the gradient that it records
    ),
    Case("linalg.vander", lambda lib, a: lib.linalg.vander(a, N=4), fixed((2, 3))),
    Case("linalg.diagonal", lambda lib, a: lib.linalg.diagonal(a, offset=1), fixed((2, 3, 4))),
    Case("linalg.matmul", lambda lib, a, b: lib.linalg.matmul(a, b), fixed((2, 3), (3, 4))),
    *(
        Case(f"cdist {p} {a} {b}", lambda lib, a, b, p=p: lib.cdist(a, b, p, STRAIGHT), fixed(a, b))
        for p in (0.0, 1.0, 1.5, 2.0, 3.0, np.inf)
        for a, b in [((3, 2), (4, 2)), ((2, 1, 3, 2), (3, 1, 2)), ((0, 2), (3, 2)), ((2, 0), (3, 0))]
    ),
    Case("cdist by products", lambda lib, a, b: lib.cdist(a, b), fixed((27, 2), (2, 3, 2)), "independent"),
    *(Case(f"pdist {p}", lambda lib, a, p=p: lib.pdist(a, p), fixed((4, 3))) for p in (0.0, 1.0, 2.0, 3.0, np.inf)),
]  # fmt: skip
