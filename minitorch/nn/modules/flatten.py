"""Fewer dimensions, and more."""

from __future__ import annotations

import math
from collections.abc import Sequence

from minitorch.nn.modules.module import Module
from minitorch.ops.arguments import dimension
from minitorch.tensor import Tensor


class Flatten(Module):
    """The dimensions from ``start_dim`` to ``end_dim`` as one; the first dimension, the batch, stays unless asked for."""

    def __init__(self, start_dim: int = 1, end_dim: int = -1) -> None:
        super().__init__()
        self.start_dim = start_dim
        self.end_dim = end_dim

    def forward(self, input: Tensor) -> Tensor:
        return input.flatten(self.start_dim, self.end_dim)

    def extra_repr(self) -> str:
        return f"start_dim={self.start_dim}, end_dim={self.end_dim}"


class Unflatten(Module):
    """One dimension as several.

    Args:
        dim: the dimension.
        unflattened_size: the sizes to split it into; one may be -1, for what is left.

    Raises:
        TypeError: the sizes are not whole numbers.
        RuntimeError: on a call, the sizes do not multiply up to the dimension's.
    """

    def __init__(self, dim: int, unflattened_size: Sequence[int]) -> None:
        super().__init__()
        if not isinstance(unflattened_size, tuple | list):
            raise TypeError(
                f"unflattened_size must be a tuple of ints, but found type {type(unflattened_size).__name__}"
            )
        for position, size in enumerate(unflattened_size):
            if not isinstance(size, int):
                raise TypeError(
                    "unflattened_size must be tuple of ints, but found element of type "
                    f"{type(size).__name__} at pos {position}"
                )
        self.dim = dim
        self.unflattened_size = unflattened_size

    def forward(self, input: Tensor) -> Tensor:
        shape, sizes = input.shape, tuple(self.unflattened_size)
        d = dimension(self.dim, len(shape))
        known = math.prod(size for size in sizes if size != -1)
        if shape[d] != known and not (sizes.count(-1) == 1 and known and shape[d] % known == 0):
            raise RuntimeError(
                f"unflatten: Provided sizes {list(sizes)} don't multiply up to the size of dim {d} ({shape[d]}) "
                "in the input tensor"
            )
        split = tuple(shape[d] // known if size == -1 else size for size in sizes)
        return input.view(*shape[:d], *split, *shape[d + 1 :])

    def extra_repr(self) -> str:
        return f"dim={self.dim}, unflattened_size={self.unflattened_size}"
