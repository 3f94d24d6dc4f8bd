"""The cases, by name. Each is a module with a function that yields comparisons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.comparison import Comparison, Difference, Label, where
from benchmarks.limits import Limits
from benchmarks.place import CPU, Place

Results = Iterator[Comparison | Difference]


@dataclass(frozen=True)
class Settings:
    """What a case is told. ``None`` stands for what suits the case.

    Attributes:
        threads: that both libraries have been given.
        limits: of this machine, on so many threads.
        rounds: how often each is timed.
        batch: sizes of batches.
        size: elements (``ops``), links (``deep``), pictures (``epoch``), steps (``memory``).
        only: the names of operators (``ops``).
        root: the folder in which ``cifar-10-batches-py`` lies (``epoch``).
        place: where both compute.
    """

    threads: int
    limits: Limits
    rounds: int | None = None
    batch: list[int] | None = None
    size: list[int] | None = None
    only: list[str] | None = None
    root: str | None = None
    place: Place = CPU

    @property
    def where(self) -> str:
        return where(self.threads, self.place.device)

    def label(self, case: str, name: str, group: str = "") -> Label:
        """What a comparison is called."""
        return Label(case, name, self.threads, group, self.place.device)


Case = Callable[[Settings], Results]
