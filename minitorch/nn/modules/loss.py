"""Losses as modules: what each computes is said of the function in ``minitorch.nn.functional`` that it names.

All take ``reduction``: ``"mean"``, ``"sum"`` or ``"none"``; ``size_average`` and ``reduce`` are older words for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.losses import legacy_reduction
from minitorch.nn.modules.declared import Declared
from minitorch.nn.modules.distance import PairwiseDistance
from minitorch.tensor import Tensor

BUFFERS = ("weight", "pos_weight")
"""Settings that are tensors, and part of the module's state."""
OLDER_WORDS = ("size_average", "reduce")


class _Loss(Declared):
    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.settings = tuple(name for name in cls.settings if name not in OLDER_WORDS)

    def declare(self, given: dict[str, Any]) -> None:
        size_average, reduce = (given.pop(name, None) for name in OLDER_WORDS)
        given["reduction"] = legacy_reduction(size_average, reduce, given["reduction"])
        for name in BUFFERS:
            if name in given:
                self.register_buffer(name, given.pop(name))
        super().declare(given)


class L1Loss(_Loss):
    """The absolute difference."""

    function = F.l1_loss
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


class MSELoss(_Loss):
    """The squared difference."""

    function = F.mse_loss
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


class SmoothL1Loss(_Loss):
    """The squared difference up to ``beta``, the absolute one beyond."""

    function = F.smooth_l1_loss
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    beta: float = 1.0


class HuberLoss(_Loss):
    """Half the squared difference up to ``delta``, ``delta`` times the absolute one beyond.

    Raises:
        TypeError: ``delta`` is no number.
    """

    function = F.huber_loss
    reduction: str = "mean"
    delta: float = 1.0

    def __init__(self, reduction: str = "mean", delta: float = 1.0) -> None:
        if not isinstance(delta, int | float):
            raise TypeError(f"delta must be a float or int, got: {type(delta)}")
        super().__init__(reduction, delta)


class NLLLoss(_Loss):
    """The negative log-likelihood, of log-probabilities; ``weight`` is how much classes count, ``ignore_index`` none at all."""

    function = F.nll_loss
    weight: Tensor | None = None
    size_average: bool | None = None
    ignore_index: int = -100
    reduce: bool | None = None
    reduction: str = "mean"


class CrossEntropyLoss(_Loss):
    """The negative log-likelihood, of scores; targets are mixed with ``label_smoothing`` of a uniform distribution."""

    function = F.cross_entropy
    weight: Tensor | None = None
    size_average: bool | None = None
    ignore_index: int = -100
    reduce: bool | None = None
    reduction: str = "mean"
    label_smoothing: float = 0.0


class BCELoss(_Loss):
    """The cross entropy of two classes, of probabilities."""

    function = F.binary_cross_entropy
    weight: Tensor | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


class BCEWithLogitsLoss(_Loss):
    """The cross entropy of two classes, of scores; ``pos_weight`` is how much positive targets count."""

    function = F.binary_cross_entropy_with_logits
    weight: Tensor | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    pos_weight: Tensor | None = None


class KLDivLoss(_Loss):
    """The divergence of Kullback and Leibler, of log-probabilities; ``log_target`` says that targets are such too."""

    function = F.kl_div
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"
    log_target: bool = False


class PoissonNLLLoss(_Loss):
    """The negative log-likelihood of counts."""

    function = F.poisson_nll_loss
    log_input: bool = True
    full: bool = False
    size_average: bool | None = None
    eps: float = 1e-8
    reduce: bool | None = None
    reduction: str = "mean"

    def forward(self, log_input: Tensor, target: Tensor) -> Tensor:  # type: ignore[override]  # it takes two inputs
        return super().forward(log_input, target)


class GaussianNLLLoss(_Loss):
    """The negative log-likelihood of normally distributed numbers."""

    function = F.gaussian_nll_loss
    full: bool = False
    eps: float = 1e-6
    reduction: str = "mean"

    def __init__(self, *, full: bool = False, eps: float = 1e-6, reduction: str = "mean") -> None:
        super().__init__(full, eps, reduction)


class CTCLoss(_Loss):
    """The negative log-likelihood of labels that come at unknown times."""

    function = F.ctc_loss
    blank: int = 0
    reduction: str = "mean"
    zero_infinity: bool = False


class SoftMarginLoss(_Loss):
    """log(1 + exp(-target * input))."""

    function = F.soft_margin_loss
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


class MarginRankingLoss(_Loss):
    """Which of two is to be ranked higher, by a margin."""

    function = F.margin_ranking_loss
    margin: float = 0.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


class HingeEmbeddingLoss(_Loss):
    """Distances of what is alike, and what those of what is unlike lack to a margin."""

    function = F.hinge_embedding_loss
    margin: float = 1.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


class CosineEmbeddingLoss(_Loss):
    """What cosines of what is alike lack to 1, and by how much those of what is unlike are above a margin."""

    function = F.cosine_embedding_loss
    margin: float = 0.0
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


class MultiMarginLoss(_Loss):
    """What the target's score lacks to be above each other class's by a margin.

    Raises:
        ValueError: ``p`` is neither 1 nor 2, or the weight is no vector.
    """

    function = F.multi_margin_loss
    p: int = 1
    margin: float = 1.0
    weight: Tensor | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def declare(self, given: dict[str, Any]) -> None:
        if given["p"] not in (1, 2):
            raise ValueError("only p == 1 and p == 2 supported")
        weight = given["weight"]
        if weight is not None and weight.ndim != 1:
            raise ValueError(f"MultiMarginLoss: expected weight to be None or 1D tensor, got {weight.ndim}D instead")
        super().declare(given)


class MultiLabelMarginLoss(_Loss):
    """What the scores of several targets lack to be above each other class's by 1."""

    function = F.multilabel_margin_loss
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


class MultiLabelSoftMarginLoss(_Loss):
    """The mean over classes of the cross entropy of being that class or not."""

    function = F.multilabel_soft_margin_loss
    weight: Tensor | None = None
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"


class TripletMarginLoss(_Loss):
    """What the distance from a negative example lacks to be above that from a positive one by a margin.

    Raises:
        ValueError: the margin is not positive.
    """

    function = F.triplet_margin_loss
    margin: float = 1.0
    p: float = 2.0
    eps: float = 1e-6
    swap: bool = False
    size_average: bool | None = None
    reduce: bool | None = None
    reduction: str = "mean"

    def declare(self, given: dict[str, Any]) -> None:
        _check_margin(self, given["margin"])
        super().declare(given)


class TripletMarginWithDistanceLoss(_Loss):
    """``TripletMarginLoss`` for any distance.

    Raises:
        ValueError: the margin is not positive.
    """

    function = F.triplet_margin_with_distance_loss
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None
    margin: float = 1.0
    swap: bool = False
    reduction: str = "mean"

    def __init__(
        self,
        *,
        distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: str = "mean",
    ) -> None:
        super().__init__(
            PairwiseDistance() if distance_function is None else distance_function, margin, swap, reduction
        )

    def declare(self, given: dict[str, Any]) -> None:
        _check_margin(self, given["margin"])
        super().declare(given)


def _check_margin(loss: _Loss, margin: float) -> None:
    if margin <= 0:
        raise ValueError(f"{type(loss).__name__}: expected margin to be greater than 0, got {margin} instead")
