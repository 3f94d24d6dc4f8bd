"""Images of another size (``interpolate``).

Resampling is linear, and goes dimension by dimension: a *plan* (see the kernels) holds indices and weights for each.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, Unary
from minitorch.ops.adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from minitorch.ops.arguments import dtype_name
from minitorch.ops.operator import formula, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Resampling(Unary):
    __slots__ = ("plans", "shape")

    def forward(self, k: Table, a: Any, plans: Any) -> Any:
        self.shape, self.plans = a.shape, plans
        return k.resample(a, plans)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.resample_backward(grad, shape=self.shape, plans=self.plans),)


formula("resample")(Resampling)


@formula("resample_backward")
class ResamplingBackward(Function):
    __slots__ = ("plans",)

    def forward(self, k: Table, grad: Any, shape: tuple[int, ...], plans: Any) -> Any:
        self.plans = plans
        return k.resample_backward(grad, shape, plans)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.resample(grad, plans=self.plans),)


class UpsampleNearest1DBackward0(Resampling):
    pass


class UpsampleNearest2DBackward0(Resampling):
    pass


class UpsampleNearest3DBackward0(Resampling):
    pass


class UpsampleNearestExact1DBackward0(Resampling):
    pass


class UpsampleNearestExact2DBackward0(Resampling):
    pass


class UpsampleNearestExact3DBackward0(Resampling):
    pass


class UpsampleLinear1DBackward0(Resampling):
    pass


class UpsampleBilinear2DBackward0(Resampling):
    pass


class UpsampleTrilinear3DBackward0(Resampling):
    pass


class UpsampleBicubic2DBackward0(Resampling):
    pass


class UpsampleBilinear2DAaBackward0(Resampling):
    pass


class UpsampleBicubic2DAaBackward0(Resampling):
    pass


class UpsampleLanczos2DAaBackward0(Resampling):
    pass


NODES: dict[str, dict[int, type[Resampling]]] = {
    "nearest": {3: UpsampleNearest1DBackward0, 4: UpsampleNearest2DBackward0, 5: UpsampleNearest3DBackward0},
    "nearest-exact": {
        3: UpsampleNearestExact1DBackward0,
        4: UpsampleNearestExact2DBackward0,
        5: UpsampleNearestExact3DBackward0,
    },
    "linear": {3: UpsampleLinear1DBackward0},
    "bilinear": {4: UpsampleBilinear2DBackward0},
    "trilinear": {5: UpsampleTrilinear3DBackward0},
    "bicubic": {4: UpsampleBicubic2DBackward0},
}
"""The node for each mode and number of dimensions."""

SMOOTHING = {
    "bilinear": (UpsampleBilinear2DAaBackward0, 1),
    "bicubic": (UpsampleBicubic2DAaBackward0, 2),
    "lanczos": (UpsampleLanczos2DAaBackward0, 3),
}
"""The node with ``antialias``, for images, and how far the weights reach, in pixels of the smaller image."""


@operator(method=False, public=False)
def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Images (or signals, or volumes) of another size.

    Args:
        input: (N, C, W), (N, C, H, W) or (N, C, D, H, W).
        size: of the result; a number, or one for each dimension.
        scale_factor: instead of the size; a number, or one for each dimension.
        mode: ``"nearest"``, ``"nearest-exact"``, ``"linear"``, ``"bilinear"``, ``"trilinear"``, ``"bicubic"``, ``"lanczos"`` or
            ``"area"``, which is adaptive average pooling.
        align_corners: whether the middles of the outermost elements stay where they are, rather than the outer edges.
        recompute_scale_factor: use the ratio of the sizes in place of the factor given.
        antialias: with ``"bilinear"``, ``"bicubic"`` and ``"lanczos"`` for images: where the result is smaller, each place is a
            mean of all that it covers.

    Raises:
        ValueError, NotImplementedError, RuntimeError: settings that do not go together, or with the input.
    """
    if (mode.startswith("nearest") or mode == "area") and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    sizes, factors = _sizes(input, size, scale_factor, recompute_scale_factor)
    shape = tuple(input._array.shape)
    if antialias and not (mode in SMOOTHING and len(shape) == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if mode == "area" and 3 <= len(shape) <= 5:
        return (adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d)[len(shape) - 3](input, sizes)
    _check_mode(mode, len(shape), align_corners, antialias)
    _check_elements(shape, sizes)
    if input._array.dtype.kind != "f" and not (input._array.dtype == np.uint8 and mode.startswith("nearest")):
        raise NotImplementedError(f"\"upsample_{mode}{len(shape) - 2}d\" not implemented for '{dtype_name(input)}'")
    node = SMOOTHING[mode][0] if antialias else NODES[mode][len(shape)]
    plan = _smoothing_plan if antialias else _plan
    precise = np.dtype(np.float64 if input._array.dtype == np.float64 and "nearest" not in mode else np.float32)
    plans = tuple(
        (2 + d, *plan(mode, shape[2 + d], new, factor, bool(align_corners), precise.type))
        for d, (new, factor) in enumerate(zip(sizes, factors, strict=True))
    )
    return node.apply(input, plans=plans)


def _check_mode(mode: str, ndim: int, align_corners: bool | None, antialias: bool) -> None:
    """The mode is one for as many dimensions."""
    if mode == "lanczos" and ndim == 4:
        if align_corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
    elif not 3 <= ndim <= 5 or mode not in NODES:
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: nearest | linear | "
            f"bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
        )
    elif ndim not in NODES[mode]:
        raise NotImplementedError(f"Got {ndim}D input, but {mode} mode needs {next(iter(NODES[mode]))}D input")


