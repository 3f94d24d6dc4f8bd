"""Files in torch's format, made from parts, which need not be sound; and what loading them ends in."""

from __future__ import annotations

import io
import zipfile
from collections import OrderedDict
from typing import Any

import minitorch
from minitorch.serialization import LoadError

FOUR_FLOATS = b"(X\7\0\0\0storagectorch\nFloatStorage\nX\1\0\0\x000X\3\0\0\0cpuK\4tQ"
EMPTY_HOOKS = b"ccollections\nOrderedDict\n)R"


def integer(number: int) -> bytes:
    size = number.bit_length() // 8 + 1
    return b"\x8a" + bytes([size]) + number.to_bytes(size, "little", signed=True)


def rebuilt(offset: int, size: tuple[int, ...], stride: tuple[int, ...], hooks: bytes = EMPTY_HOOKS) -> bytes:
    """A pickled tensor over a part of a storage of four floats."""
    sizes, strides = (b"(" + b"".join(map(integer, numbers)) + b"t" for numbers in (size, stride))
    call = b"ctorch._utils\n_rebuild_tensor_v2\n(" + FOUR_FLOATS
    return call + integer(offset) + sizes + strides + b"\x89" + hooks + b"tR"


def archive(
    pickled: bytes, *more: tuple[str, bytes], storage: bytes = bytes(16), compression: int = zipfile.ZIP_STORED
) -> io.BytesIO:
    """A well-formed file around a pickle (without its first and last opcode), and storage 0."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as target:
        for name, content in [("data.pkl", b"\x80\2" + pickled + b"."), ("data/0", storage), ("version", b"3\n")]:
            target.writestr(f"archive/{name}", content)
        for name, content in more:
            target.writestr(name, content)
    return file


def honest_file() -> bytes:
    file = io.BytesIO()
    values = minitorch.arange(12.0)
    state = OrderedDict(weight=minitorch.nn.Parameter(values.view(3, 4)), tied=values[2:5])
    state._metadata = OrderedDict({"": {"version": 1}})  # type: ignore[attr-defined]
    obj = {"state": state, "steps": [1, 2.5, "three", b"four", None, True, (5, 6)], "set": {1}, "size": values.shape}
    minitorch.save(obj, file)
    return file.getvalue()


def read_all(obj: Any) -> None:
    """Reads every number of every tensor: what lies outside its storage would crash."""
    if isinstance(obj, minitorch.Tensor):
        obj.detach().numpy().tobytes()
    elif isinstance(obj, dict):
        read_all([*obj.values()])
    elif isinstance(obj, list | tuple | set):
        for value in obj:
            read_all(value)


def load_or_refuse(content: bytes) -> bool:
    """Whether the file loads; any error but LoadError is passed on."""
    try:
        obj = minitorch.load(io.BytesIO(content))
    except LoadError:
        return False
    read_all(obj)
    return True
