"""Functions of ``nn.functional`` that pool, where torch's own are more than an operator."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf, prod
from typing import Any

from minitorch.drawing import rand
from minitorch.ops import fractional_pooling
from minitorch.ops.activation import relu
from minitorch.ops.adaptive_pooling import OutputSize
from minitorch.ops.adaptive_pooling import adaptive_max_pool1d as adaptive_max_pool1d_with_indices
from minitorch.ops.adaptive_pooling import adaptive_max_pool2d as adaptive_max_pool2d_with_indices
from minitorch.ops.adaptive_pooling import adaptive_max_pool3d as adaptive_max_pool3d_with_indices
from minitorch.ops.arguments import Each
from minitorch.ops.average_pooling import avg_pool1d, avg_pool2d, avg_pool3d
from minitorch.ops.max_pooling import max_pool1d as _max_pool1d
from minitorch.ops.max_pooling import (
    max_pool1d_with_indices,
    max_pool2d_with_indices,
    max_pool3d_with_indices,
)
from minitorch.ops.max_pooling import max_pool2d as _max_pool2d
from minitorch.ops.max_pooling import max_pool3d as _max_pool3d
from minitorch.tensor import Tensor

__all__ = [
    "adaptive_max_pool1d", "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices",
    "adaptive_max_pool3d", "adaptive_max_pool3d_with_indices", "fractional_max_pool2d", "fractional_max_pool2d_with_indices",
    "fractional_max_pool3d", "fractional_max_pool3d_with_indices", "lp_pool1d", "lp_pool2d", "lp_pool3d", "max_pool1d",
    "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices", "max_pool3d", "max_pool3d_with_indices",
]  # fmt: skip


# -- largest elements ------------------------------------------------------------------------------------------------------


def _named_as(function: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Gives what it decorates the name and the docstring of another function, but not its signature."""

    def name(other: Callable[..., Any]) -> Callable[..., Any]:
        other.__name__ = other.__qualname__ = function.__name__
        other.__doc__ = f"{function.__doc__}\n\nWith ``return_indices``, where the elements were as well."
        return other

    return name


