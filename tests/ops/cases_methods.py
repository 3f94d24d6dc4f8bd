"""Rows of the table of cases: comparisons in place, copies of views, and other forms of operators that have rows elsewhere."""

from __future__ import annotations

from typing import Any

from tests.ops.case import ANY, CUBE, MATRIX, PAIR, Case, fixed, of_one

ROWS = fixed((2, 3), (3,))
COMPARISONS = (
    "eq_", "ne_", "lt_", "le_", "gt_", "ge_", "not_equal_", "less_", "less_equal_", "greater_", "greater_equal_",
)  # fmt: skip


def _parts(tensors: Any) -> Any:
    """Something of each of several tensors."""
    return sum((each * (n + 1)).sum(-1).sum(-1) for n, each in enumerate(tensors))


def _split_in_place(a: Any, b: Any) -> Any:
    first, second = (a * 2).unsafe_split(2)
    return first.mul_(b) + second.sum()


IN_PLACE = [
    *(
        Case(f"{name} a tensor", lambda lib, a, b, name=name: getattr(a * 1, name)(b), ROWS, smooth=False, special=True)
        for name in COMPARISONS
    ),
    *(
        of_one(
            f"{name} a number", lambda lib, a, name=name: getattr(a * 1, name)(0.5), MATRIX, smooth=False, special=True
        )
        for name in COMPARISONS
    ),
    Case("addmm_", lambda lib, a, b, c: (a * 1).addmm_(b, c, beta=2, alpha=-0.5), fixed((2, 4), (2, 3), (3, 4))),
    Case("addmv_", lambda lib, a, b, c: lib.addmv_(a * 1, b, c), fixed((2,), (2, 3), (3,))),
    of_one("fill_diagonal_", lambda lib, a: (a * 2).fill_diagonal_(3), MATRIX),
    of_one("fill_diagonal_ of a cube", lambda lib, a: (a * 2).fill_diagonal_(3), fixed((3, 3, 3))),
    of_one(
        "fill_diagonal_ wrapped",
        lambda lib, a: (a * 2).fill_diagonal_(3, wrap=True).cos(),
        fixed((9, 2)),
        layouts=False,
    ),
    of_one("fill_diagonal_ of a view", lambda lib, a: (a * 2).t().fill_diagonal_(3), MATRIX),
    of_one("fill_ as a function", lambda lib, a: lib.fill_(a * 1, 2) * a, MATRIX),
    of_one("zero_ as a function", lambda lib, a: lib.zero_(a * 1) * a, MATRIX),
    of_one("conj_physical_", lambda lib, a: (a * 2).conj_physical_(), MATRIX),
    Case("index_put_ as a function", lambda lib, a, b: lib.index_put_(a * 1, (lib.tensor([1, 0]),), b), ROWS),
]

COPIES = [
    of_one("alias_copy", lambda lib, a: lib.alias_copy(a), CUBE),
    of_one("as_strided_copy", lambda lib, a: lib.as_strided_copy(a, (2, 2), (1, 3), 1), MATRIX, layouts=False),
    of_one("diagonal_copy", lambda lib, a: lib.diagonal_copy(a, 1, 0, 2), CUBE),
    of_one("expand_copy", lambda lib, a: lib.expand_copy(a, (2, 3, 4)), MATRIX),
    of_one("permute_copy", lambda lib, a: lib.permute_copy(a, (2, 0, 1)), CUBE),
    of_one("select_copy", lambda lib, a: lib.select_copy(a, 1, -1), CUBE),
    of_one("slice_copy", lambda lib, a: lib.slice_copy(a, 1, 0, None, 2), CUBE),
    of_one("split_copy", lambda lib, a: _parts(lib.split_copy(a, 2, 2)), CUBE),
    of_one("split_with_sizes_copy", lambda lib, a: _parts(lib.split_with_sizes_copy(a, (1, 3), 2)), CUBE),
    of_one("squeeze_copy", lambda lib, a: lib.squeeze_copy(a), fixed((1, 3, 1))),
    of_one("squeeze_copy dim", lambda lib, a: lib.squeeze_copy(a, 0), fixed((1, 3, 1))),
    of_one("squeeze_copy dims", lambda lib, a: lib.squeeze_copy(a, (0, 2)), fixed((1, 3, 1))),
    of_one("t_copy", lambda lib, a: lib.t_copy(a), MATRIX),
    of_one("transpose_copy", lambda lib, a: lib.transpose_copy(a, 0, 2), CUBE),
    of_one("unbind_copy", lambda lib, a: _parts(lib.unbind_copy(a, 0)), CUBE),
    of_one("unfold_copy", lambda lib, a: lib.unfold_copy(a, 1, 2, 1), CUBE),
    of_one("unsqueeze_copy", lambda lib, a: lib.unsqueeze_copy(a, 1), CUBE),
    of_one("view_copy", lambda lib, a: lib.view_copy(a, (4, -1)), CUBE),
    of_one("fill", lambda lib, a: lib.fill(a, 2.5), MATRIX),
    Case("fill with a tensor", lambda lib, a, b: lib.fill(a, b), fixed((2, 3), ())),
]

