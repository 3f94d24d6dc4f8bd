"""A progress bar: tqdm's where it is installed, else a line at the end of each epoch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Bar(Protocol):
    def step(self, remark: str) -> None:
        """One step is done; the remark stands beside the bar."""


class _Drawn:
    def __init__(self, bar: object) -> None:
        self.bar = bar

    def step(self, remark: str) -> None:
        self.bar.set_postfix_str(remark, refresh=False)  # type: ignore[attr-defined]  # tqdm has no types
        self.bar.update()  # type: ignore[attr-defined]


class _Silent:
    def __init__(self) -> None:
        self.remark = ""

    def step(self, remark: str) -> None:
        self.remark = remark


@contextmanager
def progress_bar(steps: int, title: str) -> Iterator[Bar]:
    """Shows how far ``steps`` steps have come, on standard error; the last remark stays on the line."""
    try:
        from tqdm import tqdm
    except ImportError:
        silent = _Silent()
        yield silent
        print(f"{title}: {silent.remark}", file=sys.stderr, flush=True)
        return
    with tqdm(total=steps, desc=title, unit="step", dynamic_ncols=True) as bar:
        yield _Drawn(bar)
