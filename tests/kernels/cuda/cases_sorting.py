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


def rest(*shape: int) -> Make:
    """Whole numbers from 0 on."""
    return lambda random, dtype: random.integers(0, 9, shape).astype(dtype)


def histogram(density: bool, *counts: int) -> Program:
    def program(k: Any, a: Any, *weights: Any) -> Any:
        lines = [k.cast(k.cumsum(k.cast(k.ones((n,), a), np.dtype("d")), 0), a.dtype) for n in counts]
        lines = [k.sub(each, 3) for each in lines]
        return k.histogram(a, lines, weights[0] if weights else None, density)

    return program


def distinct_and_counts() -> list[Case]:
    count_all = lambda k, a, weights: k.bincount(k.cast(a, np.dtype("i8")), weights, 3)  # noqa: E731
    return [
        *[Case(f"unique {shape} {ordered}", call("unique", ordered), (few(*shape),), "fl?")
          for shape in ((1,), (5, 31), (257,), (0, 3), ()) for ordered in (True, False)],
        Case("unique NaN", call("unique", True), (special(2, 7),), "d"),
        *[Case(f"unique_dim {shape} {dim} {ordered}", call("unique_dim", dim, ordered), (truth_numbers(*shape),), "fl?")
          for shape, dim in (((31, 2), 0), ((2, 31, 2), 1)) for ordered in (True, False)],
        Case("unique_dim NaN", call("unique_dim", 1, True), (special(1, 31),), "d"),
        Case("unique_dim long", call("unique_dim", 0, True), (few(300, 2),), "l"),
        *[Case(f"unique_dim nothing {dim}", call("unique_dim", dim, True), (normal(3, 0),)) for dim in (0, 1)],
        Case("bincount", lambda k, a: k.bincount(a, None, 0), (rest(300),), "lb"),
        Case("bincount few", lambda k, a: k.bincount(a, None, 12), (rest(5),), "i"),
        Case("bincount none", lambda k, a: k.bincount(a, None, 4), (rest(0),), "l"),
        Case("bincount weights", count_all, (rest(600), normal(600)), "fdl", close=8),
        Case("histc", call("histc", 7, -2.0, 3.0), (special(5, 61),)),
        Case("histc nothing", call("histc", 3, 0.0, 1.0), (normal(0),)),
        Case("histogram", histogram(False, 6), (special(300, 1),)),
        Case("histogram of pairs", histogram(True, 6, 4), (normal(31, 2),), close=4),
        Case("histogram weights", histogram(False, 3, 4), (normal(61, 2), normal(61)), close=8),
    ]  # fmt: skip


def truth_numbers(*shape: int) -> Make:
    return lambda random, dtype: random.integers(0, 2, shape).astype(dtype)


def statistics() -> list[Case]:
    rows = []
    for shape, dim, keepdim in (
        ((257,), None, False),
        ((5, 300), (1,), True),
        ((70, 3), (0,), False),
        ((3, 7, 5), (0, 2), False),
    ):
        size = f"{shape} {dim}"
        rows += [
            Case(f"var_mean {size}", call("var_mean", dim, keepdim, 1), (normal(*shape),), close=8),
            Case(f"logsumexp {size}", call("logsumexp", dim, keepdim), (normal(*shape),), close=4),
            Case(f"vector_norm {size}", call("vector_norm", 2, dim, keepdim), (normal(*shape),), close=4),
        ]
    return [
        *rows,
        Case("var_mean root", call("var_mean", (1,), False, 0, True), (normal(5, 31),), close=8),
        Case("var_mean of one", call("var_mean", (1,), False, 1), (normal(5, 1),), close=8),
        Case("var_mean of nothing", call("var_mean", (0,), False, 1), (normal(0, 3),)),
        Case("var_mean far from 0", lambda k, a: k.var_mean(k.add(a, 1000), None, False, 1), (normal(300),), close=50),
        Case("logsumexp special", call("logsumexp", (1,), False), (special(7, 7),), close=4),
        *[Case(f"vector_norm {p}", call("vector_norm", p, (1,), False), (normal(5, 40),), close=8)
          for p in (0, 1, 3, 0.5, np.inf, -np.inf)],
        Case("vector_norm double", call("vector_norm", 2, None, False, np.dtype("d")), (normal(31),), close=8),
    ]  # fmt: skip


def halves() -> list[Case]:
    """Computed in float32: here of whole numbers, whose sums are exact."""
    along = {
        "sum": ((1,), False),
        "mean": (None, False),
        "amax": ((0,), True),
        "argmin": (1, False),
        "max_dim": (0, False),
    }
    return [Case(f"{name} halves", call(name, *how), (few(5, 31),), "e") for name, how in along.items()]


CASES = [*sorts(), *scans(), *rankings(), *distinct_and_counts(), *statistics(), *halves()]

PROGRAMS = {
    "sort": (lambda k, a: k.sort(a, 1, False, True), (2, 300)),
    "cumsum by thread": (lambda k, a: k.cumsum(a, 1), (70, 5)),
    "cumsum by block": (lambda k, a: k.cumsum(a, 0), (4101,)),
    "cummax": (lambda k, a: k.cummax(a, 0), (300,)),
    "logcumsumexp": (lambda k, a: k.logcumsumexp(a, 0), (300,)),
    "mode": (lambda k, a: k.mode(a, 1, False), (3, 31)),
    "searchsorted": (lambda k, a, b: k.searchsorted(a, b, False, np.dtype("i8")), (31,), (9,)),
    "unique": (lambda k, a: k.unique(a, True), (31,)),
    "var_mean": (lambda k, a: k.var_mean(a, (1,), False, 1), (3, 300)),
}
