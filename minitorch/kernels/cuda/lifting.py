"""From a formula for one element to a kernel for arrays that broadcast, whatever their strides, without copies.

A formula is a function of one to three elements, and of numbers that are the same for all. It is written in plain Python with
``math``; ``type(x)(0.5)`` is a constant of x's own type, which keeps float32 from being computed in float64.

float16 is for storage: formulas see float32 in its place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from math import prod
from typing import Any

import numpy as np
from numba import uint32

from minitorch.dtypes import BFLOAT16
from minitorch.kernels.cuda import formulas
from minitorch.kernels.cuda.array import BFloat16Array, DeviceArray, blank, dense_strides, known_dtype, lie_as, no_hosts
from minitorch.kernels.cuda.device import cuda, function, number_type
from minitorch.kernels.cuda.launch import blocks_for, launch

Formula = Callable[..., Any]
Number = int | float | bool | np.generic
View = tuple[tuple[int, ...], tuple[int, ...]]  # shape and strides
BOOL, HALF, SINGLE, WORD = (np.dtype(each) for each in (bool, np.float16, np.float32, np.uint32))
LAYOUTS = 1 << 12  # ways in which arrays can lie that are kept in mind


@function
def position():
    """This thread's number in the launch."""
    return uint32(uint32(cuda.blockIdx.x) * uint32(cuda.blockDim.x) + uint32(cuda.threadIdx.x))


