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

import numpy as np

ROUNDING = 2.0**-24  # the largest relative error of rounding to float32
TYPICAL, TYPICAL_OF_SMALL, OUTLIER = 2, 3, 10  # times torch's error
SMALL = 1000  # numbers
TRIALS, SPREAD, EXPLAINED = 16, 16 * ROUNDING, 2  # how many, how far, times torch's largest error in them
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

    def times_torchs(self) -> float:
        """The last step's error as a multiple of torch's, or of the rounding of the result."""
        return self.ours[-1] / (max(self.theirs[-1], ROUNDING * self.sizes[-1]) or 1.0)

    def typically_right(self) -> bool:
        ours, theirs, size = self.typical()
        return ours <= self.allowed * max(theirs, ROUNDING * size)
