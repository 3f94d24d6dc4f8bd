"""DLPack's capsules of a GPU's memory: made here, for other libraries to read, and read here.

A capsule holds the address of a structure that says where and what the elements are, and what to call when nobody needs them any
more. Its name tells the structure's version, and whether somebody has taken it already.

Source: ``dlpack.h``, version 1.0: the layouts of DLManagedTensor and DLManagedTensorVersioned.
"""

from __future__ import annotations

import ctypes
from ctypes import POINTER, Structure, c_int32, c_int64, c_uint8, c_uint16, c_uint32, c_uint64, c_void_p
from typing import Any, NamedTuple

import numpy as np

from minitorch.dtypes import BFLOAT16
from minitorch.kernels.cpu.creation import memory_dtype
from minitorch.kernels.cpu.dlpack import BFLOAT16 as BRAIN
from minitorch.kernels.cuda.array import BFloat16Array, DeviceArray, dense_strides
from minitorch.kernels.cuda.device import current
from minitorch.kernels.cuda.placement import address, adopted

CUDA, MANAGED = 2, 13  # types of devices: a GPU's memory, and memory that is a GPU's and the host's
GPU = (CUDA, 0)
"""The device that arrays are on, as DLPack names it."""
OLD, VERSIONED = b"dltensor", b"dltensor_versioned"
VERSION = (1, 0)
CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
KINDS = {code: kind for kind, code in CODES.items()}
READ_ONLY, COPIED = 1, 2  # flags


class Tensor(Structure):
    """DLTensor. ``device`` is its type and its number; ``strides``, which may be missing, count elements."""

    _fields_ = (
        ("data", c_void_p), ("device", c_int32 * 2), ("ndim", c_int32), ("code", c_uint8), ("bits", c_uint8), ("lanes", c_uint16),
        ("shape", POINTER(c_int64)), ("strides", POINTER(c_int64)), ("byte_offset", c_uint64),
    )  # fmt: skip


class Managed(Structure):
    """DLManagedTensor."""

    _fields_ = (("tensor", Tensor), ("context", c_void_p), ("deleter", c_void_p))


class ManagedVersioned(Structure):
    """DLManagedTensorVersioned."""

    _fields_ = (
        ("version", c_uint32 * 2), ("context", c_void_p), ("deleter", c_void_p), ("flags", c_uint64), ("tensor", Tensor),
    )  # fmt: skip


STRUCTURES: dict[bytes, Any] = {OLD: Managed, VERSIONED: ManagedVersioned}

_api = ctypes.pythonapi
_new = _api.PyCapsule_New
_new.restype, _new.argtypes = ctypes.py_object, [c_void_p, ctypes.c_char_p, c_void_p]
_name_of = _api.PyCapsule_GetName
_name_of.restype, _name_of.argtypes = ctypes.c_char_p, [ctypes.py_object]
_pointer_of = _api.PyCapsule_GetPointer
_pointer_of.restype, _pointer_of.argtypes = c_void_p, [ctypes.py_object, ctypes.c_char_p]
_rename = _api.PyCapsule_SetName
_rename.restype, _rename.argtypes = ctypes.c_int, [ctypes.py_object, ctypes.c_char_p]
# In its destructor, a capsule is no object any more that could be referred to.
_dying_has_name = ctypes.PYFUNCTYPE(ctypes.c_int, c_void_p, ctypes.c_char_p)(("PyCapsule_IsValid", _api))
_dying_pointer = ctypes.PYFUNCTYPE(c_void_p, c_void_p, ctypes.c_char_p)(("PyCapsule_GetPointer", _api))

TAKEN = {OLD: b"used_dltensor", VERSIONED: b"used_dltensor_versioned"}
"""The names of capsules that were taken. A capsule refers to its name, which therefore has to stay."""


# -- to other libraries -----------------------------------------------------------------------------------------------


class Lent(NamedTuple):
    """What has to stay as long as another library has an array."""

    structure: Any
    numbers: Any
    owner: Any


_lent: dict[int, Lent] = {}
"""What other libraries have, by the address of its structure."""


@ctypes.CFUNCTYPE(None, c_void_p)
def _deleter(address: int) -> None:
    """What a library calls that does not need an array any more."""
    _lent.pop(address, None)


@ctypes.PYFUNCTYPE(None, c_void_p)
def _destructor(capsule: int) -> None:
    """What Python calls when a capsule goes: if nobody has taken what is in it, nobody will."""
    for name in STRUCTURES:
        if _dying_has_name(capsule, name):
            _lent.pop(_dying_pointer(capsule, name), None)


