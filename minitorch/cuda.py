"""``minitorch.cuda``: what programs ask before they use a GPU. Tensors cannot be on one yet, so the answer is no.

The kernels that are there (``minitorch.kernels.cuda``) work on arrays.
"""

from __future__ import annotations

__all__ = [
    "current_device",
    "device_count",
    "empty_cache",
    "is_available",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
]


def is_available() -> bool:
    """Whether tensors can be on a GPU."""
    return False


def is_initialized() -> bool:
    """Whether any have been."""
    return False


def device_count() -> int:
    """The number of GPUs that tensors can be on."""
    return 0


def current_device() -> int:
    """The number of the GPU in use.

    Raises:
        RuntimeError: there is none.
    """
    raise RuntimeError("minitorch computes on the CPU: there is no GPU in use")


def empty_cache() -> None:
    """Gives back the memory of GPUs that is not in use: there is none."""


def manual_seed(seed: int) -> None:
    """Seeds the generator of the current GPU; without one, nothing."""


manual_seed_all = manual_seed