PIECES = [
    of_one("unsafe_split", lambda lib, a: _parts(a.unsafe_split(2, 1)), CUBE),
    of_one("unsafe_split_with_sizes", lambda lib, a: _parts(lib.unsafe_split_with_sizes(a, (1, 3), 2)), CUBE),
    of_one("unsafe_chunk", lambda lib, a: _parts(a.unsafe_chunk(2, 2)), CUBE),
    Case("unsafe_split in place", lambda lib, a, b: _split_in_place(a, b), fixed((4, 3), (3,))),
    # torch gives the input the gradient of the part that was overwritten, so that differences say something else.
    Case(
        "as_strided_scatter", lambda lib, a, b: lib.as_strided_scatter(a, b, (2, 2), (1, 3), 1), fixed((3, 4), (2, 2)),
        smooth=False, layouts=False,
    ),
]  # fmt: skip

# There is no gradient for the first argument of the incomplete gamma functions.
FUNCTIONS = [
    *(
        Case(name, lambda lib, a, b, name=name: getattr(lib, name)(a.detach(), b), PAIR, "positive", smooth=False)
        for name in ("igamma", "igammac")
    ),
    Case("igamma_", lambda lib, a, b: (a.detach() * 1).igamma_(b), fixed((2, 3), (3,)), "positive", smooth=False),
    Case("special.gammainc", lambda lib, a, b: lib.special.gammainc(a.detach(), b), PAIR, "positive", smooth=False),
    Case("special.gammaincc", lambda lib, a, b: lib.special.gammaincc(a.detach(), b), PAIR, "positive", smooth=False),
    Case("special.zeta", lambda lib, a, b: lib.special.zeta(a.detach() + 1, b), PAIR, "positive", smooth=False),
    of_one("special.zeta of a number", lambda lib, a: lib.special.zeta(2.5, a), values="positive"),
    of_one("frexp", lambda lib, a: lib.frexp(a).mantissa, ANY, "not zero"),
    of_one("cov", lambda lib, a: lib.cov(a), MATRIX),
    of_one("cov of a vector", lambda lib, a: a.cov(correction=0), fixed((5,))),
    of_one("cov, observations counted", lambda lib, a: lib.cov(a, fweights=lib.tensor([1, 2, 0, 1])), MATRIX),
    Case("cov, observations weighted", lambda lib, a, b: lib.cov(a, aweights=b), fixed((3, 4), (4,)), "positive"),
    Case(
        "cov with both", lambda lib, a, b: lib.cov(a, correction=2, fweights=lib.tensor([1, 2, 1, 3]), aweights=b),
        fixed((3, 4), (4,)), "positive",
    ),
    of_one("corrcoef", lambda lib, a: lib.corrcoef(a), MATRIX, "independent", smooth=False),
    of_one("corrcoef of a vector", lambda lib, a: a.corrcoef(), fixed((5,)), "independent"),
]  # fmt: skip

CASES = [*IN_PLACE, *COPIES, *PIECES, *FUNCTIONS]
