"""``load``: a saved object out of torch's file format, without running anything that the file says."""

from __future__ import annotations

import math
import os
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

import numpy as np

from minitorch import dtypes
from minitorch.creation import lent
from minitorch.device import placed
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import memory_dtype, view_dtype
from minitorch.nn.parameter import Parameter
from minitorch.serialization.archive import Archive
from minitorch.serialization.format import MAX_DEPTH, MAX_PICKLE_BYTES, STORAGE_NAMES, LoadError
from minitorch.serialization.unpickler import Call, Unpickler
from minitorch.size import Size
from minitorch.storage import UntypedStorage
from minitorch.tensor import Tensor

MapLocation = str | Mapping[str, str] | Callable[[UntypedStorage, str], Any] | None


def load(
    f: str | os.PathLike[str] | BinaryIO,
    map_location: MapLocation = None,
    *,
    weights_only: bool = True,
) -> Any:
    """The object that ``minitorch.save`` or ``torch.save`` wrote: tensors, parameters, and containers of plain values.

    Tensors that shared memory when they were saved share it again. Nothing in the file is imported or called.

    Args:
        f: a path, or a file open for binary reading that can be searched (``seek``).
        map_location: where tensors go that were saved on another device: ``"cpu"``, or a dict from saved to wanted;
            or a function of a storage and the device that it was on, which gives a storage on the wanted one, or nothing.
        weights_only: must be true; the parameter is there because torch has it.

    Raises:
        FileNotFoundError: there is no such file.
        LoadError: the file is damaged, unsafe, or not of this format. It is a ``pickle.UnpicklingError`` and a
            ``RuntimeError``, either of which torch raises.
        ValueError: ``weights_only`` is false.

    See torch.load.
    """
    if not weights_only:
        raise ValueError(
            "weights_only=False would run any code that the file names; minitorch does not do that. Load the file with "
            "torch, and save its state_dict() instead of the object"
        )
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            return _load(file, os.fspath(f), map_location)
    if not all(hasattr(f, method) for method in ("read", "seek", "tell")) or isinstance(f.read(0), str):
        raise TypeError(f"load needs a path or a file open for binary reading that can seek, not {f!r}")
    return _load(f, getattr(f, "name", "the file"), map_location)


def _load(file: BinaryIO, title: object, map_location: MapLocation) -> Any:
    try:
        return _Loader(Archive(file), map_location).load()
    except LoadError as error:
        raise LoadError(f"{title} can't be loaded: {error}") from error.__cause__


class _StorageType:
    """What ``torch.FloatStorage`` and its like stand for in a file."""

    def __init__(self, dtype: dtypes.dtype, typed: bool = True) -> None:
        self.dtype = dtype.numpy
        self.typed = typed  # or else bytes of any type


