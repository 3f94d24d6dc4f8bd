"""The functions that modules compute, under torch's names and with torch's order of arguments."""

from __future__ import annotations

from minitorch.dtypes import dtype as Dtype
from minitorch.nn.attention import scaled_dot_product_attention
from minitorch.nn.bags import embedding_bag
from minitorch.nn.losses import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    cross_entropy,
    ctc_loss,
    gaussian_nll_loss,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    nll_loss,
    poisson_nll_loss,
    smooth_l1_loss,
)
from minitorch.nn.margin_losses import (
    cosine_embedding_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    multilabel_soft_margin_loss,
    soft_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)
from minitorch.nn.multihead import multi_head_attention_forward
from minitorch.nn.normalisation import (
    batch_norm,
    group_norm,
    instance_norm,
    layer_norm,
    local_response_norm,
    normalize,
    rms_norm,
)
from minitorch.nn.pooling import (
    adaptive_max_pool1d,
    adaptive_max_pool1d_with_indices,
    adaptive_max_pool2d,
    adaptive_max_pool2d_with_indices,
    adaptive_max_pool3d,
    adaptive_max_pool3d_with_indices,
    fractional_max_pool2d,
    fractional_max_pool2d_with_indices,
    fractional_max_pool3d,
    fractional_max_pool3d_with_indices,
    lp_pool1d,
    lp_pool2d,
    lp_pool3d,
    max_pool1d,
    max_pool1d_with_indices,
    max_pool2d,
    max_pool2d_with_indices,
    max_pool3d,
    max_pool3d_with_indices,
)
from minitorch.nn.resampling import affine_grid, grid_sample, upsample, upsample_bilinear, upsample_nearest
from minitorch.noise import drop, gumbel_softmax, rrelu_
from minitorch.noise import rrelu as _rrelu
from minitorch.ops import activation, nonlinearity, piecewise
from minitorch.ops.activation import sigmoid, tanh
from minitorch.ops.adaptive_pooling import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d
from minitorch.ops.average_pooling import avg_pool1d, avg_pool2d, avg_pool3d
from minitorch.ops.bilinear import bilinear
from minitorch.ops.convolution import conv1d, conv2d, conv3d
from minitorch.ops.distances import pdist
from minitorch.ops.embedding import embedding, one_hot
from minitorch.ops.folding import col2im as fold
from minitorch.ops.folding import im2col as unfold
from minitorch.ops.matmul import linear
from minitorch.ops.max_unpooling import max_unpool1d, max_unpool2d, max_unpool3d
from minitorch.ops.mistakes import explained
from minitorch.ops.nonlinearity import celu_, elu_, gelu, glu, selu_, softplus, softsign, tanhshrink
from minitorch.ops.nonlinearity import log_sigmoid as logsigmoid
from minitorch.ops.operator import Number, in_place, methods
from minitorch.ops.padding import pad
from minitorch.ops.piecewise import hardshrink, leaky_relu_, prelu, softshrink, threshold_
from minitorch.ops.rearranging import channel_shuffle, pixel_shuffle, pixel_unshuffle
from minitorch.ops.resampling import interpolate
from minitorch.ops.similarity import cosine_similarity, pairwise_distance
from minitorch.ops.transposed_convolution import conv_tbc, conv_transpose1d, conv_transpose2d, conv_transpose3d
from minitorch.tensor import Tensor
from minitorch.warn import warn

