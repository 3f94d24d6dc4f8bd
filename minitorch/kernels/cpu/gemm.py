"""Products of matrices, through numpy's BLAS, but called from compiled code.

For small matrices the way to BLAS takes longer than the product. Compiled, it is one call: the bias is laid out, BLAS is kept
to one thread where that pays, and the product is added.

Source: ``cblas_?gemm``, as described in the reference implementation of BLAS.
"""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from minitorch.kernels.cpu import matmul
from minitorch.kernels.cpu.compiler import jit
from minitorch.kernels.cpu.threads import blas_library, blas_variable
from minitorch.kernels.halves import in_float32

__all__ = ["addmm", "mm"]

Array = np.ndarray

LARGE = 2**26  # multiplications from which more than one thread pays
ROW_MAJOR, PLAIN, TRANSPOSED = 101, 111, 112  # as cblas.h numbers them

_threads = blas_variable()
_THREADS = 0 if _threads is None else ctypes.addressof(_threads)
"""Where BLAS keeps the number of its threads; 0 where that is not known."""


def _address(name: str) -> int | None:
    found = getattr(blas_library, name, None)
    return None if found is None else ctypes.cast(found, ctypes.c_void_p).value


_FUNCTIONS = {
    np.dtype(dtype): address
    for dtype, letter in ((np.float32, "s"), (np.float64, "d"))
    if (address := _address(f"scipy_cblas_{letter}gemm64_")) is not None  # "64": sizes are int64
}
"""The addresses of BLAS's products by dtype; none where numpy is built with another BLAS, which ``matmul`` is for."""


def mm(a: Array, b: Array) -> Array:
    """(n, k) @ (k, m)."""
    function = _FUNCTIONS.get(a.dtype)
    if function is None or not (a.flags.forc and b.flags.forc):
        return matmul.mm(a, b)
    out = np.empty((len(a), b.shape[1]), a.dtype)
    _product(function, _THREADS, a, b, out)
    return out


def addmm(bias: Array, a: Array, b: Array, beta: float, alpha: float) -> Array:
    """beta * bias + alpha * (a @ b); the bias is broadcast, and ignored (NaN too) for beta = 0."""
    function = _FUNCTIONS.get(a.dtype)
    if (
        function is not None
        and beta == 1
        and alpha == 1
        and a.flags.forc
        and b.flags.forc
        and bias.shape == b.shape[1:]
    ):
        out = np.empty((len(a), b.shape[1]), a.dtype)
        _biased_product(function, _THREADS, bias, a, b, out)
        return out
    return _general_addmm(bias, a, b, beta, alpha)


@in_float32
def _general_addmm(bias: Array, a: Array, b: Array, beta: float, alpha: float) -> Array:
    product = mm(a, b)
    if alpha != 1:
        product *= product.dtype.type(alpha)
    if beta != 0:
        product += bias if beta == 1 else bias * bias.dtype.type(beta)
    return product


@jit
def _product(function, threads, a, b, out):
    if a.size and out.size:
        _on_threads_that_pay(function, threads, a, b, out, False)
    else:
        out[:] = 0


@jit
def _biased_product(function, threads, bias, a, b, out):
    for row in range(len(out)):
        for column in range(len(bias)):
            out[row, column] = bias[column]
    if a.size and out.size:
        _on_threads_that_pay(function, threads, a, b, out, True)


@jit
def _on_threads_that_pay(function, threads, a, b, out, add):
    alone = threads != 0 and len(a) * b.size < LARGE
    before = _exchange(threads, 1) if alone else 1
    _cblas_gemm(function, a, b, add, out)
    if before != 1:
        _exchange(threads, before)


@intrinsic
def _exchange(typing_context, address, value):
    """Writes a C int at an address; returns what was there."""

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        address, value = (
            context.cast(builder, each, given, wanted)
            for each, given, wanted in zip(arguments, signature.args, (types.int64, types.int32), strict=True)
        )
        place = builder.inttoptr(address, ir.IntType(32).as_pointer())
        before = builder.load(place)
        builder.store(value, place)
        return before

    return types.int32(address, value), generate


@intrinsic
def _cblas_gemm(typing_context, function, a, b, add, out):
    """``out = a @ b``, or with ``add`` ``out += a @ b``. ``out`` lies row by row, the others so or column by column."""
    signature = types.void(function, a, b, add, out)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        function, add = (context.cast(builder, arguments[each], signature.args[each], types.int64) for each in (0, 3))
        element, option, one = context.get_data_type(signature.args[1].dtype), ir.IntType(32), 1.0

        def matrix(number: int) -> tuple[ir.Value, ir.Value, ir.Value, tuple[ir.Value, ir.Value]]:
            """How it lies, its height, its width; and its data with the length of a line."""
            kind = signature.args[number]
            array = context.make_array(kind)(context, builder, arguments[number])
            height, width = cgutils.unpack_tuple(builder, array.shape, 2)
            plain = kind.layout == "C"
            return option(PLAIN if plain else TRANSPOSED), height, width, (array.data, width if plain else height)

        (a_order, n, k, a), (b_order, _, m, b), (_, _, _, c) = matrix(1), matrix(2), matrix(4)
        given = [
            option(ROW_MAJOR), a_order, b_order, n, m, k, element(one), *a, *b, builder.sitofp(add, element), *c,
        ]  # fmt: skip
        gemm = builder.inttoptr(function, ir.FunctionType(ir.VoidType(), [each.type for each in given]).as_pointer())
        builder.call(gemm, given)
        return context.get_dummy_value()

    return signature, generate
