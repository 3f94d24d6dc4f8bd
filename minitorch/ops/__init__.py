"""Floor 2: the operators, one family to a file, each with its forward beside its backward.

Importing a family declares its operators (see ``minitorch.ops.operator``).
"""

from __future__ import annotations

from minitorch.ops import (
    activation,
    added_product,
    arithmetic,
    comparison,
    conversion,
    convolution,
    einsum,
    elementary,
    indexing,
    loss,
    matmul,
    parts,
    product,
    reduction,
    shape,
)

__all__ = [
    "activation", "added_product", "arithmetic", "comparison", "conversion", "convolution", "einsum", "elementary", "indexing",
    "loss", "matmul", "parts", "product", "reduction", "shape",
]  # fmt: skip
