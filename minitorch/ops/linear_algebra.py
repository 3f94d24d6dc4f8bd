"""What the operators of linear algebra share: the namespace ``minitorch.linalg``, checks of matrices and their errors."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.dtypes import can_cast, from_numpy_dtype
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import dtype_name
from minitorch.ops.operator import operators, with_out

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

linalg: dict[str, Callable[..., Any]] = {}
"""What ``minitorch.linalg`` offers by name."""


def linalg_operator(
    function: Callable[..., Any] | None = None, *, out: bool | str | Callable[[Any, Any], None] = False
) -> Any:
    """Declares an operator of the namespace; ``out`` is as for ``operator``.

    In the table of operators its name begins with ``linalg_``.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        name = f"linalg_{function.__name__}"
        operators[name] = function
        linalg[function.__name__] = with_out(function, None if out is True else out, name) if out else function
        return function

    return declare if function is None else declare(function)


class _LinAlgError(RuntimeError):
    """A decomposition or a solution that does not exist, or that was not found."""


_LinAlgError.__module__ = "torch._C"
linalg["LinAlgError"] = _LinAlgError


def linalg_error(name: str, text: str, place: tuple[int, ...], lead: tuple[int, ...]) -> _LinAlgError:
    """The error for the matrix at a place in a stack of the shape ``lead``."""
    where = f"(Batch element {int(np.ravel_multi_index(place, lead))}): " if lead else ""
    return _LinAlgError(f"{name}: {where}{text}")


def first_not_finite(array: np.ndarray) -> tuple[int, ...] | None:
    """Where in a stack the first matrix is that has an infinity or NaN; ``None`` if there is none."""
    places = np.argwhere(~np.isfinite(as_numpys(array)).all((-2, -1)))
    return tuple(int(each) for each in places[0]) if len(places) else None


def check_matrices(name: str, input: Tensor, argument: str = "A") -> None:
    """Raises RuntimeError: there are fewer than two dimensions."""
    if input._array.ndim < 2:
        raise RuntimeError(f"{name}: The input tensor {argument} must have at least 2 dimensions.")


def check_square(name: str, input: Tensor) -> None:
    """Raises RuntimeError: not matrices, or not square."""
    check_matrices(name, input)
    m, n = input._array.shape[-2:]
    if m != n:
        raise RuntimeError(f"{name}: A must be batches of square matrices, but they are {m} by {n} matrices")


def check_real(name: str, input: Tensor, halves: bool = True) -> None:
    """Raises RuntimeError: the dtype is not floating point, or without ``halves``, float16."""
    dtype = input._array.dtype
    if dtype.kind != "f":
        raise RuntimeError(f"{name}: Expected a floating point or complex tensor as input. Got {dtype_name(input)}")
    if dtype.itemsize == 2 and not halves:
        raise RuntimeError(f"{name}: Low precision dtypes not supported. Got {dtype_name(input)}")


def check_precise(kernel: str, input: Tensor) -> None:
    """Raises NotImplementedError: neither float32 nor float64, which LAPACK needs."""
    dtype = input._array.dtype
    if dtype.kind != "f" or dtype.itemsize == 2:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype_name(input)}'")


def transposed(k: Table, a: Any) -> Any:
    """Each matrix of a stack, in a formula, transposed."""
    return k.transpose(a, -2, -1)


def diagonal_matrix(k: Table, a: Any) -> Any:
    """For each vector of a stack, in a formula, the matrix with it on the diagonal."""
    ndim = len(a.shape)
    return k.diag_embed(a, 0, ndim - 1, ndim)


def columns(k: Table, a: Any, start: int, stop: int) -> Any:
    """Some columns of each matrix of a stack, in a formula."""
    return k.slice(a, len(a.shape) - 1, start, stop, 1)


def check_solvable(name: str, a: Tensor, b: Tensor, left: bool = True) -> None:
    """Raises RuntimeError: A is not square, or sizes that do not fit for A X = B (or X A = B)."""
    check_square(name, a)
    shape = b._array.shape
    check_matrices(name.removeprefix("torch."), b, "B")
    if shape[-2 if left else -1] != a._array.shape[-1]:
        (n, _), (rows, columns) = a._array.shape[-2:], shape[-2:]
        raise RuntimeError(
            f"{name.removeprefix('torch.')}: Incompatible shapes of A and B for the equation {'AX' if left else 'XA'} = B "
            f"({n}x{n} and {rows}x{columns})"
        )


def safely_castable(name: str) -> Callable[[Any, Any], None]:
    """A check of tensors given as ``out=``, for an operator of this name."""

    def check(result: Tensor, out: Tensor) -> None:
        given, wanted = from_numpy_dtype(result._array.dtype), from_numpy_dtype(out._array.dtype)
        if not can_cast(given, wanted):
            raise RuntimeError(
                f"{name}: Expected result to be safely castable from {given.scalar_type} dtype, but got result with dtype "
                f"{wanted.scalar_type}"
            )

    return check


def check_infos(name: str, infos: Tensor, text: str, error: type[Exception] = _LinAlgError) -> None:
    """Raises an error for the first matrix whose number among ``infos`` is not 0; the text may name it, as ``{0}``."""
    numbers = as_numpys(infos._array)
    failed = np.argwhere(numbers)
    if len(failed):
        place = tuple(int(each) for each in failed[0])
        message = linalg_error(name, text.format(numbers[place]), place, numbers.shape)
        raise message if error is _LinAlgError else error(*message.args)