def _max_pool(values: Callable[..., Tensor], with_indices: Callable[..., Any]) -> Callable[..., Any]:
    @_named_as(values)
    def pooled(
        input: Tensor,
        kernel_size: Each,
        stride: Each | None = None,
        padding: Each = 0,
        dilation: Each = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        return (with_indices if return_indices else values)(input, kernel_size, stride, padding, dilation, ceil_mode)

    return pooled


max_pool1d = _max_pool(_max_pool1d, max_pool1d_with_indices)
max_pool2d = _max_pool(_max_pool2d, max_pool2d_with_indices)
max_pool3d = _max_pool(_max_pool3d, max_pool3d_with_indices)


def _adaptive_max_pool(with_indices: Callable[..., Any]) -> Callable[..., Any]:
    @_named_as(with_indices)
    def pooled(input: Tensor, output_size: OutputSize, return_indices: bool = False) -> Any:
        values, indices = with_indices(input, output_size)
        return (values, indices) if return_indices else values

    return pooled


adaptive_max_pool1d = _adaptive_max_pool(adaptive_max_pool1d_with_indices)
adaptive_max_pool2d = _adaptive_max_pool(adaptive_max_pool2d_with_indices)
adaptive_max_pool3d = _adaptive_max_pool(adaptive_max_pool3d_with_indices)


# -- windows at random -----------------------------------------------------------------------------------------------------


def fractional_max_pool2d_with_indices(
    input: Tensor,
    kernel_size: Each,
    output_size: Each | None = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """``fractional_max_pool2d``, and where the elements were, counted through each plane of the input."""
    return _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool2d(
    input: Tensor,
    kernel_size: Each,
    output_size: Each | None = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The largest elements of windows that lie at random, in the same order.

    Args:
        input: (batch, channels, height, width), or without the batch.
        kernel_size: the windows' height and width, in pixels.
        output_size: height and width of the result.
        output_ratio: instead, what part of the input's size that is, one number for each dimension.
        return_indices: return where the elements were as well.
        _random_samples: (batch, channels, 2), from 0 to 1, which are drawn unless given.

    Raises:
        ValueError, RuntimeError: there is no size, or it does not fit.
    """
    found = _fractional(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def fractional_max_pool3d_with_indices(
    input: Tensor,
    kernel_size: Each,
    output_size: Each | None = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """``fractional_max_pool3d``, and where the elements were, counted through each volume of the input."""
    return _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)


def fractional_max_pool3d(
    input: Tensor,
    kernel_size: Each,
    output_size: Each | None = None,
    output_ratio: Any = None,
    return_indices: bool = False,
    _random_samples: Tensor | None = None,
) -> Any:
    """The same for (batch, channels, depth, height, width); see ``fractional_max_pool2d``."""
    found = _fractional(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return found if return_indices else found[0]


def _fractional(
    dims: int,
    input: Tensor,
    kernel_size: Each,
    output_size: Each | None,
    output_ratio: Any,
    samples: Tensor | None,
) -> Any:
    name = f"fractional_max_pool{dims}d"
    if output_size is None:
        if output_ratio is None:
            raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
        if dims == 2 and len(output_ratio) > 2:
            raise ValueError(f"{name} requires output_ratio to either be a single Int or tuple of Ints.")
        ratios = [output_ratio] * dims if isinstance(output_ratio, float | int) else output_ratio
        output_size = [int(input.size(d - dims) * ratios[d]) for d in range(dims)]
    if samples is None:
        batch = 1 if input.dim() == dims + 1 else input.size(0)
        samples = rand(batch, input.size(-dims - 1), dims, dtype=input.dtype)
    return getattr(fractional_pooling, name)(input, kernel_size, output_size, samples)


# -- power averages --------------------------------------------------------------------------------------------------------


def lp_pool1d(
    input: Tensor, norm_type: float, kernel_size: int, stride: Each | None = None, ceil_mode: bool = False
) -> Tensor:
    """``(Σ x ** norm_type) ** (1 / norm_type)`` of the elements of each window; see ``lp_pool2d``."""
    return _lp_pool(avg_pool1d, max_pool1d, input, norm_type, kernel_size, kernel_size, stride, ceil_mode)


def lp_pool2d(
    input: Tensor, norm_type: float, kernel_size: Each, stride: Each | None = None, ceil_mode: bool = False
) -> Tensor:
    """``(Σ x ** norm_type) ** (1 / norm_type)`` of the elements of each window.

    Args:
        input: (batch, channels, height, width), or without the batch.
        norm_type: the power; infinity for the largest magnitude, its negative for the smallest.
        kernel_size: the window's height and width, in pixels.
        stride: how far the window moves; by its own size unless given.
        ceil_mode: windows that reach over the far edge count too.

    Raises:
        ValueError: the power is 0.
    """
    return _lp_pool(avg_pool2d, max_pool2d, input, norm_type, kernel_size, _volume(kernel_size, 2), stride, ceil_mode)


def lp_pool3d(
    input: Tensor, norm_type: float, kernel_size: Each, stride: Each | None = None, ceil_mode: bool = False
) -> Tensor:
    """``(Σ x ** norm_type) ** (1 / norm_type)`` of the elements of each window; see ``lp_pool2d``."""
    return _lp_pool(avg_pool3d, max_pool3d, input, norm_type, kernel_size, _volume(kernel_size, 3), stride, ceil_mode)


def _volume(kernel_size: int | Sequence[int], dims: int) -> int:
    return kernel_size**dims if isinstance(kernel_size, int) else prod(kernel_size)


def _lp_pool(
    average: Callable[..., Tensor],
    largest: Callable[..., Tensor],
    input: Tensor,
    norm_type: float,
    kernel_size: Each,
    count: int,
    stride: Each | None,
    ceil_mode: bool,
) -> Tensor:
    if norm_type == 0:
        raise ValueError(f"norm_type must be a non-zero value, but got {norm_type}")
    if norm_type == inf:
        return largest(input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    if norm_type == -inf:
        return -largest(-input.abs(), kernel_size, stride, 0, 1, ceil_mode)
    mean = average(input.pow(norm_type), kernel_size, stride, 0, ceil_mode)
    return (mean.sign() * relu(mean.abs())).mul(count).pow(1.0 / norm_type)
