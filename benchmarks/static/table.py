"""The kernels' figures as a table for the terminal, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from benchmarks.static.figures import MOST_BLOCKS, Emulated, Kernel, Static
from tests.ptx.toolkit import CAPABILITIES, architecture

NAME = 52  # columns for the kernel
ARCHITECTURES = ", ".join(map(architecture, CAPABILITIES))
REMARK = f"""\
Nothing here is measured: no GPU was used, and no figure is a time.
static    what NVIDIA's assembler makes of a kernel for {ARCHITECTURES}, in this order: registers of a thread, bytes
          spilled, bytes of shared memory of a block, % of a multiprocessor's places for warps that can be taken, and % of
          fused products (FMA) among the instructions of the main loop, in {{code}}; "-" without a loop.
emulated  counted while tests/ptx interprets the PTX, of at most {MOST_BLOCKS} blocks of a launch: floating point operations to a
          byte that warps move to or from global memory (whole sectors of 32 bytes, caches left out), % of FMA among all
          instructions of PTX, % used of the sectors that are loaded and that are stored, and bank conflicts: answers of
          shared memory that come on top of one for each request, in % of the requests."""

Value = Callable[[Static], str]
STATIC: list[tuple[str, int, Value]] = [
    ("registers", 15, lambda each: str(each.registers)),
    ("spilled", 7, lambda each: str(each.spilled)),
    ("shared", 6, lambda each: str(each.shared)),
    ("occupancy", 15, lambda each: _percent(each.occupancy)),
    ("FMA in loop", 11, lambda each: _percent(each.products)),
]
EMULATED = [("op/byte", 7), ("FMA", 4), ("loads", 5), ("stores", 6), ("conflicts", 9)]


def heading() -> str:
    """Two lines: which columns are static and which emulated, and their names."""
    static, emulated = ("  ".join(f"{name:>{width}}" for name, width, *_ in columns) for columns in (STATIC, EMULATED))
    above = f"{'':{NAME}} {'':>7} | {'static':{len(static)}} | emulated"
    return f"{above}\n{'kernel':{NAME}} {'threads':>7} | {static} | {emulated}"


def row(kernel: Kernel) -> str:
    """A kernel as a line of the table."""
    figures = list(kernel.static.values())
    static = "  ".join(f"{_by_architecture(map(value, figures)):>{width}}" for _, width, value in STATIC)
    name = f"{kernel.program}: {kernel.name}"
    return f"{name:{NAME}} {kernel.threads:7} | {static} | {_emulated(kernel.emulated)}"


def _emulated(counted: Emulated | str) -> str:
    if isinstance(counted, str):
        return f"error: {counted}"
    texts = [
        "-" if counted.operations is None else f"{counted.operations:.2f}",
        *map(_percent, (counted.products, counted.loads, counted.stores, counted.conflicts)),
    ]
    return "  ".join(f"{text:>{width}}" for text, (_, width) in zip(texts, EMULATED, strict=True))


def _by_architecture(texts: Iterable[str]) -> str:
    """A figure for each architecture; one for all where they agree."""
    found = list(texts)
    return found[0] if len({*found}) == 1 else " ".join(found)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f}"


def write(kernels: Sequence[Kernel], facts: dict[str, str], path: str) -> None:
    """Writes the figures to a file."""
    content = {
        "remark": "static and emulated figures; nothing here is a measured time",
        "facts": facts,
        "kernels": [_to_dict(each) for each in kernels],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.write("\n")


def _to_dict(kernel: Kernel) -> dict[str, Any]:
    static = {architecture(capability): asdict(each) for capability, each in kernel.static.items()}
    content = {"program": kernel.program, "name": kernel.name, "threads": kernel.threads}
    counted = kernel.emulated
    return content | {"static": static, "emulated": {"error": counted} if isinstance(counted, str) else asdict(counted)}
