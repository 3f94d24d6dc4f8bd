"""Programs of distances and of losses that compare classes or sequences: each gives the result, and its derivatives."""

from __future__ import annotations

from math import inf
from typing import Any

import numpy as np

from tests.kernels.cuda.case import Case, Make, Program, call, classes, normal, positive, special

POWERS = (0.0, 1.0, 1.5, 2.0, 3.0, inf)


def few(*shape: int) -> Make:
    """Whole numbers, of which many are the same."""
    return lambda random, dtype: random.integers(-2, 3, shape).astype(dtype)


def between(p: float, keeps_nan: bool = False) -> Program:
    def program(k: Any, a: Any, b: Any) -> Any:
        found = k.cdist(a, b, p, keeps_nan)
        return found, k.cdist_backward(k.sub(found, 1.5), a, b, found, p)

    return program


def within(p: float) -> Program:
    def program(k: Any, a: Any) -> Any:
        found = k.pdist(a, p)
        return found, k.pdist_backward(k.sub(found, 1.5), a, found, p)

    return program


def turned(k: Any, a: Any, b: Any) -> Any:
    """Of arrays that do not lie row by row; of the gradient of one number."""
    found = k.cdist(k.transpose(a, 1, 2), k.expand(b, (2, *b.shape)), 2.0)
    grad = k.expand(k.select(k.select(k.select(found, 0, 0), 0, 0), 0, 0), found.shape)
    return k.cdist_backward(grad, k.transpose(a, 1, 2), k.expand(b, (2, *b.shape)), found, 2.0)


def distances() -> list[Case]:
    rows = []
    for p in POWERS:
        rows += [
            Case(f"cdist {p}", between(p), (normal(2, 5, 7), normal(2, 31, 7)), close=4),
            Case(f"cdist {p} of equal numbers", between(p), (few(9, 3), few(29, 3)), close=4),
            Case(f"cdist {p} of nothing", between(p), (normal(2, 3, 0), normal(2, 4, 0))),
            Case(f"cdist {p} to nothing", between(p), (normal(3, 2), normal(0, 2))),
            Case(f"pdist {p}", within(p), (normal(17, 5),), close=4),
        ]
        rows += [Case(f"pdist {p} {shape}", within(p), (normal(*shape),)) for shape in ((1, 3), (0, 3))]
    return [
        *rows,
        *[Case(f"cdist {p} special", call("cdist", p), (special(6, 4), special(7, 4)), close=4) for p in POWERS],
        Case("cdist keeps_nan", call("cdist", inf, True), (special(6, 4), special(7, 4))),
        Case("cdist turned", turned, (normal(2, 7, 5), normal(3, 7)), close=4),
        Case("cdist of many", call("cdist", 2.0), (normal(17, 3), normal(31, 3)), "f", close=4),
        Case("euclidean_dist", call("euclidean_dist"), (normal(2, 27, 3), normal(2, 5, 3)), close=4),
        Case("euclidean_dist of matrices", call("euclidean_dist"), (normal(5, 3), normal(29, 3)), close=4),
    ]


def multi_margin(p: int) -> Program:
    def program(k: Any, a: Any, target: Any, weight: Any) -> Any:
        return *k.multi_margin(a, target, weight, p, 0.7), *k.multi_margin(k.neg(a), target, None, p, 1.0)

    return program


