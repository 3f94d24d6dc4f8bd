"""More new tensors: sequences of numbers, windows for signals, indices of triangles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import dtypes
from minitorch.creation import as_tensor, asked_shape, finished, made
from minitorch.device import table_at
from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import get_default_dtype
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import cast, new, numpys_dtype
from minitorch.kernels.cpu.unsigned import check_known
from minitorch.ops.mistakes import explained
from minitorch.ops.properties import is_tensor
from minitorch.warn import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from minitorch.tensor import Tensor

# Every function here takes by keyword dtype, device ("cpu" or "cuda") and requires_grad, as those of minitorch.creation.


@explained
def scalar_tensor(s: float, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """One number, without dimensions; of the default dtype unless another is given."""
    return made(cast(np.asarray(s), (dtype or get_default_dtype()).numpy), device, requires_grad)


@explained
def asarray(
    obj: Any, *, dtype: Dtype | None = None, device: Any = None, copy: bool | None = None, requires_grad: bool = False
) -> Tensor:
    """A tensor of numbers, arrays or tensors: over the same memory where that is possible and ``copy`` is not true.

    Raises:
        ValueError: a copy is forbidden (``copy=False``) but needed.
    """
    shared = as_tensor(obj, dtype, device)
    source = getattr(obj, "_array", obj)
    same = type(source) in tables and tables[type(source)].overlap(source, shared._array)
    if copy is False and not same:
        raise ValueError(
            f"can't alias tensor with dtype '{getattr(obj, 'dtype', type(obj).__name__)}' into dtype '{shared.dtype}'."
        )
    if not copy and (shared is not obj or requires_grad == shared.requires_grad):
        return shared.requires_grad_(requires_grad) if requires_grad else shared
    return (shared.clone() if copy and same else shared).detach().requires_grad_(requires_grad)


@explained
def empty_strided(
    size: Sequence[int],
    stride: Sequence[int],
    *,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """A tensor of given shape and strides (in elements), with arbitrary contents.

    Raises:
        RuntimeError: not as many strides as sizes, or a size is negative.
    """
    shape, wanted = asked_shape("empty_strided", (size,)), (dtype or get_default_dtype()).numpy
    if len(stride) != len(shape):
        raise RuntimeError(
            f"dimensionality of sizes ({len(shape)}) must match dimensionality of strides ({len(stride)})"
        )
    span = 1 + sum((n - 1) * step for n, step in zip(shape, stride, strict=True)) if math.prod(shape) else 0
    k = table_at(device)
    return finished(k.as_strided(k.full((span,), None, wanted), shape, stride, 0), requires_grad)


def _bounds(function: str, start: Any, end: Any, steps: Any) -> tuple[Any, Any]:
    """The bounds of a sequence as numbers: they may be given in tensors.

    Raises:
        RuntimeError: the number of steps is negative, or a tensor has dimensions.
        TypeError: the number of steps is no whole number.
    """
    if not isinstance(steps, int):
        kinds = ", ".join("Tensor" if is_tensor(each) else type(each).__name__ for each in (start, end, steps))
        raise TypeError(
            f"{function}() received an invalid combination of arguments - got ({kinds}), but expected one of:"
        )
    ranks = [each.ndim if is_tensor(each) else 0 for each in (start, end)]
    if any(ranks):
        given = " and ".join(
            f"{name} with {rank} dimension(s)"
            for name, rank, each in (("start", ranks[0], start), ("end", ranks[1], end))
            if is_tensor(each)
        )
        raise RuntimeError(f"{function} only supports 0-dimensional start and end tensors, but got {given}.")
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    first, last = (each.item() if is_tensor(each) else each for each in (start, end))
    return first, last


@explained
def linspace(
    start: Any, end: Any, steps: int, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """``steps`` numbers at equal distances from ``start`` to ``end``, both included.

    Raises:
        RuntimeError: ``steps`` is negative, or a bound is a tensor that has dimensions.
    """
    first, last = _bounds("linspace", start, end, steps)
    wanted = (dtype or get_default_dtype()).numpy
    check_known("linspace_cpu", wanted)
    return finished(table_at(device).linspace(first, last, steps, wanted), requires_grad)


@explained
def logspace(
    start: Any,
    end: Any,
    steps: int,
    base: float = 10.0,
    *,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``base`` to the power of ``steps`` numbers at equal distances from ``start`` to ``end``, both included.

    Raises:
        RuntimeError: ``steps`` is negative, or a bound is a tensor that has dimensions.
    """
    first, last = _bounds("logspace", start, end, steps)
    wanted = (dtype or get_default_dtype()).numpy
    check_known("logspace_cpu", wanted)
    if wanted.kind != "f":
        first, last = int(first), int(last)
    precise = numpys_dtype(wanted) if wanted.kind == "f" else np.dtype(np.float64)
    step = precise.type((last - first) / (steps - 1) if steps > 1 else 0)
    places = np.arange(steps, dtype=precise)
    # From both ends towards the middle, as in torch, so that each of them is met exactly.
    exponents = np.where(
        2 * places < steps - steps % 2 + (steps == 1), first + step * places, last - step * (steps - 1 - places)
    )
    return made(cast(precise.type(base) ** exponents.astype(precise), wanted), device, requires_grad)


