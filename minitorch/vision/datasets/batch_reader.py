"""Reads the pickled files of CIFAR-10 without unpickling them.

Python's ``pickle`` imports and calls whatever a file names, so a file that somebody else made can run anything. A batch
holds one dict with texts, lists of integers, lists of file names and one array of bytes, and that is all that this
reader knows how to build: it runs the opcodes itself, and a name in the file (``numpy.ndarray``) is a word that it
compares, never something that it imports.

It understands both kinds of file that are about: the published ones, written by Python 2, and those that Python 3
writes in protocol 2 or 3. Everything else, damaged or malicious, ends in a ``BatchError``. Time and memory are bounded
by the file's size: opcodes are counted, and pixels are not copied (or, where they were written as text, only once).
"""

from __future__ import annotations

import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np

PIXELS = 3 * 32 * 32
CLASSES = 10
MAX_FILE_BYTES = 256 * 2**20  # the published batches have 31 million bytes
MAX_OPCODES = 1_000_000  # the published batches take about 50,000
MAX_INTEGER_BYTES = 8


class BatchError(RuntimeError):
    """The file is not a batch of CIFAR-10: it is damaged, or holds something else."""


def read_batch(path: str | os.PathLike[str]) -> tuple[np.ndarray, list[int]]:
    """The pictures and labels of one batch.

    Returns:
        uint8 pictures of shape (N, 3072), each three planes (red, green, blue) of 32 rows of 32 pixels, read-only; and
        N labels from 0 to 9.

    Raises:
        BatchError: the file is not such a batch.
        OSError: it can't be read.
    """
    batch = _read_dict(path)
    pictures, labels = batch.get("data"), batch.get("labels")
    if not isinstance(pictures, _Array) or pictures.values is None:
        raise BatchError(f"{path} has no array of pictures called 'data'")
    if type(labels) is not list or not all(type(label) is int for label in labels):
        raise BatchError(f"{path} has no list of integers called 'labels'")
    if len(labels) != len(pictures.values):
        raise BatchError(f"{path} has {len(pictures.values)} pictures but {len(labels)} labels")
    for position, label in enumerate(labels):
        if not 0 <= label < CLASSES:
            raise BatchError(f"{path} gives picture {position} the label {label}; labels go from 0 to {CLASSES - 1}")
    return pictures.values, labels


def read_class_names(path: str | os.PathLike[str], key: str = "label_names") -> list[str]:
    """The names of the classes, which the file of metadata lists under ``key``.

    Raises:
        BatchError: the file doesn't hold such a list.
        OSError: it can't be read.
    """
    names = _read_dict(path).get(key)
    if type(names) is not list or len(names) != CLASSES:
        raise BatchError(f"{path} has no list of {CLASSES} names called '{key}'")
    try:
        return [_as_text(name) for name in names]
    except BatchError as error:
        raise BatchError(f"{path}: {error}") from None


def _read_dict(path: str | os.PathLike[str]) -> dict[str, object]:
    size = os.path.getsize(path)
    if size > MAX_FILE_BYTES:
        raise BatchError(f"{path} has {size:,} bytes; a batch has at most {MAX_FILE_BYTES:,}")
    try:
        content = _Machine(Path(path).read_bytes()).run()
        if type(content) is not dict:
            raise BatchError("it holds no dict")
        return {_as_text(key): value for key, value in content.items()}
    except BatchError as error:
        raise BatchError(f"{path} is not a batch of CIFAR-10, or is damaged: {error}") from None


def _as_text(text: object) -> str:
    if type(text) is bytes:
        return text.decode("latin1")
    if type(text) is not str:
        raise BatchError(f"a {_kind(text)} stands where a name should be")
    return text


# What a name in the file may stand for


