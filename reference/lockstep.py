"""minitorch and torch train the documented network in lockstep: same seed, same pictures, one step after the other.

In float32 each step is judged as ``tolerance.py`` explains, and how far the two runs drift apart is shown. In float64
the two runs must agree to 1e-9 to the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

import minitorch
import minitorch.program
import reference.network
from minitorch.device import check_present
from minitorch.program import Recipe
from reference import training
from reference.judge import Deviation, Float32Judge, Float64Judge, Step
from reference.run import Arrays, Run
from reference.tolerance import relative_difference


def run(recipe: Recipe, steps: int, every: int, dtypes: list[str]) -> int:
    """Trains in each dtype; returns the exit code: 0 where all agree, 1 otherwise.

    Raises:
        RuntimeError: the data cannot be read, or there is no GPU where one is asked for.
        ValueError: the recipe makes torch's loss infinite, so that nothing can be compared.
    """
    check_present(recipe.device)
    if recipe.device == "cuda" and torch.cuda.is_available():  # TF32 has fewer bits
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
    outcome = 0
    for dtype in dtypes:
        print(
            f"\n{dtype}: {steps} steps on {recipe.data}, batch {recipe.batch_size}, lr {recipe.lr}, "
            f"momentum {recipe.momentum}, seed {recipe.seed}; {minitorch.get_num_threads()} threads here, "
            f"{torch.get_num_threads()} in torch"
        )
        if recipe.device != "cpu":
            print(f"minitorch computes on {recipe.device}, torch on {device_of(torch, recipe)}")
        try:
            with default_dtype(dtype):
                print(train(recipe, steps, every, dtype), flush=True)
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


def train(recipe: Recipe, steps: int, every: int, dtype: str) -> str:
    """Trains in the default dtype and prints lines; returns the verdict.

    Raises:
        Deviation: the libraries do not agree.
    """
    ours, our_batches = prepare(minitorch, minitorch.program, minitorch.program.Net, recipe)
    theirs, their_batches = prepare(torch, training, reference.network.Net, recipe)
    weights = compare_exactly("initial weights", ours.parameters(), theirs.parameters())
    print(f"initial weights, drawn by each library from the seed: {weights}")
    judge = Float64Judge() if dtype == "float64" else Float32Judge(ours, theirs, recipe.lr, recipe.momentum)
    print(f"{'':30}largest relative difference of\n{'step':>6} {'loss here':>10} {'in torch':>10}", end="   ")
    print(f"{'outputs':8} {'a gradient':25} {'a parameter':25}{judge.heading}".rstrip())
    drift: dict[str, float] = {}
    for number in range(1, steps + 1):
        step = take(ours, theirs, (next(our_batches), next(their_batches)), number)
        drift = {name: max(drift.get(name, 0.0), value) for name, value in step.differences.items()}
        try:
            judge.judge(step)
        except Deviation as deviation:
            print(line(number, step, judge.remark))
            raise Deviation(f"step {number}: {deviation}") from None
        if number % every == 0 or number in (1, steps):
            print(line(number, step, judge.remark), flush=True)
    print(f"batches, drawn by each library's own loader: equal bit for bit in all {steps} steps")
    verdict = judge.conclude(drift)
    furthest = max(drift, key=drift.__getitem__)
    return f"the two runs have drifted apart by {drift[furthest]:.1e} at most ({furthest}); {verdict}"


def prepare(library: Any, program: Any, Net: Any, recipe: Recipe) -> tuple[Run, Iterator[Any]]:
    """The run and the endless batches of one library's program, from the seed."""
    library.manual_seed(recipe.seed)
    pictures, _ = program.load_data(recipe)
    run = Run(library, Net(), recipe.lr, recipe.momentum, device_of(library, recipe))
    return run, endless(library.utils.data.DataLoader(pictures, batch_size=recipe.batch_size, shuffle=True))


def device_of(library: Any, recipe: Recipe) -> str:
    """Where a library computes: torch on the processor, if it finds no GPU where minitorch is asked to use one."""
    return "cpu" if library is torch and not torch.cuda.is_available() else recipe.device


def endless(loader: Any) -> Iterator[Any]:
    """The batches of one epoch after the other."""
    while True:
        yield from loader


def take(ours: Run, theirs: Run, batches: tuple[Any, Any], number: int) -> Step:
    """Does a step in both libraries, each on its own batch, which must be equal.

    Raises:
        Deviation: the batches are not equal.
        ValueError: torch's loss is not finite.
    """
    compare_exactly(f"batch {number}", *({"pictures": x.numpy(), "labels": y.numpy()} for x, y in batches))
    start = theirs.parameters(), theirs.momenta()
    our_results, their_results = ours.step(*batches[0]), theirs.step(*batches[1])
    if not np.isfinite(their_results["loss"]):
        raise ValueError(f"torch's loss is {their_results['loss']} in step {number}; try a smaller --lr")
    differences = {name: relative_difference(our_results[name], array) for name, array in their_results.items()}
    return Step(batches, start, our_results, their_results, differences)


def compare_exactly(what: str, ours: Arrays, theirs: Arrays) -> str:
    """Says that two sets of arrays are equal bit for bit.

    Raises:
        Deviation: they are not.
    """
    for name, array in theirs.items():
        if not np.array_equal(ours[name], array):
            raise Deviation(f"{what}: {name} differ though the seed is the same")
    return f"equal bit for bit ({len(theirs)} tensors, {sum(array.size for array in theirs.values()):,} numbers)"


def line(number: int, step: Step, remark: str) -> str:
    """One step's line: both losses, and the largest difference of the outputs, of a gradient, of a parameter."""
    gradients = {name: value for name, value in step.differences.items() if name.endswith(".grad")}
    parameters = {name: value for name, value in step.differences.items() if f"{name}.grad" in gradients}
    worst = []
    for group in (gradients, parameters):
        name = max(group, key=group.__getitem__)
        worst.append(f"{group[name]:.1e} {name.removesuffix('.grad'):16}")
    losses = f"{number:6} {step.ours['loss']:10.6f} {step.theirs['loss']:10.6f}"
    return f"{losses}   {step.differences['outputs']:.1e}  {'  '.join(worst)}  {remark}".rstrip()
