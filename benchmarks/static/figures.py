"""Collects what is static and what is emulated, kernel by kernel."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.static.occupancy import occupancy
from minitorch.kernels.cuda import device
from minitorch.kernels.cuda.device import compile_to_ptx, signature
from tests.kernels.cuda import programs
from tests.ptx.device import Interpreter
from tests.ptx.module import PTXError, parse
from tests.ptx.toolkit import CAPABILITIES, NEWEST_TARGET, Capability, assemble, machine_code, main_loop, ptx_code, tool

MOST_BLOCKS = 32  # of a launch, to be interpreted

Key = tuple[Callable[..., None], tuple[Any, ...], int]  # a kernel, the types of its arguments, threads in a block


@dataclass(frozen=True)
class Static:
    """What compilers make of a kernel for an architecture.

    Attributes:
        registers: of a thread.
        spilled: bytes of a thread that did not find room in registers, or lie on a stack.
        shared: bytes of shared memory of a block.
        occupancy: the share of a multiprocessor's places for warps that can be taken.
        products: the share of fused products (FMA) among the instructions of the main loop; None without a loop.
    """

    registers: int
    spilled: int
    shared: int
    occupancy: float
    products: float | None


@dataclass(frozen=True)
class Emulated:
    """What the interpreter has counted.

    Attributes:
        blocks: that were interpreted, and that were launched.
        operations: on floating point numbers, to a byte of the sectors of global memory that were moved.
        products: the share of fused products (FMA) among all instructions (of PTX).
        loads, stores: bytes that a warp used, to a byte of the sectors that were moved for it; None if there were none.
        conflicts: answers of shared memory that came on top of one for each request; None without requests.
    """

    blocks: tuple[int, int]
    operations: float | None
    products: float
    loads: float | None
    stores: float | None
    conflicts: float | None


@dataclass(frozen=True)
class Kernel:
    """A row of the table.

    Attributes:
        program: of those that launch it the first.
        name: the module and function that make it.
        threads: in a block.
        static: by architecture.
        emulated: what was counted, or the error at which the interpreter stopped.
    """

    program: str
    name: str
    threads: int
    static: dict[Capability, Static]
    emulated: Emulated | str


class Counting(Interpreter):
    """Interprets some blocks of each launch, and keeps the counts by kernel."""

    def __init__(self) -> None:
        super().__init__(counting=True, most=MOST_BLOCKS)
        self.by_kernel: dict[Key, Counter[str]] = {}
        self.latest: Key | None = None

    def launch(
        self,
        kernel: Callable[..., None],
        threads: int,
        grid: tuple[int, int, int],
        args: Sequence[Any],
        by_address: Any = (),
    ) -> None:
        self.latest = kernel, signature(args), threads
        self.counts = self.by_kernel.setdefault(self.latest, Counter())
        super().launch(kernel, threads, grid, args, by_address)
        launched = grid[0] * grid[1] * grid[2]
        self.counts.update({"blocks launched": launched, "blocks interpreted": min(launched, MOST_BLOCKS)})


def collect(names: Sequence[str]) -> Iterator[Kernel]:
    """The kernels that these programs launch, each once, and those at which the interpreter stops with an error."""
    seen: set[Key] = set()
    with tempfile.TemporaryDirectory() as folder:
        for name in names:
            counting: Any = Counting()
            found: list[tuple[Key, Emulated | str]] = []
            try:
                with device.use(counting):
                    programs.run(name, arguments)
            except PTXError as error:
                del counting.by_kernel[counting.latest]
                found.append((counting.latest, str(error)))
            whole = {key: emulated(counts) for key, counts in counting.by_kernel.items() if key not in seen}
            seen.update(whole)
            for key, what in [*whole.items(), *found]:
                yield Kernel(name, title(key[0]), key[2], static(key, Path(folder)), what)


def arguments(shape: Sequence[int]) -> np.ndarray:
    """Numbers between 0 and 1, which as indices are 0."""
    return np.random.default_rng(0).random(shape, np.float32)


def title(kernel: Callable[..., None]) -> str:
    """A kernel's module and the function that makes it, with the kernel's own name where that says more."""
    maker, *_, own = kernel.__qualname__.split(".") * 2
    module = kernel.__module__.rpartition(".")[2]
    return f"{module}.{maker.lstrip('_')}" + (f" {own}" if own not in ("kernel", maker) else "")


def static(key: Key, folder: Path) -> dict[Capability, Static]:
    """What compilers make of a kernel, by architecture."""
    kernel, types, threads = key
    found = {}
    for capability in CAPABILITIES:
        ptx = compile_to_ptx(kernel, types, min(capability, NEWEST_TARGET), threads)
        takes, cubin = assemble(ptx, capability, folder)
        loop = main_loop(machine_code(cubin) if tool("nvdisasm") else ptx_code(parse(ptx)))
        found[capability] = Static(
            takes.registers,
            takes.spilled + takes.stack,
            takes.shared,
            occupancy(capability, threads, takes.registers, takes.shared),
            loop.share if loop else None,
        )
    return found


def emulated(counts: Counter[str]) -> Emulated:
    """Ratios of what was counted."""
    sectors = {kind: 32 * counts[f"global_{kind}_sectors"] for kind in ("loads", "stores")}
    requests = counts["shared_requests"]
    return Emulated(
        (counts["blocks interpreted"], counts["blocks launched"]),
        _ratio(counts["operations"], sum(sectors.values())),
        counts["fma"] / counts["instructions"],
        _ratio(counts["global_loads_used"], sectors["loads"]),
        _ratio(counts["global_stores_used"], sectors["stores"]),
        _ratio(counts["shared_answers"] - requests, requests),
    )


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
