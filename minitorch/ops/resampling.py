"""Images of another size (``interpolate``), and images as patches (``unfold``, ``fold``).

Resampling is linear, and goes dimension by dimension: a *plan* (see the kernels) holds indices and weights for each.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, Unary
from minitorch.ops.arguments import Pair, dtype_name, pair
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
        mode: ``"nearest"``, ``"nearest-exact"``, ``"linear"``, ``"bilinear"``, ``"trilinear"`` or ``"bicubic"``.
        align_corners: whether the middles of the outermost elements stay where they are, rather than the outer edges.
        recompute_scale_factor: use the ratio of the sizes in place of the factor given.
        antialias: not available.

    Raises:
        ValueError, NotImplementedError, RuntimeError: settings that do not go together, or with the input.
    """
    if mode.startswith("nearest") and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear | bicubic | trilinear"
        )
    sizes, factors = _sizes(input, size, scale_factor, recompute_scale_factor)
    if antialias or mode in ("area", "lanczos"):
        raise NotImplementedError("minitorch has neither the modes area and lanczos nor antialias=True")
    shape = tuple(input._array.shape)
    if not 3 <= len(shape) <= 5 or mode not in NODES:
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {len(shape)}D) for the modes: nearest | linear | "
            f"bilinear | bicubic | trilinear | lanczos | area | nearest-exact (got {mode})"
        )
    if len(shape) not in NODES[mode]:
        raise NotImplementedError(f"Got {len(shape)}D input, but {mode} mode needs {next(iter(NODES[mode]))}D input")
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
    if input._array.dtype.kind != "f" and not (input._array.dtype == np.uint8 and mode.startswith("nearest")):
        raise NotImplementedError(f"\"upsample_{mode}{len(shape) - 2}d\" not implemented for '{dtype_name(input)}'")
    precise = np.dtype(np.float64 if input._array.dtype == np.float64 and "nearest" not in mode else np.float32)
    plans = tuple(
        (2 + d, *_plan(mode, shape[2 + d], new, factor, bool(align_corners), precise.type))
        for d, (new, factor) in enumerate(zip(sizes, factors, strict=True))
    )
    return NODES[mode][len(shape)].apply(input, plans=plans)


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


# -- patches --------------------------------------------------------------------------------------------------------------


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
