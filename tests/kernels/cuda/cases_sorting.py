"""Sorting, ranking, scans and reductions."""

from __future__ import annotations

import numpy as np

from tests.kernels.cuda.case import Case, Make, call, inside, normal, special, truth

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
    turned = lambda k, a: k.cumsum(k.t(k.slice(a, 1, 0, 60, 2)), 0, np.dtype("d"))
    return [
        *rows,
        *[Case(f"{name} special", call(name, 1), (special(4, 77),), close=8) for name in ("cumsum", "logcumsumexp", "cummax", "cummin")],
        *[Case(f"{name} slices", call(name, 0), (few(4101),), "l") for name in ("cumsum", "cummax")],
        Case("cummin slices", lambda k, a: k.cummin(a, 1), (special(2, 4101),), "f"),
        Case("cumsum of a view", turned, (normal(40, 60),), "fl?", close=8),
        Case("cumsum of truth", lambda k, a: k.cumsum(a, 0, np.dtype("i8")), (truth(300),), "?"),
    ]  # fmt: skip


CASES = [*sorts(), *scans()]
