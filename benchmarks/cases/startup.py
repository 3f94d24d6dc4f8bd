"""``import`` and ``first``: from nothing to a library that is there, and to a training step that is done."""

from __future__ import annotations

from benchmarks.cases import Results, Settings
from benchmarks.comparison import FEWEST, Limit
from benchmarks.processes import Samples, median, repeat, run

ROUNDS = 8
COLD_ROUNDS = FEWEST  # each compiles everything
BATCH = 4


def imports(settings: Settings) -> Results:
    """The import of the library in a fresh process: time and resident memory"""
    rounds = settings.rounds or ROUNDS
    numpy = repeat(lambda: run("imports", "numpy", settings.threads), rounds)
    samples = Samples("imports", settings.threads, rounds)
    for name, figure, unit in (("time", "seconds", "s"), ("resident memory", "memory", "B")):
        limit = Limit(median(numpy, figure), "import numpy")
        yield samples.compare(settings.label("import", name), figure, unit, limit)


def first(settings: Settings) -> Results:
    """Process start to first training step done, kernel cache warm and cold: time and peak memory"""
    rounds = settings.rounds or ROUNDS
    numpy = repeat(lambda: run("imports", "numpy", settings.threads), rounds)
    limits = {figure: Limit(median(numpy, figure), "import numpy") for figure in ("since_start", "memory")}
    for batch in settings.batch or [BATCH]:
        warm = Samples("training", settings.threads, rounds, first_batch=batch)
        cold = Samples("training", settings.threads, min(rounds, COLD_ROUNDS), False, cold=True, first_batch=batch)
        for cache, samples in (("warm", warm), ("cold", cold)):
            for name, figure, unit in (("time", "since_start", "s"), ("peak memory", "memory", "B")):
                label = settings.label("first", f"batch {batch}, {cache} cache, {name}")
                yield samples.compare(label, figure, unit, limits[figure])
