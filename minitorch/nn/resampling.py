"""Functions of ``nn.functional`` that read images at other places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minitorch.ops.grid_sampling import MODES, PADDING_MODES, affine_grid_generator, grid_sampler
from minitorch.ops.resampling import interpolate
from minitorch.tensor import Tensor
from minitorch.warn import warn

__all__ = ["affine_grid", "grid_sample", "upsample", "upsample_bilinear", "upsample_nearest"]


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """The older name of ``interpolate``, with a warning that says so."""
    _warn_of("upsample")
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """An older name for ``interpolate`` with ``mode="nearest"``, with a warning that says so."""
    _warn_of("upsample_nearest")
    return interpolate(input, size, scale_factor, mode="nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """An older name for ``interpolate`` with ``mode="bilinear"`` and ``align_corners=True``, with a warning that says so."""
    _warn_of("upsample_bilinear")
    return interpolate(input, size, scale_factor, mode="bilinear", align_corners=True)


def _warn_of(name: str) -> None:
    warn(f"`nn.functional.{name}` is deprecated. Use `nn.functional.interpolate` instead.")


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Images read at given positions.

    Args:
        input: (N, C, H, W), or volumes (N, C, D, H, W), floating point.
        grid: (N, height, width, 2) or (N, depth, height, width, 3), of the same dtype: for each place of the result where to
            read, across, down and deep, with -1 and 1 for the edges of the image.
        mode: ``"bilinear"`` (of volumes, trilinear), ``"nearest"`` or, of images, ``"bicubic"``.
        padding_mode: what is outside: ``"zeros"``, the nearest pixel (``"border"``), or the image mirrored (``"reflection"``).
        align_corners: whether the edges are the middles of the outermost pixels, rather than their outer edges. Without it there
            is a warning, and it is false.

    Raises:
        ValueError, RuntimeError: a mode or a shape that does not fit.
    """
    if mode not in MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding_mode not in PADDING_MODES:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding_mode}'"
        )
    aligned = _aligned(align_corners)
    return grid_sampler(input, grid, MODES.index(mode), PADDING_MODES.index(padding_mode), aligned)


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """The positions for ``grid_sample`` that read images through affine maps.

    Args:
        theta: (N, 2, 3), or for volumes (N, 3, 4): for each image a matrix, and where the middle goes.
        size: of the result, (N, C, H, W) or (N, C, D, H, W).
        align_corners: as for ``grid_sample``.

    Raises:
        ValueError, NotImplementedError: shapes or sizes that do not fit.
    """
    aligned = _aligned(align_corners)
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    dims = len(size) - 2
    if dims not in (2, 3):
        raise NotImplementedError(
            f"affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. Got size {size}."
        )
    if theta.dim() != 3 or tuple(theta.shape[1:]) != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size {size}. Got {theta.shape}."
        )
    if aligned and min(size[2:]) == 1:
        warn(
            "Since version 1.3.0, affine_grid behavior has changed for unit-size grids when align_corners=True. This is not an "
            "intended use case of affine_grid. See the documentation of affine_grid for details."
        )
    elif min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")
    return affine_grid_generator(theta, size, aligned)


def _aligned(align_corners: bool | None) -> bool:
    if align_corners is None:
        warn(
            "Default grid_sample and affine_grid behavior has changed to align_corners=False since 1.3.0. Please specify "
            "align_corners=True if the old behavior is desired. See the documentation of grid_sample for details."
        )
    return bool(align_corners)
