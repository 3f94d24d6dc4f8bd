"""A pickle machine that cannot run code: it builds plain containers, and only names from a given table mean anything.

Pickle's own reader imports whatever a file names and calls it. This one looks names up in a dict and never imports;
the opcodes are those of protocol 2 that torch writes. Every opcode pushes at most one object, and an object's size is
bounded by the bytes that its opcode takes, so memory (the memo's too) grows no faster than the file.
"""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable, Mapping

from minitorch.serialization.format import (
    KEYS,
    MAX_DEPTH,
    MAX_PICKLE_BYTES,
    MAX_TUPLE_KEYS,
    LoadError,
    why_unfit_as_key,
)


class Call:
    """A name in the file that stands for a function: REDUCE gives it a tuple of arguments."""

    __slots__ = ("function", "kinds")

    def __init__(self, function: Callable[..., object], *kinds: type) -> None:
        self.function = function
        self.kinds = kinds

    def __call__(self, arguments: object) -> object:
        if type(arguments) is not tuple or tuple(map(type, arguments)) != self.kinds:
            raise LoadError(f"data.pkl gives {self.function.__name__.strip('_')} arguments that it does not take")
        return self.function(*arguments)


class Unpickler:
    """Reads one object from ``data``.

    Args:
        data: a pickle of protocol 2.
        names: what the names in the file (``"torch.float32"``) stand for, beside those of Python's own containers.
        persistent_load: gives the object for a persistent id.
        refuse: the reason why any other name can't be loaded.
    """

    def __init__(
        self,
        data: bytes,
        names: Mapping[str, object],
        persistent_load: Callable[[object], object],
        refuse: Callable[[str], str],
    ) -> None:
        if len(data) > MAX_PICKLE_BYTES:
            raise LoadError(f"data.pkl has {len(data):,} bytes; more than {MAX_PICKLE_BYTES:,} are not read")
        self._data = data
        self._position = 0
        self._names = {
            **names,
            "collections.OrderedDict": Call(OrderedDict),
            "__builtin__.set": Call(self._set, list),
            "__builtin__.complex": Call(complex, float, float),
            "__builtin__.bytes": Call(bytes),
            "_codecs.encode": Call(_encode, str, str),
        }
        self._persistent_load = persistent_load
        self._refuse = refuse
        self._stack: list = []
        self._outer: list[list] = []  # the stacks below each open MARK
        self._memo: dict[int, object] = {}
        self._tuple_keys = 0

    def load(self) -> object:
        """Runs the opcodes up to STOP and returns the object.

        Raises:
            LoadError: anything that torch would not have written.
        """
        while (opcode := self._take(1)) != pickle.STOP:
            step = _STEPS.get(opcode)
            if step is None:
                raise LoadError(f"data.pkl uses the pickle opcode {opcode!r}, which torch's files don't have")
            step(self)
        result = self._pop()
        if self._stack or self._outer:
            raise LoadError("data.pkl ends in the middle of an object")
        return result

    # Bytes in, and the stack.

    def _take(self, count: int) -> bytes:
        end = self._position + count
        piece = self._data[self._position : end]
        if len(piece) != count:
            raise LoadError("data.pkl ends too early")
        self._position = end
        return piece

    def _take_number(self, layout: str) -> int | float:
        return struct.unpack(layout, self._take(struct.calcsize(layout)))[0]

    def _take_text(self, count: int) -> str:
        try:
            return self._take(count).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError:
            raise LoadError("data.pkl holds a string that is not UTF-8") from None

    def _take_line(self) -> str:
        end = self._data.find(b"\n", self._position)
        if end < 0:
            raise LoadError("data.pkl ends too early")
        line = self._take_text(end - self._position)
        self._position = end + 1
        return line

    def _push(self, item: object) -> None:
        self._stack.append(item)

    def _pop(self) -> object:
        if not self._stack:
            raise LoadError("data.pkl takes a value where there is none")
        return self._stack.pop()

    def _top(self) -> object:
        self._push(item := self._pop())
        return item

    def _pop_to_mark(self) -> list:
        if not self._outer:
            raise LoadError("data.pkl closes a group that was not opened")
        items, self._stack = self._stack, self._outer.pop()
        return items

    # One method for each opcode that does more than push a constant.

    def _protocol(self) -> None:
        if (protocol := self._take(1)[0]) != 2:
            raise LoadError(f"data.pkl is in pickle's protocol {protocol}; torch.save writes protocol 2")

    def _mark(self) -> None:
        if len(self._outer) >= 4 * MAX_DEPTH:
            raise LoadError(f"data.pkl nests deeper than {MAX_DEPTH} levels")
        self._outer.append(self._stack)
        self._stack = []

    def _short_int(self) -> None:
        self._push(int.from_bytes(self._take(self._take(1)[0]), "little", signed=True))

    def _text(self) -> None:
        self._push(self._take_text(int(self._take_number("<I"))))

    def _tuple_of(self, count: int) -> None:
        items = [self._pop() for _ in range(count)]
        self._push(tuple(reversed(items)))

    def _append(self) -> None:
        self._extend([self._pop()])

    def _extend(self, items: list) -> None:
        target = self._top()
        if type(target) is not list:
            raise LoadError(f"data.pkl appends to a {type(target).__name__}; only lists can be appended to")
        target.extend(items)

    def _set_item(self) -> None:
        value, key = self._pop(), self._pop()
        self._set_items([key, value])

    def _set_items(self, items: list) -> None:
        target = self._top()
        if type(target) is not dict and type(target) is not OrderedDict:
            raise LoadError(f"data.pkl sets items of a {type(target).__name__}; only dicts have items to set")
        if len(items) % 2:
            raise LoadError("data.pkl has a key without a value")
        for key, value in zip(items[::2], items[1::2], strict=True):
            target[self._checked_key(key)] = value

    def _set(self, items: list) -> set:
        return {self._checked_key(item) for item in items}

    def _checked_key(self, key: object) -> object:
        if reason := why_unfit_as_key(key):
            raise LoadError(f"data.pkl has {reason} as a key; {KEYS}")
        self._tuple_keys += type(key) is tuple
        if self._tuple_keys > MAX_TUPLE_KEYS:
            raise LoadError(f"data.pkl has more than {MAX_TUPLE_KEYS} tuples as keys")
        return key

    def _put(self, layout: str) -> None:
        self._memo[int(self._take_number(layout))] = self._top()

    def _get(self, layout: str) -> None:
        index = int(self._take_number(layout))
        if index not in self._memo:
            raise LoadError(f"data.pkl refers to its object {index}, which it has not defined")
        self._push(self._memo[index])

    def _name(self) -> None:
        name = f"{self._take_line()}.{self._take_line()}"  # Python 2's names, as always in protocol 2
        if name not in self._names:
            raise LoadError(self._refuse(name))
        self._push(self._names[name])

    def _reduce(self) -> None:
        arguments, function = self._pop(), self._pop()
        if not isinstance(function, Call):
            raise LoadError(f"data.pkl calls a {type(function).__name__}, which is not a function")
        self._push(function(arguments))

    def _build(self) -> None:
        state, target = self._pop(), self._top()
        if type(target) is not OrderedDict or type(state) is not dict or list(state) != ["_metadata"]:
            raise LoadError("data.pkl sets attributes; only _metadata of an OrderedDict can be set")
        target._metadata = state["_metadata"]  # type: ignore[attr-defined]  # as Module.state_dict leaves it

    def _persistent(self) -> None:
        self._push(self._persistent_load(self._pop()))


