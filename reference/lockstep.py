"""minitorch and torch train the documented network in lockstep: same seed, same pictures, one step after the other.

In float32 each step is judged as ``tolerance.py`` explains, and how far the two runs drift apart is shown. In float64
the two runs must agree to 1e-9 to the end, with nothing put right on the way.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

import minitorch
import minitorch.program
import reference.network
from minitorch.program import Recipe
from reference import training
from reference.run import Arrays, Run
from reference.tolerance import FLOAT64_TOLERANCE, Judge, moved, relative_difference

Batch = list[Any]  # pictures and labels


class Deviation(Exception):
    """The two libraries differ by more than they may; the text says in what."""


def run(recipe: Recipe, steps: int, every: int, dtypes: list[str]) -> int:
    """Trains in each dtype; returns the exit code: 0 where all agree, 1 otherwise.

    Raises:
        RuntimeError: the data cannot be read.
        ValueError: the recipe makes torch's loss infinite, so that nothing can be compared.
    """
    outcome = 0
    for dtype in dtypes:
        print(
            f"\n{dtype}: {steps} steps on {recipe.data}, batch {recipe.batch_size}, lr {recipe.lr}, "
            f"momentum {recipe.momentum}, seed {recipe.seed}; {minitorch.get_num_threads()} threads here, "
            f"{torch.get_num_threads()} in torch"
        )
        try:
            with default_dtype(dtype):
                print(Lockstep(recipe, judged=dtype == "float32").train(steps, every), flush=True)
        except Deviation as deviation:
            print(f"OUT OF TOLERANCE: {deviation}", flush=True)
            outcome = 1
    return outcome


@contextmanager
def default_dtype(name: str) -> Iterator[None]:
    """Within the block, both libraries make parameters and pictures of this dtype."""
    for library in (minitorch, torch):
        library.set_default_dtype(getattr(library, name))
    try:
        yield
    finally:
        for library in (minitorch, torch):
            library.set_default_dtype(library.float32)


class Lockstep:
    """Two runs, each from the seed on its own loader's batches; and, to judge steps, more that follow torch's.

    Attributes:
        ours, theirs: the runs in minitorch and in torch, each on its own way.
        follower: a run in minitorch that is put where torch's is before each step.
        exact: the same in torch, in float64.
        trial: the same in torch, from nearby, to see what rounding errors can do.
        drift: for each tensor the largest relative difference of the first two so far.
    """

    def __init__(self, recipe: Recipe, judged: bool) -> None:
        self.judge = Judge() if judged else None
        self.drift: dict[str, float] = {}
        ours, self.batches = prepare(minitorch, minitorch.program, minitorch.program.Net, recipe)
        theirs, self.their_batches = prepare(torch, training, reference.network.Net, recipe)
        options = {"lr": recipe.lr, "momentum": recipe.momentum}
        self.ours, self.theirs = Run(minitorch, ours, **options), Run(torch, theirs, **options)
        self.follower = Run(minitorch, copy.deepcopy(ours), **options)
        self.exact = Run(torch, copy.deepcopy(theirs).double(), **options)
        self.trial = Run(torch, copy.deepcopy(theirs), **options)

    def train(self, steps: int, every: int) -> str:
        """Does the steps and prints lines; returns the verdict.

        Raises:
            Deviation: the libraries do not agree.
        """
        equal = compare_exactly("initial weights", self.ours.parameters(), self.theirs.parameters())
        print(f"initial weights, drawn by each library from the seed: {equal}")
        print(f"{'':30}largest relative difference of\n{'step':>6} {'loss here':>10} {'in torch':>10}", end="   ")
        print(f"{'outputs':8} {'a gradient':25} {'a parameter':25}" + ("error, times torch's" if self.judge else ""))
        for step in range(1, steps + 1):
            batches = next(self.batches), next(self.their_batches)
            compare_exactly(f"batch {step}", *({"pictures": x.numpy(), "labels": y.numpy()} for x, y in batches))
            start = self.theirs.parameters(), self.theirs.momenta()
            ours, theirs = self.ours.step(*batches[0]), self.theirs.step(*batches[1])
            if not np.isfinite(theirs["loss"]):
                raise ValueError(f"torch's loss is {theirs['loss']} in step {step}; try a smaller --lr")
            differences = {name: relative_difference(ours[name], theirs[name]) for name in theirs}
            self.drift = {name: max(self.drift.get(name, 0.0), value) for name, value in differences.items()}
            fault = self.judge_step(*batches, start, theirs) if self.judge else too_far(differences)
            if step % every == 0 or step in (1, steps) or fault:
                print(line(step, ours, theirs, differences) + (self.worst_ratio() if self.judge else ""), flush=True)
            if fault:
                raise Deviation(f"step {step}, {fault}")
        print(f"batches: {steps} drawn by each library's own loader, equal bit for bit")
        return self.verdict()

    def judge_step(self, our_batch: Batch, their_batch: Batch, start: tuple[Arrays, Arrays], theirs: Arrays) -> str | None:
        """Takes a step again, from torch's weights, here and in float64; returns what is wrong with it, if anything."""
        parameters, momenta = start
        pictures, labels = their_batch[0].double(), their_batch[1]

        def nearby(generator: np.random.Generator) -> Arrays:
            self.trial.restore({name: moved(array, generator) for name, array in parameters.items()}, momenta)
            return self.trial.step(torch.from_numpy(moved(pictures.numpy(), generator)).float(), labels)

        self.follower.restore(parameters, momenta)
        self.exact.restore(parameters, momenta)
        ours, exact = self.follower.step(*our_batch), self.exact.step(pictures, labels)
        return self.judge.add(ours, theirs, exact, nearby)

    def worst_ratio(self) -> str:
        """The tensor of the last step whose error is the most times torch's."""
        ratios = {name: ours[-1] / max(self.errors.theirs[name][-1], 1e-30) for name, ours in self.errors.ours.items()}
        name = max(ratios, key=ratios.__getitem__)
        return f"{ratios[name]:.1f} {name}"

    def verdict(self) -> str:
        """What the run has shown; for a judged run with a table.

        Raises:
            Deviation: the typical error of a tensor is too large.
        """
        name = max(self.drift, key=self.drift.__getitem__)
        drift = f"the runs have drifted apart by {self.drift[name]:.1e} at most ({name})"
        if not self.judge:
            return f"{drift}; {FLOAT64_TOLERANCE:g} is allowed: they agree"
        print("\nRelative errors of single steps from the same weights (medians); drift is what differences grow to")
        print(f"{'':20} {'numbers':>8} {'error here':>12} {'in torch':>10} {'ratio':>6} {'allowed':>8} {'drift':>10}")
        for name, size in self.errors.sizes.items():
            ours, theirs, allowed = self.errors.typical(name)
            ratio = ours / theirs if theirs else float(ours > 0)
            print(f"{name:20} {size:8,} {ours:12.1e} {theirs:10.1e} {ratio:6.2f} {allowed:8} {self.drift[name]:10.1e}")
        if excesses := self.errors.excesses():
            raise Deviation("; ".join(excesses))
        return f"{drift}; every step is as right as torch's: within tolerance"