class _Storage:
    """The memory behind one or more tensors."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array


class _Loader:
    """Turns an archive into the object: what each allowed name means, and where storages come from."""

    def __init__(self, archive: Archive, map_location: MapLocation) -> None:
        self._archive = archive
        self._map_location = map_location
        self._storages: dict[str, _Storage] = {}
        if "constants.pkl" in archive:
            raise LoadError("it holds a TorchScript program; load it with torch.jit.load and save its state_dict()")
        self._byte_order = archive.read("byteorder").decode("latin1") if "byteorder" in archive else "little"
        if self._byte_order not in ("little", "big"):
            raise LoadError(f"its byteorder is {self._byte_order[:20]!r}; it must be 'little' or 'big'")

    def load(self) -> object:
        if self._archive.size("data.pkl") > MAX_PICKLE_BYTES:
            raise LoadError(
                f"its data.pkl has more than {MAX_PICKLE_BYTES:,} bytes; long lists of numbers belong into tensors"
            )
        data = self._archive.read("data.pkl")
        result = Unpickler(data, _NAMES, self._storage, _refuse).load()
        _check_tree(result)
        return result

    def _storage(self, identity: object) -> _Storage:
        """The storage that ``data.pkl`` mentions as ``("storage", type, key, location, number of elements)``."""
        match identity:
            case (str("storage"), _StorageType() as kind, str(key), str(location), int(count)):
                pass
            case _:
                raise LoadError("data.pkl refers to something outside it that is not a storage")
        if key not in self._storages:
            array = self._read_storage(kind, key, count)
            try:
                self._storages[key] = _Storage(placed(array, self._target(array, location)))
            except RuntimeError as error:
                raise LoadError(
                    f"a tensor is on the device {location!r}; pass map_location='cpu' to load it into memory ({error})"
                ) from error
        storage = self._storages[key]
        if storage.array.dtype != kind.dtype or storage.array.size != count:
            raise LoadError(f"data.pkl describes storage {key!r} in two ways")
        return storage

    def _target(self, array: np.ndarray, location: str) -> str:
        """The device for the memory of a tensor that was saved on ``location``."""
        if self._map_location is None:
            return location
        if isinstance(self._map_location, Mapping):
            return str(self._map_location.get(location, location))
        if callable(self._map_location):
            chosen = self._map_location(UntypedStorage.of(array), location)
            return location if chosen is None else str(chosen.device)
        return str(self._map_location)

    def _read_storage(self, kind: _StorageType, key: str, count: int) -> np.ndarray:
        name = f"data/{key}"
        if self._archive.size(name) != count * kind.dtype.itemsize:
            raise LoadError(f"storage {key!r} has {self._archive.size(name):,} bytes, not {count:,} of {kind.dtype}")
        array = np.empty(count, memory_dtype(kind.dtype))
        self._archive.read_into(array, name)
        if self._byte_order != sys.byteorder:
            if not kind.typed:
                raise LoadError(f"storage {key!r} is of bytes in another order than this machine's")
            array.byteswap(inplace=True)
        array = view_dtype(array, kind.dtype)
        if array.dtype == np.bool_ and array.view(np.uint8).max(initial=0) > 1:
            raise LoadError(f"storage {key!r} of truth values holds other numbers than 0 and 1")
        return array


def _rebuild_tensor(
    storage: _Storage, offset: int, size: tuple, stride: tuple, requires_grad: bool, hooks: OrderedDict
) -> Tensor:
    """A tensor over a part of a storage: element (i, j, …) is at ``offset + i * stride[0] + j * stride[1] + …``."""
    array = storage.array
    if len(size) != len(stride) or len(size) > 64 or any(type(n) is not int or n < 0 for n in (*size, *stride, offset)):
        raise LoadError(f"a tensor has the size {size}, the strides {stride} and the offset {offset}")
    last = offset - 1 if 0 in size else offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    largest = max(math.prod(n for n in size if n), *stride, 0) * array.itemsize
    if last >= array.size or largest >= 2**63:
        raise LoadError(
            f"a tensor of size {size} with strides {stride} from element {offset} on does not fit into its storage of "
            f"{array.size:,} elements"
        )
    if hooks:
        raise LoadError("a tensor comes with hooks, which are code")
    tensor = Tensor._of(tables[type(array)].as_strided(array, size, stride, offset))
    return tensor.requires_grad_(_checked_requires_grad(tensor, requires_grad))


def _rebuild_tensor_of_bytes(
    storage: _Storage,
    offset: int,
    size: tuple,
    stride: tuple,
    requires_grad: bool,
    hooks: OrderedDict,
    dtype: dtypes.dtype,
) -> Tensor:
    """A tensor over a part of a storage of bytes."""
    if storage.array.dtype != np.uint8 or storage.array.size % dtype.itemsize or dtype not in dtypes.UNSIGNED:
        raise LoadError(f"a tensor of {dtype} does not fit into its storage of {storage.array.nbytes:,} bytes")
    memory = lent(storage.array.view(dtype.numpy))  # which a tensor's storage then is, and not the bytes
    return _rebuild_tensor(_Storage(memory), offset, size, stride, requires_grad, hooks)


def _rebuild_parameter(data: Tensor, requires_grad: bool, hooks: OrderedDict) -> Parameter:
    if hooks:
        raise LoadError("a parameter comes with hooks, which are code")
    return Parameter(data, _checked_requires_grad(data, requires_grad))


def _checked_requires_grad(tensor: Tensor, requires_grad: bool) -> bool:
    if requires_grad and not tensor.dtype.is_floating_point:
        raise LoadError(f"a tensor of {tensor.dtype} requires gradients, which only floating point numbers have")
    return requires_grad


def _size(sizes: tuple) -> Size:
    if any(type(n) is not int for n in sizes):
        raise LoadError("a torch.Size holds something else than ints")
    return Size(sizes)


_NAMES: dict[str, object] = {
    "torch._utils._rebuild_tensor_v2": Call(_rebuild_tensor, _Storage, int, tuple, tuple, bool, OrderedDict),
    "torch._utils._rebuild_tensor_v3": Call(
        _rebuild_tensor_of_bytes, _Storage, int, tuple, tuple, bool, OrderedDict, dtypes.dtype
    ),
    "torch.storage.UntypedStorage": _StorageType(dtypes.uint8, typed=False),
    "torch._utils._rebuild_parameter": Call(_rebuild_parameter, Tensor, bool, OrderedDict),
    "torch.Size": Call(_size, tuple),
    **{str(dtype): dtype for dtype in dtypes.ALL},
    **{f"torch.{name}": _StorageType(dtype) for dtype, name in STORAGE_NAMES.items()},
}


def _refuse(name: str) -> str:
    """Why a name in the file means nothing here."""
    for fragment, kind in _UNSUPPORTED.items():
        if fragment in name:
            return f"it holds {kind} ({name}), which minitorch does not have"
    return (
        f"it names {name[:100]}, which is not among the things that are safe to load: tensors, parameters, and "
        "containers of plain values. Where you trust the file, load it with torch and save its state_dict()"
    )


_UNSUPPORTED = {
    "Complex": "complex tensors",
    "sparse": "sparse tensors",
    "_rebuild_qtensor": "quantised tensors",
    "nested": "nested tensors",
    "float8": "tensors of a rare type (8-bit floating point)",
    "_rebuild_meta_tensor": "tensors without memory",
    "_with_state": "a parameter with attributes of its own",
    "_rebuild_from_type": "a subclass of Tensor, or a tensor with attributes of its own",
}


def _check_tree(root: object) -> None:
    """Refuses results that contain themselves, nest too deeply, or hold what only has a meaning inside a file.

    Without recursion, and once for each container, however often it is referred to.
    """
    depths: dict[int, int] = {}  # by id, of the containers that are done
    open_containers: set[int] = set()
    waiting = [(root, False)]
    while waiting:
        item, done = waiting.pop()
        if done:
            depths[id(item)] = depth = 1 + max((depths.get(id(part), 0) for part in _parts(item)), default=0)
            open_containers.remove(id(item))
            if depth > MAX_DEPTH:
                raise LoadError(f"data.pkl nests deeper than {MAX_DEPTH} levels")
        elif isinstance(item, (Call, _Storage, _StorageType)):
            raise LoadError(
                "data.pkl leaves a function or a storage where a value should be (storages alone are no values)"
            )
        elif id(item) in open_containers:
            raise LoadError("data.pkl describes an object that contains itself")
        elif isinstance(item, (dict, list, tuple)) and id(item) not in depths:
            open_containers.add(id(item))
            waiting.append((item, True))
            waiting.extend((part, False) for part in _parts(item))


def _parts(container: Any) -> list[object]:
    """What lies directly in a container; keys and sets hold plain values only."""
    if isinstance(container, dict):
        return [*container.values(), *getattr(container, "__dict__", {}).values()]
    return list(container)