@explained
def range(
    start: float,
    end: float,
    step: float = 1,
    *,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """From start up to end, which is included. Deprecated: ``arange`` ends before its end, as Python's own ``range``.

    Raises:
        RuntimeError: the step is 0 or leads away from the end.
    """
    warn(
        "torch.range is deprecated and will be removed in a future release because its behavior is inconsistent with Python's "
        "range builtin. Instead, use torch.arange, which produces values in [start, end).",
        UserWarning,
    )
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    count = math.floor((end - start) / step) + 1
    numbers = start + step * np.arange(count, dtype=np.float64)
    return made(cast(numbers, (dtype or get_default_dtype()).numpy), device, requires_grad)


# -- windows for signals: symmetric, or (periodic) the same of one more element, without the last ---------------------------


def _window(
    name: str, length: int, periodic: bool, shape: Any, dtype: Dtype | None, device: Any, requires_grad: bool
) -> Tensor:
    wanted = dtype or get_default_dtype()
    if not wanted.is_floating_point:
        kind = {"int64": "long int", "bool": "bool"}.get(wanted.name, wanted.name)
        raise RuntimeError(
            f"{name} expects floating point dtypes, got: TensorOptions(dtype={kind}, device=cpu, layout=Strided (default), "
            "requires_grad=false (default), pinned_memory=false, memory_format=(nullopt))"
        )
    if length < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={length}")
    if length <= 1:
        return made(new(np.ones, length, wanted.numpy), device, requires_grad)
    places = np.arange(length + periodic, dtype=numpys_dtype(wanted.numpy))
    return made(cast(shape(places, length + periodic - 1)[:length].copy(), wanted.numpy), device, requires_grad)


def _raised_cosine(alpha: float, beta: float) -> Callable[[np.ndarray, int], np.ndarray]:
    return lambda n, last: np.cos(n * (2 * math.pi / last)) * -beta + alpha


@explained
def hamming_window(
    window_length: int,
    periodic: bool = True,
    alpha: float = 0.54,
    beta: float = 0.46,
    *,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """alpha - beta cos(2 pi n / N)."""
    shape = _raised_cosine(alpha, beta)
    return _window("hamming_window", window_length, periodic, shape, dtype, device, requires_grad)


@explained
def hann_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """1/2 - 1/2 cos(2 pi n / N)."""
    shape = _raised_cosine(0.5, 0.5)
    return _window("hann_window", window_length, periodic, shape, dtype, device, requires_grad)


@explained
def blackman_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """0.42 - 0.5 cos(2 pi n / N) + 0.08 cos(4 pi n / N)."""
    return _window(
        "blackman_window",
        window_length,
        periodic,
        lambda n, last: np.cos(n * (4 * math.pi / last)) * 0.08 - np.cos(n * (2 * math.pi / last)) * 0.5 + 0.42,
        dtype,
        device,
        requires_grad,
    )


@explained
def kaiser_window(
    window_length: int,
    periodic: bool = True,
    beta: float = 12.0,
    *,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """i0(beta sqrt(1 - (2 n / N - 1)^2)) / i0(beta)."""

    def shape(places: np.ndarray, last: int) -> np.ndarray:
        inside = np.maximum(1 - (2 * places.astype(np.float64) / last - 1) ** 2, 0)
        return (np.i0(beta * np.sqrt(inside)) / np.i0(beta)).astype(places.dtype)

    return _window("kaiser_window", window_length, periodic, shape, dtype, device, requires_grad)


@explained
def bartlett_window(
    window_length: int,
    periodic: bool = True,
    *,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """1 - abs(2 n / N - 1): a triangle."""
    return _window(
        "bartlett_window",
        window_length,
        periodic,
        lambda n, last: np.where(n <= last // 2, n * (2 / last), 2 - n * (2 / last)),
        dtype,
        device,
        requires_grad,
    )


# -- indices and powers -----------------------------------------------------------------------------------------------------


def _triangle(row: int, col: int, inside: Any, dtype: Dtype | None, device: Any) -> Tensor:
    for name, count in (("row", row), ("col", col)):
        if count < 0:
            raise RuntimeError(f"{name} must be non-negative, got{count}")
    chosen = inside(np.arange(col) - np.arange(row)[:, None])
    return made(cast(np.stack(chosen.nonzero()), (dtype or dtypes.int64).numpy), device, False)


@explained
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Dtype | None = None, device: Any = None) -> Tensor:
    """(2, n): rows and columns of the lower triangle of a matrix of that size, up to a diagonal.

    Raises:
        RuntimeError: a size is negative.
    """
    return _triangle(row, col, lambda distance: distance <= offset, dtype, device)


@explained
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Dtype | None = None, device: Any = None) -> Tensor:
    """(2, n): rows and columns of the upper triangle of a matrix of that size, from a diagonal on.

    Raises:
        RuntimeError: a size is negative.
    """
    return _triangle(row, col, lambda distance: distance >= offset, dtype, device)


__all__ = [
    "asarray", "bartlett_window", "blackman_window", "empty_strided", "hamming_window", "hann_window", "linspace", "logspace",
    "range",
    "scalar_tensor", "tril_indices", "triu_indices",
]  # fmt: skip
