"""An object as pickle's protocol 2, in the words that torch.save uses, so that torch's restricted reader accepts it.

Pickle's own writer imports every name that it writes to check it; torch's names can't be imported here.
"""

from __future__ import annotations

import contextlib
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.creation import from_numpy
from minitorch.kernels import tables
from minitorch.nn.parameter import Parameter
from minitorch.serialization.format import (
    KEYS,
    MAX_DEPTH,
    MAX_PICKLE_BYTES,
    MAX_TUPLE_KEYS,
    STORAGE_NAMES,
    why_unfit_as_key,
)
from minitorch.size import Size
from minitorch.tensor import Tensor


class Pickler:
    """Writes one object; what it refers to by a key is left in ``storages``.

    Attributes:
        storages: the memory of the tensors, each once however many tensors share it; key n is number n.
    """

    def __init__(self) -> None:
        self.storages: list[np.ndarray] = []
        self._storage_numbers: dict[tuple[int, int], int] = {}  # by address and size
        self._out = bytearray()
        self._memo: dict[Hashable, int] = {}  # by id; names and strings by themselves
        self._path: list[str] = []  # how to reach the object being written, for errors
        self._open_containers: set[int] = set()
        self._tuple_keys = 0

    def dump(self, obj: object) -> bytes:
        """The pickle of ``obj``.

        Raises:
            TypeError: something in it can't be saved; the message says where and why.
        """
        self._emit(pickle.PROTO, b"\2")
        self._write(obj)
        self._emit(pickle.STOP)
        if len(self._out) > MAX_PICKLE_BYTES:
            raise TypeError(
                f"can't save an object of more than {MAX_PICKLE_BYTES:,} bytes beside its tensors; long lists of "
                "numbers belong into tensors"
            )
        return bytes(self._out)

    def _write(self, obj: Any) -> None:
        writer = _WRITERS.get(type(obj))
        if writer is None:
            raise self._error(_describe(obj))
        if id(obj) in self._open_containers:
            raise self._error("it contains itself")
        if id(obj) in self._memo:
            self._get(id(obj))
        else:
            writer(self, obj)

    def _error(self, reason: str) -> TypeError:
        return TypeError(f"can't save obj{''.join(self._path)}: {reason}")

    # Bytes out, and the memo.

    def _emit(self, opcode: bytes, argument: bytes = b"") -> None:
        self._out += opcode + argument

    def _put(self, key: Hashable) -> None:
        index = self._memo[key] = len(self._memo)
        if index < 256:
            self._emit(pickle.BINPUT, struct.pack("<B", index))
        else:
            self._emit(pickle.LONG_BINPUT, struct.pack("<I", index))

    def _get(self, key: Hashable) -> None:
        index = self._memo[key]
        if index < 256:
            self._emit(pickle.BINGET, struct.pack("<B", index))
        else:
            self._emit(pickle.LONG_BINGET, struct.pack("<I", index))

    def _name(self, module: str, name: str) -> None:
        if (module, name) in self._memo:
            self._get((module, name))
        else:
            self._emit(pickle.GLOBAL, f"{module}\n{name}\n".encode())
            self._put((module, name))

    # One method for each type.

    def _int(self, number: int) -> None:
        size = number.bit_length() // 8 + 1
        if 0 <= number < 2**8:
            self._emit(pickle.BININT1, struct.pack("<B", number))
        elif 0 <= number < 2**16:
            self._emit(pickle.BININT2, struct.pack("<H", number))
        elif -(2**31) <= number < 2**31:
            self._emit(pickle.BININT, struct.pack("<i", number))
        elif size < 256:
            self._emit(pickle.LONG1, bytes([size]) + number.to_bytes(size, "little", signed=True))
        else:
            raise self._error("an int of more than 255 bytes, which torch's format does not have")

    def _float(self, number: float) -> None:
        self._emit(pickle.BINFLOAT, struct.pack(">d", number))

    def _complex(self, number: complex) -> None:
        self._name("__builtin__", "complex")
        self._float(number.real)
        self._float(number.imag)
        self._emit(pickle.TUPLE2 + pickle.REDUCE)

    def _str(self, text: str) -> None:
        if text in self._memo:
            self._get(text)
        else:
            encoded = text.encode("utf-8", "surrogatepass")
            if len(encoded) > MAX_PICKLE_BYTES:
                raise self._error(f"a string of more than {MAX_PICKLE_BYTES:,} bytes")
            self._emit(pickle.BINUNICODE, struct.pack("<I", len(encoded)) + encoded)
            self._put(text)

    def _bytes(self, data: bytes) -> None:
        self._name("_codecs", "encode")
        self._str(data.decode("latin1"))
        self._str("latin1")
        self._emit(pickle.TUPLE2 + pickle.REDUCE)
        self._put(id(data))

    def _list(self, items: list) -> None:
        self._emit(pickle.EMPTY_LIST)
        self._put(id(items))
        with self._inside(items):
            self._values(items)
            self._emit(pickle.APPENDS)

    def _tuple(self, items: tuple) -> None:
        with self._inside(items):
            self._values(items)
            self._emit(pickle.TUPLE)
        self._put(id(items))

    def _values(self, items: list | tuple) -> None:
        self._emit(pickle.MARK)
        for index, item in enumerate(items):
            self._path.append(f"[{index}]")
            self._write(item)
            self._path.pop()

    def _dict(self, items: dict) -> None:
        self._emit(pickle.EMPTY_DICT)
        self._put(id(items))
        with self._inside(items):
            self._set_items(items)

    def _ordered_dict(self, items: OrderedDict) -> None:
        self._name("collections", "OrderedDict")
        self._emit(pickle.EMPTY_TUPLE + pickle.REDUCE)
        self._put(id(items))
        with self._inside(items):
            self._set_items(items)
            for name, value in vars(items).items():
                self._path.append(f".{name}")
                if name != "_metadata":
                    raise self._error("of an OrderedDict's attributes only _metadata is saved")
                self._emit(pickle.EMPTY_DICT)
                self._str(name)
                self._write(value)
                self._emit(pickle.SETITEM + pickle.BUILD)
                self._path.pop()

    def _set_items(self, items: dict) -> None:
        self._emit(pickle.MARK)
        for key, value in items.items():
            self._path.append(f"[{key!r}]")
            self._key(key)
            self._write(value)
            self._path.pop()
        self._emit(pickle.SETITEMS)

    @contextlib.contextmanager
    def _inside(self, container: object) -> Iterator[None]:
        if len(self._open_containers) >= MAX_DEPTH:
            raise TypeError(f"can't save an object that nests deeper than {MAX_DEPTH} levels")
        self._open_containers.add(id(container))
        yield
        self._open_containers.remove(id(container))

    def _key(self, key: Any) -> None:
        reason = why_unfit_as_key(key)
        if reason:
            raise self._error(f"its key is {reason}; {KEYS}")
        self._tuple_keys += type(key) is tuple
        if self._tuple_keys > MAX_TUPLE_KEYS:
            raise self._error(f"more than {MAX_TUPLE_KEYS} tuples are keys; use strings or numbers")
        self._write(key)

    def _set(self, items: set) -> None:
        self._name("__builtin__", "set")
        self._emit(pickle.EMPTY_LIST + pickle.MARK)
        for item in items:
            self._key(item)
        self._emit(pickle.APPENDS + pickle.TUPLE1 + pickle.REDUCE)
        self._put(id(items))

    def _size(self, sizes: Size) -> None:
        self._name("torch", "Size")
        self._ints(sizes)
        self._emit(pickle.TUPLE1 + pickle.REDUCE)

    def _ints(self, numbers: tuple[int, ...]) -> None:
        self._emit(pickle.MARK)
        for number in numbers:
            self._int(number)
        self._emit(pickle.TUPLE)

    def _tensor(self, tensor: Tensor) -> None:
        self._rebuild(tensor, tensor.requires_grad)
        self._put(id(tensor))

    def _parameter(self, parameter: Parameter) -> None:
        self._name("torch._utils", "_rebuild_parameter")
        self._rebuild(parameter, False)
        self._write(parameter.requires_grad)
        self._no_hooks()
        self._emit(pickle.TUPLE3 + pickle.REDUCE)
        self._put(id(parameter))

    def _rebuild(self, tensor: Tensor, requires_grad: bool) -> None:
        """The call that makes a tensor over its part of a storage."""
        storage = tensor._storage_array()
        if tensor._array.size and not tables[type(storage)].overlap(storage, tensor._array):
            # Numbers inside something else, such as a record's field under from_numpy, have no storage of their own.
            tensor = from_numpy(tensor._array.copy())
            storage = tensor._storage_array()
        self._name("torch._utils", "_rebuild_tensor_v2" if tensor.dtype in STORAGE_NAMES else "_rebuild_tensor_v3")
        self._emit(pickle.MARK)
        self._storage(storage, tensor.dtype, str(tensor.device))
        self._int(tensor.storage_offset())
        self._ints(tensor.shape)
        self._ints(tensor.stride())
        self._write(requires_grad)
        self._no_hooks()
        if tensor.dtype not in STORAGE_NAMES:
            self._write(tensor.dtype)
        self._emit(pickle.TUPLE + pickle.REDUCE)

    def _storage(self, storage: Any, dtype: dtypes.dtype, location: str) -> None:
        # What is empty has no address of its own.
        address = tables[type(storage)].address(storage) if storage.size else id(dtype)
        number = self._storage_numbers.setdefault((address, storage.nbytes), len(self.storages))
        if number == len(self.storages):
            self.storages.append(tables[type(storage)].to_host(storage))
        if self.storages[number].dtype != storage.dtype:
            raise self._error("tensors of different types that share their memory")
        self._emit(pickle.MARK)
        self._str("storage")
        if dtype in STORAGE_NAMES:
            self._name("torch", STORAGE_NAMES[dtype])
        else:
            self._name("torch.storage", "UntypedStorage")
        self._str(str(number))
        self._str(location)
        self._int(storage.size if dtype in STORAGE_NAMES else storage.nbytes)
        self._emit(pickle.TUPLE + pickle.BINPERSID)

    def _no_hooks(self) -> None:
        self._name("collections", "OrderedDict")
        self._emit(pickle.EMPTY_TUPLE + pickle.REDUCE)


