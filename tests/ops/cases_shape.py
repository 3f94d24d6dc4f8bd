"""Rows of the table of cases: dimensions moved and added, parts, joining, and copies in another order."""

from __future__ import annotations

from typing import Any

from tests.ops.case import ANY, CUBE, MATRIX, Case, fixed, of_one, one_of, op


def sum_of(tensors: Any) -> Any:
    """The sum of several tensors, each with a factor of its own."""
    return sum(each.sum() * (n + 1) for n, each in enumerate(tensors))


def _turned(a: Any) -> Any:
    """In place, in all ways; then written to."""
    x = a * 2
    x.t_()
    x.unsqueeze_(1)
    x.transpose_(0, 2)
    x.squeeze_(1)
    return x * a


def _diagonal_written(a: Any, b: Any) -> Any:
    x = a * 2
    x.diagonal(1).mul_(b)
    x.unfold(0, 1, 2)[0].mul_(3)
    return x


DIMENSIONS = [
    of_one("movedim", lambda lib, a: a.movedim(0, 2), CUBE),
    of_one("moveaxis", lambda lib, a: lib.moveaxis(a, (0, 1), (-1, 0)), CUBE),
    of_one("movedim of a number", lambda lib, a: a.movedim((), ()), fixed(())),
    of_one("swapaxes", lambda lib, a: a.swapaxes(0, -1), CUBE),
    of_one("swapdims", lambda lib, a: lib.swapdims(a, 0, 1), CUBE),
    of_one("adjoint", lambda lib, a: lib.adjoint(a), CUBE),
    of_one("mH", lambda lib, a: a.mH, CUBE),
    of_one("H", lambda lib, a: a.H, MATRIX),
    of_one("unflatten", lambda lib, a: a.unflatten(2, (2, -1)), CUBE),
    of_one("ravel", lambda lib, a: a.ravel(), CUBE, layouts=False),
    of_one("ravel transposed", lambda lib, a: a.transpose(0, 1).ravel(), CUBE),
    of_one("atleast_1d", lambda lib, a: lib.atleast_1d(a), one_of((), (3,)), layouts=False),
    of_one("atleast_2d", lambda lib, a: lib.atleast_2d(a), one_of((), (3,), (2, 3))),
    of_one("atleast_3d", lambda lib, a: lib.atleast_3d(a), one_of((), (3,), (2, 3))),
    of_one("broadcast_to", lambda lib, a: lib.broadcast_to(a, (2, 3, 4)), fixed((3, 1))),
    Case("broadcast_tensors", lambda lib, a, b: lib.broadcast_tensors(a, b)[0], fixed((3, 1), (1, 4))),
    Case("meshgrid", lambda lib, a, b: lib.meshgrid(a, b, indexing="ij")[1], fixed((3,), (2,)), layouts=False),
    Case("meshgrid xy", lambda lib, a, b: lib.meshgrid([a, b], indexing="xy")[0], fixed((3,), (2,)), layouts=False),
    of_one("in place views", lambda lib, a: _turned(a), fixed((3, 3))),
    of_one("permute by keyword", lambda lib, a: lib.permute(a, dims=(2, 0, 1)), CUBE),
]

PARTS = [
    *(of_one(f"split {n}", lambda lib, a, n=n: sum_of(a.split(n, 1)), CUBE) for n in (1, 2, 5, [1, 2], [0, 3])),
    of_one("split, one piece", lambda lib, a: lib.split(a, 2)[1], fixed((5, 2))),
    of_one("split_with_sizes", lambda lib, a: a.split_with_sizes((1, 1))[1], CUBE),
    of_one("chunk", lambda lib, a: a.chunk(3, -1)[1], CUBE),
    of_one("chunk of nothing", lambda lib, a: a.chunk(3, 1)[1], fixed((2, 0))),
    of_one("tensor_split", lambda lib, a: a.tensor_split(3, 2)[0], CUBE),
    of_one("tensor_split at", lambda lib, a: lib.tensor_split(a, (1, -1), dim=2)[1], CUBE),
    of_one("hsplit", lambda lib, a: a.hsplit(3)[1], CUBE),
    of_one("vsplit", lambda lib, a: lib.vsplit(a, [1])[1], CUBE),
    of_one("dsplit", lambda lib, a: a.dsplit(2)[1], CUBE),
    of_one("narrow_copy", lambda lib, a: a.narrow_copy(1, 1, 2), CUBE),
    *(of_one(f"diagonal {n}", lambda lib, a, n=n: a.diagonal(n, -1, 0), CUBE) for n in (0, 1, -2, 9)),
    Case("diagonal written", lambda lib, a, b: _diagonal_written(a, b), fixed((3, 4), (3,))),
    of_one("diag of a vector", lambda lib, a: lib.diag(a, -1), fixed((3,))),
    of_one("diag of a matrix", lambda lib, a: a.diag(1), MATRIX),
    of_one("diag_embed", lambda lib, a: lib.diag_embed(a, 1, 0, 2), MATRIX),
    of_one("diagflat", lambda lib, a: lib.diagflat(a), MATRIX, layouts=False),
    of_one("trace", lambda lib, a: a.trace(), one_of((3, 4), (4, 3), (0, 2))),
    of_one("unfold", lambda lib, a: a.unfold(1, 2, 1), CUBE),
    of_one("unfold apart", lambda lib, a: a.unfold(-1, 1, 3), CUBE),
    of_one("unfold a number", lambda lib, a: a.unfold(0, 1, 1), fixed(())),
    of_one("as_strided", lambda lib, a: lib.as_strided(a, (2, 2, 3), (4, 1, 1), 2), MATRIX, layouts=False),
    of_one("as_strided part", lambda lib, a: a[:, 1:].as_strided((2, 3), (1, 4)), MATRIX, layouts=False),
]

