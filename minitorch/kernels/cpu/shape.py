"""Other views of the same memory, what undoes them, and joining.

Dimensions and indices are never negative here, and always in range.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from minitorch.kernels.cpu.elementwise import write_over

__all__ = [
    "alias", "cat", "expand", "permute", "read_region", "reshape", "select", "select_backward", "slice", "slice_backward",
    "squeeze", "stack", "t", "transpose", "unbind", "unsqueeze", "view", "write_region",
]  # fmt: skip

Array = np.ndarray
Region = Callable[[Array], Array]
SHARED = 2**18  # elements from which more than one thread pays
_index = slice  # the kernel of that name hides Python's own


def alias(a: Array) -> Array:
    """The same array, as a view."""
    return a.view()


def view(a: Array, shape: tuple[int, ...]) -> Array:
    """Another shape over the same memory.

    Raises:
        ValueError: the strides do not allow it.
    """
    return a.reshape(shape) if a.flags.c_contiguous else a.reshape(shape, copy=False)


def reshape(a: Array, shape: tuple[int, ...]) -> Array:
    """Another shape, over the same memory if the strides allow it."""
    return a.reshape(shape)


def transpose(a: Array, dim0: int, dim1: int) -> Array:
    """Two dimensions swapped."""
    return a.swapaxes(dim0, dim1) if a.ndim else a.view()


def t(a: Array) -> Array:
    """The transpose of a matrix; fewer dimensions stay as they are."""
    return a.T


def permute(a: Array, dims: tuple[int, ...]) -> Array:
    """The dimensions in another order."""
    return a.transpose(dims)


def expand(a: Array, shape: tuple[int, ...]) -> Array:
    """Dimensions of size 1 (and new ones in front) repeated, without copying."""
    extra = len(shape) - a.ndim
    strides = [0] * extra + [
        0 if size == 1 != new else step for size, step, new in zip(a.shape, a.strides, shape[extra:], strict=True)
    ]
    return np.lib.stride_tricks.as_strided(a, shape, strides)


def squeeze(a: Array, dim: tuple[int, ...]) -> Array:
    """Without these dimensions, all of size 1."""
    return a.squeeze(dim)


def unsqueeze(a: Array, dim: int) -> Array:
    """With a dimension of size 1 at this place."""
    return np.expand_dims(a, dim)


def select(a: Array, dim: int, index: int) -> Array:
    """One index of a dimension, which goes away."""
    return a[index, ...] if dim == 0 else a[(_index(None),) * dim + (index, ...)]


def select_backward(grad: Array, shape: tuple[int, ...], dim: int, index: int) -> Array:
    """Zeros, but for the gradient at that index."""
    whole = np.zeros(shape, grad.dtype)
    select(whole, dim, index)[...] = grad
    return whole


def slice(a: Array, dim: int, start: int, stop: int, step: int) -> Array:
    """Every ``step``-th index of a dimension from ``start`` up to ``stop``."""
    return a[(_index(None),) * dim + (_index(start, stop, step),)]


def slice_backward(grad: Array, shape: tuple[int, ...], dim: int, start: int, stop: int, step: int) -> Array:
    """Zeros, but for the gradient at those indices."""
    whole = np.zeros(shape, grad.dtype)
    slice(whole, dim, start, stop, step)[...] = grad
    return whole


def unbind(a: Array, dim: int) -> tuple[Array, ...]:
    """The slices along a dimension, which goes away."""
    return tuple(select(a, dim, index) for index in range(a.shape[dim]))


def cat(arrays: Sequence[Array], dim: int) -> Array:
    """One after the other along a dimension."""
    first = arrays[0]
    if first.size < SHARED or any(each.dtype is not first.dtype for each in arrays):
        return np.concatenate(arrays, axis=dim)
    shape = list(first.shape)
    shape[dim] = sum([each.shape[dim] for each in arrays])
    out = np.empty(shape, first.dtype)
    start = 0
    for each in arrays:
        write_over(slice(out, dim, start, start + each.shape[dim], 1), each)
        start += each.shape[dim]
    return out


def stack(arrays: Sequence[Array], dim: int) -> Array:
    """Side by side along a new dimension."""
    return cat([np.expand_dims(each, dim) for each in arrays], dim)


def read_region(base: Array, region: Region) -> Array:
    """The part that ``region`` shows of an array."""
    return region(base)


def write_region(base: Array, values: Array, region: Region) -> Array:
    """A copy of ``base`` with other values in the part that ``region`` shows; what lies at one place is added up."""
    base = np.array(base, order="C")
    target = region(base)
    for d, (size, step) in enumerate(zip(target.shape, target.strides, strict=True)):
        if size > 1 and not step:
            values, target = values.sum(d, keepdims=True), target[(_index(None),) * d + (_index(1),)]
    target[...] = values
    return base
