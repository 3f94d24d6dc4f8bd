"""Runs a kernel as a GPU would, one numpy lane for each thread.

Blocks are taken some at a time. Of their threads, those that are furthest behind go first, together, up to where others wait
for them: so paths that had parted meet again. At a barrier threads wait for all others of their block.

A register is an array with an element for each thread, or with one element where all threads have the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.ptx.memory import LANE_BITS, GlobalMemory, Region, Traffic
from tests.ptx.module import DTYPES, Address, Immediate, Module, Negated, Operand, PTXError, Register, Special, Symbol

Run = Callable[["Machine"], None]
Triple = tuple[int, int, int]

LANES = 1 << 13  # threads to run together
STEPS = 1 << 20  # instructions of one path after which a kernel counts as endless
SHARED, LOCAL = 1 << 60, 1 << 61  # where these spaces begin among generic addresses
OPERATIONS = {"fma": 2} | dict.fromkeys(
    ("add", "sub", "mul", "div", "sqrt", "rsqrt", "rcp", "ex2", "lg2", "sin", "cos", "tanh"), 1
)  # of a thread, on floating point numbers; comparisons, signs and conversions do not count
UNSIGNED = {size: np.dtype(f"u{size}") for size in (1, 2, 4, 8)}


class Program:
    """A module made ready to run: for each instruction the function that does it."""

    def __init__(self, module: Module, meanings: Callable[[Any], Run | None]) -> None:
        self.module = module
        self.steps = [meanings(each) for each in module.code]
        # Where other threads may be waiting: where branches lead, and what is behind those that do not take them.
        self.joins = {*module.labels.values(), *(n + 1 for n, step in enumerate(self.steps) if step is None)}
        accesses = [each for each in module.code if each.opcode in ("ld", "st") and "param" not in each.modifiers]
        widths = [(each, DTYPES[each.modifiers[-1]].itemsize) for each in accesses]
        self.shared_itemsize = min(
            (
                size
                for each, size in widths
                if "shared" in each.modifiers or not {"global", "local"} & {*each.modifiers}
            ),
            default=4,
        )
        self.local_itemsize = min((size for each, size in widths if "local" in each.modifiers), default=4)


class Machine:
    """Some blocks of a launch.

    Args:
        program: what to run.
        grid, block: the launch's shape.
        blocks: the numbers of the blocks to run.
        parameters: a number for each parameter of the kernel.
        memory: the device's.
        counting: whether to count what memory accesses cost.
    """

    def __init__(
        self, program: Program, grid: Triple, block: Triple, blocks: range, parameters: Sequence[Any],
        memory: GlobalMemory, counting: bool,
    ) -> None:  # fmt: skip
        self.program, self.memory = program, memory
        self.module = program.module
        self.threads = block[0] * block[1] * block[2]
        self.lanes = len(blocks) * self.threads
        lane = np.arange(self.lanes)
        self.block_of_lane, self.thread_of_lane = lane // self.threads, lane % self.threads
        self.thread_in_launch = lane + blocks.start * self.threads
        self.special = self._specials(grid, block, blocks)
        self.registers: dict[str, np.ndarray] = {}
        self.parameters = dict(zip(self.module.parameters, parameters, strict=True))
        sizes = self.module.sizes
        self.shared = Region(sizes["shared"] * len(blocks), program.shared_itemsize, "shared memory")
        self.local = Region(sizes["local"] * self.lanes, program.local_itemsize, "local memory")
        self.epoch = np.zeros(len(blocks), np.int64)
        self.active: np.ndarray | None = None  # the lanes that run now; None for all
        self.done = np.zeros(len(self.module.code), np.int64)  # how many threads did each instruction
        self.traffic = Traffic() if counting else None

    @property
    def counts(self) -> Counter[str]:
        """By opcode, how many threads did it; "instructions" and floating point "operations" in all; what memory had to do."""
        found: Counter[str] = Counter(self.traffic.counts if self.traffic else {})
        found["instructions"] = int(self.done.sum())
        for each, done in zip(self.module.code, self.done.tolist(), strict=True):
            found[each.opcode] += done
            if DTYPES.get(each.modifiers[-1] if each.modifiers else "", UNSIGNED[1]).kind == "f":
                found["operations"] += done * OPERATIONS.get(each.opcode, 0)
        return found

    def _specials(self, grid: Triple, block: Triple, blocks: range) -> dict[str, np.ndarray]:
        thread, number = self.thread_of_lane, self.block_of_lane + blocks.start
        found = {"%laneid": (thread % 32).astype(np.uint32)}
        for kind, position, extents in (("tid", thread, block), ("ctaid", number, grid)):
            for axis, extent in zip("xyz", extents, strict=True):
                found[f"%{kind}.{axis}"] = (position % extent).astype(np.uint32)
                found[f"%n{kind}.{axis}"] = np.array([extent], np.uint32)
                position = position // extent
        return found

    # -- operands -------------------------------------------------------------------------------------------------------

    def read(self, operand: Operand, dtype: np.dtype) -> np.ndarray:
        """The operand's bits as that type, for each active lane, or one element for all."""
        if isinstance(operand, Register):
            value = self.registers.get(operand.name)
            if value is None:
                raise PTXError(f"{operand.name} is read before it is written")
            if self.active is not None and len(value) > 1:
                value = value[self.active]
        elif isinstance(operand, Immediate):
            return operand.value(dtype)
        elif isinstance(operand, Special):
            value = self.special[operand.name]
            if self.active is not None and len(value) > 1:
                value = value[self.active]
        elif isinstance(operand, Negated):
            return ~self.read(operand.register, dtype)
        elif isinstance(operand, Symbol):
            value = self._address_of(operand.name)
        else:
            raise PTXError(f"not a value: {operand}")
        return reinterpret(value, dtype)

    def write(self, target: Operand, value: np.ndarray) -> None:
        """Puts what ``read`` gave for the active lanes, or what was made of it, into a register."""
        if isinstance(target, Symbol) and target.name.endswith("_"):
            return  # "_" is where a result goes that nobody wants
        if not isinstance(target, Register):
            raise PTXError(f"not a register: {target}")
        value = reinterpret(value, target.dtype)
        if self.active is None:
            self.registers[target.name] = value
            return
        old = self.registers.get(target.name)
        if old is None or len(old) < self.lanes:
            old = np.full(self.lanes, 0 if old is None else old[0], target.dtype)
        else:
            old = old.copy()  # other registers may share it
        old[self.active] = value
        self.registers[target.name] = old

    def _address_of(self, name: str) -> np.ndarray:
        variable = self.module.variables.get(name)
        if variable is None:
            raise PTXError(f"{name} is not a variable")
        if variable.space == "global":
            return np.array([self.memory.constants[id(self.module)] + variable.offset], np.uint64)
        return np.array([variable.offset], np.uint64)

    def active_lanes(self) -> np.ndarray:
        return np.arange(self.lanes) if self.active is None else self.active

    def addresses(self, address: Address) -> np.ndarray:
        """For each active lane, as int64."""
        base = address.base
        wide = isinstance(base, Symbol) or base.dtype.itemsize == 8
        start = self.read(base, UNSIGNED[8 if wide else 4]).astype(np.int64) + address.offset
        return np.broadcast_to(start, self.lanes if self.active is None else len(self.active))

    # -- memory ---------------------------------------------------------------------------------------------------------

    def access(
        self, space: str, addresses: np.ndarray, size: int, write: bool, text: str
    ) -> list[tuple[Region, np.ndarray | slice, np.ndarray]]:
        """Checks an access of ``size`` bytes by each active lane. Returns the regions, which lanes go there, and the offsets."""
        if (addresses % size).any():
            raise PTXError(f"an address that {size} does not divide: {text}")
        lanes = self.active_lanes()
        if space == "generic":
            space, addresses = self._resolve(addresses, text)
        if space == "global":
            parts = self.memory.parts(addresses, size, text)
            stamps = self.epoch[self.block_of_lane[lanes]] << LANE_BITS | self.thread_in_launch[lanes]
            for region, which, at in parts:
                region.check(at, size, stamps[which], self.threads, write, text)
            if self.traffic:
                self.traffic.of_global(addresses, size, lanes // 32, write)
            return parts
        limit = self.module.sizes[space]
        if (addresses < 0).any() or (addresses + size > limit).any():
            raise PTXError(f"out of bounds of {space} memory, at byte {addresses.max()}: {text}")
        if space == "local":
            at = lanes * limit + addresses
            self.local.check(at, size, lanes, self.threads, write, text)
            return [(self.local, slice(None), at)]
        at = self.block_of_lane[lanes] * limit + addresses
        stamps = self.epoch[self.block_of_lane[lanes]] << LANE_BITS | self.thread_of_lane[lanes]
        self.shared.check(at, size, stamps, self.threads, write, text)
        if self.traffic:
            self.traffic.of_shared(addresses, size, lanes // 32, lanes)
        return [(self.shared, slice(None), at)]

    @staticmethod
    def _resolve(addresses: np.ndarray, text: str) -> tuple[str, np.ndarray]:
        for space, start in (("local", LOCAL), ("shared", SHARED)):
            inside = addresses >= start
            if inside.all():
                return space, addresses - start
            if inside.any():
                raise PTXError(f"one access to several spaces: {text}")
        return "global", addresses

    # -- control --------------------------------------------------------------------------------------------------------

    def run(self) -> None:
        """All threads to their ends."""
        code, steps, joins = self.module.code, self.program.steps, self.program.joins
        end = len(code)
        self.at = np.zeros(self.lanes, np.int64)
        self.waiting = np.zeros(self.lanes, bool)
        taken = 0
        while True:
            where = np.where(self.waiting, end, self.at)
            now = int(where.min())
            if now >= end:
                if not self.waiting.any():
                    return
                self._release()
                continue
            lanes = np.flatnonzero(where == now)
            self.active = None if len(lanes) == self.lanes else lanes
            alone = len(lanes) == self.lanes
            begin = now
            while now < end:
                if not alone and now in joins and now != begin:
                    self.at[lanes] = now
                    break
                taken += 1
                if taken > STEPS:
                    raise PTXError("the kernel does not end")
                goes_on = self._step(code[now], steps[now], lanes, now)
                if goes_on is None:
                    now += 1
                elif goes_on < 0:
                    break
                else:
                    now = begin = goes_on
            else:
                self.at[lanes] = end

    def _step(self, instruction: Any, does: Run | None, lanes: np.ndarray, now: int) -> int | None:
        """Does one instruction. Returns where the lanes go on: None for the next one, -1 when they part or stop."""
        self.done[now] += len(lanes)
        if does is None:
            return self._control(instruction, lanes, now)
        if instruction.predicate is None:
            does(self)
            return None
        chosen = self.chosen(instruction.predicate, lanes)
        if len(chosen) == len(lanes):
            does(self)
        elif len(chosen):
            before, self.active = self.active, chosen
            does(self)
            self.active = before
        return None

    def chosen(self, predicate: Operand, lanes: np.ndarray) -> np.ndarray:
        """The lanes for which a predicate holds."""
        return lanes[np.broadcast_to(self.read(predicate, np.dtype(bool)), len(lanes))]

    def _control(self, instruction: Any, lanes: np.ndarray, now: int) -> int | None:
        chosen = lanes if instruction.predicate is None else self.chosen(instruction.predicate, lanes)
        if not len(chosen):
            return None
        self.at[lanes] = now + 1
        if instruction.opcode == "bra":
            target = self.module.labels[instruction.operands[0].name]
            if len(chosen) == self.lanes:
                return target
            self.at[chosen] = target
        elif instruction.opcode in ("ret", "exit"):
            self.at[chosen] = len(self.module.code)
        else:  # a barrier
            self.waiting[chosen] = True
        return -1

    def _release(self) -> None:
        """Lets the threads that wait at barriers go on. Every thread of their block must be there, and at the same one."""
        for block in np.unique(self.block_of_lane[self.waiting]):
            mine = slice(block * self.threads, (block + 1) * self.threads)
            if not self.waiting[mine].all() or (self.at[mine] != self.at[mine][0]).any():
                at = self.module.code[self.at[np.flatnonzero(self.waiting[mine])[0] + mine.start] - 1]
                raise PTXError(f"divergent barrier: {at.text} is not where all threads of a block are")
        self.epoch[np.unique(self.block_of_lane[self.waiting])] += 1
        self.waiting[:] = False


def reinterpret(value: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """The same bits as another type; of another width, the low bits or with zeros above them."""
    if value.dtype is dtype:
        return value
    size, wanted = value.dtype.itemsize, dtype.itemsize
    if value.dtype.kind == "b" or dtype.kind == "b":
        return value.astype(dtype)
    if size == wanted:
        return np.ascontiguousarray(value).view(dtype)
    return np.ascontiguousarray(value).view(UNSIGNED[size]).astype(UNSIGNED[wanted]).view(dtype)


def launch(
    program: Program,
    grid: Triple,
    block: Triple,
    parameters: Sequence[Any],
    memory: GlobalMemory,
    counting: bool = False,
    most: int | None = None,
) -> Counter[str]:
    """Runs all blocks, or the first ``most``. Returns what ``Machine.counts`` has, of all; with ``counting`` memory's too."""
    blocks = grid[0] * grid[1] * grid[2]
    blocks = blocks if most is None else min(blocks, most)
    together = max(1, LANES // (block[0] * block[1] * block[2]))
    counts: Counter[str] = Counter()
    if program.module.sizes["global"] and id(program.module) not in memory.constants:
        memory.place_constants(program.module)
    with np.errstate(all="ignore"):
        for start in range(0, blocks, together):
            some = range(start, min(blocks, start + together))
            machine = Machine(program, grid, block, some, parameters, memory, counting)
            machine.run()
            counts.update(machine.counts)
    memory.settle()
    return counts
