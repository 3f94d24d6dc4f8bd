"""Images read at positions between their pixels, and the positions that an affine map gives.

The result is linear in the image. Its derivative by a position is the same sum with derivatives of the weights, which ``orders``
ask for; so two operators, each the other's adjoint, are all that derivatives of any order need.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.gathering import check_together
from minitorch.autograd.graph import Function
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import cast
from minitorch.ops.arguments import dtype_name
from minitorch.ops.operator import formula, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

MODES = ("bilinear", "nearest", "bicubic")
PADDING_MODES = ("zeros", "border", "reflection")


class Sampling(Function):
    """What the two operators have in common."""

    __slots__ = ("orders", "settings", "shape")

    orders: tuple[int, ...]
    settings: dict[str, Any]

    def by_position(self, k: Table, image: Any, grid: Any, result: Any) -> Any:
        """The gradient of the positions, where ``result`` is multiplied with what is read there."""
        parts = []
        for number in range(len(self.orders)):
            orders = tuple(order + (d == number) for d, order in enumerate(self.orders))
            slope = k.grid_sample(image, grid, orders=orders, **self.settings)
            parts.append(k.sum(k.mul(result, slope), (1,), False))
        return k.stack(parts, -1)


class GridSampler2DBackward0(Sampling):
    def forward(self, k: Table, a: Any, grid: Any, orders: tuple[int, ...], **settings: Any) -> Any:
        self.orders, self.settings, self.shape = orders, settings, a.shape
        self.save(a, grid)
        return k.grid_sample(a, grid, orders=orders, **settings)

    def backward(self, k: Table, grad: Any, a: Any, grid: Any) -> tuple[Any, ...]:
        return (
            self.needs[0]
            and k.grid_sample_input_grad(grad, grid, input_shape=self.shape, orders=self.orders, **self.settings),
            self.needs[1] and self.by_position(k, a, grid, grad),
        )


class GridSampler3DBackward0(GridSampler2DBackward0):
    """Of volumes."""


formula("grid_sample")(GridSampler2DBackward0)


@formula("grid_sample_input_grad")
class GridSampleInputGrad(Sampling):
    def forward(
        self, k: Table, grad: Any, grid: Any, input_shape: Any, orders: tuple[int, ...], **settings: Any
    ) -> Any:
        self.orders, self.settings = orders, settings
        self.save(grad, grid)
        return k.grid_sample_input_grad(grad, grid, input_shape=input_shape, orders=orders, **settings)

    def backward(self, k: Table, outer: Any, grad: Any, grid: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.grid_sample(outer, grid, orders=self.orders, **self.settings),
            self.needs[1] and self.by_position(k, outer, grid, grad),
        )


@operator(method=False)
def grid_sampler_2d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Images (N, C, H, W) at the positions (N, height, width, 2); see ``nn.functional.grid_sample``."""
    return _sampled(2, input, grid, interpolation_mode, padding_mode, align_corners)


