"""Where arrays lie: their memory and its address, and how numbers come to a device and back."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch.device import placed
from minitorch.kernels import tables
from minitorch.kernels.cpu.strides import owner, storage

__all__ = ["address", "beside", "coincide", "outline", "overlap", "owner", "storage", "to", "to_host"]

Array = np.ndarray


def address(a: Array) -> int:
    """Of the first element."""
    return a.__array_interface__["data"][0]


def coincide(a: Array, b: Array) -> bool:
    """Whether both show the same elements of the same memory, in the same way."""
    return a is b or (a.shape, a.strides, a.dtype, address(a)) == (b.shape, b.strides, b.dtype, address(b))


def outline(a: Array) -> Array:
    """An array of numpy's that lies as ``a`` does, for what does not look into it: here it is ``a``."""
    return a


def overlap(a: Array, b: Array) -> bool:
    """Whether some byte may belong to both."""
    return isinstance(b, Array) and np.may_share_memory(a, b)


def to_host(a: Array, wait: bool = True) -> Array:
    """The numbers, as an array of numpy's: not a copy here, and nothing to wait for."""
    return a


def beside(a: Array, like: Array) -> Array:
    """An array of numpy's, on the device of ``like``: not a copy here."""
    return a


def to(a: Any, dtype: np.dtype, device: Any) -> Any:
    """The same numbers in another dtype, on another device; the same array if it has that dtype and is there."""
    return placed(tables[type(a)].cast(a, dtype), device)
