"""What every instruction means."""

from __future__ import annotations

from tests.ptx import calculation, movement
from tests.ptx.machine import Run
from tests.ptx.meanings import MEANINGS
from tests.ptx.module import Instruction, PTXError

CONTROL = ("bra", "ret", "exit")
FAMILIES = (calculation, movement)  # importing them has filled the table


def mean(instruction: Instruction) -> Run | None:
    """What an instruction does; None for those that say where threads go on."""
    barrier = instruction.opcode in ("bar", "barrier") and "warp" not in instruction.modifiers
    if barrier and "sync" not in instruction.modifiers:
        raise PTXError(f"unknown instruction: {instruction.text}")
    if barrier or instruction.opcode in CONTROL:
        return None
    if instruction.opcode not in MEANINGS:
        raise PTXError(f"unknown instruction: {instruction.text}")
    return MEANINGS[instruction.opcode](instruction)
