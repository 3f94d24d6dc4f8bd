"""Where arrays lie: their memory and its address, how numbers come to a device and back, and memory of other libraries."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minitorch.kernels.cpu.creation import memory_dtype
from minitorch.kernels.cpu.placement import to
from minitorch.kernels.cuda.array import DeviceArray, dense_strides, from_host, to_host
from minitorch.kernels.cuda.device import Memory, current, is_page_locked, page_locked

__all__ = ["address", "beside", "coincide", "outline", "overlap", "owner", "storage", "to", "to_host"]


def address(a: DeviceArray) -> int:
    """Of the first element."""
    return current().address(a.memory) + a.offset * a.itemsize


def coincide(a: DeviceArray, b: DeviceArray | np.ndarray) -> bool:
    """Whether both show the same elements of the same memory, in the same way."""
    return isinstance(b, DeviceArray) and (
        a.dtype == b.dtype and a.shape == b.shape and a.steps == b.steps and address(a) == address(b)
    )


def outline(a: DeviceArray) -> np.ndarray:
    """An array of numpy's that lies as ``a`` does, for what does not look into it."""
    return np.lib.stride_tricks.as_strided(np.empty(1, memory_dtype(a.dtype)), a.shape, a.strides)


def overlap(a: DeviceArray, b: DeviceArray | np.ndarray) -> bool:
    """Whether some byte may belong to both."""
    if not isinstance(b, DeviceArray):
        return False
    (first, end), (other_first, other_end) = _extent(a.memory), _extent(b.memory)
    return first < other_end and other_first < end


def _extent(memory: Memory) -> tuple[int, int]:
    """Where memory begins and ends: two may be the same bytes as different dtypes."""
    first = current().address(memory)
    return first, first + memory.size * memory.dtype.itemsize


def owner(a: DeviceArray) -> Any:
    """What has the memory that an array lies in: one object, as whatever it is seen."""
    memory = a.memory
    return memory if memory.of is None else memory.of


def storage(a: DeviceArray) -> DeviceArray:
    """The whole memory that an array lies in, as one row of elements."""
    return type(a)(a.memory, a.dtype, (a.memory.size,), (1,))


def beside(a: np.ndarray, like: DeviceArray) -> DeviceArray:
    """An array of numpy's, copied to the device of ``like``."""
    return from_host(a)


# -- page-locked memory of the host -----------------------------------------------------------------------------------


def pinned(a: np.ndarray) -> np.ndarray:
    """A copy in page-locked memory, with the same strides. The device copies from there by itself, while Python goes on."""
    raw = a.view(np.ndarray)
    extent = 1 + sum((size - 1) * step for size, step in zip(raw.shape, raw.strides, strict=True)) // raw.itemsize
    copy = np.lib.stride_tricks.as_strided(page_locked(extent if raw.size else 0, raw.dtype), raw.shape, raw.strides)
    np.copyto(copy, raw)
    return copy.view(type(a))


def is_pinned(a: np.ndarray) -> bool:
    """Whether an array lies in page-locked memory that was asked for here."""
    return is_page_locked(a)


# -- memory of other libraries ----------------------------------------------------------------------------------------


def adopted(data: int, dtype: np.dtype, shape: tuple[int, ...], steps: tuple[int, ...], owner: Any) -> DeviceArray:
    """An array of elements that another library has on the GPU, from an address on. It keeps their owner alive.

    Raises:
        BufferError: a stride is negative.
    """
    if any(step < 0 for step in steps):
        raise BufferError(f"arrays on CUDA have no negative strides, as {steps} are")
    extent = 1 + sum((size - 1) * step for size, step in zip(shape, steps, strict=True)) if prod(shape) else 0
    return DeviceArray(current().adopt(data, extent, dtype, owner), dtype, shape, steps)


def from_cuda_array_interface(obj: Any) -> DeviceArray:
    """The array that an object of another library shows by ``__cuda_array_interface__``: the same memory.

    What the other library has put on its stream, which the interface may name, is waited for.

    Raises:
        TypeError: this is no such interface, or one of memory that may not be written to.
        ValueError: the strides are no whole numbers of elements.
        NotImplementedError: some elements are masked.
    """
    shown = obj.__cuda_array_interface__
    if not isinstance(shown, dict):
        raise TypeError("`__cuda_array_interface__` must be a dict")
    for key in ("typestr", "shape", "data"):
        if key not in shown:
            raise TypeError(f"attribute `{key}` must exist")
    if shown.get("mask") is not None:
        raise NotImplementedError("arrays of which some elements are masked are not supported")
    data, read_only = shown["data"]
    if read_only:
        raise TypeError("the read only flag is not supported, should always be False")
    dtype, shape = np.dtype(shown["typestr"]), tuple(shown["shape"])
    if shown.get("stream") is not None:
        current().wait_for(shown["stream"])
    return adopted(data, dtype, shape, _steps(shown.get("strides"), shape, dtype.itemsize), obj)


def _steps(strides: tuple[int, ...] | None, shape: tuple[int, ...], itemsize: int) -> tuple[int, ...]:
    """Strides in bytes as steps in elements; without any, the elements lie row by row."""
    if strides is None:
        return dense_strides(shape)
    if any(stride % itemsize for stride in strides):
        raise ValueError(
            "given array strides not a multiple of the element byte size. Make a copy of the array to reallocate the memory."
        )
    return tuple(stride // itemsize for stride in strides)
