"""Instructions that move: between registers, from type to type, to memory and back."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.ptx import arithmetic
from tests.ptx.machine import LOCAL, SHARED, Machine, Run, reinterpret
from tests.ptx.meanings import meaning, only, rounding, values
from tests.ptx.module import DTYPES, Address, Instruction, PTXError, Register, Symbol

Array = np.ndarray
U64 = np.dtype(np.uint64)

# -- moves and conversions ----------------------------------------------------------------------------------------------


@meaning("mov")
def _move(instruction: Instruction) -> Run:
    dtype, _ = only(instruction)
    target, source = instruction.operands
    if isinstance(source, tuple):
        return _pack(target, source, dtype)
    if isinstance(target, tuple):
        return _unpack(target, source, dtype)
    return values(instruction, dtype, lambda a: a)


def _pack(target: object, parts: tuple, dtype: np.dtype) -> Run:
    part = np.dtype(f"u{dtype.itemsize // len(parts)}")

    def run(machine: Machine) -> None:
        whole = np.zeros(1, dtype)
        for n, each in enumerate(parts):
            whole = whole | machine.read(each, part).astype(dtype) << dtype.type(8 * part.itemsize * n)
        machine.write(target, whole)

    return run


def _unpack(targets: tuple, source: object, dtype: np.dtype) -> Run:
    part = np.dtype(f"u{dtype.itemsize // len(targets)}")

    def run(machine: Machine) -> None:
        whole = machine.read(source, dtype)
        for n, each in enumerate(targets):
            machine.write(each, (whole >> dtype.type(8 * part.itemsize * n)).astype(part))

    return run


@meaning("cvt")
def _convert(instruction: Instruction) -> Run:
    *others, to, of = instruction.modifiers
    known = {"rn", "rz", "rm", "rp", "rni", "rzi", "rmi", "rpi", "sat", "ftz"}
    if {*others} - known or to not in DTYPES or of not in DTYPES or (len(others) == 2 and "ftz" not in others):
        raise PTXError(f"unknown instruction: {instruction.text}")
    target, source = instruction.operands
    convert = conversion(DTYPES[of], DTYPES[to], {*others}, instruction.text)
    return lambda machine: machine.write(target, extended(convert(machine.read(source, DTYPES[of])), target))


def conversion(of: np.dtype, to: np.dtype, others: set[str], text: str) -> Callable[[Array], Array]:
    whole = next((each for each in arithmetic.ROUNDINGS if each in others), None)
    if of.kind == "f" and to.kind != "f":
        return lambda a: arithmetic.to_integer(a, to, whole or "rzi")
    if "sat" in others:
        if of.kind != "f":
            raise PTXError(f"unknown instruction: {text}")
        return lambda a: np.where(np.isnan(a), to.type(0), np.clip(a, 0, 1).astype(to))
    if whole:
        return lambda a: arithmetic.ROUNDINGS[whole](a).astype(to)
    if rounding(others) != "rn":
        if (of, to) != (arithmetic.F64, arithmetic.F32):
            raise PTXError(f"unknown instruction: {text}")
        return lambda a: arithmetic.to_float32(a, rounding(others))
    return lambda a: a.astype(to)


def extended(value: Array, register: object) -> Array:
    """A value as wide as the register: signed numbers keep their sign."""
    if isinstance(register, Register) and value.dtype.kind == "i" and register.dtype.itemsize > value.dtype.itemsize:
        return value.astype(f"i{register.dtype.itemsize}")
    return value


@meaning("cvta")
def _generic_address(instruction: Instruction) -> Run:
    _, others = only(instruction, "to", "global", "shared", "local")
    start = SHARED if "shared" in others else LOCAL if "local" in others else 0
    sign = np.uint64(start if "to" not in others else -start % 2**64)
    return values(instruction, U64, lambda a: a + sign)


# -- memory -------------------------------------------------------------------------------------------------------------


@meaning("ld", "st")
def _access(instruction: Instruction) -> Run:
    dtype, others = only(instruction, "param", "global", "shared", "local", "nc", "v2", "v4", "volatile")
    write = instruction.opcode == "st"
    address, registers = instruction.operands if write else reversed(instruction.operands)
    registers = registers if isinstance(registers, tuple) else (registers,)
    if not isinstance(address, Address):
        raise PTXError(f"unknown instruction: {instruction.text}")
    if "param" in others:
        return (_write_parameter if write else _read_parameter)(address, registers[0], dtype)
    space = next((each for each in ("global", "shared", "local") if each in others), "generic")
    size, count, text = dtype.itemsize, len(registers), instruction.text

    def run(machine: Machine) -> None:
        parts = machine.access(space, machine.addresses(address), size * count, write, text)
        for n, register in enumerate(registers):
            if write:
                value = np.broadcast_to(machine.read(register, dtype), len(machine.active_lanes()))
                for region, which, at in parts:
                    region.view(dtype)[at // size + n] = value[which]
            else:
                value = np.empty(len(machine.active_lanes()), dtype)
                for region, which, at in parts:
                    value[which] = region.view(dtype)[at // size + n]
                machine.write(register, extended(value, register))

    return run


def _read_parameter(address: Address, target: object, dtype: np.dtype) -> Run:
    name = address.base.name if isinstance(address.base, Symbol) else ""

    def run(machine: Machine) -> None:
        if name in machine.parameters:
            value = np.array([machine.parameters[name]], machine.module.parameters[name])
            machine.write(target, extended(reinterpret(value, dtype), target))
        else:
            machine.write(target, machine.read(Register(f"{name}+{address.offset}", dtype), dtype))

    return run


def _write_parameter(address: Address, source: object, dtype: np.dtype) -> Run:
    place = Register(f"{address.base.name}+{address.offset}", dtype)  # type: ignore[union-attr]
    return lambda machine: machine.write(place, machine.read(source, dtype))


@meaning("bar")
def _warp_barrier(instruction: Instruction) -> Run:
    return lambda machine: None
