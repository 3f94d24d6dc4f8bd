"""Instructions that compute: arithmetic, bits, comparisons and choices."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tests.ptx import arithmetic
from tests.ptx.machine import Machine, Run
from tests.ptx.meanings import flushing, meaning, only, rounding, values
from tests.ptx.module import Instruction, PTXError, Register

Array = np.ndarray
BOOL, U32 = np.dtype(bool), np.dtype(np.uint32)
CARRY = Register("carry", U32)

# -- arithmetic ---------------------------------------------------------------------------------------------------------

BINARY = {"add": np.add, "sub": np.subtract, "mul": np.multiply, "div": np.true_divide}


@meaning("add", "sub", "mul", "div", "addc", "subc")
def _binary(instruction: Instruction) -> Run:
    name = instruction.opcode
    dtype, others = only(instruction, "rn", "rz", "rm", "rp", "ftz", "approx", "full", "lo", "hi", "wide", "cc")
    if dtype.kind != "f":
        if name in ("addc", "subc") or "cc" in others:
            return _with_carry(instruction, dtype, others)
        if name == "mul":
            return values(instruction, dtype, lambda a, b: product(a, b, others))
        return values(instruction, dtype, {**BINARY, "div": quotient}[name])
    mode = rounding(others)
    compute: Callable[..., Array] = BINARY[name]
    if mode != "rn":
        if dtype != arithmetic.F32 or name not in ("add", "sub", "mul"):
            raise PTXError(f"unknown instruction: {instruction.text}")
        compute = {
            "add": lambda a, b: arithmetic.add32(a, b, mode),
            "sub": lambda a, b: arithmetic.add32(a, -b, mode),
            "mul": lambda a, b: arithmetic.fma32(a, b, np.zeros_like(a), mode),
        }[name]
    return values(instruction, dtype, flushing(others, compute))


def product(a: Array, b: Array, others: set[str]) -> Array:
    """Of integers: the low half, the high half, or the whole in twice the width."""
    dtype = a.dtype
    if "lo" in others:
        return a * b
    if dtype.itemsize == 8:
        if "wide" in others:
            raise PTXError("products of 128 bits")
        pairs = np.broadcast(a, b)
        return np.array([int(x) * int(y) >> 64 for x, y in pairs], object).astype(dtype).reshape(pairs.shape)
    wide = np.dtype(f"{dtype.kind}{2 * dtype.itemsize}")
    whole = a.astype(wide) * b.astype(wide)
    return whole if "wide" in others else (whole >> wide.type(8 * dtype.itemsize)).astype(dtype)


def quotient(a: Array, b: Array) -> Array:
    """Of integers, towards zero."""
    if (b == 0).any():
        raise PTXError("division by zero")
    whole = a // b
    return whole if a.dtype.kind == "u" else whole + ((whole < 0) & (whole * b != a)).astype(a.dtype)


@meaning("rem")
def _remainder(instruction: Instruction) -> Run:
    dtype, _ = only(instruction)
    return values(instruction, dtype, lambda a, b: a - quotient(a, b) * b)


@meaning("fma", "mad", "madc")
def _product_and_sum(instruction: Instruction) -> Run:
    dtype, others = only(instruction, "rn", "rz", "rm", "rp", "ftz", "lo", "hi", "wide", "cc")
    if dtype.kind == "f":
        mode = rounding(others)
        if dtype == arithmetic.F32:
            return values(instruction, dtype, flushing(others, lambda a, b, c: arithmetic.fma32(a, b, c, mode)))
        if mode != "rn":
            raise PTXError(f"unknown instruction: {instruction.text}")
        return values(instruction, dtype, arithmetic.fma64)
    if instruction.opcode == "madc" or "cc" in others:
        return _with_carry(instruction, dtype, others)
    target, a, b, c = instruction.operands
    wide = np.dtype(f"{dtype.kind}{2 * dtype.itemsize}") if "wide" in others else dtype

    def run(machine: Machine) -> None:
        whole = product(machine.read(a, dtype), machine.read(b, dtype), others)
        machine.write(target, whole + machine.read(c, wide))

    return run


def _with_carry(instruction: Instruction, dtype: np.dtype, others: set[str]) -> Run:
    """Sums and differences of 32 bits that take a carry (…c), leave one (.cc), or both."""
    name = instruction.opcode
    if dtype.itemsize != 4:
        raise PTXError(f"unknown instruction: {instruction.text}")
    target, *sources = instruction.operands

    def run(machine: Machine) -> None:
        a, b, *c = (machine.read(each, U32) for each in sources)
        if c:
            a, b = product(a, b, others - {"cc"}), c[0]
        taken = machine.read(CARRY, U32).astype(np.int64) if name.endswith("c") else 0
        sign = -1 if name.startswith("sub") else 1
        total = a.astype(np.int64) + sign * (b.astype(np.int64) + taken)
        machine.write(target, (total & 0xFFFFFFFF).astype(U32))
        if "cc" in others:
            machine.write(CARRY, ((total >> 32) & 1).astype(U32))

    return run


@meaning("min", "max")
def _extreme(instruction: Instruction) -> Run:
    dtype, others = only(instruction, "NaN", "ftz")
    low = instruction.opcode == "min"
    if dtype.kind != "f":
        return values(instruction, dtype, np.minimum if low else np.maximum)
    choose, nan = (arithmetic.smaller if low else arithmetic.larger), "NaN" in others
    return values(instruction, dtype, flushing(others, lambda a, b: choose(a, b, nan)))


@meaning("neg", "abs", "copysign")
def _sign(instruction: Instruction) -> Run:
    dtype, others = only(instruction, "ftz")
    compute = {"neg": np.negative, "abs": np.abs, "copysign": lambda sign, a: np.copysign(a, sign)}[instruction.opcode]
    return values(instruction, dtype, flushing(others, compute))


@meaning("ex2", "lg2", "rcp", "sqrt", "rsqrt", "sin", "cos", "tanh")
def _function(instruction: Instruction) -> Run:
    dtype, others = only(instruction, "approx", "ftz", "rn")
    compute = arithmetic.APPROXIMATIONS[instruction.opcode]
    return values(instruction, dtype, flushing(others, lambda a: compute(a.astype(arithmetic.F64)).astype(dtype)))


# -- bits ---------------------------------------------------------------------------------------------------------------


@meaning("and", "or", "xor", "not")
def _logic(instruction: Instruction) -> Run:
    dtype, _ = only(instruction)
    compute = {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor, "not": np.invert}
    return values(instruction, dtype, compute[instruction.opcode])


@meaning("shl", "shr")
def _shift(instruction: Instruction) -> Run:
    dtype, _ = only(instruction)
    target, source, amount = instruction.operands
    width = 8 * dtype.itemsize

    def run(machine: Machine) -> None:
        a, by = machine.read(source, dtype), machine.read(amount, U32)
        beyond, shift = by >= width, np.minimum(by, width - 1).astype(dtype)
        if instruction.opcode == "shl":
            result = np.where(beyond, dtype.type(0), a << shift)
        else:
            result = np.where(beyond & (dtype.kind == "u"), dtype.type(0), a >> shift)
        machine.write(target, result)

    return run


@meaning("clz", "popc")
def _count_bits(instruction: Instruction) -> Run:
    dtype, _ = only(instruction)
    width = 8 * dtype.itemsize

    def leading_zeros(a: Array) -> Array:
        for shift in (1, 2, 4, 8, 16, 32)[: width.bit_length() - 1]:
            a = a | a >> dtype.type(shift)
        return width - np.bitwise_count(a)

    return values(instruction, dtype, leading_zeros if instruction.opcode == "clz" else np.bitwise_count, U32)


@meaning("bfe")
def _extract_bits(instruction: Instruction) -> Run:
    dtype, _ = only(instruction)
    if dtype.kind != "u":
        raise PTXError(f"unknown instruction: {instruction.text}")

    def extract(a: Array, start: Array, length: Array) -> Array:
        mask = np.where(length >= 8 * dtype.itemsize, ~dtype.type(0), (dtype.type(1) << length) - dtype.type(1))
        return np.where(start >= 8 * dtype.itemsize, dtype.type(0), (a >> start) & mask)

    return values(instruction, dtype, extract)


@meaning("bfi")
def _insert_bits(instruction: Instruction) -> Run:
    dtype, _ = only(instruction)
    one, width = dtype.type(1), 8 * dtype.itemsize

    def insert(a: Array, b: Array, start: Array, length: Array) -> Array:
        mask = np.where(length >= width, ~dtype.type(0), (one << length) - one)
        mask = np.where(start >= width, dtype.type(0), mask << start)
        return (b & ~mask) | ((a << start) & mask)

    return values(instruction, dtype, insert)


# -- comparison and choice ----------------------------------------------------------------------------------------------

COMPARISONS = {
    "eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
    "lo": np.less, "ls": np.less_equal, "hi": np.greater, "hs": np.greater_equal,
}  # fmt: skip
UNORDERED = {each + "u": each for each in ("eq", "ne", "lt", "le", "gt", "ge")}


def comparison(name: str, dtype: np.dtype) -> Callable[[Array, Array], Array]:
    """Without u a comparison with NaN is false, with it true."""
    if name in ("num", "nan"):
        return lambda a, b: (np.isnan(a) | np.isnan(b)) == (name == "nan")
    if name in UNORDERED:
        return lambda a, b: COMPARISONS[UNORDERED[name]](a, b) | np.isnan(a) | np.isnan(b)
    if name == "ne" and dtype.kind == "f":
        return lambda a, b: (a != b) & ~np.isnan(a) & ~np.isnan(b)
    return COMPARISONS[name]


@meaning("setp")
def _compare(instruction: Instruction) -> Run:
    known = (*COMPARISONS, *UNORDERED, "num", "nan")
    dtype, others = only(instruction, *known, "and", "or", "xor", "ftz")
    compare = comparison(next(each for each in others if each in known), dtype)
    join = next((COMBINE[each] for each in others if each in COMBINE), None)
    target, a, b, *last = instruction.operands

    def run(machine: Machine) -> None:
        result = compare(machine.read(a, dtype), machine.read(b, dtype))
        machine.write(target, join(result, machine.read(last[0], BOOL)) if join else result)

    return run


COMBINE = {"and": np.logical_and, "or": np.logical_or, "xor": np.logical_xor}


@meaning("selp")
def _select(instruction: Instruction) -> Run:
    dtype, _ = only(instruction)
    target, a, b, which = instruction.operands

    def run(machine: Machine) -> None:
        machine.write(target, np.where(machine.read(which, BOOL), machine.read(a, dtype), machine.read(b, dtype)))

    return run