def _encode(text: str, encoding: str) -> bytes:
    """Bytes, which protocol 2 writes as the text of which they are the Latin-1 form."""
    if encoding != "latin1" or not all(ord(character) < 256 for character in text):
        raise LoadError("data.pkl has bytes that are not written as Latin-1")
    return text.encode("latin1")


_STEPS: dict[bytes, Callable[[Unpickler], None]] = {
    pickle.PROTO: Unpickler._protocol,
    pickle.MARK: Unpickler._mark,
    pickle.NONE: lambda machine: machine._push(None),
    pickle.NEWTRUE: lambda machine: machine._push(True),
    pickle.NEWFALSE: lambda machine: machine._push(False),
    pickle.EMPTY_DICT: lambda machine: machine._push({}),
    pickle.EMPTY_LIST: lambda machine: machine._push([]),
    pickle.EMPTY_TUPLE: lambda machine: machine._push(()),
    pickle.BININT: lambda machine: machine._push(machine._take_number("<i")),
    pickle.BININT1: lambda machine: machine._push(machine._take_number("<B")),
    pickle.BININT2: lambda machine: machine._push(machine._take_number("<H")),
    pickle.BINFLOAT: lambda machine: machine._push(machine._take_number(">d")),
    pickle.LONG1: Unpickler._short_int,
    pickle.BINUNICODE: Unpickler._text,
    pickle.TUPLE: lambda machine: machine._push(tuple(machine._pop_to_mark())),
    pickle.TUPLE1: lambda machine: machine._tuple_of(1),
    pickle.TUPLE2: lambda machine: machine._tuple_of(2),
    pickle.TUPLE3: lambda machine: machine._tuple_of(3),
    pickle.APPEND: Unpickler._append,
    pickle.APPENDS: lambda machine: machine._extend(machine._pop_to_mark()),
    pickle.SETITEM: Unpickler._set_item,
    pickle.SETITEMS: lambda machine: machine._set_items(machine._pop_to_mark()),
    pickle.BINPUT: lambda machine: machine._put("<B"),
    pickle.LONG_BINPUT: lambda machine: machine._put("<I"),
    pickle.BINGET: lambda machine: machine._get("<B"),
    pickle.LONG_BINGET: lambda machine: machine._get("<I"),
    pickle.GLOBAL: Unpickler._name,
    pickle.REDUCE: Unpickler._reduce,
    pickle.BUILD: Unpickler._build,
    pickle.BINPERSID: Unpickler._persistent,
}
