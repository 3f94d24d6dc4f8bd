"""Normalisation: what is taken together gets mean 0 and variance 1, then is scaled and shifted, by channel or by place.

``rstd`` is one over the standard deviation.

Sources: S. Ioffe and C. Szegedy, Batch normalization (2015); J. Ba et al., Layer normalization (2016); Y. Wu and K. He, Group
normalization (2018); D. Ulyanov et al., Instance normalization (2016); B. Zhang and R. Sennrich, Root mean square layer
normalization (2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from minitorch.autograd.graph import Function
from minitorch.ops.arguments import dtype_name
from minitorch.ops.arithmetic import AddBackward1, mul
from minitorch.ops.conversion import cast
from minitorch.ops.elementary import pow
from minitorch.ops.exponential import rsqrt
from minitorch.ops.operator import operator, operators
from minitorch.ops.reduction import mean
from minitorch.ops.shape import contiguous

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class Normalisation(Function):
    """The result, the mean and rstd; ``kernel`` computes them, and ``kernel_backward`` the gradients of input, weight and bias.

    With the mean m over n elements and rstd r: x = (a - m) r, and for the gradient g of x,
    da = r (g - mean(g) - x mean(g x)).
    """

    __slots__ = ("params",)
    graph_inputs = 3
    fills_in_zeros = False
    kernel: ClassVar[str]

    def forward(self, k: Table, a: Any, weight: Any, bias: Any, **params: Any) -> Any:
        result, center, rstd = getattr(k, self.kernel)(a, weight, bias, **params)
        self.params = params
        self.save(a, weight, center, rstd)
        return result, center, rstd

    def backward(
        self, k: Table, grad: Any, by_mean: Any, by_rstd: Any, a: Any, weight: Any, center: Any, rstd: Any
    ) -> tuple[Any, ...]:
        if grad is None:
            return None, None, None
        if k is operators:
            return self.gradients(k, grad, a, weight, center, rstd, **self.params)
        params = {name: value for name, value in self.params.items() if name != "eps"}
        by_a, by_weight, by_bias = getattr(k, f"{self.kernel}_backward")(grad, a, weight, center, rstd, **params)
        if weight is not None and by_weight.dtype != weight.dtype:  # of halves, parameters may be wider
            by_weight, by_bias = k.cast(by_weight, weight.dtype), k.cast(by_bias, weight.dtype)
        return self.needs[0] and by_a, self.needs[1] and by_weight, self.needs[2] and by_bias

    def gradients(
        self, k: Table, grad: Any, a: Any, weight: Any, center: Any, rstd: Any, **params: Any
    ) -> tuple[Any, ...]:
        """Those of input, weight and bias, as formulas."""
        raise NotImplementedError


def by_moments(k: Table, grad: Any, a: Any, dims: tuple[int, ...], eps: float) -> tuple[Any, Any]:
    """For the gradient of what is normalised over ``dims``: what is normalised, and the gradient of what it was made of."""
    centred = k.sub(a, k.mean(a, dims, True))
    r = k.rsqrt(k.add(k.mean(k.mul(centred, centred), dims, True), eps))
    x = k.mul(centred, r)
    return x, k.mul(r, k.sub(k.sub(grad, k.mean(grad, dims, True)), k.mul(x, k.mean(k.mul(grad, x), dims, True))))


def by_parameters(k: Table, grad: Any, x: Any, dims: tuple[int, ...], shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The gradients of weight and bias, for what was normalised; summed over ``dims``."""
    return tuple(k.reshape(k.sum(each, dims, False) if dims else each, shape) for each in (k.mul(grad, x), grad))


class NativeLayerNormBackward0(Normalisation):
    """Of the last dimensions, at each place of the others."""

    kernel = "layer_norm"

    def gradients(
        self, k: Table, grad: Any, a: Any, weight: Any, center: Any, rstd: Any, dims: int, eps: float
    ) -> tuple[Any, ...]:
        kept = a.ndim - dims
        x, by_a = by_moments(k, grad if weight is None else k.mul(grad, weight), a, tuple(range(kept, a.ndim)), eps)
        return by_a, *by_parameters(k, grad, x, tuple(range(kept)), a.shape[kept:])


