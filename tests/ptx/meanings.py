"""Where the meanings of instructions are kept, and what they share.

A *meaning* is a function of the instruction, which looks at its modifiers once, to a function of the machine. An instruction that
has none is an error, and so is a modifier that is not looked at.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.ptx import arithmetic
from tests.ptx.machine import Machine, Run
from tests.ptx.module import DTYPES, Instruction, PTXError

Array = np.ndarray
MEANINGS: dict[str, Callable[[Instruction], Run]] = {}


def meaning(*opcodes: str) -> Callable[[Callable[[Instruction], Run]], Callable[[Instruction], Run]]:
    def register(function: Callable[[Instruction], Run]) -> Callable[[Instruction], Run]:
        MEANINGS.update(dict.fromkeys(opcodes, function))
        return function

    return register


def only(instruction: Instruction, *known: str) -> tuple[np.dtype, set[str]]:
    """The type that an instruction ends with, and its other modifiers, which must be among the known ones."""
    *others, type = instruction.modifiers
    if type not in DTYPES or {*others} - {*known}:
        raise PTXError(f"unknown instruction: {instruction.text}")
    return DTYPES[type], {*others}


def values(
    instruction: Instruction, dtype: np.dtype, compute: Callable[..., Array], result: np.dtype | None = None
) -> Run:
    """Reads all operands but the first as ``dtype``, and writes what is computed of them to the first."""
    target, *sources = instruction.operands

    def run(machine: Machine) -> None:
        found = compute(*[machine.read(each, dtype) for each in sources])
        machine.write(target, found if result is None else found.astype(result))

    return run


def rounding(others: set[str]) -> str:
    return next((each for each in ("rn", "rz", "rm", "rp") if each in others), "rn")


def flushing(others: set[str], compute: Callable[..., Array]) -> Callable[..., Array]:
    if "ftz" not in others:
        return compute
    return lambda *operands: arithmetic.flush(compute(*map(arithmetic.flush, operands)))
