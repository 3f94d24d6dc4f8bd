"""Images of another size, and images as patches.

A *plan* says for one dimension where each place of the result comes from: the dimension, the indices of the elements that go
into each place (place, tap), and their weights, or ``None`` if a single element is taken as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["col2im", "im2col", "resample", "resample_backward"]

Array = np.ndarray
Plan = tuple[int, Array, Array | None]
Pair = tuple[int, int]


def _along(weights: Array, dim: int, ndim: int) -> Array:
    return weights.reshape(-1, *[1] * (ndim - dim - 1))


def resample(a: Array, plans: Sequence[Plan]) -> Array:
    """Every place of the result as the weighted sum of its elements, one dimension after another, the last first."""
    dtype = a.dtype
    for dim, indices, weights in reversed(plans):
        if weights is None:
            a = a.take(indices[:, 0], dim)
            continue
        total: Array | None = None
        for tap in range(indices.shape[1]):
            part = a.take(indices[:, tap], dim) * _along(weights[:, tap], dim, a.ndim)
            total = part if total is None else total + part
        assert total is not None
        a = total
    return np.ascontiguousarray(a.astype(dtype, copy=False))


def resample_backward(grad: Array, shape: tuple[int, ...], plans: Sequence[Plan]) -> Array:
    """The gradient of each place, added to the elements that went into it, by their weights."""
    dtype = grad.dtype
    for dim, indices, weights in plans:
        whole = np.zeros((*grad.shape[:dim], shape[dim], *grad.shape[dim + 1 :]), grad.dtype)
        to, by = whole.swapaxes(0, dim), grad.swapaxes(0, dim)
        for place, sources in enumerate(indices):
            for tap, source in enumerate(sources):
                to[source] += by[place] if weights is None else by[place] * weights[place, tap]
        grad = whole
    return grad.astype(dtype, copy=False)


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
