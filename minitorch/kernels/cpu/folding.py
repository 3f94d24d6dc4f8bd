"""Images as patches, and patches as images."""

from __future__ import annotations

import numpy as np

__all__ = ["col2im", "im2col"]

Array = np.ndarray
Pair = tuple[int, int]


def _windows(size: int, kernel: int, dilation: int, padding: int, stride: int) -> int:
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


def im2col(a: Array, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Array:
    """(N, C, H, W) as (N, C kh kw, L): every patch that a kernel of that size would see, as a column."""
    if a.ndim == 3:
        return im2col(a[None], kernel_size, dilation, padding, stride)[0]
    n, c, *size = a.shape
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = kernel_size, dilation, padding, stride
    rows, columns = (_windows(size[d], kernel_size[d], dilation[d], padding[d], stride[d]) for d in (0, 1))
    padded = np.pad(a, ((0, 0), (0, 0), (ph, ph), (pw, pw)))
    out = np.empty((n, c, kh, kw, rows, columns), a.dtype)
    for i in range(kh):
        for j in range(kw):
            top, left = i * dh, j * dw
            out[:, :, i, j] = padded[
                :, :, top : top + sh * (rows - 1) + 1 : sh, left : left + sw * (columns - 1) + 1 : sw
            ]
    return out.reshape(n, c * kh * kw, rows * columns)


def col2im(a: Array, output_size: Pair, kernel_size: Pair, dilation: Pair, padding: Pair, stride: Pair) -> Array:
    """(N, C kh kw, L) as (N, C, H, W): the patches added up where they lie."""
    if a.ndim == 2:
        return col2im(a[None], output_size, kernel_size, dilation, padding, stride)[0]
    (kh, kw), (dh, dw), (ph, pw), (sh, sw) = kernel_size, dilation, padding, stride
    n, c = a.shape[0], a.shape[1] // (kh * kw)
    rows, columns = (_windows(output_size[d], kernel_size[d], dilation[d], padding[d], stride[d]) for d in (0, 1))
    patches = a.reshape(n, c, kh, kw, rows, columns)
    h, w = output_size
    out = np.zeros((n, c, h + 2 * ph, w + 2 * pw), a.dtype)
    for i in range(kh):
        for j in range(kw):
            top, left = i * dh, j * dw
            out[:, :, top : top + sh * (rows - 1) + 1 : sh, left : left + sw * (columns - 1) + 1 : sw] += patches[
                :, :, i, j
            ]
    return np.ascontiguousarray(out[:, :, ph : ph + h, pw : pw + w])
