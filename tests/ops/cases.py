"""The table of cases: one row for each way to call an operator.

The tests run every row for value, gradient, second gradient, graph and more (see ``test_equivalence.py``). Whoever adds an
operator adds its row here, or in the table of its family.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from tests.ops.case import ANY, CUBE, MATRIX, PAIR, SOME, TRIPLE, Case, Shapes, fixed, of_one, one_of, op, unary
from tests.ops.cases_decompositions import CASES as DECOMPOSITIONS
from tests.ops.cases_indexing import CASES as AT_POSITIONS
from tests.ops.cases_linalg import CASES as LINALG
from tests.ops.cases_losses import CASES as LOSSES_AND_NORMS
from tests.ops.cases_methods import CASES as METHODS
from tests.ops.cases_pointwise import CASES as POINTWISE
from tests.ops.cases_reduction import CASES as REDUCTION
from tests.ops.cases_shape import CASES as SHAPE_CASES
from tests.ops.cases_solving import CASES as SOLVING
from tests.ops.cases_spatial import CASES as SPATIAL
from tests.ops.cases_spatial import SPECIAL

ELEMENTWISE = [
    unary("neg"),
    unary("abs", "not zero"),
    unary("exp"),
    unary("log", "positive"),
    unary("log1p", "positive"),
    unary("sqrt", "positive"),
    unary("sin"),
    unary("cos"),
    unary("tanh"),
    unary("sigmoid"),
    unary("relu", "not zero"),
    unary("reciprocal", "not zero"),
    unary("sign", "not zero"),
    unary("floor", "broken"),
    unary("square"),
    Case("add", lambda lib, a, b: lib.add(a, b), PAIR, special=True),
    Case("add alpha", lambda lib, a, b: lib.add(a, b, alpha=2.5), PAIR, special=True),
    Case("sub", lambda lib, a, b: a - b, PAIR, special=True),
    Case("sub alpha", lambda lib, a, b: lib.sub(a, b, alpha=3), PAIR),
    Case("rsub", lambda lib, a, b: lib.rsub(a, b), PAIR),
    Case("mul", lambda lib, a, b: a * b, PAIR, special=True),
    Case("mul with itself", lambda lib, a: a * a, ANY),
    Case("div", lambda lib, a, b: a / b, PAIR, "not zero", special=True),
    Case("div floor", lambda lib, a, b: lib.div(a, b, rounding_mode="floor"), PAIR, "not zero", special=True),
    Case("div trunc", lambda lib, a, b: lib.div(a, b, rounding_mode="trunc"), PAIR, "not zero", special=True),
    Case("remainder", lambda lib, a, b: a % b, PAIR, "not zero", special=True),
    Case("pow", lambda lib, a, b: a**b, PAIR, "positive", special=True),
    Case("maximum", lambda lib, a, b: lib.maximum(a, b), PAIR, special=True),
    Case("minimum", lambda lib, a, b: lib.minimum(a, b), PAIR, special=True),
    Case("max of two", lambda lib, a, b: lib.max(a, b), PAIR),
    Case("min of two", lambda lib, a, b: a.min(b), PAIR),
    of_one("number + x", lambda lib, a: 2.5 + a, special=True),
    of_one("x + number", lambda lib, a: a + 1),
    of_one("number - x", lambda lib, a: 2.5 - a, special=True),
    of_one("x - number", lambda lib, a: a - 1),
    of_one("number * x", lambda lib, a: -2 * a, special=True),
    of_one("x * number", lambda lib, a: a * 2.5),
    of_one("number / x", lambda lib, a: 3 / a, values="not zero", special=True),
    of_one("x / number", lambda lib, a: a / 3),
    of_one("x / zero", lambda lib, a: a / 0, special=True, smooth=False),
    of_one("x % number", lambda lib, a: a % 1.5, values="broken", special=True),
    of_one("number ** x", lambda lib, a: 2.5**a, special=True),
    of_one("0 ** x", lambda lib, a: 0**a, values="positive", special=True, smooth=False),
    of_one("negative ** x", lambda lib, a: (-2.0) ** a, special=True, smooth=False),
    *(
        of_one(f"x ** {n}", lambda lib, a, n=n: a**n, values="positive", special=True)
        for n in (0, 1, 2, 3, 0.5, -0.5, -1, -2, 2.5, -1.5, 4, 0.0, 1.0, 2.0, 1.5)
    ),
    of_one("clamp", lambda lib, a: lib.clamp(a, -0.5, 0.7), special=True),
    of_one("clamp at 1", lambda lib, a: a.clamp(-1, 1), special=True),
    of_one("clamp min", lambda lib, a: a.clamp(min=0), special=True),
    of_one("clamp max", lambda lib, a: a.clamp(max=0.5), special=True),
    of_one("clamp crossed", lambda lib, a: a.clamp(1.0, -1.0), special=True),
    Case("where", lambda lib, a, b: lib.where(a > 0, a, b), PAIR, special=True),
    Case("where of three", lambda lib, a, b, c: lib.where(a.detach() > 0, b, c), TRIPLE, special=True),
    Case("where number", lambda lib, a: lib.where(a > 0, a, 0.0), ANY, special=True),
    Case("where other number", lambda lib, a: lib.where(a > 0, 1, a), ANY, special=True),
    Case(
        "masked_fill with a tensor",
        lambda lib, a, b, c: lib.masked_fill(a, b.detach() > 0, c),
        fixed((2, 3), (2, 3), ()),
    ),
    Case("masked_fill", lambda lib, a, b: lib.masked_fill(a, b.detach() > 0, 2.5), PAIR, special=True),
    of_one("to double", lambda lib, a: a.double() * 3, special=True),
    of_one("to float", lambda lib, a: a.float() * 3),
    of_one("to with dtype", lambda lib, a: a.to(lib.float64)),
    of_one("clone", lambda lib, a: a.clone(), special=True),
    of_one("contiguous", lambda lib, a: a.contiguous()),
]

REDUCTIONS = [
    of_one("sum", lambda lib, a: a.sum(), special=True),
    of_one("mean", lambda lib, a: a.mean(), special=True),
    of_one("sum dim", lambda lib, a: a.sum(-1), SOME, special=True),
    of_one("sum keepdim", lambda lib, a: a.sum(0, keepdim=True), SOME),
    of_one("sum dims", lambda lib, a: lib.sum(a, (0, 2)), CUBE),
    of_one("sum no dims", lambda lib, a: a.sum(()), SOME),
    of_one("sum dtype", lambda lib, a: a.sum(dtype=lib.float64), SOME),
    of_one("sum over nothing", lambda lib, a: a.sum(1), fixed((2, 0, 3))),
    of_one("sum of a number", lambda lib, a: a.sum(0), fixed(())),
    of_one("sum keepdim of all", lambda lib, a: a.sum((0, 1), True), MATRIX),
    of_one("mean dim", lambda lib, a: a.mean(0), SOME, special=True),
    of_one("mean dims", lambda lib, a: a.mean((-1, 0), keepdim=True), CUBE),
    of_one("mean dtype", lambda lib, a: a.mean(dtype=lib.float64), SOME),
    of_one("norm dtype", lambda lib, a: a.norm(dtype=lib.float64), SOME),
    of_one("mean over nothing", lambda lib, a: a.mean(1), fixed((2, 0, 3))),
    of_one("norm", lambda lib, a: lib.norm(a), SOME, special=True),
    of_one("x.norm", lambda lib, a: a.norm(), SOME),
    *(
        of_one(f"norm {p}", lambda lib, a, p=p: a.norm(p), SOME, "distinct", special=True)
        for p in (0, 1, 2, 3, 1.5, 0.5, -1, float("inf"), -float("inf"))
    ),
    *(
        of_one(f"norm {p} dim", lambda lib, a, p=p: a.norm(p, dim=-1), SOME, "distinct", special=True)
        for p in (0, 1, 2, 3, float("inf"))
    ),
    of_one("norm dims keepdim", lambda lib, a: a.norm(2, (0, 2), keepdim=True), CUBE),
    of_one("norm fro", lambda lib, a: a.norm("fro", 1), MATRIX),
    of_one("max", lambda lib, a: a.max(), SOME, "distinct", special=True),
    of_one("min", lambda lib, a: lib.min(a), SOME, "distinct", special=True),
    of_one("max dim", lambda lib, a: a.max(-1)[0], SOME, "distinct", special=True),
    of_one("max dim keepdim", lambda lib, a: lib.max(a, 0, keepdim=True).values, SOME, "distinct", special=True),
    of_one("max dim of a number", lambda lib, a: a.max(0).values, fixed(())),
    of_one("min dim", lambda lib, a: a.min(dim=0).values, SOME, "distinct", special=True),
    of_one("max dim indices", lambda lib, a: a.max(-1).values * a.max(-1)[1], SOME, "distinct"),
    of_one("amax", lambda lib, a: a.amax(), SOME, "distinct", special=True),
    of_one("amax dim", lambda lib, a: a.amax(-1), SOME, "distinct", special=True),
    of_one("amin dims", lambda lib, a: a.amin((0, 2), keepdim=True), CUBE, "distinct", special=True),
]

SHAPES = [
    of_one("view", lambda lib, a: a.view(4, 6), CUBE, layouts=False),
    of_one("view -1", lambda lib, a: a.view(-1), CUBE, layouts=False),
    of_one("view to number", lambda lib, a: a.view(()), fixed((1, 1))),
    of_one("view of a number", lambda lib, a: a.view(1, 1), fixed(())),
    of_one("view_as", lambda lib, a: a.view_as(lib.zeros(3, 8)), CUBE, layouts=False),
    of_one("reshape", lambda lib, a: a.reshape(6, -1), CUBE),
    of_one("reshape transposed", lambda lib, a: a.transpose(0, 2).reshape(-1), CUBE),
    of_one("reshape as a view", lambda lib, a: a.transpose(0, 1).reshape(3, 2, 2, 2), CUBE),
    of_one("reshape same", lambda lib, a: a.reshape(3, 4), MATRIX),
    of_one("reshape empty", lambda lib, a: a.reshape(0, 3), fixed((2, 0))),
    of_one("flatten", lambda lib, a: lib.flatten(a, 1), CUBE),
    of_one("flatten all", lambda lib, a: a.flatten(), CUBE),
    of_one("flatten nothing", lambda lib, a: a.flatten(1) * 1, MATRIX),
    of_one("flatten a number", lambda lib, a: a.flatten(), fixed(())),
    of_one("flatten transposed", lambda lib, a: a.t().flatten(), MATRIX),
    of_one("expand", lambda lib, a: a.expand(5, 3, 4), fixed((3, 1))),
    of_one("expand -1", lambda lib, a: a.expand(2, -1, 4), fixed((3, 1))),
    of_one("expand a number", lambda lib, a: a.expand(2, 3), fixed(())),
    of_one("expand same", lambda lib, a: a.expand(3, 4), MATRIX),
    of_one("expand_as", lambda lib, a: a.expand_as(lib.zeros(2, 3, 4)), fixed((3, 1))),
    of_one("expand to nothing", lambda lib, a: a.expand(0, 3), fixed((1, 3))),
    of_one("squeeze", lambda lib, a: a.squeeze(), one_of((1, 3, 1), (2, 3), (1, 1), ())),
    of_one("squeeze dim", lambda lib, a: a.squeeze(0), one_of((1, 3, 1), (2, 3), ())),
    of_one("squeeze dims", lambda lib, a: a.squeeze((0, 2)), one_of((1, 3, 1), (2, 3, 1))),
    of_one("unsqueeze", lambda lib, a: a.unsqueeze(1), MATRIX),
    of_one("unsqueeze -1", lambda lib, a: lib.unsqueeze(a, -1), one_of((3,), ())),
    of_one("transpose", lambda lib, a: a.transpose(0, -1), CUBE),
    of_one("transpose a number", lambda lib, a: a.transpose(0, -1), fixed(())),
    of_one("t", lambda lib, a: a.t(), one_of((3, 4), (3,), ())),
    of_one(
        "T",
        lambda lib, a: a.T,
        one_of(
            (3, 4),
        ),
    ),
    of_one("mT", lambda lib, a: a.mT, CUBE),
    of_one("permute", lambda lib, a: a.permute(2, 0, 1), CUBE),
    of_one("permute -1", lambda lib, a: lib.permute(a, (-1, 0, 1)), CUBE),
    of_one("select", lambda lib, a: a.select(1, -1), CUBE),
    of_one("narrow", lambda lib, a: a.narrow(1, 1, 2), CUBE),
    of_one("narrow from the end", lambda lib, a: lib.narrow(a, -1, -3, 2), CUBE),
    of_one("unbind", lambda lib, a: a.unbind(1)[1], CUBE),
    of_one("unbind and add", lambda lib, a: sum_of(a.unbind(0)), CUBE),
    of_one("iterate", lambda lib, a: sum_of([row * (n + 1) for n, row in enumerate(a)]), MATRIX),
    Case("cat", lambda lib, a, b: lib.cat([a, b], 1), fixed((2, 3), (2, 2))),
    Case("cat -1", lambda lib, a, b: lib.cat((a, b), -1), fixed((2, 0), (2, 2))),
    Case("cat empty", lambda lib, a, b: lib.cat((a, b)), fixed((0,), (2, 2))),
    Case("cat itself", lambda lib, a: lib.cat((a, a)), MATRIX),
    Case("cat of dtypes", lambda lib, a, b: lib.cat((a, b.double())), fixed((3,), (2,))),
    Case("stack", lambda lib, a, b: lib.stack([a, b], 1), fixed((2, 3), (2, 3))),
    Case("stack -1", lambda lib, a, b: lib.stack((a, b), -1), fixed((), ())),
]


def sum_of(tensors: Any) -> Any:
    first, *others = tensors
    for each in others:
        first = first + each
    return first


def indexed(name: str, index: Callable[[Any], Any], shape: tuple[int, ...] = (4, 3, 5)) -> Case:
    """``x[index]``; ``index(lib)`` makes the index."""
    return Case(f"x[{name}]", lambda lib, a: a[index(lib)], fixed(shape))


INDEXING = [
    indexed("0", lambda lib: 0),
    indexed("-1", lambda lib: -1),
    indexed(":", lambda lib: slice(None)),
    indexed("...", lambda lib: ...),
    indexed(":, :", lambda lib: (slice(None), slice(None))),
    indexed("0, 1", lambda lib: (0, 1)),
    indexed("0, 1, 2", lambda lib: (0, 1, 2)),
    indexed("()", lambda lib: ()),
    indexed("None", lambda lib: None),
    indexed("None, 0, None", lambda lib: (None, 0, None)),
    indexed("1:3", lambda lib: np.s_[1:3]),
    indexed("::2", lambda lib: np.s_[::2]),
    indexed("1:", lambda lib: np.s_[1:]),
    indexed(":-1, 1:", lambda lib: np.s_[:-1, 1:]),
    indexed("..., 0", lambda lib: np.s_[..., 0]),
    indexed("..., 1:2", lambda lib: np.s_[..., 1:2]),
    indexed("0, ..., 1", lambda lib: np.s_[0, ..., 1]),
    indexed("3:1", lambda lib: np.s_[3:1]),
    indexed("-10:10", lambda lib: np.s_[-10:10]),
    indexed("0:4", lambda lib: np.s_[0:4]),
    indexed(":, None, 0", lambda lib: np.s_[:, None, 0]),
    indexed("2:100:3", lambda lib: np.s_[2:100:3]),
    indexed("True", lambda lib: True),
    indexed("False", lambda lib: False),
    indexed("True, 0", lambda lib: (True, 0)),
    indexed("[0, 2]", lambda lib: [0, 2]),
    indexed("[0, 0, -1]", lambda lib: [0, 0, -1]),
    indexed("[]", lambda lib: []),
    indexed("[0], [1]", lambda lib: ([0, 1], [1, 2])),
    indexed(":, [0, 2]", lambda lib: np.s_[:, [0, 2]]),
    indexed("0, [1, 1]", lambda lib: (0, [1, 1])),
    indexed("[0, 1], :, [1, 2]", lambda lib: np.s_[[0, 1], :, [1, 2]]),
    indexed(":, [0, 1], [1, 2]", lambda lib: np.s_[:, [0, 1], [1, 2]]),
    indexed("[0, 1], 0", lambda lib: ([0, 1], 0)),
    indexed("[0, 1], 0, [1, 2]", lambda lib: ([0, 1], 0, [1, 2])),
    indexed("tensor", lambda lib: lib.tensor([[0, 3], [1, 1]])),
    indexed("tensor, tensor", lambda lib: (lib.tensor([[0], [1]]), lib.tensor([0, 2]))),
    indexed("tensor()", lambda lib: lib.tensor(2)),
    indexed("tensor(), tensor()", lambda lib: (lib.tensor(2), lib.tensor(1))),
    indexed("tensor, None", lambda lib: (lib.tensor([0, 1]), None)),
    indexed("None, tensor", lambda lib: (None, lib.tensor([0, 1]))),
    indexed("1:3, tensor", lambda lib: (np.s_[1:3], lib.tensor([0, 1]))),
    indexed("tensor, ..., tensor", lambda lib: (lib.tensor([0, 1]), ..., lib.tensor([3]))),
    indexed("tensor int32", lambda lib: lib.tensor([0, 1], dtype=lib.int32)),
    indexed("numpy", lambda lib: np.array([1, 0])),
    indexed("mask", lambda lib: lib.tensor([True, False, True, True])),
    indexed("mask of rows", lambda lib: lib.arange(12).reshape(4, 3) % 2 == 0),
    indexed("mask, 0", lambda lib: (lib.tensor([True, False, True, True]), 0)),
    indexed(":, mask", lambda lib: (slice(None), lib.tensor([True, False, True]))),
    indexed("list of bools", lambda lib: [True, False, True, True]),
    indexed("empty mask", lambda lib: lib.zeros(4, dtype=lib.bool)),
    indexed("mask()", lambda lib: lib.tensor(True)),
    indexed("range", lambda lib: range(2)),
    indexed("() of a number", lambda lib: (), ()),
    indexed("... of a number", lambda lib: ..., ()),
    indexed("None of a number", lambda lib: None, ()),
    of_one("x[x > 0]", lambda lib, a: a[a > 0], MATRIX),
    of_one("gather", lambda lib, a: lib.gather(a, 1, lib.tensor([[0, 0, 3], [1, 2, 1]])), MATRIX),
    of_one("gather 0", lambda lib, a: a.gather(0, lib.tensor([[0, 2, 0, 1]])), MATRIX),
    of_one("gather of a number", lambda lib, a: a.gather(0, lib.tensor(0)), fixed(())),
    Case("index_put", lambda lib, a, b: lib.index_put(a, (lib.tensor([0, 2]),), b), fixed((3, 4), (2, 4))),
    Case(
        "index_put broadcast",
        lambda lib, a, b: a.index_put((lib.tensor([0, 2]), lib.tensor([1, 1])), b),
        fixed((3, 4), ()),
    ),
    Case(
        "index_put accumulate",
        lambda lib, a, b: a.index_put((lib.tensor([1, 1, 0]),), b, accumulate=True),
        fixed((3, 4), (3, 1)),
    ),
]

MATMUL_SHAPES: list[Shapes] = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 4)),
    ((2, 3), (3, 4)),
    ((2, 2, 3), (3, 4)),
    ((2, 2, 3), (3,)),
    ((2, 3), (5, 3, 4)),
    ((3,), (5, 3, 4)),
    ((5, 2, 3), (5, 3, 4)),
    ((5, 2, 3), (1, 3, 4)),
    ((1, 2, 3), (5, 3, 4)),
    ((2, 5, 2, 3), (5, 3, 4)),
    ((2, 5, 2, 3), (3, 4)),
    ((2, 5, 2, 3), (3,)),
    ((2, 3), (2, 5, 3, 4)),
    ((3,), (2, 5, 3, 4)),
    ((2, 1, 2, 3), (5, 3, 4)),
    ((0, 3), (3, 4)),
    ((2, 0), (0, 4)),
    ((0, 2, 3), (3, 4)),
    ((2, 0), (0,)),
    ((0,), (0,)),
    ((5, 2, 0), (5, 0, 4)),
    ((2, 3, 3), (3, 2)),
]


def matmul_of_one(a: Any, b: Any, which: int, flip: str) -> Any:
    """A product in which only one operand is differentiated; torch takes another way then."""
    a, b = (a, b.detach()) if which == 0 else (a.detach(), b)
    if flip:
        a = a.transpose(0, -1).contiguous().transpose(0, -1)
    return a @ b


PRODUCTS = [
    *(
        Case(f"matmul {' '.join(map(str, shapes))}", lambda lib, a, b: a @ b, fixed(*shapes))
        for shapes in MATMUL_SHAPES
    ),
    *(
        Case(
            f"matmul {which} needs a gradient {' '.join(map(str, shapes))}{flip or ''}",
            lambda lib, a, b, which=which, flip=flip: matmul_of_one(a, b, which, flip),
            fixed(*shapes),
            smooth=False,
        )
        for shapes in [
            ((2, 3), (5, 3, 4)),
            ((3,), (5, 3, 4)),
            ((5, 2, 3), (3,)),
            ((5, 2, 3), (3, 4)),
            ((5, 2, 3), (1, 3, 4)),
            ((1, 2, 3), (5, 3, 4)),
        ]
        for which in (0, 1)
        for flip in ("", " transposed")
    ),
    Case("mm", lambda lib, a, b: lib.mm(a, b), fixed((2, 3), (3, 4))),
    Case("mm transposed", lambda lib, a, b: a.t().mm(b.t()), fixed((3, 2), (4, 3))),
    Case("bmm", lambda lib, a, b: lib.bmm(a, b), fixed((2, 3, 4), (2, 4, 2))),
    Case("mv", lambda lib, a, b: a.mv(b), fixed((2, 3), (3,))),
    Case("dot", lambda lib, a, b: lib.dot(a, b), fixed((4,), (4,))),
    Case("outer", lambda lib, a, b: lib.outer(a, b), fixed((4,), (3,))),
    Case(
        "addmm",
        lambda lib, a, b, c: lib.addmm(a, b, c),
        st.sampled_from(
            [
                ((4,), (2, 3), (3, 4)),
                ((2, 4), (2, 3), (3, 4)),
                ((2, 1), (2, 3), (3, 4)),
                ((), (2, 3), (3, 4)),
                ((1, 4), (2, 3), (3, 4)),
            ]
        ),
    ),
    Case("addmm beta alpha", lambda lib, a, b, c: lib.addmm(a, b, c, beta=0.5, alpha=2), fixed((2, 4), (2, 3), (3, 4))),
    Case("addmm beta 0", lambda lib, a, b, c: a.addmm(b, c, beta=0), fixed((2, 4), (2, 3), (3, 4))),
    *(
        Case(f"linear {shape}", lambda lib, a, w, b: op(lib, "linear")(a, w, b), fixed(shape, (4, 3), (4,)))
        for shape in [(2, 3), (3,), (2, 2, 3), (0, 3), (2, 2, 2, 3)]
    ),
    *(
        Case(f"linear without bias {shape}", lambda lib, a, w: op(lib, "linear")(a, w), fixed(shape, (4, 3)))
        for shape in [(2, 3), (3,), (2, 2, 3)]
    ),
]

LOSSES = [
    *(of_one(f"softmax {dim}", lambda lib, a, dim=dim: lib.softmax(a, dim), SOME) for dim in (0, -1)),
    *(of_one(f"log_softmax {dim}", lambda lib, a, dim=dim: a.log_softmax(dim), SOME) for dim in (0, -1)),
    of_one("softmax of a number", lambda lib, a: a.softmax(0), fixed(())),
    of_one("log_softmax of a number", lambda lib, a: a.log_softmax(0), fixed(())),
    of_one("softmax dtype", lambda lib, a: a.softmax(-1, dtype=lib.float64), MATRIX),
    of_one("softmax of nothing", lambda lib, a: a.softmax(-1), fixed((2, 0))),
    of_one("softmax of large numbers", lambda lib, a: (a * 1000).softmax(-1), MATRIX),
    *(
        Case(
            f"mse_loss {kind}", lambda lib, a, b, kind=kind: op(lib, "mse_loss")(a, b, reduction=kind), one_shape_twice
        )
        for kind in ("mean", "sum", "none")
        for one_shape_twice in [st.sampled_from([((2, 3), (2, 3)), ((), ()), ((0, 2), (0, 2))])]
    ),
    *(
        of_one(
            f"{name} {kind} {settings or ''}{weighted}",
            lambda lib, a, name=name, kind=kind, settings=settings, weighted=weighted: op(lib, name)(
                a,
                lib.tensor([1, 0, 3, 1]),
                weight=lib.tensor([0.5, 2.0, 1.0, 0.25]).to(a.dtype) if weighted else None,
                reduction=kind,
                **settings,
            ),
            fixed((4, 4)),
        )
        for name in ("nll_loss", "cross_entropy")
        for kind in ("mean", "sum", "none")
        for weighted in ("", "weighted")
        for settings in (
            [{}, {"ignore_index": 1}]
            + (
                [{"label_smoothing": 0.1}, {"label_smoothing": 0.1, "ignore_index": 0}]
                if name == "cross_entropy"
                else []
            )
        )
    ),
    *(
        of_one(
            f"{name} single {kind}",
            lambda lib, a, name=name, kind=kind: op(lib, name)(a, lib.tensor(2), reduction=kind),
            fixed((4,)),
        )
        for name in ("nll_loss", "cross_entropy")
        for kind in ("mean", "none")
    ),
    *(
        of_one(
            f"{name} images {kind}",
            lambda lib, a, name=name, kind=kind: op(lib, name)(a, lib.arange(12).reshape(2, 3, 2) % 3, reduction=kind),
            fixed((2, 3, 3, 2)),
            layouts=False,
        )
        for name in ("nll_loss", "cross_entropy")
        for kind in ("mean", "none")
    ),
    *(
        of_one(
            f"{name} rows {kind}",
            lambda lib, a, name=name, kind=kind: op(lib, name)(a, lib.arange(6).reshape(2, 3) % 3, reduction=kind),
            fixed((2, 3, 3)),
            layouts=False,
        )
        for name in ("nll_loss", "cross_entropy")
        for kind in ("mean", "none")
    ),
    *(
        Case(
            f"cross_entropy probabilities {kind} {smoothing}",
            lambda lib, a, b, kind=kind, smoothing=smoothing: op(lib, "cross_entropy")(
                a, b, reduction=kind, label_smoothing=smoothing
            ),
            fixed((4, 3), (4, 3)),
            "positive",
        )
        for kind in ("mean", "sum", "none")
        for smoothing in (0.0, 0.2)
    ),
    Case(
        "cross_entropy probabilities weighted",
        lambda lib, a, b: op(lib, "cross_entropy")(a, b, weight=lib.tensor([0.5, 2.0, 1.0]).to(a.dtype)),
        fixed((4, 3), (4, 3)),
        "positive",
    ),
]

WINDOWS = [
    Case("conv2d", lambda lib, a, w, b: op(lib, "conv2d")(a, w, b), fixed((2, 3, 6, 5), (4, 3, 3, 2), (4,))),
    Case(
        "conv2d without bias", lambda lib, a, w: op(lib, "conv2d")(a, w, None, 2, 1), fixed((2, 3, 6, 5), (4, 3, 3, 2))
    ),
    Case(
        "conv2d groups",
        lambda lib, a, w, b: op(lib, "conv2d")(a, w, b, padding=(1, 0), dilation=(1, 2), groups=2),
        fixed((2, 4, 6, 5), (4, 2, 3, 2), (4,)),
    ),
    Case("conv2d without batch", lambda lib, a, w, b: op(lib, "conv2d")(a, w, b), fixed((3, 6, 5), (4, 3, 3, 2), (4,))),
    of_one("max_pool2d", lambda lib, a: op(lib, "max_pool2d")(a, 2), fixed((2, 3, 4, 6)), "distinct"),
    of_one(
        "max_pool2d overlapping",
        lambda lib, a: op(lib, "max_pool2d")(a, (3, 2), stride=1, padding=1),
        fixed((2, 2, 4, 5)),
        "distinct",
    ),
]


def _changed(target: Any, change: Callable[[Any], Any]) -> Any:
    change(target)
    return target


def put(name: str, index: Callable[[Any], Any], shape: tuple[int, ...]) -> Case:
    """``x[index] = value``, for a value of that shape."""

    def call(lib: Any, a: Any, value: Any) -> Any:
        a = a.clone()
        a[index(lib)] = value
        return a

    return Case(f"x[{name}] = {shape}", call, fixed((4, 3, 5), shape))


IN_PLACE = [
    *(
        of_one(f"{name}_", lambda lib, a, name=name: getattr(a.clone(), name + "_")(), values="positive")
        for name in (
            "neg",
            "abs",
            "exp",
            "log",
            "log1p",
            "sqrt",
            "sin",
            "cos",
            "tanh",
            "sigmoid",
            "relu",
            "reciprocal",
            "sign",
            "floor",
            "square",
            "zero",
        )
    ),
    *(
        Case(
            f"{name}_ of two",
            lambda lib, a, b, name=name: getattr(a.clone(), name + "_")(b),
            st.sampled_from([((2, 3), (2, 3)), ((2, 3), (3,)), ((2, 3), ())]),
            "positive",
        )
        for name in ("add", "sub", "mul", "div", "pow", "remainder", "copy")
    ),
    *(
        of_one(
            f"{name}_ with a number", lambda lib, a, name=name: getattr(a.clone(), name + "_")(2.5), values="positive"
        )
        for name in ("add", "sub", "mul", "div", "pow", "remainder", "clamp", "fill")
    ),
    Case("+=", lambda lib, a, b: _signs(a.clone(), b), fixed((2, 3), (3,)), "positive"),
    Case("add_ alpha", lambda lib, a, b: a.clone().add_(b, alpha=0.5), fixed((2, 3), (3,))),
    Case("masked_fill_", lambda lib, a, b: a.clone().masked_fill_(b.detach() > 0, 0.5), fixed((2, 3), (2, 3))),
    Case(
        "index_put_",
        lambda lib, a, b: a.clone().index_put_((lib.tensor([1, 1, 0]),), b, accumulate=True),
        fixed((3, 4), (3, 4)),
    ),
    Case("mul_ on a row", lambda lib, a, b: _changed(a.clone(), lambda x: x[0].mul_(b)), fixed((3, 4), (4,))),
    Case("exp_ on a slice", lambda lib, a: _changed(a * 2, lambda x: x[:, 1:].exp_()), fixed((3, 4))),
    Case(
        "relu_ on a transposed part",
        lambda lib, a: _changed(a * 2, lambda x: x.t()[1:3].relu_()),
        fixed((3, 4)),
        "not zero",
    ),
    Case(
        "mul_ on an expanded view's base",
        lambda lib, a, b: _changed(a * 2, lambda x: x.view(-1)[2:7].mul_(b)),
        fixed((3, 4), ()),
        layouts=False,
    ),
    Case("view after in place", lambda lib, a, b: _view_after(a, b), fixed((3, 4), (4,))),
    Case("base and view in place", lambda lib, a, b: _twice_in_place(a, b), fixed((3, 4), (4,))),
    Case("copy_ other dtype", lambda lib, a, b: a.clone().copy_(b.double()), fixed((2, 3), (3,))),
    Case("fill_ with a tensor", lambda lib, a, b: a.clone().fill_(b), fixed((2, 3), ())),
    put("0, 1", lambda lib: (0, 1), (1, 1, 5)),
    put("[0, 2]", lambda lib: [0, 2], (1, 1, 1, 5)),
    put("...", lambda lib: ..., ()),
    put("True", lambda lib: True, (3, 5)),
    put("0", lambda lib: 0, (3, 5)),
    put("0", lambda lib: 0, ()),
    put("1:3", lambda lib: np.s_[1:3], (5,)),
    put(":", lambda lib: np.s_[:], (1, 3, 5)),
    put("...", lambda lib: ..., (5,)),
    put("0, 1, 2", lambda lib: (0, 1, 2), ()),
    put("..., 0", lambda lib: np.s_[..., 0], (4, 3)),
    put("None", lambda lib: None, (4, 3, 5)),
    put("[0, 2]", lambda lib: [0, 2], (2, 3, 5)),
    put("[0, 2]", lambda lib: [0, 2], (1, 5)),
    put("tensor", lambda lib: lib.tensor([1, 3]), ()),
    put("mask", lambda lib: lib.tensor([True, False, True, False]), (2, 3, 5)),
    put(":, [0, 1]", lambda lib: np.s_[:, [0, 1]], (4, 2, 5)),
    put("1:3, [0]", lambda lib: np.s_[1:3, [0]], ()),
    put("True", lambda lib: True, (4, 3, 5)),
    put("False", lambda lib: False, (4, 3, 5)),
    put("1:3, ::2", lambda lib: np.s_[1:3, ::2], (1, 2, 1)),
    put("0:0", lambda lib: np.s_[0:0], ()),
    of_one("x[0] = number", lambda lib, a: _put(a, 0, 2.5), MATRIX),
    of_one("x[mask] = number", lambda lib, a: _put(a, a > 0, 2.5), MATRIX),
    of_one("x[[0]] = number", lambda lib, a: _put(a, [0, 1], 3), MATRIX),
    of_one("x[..., 1:] = row", lambda lib, a: _put(a, np.s_[..., 1:], a[0, 1:]), MATRIX),
]


def _signs(a: Any, b: Any) -> Any:
    a += b
    a -= 0.5
    a *= b
    a /= 2
    a **= 2
    a %= 5
    return a


def _put(a: Any, index: Any, value: Any) -> Any:
    a = a.clone()
    a[index] = value
    return a


def _view_after(a: Any, b: Any) -> Any:
    base = a * 2
    view = base[1]
    base.mul_(b)
    return view * b + base


def _twice_in_place(a: Any, b: Any) -> Any:
    base = a * 2
    row, column = base[0], base[:, 1]
    row.mul_(b)
    column.add_(a[:, 0])
    base.mul_(3)
    row.add_(b)
    return base * 2 + row * column[0]


CASES = [*ELEMENTWISE, *REDUCTIONS, *SHAPES, *INDEXING, *PRODUCTS, *LOSSES, *WINDOWS, *IN_PLACE]
CASES += POINTWISE + SHAPE_CASES + REDUCTION + LINALG + AT_POSITIONS + METHODS + SOLVING + DECOMPOSITIONS + SPATIAL + SPECIAL + LOSSES_AND_NORMS
assert len({case.name for case in CASES}) == len(CASES), "two rows have the same name"
