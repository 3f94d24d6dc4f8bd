"""Pooling."""

from __future__ import annotations

from typing import Any

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module
from minitorch.ops.arguments import Pair
from minitorch.tensor import Tensor


class MaxPool2d(Module):
    """The largest element of each window; see ``functional.max_pool2d``.

    Args:
        kernel_size: the window's height and width, in pixels.
        stride: how far the window moves; by its own size unless given.
        padding: how far windows reach over the edge.
        dilation: the distance of the window's elements.
        return_indices: return where the elements were as well.
        ceil_mode: windows that reach over the far edge count too.
    """

    def __init__(
        self,
        kernel_size: Pair,
        stride: Pair | None = None,
        padding: Pair = 0,
        dilation: Pair = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
    ) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.dilation = dilation
        self.return_indices = return_indices
        self.ceil_mode = ceil_mode

    def forward(self, input: Tensor) -> Any:
        return F.max_pool2d(
            input, self.kernel_size, self.stride, self.padding, self.dilation, self.ceil_mode, self.return_indices
        )

    def extra_repr(self) -> str:
        return (
            f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}, dilation={self.dilation}, "
            f"ceil_mode={self.ceil_mode}"
        )
