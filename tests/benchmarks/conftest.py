"""Measuring without taking the time: turns of a single call, and limits that are made up."""

import pytest

from benchmarks import measure
from benchmarks.cases import Settings
from benchmarks.limits import COPIES, Limits


@pytest.fixture
def hurried(monkeypatch):
    """No turn takes longer than a call, and nobody waits for threads to fall asleep."""
    monkeypatch.setattr(measure, "TURN", 1e-9)
    monkeypatch.setattr(measure, "settle", lambda: None)


@pytest.fixture
def settings():
    """``settings(**choices)``: one round on one thread."""

    def make(**choices):
        limits = Limits(threads=1)
        limits.flops_per_second = 1e11
        limits.bytes_per_second = dict.fromkeys(COPIES, 1e10)
        limits.call_seconds = 1e-6
        return Settings(threads=1, limits=limits, **({"rounds": 1} | choices))

    return make
