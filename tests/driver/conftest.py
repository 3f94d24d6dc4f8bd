"""The emulated driver, and a GPU on it that nobody has asked for yet."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest


@functools.cache
def _driver() -> Any:
    from tests.driver.emulated import Driver

    return Driver()


@pytest.fixture
def driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    made = _driver()
    made.reset()
    from minitorch.kernels.cuda import cache, device
    from minitorch.kernels.store import Place

    monkeypatch.setattr(cache.STORE, "place", Place([tmp_path], tmp_path, ""))
    monkeypatch.setattr(device, "_found", [])
    monkeypatch.setattr(device, "_forked", [])
    return made


@pytest.fixture
def gpu(driver: Any) -> Any:
    """The GPU, in use."""
    from minitorch.kernels.cuda import device

    return device.current()
