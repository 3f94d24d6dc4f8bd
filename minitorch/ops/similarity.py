"""How near vectors are to each other, along one dimension."""

from __future__ import annotations

from typing import TYPE_CHECKING

from minitorch.autograd.grad_mode import no_grad
from minitorch.dtypes import FLOATING
from minitorch.ops.arguments import dimensions
from minitorch.ops.arithmetic import AddBackward1, div, mul, sub
from minitorch.ops.conversion import cast
from minitorch.ops.operator import methods, operator
from minitorch.ops.promotion import broadcast_shapes, result_dtype
from minitorch.ops.reduction import LinalgVectorNormBackward0, sum, vector_norm
from minitorch.ops.shape import clone, expand

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


class NormBackward1(LinalgVectorNormBackward0, saves={"norm": "result"}):
    """What torch calls it where one of its own functions takes a norm."""


@operator(method=False)
def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """The cosine of the angle between vectors: ``(x1 · x2) / (max(|x1|, eps) max(|x2|, eps))``.

    Args:
        x1: any shape, floating point.
        x2: a shape that broadcasts with it.
        dim: along which the vectors lie; it goes.
        eps: what lengths are at least.

    Raises:
        RuntimeError: the dtype is not floating point, or the shapes do not broadcast.
    """
    common = result_dtype([x1._array, x2._array])
    if common.category != FLOATING:
        raise RuntimeError(f"expected common dtype to be floating point, yet common dtype is {common.scalar_type}")
    x1, x2 = cast(x1, common.numpy), cast(x2, common.numpy)
    shape = broadcast_shapes(tuple(x1._array.shape), tuple(x2._array.shape))
    units = []
    if x1._array.shape != x2._array.shape:
        x1, x2 = expand(x1, shape), expand(x2, shape)
    for whole in (x1, x2):
        length = clone(vector_norm(whole, 2, dim, True))
        with no_grad():
            methods["clamp_min_"](length, eps)
        units.append(div(whole, length))
    return sum(mul(*units), dim)


@operator(method=False)
def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension.

    Args:
        x1: (…, size), or of one dimension.
        x2: a shape that broadcasts with it.
        p: of the norm.
        eps: keeps the gradient away from where there is none.
        keepdim: the last dimension stays, with size 1.
    """
    difference = AddBackward1.apply(sub(x1, x2), float(eps))
    last = dimensions(-1, difference._array.ndim)
    return NormBackward1.apply(difference, p=float(p), dim=last, keepdim=keepdim, dtype=difference._array.dtype)
