"""Mixing operands: which dtype and which shape the result has.

Source: torch's page "Tensor Attributes", type promotion. Operands count in three classes: tensors with dimensions, tensors
without, Python numbers. A class decides the dtype only where its category (bool, integer, floating) is higher than that of
the classes before it.
"""

from __future__ import annotations

import math
import numbers
from functools import reduce
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.dtypes import BOOLEAN, FLOATING, dtype, from_numpy_dtype, promote_types
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import cast

Number = bool | int | float


def number_dtype(number: Any) -> dtype:
    """The dtype that a Python number counts as; numpy's truth values count as floats, as in torch."""
    if isinstance(number, bool):
        return dtypes.bool
    return dtypes.int64 if isinstance(number, numbers.Integral) else dtypes.get_default_dtype()


def result_dtype(arrays: list[Any]) -> dtype:
    """The dtype that arrays and Python numbers have together."""
    classes: list[list[dtype]] = [[], [], []]
    for each in arrays:
        if type(each) not in tables:  # numpy's scalars count as Python's
            classes[2].append(number_dtype(each))
        else:
            classes[1 if each.ndim == 0 else 0].append(from_numpy_dtype(each.dtype))
    found: dtype | None = None
    for members in classes:
        if members:
            joined = reduce(promote_types, members)
            if found is None or joined.category > found.category:
                found = joined
    assert found is not None
    return found


def promote(arrays: list[Any], floats: bool, operator: str) -> list[Any]:
    """Brings arrays and numbers to their common dtype, or with ``floats`` at least to the default floating point dtype.

    Raises:
        TypeError: an operand is neither a tensor nor a number.
    """
    for position, each in enumerate(arrays, 1):
        if type(each) not in tables and not isinstance(each, numbers.Number | np.generic):
            name = "input" if position == 1 else "other"
            raise TypeError(
                f"{operator}(): argument '{name}' (position {position}) must be Tensor, not {type(each).__name__}"
            )
    common = result_dtype(arrays)
    if floats and common.category != FLOATING:
        common = dtypes.get_default_dtype()
    return [as_dtype(each, common) for each in arrays]


def check_fits(number: Any, wanted: dtype) -> None:
    """Some operators do not let numbers wrap around; to unsigned types, negative ones may, as far as the type reaches.

    Raises:
        RuntimeError: the type does not hold the number.
        OverflowError: neither do 64 bits.
    """
    if isinstance(number, int) and not -(2**63) <= number < 2**64:
        raise OverflowError("int too big to convert")
    if wanted.category == dtypes.BOOLEAN or number is None:
        return
    if wanted.category == dtypes.FLOATING:
        if math.isfinite(number) and abs(number) > dtypes.limits_of(wanted.numpy).max:
            raise RuntimeError(f"value cannot be converted to type {wanted.cpp_name} without overflow")
        return
    bounds = np.iinfo(wanted.numpy)
    if not (bounds.min or -bounds.max) <= number <= bounds.max:
        name = "int" if wanted is dtypes.int32 else f"{wanted.name}_t"
        raise RuntimeError(f"value cannot be converted to type {name} without overflow")


def as_dtype(operand: Any, common: dtype) -> Any:
    if type(operand) in tables:
        return tables[type(operand)].cast(operand, common.numpy)
    if common.category == FLOATING:
        return operand if type(operand) in (int, float) else float(operand)  # numpy lets these be of any dtype
    if common.category == BOOLEAN:
        return bool(operand)
    number = int(operand)
    if not -(2**63) <= number < 2**64:
        raise OverflowError("int too big to convert")
    return cast(np.array(number % 2**64, np.uint64), common.numpy)  # out of range wraps around, as in torch


def array_of(number: Any, dtype: np.dtype) -> np.ndarray:
    """A number as an array without dimensions."""
    return cast(np.asarray(number), dtype)


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape that all of these expand to.

    Raises:
        RuntimeError: two sizes differ and neither is 1.
    """
    result: tuple[int, ...] = ()
    for shape in shapes:
        longer = max(len(result), len(shape))
        a, b = (1,) * (longer - len(result)) + tuple(result), (1,) * (longer - len(shape)) + tuple(shape)
        for d in reversed(range(longer)):
            if a[d] != b[d] and 1 not in (a[d], b[d]):
                raise RuntimeError(
                    f"The size of tensor a ({a[d]}) must match the size of tensor b ({b[d]}) at non-singleton dimension {d}"
                )
        result = tuple(y if x == 1 else x for x, y in zip(a, b, strict=True))
    return result
