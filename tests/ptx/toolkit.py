"""NVIDIA's assembler and disassembler: what they make of a kernel. They need no GPU."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.ptx.module import Module

Capability = tuple[int, int]

CAPABILITIES: list[Capability] = [(7, 5), (8, 0), (9, 0), (10, 0)]
"""Turing, Ampere, Hopper and Blackwell."""

NEWEST_TARGET: Capability = (9, 0)
"""What numba compiles for everywhere. Drivers translate it for later GPUs, and so does ``assemble``."""


class Resources(NamedTuple):
    """What a thread, or for shared memory a block, takes."""

    registers: int
    stack: int  # bytes
    spilled: int  # bytes that did not find room in registers
    shared: int  # bytes


class Step(NamedTuple):
    """An instruction in a kernel's text.

    Attributes:
        is_product: whether it is a fused product of floating point numbers.
        target: the number of the instruction that it branches to, if it does.
    """

    text: str
    is_product: bool
    target: int | None


@dataclass(frozen=True)
class Loop:
    """The instructions of a loop that has none within it."""

    steps: Sequence[Step]

    @property
    def products(self) -> int:
        return sum(each.is_product for each in self.steps)

    @property
    def share(self) -> float:
        """Of fused products among all instructions."""
        return self.products / len(self.steps)


@cache
def tool(name: str) -> str | None:
    """Where a program of NVIDIA's is: on the PATH, in a CUDA toolkit, or in a wheel."""
    return shutil.which(name) or shutil.which(name, path=os.pathsep.join(map(str, _folders())))


def _folders() -> Iterator[Path]:
    for home in (os.environ.get("CUDA_HOME"), "/usr/local/cuda"):
        if home:
            yield Path(home, "bin")
    for package, inside in (("nvidia", "*/bin"), ("triton", "backends/nvidia/bin")):
        spec = importlib.util.find_spec(package)
        for place in (spec and spec.submodule_search_locations) or ():
            yield from sorted(Path(place).glob(inside))


def architecture(capability: Capability) -> str:
    return f"sm_{capability[0]}{capability[1]}"


SAID = {
    "registers": re.compile(r"Used (\d+) registers"),
    "stack": re.compile(r"(\d+) bytes stack frame"),
    "spilled": re.compile(r"(\d+) bytes spill stores"),
    "shared": re.compile(r"(\d+) bytes smem"),
}


def assemble(ptx: str, capability: Capability, folder: Path) -> tuple[Resources, Path]:
    """Assembles a kernel for an architecture. Returns what it takes, and the file with its machine code.

    Raises:
        FileNotFoundError: there is no ptxas.
        RuntimeError: ptxas does not take the text.
    """
    arch = architecture(capability)
    if capability > NEWEST_TARGET:
        ptx = ptx.replace(f".target {architecture(NEWEST_TARGET)}", f".target {arch}")
    source, result = folder / f"{arch}.ptx", folder / f"{arch}.cubin"
    source.write_text(ptx)
    said = _run("ptxas", f"-arch={arch}", "-v", str(source), "-o", str(result)).stderr
    found = {name: pattern.search(said) for name, pattern in SAID.items()}
    return Resources(**{name: int(match[1]) if match else 0 for name, match in found.items()}), result


def _run(name: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = tool(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed")
    done = subprocess.run([path, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{path} fails: {done.stderr.strip().partition(chr(10))[0]}")
    return done


LABEL = re.compile(r"\s*(\.L_x_\d+):")
STATEMENT = re.compile(r"\s*/\*[0-9a-f]{4,}\*/\s+(.*?)\s*;")
BRANCH = re.compile(r"\bBRA\b.*`\((\.L_x_\d+)\)")
PRODUCT = re.compile(r"(@!?U?PT?\d* )?(FFMA2?|DFMA)\b")


def machine_code(cubin: Path) -> list[Step]:
    """The instructions (SASS) of a kernel, as nvdisasm writes them.

    Raises:
        FileNotFoundError: there is no nvdisasm.
    """
    texts: list[str] = []
    labels: dict[str, int] = {}
    for line in _run("nvdisasm", "-c", str(cubin)).stdout.splitlines():
        if label := LABEL.match(line):
            labels[label[1]] = len(texts)
        elif statement := STATEMENT.match(line):
            texts.append(statement[1])
    branches = [BRANCH.search(text) for text in texts]
    return [
        Step(text, bool(PRODUCT.match(text)), labels[branch[1]] if branch else None)
        for text, branch in zip(texts, branches, strict=True)
    ]


def ptx_code(module: Module) -> list[Step]:
    """The instructions of a kernel's PTX."""
    return [
        Step(
            each.text,
            each.opcode == "fma",
            module.labels[each.operands[0].name] if each.opcode == "bra" else None,  # type: ignore[union-attr]
        )
        for each in module.code
    ]


def main_loop(code: Sequence[Step]) -> Loop | None:
    """Of the loops that have none within them, the one with the most products, and of those the longest; None without loops."""
    ends = [(each.target, n) for n, each in enumerate(code) if each.target is not None and each.target < n]
    innermost = [
        Loop(code[start : end + 1])
        for start, end in ends
        if not any(start <= a and b <= end and (a, b) != (start, end) for a, b in ends)
    ]
    return max(innermost, key=lambda loop: (loop.products, len(loop.steps)), default=None)