def _check_elements(shape: tuple[int, ...], sizes: list[int]) -> None:
    """There is something to compute from, and something to compute."""
    if min(*shape[2:], *sizes) <= 0:
        names = "DHW"[5 - len(shape) :]
        given, made = (
            ", ".join(f"{name}: {n}" for name, n in zip(names, each, strict=True)) for each in (shape[2:], sizes)
        )
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({given}){' and' if len(shape) == 3 else ''} output "
            f"({made})"
        )
    if not shape[1]:
        raise RuntimeError(f"Non-empty {len(shape)}D data tensor expected but got a tensor with sizes {list(shape)}")


def _sizes(input: Tensor, size: Any, scale_factor: Any, recompute: bool | None) -> tuple[list[int], list[float | None]]:
    """The result's sizes, and the factors that places are computed with where they were given."""
    own = list(input._array.shape[2:])
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    given = size if scale_factor is None else scale_factor
    each = list(given) if isinstance(given, list | tuple) else [given] * len(own)
    if len(each) != len(own):
        kind, of = ("output", "output size of") if scale_factor is None else ("scale_factor", "scale_factor of shape")
        letter, form = ("o", "output size in") if scale_factor is None else ("s", "scale_factor in")
        raise ValueError(
            f"Input and {kind} must have the same number of spatial dimensions, but got input with spatial dimensions of {own} "
            f"and {of} {given}. Please provide input tensor in (N, C, d1, d2, ...,dK) format and {form} "
            f"({letter}1, {letter}2, ...,{letter}K) format."
        )
    if scale_factor is None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        return each, [None] * len(own)
    return [math.floor(n * factor) for n, factor in zip(own, each, strict=True)], [None] * len(
        own
    ) if recompute else each


def _plan(
    mode: str, size: int, new: int, factor: float | None, align_corners: bool, number: Any
) -> tuple[np.ndarray, np.ndarray | None]:
    """Indices and weights for one dimension; computed in the precision that torch computes them in."""
    places = np.arange(new)
    scale = number(1.0 / factor) if factor else number(size) / number(new)
    if mode == "nearest" and new in (size, 2 * size):
        return (places * size // new)[:, None], None
    if mode.startswith("nearest"):
        at = (places.astype(number) + (number(0.5) if mode == "nearest-exact" else 0)) * scale
        return np.minimum(np.floor(at).astype(np.int64), size - 1)[:, None], None
    if align_corners:
        at = places.astype(number) * (number(size - 1) / number(new - 1) if new > 1 else number(0))
    else:
        at = scale * (places.astype(number) + number(0.5)) - number(0.5)
    if mode == "bicubic":
        first = np.minimum(np.floor(at).astype(np.int64), size - 1)
        indices = (first[:, None] + np.arange(-1, 3)).clip(0, size - 1)
        return indices, _cubic((at - first).clip(0, 1).astype(number))
    if new == size:
        return places[:, None], None
    at = at.clip(0, None)
    first = np.minimum(at.astype(np.int64), size - 1)
    share = (at - first).clip(0, 1).astype(number)
    return np.stack([first, np.minimum(first + 1, size - 1)], 1), np.stack([1 - share, share], 1)


def _smoothing_plan(
    mode: str, size: int, new: int, factor: float | None, align_corners: bool, number: Any
) -> tuple[np.ndarray, np.ndarray | None]:
    """Likewise, where the weights become as wide as what each place of a smaller result covers."""
    if new == size:
        return np.arange(new)[:, None], None
    if align_corners:
        scale = number(size - 1) / number(new - 1) if new > 1 else number(0)
    else:
        scale = number(1.0 / factor) if factor else number(size) / number(new)
    widened = max(scale, number(1))
    reach = number(SMOOTHING[mode][1]) * widened
    middles = scale * (np.arange(new, dtype=number) + number(0.5))
    first = np.maximum((middles - reach + number(0.5)).astype(np.int64), 0)
    count = np.minimum((middles + reach + number(0.5)).astype(np.int64), size) - first
    taps = np.arange(max(count.max(), 1))
    distances = np.abs((first[:, None] + taps - middles[:, None] + number(0.5)) / widened).astype(number)
    weights = np.where(taps < count[:, None], _weight(mode, distances), number(0))
    total = weights.sum(1, keepdims=True)
    return np.minimum(first[:, None] + taps, size - 1), weights / np.where(total == 0, number(1), total)


def _weight(mode: str, x: np.ndarray) -> np.ndarray:
    """What counts at a distance, which is at least 0.

    Source: Keys, as below, with a = -1/2; Duchon, Lanczos Filtering in One and Two Dimensions, 1979.
    """
    if mode == "bilinear":
        return np.maximum(1 - x, 0)
    if mode == "lanczos":
        return np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0).astype(x.dtype)
    a = x.dtype.type(-0.5)
    near, far = ((a + 2) * x - (a + 3)) * x * x + 1, (((x - 5) * x + 8) * x - 4) * a
    return np.where(x < 1, near, np.where(x < 2, far, 0)).astype(x.dtype)


def _cubic(t: np.ndarray) -> np.ndarray:
    """The weights of four neighbours, at a distance t behind the second.

    Source: Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981; with a = -3/4.
    """
    a = t.dtype.type(-0.75)

    def near(x: np.ndarray) -> np.ndarray:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: np.ndarray) -> np.ndarray:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return np.stack([far(t + 1), near(t), near(1 - t), far(2 - t)], 1)
