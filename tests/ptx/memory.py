"""The memory of an emulated device: every access is checked for its bounds, for races, and for what was never written."""

from __future__ import annotations

from collections import Counter

import numpy as np

from tests.ptx.module import Module, PTXError

NEVER, BEFORE = -1, -2  # stamps of what was never written, and of what was written before the launch
LANE_BITS = 32
LANE_MASK = (1 << LANE_BITS) - 1
SECTOR, BANKS = 32, 32  # bytes that memory is read in, and words that shared memory gives at once


class Region:
    """Bytes, and for each element who last wrote and read it.

    A *stamp* is when and by whom: the number of barriers that the thread's block had passed, and the thread's number. Two threads
    race when one writes what the other touches with no barrier between them: in one block with stamps of one time, and in two
    blocks always.

    Args:
        size: in bytes.
        itemsize: of its elements. Whole ones are written; parts may be read, as is done of numbers that get narrower.
    """

    def __init__(self, size: int, itemsize: int, name: str) -> None:
        self.size, self.itemsize, self.name = size, itemsize, name
        self.block = 1
        self.bytes = np.zeros(-(-size // 16) * 16, np.uint8)
        elements = -(-size // itemsize)
        self.written = np.full(elements, NEVER, np.int64)
        self.first = np.full(elements, NEVER, np.int64)
        self.last = np.full(elements, NEVER, np.int64)

    def refine(self, itemsize: int) -> None:
        """From now on elements may be so small."""
        if itemsize < self.itemsize:
            parts, self.itemsize = self.itemsize // itemsize, itemsize
            self.written, self.first, self.last = (
                np.repeat(each, parts) for each in (self.written, self.first, self.last)
            )

    def settle(self) -> None:
        """A launch is over: what it wrote can be read by all."""
        self.written[self.written >= 0] = BEFORE
        self.first[:] = self.last[:] = NEVER

    def view(self, dtype: np.dtype) -> np.ndarray:
        return self.bytes.view(dtype)

    def check(self, at: np.ndarray, size: int, stamps: np.ndarray, block: int, write: bool, text: str) -> None:
        """Checks that threads with these stamps may access ``size`` bytes each at these offsets, and takes note of it.

        Blocks have ``block`` threads.
        """
        self.block = block
        if size % self.itemsize and (write or self.itemsize % size):
            raise PTXError(f"{size} bytes of {self.name}, whose elements have {self.itemsize}: {text}")
        for part in range(0, size, self.itemsize):
            element = (at + part) // self.itemsize
            (self._write if write else self._read)(element, stamps, text)

    def _read(self, element: np.ndarray, stamps: np.ndarray, text: str) -> None:
        written = self.written[element]
        if (written == NEVER).any():
            raise PTXError(f"{self.name} is read where it was never written, at {element[written == NEVER][0]}: {text}")
        self._no_race(written, stamps, "reads what was written by", element, text)
        np.maximum.at(self.last, element, stamps)
        np.maximum.at(self.first, element, stamps ^ LANE_MASK)

    def _write(self, element: np.ndarray, stamps: np.ndarray, text: str) -> None:
        self._no_race(self.written[element], stamps, "writes what was written by", element, text)
        self._no_race(self.last[element], stamps, "writes what was read by", element, text)
        first = self.first[element]
        self._no_race(np.where(first < 0, first, first ^ LANE_MASK), stamps, "writes what was read by", element, text)
        self.written[element] = stamps
        self._no_race(self.written[element], stamps, "writes at once with", element, text)

    def _no_race(self, others: np.ndarray, stamps: np.ndarray, does: str, element: np.ndarray, text: str) -> None:
        same_time = others >> LANE_BITS == stamps >> LANE_BITS
        same_block = (others & LANE_MASK) // self.block == (stamps & LANE_MASK) // self.block
        race = (others >= 0) & (others != stamps) & (same_time | ~same_block)
        if race.any():
            n = np.flatnonzero(race)[0]
            thread, other = (int(each[n]) & LANE_MASK for each in (np.broadcast_to(stamps, race.shape), others))
            raise PTXError(
                f"race in {self.name}: thread {thread} {does} thread {other} with no barrier, at {element[n]}: {text}"
            )


class GlobalMemory:
    """Allocations with gaps between them, so that what is beyond one is not in the next."""

    GAP = 1 << 12
    FIRST = 1 << 20

    def __init__(self) -> None:
        self.starts, self.regions = np.zeros(0, np.int64), list[Region]()
        self.top = self.FIRST
        self.where: dict[int, int] = {}
        self.constants: dict[int, int] = {}

    def place_constants(self, module: Module) -> None:
        """Writes the constants of a module; ``constants[id(module)]`` is then where they begin."""
        address = self.allocate(module.sizes["global"], 1, "the module's constants")
        region = self.region(address)
        for each in module.variables.values():
            if each.space == "global" and each.data:
                region.bytes[each.offset : each.offset + each.size] = np.frombuffer(each.data, np.uint8)
                region.written[each.offset : each.offset + each.size] = BEFORE
        self.constants[id(module)] = address

    def allocate(self, size: int, itemsize: int, name: str) -> int:
        """The address of new memory, in which nothing is written."""
        address = self.top
        self.starts = np.append(self.starts, address)
        self.regions.append(Region(size, itemsize, name))
        self.where[address] = len(self.regions) - 1
        self.top += -(-(size + self.GAP) // 256) * 256
        return address

    def region(self, address: int) -> Region:
        """What begins at an address."""
        return self.regions[self.where[address]]

    def settle(self) -> None:
        for each in self.regions:
            each.settle()

    def pretend_written(self) -> None:
        """From now on nothing counts as never written: zeros are there."""
        for each in self.regions:
            each.written[each.written == NEVER] = BEFORE

    def parts(self, addresses: np.ndarray, size: int, text: str) -> list[tuple[Region, np.ndarray | slice, np.ndarray]]:
        """By allocation: it, which of the accesses go there, and at which offset."""
        number = np.searchsorted(self.starts, addresses, "right") - 1
        parts = []
        for each in np.unique(number):
            which = (
                slice(None)
                if number[0] == number[-1] and (number == number[0]).all()
                else np.flatnonzero(number == each)
            )
            at = addresses[which] - self.starts[each]
            if each < 0 or (at + size > self.regions[each].size).any():
                name = self.regions[each].name if each >= 0 else "all memory"
                raise PTXError(f"out of bounds of {name}, at byte {at.max()}: {text}")
            parts.append((self.regions[each], which, at))
        return parts


class Traffic:
    """Counts of accesses by warps: how well they use memory. Not times."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def of_global(self, addresses: np.ndarray, size: int, warps: np.ndarray, write: bool) -> None:
        """Sectors of 32 bytes that each warp's access touches, the bytes that its threads asked for, and those that differ."""
        kind = "stores" if write else "loads"
        first, last = addresses // SECTOR, (addresses + size - 1) // SECTOR
        touched = np.concatenate([warps << 40 | first, warps << 40 | last])
        self.counts[f"global_{kind}"] += len(np.unique(warps))
        self.counts[f"global_{kind}_sectors"] += len(np.unique(touched))
        self.counts[f"global_{kind}_bytes"] += len(addresses) * size
        self.counts[f"global_{kind}_used"] += len(np.unique(warps << 40 | addresses)) * size

    def of_shared(self, offsets: np.ndarray, size: int, warps: np.ndarray, lanes: np.ndarray) -> None:
        """How often shared memory has to answer: once, unless words of a bank differ. 128 bytes are asked for at a time."""
        threads = 32 if size <= 4 else 128 // size
        groups = lanes // threads
        words = np.unique(np.concatenate([groups << 40 | (offsets + part) // 4 for part in range(0, size, 4)]))
        group, bank = words >> 40, words % BANKS
        _, answers = np.unique(group * BANKS + bank, return_counts=True)
        of_group = np.unique(group * BANKS + bank) // BANKS
        most = np.zeros(of_group.max() + 1, np.int64)
        np.maximum.at(most, of_group, answers)
        self.counts["shared_requests"] += len(np.unique(group))
        self.counts["shared_answers"] += int(most.sum())
