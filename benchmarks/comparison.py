"""What a measurement leaves: samples of both libraries, and what may be concluded from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

RESAMPLES = 2000
CONFIDENCE = 95  # percent
FEWEST = 4  # rounds for a verdict: all of 4 samples lie below all of 4 others by chance in less than 1 of 20 cases


@dataclass(frozen=True)
class Limit:
    """What no library can do better than, on this machine.

    Attributes:
        value: seconds or bytes.
        what: what was measured for it.
    """

    value: float
    what: str


def where(threads: int, device: str) -> str:
    """On what both libraries compute, for titles."""
    return ("" if device == "cpu" else f"{device}, ") + f"{threads} thread{'s' if threads > 1 else ''}"


@dataclass(frozen=True)
class Label:
    """What was compared.

    Attributes:
        case: the case's name.
        name: of this comparison in the case.
        threads: of both libraries.
        group: comparisons of one case and group are summed up by their geometric mean; none if empty.
        device: where both compute.
    """

    case: str
    name: str
    threads: int
    group: str = ""
    device: str = "cpu"

    @property
    def where(self) -> str:
        return where(self.threads, self.device)


@dataclass
class Comparison:
    """Samples of both libraries, by round; less is better.

    Attributes:
        label: what was compared.
        ours: one for each round: seconds or bytes, as ``unit`` says.
        torchs: the same for torch.
        unit: "s"; "B"; or "+B", for memory that was added, which is a matter of chance, so that there is no ratio.
        limit: what neither can do better than, if that is known.
        first: seconds of the first call of each, which is not among the samples: what compiles or loads, does it then.
    """

    label: Label
    ours: np.ndarray
    torchs: np.ndarray
    unit: str = "s"
    limit: Limit | None = None
    first: tuple[float, float] | None = None
    _ratios: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def ratio(self) -> float:
        """Torch's median over ours: above 1, we are better. NaN where there is none."""
        ours, torchs = np.median(self.ours), np.median(self.torchs)
        return float(torchs / ours) if min(ours, torchs) > 0 and self.unit != "+B" else float("nan")

    def resampled(self) -> np.ndarray:
        """The ratio of the medians in ``RESAMPLES`` random choices of the rounds."""
        if self._ratios is None:
            pick = np.random.default_rng(0).integers(0, len(self.ours), (RESAMPLES, len(self.ours)))
            self._ratios = np.median(self.torchs[pick], axis=1) / np.median(self.ours[pick], axis=1)
        return self._ratios

    def interval(self) -> tuple[float, float]:
        """Where the ratio lies with a probability of 95 %, by resampling the rounds."""
        return _interval(self.resampled()) if self.ratio > 0 else (float("nan"), float("nan"))

    @property
    def verdict(self) -> str:
        """ "faster" or "slower" ("less" or "more" of memory), or "no verdict" where that could be chance."""
        better, worse = ("faster", "slower") if self.unit == "s" else ("less", "more")
        return _verdict(self.interval(), len(self.ours), better, worse)

    def shares(self) -> tuple[float, float] | None:
        """What part of the limit each library reaches: 1 is all of it."""
        if self.limit is None:
            return None
        return self.limit.value / float(np.median(self.ours)), self.limit.value / float(np.median(self.torchs))


@dataclass(frozen=True)
class Difference:
    """The libraries gave different results, so nothing was timed."""

    label: Label
    text: str


@dataclass(frozen=True)
class Summary:
    """Comparisons of a group, summed up by geometric means."""

    case: str
    threads: int
    group: str
    ratio: float
    interval: tuple[float, float]
    verdict: str
    shares: tuple[float, float] | None
    count: int


def summarise(group: Sequence[Comparison]) -> Summary:
    """The geometric means of a group's ratios and shares."""
    label = group[0].label
    logarithms = [np.log(each.resampled()) for each in group]
    interval = _interval(np.exp(np.mean(logarithms, axis=0)))
    shares = [each.shares() for each in group]
    reached = [share for share in shares if share is not None]
    return Summary(
        label.case,
        label.threads,
        label.group,
        float(np.exp(np.mean([np.log(each.ratio) for each in group]))),
        interval,
        _verdict(interval, min(len(each.ours) for each in group), "faster", "slower"),
        tuple(np.exp(np.mean(np.log(reached), axis=0)).tolist()) if len(reached) == len(group) else None,
        len(group),
    )


def groups(comparisons: Sequence[Comparison]) -> list[list[Comparison]]:
    """The comparisons that belong to groups, by group, each of two or more."""
    found: dict[tuple[str, str, str], list[Comparison]] = {}
    for each in comparisons:
        if each.label.group and each.ratio > 0:
            found.setdefault((each.label.case, each.label.where, each.label.group), []).append(each)
    return [group for group in found.values() if len(group) > 1]


def _interval(ratios: np.ndarray) -> tuple[float, float]:
    low, high = np.percentile(ratios, [50 - CONFIDENCE / 2, 50 + CONFIDENCE / 2])
    return float(low), float(high)


def _verdict(interval: tuple[float, float], rounds: int, better: str, worse: str) -> str:
    low, high = interval
    if rounds < FEWEST or not (low > 1 or high < 1):
        return "no verdict"
    return better if low > 1 else worse
