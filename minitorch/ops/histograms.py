"""Histograms in any number of dimensions, with the edges of their bins."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import return_types
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import cpp_name, dtype_name
from minitorch.ops.operator import operator
from minitorch.ops.shape import reshape
from minitorch.ops.without_formula import WithoutFormula

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Histogram(WithoutFormula):
    """Counts, and then the edges of each dimension."""

    operator = "histogram"

    def forward(self, k: Table, a: Any, weight: Any, edges: Sequence[Any], density: bool) -> Any:
        return (k.histogram(a, edges, weight, density), *edges)


class HistogramByEdges(Histogram):
    operator = "_histogramdd_from_bin_tensors"


class HistogramByNumbers(Histogram):
    operator = "_histogramdd_from_bin_cts"


@operator(out=True)
def histogram(
    input: Tensor,
    bins: int | Tensor,
    *,
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """How many elements lie in each bin, and where the bins begin and end: ``(hist, bin_edges)``.

    A bin has its lower edge, the last one its upper edge too. What lies outside, and NaN, is not counted.

    Args:
        input: any shape, float32 or float64.
        bins: how many bins of equal width there are between the smallest and the largest element, or the edges.
        range: the lowest and the highest edge instead.
        weight: what each element counts for.
        density: divide by the total and by the width of each bin.

    Raises:
        RuntimeError: shapes, dtypes or edges that do not fit.
        NotImplementedError: another dtype.
    """
    points = reshape(input, (-1, 1))
    counted = None if weight is None else reshape(weight, (-1,))
    return return_types.histogram(_histogram(Histogram, points, [bins], range, counted, density))


@operator(method=False)
def histogramdd(
    input: Tensor,
    bins: int | Sequence[int] | Sequence[Tensor],
    range: Sequence[float] | None = None,
    weight: Tensor | None = None,
    density: bool = False,
) -> Any:
    """A histogram of points, whose coordinates are the last dimension: ``(hist, bin_edges)``, where there are edges for each.

    Args:
        input: at least two dimensions, float32 or float64.
        bins: for each coordinate how many bins, or the edges; one number for all.
        range: the lowest and the highest edge of each coordinate, one after the other.
        weight: what each point counts for.
        density: divide by the total and by the volume of each bin.

    Raises:
        RuntimeError: shapes, dtypes or edges that do not fit.
        NotImplementedError: another dtype.
    """
    if input._array.ndim < 2:
        raise RuntimeError("torch.histogramdd: input tensor should have at least 2 dimensions")
    count = input._array.shape[-1]
    wanted = [bins] * count if isinstance(bins, int) else list(bins)
    if len(wanted) != count and isinstance(wanted[0], Variable):
        raise RuntimeError(
            f"torch.histogramdd: expected {count} sequences of bin edges for a {count}-dimensional histogram but got "
            f"{len(wanted)}"
        )
    if len(wanted) != count:
        raise RuntimeError("histogramdd: The size of bins must be equal to the innermost dimension of the input.")
    node = HistogramByEdges if isinstance(wanted[0], Variable) else HistogramByNumbers
    hist, *edges = _histogram(node, input, wanted, range, weight, density)
    return return_types.histogramdd((hist, tuple(edges)))


def _histogram(
    node: type[Histogram], input: Tensor, bins: list[Any], range: Any, weight: Tensor | None, density: bool
) -> tuple[Tensor, ...]:
    array = input._array
    for d, each in enumerate(bins):
        _check_bins(input, each, d)
    if weight is not None:
        if weight._array.dtype != array.dtype:
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided, input tensor and weight tensor should have the same dtype, but "
                f"got input({cpp_name(input)}), and weight({cpp_name(weight)})"
            )
        if weight._array.shape != array.shape[:-1]:
            raise RuntimeError(
                "torch.histogramdd: if weight tensor is provided it should have the same shape as the input tensor excluding its "
                f"innermost dimension, but got input with shape {list(array.shape)} and weight with shape "
                f"{list(weight._array.shape)}"
            )
    if array.dtype not in (np.float32, np.float64):
        raise NotImplementedError(f"\"histogramdd\" not implemented for '{dtype_name(input)}'")
    edges = tuple(each._array if isinstance(each, Variable) else None for each in bins)
    if edges[0] is None:
        points = as_numpys(array).reshape(-1, array.shape[-1])
        edges = tuple(tables[type(array)].beside(each, array) for each in _even_edges(points, bins, range))
    return node.apply(input, weight, edges=edges, density=density)


def _check_bins(input: Tensor, bins: Any, d: int) -> None:
    if isinstance(bins, Variable):
        if bins._array.ndim != 1:
            raise RuntimeError(
                f"torch.histogramdd: bins tensor should have one dimension, but got {bins._array.ndim} dimensions in the bins "
                f"tensor for dimension {d}"
            )
        if not bins._array.size:
            raise RuntimeError(
                "torch.histogramdd: bins tensor should have at least 1 element, but got 0 elements in the bins tensor for "
                f"dimension {d}"
            )
        if bins._array.dtype != input._array.dtype:
            raise RuntimeError(
                "torch.histogramdd: input tensor and bins tensors should have the same dtype, but got input with dtype "
                f"{cpp_name(input)} and bins for dimension {d} with dtype {cpp_name(bins)}"  # type: ignore[arg-type]
            )
    number = bins._array.size - 1 if isinstance(bins, Variable) else bins
    if number <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {number} for dimension {d}")


def _even_edges(points: np.ndarray, bins: list[int], range: Sequence[float] | None) -> tuple[np.ndarray, ...]:
    """Edges at equal distances, between the bounds given or those of the coordinates."""
    count = len(bins)
    if range is not None:
        if len(range) != 2 * count:
            raise RuntimeError(
                f"torch.histogramdd: for a {count}-dimensional histogram range should have {2 * count} elements, but got "
                f"{len(range)}"
            )
        bounds = [tuple(map(float, range[2 * d : 2 * d + 2])) for d, _ in enumerate(bins)]
    elif len(points):
        bounds = list(zip(points.min(0).tolist(), points.max(0).tolist(), strict=True))
    else:
        bounds = [(0.0, 1.0)] * count
    edges = []
    for d, ((low, high), number) in enumerate(zip(bounds, bins, strict=True)):
        if not (math.isfinite(low) and math.isfinite(high)):
            raise RuntimeError(f"torch.histogramdd: dimension {d}'s range [{low:g}, {high:g}] is not finite")
        if low > high:
            raise RuntimeError(
                f"torch.histogramdd: min should not exceed max, but got min {low:g} max {high:g} for dimension {d}"
            )
        if low == high:
            low, high = low - 0.5, high + 0.5
        edges.append(_evenly(points.dtype.type(low), points.dtype.type(high), number))
    return tuple(edges)


def _evenly(low: Any, high: Any, bins: int) -> np.ndarray:
    """As ``linspace`` has it: counted from both ends, so that both are met."""
    step = (high - low) / low.dtype.type(bins)
    places = np.arange(bins + 1)
    return np.where(places < (bins + 1) // 2, low + step * places, high - step * (bins - places)).astype(low.dtype)
