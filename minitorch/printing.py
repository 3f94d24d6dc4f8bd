"""Tensors as text, character for character as torch prints them.

All numbers of a tensor are written in one notation and one width, which follow from the numbers that are shown. Of a
tensor with more than ``threshold`` elements, ``edgeitems`` at both ends of each dimension are shown, and nothing else
is looked at, so that the largest tensor prints at once.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np

from minitorch import dtypes
from minitorch.kernels.cpu.creation import as_numpys


class Node(Protocol):
    def name(self) -> str: ...


class Printable(Protocol):
    """What of a tensor is printed."""

    @property
    def _array(self) -> np.ndarray: ...
    @property
    def dtype(self) -> dtypes.dtype: ...
    @property
    def requires_grad(self) -> bool: ...
    @property
    def grad_fn(self) -> Node | None: ...


@dataclasses.dataclass
class PrintOptions:
    """Digits after the point, elements before a tensor is shortened, elements shown of it at each end, columns of text,
    and whether numbers are in scientific notation (None: where they are very large, very small, or far apart)."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


PROFILES = {
    "default": PrintOptions(),
    "short": PrintOptions(precision=2, edgeitems=2),
    "full": PrintOptions(threshold=math.inf),
}
_options = PrintOptions()


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Changes how tensors are printed: first to a profile (default, short, full), then each option that is given.

    As in torch, ``sci_mode`` is set by every call: without it, each tensor's own numbers decide again.

    Raises:
        ValueError: there is no such profile.
    """
    global _options
    if profile is not None and profile not in PROFILES:
        raise ValueError(f"there is no profile {profile!r}: choose one of {', '.join(PROFILES)}")
    start = _options if profile is None else PROFILES[profile]
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changed: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    _options = dataclasses.replace(start, **changed, sci_mode=sci_mode)


def get_printoptions() -> dict[str, Any]:
    """The options in force, as arguments for `set_printoptions`."""
    return dataclasses.asdict(_options)


def format_tensor(tensor: Printable, name: str = "tensor") -> str:
    """The tensor as torch's ``repr`` writes it; `name` stands before the bracket.

    >>> import minitorch
    >>> print(format_tensor(minitorch.tensor([[1, 2.5], [-3, math.nan]], dtype=dtypes.float64, requires_grad=True)))
    tensor([[ 1.0000,  2.5000],
            [-3.0000,     nan]], dtype=torch.float64, requires_grad=True)
    """
    opening = f"{name}("
    return _with_remarks(opening + _numbers(as_numpys(tensor._array), len(opening)), _remarks(tensor), len(opening))


def format_with_spec(tensor: Printable, spec: str) -> str:
    """The tensor as ``format(tensor, spec)`` writes it: one without dimensions is written as its number.

    Raises:
        TypeError: the tensor has dimensions, and `spec` is not empty.
    """
    if tensor._array.ndim == 0:
        return format(tensor._array.item(), spec)
    return object.__format__(tensor, spec)


def _remarks(tensor: Printable) -> list[str]:
    """What follows the numbers: size, type and place in the graph, where they are not plain from the numbers."""
    array, default = tensor._array, dtypes.get_default_dtype()
    empty = array.size == 0
    known_types = (default,) if empty else (default, dtypes.int64, dtypes.bool)
    remarks = []
    if (empty and array.ndim != 1) or (not empty and _options.edgeitems == 0):
        remarks.append(f"size={tuple(array.shape)}")
    if array.device != "cpu":
        remarks.append(f"device='{array.device}'")
    if tensor.dtype not in known_types:
        remarks.append(f"dtype={tensor.dtype}")
    if tensor.grad_fn is not None:
        remarks.append(f"grad_fn=<{tensor.grad_fn.name().rpartition('::')[2]}>")
    elif tensor.requires_grad:
        remarks.append("requires_grad=True")
    return remarks


def _with_remarks(text: str, remarks: list[str], indent: int) -> str:
    """The text with the remarks after it, on a new line each time that the line is full."""
    column = len(text.rpartition("\n")[2]) + 2
    for remark in remarks:
        if column + len(remark) + 2 > _options.linewidth:
            text += ",\n" + " " * indent + remark
            column = indent + len(remark)
        else:
            text += ", " + remark
            column += len(remark) + 2
    return text + ")"


def _numbers(array: np.ndarray, indent: int) -> str:
    """The numbers in their brackets; the first bracket is in column `indent`."""
    if array.size == 0:
        return "[]"
    edge = _options.edgeitems if array.size > _options.threshold else None
    notation = _Notation(array if edge is None else _edges(array, edge))
    return _nested(array, indent, edge, notation)


def _edges(array: np.ndarray, edge: int) -> np.ndarray:
    """The elements at both ends of every dimension: those that are shown."""
    if array.ndim == 0:
        return array
    indices = [{*range(size)[:edge], *range(size)[max(size - edge, 0) :]} for size in array.shape]
    return array[np.ix_(*map(sorted, indices))]


def _nested(array: np.ndarray, indent: int, edge: int | None, notation: _Notation) -> str:
    if array.ndim == 0:
        return notation.write(array.item())
    if array.ndim == 1:
        elements = _shortened(array, edge, notation.write, " ..." if edge else "...")
        per_line = max(1, (_options.linewidth - indent) // (notation.width + 2))
        parts = [", ".join(elements[start : start + per_line]) for start in range(0, len(elements), per_line)]
    else:
        parts = _shortened(array, edge, lambda part: _nested(part, indent + 1, edge, notation), "...")
    new_lines = "\n" * max(1, array.ndim - 1)
    return "[" + ("," + new_lines + " " * (indent + 1)).join(parts) + "]"


def _shortened(array: np.ndarray, edge: int | None, write: Callable[[Any], str], gap: str) -> list[str]:
    """Each part of the array as text, or `edge` of them at both ends, with a gap between."""
    if edge is None or len(array) <= 2 * edge:
        return [write(part) for part in array]
    return [*map(write, array[:edge]), gap, *map(write, array[len(array) - edge :])]


class _Notation:
    """How the numbers of a tensor are written: as Python does, as whole, fixed or scientific floats; and how wide."""

    def __init__(self, shown: np.ndarray) -> None:
        numbers = shown.ravel()
        if numbers.dtype.kind != "f":
            self._text: Callable[[Any], str] = str
        else:
            numbers = numbers[np.isfinite(numbers) & (numbers != 0)].astype(np.float64)  # the others have no say
            self._text = _text_of_floats(numbers)
        self.width = max((len(self._text(number)) for number in numbers), default=1)

    def write(self, number: Any) -> str:
        return self._text(number).rjust(self.width)


def _text_of_floats(numbers: np.ndarray) -> Callable[[float], str]:
    """The notation for a tensor with these numbers, all of them finite and not zero."""
    precision, scientific = _options.precision, _options.sci_mode
    if numbers.size == 0:
        return _whole
    smallest, largest = float(np.abs(numbers).min()), float(np.abs(numbers).max())
    if scientific is None:
        scientific = largest / smallest > 1000 or largest > 1e8 or smallest < 1e-4
    if scientific:
        return f"{{:.{precision}e}}".format
    if np.all(numbers == np.ceil(numbers)):
        return _whole
    return f"{{:.{precision}f}}".format


def _whole(number: float) -> str:
    return f"{number:.0f}." if math.isfinite(number) else f"{number:.0f}"
