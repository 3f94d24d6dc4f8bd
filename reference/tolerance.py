"""What counts as equal in float32: who of two differing libraries is wrong, is for float64 to decide.

Training is chaotic: two correct float32 runs drift apart, as each step multiplies the rounding errors of those before.
So steps are judged one by one. Before each, minitorch and a float64 run in torch are put where torch's float32 run is
(same parameters, same momentum, same batch). The float64 run's results are exact as far as float32 can tell; errors are
the root mean squares of the differences from them. minitorch is right when two things hold for the loss, the outputs,
and the gradient and the new value of each parameter:

* In the typical step (the median of all) its error is at most 2 times torch's; 3 times for tensors so small that chance
  counts. Errors below the rounding of the result itself (2^-24 of its size) are nobody's fault.
* In no step is it more than 10 times torch's, unless it is bad luck: relu bends at 0, and pooling where two values tie,
  so that the least rounding makes a gradient jump, in one library and not in the other; and late in training all of the
  loss comes from one picture, and so does all of its error. Luck explains up to twice the largest error of torch itself
  in 16 trials, with parameters and pictures moved at random by a few rounding errors.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from reference.run import Arrays

ROUNDING = 2.0**-24  # the largest relative error of rounding to float32
TYPICAL, TYPICAL_OF_SMALL, OUTLIER = 2, 3, 10
SMALL = 1000  # numbers
TRIALS, SPREAD, LUCK = 16, 16 * ROUNDING, 2
FLOAT64_TOLERANCE = 1e-9


def relative_difference(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference, relative to the largest number: max |a - b| / max |b|; NaN where either is not finite."""
    difference, scale = np.abs(ours - theirs).max(), np.abs(theirs).max()
    return float(difference / scale) if difference else 0.0


def relative_error(array: np.ndarray, exact: np.ndarray) -> float:
    """The root mean square of the errors, relative to that of the exact numbers."""
    scale = np.linalg.norm(exact)
    return float(np.linalg.norm(array - exact) / (scale if scale else 1.0))


class Errors:
    """The errors of both libraries in all steps, by tensor.

    Attributes:
        ours: for each tensor, minitorch's error in each step, divided by the exact result's root mean square.
        theirs: torch's.
        sizes: how many numbers each tensor has.
    """

    def __init__(self) -> None:
        self.ours: dict[str, list[float]] = {}
        self.theirs: dict[str, list[float]] = {}
        self.sizes: dict[str, int] = {}

    def add(self, ours: Arrays, theirs: Arrays, exact: Arrays) -> list[str]:
        """Adds a step; returns the tensors in which minitorch's error is so large that only luck could explain it."""
        for name, right in exact.items():
            self.ours.setdefault(name, []).append(relative_error(ours[name], right))
            self.theirs.setdefault(name, []).append(relative_error(theirs[name], right))
            self.sizes[name] = right.size
        return [name for name in exact if not self.ours[name][-1] <= OUTLIER * max(self.theirs[name][-1], ROUNDING)]

    def unexplained(
        self, suspects: list[str], exact: Arrays, nearby: Callable[[np.random.Generator], Arrays]
    ) -> str | None:
        """What luck does not explain among the suspects of the last step, if anything.

        Args:
            nearby: torch's float32 results of the same step, with parameters and pictures ``moved``.
        """
        generator = np.random.default_rng(0)
        trials = [nearby(generator) for _ in range(TRIALS)]
        for name in suspects:
            explained = max(relative_error(trial[name], exact[name]) for trial in trials)
            if not self.ours[name][-1] <= LUCK * explained:
                return (
                    f"{name}: relative error {self.ours[name][-1]:.1e} here, {self.theirs[name][-1]:.1e} in torch; "
                    f"{explained:.1e} at most nearby"
                )
        return None

    def typical(self, name: str) -> tuple[float, float, int]:
        """The median errors of a tensor, ours and torch's, and how many times torch's ours may be."""
        allowed = TYPICAL_OF_SMALL if self.sizes[name] < SMALL else TYPICAL
        return float(np.median(self.ours[name])), float(np.median(self.theirs[name])), allowed

    def excesses(self) -> list[str]:
        """The tensors whose typical error is too large."""
        found = []
        for name in self.sizes:
            ours, theirs, allowed = self.typical(name)
            if not ours <= allowed * max(theirs, ROUNDING):
                found.append(f"{name}: typical relative error {ours:.1e} here, {theirs:.1e} in torch")
        return found


def moved(array: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """Each number times 1 + e, with e a few rounding errors."""
    return array * (1 + generator.uniform(-SPREAD, SPREAD, array.shape))
