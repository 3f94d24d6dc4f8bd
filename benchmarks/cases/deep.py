"""``deep``: long chains, forward and backward; each in a process of its own."""

from __future__ import annotations

from benchmarks.cases import Results, Settings
from benchmarks.processes import Samples

ROUNDS = 5
LINKS = [10_000, 100_000, 1_000_000]


def deep(settings: Settings) -> Results:
    """Chains of 10 thousand to a million operations, forward and backward: time and peak memory"""
    for links in settings.size or LINKS:
        samples = Samples("chain", settings.threads, settings.rounds or ROUNDS, rehearse=False, links=links)
        limit = settings.limits.calls(2 * links)
        yield samples.compare(settings.label("deep", f"{links:,} links, time"), "seconds", "s", limit)
        yield samples.compare(settings.label("deep", f"{links:,} links, peak memory"), "memory", "B")
