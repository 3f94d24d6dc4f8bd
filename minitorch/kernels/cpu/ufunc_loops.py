"""numpy's element-wise functions, shared among numba's threads.

A ufunc holds compiled loops, one for each combination of dtypes, that take addresses, a count and the distances between
elements. They need neither Python nor its lock, so each thread can run the very same loop on a part of the arrays: results
are numpy's, to the bit, and nothing is compiled but the sharing.

Source: ``PyUFuncObject`` and ``PyUFuncGenericFunction`` in numpy's C interface.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
from llvmlite import ir
from numba import prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from minitorch.kernels.cpu.compiler import parallel_jit
from minitorch.kernels.cpu.threads import get_num_threads

Array = np.ndarray


def call(ufunc: np.ufunc, *operands: Array) -> Array | None:
    """``ufunc(*operands)`` on all threads; ``None`` where there is no loop for that.

    There is one for arrays of one shape (besides those of a single number, without dimensions), whose elements lie evenly
    spaced in a common order.
    """
    loop = loop_of(ufunc, *[each.dtype for each in operands])
    if loop is None:
        return None
    function, data, dtype = loop
    first = operands[0] if operands[0].ndim else operands[-1]
    order = None
    if not first.flags.c_contiguous:
        order = sorted(range(first.ndim), key=lambda d: -first.strides[d])
    addresses, steps = [], []
    for each in operands:
        if each.ndim == 0:
            step = 0
        elif each.shape != first.shape:
            return None
        elif order is None and each.flags.c_contiguous:
            step = each.itemsize
        else:
            step = _step(each, range(each.ndim) if order is None else order)
        addresses.append(each.ctypes.data)
        steps.append(step)
    if None in steps:
        return None
    out = np.empty(first.shape if order is None else [first.shape[d] for d in order], dtype)
    addresses.append(out.ctypes.data)
    steps.append(out.itemsize)
    if len(operands) == 1:  # the kernel takes three, of which the loop then does not look at the last
        addresses.append(0)
        steps.append(0)
    _run(function, data, *addresses, *steps, out.size, get_num_threads())
    return out if order is None else out.transpose(np.argsort(order))


def _step(a: Array, order: Sequence[int]) -> int | None:
    """The distance between neighbours, where elements lie evenly spaced when dimensions are taken in that order."""
    step = extent = 0
    for d in reversed(order):
        if a.shape[d] == 1:
            continue
        if step == 0:
            step, extent = a.strides[d], a.strides[d] * a.shape[d]
        elif a.strides[d] != extent:
            return None
        else:
            extent *= a.shape[d]
    return step


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
def _run(function, data, a, b, c, a_step, b_step, c_step, count, threads):
    for thread in prange(threads):
        begin, end = thread * count // threads, (thread + 1) * count // threads
        call_loop(
            function,
            data,
            a + begin * a_step,
            b + begin * b_step,
            c + begin * c_step,
            a_step,
            b_step,
            c_step,
            end - begin,
        )


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