def sets(rows: int, count: int) -> Make:
    """Targets up to the first -1: none, several, some of them twice, or all there is room for."""

    def make(random: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        target = random.integers(0, count, (rows, count))
        target[np.arange(rows), random.integers(0, count, rows)] = -1
        target[0] = np.arange(count)
        target[rows - 1, 0] = -1
        return target

    return make


def margins() -> list[Case]:
    rows = []
    for shape in ((3, 10), (1, 1), (2, 129), (0, 3)):
        inputs = (normal(*shape), classes(shape[1], shape[0]), positive(shape[1]))
        rows += [Case(f"multi_margin {p} {shape}", multi_margin(p), inputs, close=4) for p in (1, 2)]
    for count in (1, 7, 31):
        given = (normal(5, count), sets(5, count))
        rows.append(Case(f"multilabel_margin {count}", call("multilabel_margin"), given, close=4))
    return [
        *rows,
        Case("multi_margin special", multi_margin(1), (special(4, 7), classes(7, 4), positive(7))),
        Case("multilabel_margin special", call("multilabel_margin"), (special(3, 7), sets(3, 7)), close=4),
    ]


def ctc(
    targets: list[list[int]], lengths: list[int], counts: list[int], blank: int = 0, zero_infinity: bool = True
) -> Program:
    """Of log-probabilities and a cotangent. What is given of the targets is on the host, as operators may have it."""

    def program(k: Any, a: Any, grad: Any) -> Any:
        labels = [np.asarray(each, np.int64) for each in (targets, lengths, counts)]
        a = k.log_softmax(a, 2)
        losses, alpha = k.ctc_loss(a, *labels, blank)
        grad = k.ctc_loss_backward(grad, a, *labels, losses, alpha, blank=blank, zero_infinity=zero_infinity)
        return losses, grad

    return program


REPEATED = [[1, 1, 2, 1], [2, 2, 2, 0], [1, 3, 1, 4]]
SEQUENCES = (normal(9, 3, 5), normal(3))


def one_nan(random: np.random.Generator, dtype: np.dtype) -> np.ndarray:
    scores = normal(9, 3, 5)(random, dtype)
    scores[2, 0, 1] = np.nan
    return scores


LONG = [[1 + n % 3 for n in range(35)]]


def sequences() -> list[Case]:
    return [
        Case("ctc_loss", ctc(REPEATED, [9, 8, 7], [4, 3, 4]), SEQUENCES, close=8),
        Case("ctc_loss of another blank", ctc([[0, 0, 1], [3, 1, 3], [4, 4, 4]], [9, 9, 6], [3, 2, 1], 2), SEQUENCES, close=8),
        Case("ctc_loss of no labels", ctc([[], [], []], [9, 0, 1], [0, 0, 0]), SEQUENCES, close=8),
        Case("ctc_loss of no time", ctc(REPEATED, [0, 0, 9], [2, 0, 0]), SEQUENCES, close=8),
        Case("ctc_loss of impossible labels", ctc(REPEATED, [4, 3, 5], [4, 3, 4]), SEQUENCES, close=8),
        Case("ctc_loss infinite", ctc(REPEATED, [9, 3, 5], [4, 3, 4], zero_infinity=False), SEQUENCES, close=8),
        Case("ctc_loss of NaN", ctc([[1, 2, 1], [2, 2, 2], [3, 1, 1]], [9, 8, 1], [3, 2, 1]), (one_nan, normal(3)), close=8),
        Case("ctc_loss of more states than threads", ctc(LONG, [45], [35]), (normal(45, 1, 4), normal(1)), close=64),
    ]  # fmt: skip


CASES = [*distances(), *margins(), *sequences()]

PROGRAMS: dict[str, tuple[Any, ...]] = {
    **{f"cdist {p}": (between(p), (2, 5, 7), (2, 31, 7)) for p in POWERS},
    "pdist": (within(2.0), (17, 5)),
    "euclidean_dist": (lambda k, a, b: k.euclidean_dist(a, b), (2, 27, 3), (2, 5, 3)),
    **{
        f"multi_margin {p}": (lambda k, a, w, p=p: k.multi_margin(a, np.zeros(3, np.int64), w, p, 1.0), (3, 10), (10,))
        for p in (1, 2)
    },
    "multilabel_margin": (lambda k, a: k.multilabel_margin(a, np.zeros((3, 10), np.int64)), (3, 10)),
    "ctc_loss": (ctc(REPEATED, [9, 8, 7], [4, 3, 4]), (9, 3, 5), (3,)),
}
