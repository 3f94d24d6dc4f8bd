"""``x1ᵀ W x2`` for pairs of vectors: bilinear forms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.ops.arguments import cpp_name, dimension
from minitorch.ops.arithmetic import add
from minitorch.ops.operator import operator
from minitorch.ops.shape import reshape

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class TrilinearBackward0(Function):
    """sum_ij a_ni w_oij b_nj: (n, i), (o, i, j) and (n, j) to (n, o). It is linear in each."""

    def forward(self, k: Table, a: Any, weight: Any, b: Any) -> Any:
        self.save(a, weight, b)
        return k.sum(k.mul(_through(k, a, weight), k.unsqueeze(b, 1)), (2,), False)

    def backward(self, k: Table, grad: Any, a: Any, weight: Any, b: Any) -> tuple[Any, ...]:
        both = weight.shape[0] * weight.shape[2]  # o * j
        outer = k.reshape(k.mul(k.unsqueeze(grad, 2), k.unsqueeze(b, 1)), (a.shape[0], both))
        flat = k.reshape(k.permute(weight, (0, 2, 1)), (both, weight.shape[1]))
        by_weight = k.reshape(k.mm(k.t(outer), a), (weight.shape[0], weight.shape[2], weight.shape[1]))
        return (
            self.needs[0] and k.mm(outer, flat),
            self.needs[1] and k.permute(by_weight, (0, 2, 1)),
            self.needs[2] and k.sum(k.mul(_through(k, a, weight), k.unsqueeze(grad, 2)), (1,), False),
        )


def _through(k: Table, a: Any, weight: Any) -> Any:
    """sum_i a_ni w_oij: (n, o, j)."""
    flat = k.reshape(k.permute(weight, (1, 0, 2)), (weight.shape[1], weight.shape[0] * weight.shape[2]))
    return k.reshape(k.mm(a, flat), (a.shape[0], weight.shape[0], weight.shape[2]))


@operator(method=False)
def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input1ᵀ weight input2 + bias``, for each matrix of the weight.

    Args:
        input1: (…, in1_features).
        input2: (…, in2_features).
        weight: (out_features, in1_features, in2_features).
        bias: (out_features,).

    Returns:
        (…, out_features).

    Raises:
        RuntimeError: the shapes or dtypes do not fit.
    """
    shapes = [tuple(each._array.shape) for each in (input1, input2, weight)]
    first, second, outer = shapes
    given = {"input1": input1, "input2": input2, "weight": weight, **({} if bias is None else {"bias": bias})}
    if len({each._array.dtype for each in given.values()}) > 1:
        names = ", ".join(f"{name}: {cpp_name(each)}" for name, each in given.items())
        raise RuntimeError(f"All tensors must have the same dtype, got {names}")
    dimension(2, len(outer))
    if len(first) != len(second):
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {len(first)} and {len(second)}")
    for d, (m, n) in enumerate(zip(first[:-1], second[:-1], strict=True)):
        if m != n:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {d}: got {m} and {n}")
    for name, size, wanted in (("input1", first[-1], outer[1]), ("input2", second[-1], outer[2])):
        if size != wanted:
            raise RuntimeError(f"bilinear(): {name} size does not match weight size: got {size} but expected {wanted}")
    if bias is not None and bias._array.shape[0] != outer[0]:
        raise RuntimeError(
            f"bilinear(): bias size does not match weight size: got {bias._array.shape[0]} but expected {outer[0]}"
        )
    a, b = (
        reshape(each, (math.prod(shape[:-1]), shape[-1])) for each, shape in zip((input1, input2), shapes, strict=False)
    )
    result = reshape(TrilinearBackward0.apply(a, weight, b), (*first[:-1], outer[0]))
    return result if bias is None else add(result, bias)
