"""Other views of the same memory, what undoes them, and joining. Views are made on the host alone.

Dimensions may be counted from the end; indices are never negative here. All are in range.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from minitorch.kernels.cuda.array import DeviceArray, empty
from minitorch.kernels.cuda.creation import zeros
from minitorch.kernels.cuda.elementwise import contiguous_clone, write_over

__all__ = [
    "alias", "cat", "expand", "permute", "reshape", "select", "select_backward", "slice", "slice_backward", "squeeze", "stack",
    "t", "transpose", "unbind", "unsqueeze", "view",
]  # fmt: skip


def alias(a: DeviceArray) -> DeviceArray:
    """The same array, as a view."""
    return a.seen(a.shape, a.steps)


def view(a: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
    """Another shape over the same memory.

    Raises:
        ValueError: the strides do not allow it.
    """
    shape = _whole(shape, a.size)
    strides = view_strides(a, shape)
    if strides is None:
        raise ValueError(f"no view of shape {shape} over {a}")
    return a.seen(shape, strides)


def _whole(shape: tuple[int, ...], size: int) -> tuple[int, ...]:
    """The shape, of which one size may be -1: what is left for it."""
    return tuple([size // -prod(shape) if each < 0 else each for each in shape]) if -1 in shape else shape


def view_strides(a: DeviceArray, shape: tuple[int, ...]) -> list[int] | None:
    """The strides with which the array's memory has that shape, if there are such.

    Runs of dimensions that lie densely, one within the other, are cut anew; the ends of runs must be ends in both shapes.
    """
    strides = [1] * len(shape)
    if a.size == 0:
        return strides
    d = len(shape) - 1
    run, step = 1, 1
    for old in range(a.ndim - 1, -1, -1):
        if run == 1:
            step = a.steps[old]
        run *= a.shape[old]
        if old and (a.shape[old - 1] == 1 or a.steps[old - 1] == run * step):
            continue
        while d >= 0 and (run > 1 or shape[d] == 1):
            if run % shape[d]:
                return None
            strides[d] = step
            step, run, d = step * shape[d], run // shape[d], d - 1
        if run != 1:
            return None
    return strides


def reshape(a: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
    """Another shape, over the same memory if the strides allow it."""
    shape = _whole(shape, a.size)
    strides = view_strides(a, shape)
    return view(contiguous_clone(a), shape) if strides is None else a.seen(shape, strides)


def permute(a: DeviceArray, dims: Sequence[int]) -> DeviceArray:
    """The dimensions in another order."""
    return a.seen([a.shape[d] for d in dims], [a.steps[d] for d in dims])


def transpose(a: DeviceArray, dim0: int, dim1: int) -> DeviceArray:
    """Two dimensions swapped."""
    dims = list(range(a.ndim))
    if dims:
        dims[dim0], dims[dim1] = dim1, dim0
    return permute(a, dims)


def t(a: DeviceArray) -> DeviceArray:
    """The transpose of a matrix; fewer dimensions stay as they are."""
    return permute(a, range(a.ndim)[::-1])


def expand(a: DeviceArray, shape: tuple[int, ...]) -> DeviceArray:
    """Dimensions of size 1 (and new ones in front) repeated, without copying."""
    extra = len(shape) - a.ndim
    kept = [0 if size == 1 != new else step for size, step, new in zip(a.shape, a.steps, shape[extra:], strict=True)]
    return a.seen(shape, [0] * extra + kept)


def squeeze(a: DeviceArray, dim: tuple[int, ...]) -> DeviceArray:
    """Without these dimensions, all of size 1."""
    kept = [d for d in range(a.ndim) if d not in dim and d - a.ndim not in dim]
    return a.seen([a.shape[d] for d in kept], [a.steps[d] for d in kept])


def unsqueeze(a: DeviceArray, dim: int) -> DeviceArray:
    """With a dimension of size 1 at this place."""
    dim %= a.ndim + 1
    step = a.shape[dim] * a.steps[dim] if dim < a.ndim else 1
    return a.seen([*a.shape[:dim], 1, *a.shape[dim:]], [*a.steps[:dim], step, *a.steps[dim:]])


def select(a: DeviceArray, dim: int, index: int) -> DeviceArray:
    """One index of a dimension, which goes away."""
    dim %= a.ndim
    return a.seen(a.shape[:dim] + a.shape[dim + 1 :], a.steps[:dim] + a.steps[dim + 1 :], index * a.steps[dim])


def slice(a: DeviceArray, dim: int, start: int, stop: int, step: int) -> DeviceArray:
    """Every ``step``-th index of a dimension from ``start`` up to ``stop``."""
    dim %= a.ndim
    count = len(range(start, stop, step))
    shape = [*a.shape[:dim], count, *a.shape[dim + 1 :]]
    strides = [*a.steps[:dim], a.steps[dim] * step, *a.steps[dim + 1 :]]
    return a.seen(shape, strides, start * a.steps[dim] if count else 0)


def select_backward(grad: DeviceArray, shape: tuple[int, ...], dim: int, index: int) -> DeviceArray:
    """Zeros, but for the gradient at that index."""
    whole = zeros(shape, grad)
    write_over(select(whole, dim, index), grad)
    return whole


def slice_backward(
    grad: DeviceArray, shape: tuple[int, ...], dim: int, start: int, stop: int, step: int
) -> DeviceArray:
    """Zeros, but for the gradient at those indices."""
    whole = zeros(shape, grad)
    write_over(slice(whole, dim, start, stop, step), grad)
    return whole


def unbind(a: DeviceArray, dim: int) -> tuple[DeviceArray, ...]:
    """The slices along a dimension, which goes away."""
    return tuple(select(a, dim, index) for index in range(a.shape[dim]))


def cat(arrays: Sequence[DeviceArray], dim: int) -> DeviceArray:
    """One after the other along a dimension."""
    shape = list(arrays[0].shape)
    shape[dim] = sum(each.shape[dim] for each in arrays)
    out = empty(shape, arrays[0].dtype)
    start = 0
    for each in arrays:
        write_over(slice(out, dim, start, start + each.shape[dim], 1), each)
        start += each.shape[dim]
    return out


def stack(arrays: Sequence[DeviceArray], dim: int) -> DeviceArray:
    """Side by side along a new dimension."""
    return cat([unsqueeze(each, dim) for each in arrays], dim)
