"""Storages: the memory that tensors lie in, as bytes (``UntypedStorage``) or as numbers (``TypedStorage``, which is deprecated).

Arrays own the memory, on the CPU or on a GPU, and a storage is another way to look at it: it cannot grow, as a storage of
torch's over numpy's memory cannot.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from minitorch import dtypes
from minitorch.device import CPU, GPU, placed
from minitorch.device import device as Device
from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import get_default_dtype
from minitorch.kernels import tables
from minitorch.typename import typename

_known: WeakValueDictionary[int, UntypedStorage] = WeakValueDictionary()
"""The storages that somebody holds, by the arrays that own their memory: there is one for each."""


BYTE = np.dtype(np.uint8)


def _write(target: Any, numbers: Any) -> None:
    """Writes numbers of the CPU, or of the same device, over a row of them."""
    tables[type(target)].write_over(target, placed(numbers, target.device))


class _Storage:
    """What both kinds of storage have: a row of numbers, and questions that have one answer here."""

    __slots__ = ("__weakref__", "_array")

    _array: np.ndarray
    is_sparse = False

    @property
    def device(self) -> Device:
        """Where the memory is."""
        return CPU if self._array.device == "cpu" else Device(self._array.device)

    @property
    def is_cuda(self) -> bool:
        """Whether that is a GPU."""
        return self._array.device != "cpu"

    def __len__(self) -> int:
        return self._array.size

    size = __len__

    def nbytes(self) -> int:
        """The size in bytes."""
        return self._array.nbytes

    def element_size(self) -> int:
        """The size of an element, in bytes."""
        return self._array.itemsize

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return tables[type(self._array)].address(self._array)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._array.tolist())

    def tolist(self) -> list[Any]:
        """The elements, as Python numbers."""
        return self._array.tolist()

    def get_device(self) -> int | None:
        """The number of the GPU; nothing on the CPU."""
        return self.device.index

    def is_shared(self) -> bool:
        """Whether the memory is shared between processes: never on the CPU; a GPU's counts as shared, as in torch."""
        return self.is_cuda

    def is_pinned(self, device: Any = None) -> bool:
        """Whether the memory is locked for transfers to a GPU: never."""
        return False

    def resizable(self) -> bool:
        """Whether the memory can grow: never, as numpy owns it."""
        return False

    def resize_(self, size: int) -> Any:
        """Another size.

        Raises:
            RuntimeError: it is not the size that the storage has.
        """
        if size != len(self):
            raise RuntimeError("Trying to resize storage that is not resizable")
        return self

    def copy_(self, source: Any, non_blocking: bool | None = None) -> Any:
        """Writes another storage of as many bytes over this one.

        Raises:
            TypeError: the source is no storage.
            RuntimeError: it has another size.
        """
        if not isinstance(source, _Storage):
            raise TypeError(f"copy_(): argument 'src' (position 1) must be torch.Storage, not {type(source).__name__}")
        if source.nbytes() != self.nbytes():
            raise RuntimeError(
                f"size does not match, self was {self.nbytes()} bytes but src was {source.nbytes()} bytes"
            )
        own, given = (tables[type(each._array)].view_dtype(each._array, BYTE) for each in (self, source))
        _write(own, placed(given, self.device))
        return self

    def _has(self, index: int) -> bool:
        return -len(self) <= index < len(self)

    def _part(self, index: int | slice) -> Any:
        """One element, or some in a row."""
        part = slice(index, index + 1 or None) if isinstance(index, int) else index
        first, end, _ = part.indices(len(self))
        return tables[type(self._array)].slice(self._array, 0, first, max(first, end), 1)

    def _listed(self, description: str) -> str:
        return (
            " "
            + "\n ".join(map(str, self))
            + f"\n[torch.storage.{type(self).__name__}({description}) of size {len(self)}]"
        )