def to_dlpack(a: DeviceArray, stream: int | None = -1, max_version: tuple[int, int] | None = None) -> Any:
    """A capsule of an array, whose memory its reader shares.

    Args:
        stream: the reader's, which is made to wait for what was launched: an address, 1 or nothing for the default one; -1: none.
        max_version: the newest version that the reader knows.

    Raises:
        BufferError: such a stream cannot be made to wait.
    """
    if stream in (0, 2):
        raise BufferError(
            "per-thread default stream is not supported." if stream else "stream 0 could be either default stream"
        )
    if stream != -1:
        current().let_wait(1 if stream is None else stream)
    return capsule_of(
        address(a), GPU, a.dtype, a.shape, a.steps, a.memory, max_version is not None and max_version >= VERSION
    )


def capsule_of(
    data: int,
    device: tuple[int, int],
    dtype: np.dtype,
    shape: tuple[int, ...],
    steps: tuple[int, ...],
    owner: Any,
    versioned: bool,
) -> Any:
    """A capsule of elements, wherever they are, that keeps their owner alive."""
    count = len(shape)
    numbers = (c_int64 * (2 * count))(*shape, *steps)
    first = ctypes.addressof(numbers)
    strides = ctypes.cast(first + 8 * count, POINTER(c_int64))
    code = BRAIN if dtype is BFLOAT16 else CODES[dtype.kind]
    tensor = Tensor(data, device, count, code, 8 * dtype.itemsize, 1, ctypes.cast(first, POINTER(c_int64)), strides, 0)
    deleter = ctypes.cast(_deleter, c_void_p)
    structure = ManagedVersioned(VERSION, None, deleter, 0, tensor) if versioned else Managed(tensor, None, deleter)
    place = ctypes.addressof(structure)
    _lent[place] = Lent(structure, numbers, owner)
    return _new(place, VERSIONED if versioned else OLD, ctypes.cast(_destructor, c_void_p))


# -- from other libraries ---------------------------------------------------------------------------------------------


class Taken:
    """What was in a capsule. When nobody refers to it any more, the library that made it is told so."""

    __slots__ = ("address", "structure")

    def __init__(self, capsule: Any) -> None:
        name = _name_of(capsule)
        self.address = _pointer_of(capsule, name)
        self.structure = STRUCTURES[name].from_address(self.address)
        _rename(capsule, TAKEN[name])

    def __del__(self) -> None:
        if self.structure.deleter:
            ctypes.CFUNCTYPE(None, c_void_p)(self.structure.deleter)(self.address)


class Content(NamedTuple):
    """What a capsule says of its elements."""

    data: int
    device: tuple[int, int]
    dtype: np.dtype
    shape: tuple[int, ...]
    steps: tuple[int, ...]


def is_capsule(value: Any) -> bool:
    """Whether this is a capsule that nobody has taken yet."""
    return type(value).__name__ == "PyCapsule" and _name_of(value) in STRUCTURES


def device_in(capsule: Any) -> tuple[int, int]:
    """Where the elements of a capsule are: a type of device, and its number. The capsule can still be taken."""
    name = _name_of(capsule)
    return tuple(STRUCTURES[name].from_address(_pointer_of(capsule, name)).tensor.device)


def content_of(tensor: Tensor) -> Content:
    """What a structure says.

    Raises:
        BufferError: there is no dtype for its elements.
    """
    is_bfloat16 = (tensor.code, tensor.bits) == (BRAIN, 16)
    kind = "u" if is_bfloat16 else KINDS.get(tensor.code)
    if kind is None or tensor.lanes != 1 or tensor.bits % 8:
        given = f"{tensor.lanes} lanes of {tensor.bits} bits, of type {tensor.code}"
        raise BufferError(f"elements that DLPack describes as {given} are not supported on CUDA")
    shape = tuple(tensor.shape[: tensor.ndim])
    steps = tuple(tensor.strides[: tensor.ndim]) if tensor.strides else dense_strides(shape)
    dtype = BFLOAT16 if is_bfloat16 else np.dtype(f"{kind}{tensor.bits // 8}")
    return Content((tensor.data or 0) + tensor.byte_offset, tuple(tensor.device), dtype, shape, steps)


def from_dlpack(capsule: Any) -> DeviceArray:
    """The array in a capsule, which shares its memory; afterwards the capsule is used up.

    Raises:
        BufferError: its elements are not on the GPU, or of no dtype that there is; then it is not used up.
    """
    name = _name_of(capsule)
    content = content_of(STRUCTURES[name].from_address(_pointer_of(capsule, name)).tensor)
    kind, number = content.device
    if kind not in (CUDA, MANAGED) or number:
        raise BufferError(
            f"the capsule's elements are on DLPack's device ({kind}, {number}), not on the GPU, which is (2, 0)"
        )
    array = adopted(content.data, memory_dtype(content.dtype), content.shape, content.steps, Taken(capsule))
    return BFloat16Array.of(array) if content.dtype is BFLOAT16 else array