__all__ = [
    "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool1d_with_indices", "adaptive_max_pool2d", "adaptive_max_pool2d_with_indices", "adaptive_max_pool3d",
    "adaptive_max_pool3d_with_indices", "affine_grid", "alpha_dropout", "avg_pool1d", "avg_pool2d", "avg_pool3d",
    "batch_norm", "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits", "celu", "celu_", "channel_shuffle",
    "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cosine_embedding_loss", "cosine_similarity", "cross_entropy", "ctc_loss", "dropout", "dropout1d", "dropout2d",
    "dropout3d", "elu", "elu_", "embedding", "embedding_bag", "feature_alpha_dropout", "fold", "fractional_max_pool2d",
    "fractional_max_pool2d_with_indices", "fractional_max_pool3d", "fractional_max_pool3d_with_indices", "gaussian_nll_loss",
    "gelu", "glu", "grid_sample", "group_norm", "gumbel_softmax", "hardshrink", "hardsigmoid", "hardswish", "hardtanh",
    "hardtanh_", "hinge_embedding_loss", "huber_loss", "instance_norm", "interpolate", "kl_div", "l1_loss", "layer_norm",
    "leaky_relu", "leaky_relu_", "linear", "local_response_norm", "log_softmax", "logsigmoid", "lp_pool1d", "lp_pool2d",
    "lp_pool3d", "margin_ranking_loss", "max_pool1d", "max_pool1d_with_indices", "max_pool2d", "max_pool2d_with_indices",
    "max_pool3d", "max_pool3d_with_indices", "max_unpool1d", "max_unpool2d", "max_unpool3d", "mish", "mse_loss",
    "multi_head_attention_forward", "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "nll_loss",
    "normalize", "one_hot", "pad", "pairwise_distance", "pdist", "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss",
    "prelu", "relu", "relu6", "relu_", "rms_norm", "rrelu", "rrelu_", "scaled_dot_product_attention", "selu", "selu_",
    "sigmoid", "silu", "smooth_l1_loss", "soft_margin_loss", "softmax", "softmin", "softplus", "softshrink", "softsign",
    "tanh", "tanhshrink", "threshold", "threshold_", "triplet_margin_loss", "triplet_margin_with_distance_loss", "unfold",
    "upsample", "upsample_bilinear", "upsample_nearest",
]  # fmt: skip

relu_ = methods["relu_"]
hardtanh_ = in_place(piecewise.hardtanh)
_silu_, _mish_ = in_place(nonlinearity.silu), in_place(nonlinearity.mish)
_hardsigmoid_, _hardswish_ = in_place(piecewise.hardsigmoid), in_place(piecewise.hardswish)


def relu(input: Tensor, inplace: bool = False) -> Tensor:
    """max(input, 0); with ``inplace`` written over the input."""
    return relu_(input) if inplace else activation.relu(input)


def elu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``input``, and below 0 ``alpha * (exp(input) - 1)``; with ``inplace`` written over the input."""
    return elu_(input, alpha) if inplace else nonlinearity.elu(input, alpha)


def celu(input: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """``input``, and below 0 ``alpha * (exp(input / alpha) - 1)``; with ``inplace`` written over the input."""
    return celu_(input, alpha) if inplace else nonlinearity.celu(input, alpha)


def selu(input: Tensor, inplace: bool = False) -> Tensor:
    """``elu``, scaled so that mean 0 and variance 1 are kept; with ``inplace`` written over the input."""
    return selu_(input) if inplace else nonlinearity.selu(input)


def leaky_relu(input: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """``input``, and ``negative_slope * input`` below 0; with ``inplace`` written over the input."""
    return leaky_relu_(input, negative_slope) if inplace else piecewise.leaky_relu(input, negative_slope)


def hardtanh(input: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """``input``, but between ``min_val`` and ``max_val``; with ``inplace`` written over the input."""
    return (hardtanh_ if inplace else piecewise.hardtanh)(input, min_val, max_val)


def relu6(input: Tensor, inplace: bool = False) -> Tensor:
    """``input``, but between 0 and 6; with ``inplace`` written over the input."""
    return hardtanh(input, 0.0, 6.0, inplace)


def hardsigmoid(input: Tensor, inplace: bool = False) -> Tensor:
    """(input + 3) / 6, but between 0 and 1; with ``inplace`` written over the input."""
    return (_hardsigmoid_ if inplace else piecewise.hardsigmoid)(input)


def hardswish(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * hardsigmoid(input)``; with ``inplace`` written over the input."""
    return (_hardswish_ if inplace else piecewise.hardswish)(input)


