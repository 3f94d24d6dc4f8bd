"""Programs that run in a process of their own, with one library only: their time and memory is that library's alone.

``python -m benchmarks.children.NAME JSON`` prints what it has measured as JSON. Nothing here may import a library before
the program does, nor anything that does so.
"""

from __future__ import annotations

import contextlib
import json
import resource
import sys
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")


def arguments() -> dict[str, Any]:
    """What the parent says; "library" is the name of the library."""
    return json.loads(sys.argv[1])


def report(**figures: Any) -> None:
    """Hands figures to the parent, by name; those under "result" have to be the same in both libraries."""
    print(json.dumps(figures))


def resident_memory() -> int:
    """Bytes of this process that are in memory now."""
    return _status("VmRSS")


def peak_memory() -> int:
    """The most bytes of this process that have been in memory at a time, since its start or ``reset_peak()``.

    Linux counts them for the program that the process runs. What ``getrusage`` says covers what the process was before it
    started the program, too: a copy of the parent, with all of the parent's memory.
    """
    return _status("VmHWM")


def reset_peak() -> None:
    """Lets the peak begin anew, where the system can do that."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def _status(key: str) -> int:
    if not STATUS.exists():  # macOS
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for line in STATUS.read_text().splitlines():
        name, _, value = line.partition(":")
        if name == key:
            return 1024 * int(value.split()[0])
    raise RuntimeError(f"{STATUS} does not tell {key}")
