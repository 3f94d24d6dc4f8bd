"""Distances and angles between vectors, as layers."""

from __future__ import annotations

from minitorch.nn import functional as F
from minitorch.nn.modules.declared import Declared
from minitorch.nn.modules.module import Module
from minitorch.tensor import Tensor


class CosineSimilarity(Declared):
    """The cosine of the angle between vectors along ``dim``."""

    function = F.cosine_similarity
    dim: int = 1
    eps: float = 1e-8


class PairwiseDistance(Module):
    """The p-norm of ``x1 - x2 + eps`` along the last dimension, which stays with ``keepdim``."""

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> None:
        super().__init__()
        self.norm = p
        self.eps = eps
        self.keepdim = keepdim

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        return F.pairwise_distance(x1, x2, self.norm, self.eps, self.keepdim)