class UntypedStorage(_Storage):
    """A row of bytes: ``UntypedStorage(12)`` of arbitrary contents, ``UntypedStorage([1, 2])`` of these numbers.

    ``tensor.untyped_storage()`` gives the storage of a tensor.
    """

    __slots__ = ()
    __module__ = "torch.storage"

    def __init__(self, data: int | Sequence[int] = 0) -> None:
        if isinstance(data, int):
            self._array = np.empty(data, BYTE)
            return
        for each in data:
            if not isinstance(each, int):
                raise RuntimeError(
                    f"torch.UntypedStorage(): tried to construct a storage from a sequence ({type(data).__name__}), but one of "
                    f"the items was of type {type(each).__name__} instead of int"
                )
        self._array = (np.array(data, np.int64) & 0xFF).astype(np.uint8)

    @classmethod
    def _over(cls, array: np.ndarray) -> UntypedStorage:
        self = cls.__new__(cls)
        self._array = array
        return self

    @classmethod
    def of(cls, array: np.ndarray) -> UntypedStorage:
        """The storage that an array lies in: the same object as long as somebody holds it."""
        k = tables[type(array)]
        owner = k.owner(array)
        known = _known.get(id(owner))  # which is alive with its storage, so that no other array has its id
        if known is None:
            known = _known[id(owner)] = cls._over(k.view_dtype(k.storage(array), BYTE))
        return known

    def __getitem__(self, index: int | slice) -> Any:
        if isinstance(index, slice):
            if index.step not in (None, 1):
                raise RuntimeError(f"Trying to slice with a step of {index.step}, but only a step of 1 is supported")
            return self._over(self._part(index))
        if not isinstance(index, int):
            raise TypeError(f"can't index a torch.UntypedStorage with {type(index).__name__}")
        if not self._has(index):
            wrapped = index + len(self) if index < 0 else index
            raise IndexError(f"index {wrapped} out of range for storage of size {len(self)}")
        return int(self._part(index).item())

    def __setitem__(self, index: int | slice, value: int) -> None:
        if not isinstance(value, int):
            raise RuntimeError(f"can only set storage content with a int types, but got {type(value).__name__} instead")
        if isinstance(index, int) and not self._has(index):
            raise RuntimeError("out of bounds")
        _write(self._part(index), np.array(value & 0xFF, BYTE))

    def fill_(self, value: int) -> UntypedStorage:
        """Writes a byte everywhere.

        Raises:
            RuntimeError: it is no whole number.
        """
        if not isinstance(value, int):
            raise RuntimeError(f"fill_ expects int, but got {type(value).__name__}")
        self[:] = value
        return self

    def clone(self) -> UntypedStorage:
        """A copy."""
        return self._over(tables[type(self._array)].contiguous_clone(self._array))

    __copy__ = clone

    def __deepcopy__(self, memo: dict[int, Any]) -> UntypedStorage:
        return memo.setdefault(id(self), self.clone())

    def new(self) -> UntypedStorage:
        """A storage without elements."""
        return UntypedStorage()

    def type(self) -> str:
        """The name of the class."""
        return typename(self)

    def untyped(self) -> UntypedStorage:
        """The storage itself."""
        return self

    def cpu(self) -> UntypedStorage:
        """The memory, on the CPU: itself, if it is there."""
        return self._to(CPU)

    def cuda(self, device: Any = None, non_blocking: bool = False) -> UntypedStorage:
        """The memory, on a GPU: itself, if it is there."""
        return self._to(GPU if device is None else Device(device))

    def _to(self, place: Device) -> UntypedStorage:
        return self if place == self.device else self._over(placed(self._array, place))

    def _as(self, dtype: Dtype) -> np.ndarray:
        """The bytes as numbers; bytes are left over where they do not make up another one."""
        count = len(self) // dtype.itemsize
        return tables[type(self._array)].view_dtype(self._part(slice(count * dtype.itemsize)), dtype.numpy)

    def __repr__(self) -> str:
        return self._listed(f"device={self.device}")


