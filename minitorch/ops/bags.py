"""Bags of rows of a table: integers name the rows, and offsets say where each bag begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, beside
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import lies_within
from minitorch.ops.gathering import is_index
from minitorch.ops.operator import operator, operators
from minitorch.ops.reduction import numpy_dtype_of

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

MODES = ("sum", "mean", "max")
"""By torch's numbers."""


class EmbeddingBagBackward0(Function):
    """The gradient of a bag goes to its rows: to all, a share of it to all, or each number of it to the largest."""

    __slots__ = ("by_frequency", "mode", "padding")
    graph_inputs = 2
    fills_in_zeros = False

    def forward(
        self, k: Table, weight: Any, shares: Any, indices: Any, starts: Any, mode: str, padding: int, by_frequency: bool
    ) -> Any:
        out, counts, origins = k.embedding_bag(weight, indices, starts, shares, mode, padding)
        bags = k.beside(np.repeat(np.arange(out.shape[0]), np.diff(as_numpys(starts))), weight)  # of each index
        self.mode, self.padding, self.by_frequency = mode, padding, by_frequency
        self.save(weight, shares, indices, bags, counts, origins)
        return out, bags, counts, origins

    def backward(
        self,
        k: Table,
        grad: Any,
        _bags: Any,
        _counts: Any,
        _origins: Any,
        weight: Any,
        shares: Any,
        indices: Any,
        bags: Any,
        counts: Any,
        origins: Any,
    ) -> tuple[Any, ...]:
        if self.mode == "max":
            filled = k.mul(grad, k.unsqueeze(k.gt(counts, 0), 1))
            return k.scatter_add(k.zeros(weight.shape, grad), 0, origins, filled), None
        if self.mode == "mean":
            grad = k.div(grad, k.unsqueeze(k.cast(k.clamp(counts, 1, None), numpy_dtype_of(grad)), 1))
        rows = k.index_select(grad, 0, bags)
        by_shares = None
        if self.needs[1]:
            by_shares = k.sum(k.mul(rows, k.index_select(weight, 0, indices)), (1,), False)
            if self.padding >= 0:
                by_shares = k.where(k.eq(indices, self.padding), 0.0, by_shares)
        if shares is not None:
            rows = k.mul(rows, k.unsqueeze(shares, 1))
        by_weight = self.needs[0] and k.embedding_dense_backward(
            rows, indices, num_weights=weight.shape[0], padding_idx=self.padding, scale_grad_by_freq=self.by_frequency
        )
        return by_weight, by_shares


@operator(method=False)
def embedding_bag(
    weight: Tensor,
    indices: Tensor,
    offsets: Tensor,
    scale_grad_by_freq: bool = False,
    mode: int = 0,
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Sums, means or maxima of rows of a table, by bags.

    Args:
        weight: (rows, numbers), floating point.
        indices: which rows, one bag after the other; int64 or int32.
        offsets: where each bag begins; int64 or int32.
        scale_grad_by_freq: divide gradients by how often a row was looked up.
        mode: 0 for the sum, 1 for the mean, 2 for the maximum.
        sparse: of no effect.
        per_sample_weights: by how much to multiply each row; for sums alone.
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: a row that counts nothing, and gets no gradient.

    Returns:
        The bags, (bags, numbers); the bag of each index; how many rows are in each bag; for maxima, the rows that they are from.
        (For sums, torch does not count.)

    Raises:
        RuntimeError: dtypes, offsets or indices that do not fit.
    """
    if mode not in range(3):
        raise RuntimeError("`mode` must be sum, mean, or max.")
    rows, size = weight._array.shape[0], indices._array.size
    _check(weight, indices, offsets, per_sample_weights)
    if padding_idx is not None and not -rows <= padding_idx < rows:
        raise RuntimeError(
            f"padding_idx must be within the number of embeddings, {-rows} through {rows - 1}, but got {padding_idx}"
        )
    starts = _starts(offsets, size, include_last_offset)
    places = as_numpys(indices._array).astype(np.int64)
    if (np.diff(starts) < 0).any() or not lies_within(places, 0, rows):
        raise RuntimeError(
            "Expected i < index_size to be true, but got false.  (Could this error message be improved?  If so, please report "
            "an enhancement request to PyTorch.)"
        )
    out, bags, counts, origins = EmbeddingBagBackward0.apply(
        weight,
        per_sample_weights,
        beside(places, weight),
        beside(starts, weight),
        mode=MODES[mode],
        padding=-1 if padding_idx is None else padding_idx % rows,
        by_frequency=scale_grad_by_freq,
    )
    if mode == 0:
        counts = operators.zeros(counts._array.shape, counts)
        if padding_idx is None and per_sample_weights is None:
            bags = beside(np.empty(0, np.int64), weight)
    return out, bags, counts, origins if mode == 2 else counts.clone()


def _starts(offsets: Tensor, size: int, include_last: bool) -> np.ndarray:
    """Where each bag begins, and where the last one ends."""
    starts = as_numpys(offsets._array).astype(np.int64)
    if starts.size and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {starts[0]}"
        )
    if starts.size and starts[-1] > size:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {size} but got offsets[-1] of {starts[-1]}"
        )
    return np.append(starts[:-1] if include_last else starts, size)


def _check(weight: Tensor, indices: Tensor, offsets: Tensor, shares: Tensor | None) -> None:
    place = "(while checking arguments for embedding_bag)"
    for each in (indices, offsets):
        if not is_index(each):
            raise RuntimeError(
                "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
                f"{each._type_name()} instead {place}"
            )
    if weight._array.dtype.kind != "f":
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have one of the following scalar types: Half, BFloat16, Float, Double; "
            f"but got {weight._type_name()} instead {place}"
        )
    if shares is not None and shares._array.dtype != weight._array.dtype:
        raise RuntimeError(
            "Expected tensor for argument #1 'weight' to have the same type as tensor for argument #1 'per_sample_weights'; but "
            f"type {weight._type_name()} does not equal {shares._type_name()} {place}"
        )
