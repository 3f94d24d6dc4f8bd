"""Reading and writing at positions: the cases of kernels that look up, and of those that undo it."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from tests.kernels.cuda.case import Case, Make, Program, call, classes, normal, special, truth

ALL = "fdlib?"


def from_the_end(count: int, *shape: int) -> Make:
    """Indices of a dimension of so many, some of them negative."""
    return lambda random, dtype: random.integers(-count, count, shape)


def narrow(make: Make) -> Make:
    """Indices, as int32."""
    return lambda random, dtype: make(random, dtype).astype(np.int32)


def in_columns(k: Any, a: Any) -> Any:
    """The same array, with its first dimension the closest in memory."""
    dims = tuple(reversed(range(a.ndim)))
    return k.permute(k.contiguous_clone(k.permute(a, dims)), dims)


# The shape of what is read, and the indices; ":" takes a whole dimension.
LOOKUPS: dict[str, tuple[tuple[int, ...], tuple[Make | None, ...]]] = {
    "first": ((7, 5), (from_the_end(7, 11),)),
    "block": ((300,), (from_the_end(300, 257),)),
    "last": ((3, 4, 5), (None, None, from_the_end(5, 2, 3))),
    "middle": ((3, 4, 5), (None, from_the_end(4, 6))),
    "both": ((5, 6, 2), (from_the_end(5, 3, 1), from_the_end(6, 4))),
    "apart": ((3, 4, 5), (from_the_end(3, 2), None, from_the_end(5, 2))),
    "apart inside": ((2, 3, 4, 5), (None, from_the_end(3, 4), None, from_the_end(5, 2, 1))),
    "mask": ((5, 7), (truth(5),)),
    "mask of two": ((5, 7, 2), (truth(5, 7),)),
    "mask inside": ((2, 5, 3), (None, truth(5, 3))),
    "single": ((5, 3), (from_the_end(5),)),
    "int32": ((7, 5), (narrow(from_the_end(7, 11)),)),
    "nothing": ((7, 5), (classes(7, 0),)),
    "empty slices": ((7, 0), (classes(7, 3),)),
}  # fmt: skip


def looked_up(given: tuple[Make | None, ...]) -> tuple[tuple[Make, ...], Any]:
    """What makes the indices, and a function that puts them in their places."""

    def placed(found: tuple[Any, ...]) -> tuple[Any, ...]:
        rest = iter(found)
        return tuple(None if each is None else next(rest) for each in given)

    return tuple(each for each in given if each is not None), placed


def lookups() -> list[Case]:
    rows = []
    for name, (shape, given) in LOOKUPS.items():
        makes, placed = looked_up(given)

        def read(k: Any, a: Any, *found: Any, placed: Any = placed) -> Any:
            return k.index(a, *placed(found))

        def read_in_columns(k: Any, a: Any, *found: Any, placed: Any = placed) -> Any:
            return k.index(in_columns(k, a), *placed(found))

        def back(k: Any, a: Any, *found: Any, placed: Any = placed) -> Any:
            grad = k.add(k.index(a, *placed(found)), 1)
            return k.index_backward(grad, *placed(found), shape=a.shape)

        def put(k: Any, a: Any, others: Any, *found: Any, placed: Any = placed) -> Any:
            shape = k.index(a, *placed(found)).shape
            values = k.reshape(k.slice(others, 0, 0, prod(shape), 1), shape)
            row = k.slice(values, 0, 0, 1, 1) if shape and shape[0] else values
            added = k.index_put(a, placed(found), row, accumulate=True)
            return k.index_put(a, placed(found), 3), added, k.index_put(a, placed(found), values)

        letters = ALL if name == "first" else "fl"
        rows += [Case(f"index {name}", read, (normal(*shape), *makes), letters)]
        if "mask" not in name:  # which operators take apart, as the CPU's kernel asks for
            rows += [Case(f"index {name} in columns", read_in_columns, (normal(*shape), *makes), "f")]
        if all(shape):
            rows += [Case(f"index_backward {name}", back, (normal(*shape), *makes), letters)]
        rows += [Case(f"index_put {name}", put, (normal(*shape), normal(600), *makes), letters)]
    return rows


# What is written to, the dimension, and the shape of the index.
LINES: list[tuple[tuple[int, ...], int, tuple[int, ...]]] = [
    ((300,), 0, (257,)),
    ((5, 3), 0, (7, 2)),
    ((5, 3), 1, (4, 6)),
    ((4, 3, 5), 1, (3, 11, 4)),
    ((), 0, (1,)),
    ((3,), 0, ()),
    ((4, 3), 1, (4, 0)),
]


def along(kernel: str, dim: int, *numbers: Any) -> Program:
    """The kernel of an array that lies in columns, a dimension, indices, and what follows these: other arrays, or numbers."""
    return lambda k, a, indices, *others: getattr(k, kernel)(in_columns(k, a), dim, indices, *others, *numbers)


def along_a_dimension() -> list[Case]:
    rows = []
    for shape, d, wanted in LINES:
        a, indices, source = normal(*shape), classes(shape[d] if shape else 1, *wanted), special(*wanted)
        large = normal(*[size + 1 for size in wanted])
        name, letters = f"{shape} {d} {wanted}", ALL if len(shape) == 1 else "fl"
        rows += [
            Case(f"gather in columns {name}", along("gather", d), (a, indices), letters),
            Case(
                f"gather_backward {name}",
                lambda k, a, i, grad, d=d: k.gather_backward(grad, i, a.shape, d),
                (a, indices, source),
                letters,
            ),
            Case(f"scatter {name}", along("scatter", d), (a, indices, large), letters),
            Case(f"scatter number {name}", along("scatter", d, 1), (a, indices), letters),
            Case(f"scatter_add {name}", along("scatter_add", d), (a, indices, large), letters),
        ]
        for reduce in ("sum", "prod", "mean", "amax", "amin"):
            rows += [
                Case(
                    f"scatter_reduce {reduce} {included} {name}",
                    along("scatter_reduce", d, reduce, included),
                    (a, indices, source),
                    letters.replace("?", "") if reduce == "mean" else letters,
                )
                for included in (True, False)
            ]
    return rows


# What is written to, the dimension, and how many indices there are.
SLICES: list[tuple[tuple[int, ...], int, int]] = [
    ((300,), 0, 257), ((5, 7, 3), 0, 9), ((5, 7, 3), 1, 4), ((5, 7, 3), 2, 31), ((5, 3), 1, 0), ((), 0, 1),
]  # fmt: skip


def of_slices() -> list[Case]:
    rows = []
    for shape, d, count in SLICES:
        source = special(*shape[:d], count, *shape[d + 1 :]) if shape else special()
        a, indices = normal(*shape), classes(shape[d] if shape else 1, count)
        name, letters = f"in columns {shape} {d} {count}", ALL if len(shape) == 1 else "fl"
        rows += [
            Case(f"index_select {name}", along("index_select", d), (a, indices), letters),
            Case(f"index_add {name}", along("index_add", d), (a, indices, source), letters),
            Case(f"index_copy {name}", along("index_copy", d), (a, indices, source), letters),
            Case(f"index_fill {name}", along("index_fill", d, 1), (a, indices), letters),
        ]
    table = normal(5, 3)
    return [
        *rows,
        Case("index_fill element", along("index_fill", 0), (table, from_the_end(5, 2), normal()), "fl"),
        Case("index_add int32", along("index_add", 0), (table, narrow(classes(5, 9)), normal(9, 3))),
        Case("select_scatter", lambda k, a, s: k.select_scatter(in_columns(k, a), s, 1, 2), (table, normal(5)), ALL),
        Case(
            "slice_scatter",
            lambda k, a, s: k.slice_scatter(in_columns(k, a), s, 1, 0, 3, 2),
            (table, normal(5, 2)),
            ALL,
        ),
        Case("slice_scatter nothing", call("slice_scatter", 1, 3, 3, 1), (table, normal(5, 0))),
    ]


def of_the_whole() -> list[Case]:
    rows = []
    for shape, wanted in (((300,), (257,)), ((3, 5), (4, 2)), ((3, 5), ()), ((), (3,)), ((3, 5), (0,))):
        inputs = normal(*shape), from_the_end(prod(shape), *wanted), special(*wanted)
        name = f"{shape} {wanted}"
        rows += [
            Case(f"take in columns {name}", lambda k, a, i, _: k.take(in_columns(k, a), i), inputs, ALL),
            Case(f"put {name}", lambda k, a, i, s: k.put(a, i, s), inputs, ALL),
            Case(f"put in columns {name}", lambda k, a, i, s: k.put(in_columns(k, a), i, s, True), inputs, "fl"),
        ]
    return rows


def masks() -> list[Case]:
    rows = []
    for shape in ((1,), (13, 31), (257,), (70001,), (2, 0), ()):
        inputs, name = (special(*shape), truth(*shape), normal(*shape)), str(shape)
        letters = "f" if shape == (70001,) else ALL
        rows += [
            Case(f"nonzero in columns {name}", lambda k, a, *_: k.nonzero(in_columns(k, a)), inputs, letters),
            Case(f"masked_select {name}", lambda k, a, m, _: k.masked_select(in_columns(k, a), m), inputs, letters),
            Case(f"masked_scatter {name}", lambda k, a, m, s: k.masked_scatter(a, in_columns(k, m), s), inputs, letters),
        ]  # fmt: skip
    return [
        *rows,
        Case("nonzero of none", call("nonzero"), (lambda random, dtype: np.zeros((3, 300), dtype),), "fl?"),
        Case("masked_select broadcast", call("masked_select"), (normal(5, 1), truth(3, 1, 4))),
        Case("masked_fill any dtype", lambda k, a, m: k.masked_fill(a, m, 1), (normal(5, 31), truth(31)), ALL),
        Case("masked_fill element", lambda k, a, m, v: k.masked_fill(a, m, v), (normal(31), truth(31), normal()), ALL),
        Case("masked_fill wrapped", lambda k, a, m: k.masked_fill(a, m, 300), (normal(31), truth(31)), "b"),
        Case("where any dtype", call("where"), (truth(13, 1), normal(13, 31), normal(31)), ALL),
        Case("where number any dtype", lambda k, m, a: k.where(m, 1, a), (truth(31), normal(31)), ALL),
        Case("fill any dtype", call("fill", 1), (normal(5, 7),), ALL),
        Case("masked_scatter broadcast", call("masked_scatter"), (normal(5, 1), truth(3, 1, 4), normal(100))),
    ]


def tables() -> list[Case]:
    rows = []
    for count, size, wanted in ((7, 3, (31,)), (5, 1, (2, 4)), (3, 4, (0,)), (40, 2, (257,))):
        inputs = normal(*wanted, size), classes(count, *wanted)
        for padding, by_frequency in ((-1, False), (2, True)):
            how = {"num_weights": count, "padding_idx": padding, "scale_grad_by_freq": by_frequency}
            name = f"embedding_dense_backward {count} {size} {wanted} {padding}"
            rows.append(Case(name, call("embedding_dense_backward", **how), inputs, close=2))
    for rows_named, starts in ((31, [0, 4, 4, 9, 31]), (0, [0, 0]), (257, [*range(257), 257]), (5, [0])):
        for mode in ("sum", "mean", "max"):
            for padding in (-1, 2):

                def bags(
                    k: Any, weight: Any, named: Any, shares: Any, starts: Any = starts, how: Any = (mode, padding)
                ) -> Any:
                    given = shares if how[0] == "sum" else None
                    return k.embedding_bag(weight, named, np.array(starts), given, *how)

                inputs = special(6, 3), classes(6, rows_named), normal(rows_named)
                rows.append(Case(f"embedding_bag {rows_named} {mode} {padding}", bags, inputs, close=4))
    return rows  # fmt: skip


CASES = [*lookups(), *along_a_dimension(), *of_slices(), *of_the_whole(), *masks(), *tables()]

ROWS, COLUMNS = np.zeros(31, np.int64), np.zeros((31, 1), np.int64)
PROGRAMS = {
    "index": (lambda k, a: k.index(k.t(a), None, ROWS), (70, 67)),
    "index_put": (lambda k, a, b: k.index_put(a, (ROWS,), b), (70, 67), (31, 67)),
    "index_backward": (lambda k, a: k.index_backward(a, None, ROWS, shape=(67, 70)), (67, 31)),
    "gather": (lambda k, a: k.gather(a, 0, COLUMNS), (70, 67)),
    "scatter_add": (lambda k, a, b: k.scatter_add(a, 0, COLUMNS, b), (70, 67), (31, 1)),
    "scatter_reduce": (lambda k, a, b: k.scatter_reduce(a, 0, COLUMNS, b, "amax", False), (70, 67), (31, 1)),
    "masked_scatter": (lambda k, a, b: k.masked_scatter(a, k.gt(a, 0), b), (70, 67), (70, 67)),
    "masked_select": (lambda k, a: k.masked_select(a, k.gt(a, 0)), (70, 67)),
    "embedding_bag": (lambda k, a, b: k.embedding_bag(a, ROWS, np.arange(32), b, "sum", -1), (70, 67), (31,)),
    "embedding_bag max": (lambda k, a: k.embedding_bag(a, ROWS, np.arange(32), None, "max", 2), (70, 67)),
}
