"""Arrays on a device: memory, seen with a shape and strides. Views share memory; strides are in elements and never negative."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from minitorch.kernels.cuda.device import Memory, current

MOST_ELEMENTS = 2**31  # from which on kernels, which count in 32 bits, do not work


class DeviceArray:
    """Elements of one dtype in a device's memory.

    Args:
        memory: flat; shared with other arrays.
        offset: where in it the first element is.
        strides: elements of memory from one index to the next, by dimension.
    """

    __slots__ = ("_flat", "dtype", "memory", "offset", "shape", "strides")

    def __init__(
        self, memory: Memory, dtype: np.dtype, shape: tuple[int, ...], strides: tuple[int, ...], offset: int = 0
    ) -> None:
        self.memory, self.dtype, self.shape, self.strides, self.offset = memory, dtype, shape, strides, offset
        self._flat: Any = None

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def itemsize(self) -> int:
        return self.dtype.itemsize

    @property
    def contiguous(self) -> bool:
        """Whether elements lie row by row."""
        return self.size == 0 or all(
            size == 1 or step == dense
            for size, step, dense in zip(self.shape, self.strides, dense_strides(self.shape), strict=True)
        )

    @property
    def flat(self) -> Memory:
        """The memory from the first element on."""
        if self._flat is None:
            self._flat = self.memory[self.offset :] if self.offset else self.memory
        return self._flat

    def view(self, shape: Sequence[int], strides: Sequence[int], offset: int = 0) -> DeviceArray:
        """The same memory, seen otherwise. ``offset`` counts from this array's first element."""
        return DeviceArray(self.memory, self.dtype, tuple(shape), tuple(strides), self.offset + offset)

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype}, strides={self.strides})"


def dense_strides(shape: Sequence[int], order: Sequence[int] | None = None) -> tuple[int, ...]:
    """Strides without gaps; ``order`` names the dimensions from the slowest to the fastest, the last being so unless given."""
    strides, step = [1] * len(shape), 1
    for d in reversed(order if order is not None else range(len(shape))):
        strides[d] = step
        step *= max(shape[d], 1)
    return tuple(strides)


def empty(shape: Sequence[int], dtype: Any, order: Sequence[int] | None = None) -> DeviceArray:
    """A new array in which anything may be.

    Raises:
        RuntimeError: it has too many elements, or there is not enough memory.
    """
    dtype, shape = np.dtype(dtype), tuple(shape)
    if prod(shape) >= MOST_ELEMENTS:
        raise RuntimeError(f"arrays of {MOST_ELEMENTS} elements and more are not supported on CUDA, as {shape} has")
    return DeviceArray(current().allocate(prod(shape), dtype), dtype, shape, dense_strides(shape, order))


def from_host(array: np.ndarray) -> DeviceArray:
    """A copy on the device, row by row."""
    result = empty(array.shape, array.dtype)
    if array.size:
        current().write(result.memory, np.ascontiguousarray(array).reshape(-1))
    return result


def to_host(a: DeviceArray) -> np.ndarray:
    """A copy on the host, with the same strides where the array is dense."""
    if not a.size:
        return np.empty(a.shape, a.dtype)
    extent = 1 + sum((size - 1) * step for size, step in zip(a.shape, a.strides, strict=True))
    flat = current().read(a.flat, extent)
    return np.lib.stride_tricks.as_strided(flat, a.shape, [step * a.itemsize for step in a.strides])
