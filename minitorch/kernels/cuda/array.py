"""Arrays on a device: memory, seen with a shape and strides. Views share memory; strides are never negative."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from minitorch.dtypes import BFLOAT16
from minitorch.kernels.cpu.bfloat16 import BFloat16
from minitorch.kernels.cuda.device import SIMULATED, Device, Memory, current

MOST_ELEMENTS = 2**31  # from which on kernels, which count in 32 bits, do not work


class Flags(NamedTuple):
    """How elements lie: row by row, column by column, either."""

    c_contiguous: bool
    f_contiguous: bool
    writeable: bool = True

    @property
    def forc(self) -> bool:
        return self.c_contiguous or self.f_contiguous


class DeviceArray:
    """Elements of one dtype in a device's memory. Beside what is written here, it has what floors above read of numpy's arrays.

    Args:
        memory: flat; shared with other arrays.
        offset: where in it the first element is.
        steps: elements of memory from one index to the next, by dimension. ``strides`` has them in bytes, as numpy does.
    """

    __slots__ = ("_flat", "dtype", "memory", "offset", "shape", "steps")

    def __init__(
        self, memory: Memory, dtype: np.dtype, shape: tuple[int, ...], steps: tuple[int, ...], offset: int = 0
    ) -> None:
        self.memory, self.dtype, self.shape, self.steps, self.offset = memory, dtype, shape, steps, offset
        self._flat: Any = None

    @property
    def contiguous(self) -> bool:
        """Whether elements lie row by row."""
        return lie_as(self.shape, self.steps, dense_strides(self.shape))

    @property
    def flat(self) -> Memory:
        """The memory from the first element on."""
        if self._flat is None:
            self._flat = self.memory[self.offset :] if self.offset else self.memory
        return self._flat

    def seen(self, shape: Sequence[int], steps: Sequence[int], offset: int = 0) -> DeviceArray:
        """The same memory, seen otherwise. ``offset`` counts from this array's first element."""
        return type(self)(self.memory, self.dtype, tuple(shape), tuple(steps), self.offset + offset)

    def __repr__(self) -> str:
        return f"DeviceArray(shape={self.shape}, dtype={self.dtype}, steps={self.steps})"

    # -- what numpy's arrays have, under their names --------------------------------------------------------------------

    device = "cuda:0"

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
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize

    @property
    def strides(self) -> tuple[int, ...]:
        return tuple([step * self.dtype.itemsize for step in self.steps])

    @property
    def flags(self) -> Flags:
        columns = dense_strides(self.shape, range(self.ndim)[::-1])
        return Flags(self.contiguous, lie_as(self.shape, self.steps, columns))

    @property
    def base(self) -> Memory | None:
        """The memory, where something else shows it too, or this array shows an element several times."""
        memory = self.memory
        alone = memory.of is None and sys.getrefcount(memory) <= _ALONE + 1 + (self._flat is memory)
        return None if alone and 0 not in self.steps else memory

    def __len__(self) -> int:
        return self.shape[0]

    # These wait for the GPU.

    def item(self) -> Any:
        return to_host(self).item()

    def tolist(self) -> Any:
        return to_host(self).tolist()

    def __bool__(self) -> bool:
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def min(self) -> Any:
        return to_host(self).min()

    def max(self) -> Any:
        return to_host(self).max()

    def any(self) -> bool:
        return bool(to_host(self).any())

    def all(self) -> bool:
        return bool(to_host(self).all())

    def nonzero(self) -> tuple[DeviceArray, ...]:
        return tuple([from_host(positions) for positions in to_host(self).nonzero()])

    def __array__(self, *args: Any, **params: Any) -> np.ndarray:
        raise TypeError(
            f"can't convert {self.device} device type tensor to numpy. Use Tensor.cpu() to copy the tensor to host memory first."
        )

    @property
    def __cuda_array_interface__(self) -> dict[str, Any]:
        """The array, for other libraries: version 3 of the interface. Its reader waits for the stream that is named."""
        if SIMULATED:
            raise AttributeError("numba's simulator has no memory of a GPU that libraries could share")
        address = current().address(self.memory) + self.offset * self.itemsize
        return {
            "shape": self.shape,
            "typestr": self.dtype.str,
            "strides": None if self.contiguous else self.strides,
            "data": (address if self.size else 0, False),
            "version": 3,
            "stream": current().stream_number(),
        }

    __array_ufunc__ = None  # numpy's arithmetic refuses what is not on the host


class BFloat16Array(DeviceArray):
    """Numbers of bfloat16, in memory of uint16: the upper halves of the bits of float32."""

    __slots__ = ()

    @classmethod
    def of(cls, bits: DeviceArray) -> BFloat16Array:
        """The array over such memory."""
        return cls(bits.memory, BFLOAT16, bits.shape, bits.steps, bits.offset)

    @property
    def bits(self) -> DeviceArray:
        return DeviceArray(self.memory, BFLOAT16.memory, self.shape, self.steps, self.offset)


