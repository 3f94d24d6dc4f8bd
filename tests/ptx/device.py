"""A device without a GPU: kernels are compiled to PTX, which is interpreted.

It takes the place of the GPU behind the package's device seam. Every array is an allocation of its own, of exactly its size.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from minitorch.kernels.cuda.device import signature
from tests.ptx.compiled import ptx_of
from tests.ptx.instructions import mean
from tests.ptx.machine import Program
from tests.ptx.machine import launch as run
from tests.ptx.memory import BEFORE, NEVER, GlobalMemory
from tests.ptx.module import PTXError, parse

CAPABILITY = (9, 0)


class EmulatedMemory:
    """Elements in an allocation, from an address on. ``of`` is what else shows them, and has to stay as long as they do."""

    def __init__(self, dtype: np.dtype, start: int, address: int, size: int, of: Any = None) -> None:
        self.dtype, self.start, self.address, self.size, self.of = dtype, start, address, size, of

    def __getitem__(self, part: slice) -> EmulatedMemory:
        offset = part.start or 0
        return EmulatedMemory(
            self.dtype, self.start, self.address + offset * self.dtype.itemsize, self.size - offset, self.of
        )

    def view(self, dtype: np.dtype) -> EmulatedMemory:
        size = self.size * self.dtype.itemsize // dtype.itemsize
        return EmulatedMemory(dtype, self.start, self.address, size, self if self.of is None else self.of)

    def parameters(self) -> list[int]:
        """What numba passes for a flat array: two pointers of its own, size, itemsize, data, shape, strides."""
        itemsize = self.dtype.itemsize
        return [0, 0, self.size, itemsize, self.address, self.size, itemsize]


class Interpreter:
    """Keeps arrays in emulated memory, and interprets kernels.

    Args:
        counting: whether to count what accesses to memory cost.
        most: blocks of a launch to run; all unless given. What the others would have written is then zero.

    ``counts`` has what ``Machine.counts`` has, of all that was launched; ``launched`` the programs.
    """

    programs: dict[Any, Program] = {}  # noqa: RUF012  (shared by all: compiling takes long)

    def __init__(self, counting: bool = False, most: int | None = None) -> None:
        self.memory = GlobalMemory()
        self.counting, self.most = counting, most
        self.counts: Counter[str] = Counter()
        self.launched: list[Program] = []

    def allocate(self, size: int, dtype: np.dtype) -> EmulatedMemory:
        address = self.memory.allocate(size * dtype.itemsize, dtype.itemsize, f"an array of {size} {dtype}")
        return EmulatedMemory(dtype, address, address, size)

    def adopt(self, address: int, size: int, dtype: np.dtype, owner: Any) -> EmulatedMemory:
        start = max((each for each in self.memory.where if each <= address), default=0)
        return EmulatedMemory(dtype, start, address, size, owner)

    def address(self, memory: EmulatedMemory) -> int:
        return memory.address

    def _region(self, memory: EmulatedMemory) -> Any:
        """What the memory is in, whose elements are no larger than the memory's."""
        region = self.memory.region(memory.start)
        region.refine(memory.dtype.itemsize)
        return region

    def _part(self, memory: EmulatedMemory, size: int) -> tuple[np.ndarray, np.ndarray]:
        """So many elements of memory, and when what they consist of was written."""
        region, itemsize = self._region(memory), memory.dtype.itemsize
        first, parts = (memory.address - memory.start) // itemsize, itemsize // region.itemsize
        return region.view(memory.dtype)[first : first + size], region.written[first * parts : (first + size) * parts]

    def write(self, memory: EmulatedMemory, array: np.ndarray, wait: bool = True) -> None:
        elements, written = self._part(memory, array.size)
        elements[...] = array
        written[...] = BEFORE

    def read(self, memory: EmulatedMemory, size: int, wait: bool = True) -> np.ndarray:
        elements, written = self._part(memory, size)
        if (written == NEVER).any():
            first = np.flatnonzero(written == NEVER)[0]
            raise PTXError(f"an output was never written, at element {first * size // written.size} of {size}")
        return elements.copy()

    def launch(
        self,
        kernel: Callable[..., None],
        threads: int,
        grid: tuple[int, int, int],
        args: Sequence[Any],
        by_address: Any = (),
    ) -> None:
        program = self.program(kernel, signature(args), threads)
        self.launched.append(program)
        for each in _memories(args):
            self._region(each)
        parameters = [each for arg in args for each in _parameters(arg)]
        self.counts.update(run(program, grid, (threads, 1, 1), parameters, self.memory, self.counting, self.most))
        if self.most is not None:
            self.memory.pretend_written()

    def program(self, kernel: Callable[..., None], types: tuple[Any, ...], threads: int) -> Program:
        """The kernel, compiled for arguments of these types."""
        found = self.programs.get((kernel, types))
        if found is None:
            found = Program(parse(ptx_of(kernel, types, CAPABILITY, threads)), mean)
            self.programs[kernel, types] = found
        return found

    def synchronize(self) -> None:
        """All that was launched is done."""

    def stream_number(self) -> int:
        return 1

    def let_wait(self, stream_number: int) -> None:
        """All that was launched is done."""

    wait_for = let_wait

    def page_locked(self, size: int, dtype: np.dtype) -> np.ndarray:
        return np.empty(size, dtype)


def _memories(args: Any) -> Iterator[EmulatedMemory]:
    for each in args:
        if isinstance(each, tuple):
            yield from _memories(each)
        elif isinstance(each, EmulatedMemory):
            yield each


def _parameters(value: Any) -> list[Any]:
    if isinstance(value, EmulatedMemory):
        return value.parameters()
    if isinstance(value, tuple):
        return [each for inner in value for each in _parameters(inner)]
    return [value.view(np.uint16) if isinstance(value, np.float16) else value]  # whose bits the kernel reads
