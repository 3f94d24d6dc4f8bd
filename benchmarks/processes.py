"""Measuring in fresh processes, of which each holds one library only; see ``benchmarks/children``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.comparison import Comparison, Difference, Label, Limit
from benchmarks.measure import difference

ROOT = Path(__file__).parent.parent
THREAD_VARIABLES = ["NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"]

Figures = dict[str, Any]


class ChildFailed(Exception):
    """A process ended with an error; the text is the last line that it left."""


def run(child: str, library: str, threads: int, cold: bool = False, **given: Any) -> Figures:
    """Runs a program of ``benchmarks/children`` with a library and so many threads; returns what it reports.

    Args:
        child: the program's name.
        library: the library's.
        threads: of the library.
        cold: numba's cache of machine code is a new and empty folder.
        given: what else the program is told.

    Raises:
        ChildFailed: it failed.
    """
    variables = os.environ | dict.fromkeys(THREAD_VARIABLES, str(threads))
    variables.pop("PYTHONDONTWRITEBYTECODE", None)  # both start from bytecode, which installing torch has left behind
    with tempfile.TemporaryDirectory() as folder:
        if cold:
            variables["NUMBA_CACHE_DIR"] = folder
        start = time.perf_counter()  # of a clock that all processes share
        told = json.dumps({"library": library, "start": start, **given})
        process = subprocess.run(
            [sys.executable, "-m", f"benchmarks.children.{child}", told],
            cwd=ROOT,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
    if process.returncode:
        last = process.stderr.strip().rpartition("\n")[2] or f"exit status {process.returncode}"
        raise ChildFailed(f"{child} with {library}: {last}")
    return json.loads(process.stdout.splitlines()[-1])


class Samples:
    """What both libraries report, by round; in each, both run, and take turns at being first.

    A round that does not count comes first: it brings the libraries' files into memory, and its results are compared.

    Attributes:
        failure: why there are no samples, None if there are.
    """

    def __init__(self, child: str, threads: int, rounds: int, rehearse: bool = True, **given: Any) -> None:
        self.failure: str | None = None
        self.rounds: tuple[list[Figures], list[Figures]] = ([], [])
        libraries = list(zip(("minitorch", "torch"), self.rounds, strict=True))
        try:
            for number in range(rounds + rehearse):
                for library, figures in libraries if number % 2 == 0 else libraries[::-1]:
                    figures.append(run(child, library, threads, **given))
                ours, theirs = (figures[-1].get("result") for figures in self.rounds)
                if number == 0 and theirs is not None and (text := difference(ours, theirs)) is not None:
                    self.failure = text
                    return
        except ChildFailed as error:
            self.failure = str(error)
        for figures in self.rounds:
            del figures[:rehearse]

    def compare(
        self, label: Label, figure: str, unit: str, limit: Limit | None = None, first: str | None = None
    ) -> Comparison | Difference:
        """A figure of both libraries as a comparison."""
        if self.failure is not None:
            return Difference(label, self.failure)
        ours, torchs = (np.array([each[figure] for each in figures], float) for figures in self.rounds)
        firsts = None if first is None else tuple(median(figures, first) for figures in self.rounds)
        return Comparison(label, ours, torchs, unit, limit, firsts)  # type: ignore[arg-type]  # there are two


def median(rounds: list[Figures], figure: str) -> float:
    """Of a figure, over the rounds."""
    return float(np.median([each[figure] for each in rounds]))


def repeat(action: Callable[[], Figures], rounds: int) -> list[Figures]:
    """What a program reports, so many times, after a time that does not count."""
    return [action() for _ in range(rounds + 1)][1:]
