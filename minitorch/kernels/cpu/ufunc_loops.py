"""numpy's element-wise functions, shared among numba's threads.

A ufunc holds compiled loops, one for each combination of dtypes, that take addresses, a count and the distances between
elements. They need neither Python nor its lock, so each thread can run the very same loop on a part of the arrays: results
are numpy's, to the bit, and nothing is compiled but the sharing.

Source: ``PyUFuncObject`` and ``PyUFuncGenericFunction`` in numpy's C interface.
"""

from __future__ import annotations

import ctypes
from functools import cache, lru_cache
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.cpu.threads import get_num_threads

Array = np.ndarray


def call(ufunc: np.ufunc, *operands: Array, out: Array | None = None) -> Array | None:
    """``ufunc(*operands)`` on all threads; ``None`` where there is no loop for that.

    With ``out``, which has the result's shape, the result is written there.

    There is one for arrays whose elements lie evenly spaced, in rows that lie evenly spaced: others need more than two steps.
    """
    loop = loop_of(ufunc, *[each.dtype for each in operands])
    if loop is None:
        return None
    function, data, dtype = loop
    if out is not None and out.dtype is not dtype:
        return None
    target = dtype.itemsize if out is None else out.strides
    layout = _layout(target, *[(each.shape, each.strides) for each in operands])
    if layout is None:
        return None
    shape, order, rows, count, row_steps, steps = layout
    given = out is not None
    if out is None:
        out = np.empty(shape, dtype)
    addresses = [each.ctypes.data for each in operands]
    addresses.append(out.ctypes.data)
    if len(operands) == 1:  # the kernel takes three, of which the loop then does not look at the last
        addresses.append(0)
    _run(function, data, *addresses, *row_steps, *steps, rows, count, get_num_threads())
    return out if given or order is None else out.transpose(order)


Layout = tuple[tuple[int, ...], tuple[int, ...] | None, int, int, list[int], list[int]]


@lru_cache(maxsize=1024)  # which takes a hundredth of the time
def _layout(target: int | tuple[int, ...], *operands: tuple[tuple[int, ...], tuple[int, ...]]) -> Layout | None:
    """How to go through operands of these shapes and strides, and what to write to.

    Args:
        target: the size of an element of the result, or the strides of what it is to be written to.
        operands: the shape and strides of each.

    Returns:
        The result's shape in the order of memory, the order of dimensions that makes it the result (``None``: it is), the
        number of rows and of elements in each; and for operands and result the distance between rows, and between the
        elements of a row.
    """
    shape = np.broadcast_shapes(*[shape for shape, _ in operands])
    strides = [_expanded(shape, *each) for each in operands]
    full = next((own for own, (given, _) in zip(strides, operands, strict=True) if given == shape), strides[0])
    order = sorted(range(len(shape)), key=lambda d: -full[d])
    shape = tuple([shape[d] for d in order])
    of_out = [target * prod(shape[d + 1 :]) if isinstance(target, int) else target[own] for d, own in enumerate(order)]
    found = _as_rows(shape, [*([own[d] for d in order] for own in strides), of_out])
    if found is None:
        return None
    rows, row_steps, steps = found
    if len(operands) == 1:
        row_steps, steps = [*row_steps, 0], [*steps, 0]
    back = None if order == sorted(order) else tuple([order.index(d) for d in range(len(order))])
    return shape, back, rows, prod(shape) // rows if rows else 0, row_steps, steps


def _expanded(shape: tuple[int, ...], own: tuple[int, ...], strides: tuple[int, ...]) -> list[int]:
    """The strides of an array that is broadcast to a shape."""
    missing = len(shape) - len(own)
    return [0] * missing + [
        0 if size != whole else stride for size, stride, whole in zip(own, strides, shape[missing:], strict=True)
    ]


def _as_rows(shape: tuple[int, ...], strides: list[list[int]]) -> tuple[int, list[int], list[int]] | None:
    """The number of rows; and for each array the distance between rows, and between the elements of a row."""
    for split in range(len(shape) + 1):
        row_steps: Any = [_step(shape[:split], each[:split]) for each in strides]
        steps: Any = [_step(shape[split:], each[split:]) for each in strides]
        if None not in row_steps and None not in steps:
            return prod(shape[:split]), row_steps, steps
    return None


def _step(shape: tuple[int, ...], strides: list[int]) -> int | None:
    """The distance between neighbours in these dimensions, if they lie evenly spaced."""
    sizes = [(size, stride) for size, stride in zip(shape, strides, strict=True) if size != 1]
    for (_, outer), (size, inner) in pairwise(sizes):
        if outer != size * inner:
            return None
    return sizes[-1][1] if sizes else 0


class _UFunc(ctypes.Structure):
    """The beginning of ``PyUFuncObject``."""

    _fields_ = [
        ("head", ctypes.c_byte * object.__basicsize__),
        ("counts", ctypes.c_int * 4),
        ("functions", ctypes.POINTER(ctypes.c_void_p)),
        ("data", ctypes.POINTER(ctypes.c_void_p)),
        ("ntypes", ctypes.c_int),
    ]


@cache
def loop_of(ufunc: np.ufunc, *dtypes: np.dtype) -> tuple[int, int, np.dtype] | None:
    """The address of the loop for these dtypes, that of what it is to be given, and the dtype of the result."""
    signature = "".join(each.char for each in dtypes) + "->"
    for number, each in enumerate(ufunc.types):
        if each.startswith(signature):
            struct = _UFunc.from_address(id(ufunc))
            return struct.functions[number] or 0, struct.data[number] or 0, np.dtype(each[-1])
    return None


@parallel_jit
def _run(function, data, a, b, c, a_row, b_row, c_row, a_step, b_step, c_step, rows, count, threads):
    """Each thread takes a share of the rows, or of the row if there is one."""
    for thread in prange(threads):
        begin, end, first, last = 0, count, thread * rows // threads, (thread + 1) * rows // threads
        if rows == 1:
            begin, end, first, last = thread * count // threads, (thread + 1) * count // threads, 0, 1
        for row in range(first, last):
            call_loop(
                function, data, a + row * a_row + begin * a_step, b + row * b_row + begin * b_step,
                c + row * c_row + begin * c_step, a_step, b_step, c_step, end - begin,
            )  # fmt: skip


@intrinsic
def call_loop(typing_context, function, data, a, b, c, a_step, b_step, c_step, count):
    """``function((a, b, c), &count, (a_step, b_step, c_step), data)``."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(64)
        function, data, a, b, c, a_step, b_step, c_step, count = (
            context.cast(builder, each, given, types.int64)
            for each, given in zip(arguments, signature.args, strict=True)
        )

        def table(*values: ir.Value) -> ir.Value:
            place = cgutils.alloca_once(builder, word, len(values))
            for number, value in enumerate(values):
                builder.store(value, builder.gep(place, [ir.Constant(word, number)]))
            return place

        kind = ir.FunctionType(ir.VoidType(), [word.as_pointer()] * 3 + [word])
        loop = builder.inttoptr(function, kind.as_pointer())
        builder.call(loop, [table(a, b, c), table(count), table(a_step, b_step, c_step), data])
        return context.get_dummy_value()

    return types.void(function, data, a, b, c, a_step, b_step, c_step, count), generate
