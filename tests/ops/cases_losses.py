"""Rows for losses, normalisations and similarities; ``tests/nn/modules/test_families.py`` has their modules."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.ops.case import CUBE, Case, fixed

TWICE = st.sampled_from([((2, 3), (2, 3)), ((), ()), ((0, 2), (0, 2)), ((2, 1, 3), (2, 1, 3))])


def of_differences(
    name: str, values: str = "any", kinds: tuple[str, ...] = ("mean", "sum", "none"), **settings: Any
) -> list[Case]:
    """A loss of two tensors of one shape, with each of these reductions."""
    return [
        Case(
            f"{name} {kind} {settings or ''}",
            lambda lib, a, b, kind=kind: getattr(lib.nn.functional, name)(a, b, reduction=kind, **settings),
            TWICE,
            values,
            special=True,
        )
        for kind in kinds
    ]


CLASSES = (3, 5)
"""Of scores: three rows, five classes."""


def of_classes(name: str, targets: Any, **settings: Any) -> list[Case]:
    """A loss of scores of classes, for rows and for one sample."""

    def loss(lib: Any, a: Any, target: Any, **params: Any) -> Any:
        return getattr(lib.nn.functional, name)(a, lib.tensor(target), **settings, **params)

    rows = [
        Case(
            f"{name} {settings or ''} {kind}",
            lambda lib, a, kind=kind: loss(lib, a, targets, reduction=kind),
            fixed(CLASSES),
            twice=False,
        )
        for kind in ("mean", "sum", "none")
    ]
    return [
        *rows,
        Case(
            f"{name} {settings or ''} of one", lambda lib, a: loss(lib, a, targets[0]), fixed(CLASSES[1:]), twice=False
        ),
    ]


def sequences(name: str, targets: Any, lengths: Any, counts: Any, **settings: Any) -> list[Case]:
    """The loss of log-probabilities, (6, 3, 4), that these labels have."""
    return [
        Case(
            f"ctc_loss {name} {kind}",
            lambda lib, a, kind=kind: lib.nn.functional.ctc_loss(
                lib.log_softmax(a, 2),
                lib.tensor(targets),
                lib.tensor(lengths),
                lib.tensor(counts),
                reduction=kind,
                **settings,
            ),
            fixed((6, 3, 4)),
            special=True,
            twice=False,
        )
        for kind in ("mean", "sum", "none")
    ]


CASES = [
    *(each for p in (1, 2) for each in of_classes("multi_margin_loss", [2, 0, 4], p=p, margin=0.75)),
    *(
        Case(
            f"multi_margin_loss of weights p={p}",
            lambda lib, a, p=p: lib.nn.functional.multi_margin_loss(
                a, lib.tensor([2, 0, 4]), p, weight=lib.tensor([1.0, 0.5, 3.0, 2.0, 0.25]).to(a.dtype)
            ),
            fixed(CLASSES),
            twice=False,
        )
        for p in (1, 2)
    ),
    *of_classes("multilabel_margin_loss", [[3, 0, -1, 1, 1], [-1, 2, 2, 2, 2], [4, 1, 2, 0, 3]]),
    *sequences("of repeated labels", [[1, 1, 2], [3, 3, 3], [2, 1, 2]], [6, 5, 4], [3, 3, 2]),
    *sequences("of labels in a row", [1, 2, 2, 3], [6, 3, 6], [1, 2, 1]),
    *sequences("of another blank", [[0, 0], [3, 1], [1, 1]], [5, 6, 3], [2, 2, 1], blank=2),
    *sequences("of no labels", [[1, 2], [1, 1], [3, 3]], [6, 0, 1], [0, 0, 1]),
    *sequences("of impossible labels", [[1, 1, 1], [1, 2, 3], [2, 2, 2]], [2, 5, 0], [3, 3, 1], zero_infinity=True),
    *of_differences("smooth_l1_loss"),
    *of_differences("smooth_l1_loss", beta=0.25),
    *of_differences("huber_loss", delta=0.5),
    *of_differences("binary_cross_entropy_with_logits"),
    *of_differences("poisson_nll_loss"),
    *of_differences("kl_div", "positive", ("sum", "none")),  # torch warns of the mean
    *of_differences("kl_div", kinds=("sum", "none"), log_target=True),
    *(
        Case(
            f"normalize p={p}",
            lambda lib, a, p=p: lib.nn.functional.normalize(a, p=p, dim=1),
            CUBE,
            "distinct" if p == float("inf") else "not zero",
        )
        for p in (1, 2, 3.5, float("inf"))
    ),
    Case("cosine_similarity", lambda lib, a, b: lib.cosine_similarity(a, b, dim=0), fixed((3, 2), (3, 1))),
    Case("pairwise_distance", lambda lib, a, b: lib.pairwise_distance(a, b), fixed((3, 4), (4,))),
    *(
        Case(
            f"batch_norm {shape} {'in training' * training}",
            lambda lib, a, w, b, training=training: lib.nn.functional.batch_norm(
                a,
                lib.arange(3).to(a.dtype),
                1 + lib.arange(3).to(a.dtype),
                w,
                b,
                training,
            ),
            fixed(shape, (3,), (3,)),
            layouts=False,  # torch's backward reads a weight that has gaps as if it had none
        )
        for training in (True, False)
        for shape in ((4, 3), (2, 3, 4), (2, 3, 2, 3))
    ),
    Case("batch_norm alone", lambda lib, a: lib.nn.functional.batch_norm(a, None, None, training=True), CUBE),
    Case("layer_norm", lambda lib, a, w, b: lib.layer_norm(a, (3, 4), w, b), fixed((2, 3, 4), (3, 4), (3, 4))),
    Case("group_norm", lambda lib, a, w, b: lib.group_norm(a, 2, w, b), fixed((3, 4, 2, 2), (4,), (4,))),
    Case(
        "instance_norm",
        lambda lib, a, w: lib.nn.functional.instance_norm(a, weight=w),
        fixed((2, 3, 4), (3,)),
    ),
    Case("rms_norm", lambda lib, a, w: lib.rms_norm(a, (4,), w), fixed((2, 3, 4), (4,))),
    Case("bilinear", lambda lib, a, b, w: lib.bilinear(a, b, w), fixed((2, 3), (2, 4), (5, 3, 4)), layouts=False),
    Case(
        "scaled_dot_product_attention of matrices",
        lambda lib, q, k, v: lib.nn.functional.scaled_dot_product_attention(q, k, v),
        fixed((3, 4), (5, 4), (5, 2)),
        layouts=False,
    ),
]
