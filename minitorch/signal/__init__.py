"""Signals: ``signal.windows``."""

from __future__ import annotations

from minitorch.signal import windows

__all__ = ["windows"]
