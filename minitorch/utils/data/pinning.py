"""Batches in page-locked memory, from where a GPU copies by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minitorch.tensor import Tensor


def pinned(batch: Any) -> Any:
    """The batch with all tensors in it pinned: in mappings and sequences too, and in what has a ``pin_memory()`` of its own."""
    if isinstance(batch, Tensor) or hasattr(batch, "pin_memory"):
        return batch.pin_memory()
    if isinstance(batch, str | bytes):
        return batch
    if isinstance(batch, Mapping):
        return {key: pinned(each) for key, each in batch.items()}
    if isinstance(batch, tuple) and hasattr(batch, "_fields"):
        return type(batch)(*map(pinned, batch))
    if type(batch) is tuple:
        return tuple(map(pinned, batch))
    return list(map(pinned, batch)) if isinstance(batch, Sequence) else batch