@function
def row_start(row, count, inner):
    """Where a row of (outer, count, inner) begins."""
    outer = uint32(row // inner)
    return uint32(uint32(uint32(outer * count) * inner) + uint32(row - uint32(outer * inner)))


def lift(
    formula: Formula,
    *arrays: DeviceArray,
    numbers: tuple[np.generic, ...] = (),
    dtype: np.dtype | None = None,
    computed: np.dtype | None = None,
) -> DeviceArray:
    """A new array of ``formula(*elements, *numbers)``, of the first array's dtype unless another is given.

    It is laid out as the arrays are, if they agree. For ``computed`` see ``write``.
    """
    shape, steps = _result(*[(each.shape, each.steps) for each in arrays])
    out = blank(shape, arrays[0].dtype if dtype is None else dtype, steps)
    write(formula, out, *arrays, numbers=numbers, computed=computed)
    return out


def write(
    formula: Formula,
    out: DeviceArray,
    *arrays: DeviceArray,
    numbers: tuple[np.generic, ...] = (),
    computed: np.dtype | None = None,
) -> None:
    """Writes ``formula(*elements, *numbers)`` over ``out``, to whose shape the arrays are broadcast.

    Elements are first made numbers of dtype ``computed``, where it is given.
    """
    formula = _computing(formula, tuple([each.dtype for each in arrays]), computed)
    numbers = tuple([np.float32(each) if each.dtype == HALF else each for each in numbers])
    dims, ways = _ways((out.shape, out.steps), *[(each.shape, each.steps) for each in arrays])
    kernel = _strided(formula, len(arrays), dims) if dims else _flat(formula, len(arrays))
    launch(kernel, blocks_for(out.size), (out, *arrays, numbers, *ways))


@cache
def _computing(formula: Formula, dtypes: tuple[np.dtype, ...], computed: np.dtype | None) -> Formula:
    """The formula, of elements of these dtypes: see ``write``."""
    kinds = tuple([SINGLE if each == HALF else each for each in (computed or each for each in dtypes)])
    if kinds == dtypes:
        return formula
    f = function(formula)
    number: list[Any] = [bool if each == BOOL else number_type(each) for each in kinds]
    first, second, third = [*number, None, None][:3]
    return (
        lambda x, *numbers: f(first(x), *numbers),
        lambda x, y, *numbers: f(first(x), second(y), *numbers),
        lambda x, y, z, *numbers: f(first(x), second(y), third(z), *numbers),
    )[len(kinds) - 1]


# What follows from shapes and strides is found once for each: it takes longer than a launch does.


@lru_cache(LAYOUTS)
def _result(*views: View) -> View:
    """The shape that arrays with these shapes and strides are broadcast to, and the strides of a result that lies alike."""
    shape = np.broadcast_shapes(*[each for each, _ in views])
    plain = all(each == shape and lie_as(each, steps, dense_strides(each)) for each, steps in views)
    order = None if plain else layout([_broadcast(*view, shape) for view in views])
    return shape, dense_strides(shape, order)


@lru_cache(LAYOUTS)
def _ways(out: View, *views: View) -> tuple[int, tuple[Any, ...]]:
    """In how many dimensions a kernel has to find its elements, none if all lie alike without gaps; and what tells it how."""
    shape, steps = out
    size = np.uint32(prod(shape))
    fewest, strides = collapse(shape, [steps, *[_broadcast(*view, shape) for view in views]])
    if len(fewest) <= 1 and all(each == (1,) for each in strides):
        return 0, (size,)
    return len(fewest), (size, *[tuple(map(np.uint32, each)) for each in (fewest, *strides)])


def broadcast(shapes: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """The shape that all of these are broadcast to.

    Raises:
        ValueError: there is none.
    """
    return np.broadcast_shapes(*shapes)


def broadcast_strides(a: DeviceArray, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The array's strides as seen in that shape: 0 where it is repeated."""
    return _broadcast(a.shape, a.steps, shape)


def _broadcast(shape: tuple[int, ...], steps: tuple[int, ...], wanted: tuple[int, ...]) -> tuple[int, ...]:
    extra = len(wanted) - len(shape)
    return (0,) * extra + tuple(0 if size == 1 else step for size, step in zip(shape, steps, strict=True))


def layout(strides: Sequence[Sequence[int]]) -> list[int]:
    """The dimensions from the slowest to the fastest: two change places where every array that has both says so.

    Where arrays disagree, dimensions are placed as numpy places them.
    """
    order: list[int] = []  # from the fastest
    for d in reversed(range(len(strides[0]))):
        place = len(order)
        for at in reversed(range(len(order))):
            faster = _is_faster(d, order[at], strides)
            if faster:
                place = at
            elif faster is not None:
                break
        order.insert(place, d)
    return order[::-1]


def _is_faster(d: int, than: int, strides: Sequence[Sequence[int]]) -> bool | None:
    """Whether every array that has both dimensions says so; None if there is no such array."""
    pairs = [(each[d], each[than]) for each in strides if each[d] and each[than]]
    return all(mine < its for mine, its in pairs) if pairs else None


def collapse(shape: Sequence[int], strides: Sequence[Sequence[int]]) -> tuple[tuple[int, ...], list[tuple[int, ...]]]:
    """The fewest dimensions that visit the same elements of every array, which all have this shape.

    The dimensions are put in the order in which the first array, the output, lies in memory.
    """
    sizes: list[int] = []
    steps: list[list[int]] = [[] for _ in strides]
    for d in sorted(range(len(shape)), key=lambda d: (-strides[0][d], d)):
        if shape[d] == 1:
            continue
        if sizes and all(mine[-1] == of[d] * shape[d] for mine, of in zip(steps, strides, strict=True)):
            sizes[-1] *= shape[d]
            for mine, of in zip(steps, strides, strict=True):
                mine[-1] = of[d]
            continue
        sizes.append(shape[d])
        for mine, of in zip(steps, strides, strict=True):
            mine.append(of[d])
    if not sizes:
        return (1,), [(1,)] * len(strides)
    return tuple(sizes), [tuple(each) for each in steps]


@cache
def _flat(formula: Formula, arity: int) -> Callable[..., None]:
    """A kernel for arrays that all lie alike, without gaps."""
    f = function(formula)

    def unary(out, a, numbers, size):
        i = position()
        if i < size:
            out[i] = f(a[i], *numbers)

    def binary(out, a, b, numbers, size):
        i = position()
        if i < size:
            out[i] = f(a[i], b[i], *numbers)

    def ternary(out, a, b, c, numbers, size):
        i = position()
        if i < size:
            out[i] = f(a[i], b[i], c[i], *numbers)

    return (unary, binary, ternary)[arity - 1]


@cache
def places(dims: int) -> Any:
    """A function of an index in a shape of ``dims`` dimensions that gives where that is in an array, by its strides."""

    @function
    def place(i, shape, strides):
        rest, at = i, uint32(0)
        for d in range(dims - 1, 0, -1):
            above = uint32(rest // shape[d])
            at = uint32(at + uint32(uint32(rest - uint32(above * shape[d])) * strides[d]))
            rest = above
        return uint32(at + uint32(rest * strides[0]))

    return place


@cache
def _strided(formula: Formula, arity: int, dims: int) -> Callable[..., None]:
    """A kernel for arrays of any strides."""
    f, place = function(formula), places(dims)

    def unary(out, a, numbers, size, shape, out_steps, a_steps):
        i = position()
        if i < size:
            out[place(i, shape, out_steps)] = f(a[place(i, shape, a_steps)], *numbers)

    def binary(out, a, b, numbers, size, shape, out_steps, a_steps, b_steps):
        i = position()
        if i < size:
            x, y = a[place(i, shape, a_steps)], b[place(i, shape, b_steps)]
            out[place(i, shape, out_steps)] = f(x, y, *numbers)

    def ternary(out, a, b, c, numbers, size, shape, out_steps, a_steps, b_steps, c_steps):
        i = position()
        if i < size:
            x, y, z = a[place(i, shape, a_steps)], b[place(i, shape, b_steps)], c[place(i, shape, c_steps)]
            out[place(i, shape, out_steps)] = f(x, y, z, *numbers)

    return (unary, binary, ternary)[arity - 1]


# -- kernels of the table -----------------------------------------------------------------------------------------------


def cast(a: DeviceArray, dtype: Any) -> DeviceArray:
    """The same numbers in another dtype; the same array if it has that dtype already."""
    if dtype is BFLOAT16:
        return a if a.dtype is BFLOAT16 else narrow(a)
    if isinstance(a, BFloat16Array):
        a = widen(a)
    dtype = known_dtype(dtype)
    if a.dtype == np.float16 and dtype == BOOL:  # a step that numba does not take at once
        a = cast(a, np.float32)
    return a if a.dtype == dtype else lift(formulas.same, a, dtype=dtype)


def widen(a: BFloat16Array) -> DeviceArray:
    """bfloat16 as float32: exact."""
    bits = lift(formulas.in_upper_half, a.bits, dtype=WORD)
    return DeviceArray(bits.memory.view(SINGLE), SINGLE, bits.shape, bits.steps, bits.offset)


def narrow(a: DeviceArray) -> BFloat16Array:
    """Any numbers as bfloat16, by way of float32, as on the CPU."""
    single = cast(a, SINGLE)
    bits = DeviceArray(single.memory.view(WORD), WORD, single.shape, single.steps, single.offset)
    return BFloat16Array.of(lift(formulas.upper_half, bits, dtype=BFLOAT16.memory))


def common(*operands: DeviceArray | Number) -> np.dtype:
    """The dtype that numpy gives a result of these."""
    return np.result_type(*(each.dtype if isinstance(each, DeviceArray) else no_hosts(each) for each in operands))


def numbers_of(dtype: np.dtype, *numbers: Number) -> tuple[np.generic, ...]:
    """Numbers of the type in which that dtype is computed."""
    kind = np.float32 if dtype == HALF else dtype.type
    return tuple([kind(no_hosts(each)) for each in numbers])


def unary(formula: Formula, dtype: np.dtype | None = None) -> Callable[..., DeviceArray]:
    """The kernel ``formula(a, *numbers)``. Numbers are taken as of a's dtype."""

    def kernel(a: DeviceArray, *numbers: Number) -> DeviceArray:
        return lift(formula, a, numbers=numbers_of(a.dtype, *numbers), dtype=dtype)

    return kernel


def like(ufunc: np.ufunc, formula: Formula, whole: Formula | None = None) -> Callable[..., DeviceArray]:
    """The kernel ``formula(a)`` or ``formula(a, b)``, where one of a and b may be a number.

    Args:
        ufunc: numpy's function of that meaning: the kernel takes and gives the dtypes that it does.
        whole: the formula for integers and truth values, if these have another.
    """

    def kernel(*operands: DeviceArray | Number) -> DeviceArray:
        computed, *_, dtype = _dtypes(ufunc, tuple([_kind(each) for each in operands]))
        chosen = formula if whole is None or computed.kind == "f" else whole
        arrays = [each for each in operands if isinstance(each, DeviceArray)]
        numbers = tuple([computed.type(each) for each in operands if not isinstance(each, DeviceArray)])
        if numbers:
            chosen = (of_second_number if isinstance(operands[0], DeviceArray) else _of_first_number)(chosen)
        return lift(chosen, *arrays, numbers=numbers, dtype=dtype, computed=computed)

    return kernel


def _kind(operand: DeviceArray | Number) -> Any:
    """What numpy goes by: a dtype, or the type of Python's numbers, which adapt themselves."""
    return operand.dtype if isinstance(operand, DeviceArray | np.generic) else type(no_hosts(operand))


@cache
def _dtypes(ufunc: np.ufunc, kinds: tuple[Any, ...]) -> tuple[np.dtype, ...]:
    """The dtypes in which numpy computes: those of the operands, which are all the same, and that of the result."""
    known = tuple([BOOL if each is bool else each for each in kinds])
    return ufunc.resolve_dtypes((*known, None))


@cache
def _of_first_number(formula: Formula) -> Formula:
    f = function(formula)
    return lambda x, number: f(number, x)


@cache
def of_second_number(formula: Formula) -> Formula:
    """The same formula, of which the second operand is a number."""
    f = function(formula)
    return lambda x, number: f(x, number)
