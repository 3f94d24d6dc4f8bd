"""Slices scaled down to a largest norm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Unary
from minitorch.ops.arguments import dimension
from minitorch.ops.operator import Number, operator
from minitorch.ops.reduction import by_norm

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

TINY = 1e-7  # added to norms that divide


class RenormBackward0(Unary):
    """a m / |a| where |a| > m: d = m / |a| (da - a d|a| / |a|), and da elsewhere."""

    __slots__ = ("largest", "others", "p")

    def forward(self, k: Table, a: Any, p: float, others: tuple[int, ...], largest: float) -> Any:
        self.p, self.others, self.largest = p, others, largest
        norm = k.vector_norm(a, p, others, True)
        self.save(a)
        return k.mul(a, k.where(k.gt(norm, largest), k.div(largest, k.add(norm, TINY)), 1.0))

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        norm = k.vector_norm(a, self.p, self.others, True)
        inverse = k.reciprocal(k.add(norm, TINY))
        along = by_norm(k, k.sum(k.mul(a, grad), self.others, True), a, norm, self.p, self.others)
        scaled = k.mul(k.mul(inverse, self.largest), k.sub(grad, k.mul(inverse, along)))
        return (k.where(k.gt(norm, self.largest), scaled, grad),)


@operator(inplace=True, out=True)
def renorm(input: Tensor, p: Number, dim: int, maxnorm: Number) -> Tensor:
    """Each slice along ``dim`` whose p-norm is larger than ``maxnorm``, scaled down to that norm.

    Raises:
        RuntimeError: fewer than two dimensions, a norm that is not positive, or a negative bound.
    """
    ndim = input._array.ndim
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm:g}")
    if ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {ndim} dimensions")
    d = dimension(dim, ndim)
    others = tuple(each for each in range(ndim) if each != d)
    return RenormBackward0.apply(input, p=float(p), others=others, largest=float(maxnorm))
