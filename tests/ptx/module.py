"""From the text of a PTX module to instructions whose operands are resolved.

Source: NVIDIA's "Parallel Thread Execution ISA". What numba compiles is read here, and nothing else: a statement that is not
known is an error.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

TYPES = {
    "pred": np.bool_, "b8": np.uint8, "u8": np.uint8, "s8": np.int8, "b16": np.uint16, "u16": np.uint16,
    "s16": np.int16, "f16": np.float16, "b32": np.uint32, "u32": np.uint32, "s32": np.int32, "f32": np.float32,
    "b64": np.uint64, "u64": np.uint64, "s64": np.int64, "f64": np.float64,
}  # fmt: skip
DTYPES = {name: np.dtype(type) for name, type in TYPES.items()}


class PTXError(Exception):
    """What the text of a kernel says, or what the kernel does, is wrong or not known here."""


@dataclass(frozen=True)
class Register:
    name: str
    dtype: np.dtype


@dataclass(frozen=True)
class Special:
    """A register that the machine fills: %tid.x, …"""

    name: str


@dataclass(frozen=True)
class Immediate:
    text: str

    def value(self, dtype: np.dtype) -> np.ndarray:
        """One element of that type. Floats are written as their bits."""
        if self.text[:2] in ("0f", "0d"):
            bits = np.array([int(self.text[2:], 16)], np.uint32 if self.text[1] == "f" else np.uint64)
            return bits.view(np.float32 if self.text[1] == "f" else np.float64)
        number = int(self.text, 0)
        if dtype.kind in "fb":
            return np.array([number], dtype)
        return np.array([number & (2 ** (8 * dtype.itemsize) - 1)], f"u{dtype.itemsize}").view(dtype)


@dataclass(frozen=True)
class Symbol:
    """The address of a variable, or a label, or a parameter."""

    name: str


@dataclass(frozen=True)
class Address:
    base: Register | Symbol
    offset: int


@dataclass(frozen=True)
class Negated:
    register: Register


Operand = Register | Special | Immediate | Symbol | Address | Negated | tuple


@dataclass(frozen=True)
class Instruction:
    opcode: str
    modifiers: tuple[str, ...]
    operands: tuple[Operand, ...]
    predicate: Register | Negated | None
    text: str


@dataclass
class Variable:
    """Memory that the module declares: where it begins in its space, and its size and contents."""

    space: str
    offset: int
    size: int
    data: bytes = b""


@dataclass
class Module:
    """The one kernel of a PTX module."""

    name: str
    parameters: dict[str, np.dtype]
    code: list[Instruction] = field(default_factory=list)
    labels: dict[str, int] = field(default_factory=dict)
    variables: dict[str, Variable] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=lambda: {"shared": 0, "local": 0, "global": 0})

    @property
    def mix(self) -> dict[str, int]:
        """How often each instruction, with its modifiers, stands in the text."""
        counts: dict[str, int] = {}
        for each in self.code:
            name = ".".join((each.opcode, *each.modifiers))
            counts[name] = counts.get(name, 0) + 1
        return counts


ENTRY = re.compile(r"\.visible \.entry (\w+)\((.*?)\)(.*?)\n\{\n(.*?)\n\}", re.S)
FUNCTION = re.compile(r"\.func\s*(?:\(\.param [^)]*?(\w+)(?:\[\d+\])?\))?\s*(\w+)\(([^)]*)\)\s*\{\n(.*?)\n\}", re.S)
PARAMETER = re.compile(r"\.param \.(\w+)(?: \.ptr[^,]*)? (\w+)")
VARIABLE = re.compile(
    r"\.(shared|local|global|const) \.align (\d+) \.(\w+)\s+([\w$]+)(?:\[(\d+)\])?(?: = \{([^}]*)\})?;"
)
REGISTERS = re.compile(r"\.reg \.(\w+)\s+([^;]+);")
DIRECTIVES = (".reg", ".param", ".local", ".loc", ".pragma")  # what may stand between statements
STATEMENT = re.compile(r"(?:@(!?%\w+)\s+)?([a-z][\w.:]*)\s*(.*)", re.S)
OPERAND = re.compile(r"\{[^}]*\}|\([^)]*\)|\[[^\]]*\]|[^,\s]+")
SPECIAL = re.compile(r"%(n?tid|n?ctaid)\.[xyz]|%laneid")


def parse(ptx: str) -> Module:
    """The kernel of a module; functions that it calls are put in the place of the calls."""
    ptx = re.sub(r"//[^\n]*", "", ptx)
    entry = ENTRY.search(ptx)
    if entry is None:
        raise PTXError("there is no kernel in this text")
    name, parameters, _, body = entry.groups()
    module = Module(name, {each: DTYPES[type] for type, each in PARAMETER.findall(parameters)})
    _declare(module, ptx)
    functions = {found[2]: found for found in FUNCTION.finditer(ptx)}
    _Body(module, functions, "").read(body)
    return module


def _declare(module: Module, text: str) -> None:
    """Variables are aligned as they say, and no better: who relies on more is found out."""
    for space, align, type, name, count, data in VARIABLE.findall(text):
        space = "global" if space == "const" else space
        itemsize = DTYPES[type].itemsize
        size = int(count or 1) * itemsize
        offset = (-(-module.sizes[space] // int(align)) | 1) * int(align)
        contents = b""
        if data:
            contents = b"".join(
                (int(each, 0) % 2 ** (8 * itemsize)).to_bytes(itemsize, "little") for each in data.split(",")
            )
        module.variables[name] = Variable(space, offset, size, contents.ljust(size, b"\0") if contents else b"")
        module.sizes[space] = offset + size


class _Body:
    """Reads the statements of one function. ``prefix`` sets apart the names of a function that is put in place of a call."""

    def __init__(self, module: Module, functions: dict[str, re.Match[str]], prefix: str) -> None:
        self.module, self.functions, self.prefix = module, functions, prefix
        self.registers: dict[str, np.dtype] = {}
        self.renamed: dict[str, str] = {}

    def read(self, body: str) -> None:
        for type, names in REGISTERS.findall(body):
            for name in names.split(","):
                self.registers[name.partition("<")[0].strip()] = DTYPES[type]
        statement = ""
        for line in body.split("\n"):
            line = line.strip()
            if not statement and (not line or line in "{}" or line.startswith(DIRECTIVES)):
                continue
            if not statement and line.endswith(":"):
                self.module.labels[self.prefix + line[:-1]] = len(self.module.code)
                continue
            statement += " " + line
            if line.endswith(";"):
                self.statement(statement.strip()[:-1])
                statement = ""
        if statement:
            raise PTXError(f"unfinished statement: {statement}")

    def statement(self, text: str) -> None:
        found = STATEMENT.fullmatch(text)
        if found is None:
            raise PTXError(f"unknown statement: {text}")
        predicate, name, rest = found.groups()
        opcode, *modifiers = name.replace("::", "_").split(".")
        if opcode == "call":
            self.call(text, OPERAND.findall(rest))
            return
        if opcode == "ret" and self.prefix:
            opcode, modifiers, rest = "bra", [], "return"
        operands = tuple(self.operand(each) for each in OPERAND.findall(rest))
        when = self.operand(predicate) if predicate else None
        self.module.code.append(Instruction(opcode, tuple(modifiers), operands, when, text))

    def call(self, text: str, operands: list[str]) -> None:
        """The called function's own text, which works on the caller's parameters."""
        *result, callee, given = operands
        function = self.functions.get(callee)
        if function is None:
            raise PTXError(f"call of what is not in the module: {text}")
        body = _Body(self.module, self.functions, f"{self.prefix}{callee}@{len(self.module.code)}:")
        names = [each for _, each in PARAMETER.findall(function[3])]
        body.renamed = dict(zip(names, (self.prefix + each for each in re.findall(r"\w+", given)), strict=True))
        if result:
            body.renamed[function[1]] = self.prefix + result[0].strip("()")
        body.read(function[4])
        self.module.labels[body.prefix + "return"] = len(self.module.code)

    def operand(self, text: str) -> Operand:
        if text[0] == "[":
            base, _, offset = text[1:-1].partition("+")
            return Address(self.operand(base), int(offset or 0))
        if text[0] == "{":
            return tuple(self.operand(each) for each in OPERAND.findall(text[1:-1]))
        if "|" in text:
            return tuple(self.operand(each) for each in text.split("|"))
        if text[0] == "!":
            return Negated(self.operand(text[1:]))
        if SPECIAL.fullmatch(text):
            return Special(text)
        dtype = self.registers.get(text) or self.registers.get(re.sub(r"(?<=%[a-z])(.*?)\d+$", r"\1", text))
        if dtype is not None:
            return Register(self.prefix + text, dtype)
        if text[0].isdigit() or text[0] == "-":
            return Immediate(text)
        if text[0] == "%":
            raise PTXError(f"{text} is not declared")
        if text in self.module.variables or text in self.module.parameters:
            return Symbol(text)
        return Symbol(self.renamed.get(text, self.prefix + text))
