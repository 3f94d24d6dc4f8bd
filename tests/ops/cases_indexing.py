"""Rows for the operators that read and write at positions that tensors name."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.case import ANY, CUBE, MATRIX, PAIR, Case, fixed, of_one, op

Shapes = tuple[int, ...]


def along(
    name: str, index: Any, a: Shapes, source: Shapes, dim: int = 0, in_place: bool = True, **kwargs: Any
) -> list[Case]:
    """``a.name(dim, index, source)`` and, if there is one, the form that writes in place."""
    text = ", ".join([str(dim), *(f"{key}={value}" for key, value in kwargs.items())])
    rows = [
        Case(
            f"{name} {a} {text}",
            lambda lib, a, b: getattr(a, name)(dim, lib.tensor(index), b, **kwargs),
            fixed(a, source),
        )
    ]
    if in_place:
        rows.append(
            Case(
                f"{name}_ {a} {text}",
                lambda lib, a, b: getattr(a.clone(), name + "_")(dim, lib.tensor(index), b, **kwargs),
                fixed(a, source),
            )
        )
    return rows


READING = [
    of_one("index_select", lambda lib, a: lib.index_select(a, 1, lib.tensor([2, 0, 0])), CUBE),
    of_one("index_select -1", lambda lib, a: a.index_select(-1, lib.tensor([3], dtype=lib.int32)), CUBE),
    of_one("index_select nothing", lambda lib, a: a.index_select(0, lib.tensor([], dtype=lib.int64)), MATRIX),
    of_one("index_select of a number", lambda lib, a: a.index_select(0, lib.tensor([0])), fixed(())),
    of_one("index_select at a number", lambda lib, a: a.index_select(0, lib.tensor(1)), MATRIX),
    of_one("gather int32", lambda lib, a: a.gather(1, lib.tensor([[0, 0], [3, 1]], dtype=lib.int32)), MATRIX),
    of_one("gather nothing", lambda lib, a: a.gather(0, lib.tensor([[]], dtype=lib.int64)), MATRIX),
    of_one("take", lambda lib, a: lib.take(a, lib.tensor([[0, 5], [-1, 5]])), MATRIX),
    of_one("take nothing", lambda lib, a: a.take(lib.tensor([], dtype=lib.int64)), MATRIX),
    of_one("take_along_dim", lambda lib, a: lib.take_along_dim(a, lib.tensor([[0, 3, -1]]), 1), MATRIX),
    of_one("take_along_dim expanded", lambda lib, a: a.take_along_dim(lib.tensor([[0], [2]]), 0), MATRIX),
    of_one("take_along_dim flat", lambda lib, a: a.take_along_dim(lib.tensor([[7, 0], [3, 3]])), MATRIX, layouts=False),
    Case("masked_select", lambda lib, a, b: lib.masked_select(a, b.detach() > 0), PAIR),
    Case("x[x > 0] of any", lambda lib, a: a[a.detach() > 0], ANY),
    of_one("x[0, mask, ::2]", lambda lib, a: a[0, lib.tensor([True, False, True]), ::2], CUBE),
    of_one("x[mask, mask]", lambda lib, a: a[lib.tensor([True, True]), lib.tensor([True, False, True])], CUBE),
    of_one("x[-1, ..., index, None]", lambda lib, a: a[-1, ..., lib.tensor([[0, -1], [2, 2]]), None], CUBE),
    of_one("x[index, True]", lambda lib, a: a[lib.tensor([0, 1, 1]), True], CUBE),
    of_one("x[index, :, index]", lambda lib, a: a[lib.tensor([0, 1]), :, lib.tensor([3, 0])], CUBE),
    of_one("x[:, index, index]", lambda lib, a: a[:, lib.tensor([2, 1]), lib.tensor([3, 0])], CUBE),
    of_one("x.T[index]", lambda lib, a: a.permute(2, 0, 1)[:, lib.tensor([1, 0])], CUBE),
    of_one("embedding", lambda lib, a: op(lib, "embedding")(lib.tensor([[0, 2], [2, 1]]), a), MATRIX),
    of_one("embedding of a number", lambda lib, a: op(lib, "embedding")(lib.tensor(2), a), MATRIX),
    of_one("embedding int32", lambda lib, a: op(lib, "embedding")(lib.tensor([1], dtype=lib.int32), a), MATRIX),
    of_one(
        "embedding padding_idx",
        lambda lib, a: op(lib, "embedding")(lib.tensor([[0, 2], [2, 1]]), a, padding_idx=-1),
        MATRIX,
        smooth=False,
    ),
    of_one(
        "embedding scale_grad_by_freq",
        lambda lib, a: op(lib, "embedding")(lib.tensor([[0, 2], [2, 1]]), a, scale_grad_by_freq=True),
        MATRIX,
        smooth=False,
    ),
    of_one(
        "embedding max_norm",
        lambda lib, a: op(lib, "embedding")(lib.tensor([0, 2]), a.clone(), max_norm=0.5),
        MATRIX,
        smooth=False,
    ),
]

WRITING = [
    *along("index_add", [1, 0, 1], (2, 3), (3, 3)),
    *along("index_add", [1, 0, 1], (2, 3), (2, 3), dim=-1, alpha=-0.5),
    *along("index_add", [0], (), ()),
    *along("index_add", 1, (3, 2), (1, 2)),
    *along("index_copy", [1, 0], (4, 3), (2, 3)),
    *along("index_copy", [2, 0], (2, 3), (2, 2), dim=-1),
    *along("index_copy", [0], (), ()),
    *along("index_fill", [1, 1, 3], (4, 3), ()),
    *along("index_fill", [0, 2], (2, 3), (), dim=1),
    *along("scatter", [[0, 2, 1], [2, 0, 0]], (3, 3), (2, 3)),
    *along("scatter", [[0, 2], [1, 0], [2, 1]], (4, 3), (3, 2), dim=1),
    *along("scatter", 0, (), ()),
    *along("scatter_add", [[0, 2, 1], [2, 0, 1]], (3, 3), (2, 3)),
    *along("scatter_add", [[0, 0], [1, 0]], (4, 3), (2, 2), dim=-1),
    *along("scatter_add", 0, (), ()),
    *[
        row
        for reduce in ("sum", "mean", "prod", "amax", "amin")
        for include_self in (True, False)
        for row in along(
            "scatter_reduce", [[0, 2, 1], [2, 0, 1], [0, 0, 1]], (3, 4), (3, 3), reduce=reduce, include_self=include_self
        )
    ],
    of_one("index_fill number", lambda lib, a: a.index_fill(1, lib.tensor([0, -1]), 2.5), CUBE),
    of_one("index_fill_ number", lambda lib, a: a.clone().index_fill_(0, lib.tensor(1), 2), CUBE),
    of_one("scatter number", lambda lib, a: lib.scatter(a, 1, lib.tensor([[0, 3], [1, 1]]), 2.5), MATRIX),
    of_one("scatter_ number", lambda lib, a: a.clone().scatter_(0, lib.tensor([[1, 0, 2]]), 2), MATRIX),
    of_one("scatter_ value", lambda lib, a: a.clone().scatter_(0, lib.tensor([[1, 0, 2]]), value=2), MATRIX),
    Case("put", lambda lib, a, b: lib.put(a, lib.tensor([[0, 5], [-1, 7]]), b), fixed((3, 4), (2, 2))),
    Case("put_ added", lambda lib, a, b: a.clone().put_(lib.tensor([0, 5, 0]), b, True), fixed((3, 4), (3,))),
    Case("masked_scatter", lambda lib, a, b: a.masked_scatter(a.detach() > 0, b), fixed((3, 4), (2, 8))),
    Case("masked_scatter row", lambda lib, a, b: a.masked_scatter(lib.tensor([[True], [False]]), b), fixed((3,), (4,))),
    Case("masked_scatter_", lambda lib, a, b: a.clone().masked_scatter_(a.detach() > 0, b), fixed((3, 4), (12,))),
    Case("select_scatter", lambda lib, a, b: lib.select_scatter(a, b, 1, -1), fixed((2, 3, 4), (2, 4))),
    Case("slice_scatter", lambda lib, a, b: lib.slice_scatter(a, b, 1, 0, 5, 2), fixed((2, 3, 4), (2, 2, 4))),
    Case("diagonal_scatter", lambda lib, a, b: lib.diagonal_scatter(a, b, 1), fixed((3, 4), (3,))),
    Case("diagonal_scatter 2, 0", lambda lib, a, b: a.diagonal_scatter(b, -1, 2, 0), fixed((2, 3, 4), (3, 2))),
    Case("x.where", lambda lib, a, b: a.where(b.detach() > 0, b), PAIR, special=True),
    of_one("where of two numbers", lambda lib, a: a * lib.where(a.detach() > 0, 1.5, 2), ANY),
]  # fmt: skip


def written(name: str, write: Any, a: Shapes = (2, 3, 4), *values: Shapes) -> Case:
    """``write(lib, a, *values)`` changes a copy of ``a``."""

    def call(lib: Any, a: Any, *values: Any) -> Any:
        a = a.clone()
        write(lib, a, *values)
        return a

    return Case(name, call, fixed(a, *values))


def added(lib: Any, a: Any, b: Any) -> None:
    a[lib.tensor([0, 1]), 1:] += b


def doubled(lib: Any, a: Any) -> None:
    a[0] *= 2


def masked(lib: Any, a: Any, b: Any) -> None:
    a[a.detach() > 0] *= b


ASSIGNING = [
    written("x[index, 1:] += b", added, (2, 3, 4), (2, 2, 4)),
    written("x[0] *= 2", doubled),
    written("x[mask] *= b", masked, (2, 3, 4), ()),
    written("x[:, [0, 2], 1] = b", lambda lib, a, b: a.__setitem__(np.s_[:, [0, 2], 1], b), (2, 3, 4), (2, 1)),
    written("x[None, 1, ..., -1] = b", lambda lib, a, b: a.__setitem__(np.s_[None, 1, ..., -1], b), (2, 3, 4), (3,)),
    written("x[index, None] = b", lambda lib, a, b: a.__setitem__((lib.tensor([1]), None), b), (2, 3, 4), (1, 3, 4)),
    written(
        "x[0, mask] = b", lambda lib, a, b: a.__setitem__((0, lib.tensor([True, False, True])), b), (2, 3, 4), (2, 4)
    ),
    written("x[...] = x[0]", lambda lib, a: a.__setitem__(..., a[0].clone())),
]

CASES = [*READING, *WRITING, *ASSIGNING]