class NativeGroupNormBackward0(Normalisation):
    """Of groups of channels, of each sample. Here, mean and rstd have gradients too: dm = mean(da), dr = -r³ mean((a - m) da)."""

    kernel = "group_norm"

    def backward(
        self, k: Table, grad: Any, by_mean: Any, by_rstd: Any, a: Any, weight: Any, center: Any, rstd: Any
    ) -> tuple[Any, ...]:
        by_a, *by_parameters = super().backward(k, grad, by_mean, by_rstd, a, weight, center, rstd)
        if not self.needs[0] or (by_mean is None and by_rstd is None):
            return by_a, *by_parameters
        shape = _by_groups(a, self.params["groups"])
        whole = k.reshape(a, shape)
        part = k.expand(k.reshape(k.zeros(shape[:2], a) if by_mean is None else by_mean, (*shape[:2], 1, 1)), shape)
        if by_rstd is not None:
            centred = k.sub(whole, k.mean(whole, (2, 3), True))
            r = k.rsqrt(k.add(k.mean(k.mul(centred, centred), (2, 3), True), self.params["eps"]))
            slope = k.mul(k.reshape(by_rstd, (*shape[:2], 1, 1)), k.pow(r, 3))
            part = k.sub(part, k.mul(centred, slope))
        part = k.reshape(k.div(part, shape[2] * shape[3]), a.shape)
        return part if by_a is None else k.add(by_a, part), *by_parameters

    def gradients(
        self, k: Table, grad: Any, a: Any, weight: Any, center: Any, rstd: Any, groups: int, eps: float
    ) -> tuple[Any, ...]:
        shape = _by_groups(a, groups)
        weighted = grad if weight is None else k.mul(grad, k.reshape(weight, (-1, *(1,) * (a.ndim - 2))))
        x, by_a = by_moments(k, k.reshape(weighted, shape), k.reshape(a, shape), (2, 3), eps)
        dims = (0, *range(2, a.ndim))
        return k.reshape(by_a, a.shape), *by_parameters(k, grad, k.reshape(x, a.shape), dims, (a.shape[1],))


def _by_groups(a: Any, groups: int) -> tuple[int, ...]:
    return a.shape[0], groups, a.shape[1] // groups, math.prod(a.shape[2:])


def check_dtypes(kernel: str, input: Tensor, *parameters: Tensor | None) -> None:
    """Parameters have the input's dtype; those of halves may be float32.

    Raises:
        NotImplementedError: the input is not floating point.
        RuntimeError: the dtypes do not go together.
    """
    dtype = input._array.dtype
    if dtype.kind != "f":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{dtype_name(input)}'")
    for each in parameters:
        if (
            each is not None
            and each._array.dtype != dtype
            and not (dtype.itemsize == 2 and dtype_name(each) == "Float")
        ):
            raise RuntimeError(
                "mixed dtype (CPU): expect parameter to have scalar type of Float"
                if dtype_name(input) == "Float"
                else "mixed dtype (CPU): all inputs must share same datatype."
            )


# -- groups -----------------------------------------------------------------------------------------------------------


@operator(method=False)
def native_group_norm(
    input: Tensor, weight: Tensor | None, bias: Tensor | None, N: int, C: int, HxW: int, group: int, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """``group_norm`` of an input of N samples with C channels, each of HxW elements, with means and rstd, (N, group)."""
    return _group_norm(input, group, weight, bias, eps)


@operator(method=False)
def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Tensor:
    """``(input - mean) / sqrt(variance + eps) * weight + bias``, with moments of each group of channels of each sample.

    Args:
        input: (batch, channels, …), floating point.
        num_groups: into which channels that follow each other are divided.
        weight: (channels,).
        bias: (channels,).
        eps: is added to the variance.
        cudnn_enabled: of no effect.

    Raises:
        RuntimeError: the channels cannot be divided so, or sizes or dtypes do not fit.
    """
    return _group_norm(input, num_groups, weight, bias, eps)[0]


def _group_norm(
    input: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    shape = list(input._array.shape)
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if shape[1] % groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{shape} and num_groups={groups}"
        )
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and list(each._array.shape) != [shape[1]]:
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of shape "
                f"{list(each._array.shape)} and input of shape {shape}"
            )
    if 0 in shape[2:]:
        raise RuntimeError(f"Expected HxW to be greater than 0, got {math.prod(shape[2:])}")
    if not shape[1]:
        raise RuntimeError("Expected number of channels to be greater than 0, got 0")
    check_dtypes("GroupNormKernelImpl", input, weight, bias)
    return NativeGroupNormBackward0.apply(input, weight, bias, groups=groups, eps=eps)