@operator(method=False)
def grid_sampler_3d(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Volumes (N, C, D, H, W) at the positions (N, depth, height, width, 3); see ``nn.functional.grid_sample``."""
    return _sampled(3, input, grid, interpolation_mode, padding_mode, align_corners)


@operator(method=False)
def grid_sampler(
    input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    """Images or volumes at positions: ``grid_sampler_2d`` or ``grid_sampler_3d``."""
    dims = 2 if input._array.ndim == 4 else 3
    return _sampled(dims, input, grid, interpolation_mode, padding_mode, align_corners)


def _sampled(
    dims: int, input: Tensor, grid: Tensor, interpolation_mode: int, padding_mode: int, align_corners: bool
) -> Tensor:
    check_together(
        "grid_sampler(): expected input and grid to be on same device, but input is on {} and grid is on {}",
        input,
        grid,
    )
    shape, positions = list(input._array.shape), list(grid._array.shape)
    if not shape or not positions or shape[0] != positions[0]:
        raise RuntimeError(
            f"grid_sampler(): expected grid and input to have same batch size, but got input with sizes {shape} and grid with "
            f"sizes {positions}"
        )
    if positions[-1] != len(shape) - 2:
        raise RuntimeError(
            f"grid_sampler(): expected grid to have size {len(shape) - 2} in last dimension, but got grid with sizes {positions}"
        )
    for d in range(2, len(shape)):
        if not shape[d]:
            raise RuntimeError(
                f"grid_sampler(): expected input to have non-empty spatial dimensions, but input has sizes {shape} with "
                f"dimension {d} being empty"
            )
    if len(shape) != dims + 2 or len(positions) != dims + 2:
        raise RuntimeError(
            f"grid_sampler(): expected {dims + 2}D input and grid with same "
            f"number of dimensions, but got input with sizes {shape} and grid with sizes {positions}"
        )
    if dims == 3 and MODES[interpolation_mode] == "bicubic":
        raise RuntimeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if input._array.dtype.kind != "f":
        kernel = "grid_sampler_2d_cpu_kernel_impl" if dims == 2 else "grid_sampler3d_cpu"
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype_name(input)}'")
    if input._array.dtype != grid._array.dtype:
        raise RuntimeError(f"expected scalar type {dtype_name(input)} but found {dtype_name(grid)}")
    node = GridSampler2DBackward0 if dims == 2 else GridSampler3DBackward0
    return node.apply(
        input,
        grid,
        orders=(0,) * dims,
        mode=MODES[interpolation_mode],
        padding_mode=PADDING_MODES[padding_mode],
        align_corners=bool(align_corners),
    )


# -- affine maps -----------------------------------------------------------------------------------------------------------


class AffineGridGeneratorBackward0(Function):
    """The positions are linear in the map: its rows times each place of the result."""

    __slots__ = ("rows",)
    graph_inputs = 1

    def forward(self, k: Table, theta: Any, places: Any, size: tuple[int, ...]) -> Any:
        self.rows = theta.shape[1]
        self.save(places)
        return k.reshape(k.bmm(places, k.transpose(theta, 1, 2)), (len(theta), *size, self.rows))

    def backward(self, k: Table, grad: Any, places: Any) -> tuple[Any, ...]:
        flat = k.reshape(grad, (*places.shape[:2], self.rows))
        return (k.transpose(k.bmm(k.transpose(places, 1, 2), flat), 1, 2),)


@operator(method=False)
def affine_grid_generator(theta: Tensor, size: Sequence[int], align_corners: bool) -> Tensor:
    """The positions for ``grid_sampler`` that read an image through affine maps.

    Args:
        theta: (N, 2, 3) or (N, 3, 4): for each image a matrix, and where the middle goes.
        size: (N, C, H, W) or (N, C, D, H, W), of the result of the sampling.
        align_corners: whether -1 and 1 are the middles of the outermost pixels, rather than their outer edges.

    Raises:
        RuntimeError: shapes that do not fit.
    """
    shape, sizes = theta._array.shape, list(size)
    if len(sizes) not in (4, 5):
        raise RuntimeError("AffineGridGenerator needs 4d (spatial) or 5d (volumetric) inputs.")
    dims = len(sizes) - 2
    if min(sizes) < 0:
        raise RuntimeError(
            f"Trying to create tensor with negative dimension {min(sizes)}: {[sizes[0], *sizes[2:], dims + 1]}"
        )
    if shape[0] != sizes[0] or shape[2] != dims + 1:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{sizes[0]}, {dims + 1}] but got: "
            f"[{shape[0]}, {shape[2]}]."
        )
    if shape[1] != dims:
        raise RuntimeError(
            f"shape '{[sizes[0], *sizes[2:], dims]}' is invalid for input of size {prod([sizes[0], *sizes[2:], shape[1]])}"
        )
    lines = [_line(count, align_corners) for count in sizes[2:]]
    numbers = np.meshgrid(*lines, indexing="ij")[::-1]
    places = cast(np.stack([*numbers, np.ones(sizes[2:])], -1).reshape(prod(sizes[2:]), dims + 1), theta._array.dtype)
    return AffineGridGeneratorBackward0.apply(
        theta,
        tables[type(theta._array)].beside(np.broadcast_to(places, (sizes[0], *places.shape)), theta._array),
        size=tuple(sizes[2:]),
    )


def _line(count: int, align_corners: bool) -> np.ndarray:
    if count <= 1:
        return np.zeros(count)
    line = np.linspace(-1.0, 1.0, count)
    return line if align_corners else line * (count - 1) / count
