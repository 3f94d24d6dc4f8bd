"""Sums of products over named dimensions (Einstein's convention), as products of stacks of matrices."""

from __future__ import annotations

import math
import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.variable import Variable
from minitorch.ops.arithmetic import mul
from minitorch.ops.matmul import bmm
from minitorch.ops.operator import operator
from minitorch.ops.reduction import sum
from minitorch.ops.shape import permute, reshape, unsqueeze, view
from minitorch.ops.strided import diagonal

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

LETTERS = string.ascii_uppercase + string.ascii_lowercase
ELLIPSIS = "."
"""Stands for ``...`` among the subscripts of an operand."""


@operator(method=False)
def einsum(*args: Any) -> Tensor:
    """Products of the operands' elements, summed over every subscript that the output does not name.

    Args:
        args: an equation such as ``"bij,bjk->bik"`` and the operands; or each operand followed by a list of the numbers of its
            subscripts, and at the end, optionally, such a list for the output. ``...`` stands for any further dimensions,
            which broadcast; a subscript that an operand has twice takes its diagonal. Without an output it is every subscript
            that occurs once, in alphabetical order, after the ellipsis.

    Raises:
        ValueError: there is no operand.
        RuntimeError: the equation is malformed, or does not fit the operands.
    """
    equation, operands = _equation_and_operands(args)
    if not operands:
        raise RuntimeError("einsum(): must provide at least one operand")
    left, arrow, right = equation.partition("->")
    labels = _operand_labels(left, len(operands))
    extra = _check_dims(labels, operands)
    output = _output_labels(labels, right if arrow else None, len(left) + 2)
    order = _order(labels, output, extra)
    shown = len(order) - len({label for each in labels for label in each} - {*output, ELLIPSIS})
    if ELLIPSIS in [label for each in labels for label in each] and ELLIPSIS not in output:
        shown -= extra  # these dimensions are summed over, and come after the output's
    aligned = [
        _aligned(operand, each, order, extra, number)
        for number, (operand, each) in enumerate(zip(operands, labels, strict=True))
    ]
    _check_broadcast(aligned, order)
    return _contracted(aligned, shown)


def _equation_and_operands(args: tuple[Any, ...]) -> tuple[str, list[Tensor]]:
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its subscripts list"
        )
    if not isinstance(args[0], Variable):
        operands = args[1:]
        return args[0], list(operands[0] if len(operands) == 1 and not isinstance(operands[0], Variable) else operands)
    equation = ",".join(_letters(each) for each in args[1::2])
    if len(args) % 2:
        return f"{','.join(_letters(each) for each in args[1:-1:2])}->{_letters(args[-1])}", list(args[:-1:2])
    return equation, list(args[::2])


def _letters(subscripts: Sequence[Any]) -> str:
    for each in subscripts:
        if each is not Ellipsis and not 0 <= each < len(LETTERS):
            raise ValueError("einsum(): subscript in subscript list is not within the valid range [0, 52)")
    return "".join("..." if each is Ellipsis else LETTERS[each] for each in subscripts)


def _operand_labels(left: str, count: int) -> list[list[str]]:
    """The subscripts of each operand, one by one."""
    labels: list[list[str]] = [[]]
    position = 0
    while position < len(left):
        letter = left[position]
        number = len(labels) - 1
        if letter == ".":
            if ELLIPSIS in labels[-1]:
                raise RuntimeError(f"einsum(): found '.' for operand {number} for which an ellipsis was already found")
            if left[position : position + 3] != "...":
                raise RuntimeError(f"einsum(): found '.' for operand {number} that is not part of any ellipsis")
            labels[-1].append(ELLIPSIS)
            position += 2
        elif letter == ",":
            labels.append([])
            if len(labels) > count:
                raise RuntimeError("einsum(): fewer operands were provided than specified in the equation")
        elif letter in LETTERS:
            labels[-1].append(letter)
        elif letter != " ":
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {position} in the equation string, subscripts must be in [a-zA-Z]"
            )
        position += 1
    if len(labels) < count:
        raise RuntimeError("einsum(): more operands were provided than specified in the equation")
    return labels


def _check_dims(labels: list[list[str]], operands: list[Tensor]) -> int:
    """How many dimensions an ellipsis stands for, at most."""
    most = 0
    for number, (each, operand) in enumerate(zip(labels, operands, strict=True)):
        named, dims = len(each) - (ELLIPSIS in each), operand._array.ndim
        if ELLIPSIS in each:
            if named > dims:
                raise RuntimeError(
                    f"einsum(): the number of subscripts in the equation ({named}) is more than the number of dimensions "
                    f"({dims}) for operand {number}"
                )
            most = max(most, dims - named)
        elif named != dims:
            raise RuntimeError(
                f"einsum(): the number of subscripts in the equation ({named}) does not match the number of dimensions ({dims}) "
                f"for operand {number} and no ellipsis was given"
            )
    return most


def _output_labels(labels: list[list[str]], right: str | None, offset: int) -> list[str]:
    given = [label for each in labels for label in each]
    if right is None:
        return [ELLIPSIS] * (ELLIPSIS in given) + [letter for letter in LETTERS if given.count(letter) == 1]
    output: list[str] = []
    position = 0
    while position < len(right):
        letter = right[position]
        if letter == ".":
            if ELLIPSIS in output:
                raise RuntimeError("einsum(): found '.' for output but an ellipsis (...) was already found")
            if right[position : position + 3] != "...":
                raise RuntimeError("einsum(): found '.' for output that is not part of any ellipsis (...)")
            output.append(ELLIPSIS)
            position += 2
        elif letter in LETTERS:
            if letter not in given:
                raise RuntimeError(
                    f"einsum(): output subscript {letter} does not appear in the equation for any input operand"
                )
            if letter in output:
                raise RuntimeError(f"einsum(): output subscript {letter} appears more than once in the output")
            output.append(letter)
        elif letter != " ":
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {offset + position} in the equation string, subscripts must be in "
                "[a-zA-Z]"
            )
        position += 1
    return output