# -- the last dimensions ----------------------------------------------------------------------------------------------


def _check_normalized(
    name: str, input: Tensor, normalized_shape: Any, separator: str, **parameters: Tensor | None
) -> list[int]:
    if isinstance(normalized_shape, int):
        raise TypeError(f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not int")
    wanted, shape = list(normalized_shape), list(input._array.shape)
    if not wanted:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, but got "
            "normalized_shape = []"
        )
    for parameter, each in parameters.items():
        if each is not None and list(each._array.shape) != wanted:
            raise RuntimeError(
                f"Expected {parameter} to be of same shape as normalized_shape, but got {parameter} of shape "
                f"{list(each._array.shape)} and normalized_shape = {wanted}"
            )
    if shape[-len(wanted) :] != wanted:
        raise RuntimeError(
            f"Given normalized_shape={wanted}, expected input with shape [*{separator}{', '.join(map(str, wanted))}], but got "
            f"input of size{shape}"
        )
    return wanted


@operator(method=False)
def native_layer_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None, bias: Tensor | None, eps: float
) -> tuple[Tensor, Tensor, Tensor]:
    """``layer_norm``, with the means and rstd, in which the normalised dimensions have size 1."""
    wanted = _check_normalized("native_layer_norm", input, normalized_shape, ", ", weight=weight, bias=bias)
    check_dtypes("LayerNormKernelImpl", input, weight, bias)
    result, center, rstd = NativeLayerNormBackward0.apply(input, weight, bias, dims=len(wanted), eps=eps)
    return result, center.detach(), rstd.detach()


@operator(method=False)
def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Tensor:
    """``(input - mean) / sqrt(variance + eps) * weight + bias``, with moments over the last dimensions.

    Args:
        input: (…, *normalized_shape), floating point.
        normalized_shape: the sizes of the last dimensions.
        weight: of that shape.
        bias: of that shape.
        eps: is added to the variance.
        cudnn_enable: of no effect.

    Raises:
        RuntimeError: the shapes or dtypes do not fit.
    """
    if isinstance(normalized_shape, int):
        _check_normalized("layer_norm", input, normalized_shape, ", ")
    return native_layer_norm(input, normalized_shape, weight, bias, eps)[0]


@operator(method=False)
def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """``input / sqrt(mean(input²) + eps) * weight``, with means over the last dimensions.

    Args:
        input: (…, *normalized_shape), floating point; halves are computed in float32.
        normalized_shape: the sizes of the last dimensions.
        weight: of that shape.
        eps: the dtype's own, if not given.

    Raises:
        RuntimeError: the shapes do not fit.
        NotImplementedError: the dtype is not floating point.
    """
    wanted = _check_normalized("rms_norm", input, normalized_shape, "", weight=weight)
    dtype = input._array.dtype
    if dtype.kind != "f":
        raise NotImplementedError(f"\"rms_norm\" not implemented for '{dtype_name(input)}'")
    wide = cast(input, np.dtype(np.float32)) if dtype.itemsize == 2 else input
    if eps is None:
        eps = float(np.finfo(wide._array.dtype).eps)
    dims = tuple(range(-len(wanted), 0))
    result = mul(wide, rsqrt(AddBackward1.apply(mean(pow(wide, 2), dims, True), eps)))
    return contiguous(cast(result if weight is None else mul(result, weight), dtype))
