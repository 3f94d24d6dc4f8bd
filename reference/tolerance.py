"""What counts as equal in float32: who of two differing libraries is wrong, is for float64 to decide.

Training is chaotic: two correct float32 runs drift apart, as each step multiplies the rounding errors of those before.
So steps are judged one by one. Before each, minitorch and a float64 run in torch are put where torch's float32 run is
(same parameters, same momentum, same batch). The float64 run's results are exact as far as float32 can tell; errors are
the root mean squares of the differences from them. minitorch is right when two things hold for the loss, the outputs,
and the gradient and the new value of each parameter:

* Its typical error (the median of all steps) is at most 2 times torch's; 3 times for tensors so small that chance counts.
  Errors below the rounding of the result itself (2^-24 of its size) are nobody's fault.
* In no step is its error more than 10 times torch's, in that step or typically, unless rounding explains it. relu bends
  at 0, and pooling where two values tie, so that the least rounding makes a gradient jump, in one library and not in the
  other. Rounding explains up to twice the largest error that torch itself makes in 16 trials, with parameters and
  pictures moved at random by a few rounding errors.

Typical errors are not relative, as results can be small because larger terms cancel: late in training, the loss of a
picture is the logarithm of almost 1, and all its digits come from the rounding of that 1.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reference.run import Arrays

ROUNDING = 2.0**-24  # the largest relative error of rounding to float32
TYPICAL, TYPICAL_OF_SMALL, OUTLIER = 2, 3, 10  # times torch's error
SMALL = 1000  # numbers
TRIALS, SPREAD, EXPLAINED = 16, 16 * ROUNDING, 2
FLOAT64_TOLERANCE = 1e-9


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference, relative to the largest number: max |a - b| / max |b|; NaN where either is not finite."""
    difference, scale = np.abs(ours - theirs).max(), np.abs(theirs).max()
    return float(difference / scale) if difference else 0.0


def root_mean_square(array: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(array))))


def moved(array: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Each number times 1 + e, with e a few rounding errors."""
    return array * (1 + generator.uniform(-SPREAD, SPREAD, array.shape))


class History:
    """A tensor's history: one number for each step.

    Attributes:
        ours: minitorch's error.
        theirs: torch's error.
        sizes: the root mean square of the exact result.
        numbers: how many the tensor has.
    """

    def __init__(self, numbers: int) -> None:
        self.numbers = numbers
        self.ours: list[float] = []
        self.theirs: list[float] = []
        self.sizes: list[float] = []

    def add(self, ours: np.ndarray, theirs: np.ndarray, exact: np.ndarray) -> bool:
        """Adds a step; returns whether minitorch's error needs no explanation."""
        self.ours.append(root_mean_square(ours - exact))
        self.theirs.append(root_mean_square(theirs - exact))
        self.sizes.append(root_mean_square(exact))
        theirs_or_rounding = max(self.theirs[-1], float(np.median(self.theirs)), ROUNDING * self.sizes[-1])
        return self.ours[-1] <= OUTLIER * theirs_or_rounding

    def typical(self) -> tuple[float, float, float]:
        """The medians of minitorch's errors, of torch's errors and of the sizes."""
        return float(np.median(self.ours)), float(np.median(self.theirs)), float(np.median(self.sizes))

    @property
    def allowed(self) -> int:
        """How many times torch's typical error minitorch's may be."""
        return TYPICAL_OF_SMALL if self.numbers < SMALL else TYPICAL

    def typically_right(self) -> bool:
        ours, theirs, size = self.typical()
        return ours <= self.allowed * max(theirs, ROUNDING * size)


class Judge:
    """Keeps the history of each tensor, and judges each step.

    Attributes:
        histories: by the tensor's name.
    """

    def __init__(self) -> None:
        self.histories: dict[str, History] = {}

    def add(
        self, ours: Arrays, theirs: Arrays, exact: Arrays, nearby: Callable[[np.random.Generator], Arrays]
    ) -> str | None:
        """Adds a step; returns what is wrong with it, if anything.

        Args:
            ours, theirs, exact: the step's results in minitorch, in torch, and in torch with float64.
            nearby: torch's float32 results of the same step, with parameters and pictures ``moved``.
        """
        suspects = []
        for name, right in exact.items():
            if not self.histories.setdefault(name, History(right.size)).add(ours[name], theirs[name], right):
                suspects.append(name)
        generator = np.random.default_rng(0)
        trials = [nearby(generator) for _ in range(TRIALS if suspects else 0)]
        for name in suspects:
            history = self.histories[name]
            explained = EXPLAINED * max(root_mean_square(trial[name] - exact[name]) for trial in trials)
            if not history.ours[-1] <= explained:
                size = history.sizes[-1] or 1.0
                return (
                    f"{name}: relative error {history.ours[-1] / size:.1e} here, {history.theirs[-1] / size:.1e} in "
                    f"torch; rounding explains {explained / size:.1e}"
                )
        return None
