"""The slope of sampled functions, by differences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minitorch import dtypes
from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import dimensions
from minitorch.ops.arithmetic import add, div, mul, neg, sub
from minitorch.ops.operator import operator
from minitorch.ops.parts import cat, narrow
from minitorch.ops.shape import view

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@operator
def gradient(
    input: Tensor, *, spacing: Any = 1, dim: int | Sequence[int] | None = None, edge_order: int = 1
) -> tuple[Tensor, ...]:
    """How fast a sampled function changes along each of some dimensions: by central differences, one-sided at the edges.

    Args:
        input: the samples.
        spacing: the distance of samples: a number, or one for each dimension; or for each a vector of places.
        dim: the dimensions; all unless given.
        edge_order: 1 or 2, the order of what is exact at the edges.

    Raises:
        RuntimeError: spacings that do not fit, too few samples, or an order that there is not.

    Source: for places that are not even, Quarteroni, Sacco and Saleri, "Numerical mathematics", 2007.
    """
    if edge_order not in (1, 2):
        raise RuntimeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    if input.dtype is dtypes.uint8:  # whose differences would wrap around
        raise RuntimeError("torch.gradient does not support uint8 input.")
    ndim = input._array.ndim
    along = dimensions(dim, ndim) or tuple(range(ndim))
    for d in along:
        if input._array.shape[d] < edge_order + 1:
            raise RuntimeError("torch.gradient expected each dimension size to be at least edge_order+1")
    spacings = _spacings(spacing, len(along), dim is None)
    return tuple(_slope(input, d, step, edge_order) for d, step in zip(along, spacings, strict=True))


def _spacings(spacing: Any, count: int, everywhere: bool) -> list[Any]:
    """One number, or vector of places, for each dimension."""
    if not isinstance(spacing, tuple | list):
        return [1 if spacing is None else spacing] * count
    if len(spacing) != count:
        raise RuntimeError(
            "torch.gradient expected spacing to be unspecified, a scalar, or a list of length equal to 'self.dim() = "
            f"{count}', since dim argument was not given, but got a list of length {len(spacing)}"
            if everywhere
            else "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim arguments to have the same "
            f"length, but got a spacing argument of length {len(spacing)} and a dim argument of length {count}."
        )
    for each in spacing:
        if isinstance(each, Variable) and each._array.ndim != 1:
            raise RuntimeError(
                "torch.gradient expected each element of spacing to have one dimension, but got an element with "
                f"{each._array.ndim} dimensions!"
            )
    return list(spacing)


def _slope(input: Tensor, d: int, spacing: Any, edge_order: int) -> Tensor:
    size = input._array.shape[d]

    def part(start: int, length: int = 1) -> Tensor:
        return narrow(input, d, start % size, length)

    if isinstance(spacing, Variable) and spacing._array.ndim:
        shape = [-1 if each == d else 1 for each in range(input._array.ndim)]
        steps = view(sub(narrow(spacing, 0, 1, size - 1), narrow(spacing, 0, 0, size - 1)), shape)
        return _slope_between(part, d, size, steps, edge_order)
    middle = div(div(sub(part(2, size - 2), part(0, size - 2)), 2), spacing)
    if edge_order == 1:
        first, last = div(sub(part(1), part(0)), spacing), div(sub(part(-1), part(-2)), spacing)
    else:
        first = div(sub(add(mul(part(0), -1.5), mul(part(1), 2)), mul(part(2), 0.5)), spacing)
        last = div(add(sub(mul(part(-3), 0.5), mul(part(-2), 2)), mul(part(-1), 1.5)), spacing)
    return cat([first, middle, last], d)


def _slope_between(part: Any, d: int, size: int, steps: Tensor, edge_order: int) -> Tensor:
    """The same where the distances differ: parabolas through three samples, and their slopes at one of them."""

    def step(start: int, length: int = 1) -> Tensor:
        return narrow(steps, d, start % (size - 1), length)

    def through(parts: Sequence[Tensor], weights: Sequence[Tensor]) -> Tensor:
        a, b, c = (mul(each, weight) for each, weight in zip(parts, weights, strict=True))
        return add(add(a, b), c)

    left, right = step(0, size - 2), step(1, size - 2)
    both = add(left, right)
    middle = through(
        (part(0, size - 2), part(1, size - 2), part(2, size - 2)),
        (div(neg(right), mul(left, both)), div(sub(right, left), mul(left, right)), div(left, mul(right, both))),
    )
    if edge_order == 1:
        first, last = div(sub(part(1), part(0)), step(0)), div(sub(part(-1), part(-2)), step(-1))
    else:
        near, far = step(0), step(1)
        both = add(near, far)
        first = through(
            (part(0), part(1), part(2)),
            (div(neg(add(near, both)), mul(near, both)), div(both, mul(near, far)), div(neg(near), mul(far, both))),
        )
        far, near = step(-2), step(-1)
        both = add(near, far)
        last = through(
            (part(-3), part(-2), part(-1)),
            (div(near, mul(far, both)), div(neg(both), mul(near, far)), div(add(near, both), mul(near, both))),
        )
    return cat([first, middle, last], d)
