"""Images as columns of patches, and patches as images."""

from __future__ import annotations

import numpy as np

from minitorch.kernels.cuda.array import DeviceArray
from minitorch.kernels.cuda.elementwise import contiguous_clone
from minitorch.kernels.cuda.lines import added, terms_of
from minitorch.kernels.cuda.rearranging import constant_pad_nd
from minitorch.kernels.cuda.shape import permute, reshape, squeeze, unsqueeze, view
from minitorch.kernels.halves import in_float32
from minitorch.kernels.windows import pooled_size

__all__ = ["col2im", "im2col"]

Pair = tuple[int, int]


def im2col(a: DeviceArray, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> DeviceArray:
    """(N, C, H, W) as (N, C kh kw, L): every patch that a kernel of that size would see, as a column."""
    if a.ndim == 3:
        return squeeze(im2col(unsqueeze(a, 0), kernel_size, dilation, padding, stride), (0,))
    rows, columns = map(pooled_size, a.shape[2:], kernel_size, stride, padding, dilation)
    if any(padding):
        a = constant_pad_nd(a, (padding[1], padding[1], padding[0], padding[0]), 0)
    n, c = a.shape[:2]
    down, right = a.steps[2:]
    steps = (*a.steps[:2], down * dilation[0], right * dilation[1], down * stride[0], right * stride[1])
    patches = contiguous_clone(a.seen((n, c, *kernel_size, rows, columns), steps))
    return view(patches, (n, c * kernel_size[0] * kernel_size[1], rows * columns))


@in_float32
def col2im(
    a: DeviceArray, output_size: Pair, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair
) -> DeviceArray:
    """(N, C kh kw, L) as (N, C, H, W): the patches added up where they lie."""
    if a.ndim == 2:
        return squeeze(col2im(unsqueeze(a, 0), output_size, kernel_size, dilation, padding, stride), (0,))
    (kh, kw), n = kernel_size, a.shape[0]
    rows, columns = map(pooled_size, output_size, kernel_size, stride, padding, dilation)
    patches = reshape(a, (n, a.shape[1] // (kh * kw), kh, kw, rows, columns))
    a = reshape(permute(patches, (0, 1, 2, 4, 3, 5)), (*patches.shape[:2], kh * rows, kw * columns))
    for d, count in enumerate((rows, columns)):
        places = met(kernel_size[d], stride[d], padding[d], dilation[d], count)
        a = added(a, 2 + d, terms_of(places, output_size[d]))
    return a


def met(kernel_size: int, stride: int, padding: int, dilation: int, count: int) -> np.ndarray:
    """Along a dimension, what each element of a kernel meets at each of ``count`` places, (kernel_size * count,)."""
    return (np.arange(kernel_size)[:, None] * dilation - padding + np.arange(count) * stride).reshape(-1)
