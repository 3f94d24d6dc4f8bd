"""``minitorch.nn.functional.embedding_bag``."""

from __future__ import annotations

from minitorch import dtypes
from minitorch.creation import arange
from minitorch.ops import bags
from minitorch.ops.embedding import renormalise
from minitorch.tensor import Tensor
from minitorch.warn import warn


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Sums, means or maxima of rows of a table, by bags.

    Args:
        input: which rows: (bags, so many in each), or one bag after the other.
        weight: (rows, numbers), floating point.
        offsets: where each bag begins, unless the input is a matrix.
        max_norm: rows that are looked up are scaled down to this norm, in place.
        norm_type: the p of the norm.
        scale_grad_by_freq: divide gradients by how often a row was looked up.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: of no effect.
        per_sample_weights: by how much to multiply each row, in the input's shape; for sums alone.
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: a row that counts nothing, and gets no gradient.

    Returns:
        (bags, numbers).

    Raises:
        ValueError, NotImplementedError, RuntimeError: shapes, dtypes or settings that do not go together.
    """
    if weight.dtype is dtypes.int64 and input.is_floating_point():
        warn(
            "Argument order of nn.functional.embedding_bag was changed. Usage `embedding_bag(weight, input, ...)` is deprecated, "
            "and should now be `embedding_bag(input, weight, ...)`."
        )
        weight, input = input, weight
    _check_shapes(input, weight, offsets, per_sample_weights)
    if input.ndim == 2:
        offsets = arange(0, input.numel(), input.shape[1], dtype=dtypes.int64)
        include_last_offset = False
        input = input.reshape(-1)
        per_sample_weights = None if per_sample_weights is None else per_sample_weights.reshape(-1)
    _check_mode(mode, scale_grad_by_freq, sparse)
    if max_norm is not None:
        renormalise(weight, input, max_norm, norm_type)
    if per_sample_weights is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
            f"(got mode='{mode}'). Please open a feature request on GitHub."
        )
    return bags.embedding_bag(
        weight,
        input,
        offsets,  # type: ignore[arg-type]  # there are some by now
        scale_grad_by_freq,
        bags.MODES.index(mode),
        sparse,
        per_sample_weights,
        include_last_offset,
        padding_idx,
    )[0]


def _check_shapes(input: Tensor, weight: Tensor, offsets: Tensor | None, shares: Tensor | None) -> None:
    if shares is not None and input.shape != shares.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({shares.shape}) is not None, "
            f"then it must have the same shape as the input ({input.shape})"
        )
    if weight.ndim != 2:
        raise ValueError(f"weight has to be a 2D Tensor, but got Tensor of dimension {weight.ndim}")
    if input.ndim == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length sequences. "
                f"However, found offsets of type {type(offsets)}"
            )
    elif input.ndim != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {input.ndim}")
    elif offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    elif offsets.ndim != 1:
        raise ValueError("offsets has to be a 1D Tensor")


def _check_mode(mode: str, scale_grad_by_freq: bool, sparse: bool) -> None:
    if mode not in bags.MODES:
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and scale_grad_by_freq:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if mode == "max" and sparse:
        raise ValueError("max mode does not support sparse weights")
