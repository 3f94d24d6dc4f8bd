"""Checks of arguments that several operators share: dimensions, sizes, dtypes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from operator import index
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.variable import Variable
from minitorch.dtypes import from_numpy_dtype
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.mistakes import invalid_combination
from minitorch.ops.promotion import Number, result_dtype

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

Dim = int | Sequence[int] | None
Pair = int | Sequence[int]
Each = int | Sequence[int]
"""A number for each of some dimensions, or one for all."""


def lies_within(array: Any, low: int, high: int) -> bool:
    """Whether all numbers of an array are from ``low`` up to, but without, ``high``. Those of a GPU are read once, for both."""
    if not array.size:
        return True
    numbers = array if isinstance(array, np.ndarray | np.generic) else as_numpys(array)
    return bool(low <= numbers.min() <= numbers.max() < high)


def dimension(dim: int, ndim: int) -> int:
    """A dimension counted from the front; negative ones count from the end.

    Raises:
        IndexError: there is no such dimension.
    """
    known = max(ndim, 1)  # a tensor without dimensions takes 0 and -1
    if not -known <= dim < known:
        raise IndexError(f"Dimension out of range (expected to be in range of [{-known}, {known - 1}], but got {dim})")
    return dim % known


def dimensions(dim: int | Sequence[int] | None, ndim: int) -> tuple[int, ...] | None:
    """Dimensions counted from the front; ``None`` for all of them, which an empty list means too.

    Raises:
        IndexError: there is no such dimension.
        RuntimeError: a dimension is named twice.
    """
    if dim is None:
        return None
    each = tuple(dimension(d, ndim) for d in ((dim,) if isinstance(dim, int) else dim))
    for position, d in enumerate(each):
        if d in each[:position]:
            raise RuntimeError(f"dim {d} appears multiple times in the list of dims")
    return each if each and ndim else None


def sizes(given: tuple[Any, ...]) -> tuple[int, ...]:
    """``f(2, 3)`` and ``f((2, 3))`` are the same."""
    shape = given[0] if len(given) == 1 and not isinstance(given[0], int) else given
    for size in shape:
        if type(size) is not int:
            return tuple(map(index, shape))
    return tuple(shape)


def pair(value: int | Sequence[int]) -> tuple[int, int]:
    """Height and width; one number stands for both."""
    if isinstance(value, int):
        return value, value
    return (value[0], value[0]) if len(value) == 1 else (value[0], value[1])


def several(value: Any, count: int) -> tuple[Any, ...]:
    """A sequence as it is, or one value so many times."""
    return tuple(value) if isinstance(value, Iterable) else (value,) * count


def check_tensors(operator: str, **arguments: Any) -> None:
    """Arguments that may not be numbers.

    Raises:
        TypeError: one of them is no tensor.
    """
    for position, (name, given) in enumerate(arguments.items(), 1):
        if not isinstance(given, Variable):
            raise TypeError(
                f"{operator}(): argument '{name}' (position {position}) must be Tensor, not {type(given).__name__}"
            )


def check_sequence(operator: str, tensors: Any) -> None:
    """Arguments that are several tensors.

    Raises:
        TypeError: a single tensor is given, or something in the sequence is no tensor.
    """
    if isinstance(tensors, Variable):
        raise TypeError(f"{operator}(): argument 'tensors' (position 1) must be tuple of Tensors, not Tensor")
    for position, each in enumerate(tensors):
        if not isinstance(each, Variable):
            raise TypeError(f"expected Tensor as element {position} in argument 0, but got {type(each).__name__}")


def dtype_name(tensor: Tensor) -> str:
    """The dtype as error messages call it: ``Float``, ``Long``."""
    return from_numpy_dtype(tensor._array.dtype).scalar_type


def cpp_name(tensor: Tensor) -> str:
    """The dtype as other error messages call it: ``float``, ``long int``."""
    return from_numpy_dtype(tensor._array.dtype).cpp_name


def check_floating(kernel: str, *tensors: Tensor) -> None:
    """Some operators have no form for integers.

    Raises:
        NotImplementedError: none of the tensors is floating point.
    """
    if all(each._array.dtype.kind != "f" for each in tensors):
        found = result_dtype([each._array for each in tensors]).scalar_type
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{found}'")


def same_dtype(message: str) -> Callable[[Tensor, Tensor], None]:
    """A check for tensors given as ``out=``: they have to be of the result's dtype, or else that is the error.

    In the message ``{wanted}`` and ``{given}`` are the two dtypes, ``{cpp_wanted}`` and ``{cpp_given}`` their names in C++.
    """

    def check(result: Tensor, out: Tensor) -> None:
        if result._array.dtype != out._array.dtype:
            raise RuntimeError(
                message.format(
                    wanted=dtype_name(result),
                    given=dtype_name(out),
                    cpp_wanted=cpp_name(result),
                    cpp_given=cpp_name(out),
                )
            )

    return check


check_exact_dtype = same_dtype("Expected out tensor to have dtype {cpp_wanted}, but got {cpp_given} instead")
check_found_dtype = same_dtype("Found dtype {given} but expected {wanted}")


def check_any_tensor(operator: str, *arguments: Any) -> None:
    """Arguments of which all but one may be numbers.

    Raises:
        TypeError: none is a tensor.
    """
    if not any(isinstance(each, Variable) for each in arguments):
        raise invalid_combination(operator, *arguments)


def check_tensor_and_operand(operator: str, input: Any, other: Any) -> None:
    """Arguments of which the second may be a number.

    Raises:
        TypeError: the first is no tensor, or the second is neither tensor nor number.
    """
    if not isinstance(input, Variable) or not isinstance(other, Variable | Number):
        raise invalid_combination(operator, input, other)