def prepare(library: Any, program: Any, Net: Any, recipe: Recipe) -> tuple[Any, Iterator[Batch]]:
    """The network and the endless batches of one library's program, from the seed."""
    library.manual_seed(recipe.seed)
    pictures, _ = program.load_data(recipe)
    net = Net()
    return net, endless(library.utils.data.DataLoader(pictures, batch_size=recipe.batch_size, shuffle=True))


def endless(loader: Any) -> Iterator[Batch]:
    """The batches of one epoch after the other."""
    while True:
        yield from loader


def compare_exactly(what: str, ours: Arrays, theirs: Arrays) -> str:
    """Says that two sets of arrays are equal bit for bit.

    Raises:
        Deviation: they are not.
    """
    for name, array in theirs.items():
        if not np.array_equal(ours[name], array):
            raise Deviation(f"{what}: {name} differ though the seed is the same")
    return f"equal bit for bit ({len(theirs)} tensors, {sum(array.size for array in theirs.values()):,} numbers)"


def too_far(differences: dict[str, float]) -> str | None:
    """The first tensor that differs by more than float64 runs may, if any."""
    for name, difference in differences.items():
        if not difference <= FLOAT64_TOLERANCE:
            return f"{name} differs by {difference:.1e}; {FLOAT64_TOLERANCE:g} is allowed"
    return None


def line(step: int, ours: Arrays, theirs: Arrays, differences: dict[str, float]) -> str:
    """One step's line: both losses, and the largest difference of the outputs, of a gradient, of a parameter."""
    gradients = {name: value for name, value in differences.items() if name.endswith(".grad")}
    parameters = {name: value for name, value in differences.items() if f"{name}.grad" in differences}
    worst = []
    for group in (gradients, parameters):
        name = max(group, key=group.__getitem__)
        worst.append(f"{group[name]:.1e} {name.removesuffix('.grad'):16}")
    return f"{step:6} {ours['loss']:10.6f} {theirs['loss']:10.6f}   {differences['outputs']:.1e}  {'  '.join(worst)}  "
