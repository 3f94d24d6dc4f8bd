"""``minitorch.backends``: settings of libraries that torch computes with, for programs that set them. minitorch has none of them.

Settings can be read and written, and have no effect: what they are there for in torch, results that are the same in every run,
is always so here.
"""

from __future__ import annotations


class _Backend:
    """One library: it is not there."""

    def __init__(self, **settings: bool) -> None:
        self.__dict__.update(settings)

    def is_available(self) -> bool:
        """Whether tensors can be computed with it."""
        return False

    is_built = is_available


cudnn = _Backend(enabled=False, benchmark=False, deterministic=True, allow_tf32=False)
cuda = _Backend()
mps = _Backend()
