"""Tables of vectors, which integers look up."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.grad_mode import no_grad
from minitorch.creation import empty
from minitorch.dtypes import dtype as Dtype
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.tensor import Tensor


class _Table(Module):
    """What both kinds share.

    Attributes:
        weight: (num_embeddings, embedding_dim), normally distributed at first; 0 for padding.
    """

    weight: Parameter
    padding_idx: int | None

    def make_table(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None,
        weight: Tensor | None,
        device: Any,
        dtype: Dtype | None,
        complaint: str,
        requires_grad: bool = True,
    ) -> None:
        """Sets sizes, padding and weight, after checking that they fit."""
        self.num_embeddings = num_embeddings
        self.embedding_dim = embedding_dim
        if padding_idx is not None:
            if not -num_embeddings <= padding_idx < num_embeddings:
                raise AssertionError(f"{complaint} must be within num_embeddings")
            padding_idx %= num_embeddings
        self.padding_idx = padding_idx
        if weight is None:
            self.weight = Parameter(empty(num_embeddings, embedding_dim, device=device, dtype=dtype), requires_grad)
            self.reset_parameters()
        elif list(weight.shape) != [num_embeddings, embedding_dim]:
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        else:
            self.weight = Parameter(weight, requires_grad)

    def reset_parameters(self) -> None:
        """Draws the table anew."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with no_grad():
                self.weight[self.padding_idx].fill_(0)

    @classmethod
    def from_pretrained(cls, embeddings: Tensor, freeze: bool = True, **settings: Any) -> Any:
        """A module with a given table, (num_embeddings, embedding_dim), which learns no more if ``freeze``.

        Raises:
            AssertionError: the table is no matrix.
        """
        if embeddings.ndim != 2:
            raise AssertionError("Embeddings parameter is expected to be 2-dimensional")
        make: Any = cls
        made = make(*embeddings.shape, _weight=embeddings, **settings)
        made.weight.requires_grad = not freeze
        return made

    def described(self, *names: str) -> str:
        """The sizes, and those of these settings that are not as they are by default."""
        defaults = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False, "sparse": False}
        given = {name: getattr(self, name) for name in names}
        shown = [f"{name}={value!r}" for name, value in given.items() if value != defaults.get(name, ())]
        return ", ".join([f"{self.num_embeddings}, {self.embedding_dim}", *shown])


class Embedding(_Table):
    """The rows of a table that integers name.

    Args:
        num_embeddings: how many rows.
        embedding_dim: how many numbers in each.
        padding_idx: a row that is 0 at first, and does not learn.
        max_norm: rows that are looked up are scaled down to this norm, in place.
        norm_type: the p of the norm.
        scale_grad_by_freq: divide gradients by how often a row was looked up.
        sparse: of no effect.
        device: ``"cpu"``.
        dtype: of the table.

    Raises:
        AssertionError: there is no such row for padding.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.make_table(num_embeddings, embedding_dim, padding_idx, _weight, device, dtype, "Padding_idx", not _freeze)
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.sparse = sparse

    def forward(self, input: Tensor) -> Tensor:
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        return self.described("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse")


class EmbeddingBag(_Table):
    """Sums, means or maxima of the rows of a table that bags of integers name.

    Args:
        num_embeddings: how many rows.
        embedding_dim: how many numbers in each.
        max_norm: rows that are looked up are scaled down to this norm, in place.
        norm_type: the p of the norm.
        scale_grad_by_freq: divide gradients by how often a row was looked up.
        mode: ``"sum"``, ``"mean"`` or ``"max"``.
        sparse: of no effect.
        include_last_offset: the last offset is the end of the last bag.
        padding_idx: a row that is 0 at first, counts for nothing, and does not learn.
        device: ``"cpu"``.
        dtype: of the table.

    Raises:
        AssertionError: there is no such row for padding.
    """

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Dtype | None = None,
    ) -> None:
        super().__init__()
        self.make_table(num_embeddings, embedding_dim, padding_idx, _weight, device, dtype, "padding_idx")
        self.max_norm = max_norm
        self.norm_type = norm_type
        self.scale_grad_by_freq = scale_grad_by_freq
        self.mode = mode
        self.sparse = sparse
        self.include_last_offset = include_last_offset

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        return self.described("max_norm", "norm_type", "scale_grad_by_freq", "mode", "padding_idx")
