"""What becomes of memory that was freed: it stays with the process, for the next array.

glibc hands large pieces back to the system at once, and gets the next one from there page by page, each of which the
processor has to stop for: in a training step, which frees and asks for the same arrays each time, that can take as long as
all the arithmetic. The setting holds for the whole process. Whoever has made a choice in the environment keeps it.
"""

from __future__ import annotations

import ctypes
import os
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # the numbers of the options in <malloc.h>
KEPT = 2**29  # bytes that may lie free at the end of the heap
IN_HEAP = 2**25  # bytes of a piece, below which it is taken from the heap; more is not allowed


def keep_freed_memory() -> None:
    """Tells the C library, where it has this option."""
    chosen = any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ)
    if sys.platform == "linux" and not chosen:
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
        if mallopt is not None:  # musl has none
            mallopt(MMAP_THRESHOLD, IN_HEAP)
            mallopt(TRIM_THRESHOLD, KEPT)