def lie_as(shape: Sequence[int], steps: Sequence[int], others: Sequence[int]) -> bool:
    """Whether elements lie in the same places with other strides."""
    return (
        steps == others
        or 0 in shape
        or all(size == 1 or a == b for size, a, b in zip(shape, steps, others, strict=True))
    )


def _count_for_a_single_array() -> int:
    class Holder:
        __slots__ = ("memory",)

    holder: Any = Holder()
    holder.memory = object()
    return sys.getrefcount(holder.memory)


_ALONE = _count_for_a_single_array()
"""What getrefcount() says of memory that one array shows."""


def dense_strides(shape: Sequence[int], order: Sequence[int] | None = None) -> tuple[int, ...]:
    """Strides without gaps; ``order`` names the dimensions from the slowest to the fastest, the last being so unless given."""
    strides, step = [1] * len(shape), 1
    for d in reversed(order if order is not None else range(len(shape))):
        strides[d] = step
        step *= max(shape[d], 1)
    return tuple(strides)


def known_dtype(dtype: Any) -> np.dtype:
    """The dtype.

    Raises:
        NotImplementedError: it is none that kernels for GPUs know.
    """
    if isinstance(dtype, np.dtype | type | str):
        return np.dtype(dtype)
    raise NotImplementedError(f"{dtype.name} is not supported on CUDA")


def empty(shape: Sequence[int], dtype: Any, order: Sequence[int] | None = None) -> DeviceArray:
    """A new array in which anything may be.

    Raises:
        RuntimeError: it has too many elements, or there is not enough memory.
    """
    shape = tuple(shape)
    return blank(shape, dtype, dense_strides(shape, order))


def blank(shape: tuple[int, ...], dtype: Any, steps: tuple[int, ...]) -> DeviceArray:
    """A new array with strides without gaps, in which anything may be. It raises what ``empty`` does."""
    dtype, size = known_dtype(dtype), prod(shape)
    if size >= MOST_ELEMENTS:
        raise RuntimeError(f"arrays of {MOST_ELEMENTS} elements and more are not supported on CUDA, as {shape} has")
    return DeviceArray(current().allocate(size, dtype), dtype, shape, steps)


def from_host(array: np.ndarray, wait: bool = True) -> DeviceArray:
    """A copy on the device; in the same order of dimensions where the array lies densely, else row by row.

    Without ``wait``, a copy from page-locked memory is only begun.
    """
    if type(array) is BFloat16:
        return BFloat16Array.of(from_host(array.view(np.ndarray), wait))
    order = sorted(range(array.ndim), key=lambda d: (-array.strides[d], d))
    turned = array.transpose(order)
    if not turned.flags.c_contiguous:
        order, turned = list(range(array.ndim)), array
    result = empty(array.shape, array.dtype, order)
    if array.size:
        current().write(result.memory, np.ascontiguousarray(turned).reshape(-1), wait)
    return result


def kept(array: np.ndarray) -> DeviceArray:
    """A row of numbers on the device, for kernels to look up. When the same are asked for again, they are there already."""
    return _kept(current(), array.dtype, array.tobytes())


@lru_cache(256)
def _kept(device: Device, dtype: np.dtype, numbers: bytes) -> DeviceArray:
    return from_host(np.frombuffer(numbers, dtype))


def no_hosts(value: Any) -> Any:
    """The value, an array of the device or a number.

    Raises:
        TypeError: it is an array of the host.
    """
    if isinstance(value, np.ndarray):
        raise TypeError("an array of the host was given to a kernel of a device")
    return value


def on_device(a: DeviceArray | np.ndarray) -> DeviceArray:
    """The array, copied to the device if it is on the host, where operators compute some indices."""
    return from_host(a) if isinstance(a, np.ndarray) else a


def to_host(a: DeviceArray, wait: bool = True) -> np.ndarray:
    """A copy on the host; in the same order of dimensions where the array lies densely, else row by row.

    Without ``wait``, the copy of what lies densely is only begun: it is there after ``synchronize``.
    """
    if type(a) is BFloat16Array:
        return to_host(a.bits, wait).view(BFloat16)
    if not a.size:
        return np.empty(a.shape, a.dtype)
    extent = 1 + sum((size - 1) * step for size, step in zip(a.shape, a.steps, strict=True))
    dense = a.size == extent and 0 not in a.steps
    flat = current().read(a.flat, extent, wait or not dense)
    found = np.lib.stride_tricks.as_strided(flat, a.shape, a.strides)
    return found if dense else found.copy()
