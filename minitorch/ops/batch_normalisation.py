"""Normalisation of channels over a batch, or of those of each sample by themselves; see ``minitorch.ops.normalisation``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.gathering import apart
from minitorch.autograd.graph import beside, new_tensor
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arithmetic import add, mul
from minitorch.ops.normalisation import Normalisation, by_moments, by_parameters, check_dtypes
from minitorch.ops.operator import operator, operators
from minitorch.ops.parts import select
from minitorch.ops.rearranging import repeat
from minitorch.ops.shape import clone, contiguous, view

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class NativeBatchNormBackward0(Normalisation):
    """Of each channel, over the batch; or by given statistics, which are constants then."""

    kernel = "batch_norm"

    def forward(self, k: Table, a: Any, weight: Any, bias: Any, **params: Any) -> Any:
        results = super().forward(k, a, weight, bias, **params)
        self.params = {"training": params["training"], "eps": params["eps"]}
        return results

    def gradients(
        self, k: Table, grad: Any, a: Any, weight: Any, center: Any, rstd: Any, training: bool, eps: float
    ) -> tuple[Any, ...]:
        dims, by_channel = (0, *range(2, a.ndim)), (1, -1, *(1,) * (a.ndim - 2))
        weighted = grad if weight is None else k.mul(grad, k.reshape(weight, by_channel))
        if training:
            x, by_a = by_moments(k, weighted, a, dims, eps)
        else:
            center, rstd = (k.reshape(new_tensor(each._array), by_channel) for each in (center, rstd))
            x, by_a = k.mul(k.sub(a, center), rstd), k.mul(weighted, rstd)
        return by_a, *by_parameters(k, grad, x, dims, (a.shape[1],))


@operator(method=False)
def native_batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """``batch_norm``, with the mean and rstd of each channel; these are empty unless in training."""
    result, center, rstd = _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)
    if not training:
        center, rstd = (operators.zeros((0,), each) for each in (center, rstd))
    return result, center.detach(), rstd.detach()


@operator(method=False)
def batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """``(input - mean) / sqrt(variance + eps) * weight + bias``, channel by channel.

    Args:
        input: (batch, channels, …), floating point.
        weight: (channels,).
        bias: (channels,).
        running_mean: (channels,), which is used unless in training, and else moves towards the batch's mean, in place.
        running_var: (channels,), likewise; it moves towards the unbiased variance.
        training: normalise by the batch's own mean and variance.
        momentum: by how much the running statistics move.
        eps: is added to the variance.
        cudnn_enabled: of no effect.

    Raises:
        RuntimeError: there are no running statistics to use, or sizes or dtypes do not fit.
    """
    if not input._array.size:
        _check_channels(input, weight, bias, running_mean, running_var, training)
        scaled = clone(input) if weight is None else mul(clone(input), select(weight, 0, 0))
        return scaled if bias is None else add(scaled, select(bias, 0, 0))
    return _batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps)[0]


def _batch_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    _check_channels(input, weight, bias, running_mean, running_var, training)
    running = [None if each is None else each._array for each in (running_mean, running_var)]
    results = NativeBatchNormBackward0.apply(
        input,
        weight,
        bias,
        running_mean=running[0],
        running_var=running[1],
        training=training,
        momentum=momentum,
        eps=eps,
    )
    if training:
        for each in (running_mean, running_var):
            if each is not None:
                each._version_counter[0] += 1
    return results


def _check_channels(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    training: bool,
) -> None:
    channels = input._array.shape[1] if input._array.ndim > 1 else 0
    given = {"running_mean": running_mean, "running_var": running_var, "weight": weight, "bias": bias}
    for name, each in given.items():
        if each is None:
            if not training and name.startswith("running"):
                raise RuntimeError(f"{name} must be defined in evaluation mode")
        elif each._array.size != channels:
            raise RuntimeError(f"{name} should contain {channels} elements not {each._array.size}")
        elif each._array.device != input._array.device:
            raise apart("_native_batch_norm" if weight is None else "_cudnn_batch_norm", input, each, name)
    check_dtypes("batch_norm", input, *given.values())


@operator(method=False)
def instance_norm(
    input: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool,
) -> Tensor:
    """``batch_norm`` of each sample by itself; running statistics move towards the mean of the samples' own.

    Arguments and errors are those of ``batch_norm``.
    """
    if (running_mean is None) != (running_var is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    if running_mean is None and not use_input_stats:
        raise RuntimeError("Expected running_mean and running_var to be defined when use_input_stats is false")
    batch, channels, *inner = input._array.shape
    weight, bias, *moved = (
        None if each is None else repeat(each, batch) for each in (weight, bias, running_mean, running_var)
    )
    whole = view(contiguous(input), (1, batch * channels, *inner))
    result = batch_norm(whole, weight, bias, *moved, use_input_stats, momentum, eps, cudnn_enabled)
    for running, samples in zip((running_mean, running_var), moved, strict=True):
        if running is not None and samples is not None and use_input_stats:
            mean = as_numpys(samples._array).reshape(batch, channels).mean(0)
            tables[type(running._array)].write_over(running._array, beside(mean, running)._array)
            running._version_counter[0] += 1
    return view(result, (batch, channels, *inner))