class _Name:
    """A function or type that the file names; only its text is ever looked at."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


class _Array:
    """An array on its way: made empty by ``_reconstruct``, given its ``values`` by BUILD."""

    __slots__ = ("values",)

    def __init__(self) -> None:
        self.values: np.ndarray | None = None

    def build(self, state: object) -> None:
        if type(state) is not tuple or len(state) != 5:
            raise BatchError("an array has no proper description")
        _, shape, dtype, by_columns, raw = state
        if type(shape) is not tuple or len(shape) != 2 or not all(type(size) is int for size in shape):
            raise BatchError("an array is not two-dimensional")
        if not isinstance(dtype, _Bytes):
            raise BatchError("an array's element type is missing")
        if raw == "":  # as Python 2 writes no bytes at all
            raw = b""
        if not isinstance(raw, bytes | memoryview):
            raise BatchError(f"an array's memory is a {_kind(raw)}")
        if shape[0] < 0 or shape[1] != PIXELS or len(raw) != shape[0] * PIXELS:
            raise BatchError(f"{len(raw)} bytes for an array of shape {shape[0]} x {shape[1]}; expected N x {PIXELS}")
        self.values = np.frombuffer(raw, np.uint8).reshape(shape, order="F" if by_columns is True else "C")


class _Bytes:
    """The element type uint8."""

    __slots__ = ()

    def build(self, state: object) -> None:
        """Byte order and alignment say nothing about single bytes."""


def _kind(value: object) -> str:
    return value.text if isinstance(value, _Name) else type(value).__name__.strip("_")


# The machine


class _Machine:
    """Runs a pickle's opcodes on a stack of plain objects."""

    def __init__(self, content: bytes) -> None:
        self.view = memoryview(content)
        self.position = 0
        self.stack: list = []
        self.marks: list[int] = []
        self.memo: dict[int, object] = {}
        self.bytes_to_encode = len(content)

    def run(self) -> object:
        """The object that the file describes.

        Raises:
            BatchError: the file does anything that a batch's file doesn't do.
        """
        for _ in range(MAX_OPCODES):
            opcode = self.take(1)[0]
            if opcode == pickle.STOP[0]:
                break
            step = _STEPS.get(opcode)
            if step is None:
                raise BatchError(f"byte {self.position - 1} is no opcode that a batch needs")
            step(self)
        else:
            raise BatchError(f"it takes more than {MAX_OPCODES:,} steps to read")
        content = self.pop()
        if self.stack or self.marks or self.position != len(self.view):
            raise BatchError("it goes on after its end")
        return content

    # Input

    def take(self, count: int) -> memoryview:
        end = self.position + count
        if end > len(self.view):
            raise BatchError(f"it ends too early, after {len(self.view):,} bytes")
        piece = self.view[self.position : end]
        self.position = end
        return piece

    def number(self, layout: str) -> int:
        return struct.unpack(layout, self.take(struct.calcsize(layout)))[0]

    def line(self) -> str:
        for length, byte in enumerate(self.view[self.position : self.position + 80]):
            if byte == 10:
                line = str(self.take(length), "latin1")
                self.take(1)
                return line
        raise BatchError("a name has no end")

    # The stack

    def push(self, value: object) -> None:
        self.stack.append(value)

    def pop(self) -> object:
        self.require(1)
        return self.stack.pop()

    def top(self) -> object:
        self.require(1)
        return self.stack[-1]

    def require(self, count: int) -> None:
        if len(self.stack) - (self.marks[-1] if self.marks else 0) < count:
            raise BatchError("an object is used before it is there")

    def pop_many(self, count: int) -> list:
        self.require(count)
        cut = len(self.stack) - count
        items = self.stack[cut:]
        del self.stack[cut:]
        return items

    def pop_to_mark(self) -> list:
        if not self.marks:
            raise BatchError("a group ends that has not begun")
        count = len(self.stack) - self.marks[-1]
        items = self.pop_many(count)
        self.marks.pop()
        return items

    # Steps that do more than push a value

    def protocol(self) -> None:
        if (version := self.take(1)[0]) not in (2, 3):
            raise BatchError(f"it is written in pickle's protocol {version}; batches are in 2 or 3")

    def mark(self) -> None:
        self.marks.append(len(self.stack))

    def text(self) -> None:
        try:
            self.push(str(self.take(self.number("<I")), "utf-8"))
        except UnicodeDecodeError:
            raise BatchError("a text is not in UTF-8") from None

    def integer(self) -> None:
        if (size := self.take(1)[0]) > MAX_INTEGER_BYTES:
            raise BatchError(f"an integer has {size} bytes")
        self.push(int.from_bytes(self.take(size), "little", signed=True))

    def extend(self, items: list) -> None:
        target = self.top()
        if type(target) is not list:
            raise BatchError(f"something is appended to a {_kind(target)}")
        target.extend(items)

    def set_items(self, items: list) -> None:
        target = self.top()
        if type(target) is not dict or len(items) % 2:
            raise BatchError("keys and values don't make a dict")
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) not in (str, bytes):
                raise BatchError(f"a {_kind(key)} stands where a key should be")
            target[key] = value

    def remember(self, layout: str) -> None:
        self.memo[self.number(layout)] = self.top()

    def recall(self, layout: str) -> None:
        index = self.number(layout)
        if index not in self.memo:
            raise BatchError("an object is used before it is there")
        self.push(self.memo[index])

    def name(self) -> None:
        text = f"{self.line()}.{self.line()}"
        if text not in _NAMES:
            raise BatchError(f"it asks for {text!r}, which no batch needs")
        self.push(_Name(text))

    def call(self) -> None:
        arguments, function = self.pop(), self.pop()
        rule = _NAMES[function.text] if isinstance(function, _Name) else None
        if type(arguments) is not tuple or rule is None:
            raise BatchError(f"it calls a {_kind(function)}")
        self.push(rule(self, arguments))

    def build(self) -> None:
        state, target = self.pop(), self.top()
        if not isinstance(target, _Array | _Bytes):
            raise BatchError(f"it sets the state of a {_kind(target)}")
        target.build(state)

    # Functions that the file may call

    def new_array(self, arguments: tuple) -> _Array:
        kind = arguments[0] if arguments else None
        if not isinstance(kind, _Name) or kind.text != "numpy.ndarray":
            raise BatchError("it makes an array that is not numpy's")
        return _Array()

    def new_dtype(self, arguments: tuple) -> _Bytes:
        if not arguments or arguments[0] not in ("u1", b"u1"):
            raise BatchError("an array does not consist of bytes (uint8)")
        return _Bytes()

    def new_bytes(self, arguments: tuple) -> bytes:
        """Python 3 writes bytes in protocol 2 as the text of which they are the Latin-1 form."""
        if not arguments:
            return b""
        if len(arguments) != 2 or type(arguments[0]) is not str or arguments[1] != "latin1":
            raise BatchError("bytes are not written as Latin-1 text")
        self.bytes_to_encode -= len(arguments[0])
        if self.bytes_to_encode < 0:  # one long text, encoded again and again, would fill the memory
            raise BatchError("it uses a text twice as bytes")
        try:
            return arguments[0].encode("latin1")
        except UnicodeEncodeError:
            raise BatchError("bytes are not written as Latin-1 text") from None