def _order(labels: list[list[str]], output: list[str], extra: int) -> list[str]:
    """Every dimension: the output's, then those that are summed over; those of an ellipsis are ``.0``, ``.1``, …"""
    ellipsis = [f"{ELLIPSIS}{number}" for number in range(extra)]
    order = [name for label in output for name in (ellipsis if label == ELLIPSIS else [label])]
    given = {label for each in labels for label in each}
    if ELLIPSIS not in output and ELLIPSIS in given:
        order += ellipsis
    return order + [letter for letter in LETTERS if letter in given and letter not in output]


def _aligned(operand: Tensor, labels: list[str], order: list[str], extra: int, number: int) -> Tensor:
    """The operand with all dimensions in their common order, of size 1 where it has none of that name."""
    places: dict[str, int] = {}
    at = 0
    original = operand._array.ndim
    for label in labels:
        if label == ELLIPSIS:
            missing = extra - (original - len(labels) + 1)
            for _ in range(missing):
                operand = unsqueeze(operand, at)
            for each in range(extra):
                places[f"{ELLIPSIS}{each}"] = at
                at += 1
        elif label in places:
            first, second = operand._array.shape[places[label]], operand._array.shape[at]
            if first != second:
                raise RuntimeError(
                    f"einsum(): subscript {label} is repeated for operand {number} but the sizes don't match, {second} != {first}"
                )
            operand = _diagonal_in_place_of(operand, places[label], at)
        else:
            places[label] = at
            at += 1
    for name in order:
        if name not in places:
            operand = unsqueeze(operand, -1)
            places[name] = at
            at += 1
    return permute(operand, [places[name] for name in order])


def _diagonal_in_place_of(operand: Tensor, dim: int, other: int) -> Tensor:
    """The elements whose indices in two dimensions are equal, along the first of these."""
    found = diagonal(operand, 0, dim, other)
    last = found._array.ndim - 1
    return permute(found, [d if d < dim else last if d == dim else d - 1 for d in range(last + 1)])


def _check_broadcast(aligned: list[Tensor], order: list[str]) -> None:
    sizes = [1] * len(order)
    for number, operand in enumerate(aligned):
        for d, size in enumerate(operand._array.shape):
            if size != 1 != sizes[d] != size:
                if order[d].startswith(ELLIPSIS):
                    raise RuntimeError(
                        f"einsum(): dimension {order[d][1:]} covered by ellipsis in operand {number}has size {size} which does "
                        f"not broadcast with previously seen ellipsis with size {sizes[d]} for the respective dimension"
                    )
                raise RuntimeError(
                    f"einsum(): subscript {order[d]} has size {size} for operand {number} which does not broadcast with "
                    f"previously seen size {sizes[d]}"
                )
            sizes[d] = size if sizes[d] == 1 else sizes[d]


def _contracted(operands: list[Tensor], shown: int) -> Tensor:
    """Two operands at a time, from the left; a dimension is summed over as soon as no other operand has it."""
    dims = range(shown, operands[0]._array.ndim)
    if len(operands) == 1:
        return sum(operands[0], tuple(dims)) if dims else operands[0]
    left = {d: [each._array.shape[d] != 1 for each in operands].count(True) for d in dims}
    result = operands[0]
    for other in operands[1:]:
        both: list[int] = []
        only_result: list[int] = []
        only_other: list[int] = []
        for d in dims:
            in_result, in_other = result._array.shape[d] != 1, other._array.shape[d] != 1
            if in_result and in_other:
                left[d] -= 1
                if left[d] == 1:
                    both.append(d)
                    left[d] = 0
            elif left[d] == 1 and (in_result or in_other):
                (only_result if in_result else only_other).append(d)
                left[d] = 0
        if only_result:
            result = sum(result, tuple(only_result), True)
        if only_other:
            other = sum(other, tuple(only_other), True)
        result = _summed_product(result, other, both)
    return view(result, result._array.shape[:shown]) if dims else result


def _summed_product(a: Tensor, b: Tensor, over: list[int]) -> Tensor:
    """``a * b``, summed over some dimensions, which stay with size 1: a product of stacks of matrices."""
    if not over:
        return mul(a, b)
    shape_a, shape_b = a._array.shape, b._array.shape
    both: list[int] = []
    only_a: list[int] = []
    only_b: list[int] = []
    for d, (x, y) in enumerate(zip(shape_a, shape_b, strict=True)):
        if d not in over:
            (both if x != 1 != y else only_a if x != 1 else only_b).append(d)
    if only_a and only_b and only_a[-1] > only_b[-1]:
        return _summed_product(b, a, over)  # so that the result lies row by row
    stack, rows, inner, columns = (
        math.prod(shape[d] for d in group)
        for shape, group in ((shape_a, both), (shape_a, only_a), (shape_a, over), (shape_b, only_b))
    )
    left = reshape(permute(a, [*both, *only_a, *over, *only_b]), (stack, rows, inner))
    right = reshape(permute(b, [*both, *over, *only_b, *only_a]), (stack, inner, columns))
    order = [*both, *only_a, *over, *only_b]
    sizes = [1 if d in over else shape_b[d] if d in only_b else shape_a[d] for d in order]
    return permute(view(bmm(left, right), sizes), [order.index(d) for d in range(len(order))])
