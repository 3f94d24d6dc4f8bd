"""How many warps of a kernel a multiprocessor can hold at once: its occupancy.

Source: NVIDIA's "CUDA C++ Programming Guide", section "Compute Capabilities", and the toolkit's ``cuda_occupancy.h``.
"""

from __future__ import annotations

from typing import NamedTuple

WARP = 32  # threads
REGISTERS, PARTITIONS = 65536, 4  # of a multiprocessor; each partition has a fourth of the registers
UNIT = 256  # registers that a warp gets at a time


class Multiprocessor(NamedTuple):
    """What a multiprocessor has.

    Attributes:
        warps, blocks: that it holds at most.
        shared: bytes of shared memory.
        reserved: bytes of it that the system takes of each block.
        unit: bytes of it that are given at a time.
    """

    warps: int
    blocks: int
    shared: int
    reserved: int
    unit: int


MULTIPROCESSORS = {
    (7, 5): Multiprocessor(warps=32, blocks=16, shared=64 << 10, reserved=0, unit=256),
    (8, 0): Multiprocessor(warps=64, blocks=32, shared=164 << 10, reserved=1 << 10, unit=128),
    (9, 0): Multiprocessor(warps=64, blocks=32, shared=228 << 10, reserved=1 << 10, unit=128),
    (10, 0): Multiprocessor(warps=64, blocks=32, shared=228 << 10, reserved=1 << 10, unit=128),
}
"""By compute capability."""


def resident_blocks(capability: tuple[int, int], threads: int, registers: int, shared: int) -> int:
    """Blocks that a multiprocessor holds at once.

    Args:
        threads: in a block.
        registers: of a thread.
        shared: bytes of a block.
    """
    has = MULTIPROCESSORS[capability]
    warps = -(-threads // WARP)
    warps_with_registers = REGISTERS // PARTITIONS // _rounded(registers * WARP, UNIT) * PARTITIONS
    limits = [has.blocks, has.warps // warps, warps_with_registers // warps]
    if shared + has.reserved:
        limits.append(has.shared // _rounded(shared + has.reserved, has.unit))
    return min(limits)


def occupancy(capability: tuple[int, int], threads: int, registers: int, shared: int) -> float:
    """The share of a multiprocessor's places for warps that are taken, at most."""
    blocks = resident_blocks(capability, threads, registers, shared)
    return blocks * -(-threads // WARP) / MULTIPROCESSORS[capability].warps


def _rounded(number: int, unit: int) -> int:
    return -(-number // unit) * unit