_WRITERS: dict[type, Callable[[Pickler, Any], None]] = {
    type(None): lambda pickler, _: pickler._emit(pickle.NONE),
    bool: lambda pickler, value: pickler._emit(pickle.NEWTRUE if value else pickle.NEWFALSE),
    int: Pickler._int,
    float: Pickler._float,
    complex: Pickler._complex,
    str: Pickler._str,
    bytes: Pickler._bytes,
    list: Pickler._list,
    tuple: Pickler._tuple,
    dict: Pickler._dict,
    OrderedDict: Pickler._ordered_dict,
    set: Pickler._set,
    Size: Pickler._size,
    dtypes.dtype: lambda pickler, dtype: pickler._name("torch", dtype.name),
    Tensor: Pickler._tensor,
    Parameter: Pickler._parameter,
}


def _describe(obj: object) -> str:
    """What an object is that can't be saved, and what to save instead."""
    kind = f"{type(obj).__module__}.{type(obj).__qualname__}".removeprefix("builtins.")
    if isinstance(obj, np.generic):
        return f"a numpy number ({kind}); save its .item()"
    if isinstance(obj, np.ndarray):
        return "a numpy array; save minitorch.from_numpy of it"
    if hasattr(obj, "state_dict"):
        return f"a {kind}; save its state_dict()"
    if isinstance(obj, type) or callable(obj):
        return f"a function or class ({getattr(obj, '__qualname__', kind)}); files hold values only"
    return f"a {kind}; files hold tensors, numbers, strings, None, and dicts, lists, tuples and sets of these"
