"""Solutions of triangular systems, until the family of solvers has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function
from minitorch.kernels import tables
from minitorch.kernels.cpu import matmul as _loads_the_table  # noqa: F401
from minitorch.ops.operator import formula

if TYPE_CHECKING:
    from minitorch.kernels import Table


def _solve(a: np.ndarray, b: np.ndarray, upper: bool, left: bool = True, unitriangular: bool = False) -> np.ndarray:
    a = np.triu(a) if upper else np.tril(a)
    if unitriangular:
        a = a - a * np.eye(a.shape[-1]) + np.eye(a.shape[-1])
    if not left:
        return np.linalg.solve(a.swapaxes(-1, -2), b.swapaxes(-1, -2)).swapaxes(-1, -2).astype(b.dtype)
    return np.linalg.solve(a, b).astype(b.dtype)


tables[np.ndarray]["linalg_solve_triangular"] = _solve


@formula("linalg_solve_triangular")
class LinalgSolveTriangularBackward0(Function):
    """X with A X = B, or X A = B: dB - dA X = A dX."""

    __slots__ = ("params",)

    def forward(self, k: Table, a: Any, b: Any, upper: bool, left: bool = True, unitriangular: bool = False) -> Any:
        self.params = {"upper": upper, "left": left, "unitriangular": unitriangular}
        x = k.linalg_solve_triangular(a, b, **self.params)
        self.save(a, x)
        return x

    def backward(self, k: Table, grad: Any, a: Any, x: Any) -> tuple[Any, ...]:
        given = self.params | {"upper": not self.params["upper"]}
        of_b = k.linalg_solve_triangular(k.transpose(a, -2, -1), grad, **given)
        left = self.params["left"]
        xt, bt = k.transpose(x, -2, -1), of_b
        product = k.matmul(bt, xt) if left else k.matmul(xt, bt)
        below = -1 if self.params["unitriangular"] else 0
        of_a = k.triu(k.neg(product), -below) if self.params["upper"] else k.tril(k.neg(product), below)
        return of_a, of_b
