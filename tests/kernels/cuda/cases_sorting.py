"""Sorting, ranking, scans and reductions."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.kernels.cuda.case import Case, Make, Program, call, inside, normal, special, truth

ORDERED = "fdlib?"


def few(*shape: int) -> Make:
    """Whole numbers of which many are equal."""
    return lambda random, dtype: random.integers(-3, 4, shape).astype(dtype)


def sorts() -> list[Case]:
    rows = []
    for descending in (False, True):
        how = "descending" if descending else "ascending"
        rows += [
            Case(f"sort {how} {shape} {dim}", call("sort", dim, descending, True), (make(*shape),), dtypes)
            for make, shape, dim, dtypes in (
                (special, (5, 31), 1, ORDERED),
                (few, (31, 5), 0, "fl?"),
                (few, (257,), 0, "fb"),
                (special, (2, 600), 1, "d"),
                (few, (2, 1100, 2), 1, "i"),
            )
        ]
    return [
        *rows,
        Case("sort few", call("sort", 0, False, False), (special(16),), "fl"),
        Case("sort nothing", call("sort", 1, False, False), (normal(3, 0),)),
        Case("sort no rows", call("sort", 1, False, False), (normal(0, 3),)),
        Case("sort no dimensions", call("sort", 0, True, False), (normal(),)),
        Case("sort one", call("sort", 0, True, False), (normal(1),)),
        Case("sort a view", lambda k, a: k.sort(k.t(k.slice(a, 1, 1, 30, 2)), 0, False, True), (few(9, 31),)),
        Case("sort expanded", lambda k, a: k.sort(k.expand(a, (3, 31)), 1, True, True), (few(31),)),
    ]  # fmt: skip


def one_by_one(*shape: int) -> Make:
    """Numbers about 1, of which products stay in reach."""
    return lambda random, dtype: random.uniform(0.8, 1.25, shape).astype(dtype)


def scans() -> list[Case]:
    rows = []
    spans = [((1,), 0), ((5, 31), 1), ((31, 5), 0), ((257,), 0), ((3, 67, 2), 1), ((0, 3), 1), ((3, 0), 1), ((), 0)]
    for shape, dim in spans:
        size = f"{shape} {dim}"
        rows += [
            Case(f"cumsum {size}", call("cumsum", dim), (normal(*shape),), "fl", close=8),
            Case(f"cumprod {size}", call("cumprod", dim), (one_by_one(*shape),), close=50),
            Case(f"logcumsumexp {size}", call("logcumsumexp", dim), (normal(*shape),), close=8),
            *[Case(f"recurrence {size}", call("recurrence", dim), (normal(*shape), inside(*shape)), close=8)][
                : len(shape)
            ],
            Case(f"cummax {size}", call("cummax", dim), (few(*shape),), "fl?"),
            Case(f"cummin {size}", call("cummin", dim), (special(*shape),), "d"),
        ]
    return [
        *rows,
        *[Case(f"{name} special", call(name, 1), (special(4, 77),), close=8)
          for name in ("cumsum", "logcumsumexp", "cummax", "cummin")],
        *[Case(f"{name} slices", call(name, 0), (few(4101),), "l") for name in ("cumsum", "cummax")],
        Case("cummin slices", lambda k, a: k.cummin(a, 1), (special(2, 4101),), "f"),
        Case("cumsum of a view", lambda k, a: k.cumsum(k.t(k.slice(a, 1, 0, 60, 2)), 0, np.dtype("d")), (normal(40, 60),), "fl?"),
        Case("cumsum of truth", lambda k, a: k.cumsum(a, 0, np.dtype("i8")), (truth(300),), "?"),
    ]  # fmt: skip


def distinct(*shape: int) -> Make:
    """Numbers of which no two are equal, so that it is certain which are chosen."""
    return lambda random, dtype: (random.permutation(np.prod(shape, dtype=int)).reshape(shape) - 50).astype(dtype)


def in_order(*shape: int) -> Make:
    return lambda random, dtype: np.sort(normal(*shape)(random, dtype))


def rankings() -> list[Case]:
    rows = []
    for shape, dim in [((5, 31), 1), ((31, 5), 0), ((3, 67, 2), 1), ((257,), 0), ((1,), 0)]:
        size, n = f"{shape} {dim}", shape[dim]
        rows += [
            Case(f"kthvalue {size}", call("kthvalue", dim, True, (n + 2) // 3), (distinct(*shape),), "fl"),
            Case(f"median {size}", call("median", dim, False, False), (few(*shape),), "fl"),
            Case(f"median NaN {size}", call("median", dim, True, True), (special(*shape),), "d"),
            Case(f"mode {size}", most_frequent(dim), (few(*shape),), "fl?"),
            Case(f"topk {size}", call("topk", dim, (n + 1) // 2, True, True), (distinct(*shape),), "fi"),
        ]
    nan = lambda *shape: lambda random, dtype: np.full(shape, np.nan, dtype)  # noqa: E731
    ranks = lambda count, *shape: lambda random, dtype: random.integers(0, count, shape)  # noqa: E731
    return [
        *rows,
        Case("topk smallest", call("topk", 1, 3, False, True), (distinct(3, 41),), "fb"),
        Case("topk none", call("topk", 1, 0, False, True), (distinct(3, 5),)),
        Case("topk no dimensions", lambda k, a: (*k.topk(a, 0, 0, True, True), *k.topk(a, 0, 1, True, True)), (normal(),)),
        Case("kthvalue without", call("kthvalue", 1, False, 2), (distinct(3, 4, 5),)),
        *[Case(f"{name} no dimensions", call(name, 0, True, *more), (normal(),))
          for name, more in (("kthvalue", (1,)), ("median", (False,)), ("mode", ()))],
        Case("median first NaN", call("median", 1, False, False), (special(7, 40),)),
        *[Case(f"median only NaN {ignore}", call("median", 1, False, ignore), (nan(3, 40),), "f") for ignore in (True, False)],
        *[Case(f"median nothing {dim}", call("median", dim, True, False), (normal(3, 0),)) for dim in (0, 1)],
        Case("mode where", call("mode", 1, False), (few(7, 15),), "fl"),
        Case("mode long", most_frequent(0), (few(600),), "l"),
        Case("of_ranks", call("of_ranks"), (distinct(3, 5, 31), ranks(31, 3, 5, 4)), "fl"),
        Case("of_ranks of the host", lambda k, a: k.of_ranks(a, np.array([[3, 1], [30, 0]])), (distinct(2, 31),)),
        Case("searchsorted", call("searchsorted", False, np.dtype("i8")), (in_order(31), special(5, 60)), "fl"),
        Case("searchsorted right", call("searchsorted", True, np.dtype("i4")), (in_order(4, 67), normal(4, 9)), "fd?"),
        Case("searchsorted ties", call("searchsorted", True, np.dtype("i4")), (few(1), few(3, 67)), "l"),
        Case("searchsorted one", call("searchsorted", True, np.dtype("i8")), (in_order(9), normal())),
        Case("searchsorted by a sorter", sorted_by, (normal(3, 67), few(3, 9)), "fl"),
    ]  # fmt: skip


def most_frequent(dim: int) -> Program:
    """Of many elements, it is not said which of equal ones is found."""

    def program(k: Any, a: Any) -> Any:
        values, indices = k.mode(a, dim, True)
        return values, k.eq(k.gather(a, dim, indices), values)

    return program


def sorted_by(k: Any, rows: Any, values: Any) -> Any:
    sorter = k.sort(rows, 1, False, True)[1]
    return k.searchsorted(rows, values, False, np.dtype("i8"), sorter)


CASES = [*sorts(), *scans(), *rankings()]
