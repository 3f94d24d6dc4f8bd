"""Tables: rows that integers name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.gathering import apart
from minitorch.autograd.graph import Function, beside
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import check_tensors, dtype_name, lies_within
from minitorch.ops.gathering import is_index
from minitorch.ops.operator import formula, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class EmbeddingBackward0(Function):
    """The gradients of the rows that were looked up are added up, but for the row that stands for padding."""

    __slots__ = ("by_frequency", "padding", "rows")
    graph_inputs = 1

    def forward(self, k: Table, weight: Any, indices: Any, padding_idx: int, scale_grad_by_freq: bool) -> Any:
        self.rows, self.padding, self.by_frequency = weight.shape[0], padding_idx, scale_grad_by_freq
        self.save(indices)
        return k.reshape(k.index_select(weight, 0, indices), (*indices.shape, weight.shape[1]))

    def backward(self, k: Table, grad: Any, indices: Any) -> tuple[Any, ...]:
        weight_grad = k.embedding_dense_backward(
            grad, indices, num_weights=self.rows, padding_idx=self.padding, scale_grad_by_freq=self.by_frequency
        )
        return (weight_grad,)


@formula("embedding_dense_backward")
class EmbeddingDenseBackwardBackward0(Function):
    """Looks rows up again; those that stand for padding are 0. (As in torch, the frequencies play no part.)"""

    __slots__ = ("padding",)
    graph_inputs = 1

    def forward(
        self, k: Table, grad: Any, indices: Any, num_weights: int, padding_idx: int, scale_grad_by_freq: bool
    ) -> Any:
        self.padding = padding_idx
        self.save(indices)
        return k.embedding_dense_backward(grad, indices, num_weights, padding_idx, scale_grad_by_freq)

    def backward(self, k: Table, grad: Any, indices: Any) -> tuple[Any, ...]:
        rows = k.reshape(k.index_select(grad, 0, k.reshape(indices, (-1,))), (*indices.shape, grad.shape[1]))
        if self.padding < 0:
            return (rows,)
        return (k.where(k.unsqueeze(k.eq(indices, self.padding), len(indices.shape)), 0.0, rows),)


@operator(method=False, public=False)
def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """The rows of a table that integers name; as ``nn.functional.embedding``.

    Raises:
        RuntimeError: the table is no matrix, or the indices are no integers.
        IndexError: there is no such row.
        AssertionError: there is no such row for padding.
    """
    padding = -1
    if padding_idx is not None:
        rows = weight._array.shape[0]
        if not -rows <= padding_idx < rows:
            raise AssertionError("Padding_idx must be within num_embeddings")
        padding = padding_idx % rows
    check_tensors("embedding", weight=weight, indices=input)
    if input._array.device != weight._array.device:
        raise apart("_index_select", weight, input)
    if max_norm is not None:
        renormalise(weight, input, max_norm, norm_type)
    if weight._array.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    _check_rows("embedding", weight, input)
    return EmbeddingBackward0.apply(weight, input, padding_idx=padding, scale_grad_by_freq=scale_grad_by_freq)


def _check_rows(operator: str, weight: Tensor, indices: Tensor) -> None:
    if not is_index(indices):
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; but got "
            f"{indices._type_name()} instead (while checking arguments for {operator})"
        )
    array = indices._array
    if not lies_within(array, 0, weight._array.shape[0]):
        raise IndexError("index out of range in self")


def renormalise(weight: Tensor, indices: Tensor, max_norm: float, norm_type: float) -> None:
    """Scales the rows that are looked up down to a norm, in place, where theirs is larger; no graph knows of it."""
    _check_rows("embedding_renorm_", weight, indices)
    if weight._array.dtype.kind != "f":
        raise RuntimeError(
            f"norm(): input dtype should be either floating point or complex. Got {dtype_name(weight)} instead."
        )
    k = tables[type(weight._array)]
    rows = k.beside(np.unique(as_numpys(indices._array)).astype(np.int64), weight._array)
    found = k.index_select(weight._array, 0, rows)
    norms = k.vector_norm(found, float(norm_type), (1,), True, found.dtype)
    scaled = k.mul(found, k.div(max_norm, k.add(norms, 1e-7)))
    k.write_over(weight._array, k.index_copy(weight._array, 0, rows, k.where(k.gt(norms, max_norm), scaled, found)))
    weight._version_counter[0] += 1


@operator(method=False, public=False)
def one_hot(tensor: Tensor, num_classes: int = -1) -> Tensor:
    """A row of 0s with a single 1, at the class that an integer (int64) names; by default, as many classes as occur.

    Raises:
        RuntimeError: another dtype, a class out of range, or none to count.
    """
    array = as_numpys(tensor._array)
    if array.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not array.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if array.size and array.min() < 0:
        raise RuntimeError("Class values must be non-negative.")
    if num_classes == -1:
        num_classes = int(array.max()) + 1
    elif array.size and array.max() >= num_classes:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return beside((array[..., None] == np.arange(num_classes)).astype(np.int64), tensor)
