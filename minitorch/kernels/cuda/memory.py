"""A pool of device memory: asking the driver takes longer than most kernels run, so what was freed is kept for the next array.

Kernels run in the order of their launches, so memory can be given to the next as soon as Python has let it go.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable
from typing import Any

import numpy as np

SMALLEST = 512  # bytes
FINE = 1 << 20  # bytes from which sizes are rounded to an eighth of their power of two rather than to one


def bucket(size: int) -> int:
    """The size that a request is rounded up to, so that few sizes occur, and at most an eighth of what is large is wasted."""
    if size <= SMALLEST:
        return SMALLEST
    power = 1 << (size - 1).bit_length()
    step = power if size <= FINE else power // 16
    return -(-size // step) * step


class Pool:
    """Memory by size.

    Args:
        obtain: gives that many bytes of the device, as a flat array of uint8, or raises.

    ``allocated`` bytes are in use now, at most ``peak`` were; ``reserved`` are in use or kept.
    """

    def __init__(self, obtain: Callable[[int], Any]) -> None:
        self.obtain = obtain
        self.free: dict[int, list[Any]] = {}
        self.allocated = self.reserved = self.peak = 0

    def allocate(self, size: int, dtype: np.dtype) -> Any:
        """Memory for that many elements.

        Raises:
            RuntimeError: out of memory, also after all that is kept was given back.
        """
        size_in_bytes = bucket(size * dtype.itemsize)
        kept = self.free.get(size_in_bytes)
        block = kept.pop() if kept else self._obtain(size_in_bytes)
        self.allocated += size_in_bytes
        self.peak = max(self.peak, self.allocated)
        memory = block.view(dtype)
        weakref.finalize(memory, self._release, block, size_in_bytes).atexit = False
        return memory

    def _obtain(self, size: int) -> Any:
        try:
            block = self.obtain(size)
        except Exception:  # numba raises the driver's own error, of another type for every binding
            self.empty()
            try:
                block = self.obtain(size)
            except Exception as error:
                raise RuntimeError(
                    f"CUDA out of memory. Tried to allocate {size} bytes; {self.allocated} bytes are in use by arrays"
                ) from error
        self.reserved += size
        return block

    def _release(self, block: Any, size: int) -> None:
        self.allocated -= size
        self.free.setdefault(size, []).append(block)

    def empty(self) -> None:
        """Gives back to the driver what is kept."""
        self.reserved -= sum(size * len(blocks) for size, blocks in self.free.items())
        self.free.clear()
