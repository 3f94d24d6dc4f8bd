"""``memory``: the peak of a training step, and what thousands of steps leave behind; each in a process of its own."""

from __future__ import annotations

from benchmarks.cases import Results, Settings
from benchmarks.processes import Samples

ROUNDS = 5
BATCHES = [100, 1024]
STEPS = 10_000  # after which growth is measured
GROWTH_ROUNDS = 1  # it takes long, and memory that leaks, leaks each time


def memory(settings: Settings) -> Results:
    """The peak memory of a training step, and its growth over 10,000 steps"""
    rounds = settings.rounds or ROUNDS
    for batch in settings.batch or BATCHES:
        samples = Samples("training", settings.threads, rounds, rehearse=False, batch=batch)
        for name, figure in (("peak of a step", "above"), ("peak of the process", "whole")):
            yield samples.compare(settings.label("memory", f"batch {batch}, {name}"), figure, "B")
    for steps in settings.size or [STEPS]:
        samples = Samples("training", settings.threads, GROWTH_ROUNDS, rehearse=False, growing=steps)
        yield samples.compare(settings.label("memory", f"growth over {steps:,} steps"), "growth", "+B")