JOINING = [
    Case("hstack", lambda lib, a, b: lib.hstack((a, b)), fixed((2, 3), (2, 1))),
    Case("hstack of numbers", lambda lib, a, b: lib.hstack((a, b)), fixed((), (2,)), layouts=False),
    Case("vstack", lambda lib, a, b: lib.vstack((a, b)), fixed((2, 3), (3,))),
    Case("row_stack", lambda lib, a, b: lib.row_stack((a, b)), fixed((3,), (3,))),
    Case("dstack", lambda lib, a, b: lib.dstack((a, b)), fixed((1, 3), (3,))),
    Case("column_stack", lambda lib, a, b: lib.column_stack((a, b)), fixed((2, 3), (2,)), layouts=False),
    Case("concat", lambda lib, a, b: lib.concat((a, b), dim=1), fixed((2, 3), (2, 1))),
    Case("block_diag", lambda lib, a, b: lib.block_diag(a, b), fixed((2, 3), (2,))),
    Case("block_diag of dtypes", lambda lib, a, b: lib.block_diag(a, b.double()), fixed((), (2, 2))),
    Case("cartesian_prod", lambda lib, a, b: lib.cartesian_prod(a, b), fixed((3,), (2,)), layouts=False),
    of_one("combinations", lambda lib, a: lib.combinations(a, 3), fixed((4,)), layouts=False),
    of_one("combinations again", lambda lib, a: lib.combinations(a, 2, True), fixed((4,)), layouts=False),
]

ORDER = [
    of_one("flip", lambda lib, a: a.flip(0, -1), CUBE),
    of_one("fliplr", lambda lib, a: lib.fliplr(a), CUBE),
    of_one("flipud", lambda lib, a: lib.flipud(a), CUBE),
    of_one("roll", lambda lib, a: a.roll(4), CUBE),
    of_one("roll dims", lambda lib, a: lib.roll(a, (1, -2, 3), (0, 1, 0)), CUBE),
    *(of_one(f"rot90 {n}", lambda lib, a, n=n: a.rot90(n, (2, 0)), CUBE) for n in range(-1, 3)),
    *(of_one(f"tril {n}", lambda lib, a, n=n: lib.tril(a, n), CUBE) for n in (0, 1, -5)),
    *(of_one(f"triu {n}", lambda lib, a, n=n: a.triu(n), CUBE, special=True) for n in (0, -1, 5)),
    of_one("tril_", lambda lib, a: (a * 2).tril_(), MATRIX),
    of_one("repeat", lambda lib, a: a.repeat(2, 1, 3), MATRIX),
    of_one("repeat 0", lambda lib, a: a.repeat(2, 0), MATRIX),
    of_one("repeat same", lambda lib, a: a.repeat(()), fixed(())),
    of_one("tile", lambda lib, a: lib.tile(a, (2,)), ANY),
    of_one("repeat_interleave", lambda lib, a: a.repeat_interleave(2), MATRIX, layouts=False),
    of_one("repeat_interleave dim", lambda lib, a: lib.repeat_interleave(a, 3, dim=-1), CUBE),
    of_one("repeat_interleave each", lambda lib, a: a.repeat_interleave(lib.tensor([2, 0, 1]), dim=0), MATRIX),
    of_one("pixel_shuffle", lambda lib, a: lib.pixel_shuffle(a, 2), fixed((1, 8, 2, 3))),
    of_one("pixel_unshuffle", lambda lib, a: lib.pixel_unshuffle(a, 2), fixed((2, 4, 2))),
    of_one("channel_shuffle", lambda lib, a: lib.channel_shuffle(a, 2), fixed((1, 6, 2))),
]

PADDING = [
    of_one("pad", lambda lib, a: op(lib, "pad")(a, (1, 2, 0, 1)), CUBE),
    of_one("pad with a number", lambda lib, a: op(lib, "pad")(a, (1, -1), value=2.5), CUBE),
    of_one("pad less", lambda lib, a: lib.constant_pad_nd(a, (-1, 0, 0, -2)), CUBE),
    of_one("pad reflect", lambda lib, a: op(lib, "pad")(a, (2, 1), "reflect"), CUBE),
    of_one("pad reflect 2d", lambda lib, a: op(lib, "pad")(a, (2, -1, 0, 1), mode="reflect"), CUBE),
    of_one("pad reflect 3d", lambda lib, a: op(lib, "pad")(a, (1, 1, 1, 1, 0, 1), mode="reflect"), fixed((1, 2, 2, 3))),
    of_one("pad replicate", lambda lib, a: op(lib, "pad")(a, (5, 1), "replicate"), CUBE),
    of_one("pad replicate 2d", lambda lib, a: op(lib, "pad")(a, (2, 1, -1, 1), mode="replicate"), CUBE),
    of_one("pad circular", lambda lib, a: op(lib, "pad")(a, (2, 1), "circular"), CUBE),
    of_one("pad circular 2d", lambda lib, a: op(lib, "pad")(a, (2, 0, -1, 1), "circular"), CUBE),
]

CASES = [*DIMENSIONS, *PARTS, *JOINING, *ORDER, *PADDING]
