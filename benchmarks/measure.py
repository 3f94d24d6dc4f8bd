"""Timing two programs against each other, fairly.

Both run in the same process on the same number of threads, and take turns round by round, so that whatever else the machine
does meets both. Reported are medians with the middle half of the rounds, and the ratio of the medians with a bootstrap
interval: where that spans 1, neither is called faster.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000


@dataclass
class Comparison:
    """Seconds for one run of each, by round."""

    name: str
    ours: np.ndarray
    torchs: np.ndarray

    @property
    def ratio(self) -> float:
        """Torch's time over ours: above 1, we are faster."""
        return float(np.median(self.torchs) / np.median(self.ours))

    def interval(self) -> tuple[float, float]:
        """Where the ratio lies with a probability of 95 %, by resampling the rounds."""
        pick = np.random.default_rng(0).integers(0, len(self.ours), (RESAMPLES, len(self.ours)))
        ratios = np.median(self.torchs[pick], axis=1) / np.median(self.ours[pick], axis=1)
        low, high = np.percentile(ratios, [2.5, 97.5])
        return float(low), float(high)

    def __str__(self) -> str:
        low, high = self.interval()
        verdict = "no verdict" if low <= 1 <= high else "faster" if low > 1 else "slower"
        return (
            f"{self.name:28} {_milliseconds(self.ours)}   {_milliseconds(self.torchs)}   "
            f"{self.ratio:5.2f} [{low:.2f}, {high:.2f}] {verdict}"
        )


HEADING = f"{'':28} {'minitorch, ms [middle half]':27}   {'torch, ms [middle half]':27}   torch / minitorch [95 %]"


def _milliseconds(seconds: np.ndarray) -> str:
    low, middle, high = 1e3 * np.percentile(seconds, [25, 50, 75])
    return f"{middle:8.3f} [{low:7.3f}, {high:7.3f}]"


def compare(name: str, ours: Callable[[], object], torchs: Callable[[], object], rounds: int) -> Comparison:
    """Runs both in turn ``rounds`` times, after runs that do not count: those compile and warm up."""
    for _ in range(3):
        ours()
        torchs()
    seconds = np.empty((2, rounds))
    for number in range(rounds):
        order = ((0, ours), (1, torchs)) if number % 2 == 0 else ((1, torchs), (0, ours))
        for row, run in order:
            start = time.perf_counter()
            run()
            seconds[row, number] = time.perf_counter() - start
    return Comparison(name, *seconds)
