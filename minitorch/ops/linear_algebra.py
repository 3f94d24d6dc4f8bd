"""What the operators of linear algebra share: the namespace ``minitorch.linalg``, and diagonals."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.ops.operator import formula, operator, operators, with_out
from minitorch.ops.shape import Viewed, permute

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

linalg: dict[str, Callable[..., Any]] = {}
"""What ``minitorch.linalg`` offers by name."""


def linalg_operator(function: Callable[..., Any] | None = None, *, out: bool = False) -> Any:
    """Declares an operator of the namespace; with ``out`` it takes ``out=`` too.

    In the table of operators its name begins with ``linalg_``.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        operators[f"linalg_{name}"] = function
        linalg[name] = with_out(function) if out else function
        return function

    return declare if function is None else declare(function)


class DiagonalBackward0(Viewed):
    """The elements whose two indices are equal, along a new last dimension."""

    __slots__ = ("dims",)

    def forward(self, k: Table, a: Any, dim1: int, dim2: int) -> Any:
        self.shape, self.dims = a.shape, (dim1, dim2)
        return k.equal_indices(a, dim1, dim2)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.equal_indices_backward(grad, shape=self.shape, dim1=self.dims[0], dim2=self.dims[1]),)


@formula("equal_indices_backward")
class DiagonalBackwardBackward0(Function):
    """Zeros, but for the gradient of a diagonal."""

    __slots__ = ("dims",)

    def forward(self, k: Table, grad: Any, shape: tuple[int, ...], dim1: int, dim2: int) -> Any:
        self.dims = dim1, dim2
        return k.equal_indices_backward(grad, shape, dim1, dim2)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.equal_indices(grad, *self.dims),)


@operator(method=False, public=False)
def equal_indices(input: Tensor, dim1: int, dim2: int) -> Tensor:
    """The elements whose indices in two dimensions are equal, along a new last dimension: a view."""
    return DiagonalBackward0.apply(input, dim1=dim1, dim2=dim2)


def diagonal_of(input: Tensor, dim: int, other: int) -> Tensor:
    """The elements whose indices in two dimensions are equal, along the first of these."""
    diagonal = equal_indices(input, dim, other)
    last = diagonal._array.ndim - 1
    return permute(diagonal, [d if d < dim else last if d == dim else d - 1 for d in range(last + 1)])