_NAMES: dict[str, Callable[[_Machine, tuple], object] | None] = {
    "numpy.ndarray": None,
    "numpy.dtype": _Machine.new_dtype,
    "numpy.core.multiarray._reconstruct": _Machine.new_array,
    "numpy._core.multiarray._reconstruct": _Machine.new_array,
    "_codecs.encode": _Machine.new_bytes,
    "__builtin__.bytes": _Machine.new_bytes,
}
_STEPS: dict[int, Callable[[_Machine], None]] = {
    opcode[0]: step
    for opcode, step in {
        pickle.PROTO: _Machine.protocol,
        pickle.MARK: _Machine.mark,
        pickle.NONE: lambda machine: machine.push(None),
        pickle.NEWTRUE: lambda machine: machine.push(True),
        pickle.NEWFALSE: lambda machine: machine.push(False),
        pickle.EMPTY_DICT: lambda machine: machine.push({}),
        pickle.EMPTY_LIST: lambda machine: machine.push([]),
        pickle.EMPTY_TUPLE: lambda machine: machine.push(()),
        pickle.BININT: lambda machine: machine.push(machine.number("<i")),
        pickle.BININT1: lambda machine: machine.push(machine.number("<B")),
        pickle.BININT2: lambda machine: machine.push(machine.number("<H")),
        pickle.LONG1: _Machine.integer,
        pickle.SHORT_BINSTRING: lambda machine: machine.push(str(machine.take(machine.number("<B")), "latin1")),
        # Too long for a name, so these can only be pixels, which stay where they are in the file's memory.
        pickle.BINSTRING: lambda machine: machine.push(machine.take(machine.number("<I"))),
        pickle.BINBYTES: lambda machine: machine.push(machine.take(machine.number("<I"))),
        pickle.SHORT_BINBYTES: lambda machine: machine.push(bytes(machine.take(machine.number("<B")))),
        pickle.BINUNICODE: _Machine.text,
        pickle.TUPLE: lambda machine: machine.push(tuple(machine.pop_to_mark())),
        pickle.TUPLE1: lambda machine: machine.push(tuple(machine.pop_many(1))),
        pickle.TUPLE2: lambda machine: machine.push(tuple(machine.pop_many(2))),
        pickle.TUPLE3: lambda machine: machine.push(tuple(machine.pop_many(3))),
        pickle.APPEND: lambda machine: machine.extend(machine.pop_many(1)),
        pickle.APPENDS: lambda machine: machine.extend(machine.pop_to_mark()),
        pickle.SETITEM: lambda machine: machine.set_items(machine.pop_many(2)),
        pickle.SETITEMS: lambda machine: machine.set_items(machine.pop_to_mark()),
        pickle.BINPUT: lambda machine: machine.remember("<B"),
        pickle.LONG_BINPUT: lambda machine: machine.remember("<I"),
        pickle.BINGET: lambda machine: machine.recall("<B"),
        pickle.LONG_BINGET: lambda machine: machine.recall("<I"),
        pickle.GLOBAL: _Machine.name,
        pickle.REDUCE: _Machine.call,
        pickle.BUILD: _Machine.build,
    }.items()
}
