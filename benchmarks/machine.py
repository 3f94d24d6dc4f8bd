"""The machine, the versions, and the threads of both libraries."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import numba
import numpy as np
import torch

import minitorch


def processor() -> str:
    """What the processor calls itself."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def facts() -> dict[str, str | int]:
    """What a reader of the figures has to know."""
    return {
        "processor": processor(),
        "cores": cores(),
        "system": platform.platform(),
        "torch's instructions": torch.backends.cpu.get_cpu_capability(),
        "threading layer of numba": str(numba.config.THREADING_LAYER),  # type: ignore[attr-defined]
        "python": platform.python_version(),
        "minitorch": minitorch.__version__,
        "torch": str(torch.__version__),
        "numpy": np.__version__,
        "numba": numba.__version__,
        "command": " ".join(["python -m benchmarks", *sys.argv[1:]]),
    }


def set_threads(count: int) -> str:
    """Gives both libraries as many threads; returns what they say they have.

    Raises:
        RuntimeError: one of them does not take so many.
    """
    minitorch.set_num_threads(count)
    torch.set_num_threads(count)
    found = {"minitorch (numba, BLAS)": minitorch.get_num_threads(), "torch (OpenMP, MKL)": torch.get_num_threads()}
    text = ", ".join(f"{name} {number}" for name, number in found.items())
    if set(found.values()) != {count}:
        raise RuntimeError(f"{count} threads were asked for, but these are there: {text}")
    return text
