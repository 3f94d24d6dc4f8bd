"""Linear algebra. Of decompositions that leave signs open, what does not depend on signs is compared."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.kernels.cuda.case import Case, Make, Program, call, normal


def positive_definite(*shape: int) -> Make:
    def make(random: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        a = random.standard_normal(shape)
        return (a @ a.swapaxes(-1, -2) + 2 * np.eye(shape[-1])).astype(dtype)

    return make


def symmetric(*shape: int, hollow: bool = False) -> Make:
    """With zeros on the diagonal, if ``hollow``."""

    def make(random: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        a = random.standard_normal(shape)
        return ((a + a.swapaxes(-1, -2)) * (1 - hollow * np.eye(shape[-1]))).astype(dtype)

    return make


def of_rank(rank: int, n: int, m: int) -> Make:
    return lambda random, dtype: (random.standard_normal((n, rank)) @ random.standard_normal((rank, m))).astype(dtype)


def dominant(*shape: int) -> Make:
    """With a large diagonal."""
    return lambda random, dtype: (random.standard_normal(shape) + 5 * np.eye(shape[-1])).astype(dtype)


def turned(k: Any, a: Any) -> Any:
    return k.transpose(a, len(a.shape) - 2, len(a.shape) - 1)


def solved_by_factors(left: bool) -> Program:
    return lambda k, a, b: k.linalg_lu_solve(*k.linalg_lu_factor(a)[:2], b, left, True)


def solved_by_ldl(k: Any, a: Any, b: Any) -> Any:
    return k.linalg_ldl_solve(*k.linalg_ldl_factor(a)[:2], b)


def householder_product(k: Any, a: Any) -> Any:
    return k.linalg_householder_product(*k.geqrf(a))


def applied(left: bool, transpose: bool) -> Program:
    return lambda k, a, b: k.ormqr(*k.geqrf(a), b, left, transpose)


def products() -> list[Case]:
    rows = []
    pairs = [
        ((2, 1, 5, 7), (4, 7, 3)),
        ((2, 3, 5, 7), (7, 3)),
        ((7,), (2, 7, 3)),
        ((2, 3, 7), (7,)),
        ((7,), (7,)),
        ((2, 0, 7), (7, 3)),
    ]
    for a, b in pairs:
        rows.append(Case(f"matmul {a} {b}", call("matmul"), (normal(*a), normal(*b)), "fdlb?", close=10))
    for n, depth, m in ((5, 7, 3), (0, 7, 3), (5, 0, 3), (5, 7, 0)):
        a, b = normal(n, depth), normal(depth, m)
        rows += [
            Case(f"mm of any dtype {n} {depth} {m}", call("mm"), (a, b), "flib?", close=10),
            Case(
                f"bmm of any dtype {n} {depth} {m}",
                call("bmm"),
                (normal(2, n, depth), normal(2, depth, m)),
                "fl",
                close=10,
            ),
            Case(
                f"addmm of any dtype {n} {depth} {m}",
                lambda k, c, a, b: k.addmm(c, a, b, 2, 3),
                (normal(m), a, b),
                "flb",
                close=20,
            ),
            Case(f"mv of any dtype {n} {depth}", call("mv"), (a, normal(depth)), "flb?", close=10),
            Case(
                f"addbmm {n} {depth} {m}",
                call("addbmm", 2, 3),
                (normal(m), normal(4, n, depth), normal(4, depth, m)),
                "fdlb",
                close=20,
            ),
        ]
    return [
        *rows,
        *[Case(f"dot of any dtype {n}", call("dot"), (normal(n), normal(n)), "flb?", close=10) for n in (0, 7)],
        Case("bmm of no products", call("bmm"), (normal(0, 3, 4), normal(0, 4, 2))),
        Case("addbmm of no products", call("addbmm", 2, 3), (normal(3), normal(0, 5, 7), normal(0, 7, 3))),
        Case("add_product", call("add_product", 2, 3), (normal(3), normal(5, 3)), "fdl"),
        Case("add_product alone", call("add_product", 0, 1), (normal(3), normal(5, 3)), "fl"),
        Case("vector_product", call("vector_product", 1), (normal(5, 3), normal(3)), "fdl", close=2),
        Case("vector_product first", call("vector_product", 0), (normal(3, 4, 2), normal(3, 1, 2)), close=2),
        Case("stacked_identity", call("stacked_identity"), (normal(2, 3, 4),), "fl"),
        Case("copied_stack", call("copied_stack", (2, 3)), (normal(3, 5, 7),)),
    ]  # fmt: skip


def solvers() -> list[Case]:
    rows = []
    for upper in (False, True):
        name = "linalg_solve_triangular"
        rows += [
            Case(f"{name} {upper}", call(name, upper), (dominant(2, 7, 7), normal(7, 3)), close=20),
            Case(f"{name} right {upper}", call(name, upper, False), (dominant(7, 7), normal(2, 3, 7)), close=20),
            Case(f"{name} unit {upper}", call(name, upper, True, True), (normal(5, 5), normal(2, 5, 3)), close=99),
            Case(f"cholesky_solve {upper}", call("cholesky_solve", upper), (normal(3, 1, 7, 2), dominant(2, 7, 7)), close=20),
            Case(f"cholesky_inverse {upper}", call("cholesky_inverse", upper), (dominant(2, 7, 7),), close=20),
            *[Case(f"linalg_cholesky {upper} {s}", call("linalg_cholesky", upper), (positive_definite(*s),), close=20)
              for s in ((7, 7), (2, 12, 12), (1, 1), (2, 0, 0), (0, 3, 3))],
            Case(f"linalg_cholesky fails {upper}", lambda k, a, u=upper: k.linalg_cholesky(a, u)[1], (symmetric(3, 4, 4),)),
        ]  # fmt: skip
    for s in ((7, 7), (2, 7, 5), (3, 1, 5, 7), (131, 2), (0, 3, 3), (2, 0, 3)):
        rows.append(Case(f"linalg_lu_factor {s}", call("linalg_lu_factor"), (normal(*s),), close=50))
    for s in ((7, 7), (2, 3, 3), (0, 3, 3), (2, 0, 0), (1, 1)):
        a, b = dominant(*s), normal(2, *s)
        rows += [
            Case(f"linalg_inv {s}", call("linalg_inv"), (a,), close=20),
            Case(f"linalg_det {s}", call("linalg_det"), (a,), close=20),
            Case(f"lu_det lu_slogdet {s}", lambda k, a: k.lu_slogdet(*k.linalg_lu_factor(a)[:2]), (normal(*s),), close=50),
            Case(f"lu_permutation {s}", lambda k, a: k.lu_permutation(k.linalg_lu_factor(a)[1], a), (normal(*s),)),
        ]  # fmt: skip
        for left in (False, True):
            rows += [
                Case(f"linalg_solve {left} {s}", call("linalg_solve", left), (a, b), close=20),
                Case(f"linalg_lu_solve {left} {s}", solved_by_factors(left), (a, b), close=20),
            ]
    for s in ((7, 7), (20, 5, 5), (3, 12, 12), (0, 3, 3), (1, 1)):
        for hollow in (False, True):
            a = symmetric(*s, hollow=hollow)
            rows.append(Case(f"linalg_ldl_factor {s} {hollow}", call("linalg_ldl_factor"), (a,), close=500))
            if s != (1, 1):
                rows.append(Case(f"linalg_ldl_solve {s} {hollow}", solved_by_ldl, (a, normal(*s[:-1], 2)), close=5000))
    return rows


def svd(full: bool) -> Program:
    def program(k: Any, a: Any) -> Any:
        u, s, vh = k.linalg_svd(a, full)
        last, count = len(a.shape) - 1, s.shape[-1]
        scaled = k.mul(k.slice(u, last, 0, count, 1), k.unsqueeze(s, last - 1))
        product = k.matmul(scaled, k.slice(vh, last - 1, 0, count, 1))
        return s, product, k.matmul(turned(k, u), u), k.matmul(vh, turned(k, vh))

    return program


def eigh(uplo: str) -> Program:
    def program(k: Any, a: Any) -> Any:
        values, vectors = k.linalg_eigh(a, uplo)
        product = k.matmul(k.mul(vectors, k.unsqueeze(values, len(a.shape) - 2)), turned(k, vectors))
        return values, product, k.matmul(turned(k, vectors), vectors), k.linalg_eigvalsh(a, uplo)

    return program


def null_spaces(k: Any, a: Any) -> Any:
    w, v = k.null_vectors(a)
    return k.matmul(w, turned(k, w)), k.matmul(v, turned(k, v))


def decompositions() -> list[Case]:
    rows = []
    for s in ((7, 7), (2, 5, 3), (2, 3, 5), (3, 131, 2), (0, 3, 3), (2, 0, 3), (2, 3, 0), (1, 1)):
        a = normal(*s)
        rows.append(Case(f"geqrf {s}", call("geqrf"), (a,), close=100))
        for mode in ("r", "reduced") + (("complete",) if s[-2] < 99 else ()):
            rows.append(Case(f"linalg_qr {mode} {s}", call("linalg_qr", mode), (a,), close=100))
        if s[-2] >= s[-1]:
            rows.append(Case(f"linalg_householder_product {s}", householder_product, (a,), close=100))
    for left, transpose in ((True, False), (True, True), (False, True)):
        rows.append(
            Case(
                f"ormqr {left} {transpose}",
                applied(left, transpose),
                (normal(2, 5, 3), normal(2, *((5, 2) if left else (2, 5)))),
                close=100,
            )
        )
    for s in ((5, 5), (2, 5, 3), (2, 3, 0), (1, 1)):
        rows += [Case(f"linalg_svd {full} {s}", svd(full), (normal(*s),), close=100) for full in (False, True)]
        rows.append(Case(f"linalg_pinv {s}", call("linalg_pinv"), (normal(*s),), close=500))
    rows += [
        Case("linalg_svd wide", svd(True), (normal(3, 5),), close=100),
        Case("linalg_svd of low rank", svd(True), (of_rank(2, 6, 5),), close=100),
        Case("linalg_svd of zeros", lambda k, a: svd(True)(k, k.mul(a, 0.0)), (normal(2, 4, 3),)),
        Case("linalg_svdvals", call("linalg_svdvals"), (normal(2, 4, 6),), close=100),
        Case("linalg_svdvals infinite", lambda k, a: k.linalg_svdvals(k.div(1.0, k.trunc(a))), (dominant(4, 2, 2),), close=100),
        Case("linalg_pinv of low rank", call("linalg_pinv", 0.1, 0.01), (of_rank(2, 6, 5),), close=500),
        Case("linalg_pinv hermitian", call("linalg_pinv", hermitian=True), (symmetric(2, 4, 4),), close=5000),
        *[Case(f"linalg_eigh linalg_eigvalsh {uplo}", eigh(uplo), (symmetric(2, 5, 5),), close=100) for uplo in "LU"],
        Case("linalg_eigh hollow", eigh("L"), (symmetric(2, 2, hollow=True),), close=100),
        Case("null_vectors", null_spaces, (normal(2, 3, 3),), close=500),
        Case("null_vectors of low rank", null_spaces, (of_rank(1, 3, 3),), close=500),
        *[Case(f"linalg_lstsq {driver} {n} {m}", call("linalg_lstsq", 1e-6, driver),
               (normal(2, n, m), normal(2, n, 2)), close=5000)
          for driver, n, m in (("gels", 5, 3), ("gels", 3, 5), ("gelsy", 5, 3), ("gelsd", 3, 5), ("gelss", 5, 3))],
        Case("linalg_matrix_exp", lambda k, a: k.linalg_matrix_exp(k.mul(a, 0.3)), (normal(2, 5, 5),), close=500),
        Case("linalg_matrix_exp squared", call("linalg_matrix_exp"), (normal(2, 3, 3),), close=5000),
        Case("linalg_matrix_exp of nothing", call("linalg_matrix_exp"), (normal(0, 3, 3),)),
    ]  # fmt: skip
    return rows


CASES = [*products(), *solvers(), *decompositions()]

PROGRAMS = {
    "matmul": (lambda k, a, b: k.matmul(a, b), (3, 5, 7), (7, 9)),
    "addbmm": (lambda k, a, b: k.addbmm(a, b, b, 2, 3), (5, 5), (3, 5, 5)),
    "linalg_lu_factor": (lambda k, a: k.linalg_lu_factor(a), (2, 9, 7)),
    "linalg_solve": (lambda k, a: k.linalg_solve(a, a), (2, 7, 7)),
    "linalg_cholesky": (lambda k, a: k.linalg_cholesky(a, False), (2, 7, 7)),
    "linalg_ldl": (lambda k, a: k.linalg_ldl_solve(*k.linalg_ldl_factor(a)[:2], a), (2, 7, 7)),
    "linalg_qr": (lambda k, a: k.linalg_qr(a, "reduced"), (2, 9, 7)),
}
DECOMPOSING = {*PROGRAMS} - {"matmul", "addbmm"}
"""Those that are computed in double precision whatever is given."""
