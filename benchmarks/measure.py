"""Timing two programs against each other, fairly. What they compute is none of this module's business.

Both run in one process and take turns, round by round, so that whatever else the machine does meets both. A turn is:

1. Wait until the threads of the one before have gone to sleep. After parallel work, the threads of OpenMP and BLAS look
   out for more of it for up to a tenth of a second, and would take the cores from the other library.
2. Some calls that do not count, for waking up one's own threads and for filling the caches, as in a loop of training.
3. As many calls as take some milliseconds. The time for one of them is the round's sample.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.comparison import Comparison, Difference, Label, Limit
from benchmarks.place import CPU, Place

TURN = 0.01  # seconds of calls that count, at least, unless one call is longer
LEAD_IN = 0.25  # of the calls that count: how many come before them
MOST_CALLS = 10**7
NAP, IDLE, PATIENCE = 0.002, 0.0004, 0.5  # seconds: of sleep, of the processor in it when all sleep, of waiting in all
TOLERANCE = 1e-4  # of results, relative to the largest number


class Within(NamedTuple):
    """A part of a result that may lie further apart in the two libraries than others, for a reason that the case gives."""

    tolerance: float
    """Relative to the largest number."""

    numbers: Any


def compare(
    label: Label,
    ours: Callable[[], Any],
    torchs: Callable[[], Any],
    rounds: int,
    place: Place = CPU,
    *,
    limit: Limit | None = None,
    calls: int = 1,
    left_behind: tuple[Callable[[], Any], Callable[[], Any]] | None = None,
) -> Comparison | Difference:
    """Compares the results of both, then times both.

    Args:
        label: what is compared.
        ours: a program, which returns its result: numbers or tensors, or tuples, lists or dicts of them.
        torchs: the same program in torch.
        rounds: how often each is timed.
        place: where both compute. Clocks are read when all that was begun there is done.
        limit: what neither can do better than.
        calls: how many calls one run of a program stands for; times are divided by it.
        left_behind: where a program's result is not all that it does: tell the rest, ours and torch's, to be compared too.
    """
    first_of_ours, our_result = _first_call(ours, place)
    first_of_torchs, their_result = _first_call(torchs, place)
    if left_behind is not None:
        our_result, their_result = (
            (each, tell()) for each, tell in zip((our_result, their_result), left_behind, strict=True)
        )
    if (text := difference(our_result, their_result)) is not None:
        return Difference(label, text)
    our_result = their_result = None
    turns = Turn(ours, place), Turn(torchs, place)
    samples = np.empty((2, rounds))
    for number in range(rounds):
        for row in (0, 1) if number % 2 == 0 else (1, 0):
            samples[row, number] = turns[row].seconds() / calls
    return Comparison(label, samples[0], samples[1], limit=limit, first=(first_of_ours, first_of_torchs))


class Turn:
    """A program, and how often it has to be called to take some milliseconds.

    Attributes:
        calls: in a turn.
    """

    def __init__(self, run: Callable[[], object], place: Place = CPU) -> None:
        self.run, self.place = run, place
        self.calls = 1
        settle()
        while (seconds := call(run, self.calls, place)) < TURN and self.calls < MOST_CALLS:
            self.calls = min(MOST_CALLS, int(self.calls * min(100, max(2, 1.2 * TURN / seconds))))

    def seconds(self) -> float:
        """The time for one call, in a turn of ``calls`` of them."""
        settle()
        call(self.run, max(1, int(self.calls * LEAD_IN)), self.place)
        return call(self.run, self.calls, self.place) / self.calls


def call(run: Callable[[], object], times: int, place: Place = CPU) -> float:
    """Seconds for so many calls together, until what they have begun is done."""
    each = itertools.repeat(None, times)
    place.wait()
    start = time.perf_counter()
    for _ in each:
        run()
    place.wait()
    return time.perf_counter() - start


def settle() -> None:
    """Waits until no thread of this process is running: a nap, again and again, until it costs no processor time."""
    deadline = time.perf_counter() + PATIENCE
    while time.perf_counter() < deadline:
        before = time.process_time()
        time.sleep(NAP)
        if time.process_time() - before < IDLE:
            return


def _first_call(run: Callable[[], Any], place: Place) -> tuple[float, Any]:
    start = time.perf_counter()
    result = run()
    place.wait()
    return time.perf_counter() - start, result


def difference(ours: Any, theirs: Any, where: str = "the result") -> str | None:
    """In what the results of both libraries differ, as a sentence; None where they agree."""
    if isinstance(theirs, Within):
        return _difference_of_numbers(_numbers(ours.numbers), _numbers(theirs.numbers), where, theirs.tolerance)
    if isinstance(theirs, dict):
        if ours.keys() != theirs.keys():
            return f"{where} has {list(ours)} here and {list(theirs)} in torch"
        pairs = [(ours[key], theirs[key], str(key)) for key in theirs]
    elif isinstance(theirs, tuple | list):
        if len(ours) != len(theirs):
            return f"{where} has {len(ours)} parts here and {len(theirs)} in torch"
        pairs = [(a, b, f"part {n} of {where}") for n, (a, b) in enumerate(zip(ours, theirs, strict=True))]
    else:
        return _difference_of_numbers(_numbers(ours), _numbers(theirs), where, TOLERANCE)
    return next((text for a, b, name in pairs if (text := difference(a, b, name)) is not None), None)


def _numbers(result: Any) -> np.ndarray:
    return result.numpy(force=True) if hasattr(result, "numpy") else np.asarray(result)


def _difference_of_numbers(ours: np.ndarray, theirs: np.ndarray, where: str, tolerance: float) -> str | None:
    found, wanted = (f"{each.dtype}{list(each.shape)}" for each in (ours, theirs))
    if found != wanted:
        return f"{where} is {found} here and {wanted} in torch"
    if theirs.dtype.kind != "f":
        return None if np.array_equal(ours, theirs) else f"{where} differs"
    finite = np.isfinite(theirs)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True) or not np.isfinite(ours[finite]).all():
        return f"{where} is infinite or NaN at different places"
    if not finite.any():
        return None
    scale = float(np.abs(theirs[finite]).max())
    apart = float(np.abs(ours[finite] - theirs[finite]).max())
    if apart > tolerance * scale:
        return f"{where} differs by {apart:.1e}, where the largest number is {scale:.1e}"
    return None