def silu(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * sigmoid(input)``; with ``inplace`` written over the input."""
    return (_silu_ if inplace else nonlinearity.silu)(input)


def mish(input: Tensor, inplace: bool = False) -> Tensor:
    """``input * tanh(softplus(input))``; with ``inplace`` written over the input."""
    return (_mish_ if inplace else nonlinearity.mish)(input)


def rrelu(
    input: Tensor, lower: float = 1.0 / 8, upper: float = 1.0 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """``input``, and below 0 times a slope: drawn for each number between two bounds in training, else their middle."""
    return (rrelu_ if inplace else _rrelu)(input, lower, upper, training)


def threshold(input: Tensor, threshold: Number, value: Number, inplace: bool = False) -> Tensor:
    """``input`` where it is above the threshold, ``value`` elsewhere; with ``inplace`` written over the input."""
    return (threshold_ if inplace else piecewise.threshold)(input, threshold, value)


def softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """exp(input), divided by its sum along ``dim``.

    Args:
        input: any shape, floating point.
        dim: the dimension. Without one there is a warning, and an old rule chooses: the first one for 0, 1 and 3 dimensions,
            else the second.
        _stacklevel: of no effect: the warning points at the caller's line.
        dtype: cast to this first.
    """
    return activation.softmax(input, _implicit_dim("softmax", input, dim), dtype)


def softmin(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """``softmax(-input)``; arguments as for ``softmax``."""
    return activation.softmax(-input, _implicit_dim("softmin", input, dim), dtype)


def log_softmax(input: Tensor, dim: int | None = None, _stacklevel: int = 3, dtype: Dtype | None = None) -> Tensor:
    """log(softmax(input)) along ``dim``, without overflow; arguments as for ``softmax``."""
    return activation.log_softmax(input, _implicit_dim("log_softmax", input, dim), dtype)


def _implicit_dim(name: str, input: Tensor, dim: int | None) -> int:
    if dim is not None:
        return dim
    warn(f"Implicit dimension choice for {name} has been deprecated. Change the call to include dim=X as an argument.")
    return 0 if input.dim() in (0, 1, 3) else 1


def _checked_probability(p: float) -> float:
    if not 0 <= p <= 1:
        raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
    return p


def dropout(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, each number is 0 with probability ``p``, and the others are divided by 1 - p.

    Raises:
        ValueError: ``p`` is no probability.
    """
    return drop(input, _checked_probability(p), training, inplace=inplace)


def alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """In training, each number becomes SELU's lowest value with probability ``p``; then mean and variance are put right."""
    return drop(input, _checked_probability(p), training, alpha=True, inplace=inplace)


def feature_alpha_dropout(input: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """As ``alpha_dropout``, for whole channels: inputs are of shape (batch, channels, ...)."""
    return drop(input, _checked_probability(p), training, feature=True, alpha=True, inplace=inplace)


def dropout1d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, each channel is 0 with probability ``p``; inputs are of shape (batch, channels, length), or one of a batch.

    Raises:
        RuntimeError: there are not 2 or 3 dimensions.
    """
    _checked_probability(p)
    if input.ndim not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {input.ndim}D input. Note that dropout1d exists to provide "
            "channel-wise dropout on inputs with 1 spatial dimension, a channel dimension, and an optional batch dimension (i.e. "
            "2D or 3D inputs)."
        )
    return _drop_channels(input, p, training, inplace, batched=input.ndim == 3)


def dropout2d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, each channel is 0 with probability ``p``; inputs are of shape (batch, channels, height, width).

    Three dimensions are taken as (batch, channels, length), with a warning, and so are other numbers of them.
    """
    _checked_probability(p)
    if input.ndim not in (3, 4):
        _warn_of_dimensions(input, 2, "3D or 4D")
    if input.ndim == 3:
        warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout behavior is desired - input "
            "is interpreted as shape (N, C, L), where C is the channel dim. This behavior will change in a future release to "
            "interpret the input as one without a batch dimension, i.e. shape (C, H, W). To maintain the 1D channel-wise dropout "
            "behavior, please switch to using dropout1d instead."
        )
    return _drop_channels(input, p, training, inplace, batched=True)


def dropout3d(input: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """In training, each channel is 0 with probability ``p``; inputs are of shape (batch, channels, depth, height, width), or
    one of a batch."""
    _checked_probability(p)
    if input.ndim not in (4, 5):
        _warn_of_dimensions(input, 3, "4D or 5D")
    return _drop_channels(input, p, training, inplace, batched=input.ndim == 5)


def _warn_of_dimensions(input: Tensor, count: int, wanted: str) -> None:
    warn(
        f"dropout{count}d: Received a {input.ndim}-D input to dropout{count}d, which is deprecated and will result in an error "
        "in a future release. To retain the behavior and silence this warning, please use dropout instead. Note that "
        f"dropout{count}d exists to provide channel-wise dropout on inputs with {count} spatial dimensions, a channel dimension, "
        f"and an optional batch dimension (i.e. {wanted} inputs)."
    )


def _drop_channels(input: Tensor, p: float, training: bool, inplace: bool, batched: bool) -> Tensor:
    if batched:
        return drop(input, p, training, feature=True, inplace=inplace)
    dropped = drop(input.unsqueeze(0), p, training, feature=True, inplace=inplace)
    return input if inplace else dropped.squeeze(0)


for _name in __all__:
    globals()[_name] = explained(globals()[_name], counts=False)
