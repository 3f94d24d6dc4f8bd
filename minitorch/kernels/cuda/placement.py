"""Where arrays lie: their memory and its address, and how numbers come to a device and back."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cpu.placement import to
from minitorch.kernels.cuda.array import DeviceArray, from_host, to_host
from minitorch.kernels.cuda.device import current

__all__ = ["address", "beside", "coincide", "outline", "overlap", "storage", "to", "to_host"]


def address(a: DeviceArray) -> int:
    """Of the first element."""
    return current().address(a.memory) + a.offset * a.itemsize


def coincide(a: DeviceArray, b: DeviceArray | np.ndarray) -> bool:
    """Whether both show the same elements of the same memory, in the same way."""
    return isinstance(b, DeviceArray) and (
        a.memory is b.memory
        and a.offset == b.offset
        and a.dtype == b.dtype
        and a.shape == b.shape
        and a.steps == b.steps
    )


def outline(a: DeviceArray) -> np.ndarray:
    """An array of numpy's that lies as ``a`` does, for what does not look into it."""
    return np.lib.stride_tricks.as_strided(np.empty(1, a.dtype), a.shape, a.strides)


def overlap(a: DeviceArray, b: DeviceArray | np.ndarray) -> bool:
    """Whether some byte may belong to both."""
    return isinstance(b, DeviceArray) and a.memory is b.memory


def storage(a: DeviceArray) -> DeviceArray:
    """The whole memory that an array lies in, as one row of elements."""
    return DeviceArray(a.memory, a.dtype, (a.memory.size,), (1,))


def beside(a: np.ndarray, like: DeviceArray) -> DeviceArray:
    """An array of numpy's, copied to the device of ``like``."""
    return from_host(a)
