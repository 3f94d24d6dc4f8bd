"""Images as patches (``nn.functional.unfold``), and patches as images (``nn.functional.fold``)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Unary
from minitorch.ops.arguments import Pair, pair
from minitorch.ops.operator import operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Im2ColBackward0(Unary):
    __slots__ = ("shape", "windows")

    def forward(self, k: Table, a: Any, **windows: tuple[int, int]) -> Any:
        self.shape, self.windows = a.shape, windows
        return k.im2col(a, **windows)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.col2im(grad, output_size=self.shape[-2:], **self.windows),)


class Col2ImBackward0(Unary):
    __slots__ = ("windows",)

    def forward(self, k: Table, a: Any, output_size: tuple[int, int], **windows: tuple[int, int]) -> Any:
        self.windows = windows
        return k.col2im(a, output_size, **windows)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.im2col(grad, **self.windows),)


def _windows(kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> dict[str, tuple[int, int]]:
    given = {
        "kernel_size": pair(kernel_size),
        "dilation": pair(dilation),
        "padding": pair(padding),
        "stride": pair(stride),
    }
    for name, short in (("kernel_size", "kernel"), ("dilation", "dilation"), ("padding", "pad"), ("stride", "stride")):
        h, w = given[name]
        if min(h, w) < (name != "padding"):
            least = "non-negative" if name == "padding" else "greater than zero"
            raise RuntimeError(
                f"{name.replace('_', ' ')} should be {least}, but got {short}_height: {h} {short}_width: {w}"
            )
    return given


def _blocks(size: Sequence[int], windows: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """How many patches there are, down and across."""
    kernel, dilation, padding, stride = (windows[name] for name in ("kernel_size", "dilation", "padding", "stride"))
    high, wide = ((size[d] + 2 * padding[d] - dilation[d] * (kernel[d] - 1) - 1) // stride[d] + 1 for d in (0, 1))
    return high, wide


@operator(method=False, public=False)
def im2col(input: Tensor, kernel_size: Pair, dilation: Pair = 1, padding: Pair = 0, stride: Pair = 1) -> Tensor:
    """(N, C, H, W) as (N, C kh kw, L): every patch that a kernel of that size would see, as a column; without N likewise.

    Raises:
        RuntimeError: a setting is out of range, or no patch fits.
    """
    windows, shape = _windows(kernel_size, dilation, padding, stride), tuple(input._array.shape)
    if len(shape) not in (3, 4) or 0 in shape[len(shape) - 3 :]:
        raise RuntimeError(
            "Expected 3D or 4D (batch mode) tensor with possibly 0 batch size and other non-zero dimensions for input, but got: "
            f"{list(shape)}"
        )
    blocks = _blocks(shape[-2:], windows)
    if min(blocks) < 1:
        raise RuntimeError(
            f"Given input with spatial size {shape[-2:]}, kernel_size={windows['kernel_size']}, dilation={windows['dilation']}, "
            f"padding={windows['padding']}, calculated shape of the array of sliding blocks as {blocks}, but its components must "
            "be at least one."
        )
    return Im2ColBackward0.apply(input, **windows)


@operator(method=False, public=False)
def col2im(
    input: Tensor, output_size: Pair, kernel_size: Pair, dilation: Pair = 1, padding: Pair = 0, stride: Pair = 1
) -> Tensor:
    """(N, C kh kw, L) as (N, C, H, W): patches added up where they lie; without N likewise.

    Raises:
        RuntimeError: a setting is out of range, or the input does not hold the patches of such an image.
    """
    windows, size, shape = (
        _windows(kernel_size, dilation, padding, stride),
        pair(output_size),
        tuple(input._array.shape),
    )
    if len(shape) not in (2, 3) or 0 in shape[len(shape) - 2 :]:
        raise RuntimeError(
            "Expected 2D or 3D (batch mode) tensor for input with possibly 0 batch size and non-zero dimensions for input, but "
            f"got: {list(shape)}"
        )
    kernel, dim = windows["kernel_size"], len(shape) - 2
    if shape[-2] % math.prod(kernel):
        raise RuntimeError(
            f"Expected size of input's dimension {dim} to be divisible by the product of kernel_size, but got "
            f"input.size({dim})={shape[-2]} and kernel_size={kernel}."
        )
    high, wide = _blocks(size, windows)
    if shape[-1] != high * wide:
        raise RuntimeError(
            f"Given output_size={size}, kernel_size={kernel}, dilation={windows['dilation']}, padding={windows['padding']}, "
            f"stride={windows['stride']}, expected size of input's dimension {dim + 1} to match the calculated number of sliding "
            f"blocks {high} * {wide} = {high * wide}, but got input.size({dim + 1})={shape[-1]}."
        )
    return Col2ImBackward0.apply(input, output_size=size, **windows)
