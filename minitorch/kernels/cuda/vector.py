"""Several neighbouring elements at once. numba never makes such accesses by itself, and a product of matrices lives on them.

An access is of 16 bytes at most, at an index that the number of its elements divides.
"""

from __future__ import annotations

from math import gcd
from typing import Any

import numpy as np

from minitorch.kernels.cuda.device import SIMULATED

BYTES = 16


def lanes(dtype: np.dtype) -> int:
    """How many elements there are in one access."""
    return BYTES // dtype.itemsize


def at_once(run: int, dtype: np.dtype) -> int:
    """How many elements to access at once in memory where lines of that length follow each other."""
    return gcd(run, lanes(dtype))


if SIMULATED:

    def load(array: Any, index: Any, like: tuple[Any, ...]) -> Any:
        return tuple(array[index + n] for n in range(len(like)))

    def store(array: Any, index: Any, values: tuple[Any, ...]) -> None:
        for n, each in enumerate(values):
            array[index + n] = each

else:
    from llvmlite import ir
    from numba import types
    from numba.cuda.extending import intrinsic  # the simulator has none

    def _pointer(context: Any, builder: Any, kind: Any, array: Any, index: Any, vector: Any) -> Any:
        data = context.make_array(kind)(context, builder, array).data
        return builder.bitcast(builder.gep(data, [index]), vector.as_pointer())

    def _vector_of(context: Any, kind: Any, count: int) -> Any:
        return ir.VectorType(context.get_data_type(kind.dtype), count)

    @intrinsic
    def load(typing_context, array, index, like):
        """As many elements as the tuple ``like`` has, from an index on."""
        result = types.UniTuple(array.dtype, len(like))

        def generate(context, builder, signature, arguments):
            index = context.cast(builder, arguments[1], signature.args[1], types.intp)
            vector = _vector_of(context, array, len(like))
            found = builder.load(_pointer(context, builder, array, arguments[0], index, vector))
            found.align = context.get_abi_sizeof(vector)
            parts = [builder.extract_element(found, ir.Constant(ir.IntType(32), n)) for n in range(len(like))]
            return context.make_tuple(builder, signature.return_type, parts)

        return result(array, index, like), generate

    @intrinsic
    def store(typing_context, array, index, values):
        """Writes the elements of a tuple from an index on."""

        def generate(context, builder, signature, arguments):
            index = context.cast(builder, arguments[1], signature.args[1], types.intp)
            vector = _vector_of(context, array, len(values))
            whole = ir.Constant(vector, ir.Undefined)
            for n in range(len(values)):
                part = builder.extract_value(arguments[2], n)
                whole = builder.insert_element(whole, part, ir.Constant(ir.IntType(32), n))
            stored = builder.store(whole, _pointer(context, builder, array, arguments[0], index, vector))
            stored.align = context.get_abi_sizeof(vector)
            return context.get_dummy_value()

        return types.void(array, index, values), generate