class TypedStorage(_Storage):
    """A row of numbers of one dtype.

    Args:
        data: how many numbers, or the numbers; nothing for none.
        wrap_storage: look at these bytes instead.
        dtype: the default one unless given.
    """

    __slots__ = ("_untyped_storage", "dtype")
    __module__ = "torch.storage"

    def __init__(
        self, data: int | Sequence[Any] = 0, *, wrap_storage: UntypedStorage | None = None, dtype: Dtype | None = None
    ) -> None:
        warn_of_removal()
        if dtype is not None and not isinstance(dtype, Dtype):
            raise RuntimeError(f"expected torch.dtype, but got {type(dtype)}")
        if isinstance(data, str):
            raise TypeError("new(): invalid data type 'str'")
        wanted = get_default_dtype() if dtype is None else dtype
        if wrap_storage is None:
            row = np.empty(data, wanted.numpy) if isinstance(data, int) else np.array(data, wanted.numpy)
            wrap_storage = UntypedStorage.of(row)
        self._wrap(wrap_storage, wanted)

    def _wrap(self, untyped: UntypedStorage, dtype: Dtype) -> TypedStorage:
        self._untyped_storage, self.dtype, self._array = untyped, dtype, untyped._as(dtype)
        return self

    @classmethod
    def _over(cls, untyped: UntypedStorage, dtype: Dtype) -> TypedStorage:
        return cls.__new__(cls)._wrap(untyped, dtype)

    def __getitem__(self, index: int) -> Any:
        if isinstance(index, slice):
            raise RuntimeError("slices are only supported in UntypedStorage.__getitem__")
        if not isinstance(index, int):
            raise RuntimeError(f"can't index a {type(self)} with {type(index)}")
        if not self._has(index):
            raise IndexError(f"index {index} out of range for storage of size {len(self)}")
        return self._part(index).item()

    def __setitem__(self, index: int | slice, value: Any) -> None:
        if not isinstance(value, int | float):
            raise TypeError(f"can't assign a {type(value).__name__} to a torch.{self.dtype.tensor_type}")
        if isinstance(index, int) and not self._has(index):
            raise IndexError(f"index {index} is out of bounds for dimension 0 with size {len(self)}")
        _write(self._part(index), np.asarray(value))

    def fill_(self, value: Any) -> TypedStorage:
        """Writes a number everywhere."""
        self[:] = value
        return self

    def untyped(self) -> UntypedStorage:
        """The same memory as bytes."""
        return self._untyped_storage

    def cpu(self) -> TypedStorage:
        """The memory, on the CPU."""
        return self._over(self._untyped_storage.cpu(), self.dtype)

    def clone(self) -> TypedStorage:
        """A copy."""
        return self._over(self._untyped_storage.clone(), self.dtype)

    def type(self, dtype: Any = None) -> Any:
        """The name of the class that is for this dtype."""
        return f"torch.{self.pickle_storage_type()}"

    def pickle_storage_type(self) -> str:
        """That name without its module."""
        return f"{self.dtype.scalar_type}Storage"

    def _to(self, dtype: Dtype) -> TypedStorage:
        return self._over(UntypedStorage.of(tables[type(self._array)].cast(self._array, dtype.numpy)), dtype)

    def __repr__(self) -> str:
        return self._listed(f"dtype={self.dtype!r}, device={self.device}")


for _name, _dtype in {
    "bool": dtypes.bool, "byte": dtypes.uint8, "char": dtypes.int8, "short": dtypes.int16, "int": dtypes.int32,
    "long": dtypes.int64, "half": dtypes.float16, "float": dtypes.float32, "double": dtypes.float64,
}.items():  # fmt: skip
    setattr(TypedStorage, _name, lambda self, dtype=_dtype: self._to(dtype))


class StorageType(type):
    """The class of ``FloatStorage``: its instances are the typed storages of one dtype."""

    dtype: Dtype

    def __call__(cls, data: Any = 0, *, wrap_storage: UntypedStorage | None = None) -> TypedStorage:
        return TypedStorage(data, wrap_storage=wrap_storage, dtype=cls.dtype)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, TypedStorage) and instance.dtype is cls.dtype


LEGACY = {
    dtype: StorageType(f"{dtype.scalar_type}Storage", (), {"__module__": "torch", "dtype": dtype})
    for dtype in dtypes.ALL
}
"""By dtype, the classes that storages had before they were all of one."""

BoolStorage, ByteStorage, CharStorage = LEGACY[dtypes.bool], LEGACY[dtypes.uint8], LEGACY[dtypes.int8]
ShortStorage, IntStorage, LongStorage = LEGACY[dtypes.int16], LEGACY[dtypes.int32], LEGACY[dtypes.int64]
HalfStorage, FloatStorage, DoubleStorage = LEGACY[dtypes.float16], LEGACY[dtypes.float32], LEGACY[dtypes.float64]

_warned: list[bool] = []


def warn_of_removal(stacklevel: int = 3) -> None:
    """Tells once that there will only be untyped storages."""
    if not _warned:
        _warned.append(True)
        warnings.warn(
            "TypedStorage is deprecated. It will be removed in the future and UntypedStorage will be the only storage class. "
            "This should only matter to you if you are using storages directly.  To access UntypedStorage directly, use "
            "tensor.untyped_storage() instead of tensor.storage()",
            UserWarning,
            stacklevel=stacklevel,
        )


def is_storage(obj: Any) -> bool:
    """Whether this is a storage, of bytes or of numbers."""
    return isinstance(obj, _Storage)
