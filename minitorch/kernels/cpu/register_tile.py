"""The innermost loops of convolution: a small matrix of sums that stays in the processor's vector registers.

All three products of a convolution come down to a tile of ``rows x columns`` sums, each of them a vector::

    sums[m][v] += left[m] * right[v]        for all m, v; once for each step

Every value that is loaded is used ``rows`` or ``columns`` times, so the multipliers never wait for memory. numba's own
loops cannot say "keep these 24 vectors in registers"; an intrinsic can, as it writes the LLVM code itself. The two
intrinsics below differ in what a step is:

* ``product_tile``: a step is one kernel position of one channel. ``left[m]`` is its weight for output channel m, in all
  lanes; the lanes of ``right[v]`` are neighbouring pixels. The sums are pixels of the output.
* ``dot_tile``: a step is one vector of pixels, on both sides. In the end the lanes are added up: the sums are dot
  products, gradients of weights.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic

_FEATURES = set(cpu_target.target_context.codegen().magic_tuple()[2].split(","))


def _has(*features: str) -> bool:
    return any("+" + each in _FEATURES for each in features)


# Vectors as wide as the processor's; a tile of as many as its registers hold, with some left for `left` and `right`.
VECTOR_BYTES = 64 if _has("avx512f") else 32 if _has("avx", "avx2") else 16
TILE_ROWS = 6
TILE_COLUMNS = 4 if _has("avx512f", "neon") else 2


@intrinsic
def product_tile(
    typing_context, rows, columns, left, left_row, right, right_start, offsets,
    bias, output, output_start, stride, count,
):  # fmt: skip
    """``output[output_start + m * stride + v] = bias[left_row + m]
    + Σ_t left[left_row + m, t] * right[right_start + offsets[t] + v]``.

    For m < ``rows``, up to TILE_ROWS, and v < ``count``, which need ``columns`` vectors, up to TILE_COLUMNS. All arrays
    are contiguous and of one type, but for the offsets, intp. ``right`` is read to the end of the last vector.
    """
    signature = types.void(
        rows, columns, left, left_row, right, right_start, offsets, bias, output, output_start, stride, count
    )

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        arguments = _Arguments(context, builder, signature, arguments)
        rows, columns, first_row = arguments.integer(0), arguments.integer(1), arguments.integer(3)
        offsets, steps = arguments.pointer(6), arguments.length(6)
        left = arguments.pointer(2, builder.mul(first_row, steps))
        right = arguments.pointer(4, arguments.integer(5))
        bias = arguments.pointer(7, first_row)
        output, stride, count = arguments.pointer(8, arguments.integer(9)), arguments.integer(10), arguments.integer(11)
        vector = _Vector(builder, signature.args[2].dtype, context)

        def tile(rows: int, columns: int) -> None:
            left_rows = [builder.gep(left, [builder.mul(steps, _int(m))]) for m in range(rows)]
            biases = [vector.splat(builder.load(builder.gep(bias, [_int(m)]))) for m in range(rows)]
            sums = [[vector.variable(each) for _ in range(columns)] for each in biases]
            with cgutils.for_range(builder, steps) as step:
                start = builder.gep(right, [builder.load(builder.gep(offsets, [step.index]))])
                pixels = [vector.load(builder.gep(start, [_int(v * vector.lanes)])) for v in range(columns)]
                for m in range(rows):
                    weight = vector.splat(builder.load(builder.gep(left_rows[m], [step.index])))
                    for v in range(columns):
                        vector.multiply_add(weight, pixels[v], sums[m][v])
            for v in range(columns):
                shift = _int(v * vector.lanes)
                left_over = builder.sub(count, shift)

                def store(write: Any, v: int = v, shift: ir.Value = shift) -> None:
                    for m in range(rows):
                        place = builder.gep(output, [builder.add(builder.mul(stride, _int(m)), shift)])
                        write(builder.load(sums[m][v]), place)

                with builder.if_else(builder.icmp_signed(">=", left_over, _int(vector.lanes))) as (whole, part):
                    with whole:
                        store(vector.store)
                    with part:
                        store(partial(vector.masked_store, mask=vector.mask(_int(0), left_over)))

        _for_each_size(builder, rows, columns, tile)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def dot_tile(
    typing_context, rows, columns, left, left_start, left_stride, left_item,
    right, offsets, first, right_item, items, length,
    output, output_start, stride,
):  # fmt: skip
    """``output[output_start + m * stride + v] += Σ_i Σ_p left[left_start + m * left_stride + i * left_item + p]
    * right[offsets[first + v] + i * right_item + p]``.

    For m < ``rows``, up to TILE_ROWS, and v < ``columns``, up to TILE_COLUMNS; i < ``items`` and p < ``length``. All
    arrays are contiguous and of one type, but for the offsets, intp.
    """
    signature = types.void(
        rows, columns, left, left_start, left_stride, left_item,
        right, offsets, first, right_item, items, length,
        output, output_start, stride,
    )  # fmt: skip

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        arguments = _Arguments(context, builder, signature, arguments)
        rows, columns = arguments.integer(0), arguments.integer(1)
        left = arguments.pointer(2, arguments.integer(3))
        left_stride, left_item = arguments.integer(4), arguments.integer(5)
        right, right_item = arguments.pointer(6), arguments.integer(9)
        offsets = arguments.pointer(7, arguments.integer(8))
        items, length = arguments.integer(10), arguments.integer(11)
        output, stride = arguments.pointer(12, arguments.integer(13)), arguments.integer(14)
        vector = _Vector(builder, signature.args[2].dtype, context)
        whole = builder.sub(length, builder.srem(length, _int(vector.lanes)))
        rest = vector.mask(_int(0), builder.sub(length, whole))

        def tile(rows: int, columns: int) -> None:
            left_rows = [builder.gep(left, [builder.mul(left_stride, _int(m))]) for m in range(rows)]
            right_rows = [builder.gep(right, [builder.load(builder.gep(offsets, [_int(v)]))]) for v in range(columns)]
            dots = [[vector.variable(vector.zero) for _ in range(columns)] for _ in range(rows)]

            def step(item: ir.Value, pixel: ir.Value, load: Any) -> None:
                left_shift, right_shift = (
                    builder.add(builder.mul(item, each), pixel) for each in (left_item, right_item)
                )
                rights = [load(builder.gep(each, [right_shift])) for each in right_rows]
                for m in range(rows):
                    one = load(builder.gep(left_rows[m], [left_shift]))
                    for v in range(columns):
                        vector.multiply_add(one, rights[v], dots[m][v])

            with cgutils.for_range(builder, items) as item:
                with cgutils.for_range_slice(builder, _int(0), whole, _int(vector.lanes)) as (pixel, _):
                    step(item.index, pixel, vector.load)
                with builder.if_then(builder.icmp_signed("<", whole, length)):
                    # Lanes beyond the end must not be multiplied even by zero, which makes NaN of infinity.
                    step(item.index, whole, partial(vector.masked_load, mask=rest))
            for m in range(rows):
                sums = vector.sums_of_lanes([builder.load(each) for each in dots[m]])
                for v in range(columns):
                    one = builder.extract_element(sums[v // vector.lanes], _int(v % vector.lanes))
                    place = builder.gep(output, [builder.add(builder.mul(stride, _int(m)), _int(v))])
                    builder.store(builder.fadd(builder.load(place), one), place)

        _for_each_size(builder, rows, columns, tile)
        return context.get_dummy_value()

    return signature, generate


@intrinsic
def copy_rows(typing_context, rows, source, source_start, stride, begin, end, target, target_start, width):
    """``target[target_start + m * width + v] = source[source_start + m * stride + v]`` if begin <= v < end, else 0.

    For m < ``rows`` and v < ``width``. What is not copied is not read: it may lie outside the array.
    """
    signature = types.void(rows, source, source_start, stride, begin, end, target, target_start, width)

    def generate(context: Any, builder: ir.IRBuilder, signature: Any, arguments: Any) -> Any:
        arguments = _Arguments(context, builder, signature, arguments)
        rows, stride, begin, end, width = (arguments.integer(index) for index in (0, 3, 4, 5, 8))
        source = arguments.pointer(1, arguments.integer(2))
        target = arguments.pointer(6, arguments.integer(7))
        vector = _Vector(builder, signature.args[1].dtype, context)
        last = builder.sub(width, _int(vector.lanes))

        def copy(shift: ir.Value, load: Any, store: Any) -> None:
            with cgutils.for_range(builder, rows) as row:
                read = builder.gep(source, [builder.add(builder.mul(row.index, stride), shift)])
                write = builder.gep(target, [builder.add(builder.mul(row.index, width), shift)])
                store(load(read), write)

        with builder.if_else(builder.icmp_signed("<", last, _int(0))) as (narrow, wide):
            with narrow:
                inside, all_lanes = vector.mask(begin, end), vector.mask(_int(0), width)
                copy(_int(0), partial(vector.masked_load, mask=inside), partial(vector.masked_store, mask=all_lanes))
            with wide, cgutils.for_range_slice(builder, _int(0), width, _int(vector.lanes)) as (start, _):
                # The last vector ends where the row does, and writes again some of what the one before wrote.
                shift = builder.select(builder.icmp_signed("<", start, last), start, last)
                begins = builder.icmp_signed("<=", begin, shift)
                ends = builder.icmp_signed(">=", end, builder.add(shift, _int(vector.lanes)))
                with builder.if_else(builder.and_(begins, ends)) as (whole, part):
                    with whole:
                        copy(shift, vector.load, vector.store)
                    with part:
                        inside = vector.mask(builder.sub(begin, shift), builder.sub(end, shift))
                        copy(shift, partial(vector.masked_load, mask=inside), vector.store)
        return context.get_dummy_value()

    return signature, generate


def _for_each_size(builder: ir.IRBuilder, rows: ir.Value, columns: ir.Value, tile: Any) -> None:
    """Writes the code of ``tile(rows, columns)`` for each size that a tile can have, and the switch between them."""
    done = builder.append_basic_block("done")
    size = builder.add(builder.mul(rows, _int(TILE_COLUMNS + 1)), columns)
    switch = builder.switch(size, done)
    for m in range(1, TILE_ROWS + 1):
        for v in range(1, TILE_COLUMNS + 1):
            block = builder.append_basic_block(f"tile_{m}x{v}")
            switch.add_case(_int(m * (TILE_COLUMNS + 1) + v), block)
            builder.position_at_end(block)
            tile(m, v)
            builder.branch(done)
    builder.position_at_end(done)


def _int(value: int) -> ir.Constant:
    return ir.Constant(ir.IntType(64), value)


class _Arguments:
    """The arguments of an intrinsic as LLVM values."""

    def __init__(self, context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> None:
        self.context, self.builder, self.types, self.values = context, builder, signature.args, values

    def integer(self, index: int) -> ir.Value:
        return self.context.cast(self.builder, self.values[index], self.types[index], types.int64)

    def _array(self, index: int) -> Any:
        return self.context.make_array(self.types[index])(self.context, self.builder, self.values[index])

    def pointer(self, index: int, start: ir.Value | None = None) -> ir.Value:
        data = self._array(index).data
        return data if start is None else self.builder.gep(data, [start])

    def length(self, index: int) -> ir.Value:
        return self._array(index).nitems


class _Vector:
    """Writes the code for vectors of one element type."""

    def __init__(self, builder: ir.IRBuilder, dtype: Any, context: Any) -> None:
        self.builder = builder
        self.element = context.get_data_type(dtype)
        self.bytes = dtype.bitwidth // 8
        self.align = ir.Constant(ir.IntType(32), self.bytes)
        self.lanes = VECTOR_BYTES // self.bytes
        self.type = ir.VectorType(self.element, self.lanes)
        self.zero = ir.Constant(self.type, None)
        self.name = f"v{self.lanes}f{dtype.bitwidth}"

    def variable(self, value: ir.Value) -> ir.Value:
        """A place for a vector, which LLVM keeps in a register as nobody takes its address."""
        place = cgutils.alloca_once(self.builder, self.type)
        self.builder.store(value, place)
        return place

    def load(self, pointer: ir.Value) -> ir.Value:
        return self.builder.load(self.builder.bitcast(pointer, self.type.as_pointer()), align=self.bytes)

    def store(self, value: ir.Value, pointer: ir.Value) -> None:
        self.builder.store(value, self.builder.bitcast(pointer, self.type.as_pointer()), align=self.bytes)

    def splat(self, scalar: ir.Value) -> ir.Value:
        undefined = ir.Constant(ir.VectorType(scalar.type, self.lanes), ir.Undefined)
        first = self.builder.insert_element(undefined, scalar, ir.Constant(ir.IntType(32), 0))
        return self.builder.shuffle_vector(first, first, ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), None))

    def multiply_add(self, left: ir.Value, right: ir.Value, variable: ir.Value) -> None:
        fmuladd = self._intrinsic("fmuladd", self.type, [self.type] * 3)
        self.builder.store(self.builder.call(fmuladd, [left, right, self.builder.load(variable)]), variable)

    def sums_of_lanes(self, vectors: list[ir.Value]) -> list[ir.Value]:
        """Vectors whose lanes, one after the other, are the sums of the given vectors' lanes.

        Each round adds neighbouring lanes of two vectors into one, the way a tournament is played.
        """
        while len(vectors) & (len(vectors) - 1):
            vectors = [*vectors, self.zero]
        evens, odds = (
            ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), list(range(first, 2 * self.lanes, 2)))
            for first in (0, 1)
        )
        for _ in range(self.lanes.bit_length() - 1):
            pairs = zip(vectors[::2], vectors[1::2] or vectors, strict=True)
            vectors = [
                self.builder.fadd(self.builder.shuffle_vector(*pair, evens), self.builder.shuffle_vector(*pair, odds))
                for pair in pairs
            ]
        return vectors

    def mask(self, begin: ir.Value, end: ir.Value) -> ir.Value:
        """True for the lanes from ``begin`` to before ``end``, which may lie outside the vector."""
        lanes = ir.Constant(ir.VectorType(ir.IntType(32), self.lanes), list(range(self.lanes)))
        begin, end = (self.splat(self.builder.trunc(each, ir.IntType(32))) for each in (begin, end))
        after = self.builder.icmp_signed(">=", lanes, begin)
        return self.builder.and_(after, self.builder.icmp_signed("<", lanes, end))

    def masked_load(self, pointer: ir.Value, mask: ir.Value) -> ir.Value:
        """A load of the mask's lanes only, the others being zero: it may reach beyond the array's end."""
        pointer = self.builder.bitcast(pointer, self.type.as_pointer())
        load = self._intrinsic("masked.load", self.type, [pointer.type, self.align.type, mask.type, self.type], ".p0")
        return self.builder.call(load, [pointer, self.align, mask, self.zero])

    def masked_store(self, value: ir.Value, pointer: ir.Value, mask: ir.Value) -> None:
        pointer = self.builder.bitcast(pointer, self.type.as_pointer())
        store = self._intrinsic(
            "masked.store", ir.VoidType(), [self.type, pointer.type, self.align.type, mask.type], ".p0"
        )
        self.builder.call(store, [value, pointer, self.align, mask])

    def _intrinsic(self, name: str, result: ir.Type, arguments: list[ir.Type], suffix: str = "") -> ir.Function:
        return cgutils.get_or_insert_function(
            self.builder.module, ir.FunctionType(result, arguments), f"llvm.{name}.{self.name}{suffix}"
        )
