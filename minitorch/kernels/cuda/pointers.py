"""Elements of arrays that are known by their addresses, for kernels that work on any number of arrays in one launch."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from minitorch.kernels.cuda.device import SIMULATED

if SIMULATED:  # whose memory is the host's

    def _element(address: Any, index: Any, like: Any) -> np.ndarray:
        there = (ctypes.c_char * like.itemsize).from_address(int(address) + int(index) * like.itemsize)
        return np.frombuffer(there, like.dtype)

    def load(address: Any, index: Any, like: Any) -> Any:
        return _element(address, index, like)[0]

    def store(address: Any, index: Any, value: Any) -> None:
        _element(address, index, value)[0] = value

else:
    from llvmlite import ir
    from numba import types
    from numba.cuda.extending import intrinsic  # the simulator has none

    GLOBAL = 1  # the number of the kind of memory that arrays are in

    def _pointer(context: Any, builder: Any, arguments: Any, signature: Any, kind: Any) -> Any:
        address, index = (
            context.cast(builder, given, its, types.uint64)
            for given, its in zip(arguments[:2], signature.args[:2], strict=True)
        )
        size = ir.Constant(ir.IntType(64), kind.bitwidth // 8)
        place = builder.add(address, builder.mul(index, size))
        return builder.inttoptr(place, context.get_data_type(kind).as_pointer(GLOBAL))

    @intrinsic
    def load(typing_context, address, index, like):
        """The element at an index of an array that begins at an address; of the type of ``like``."""

        def generate(context, builder, signature, arguments):
            return builder.load(_pointer(context, builder, arguments, signature, like))

        return like(address, index, like), generate

    @intrinsic
    def store(typing_context, address, index, value):
        """Writes an element at an index of an array that begins at an address."""

        def generate(context, builder, signature, arguments):
            builder.store(arguments[2], _pointer(context, builder, arguments, signature, value))
            return context.get_dummy_value()

        return types.void(address, index, value), generate
