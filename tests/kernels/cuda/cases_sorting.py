"""Sorting, ranking, scans and reductions."""

from __future__ import annotations

from tests.kernels.cuda.case import Case, Make, call, normal, special

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


CASES = sorts()
