"""The judges of a lockstep: one for float64, where the runs must agree, and one for float32, where steps are judged."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import numpy as np
import torch

import minitorch
from reference.run import Arrays, Run
from reference.tolerance import EXPLAINED, FLOAT64_TOLERANCE, TRIALS, History, moved, root_mean_square


class Deviation(Exception):
    """The two libraries differ by more than they may; the text says in what."""


class Step(NamedTuple):
    """A step that both libraries have done.

    Attributes:
        batches: (pictures, labels) here and in torch.
        start: parameters and momenta of torch's run before the step.
        ours, theirs: the results, as ``Run.step`` gives them.
        differences: of the results, relative.
    """

    batches: tuple[Any, Any]
    start: tuple[Arrays, Arrays]
    ours: Arrays
    theirs: Arrays
    differences: dict[str, float]


class Float64Judge:
    """Holds the two runs to agreement, with nothing put right on the way."""

    heading = remark = ""

    def judge(self, step: Step) -> None:
        """Raises ``Deviation`` where a result differs by too much."""
        for name, difference in step.differences.items():
            if not difference <= FLOAT64_TOLERANCE:
                raise Deviation(f"{name} differs by {difference:.1e}; {FLOAT64_TOLERANCE:g} is allowed")

    def conclude(self, drift: dict[str, float]) -> str:
        """What the whole run has shown."""
        return f"within the {FLOAT64_TOLERANCE:g} that is allowed: they agree"


class Float32Judge:
    """Takes each step again, from torch's weights, and compares its errors with torch's, as ``tolerance.py`` explains.

    Attributes:
        follower: a run in minitorch that is put where torch's is before each step.
        exact: the same in torch, in float64.
        trial: the same in torch, put nearby, to see what rounding can do.
        histories: of the errors, by the tensor's name.
    """

    heading = "error, times torch's"

    def __init__(self, ours: Run, theirs: Run, lr: float, momentum: float) -> None:
        self.follower = Run(minitorch, copy.deepcopy(ours.net), lr, momentum, ours.device)
        self.exact = Run(torch, copy.deepcopy(theirs.net).double(), lr, momentum, theirs.device)
        self.trial = Run(torch, copy.deepcopy(theirs.net), lr, momentum, theirs.device)
        self.histories: dict[str, History] = {}

    @property
    def remark(self) -> str:
        """The tensor of the last step whose error is the most times torch's."""
        ratios = {name: history.times_torchs() for name, history in self.histories.items()}
        name = max(ratios, key=ratios.__getitem__)
        return f"{ratios[name]:.1f} {name}"

    def judge(self, step: Step) -> None:
        """Raises ``Deviation`` where an error is out of proportion and rounding does not explain it."""
        (pictures, labels), (parameters, momenta) = step.batches[1], step.start
        self.follower.restore(parameters, momenta)
        self.exact.restore(parameters, momenta)
        ours, exact = self.follower.step(*step.batches[0]), self.exact.step(pictures.double(), labels)
        suspects = []
        for name, right in exact.items():
            history = self.histories.setdefault(name, History(right.size))
            if not history.add(ours[name], step.theirs[name], right):
                suspects.append(name)
        generator = np.random.default_rng(0)
        trials = [self.nearby(step, generator) for _ in range(TRIALS if suspects else 0)]
        for name in suspects:
            history = self.histories[name]
            explained = EXPLAINED * max(root_mean_square(trial[name] - exact[name]) for trial in trials)
            if not history.ours[-1] <= explained:
                size = history.sizes[-1] or 1.0
                raise Deviation(
                    f"{name} has a relative error of {history.ours[-1] / size:.1e} here, {history.theirs[-1] / size:.1e} "
                    f"in torch; rounding explains {explained / size:.1e}"
                )

    def nearby(self, step: Step, generator: np.random.Generator) -> Arrays:
        """Torch's results of a step, with parameters and pictures moved at random."""
        (pictures, labels), (parameters, momenta) = step.batches[1], step.start
        self.trial.restore({name: moved(array, generator) for name, array in parameters.items()}, momenta)
        return self.trial.step(torch.from_numpy(moved(pictures.double().numpy(), generator)).float(), labels)

    def conclude(self, drift: dict[str, float]) -> str:
        """What the whole run has shown, after a table; raises ``Deviation`` where an error is typically too large."""
        print("\nErrors of single steps from the same weights (medians, relative); drift is what differences grow to")
        print(f"{'':20} {'numbers':>8} {'error here':>12} {'in torch':>10} {'ratio':>6} {'allowed':>8} {'drift':>10}")
        for name, history in self.histories.items():
            ours, theirs, size = history.typical()
            print(
                f"{name:20} {history.numbers:8,} {ours / (size or 1.0):12.1e} {theirs / (size or 1.0):10.1e} "
                f"{ours / (theirs or 1.0):6.2f} {history.allowed:8} {drift[name]:10.1e}"
            )
        wrong = [name for name, history in self.histories.items() if not history.typically_right()]
        if wrong:
            raise Deviation(f"the error of {', '.join(wrong)} is typically more times torch's than is allowed")
        return "from the same weights each step is as right as torch's: within tolerance"
