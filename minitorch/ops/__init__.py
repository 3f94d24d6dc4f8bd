"""Floor 2: the operators, one family to a file, each with its forward beside its backward.

Importing a family declares its operators (see ``minitorch.ops.operator``).
"""

from __future__ import annotations

from minitorch.ops import (
    activation,
    arithmetic,
    comparison,
    conversion,
    convolution,
    elementary,
    extremes,
    indexing,
    loss,
    matmul,
    parts,
    product,
    quantile,
    reduction,
    renorm,
    scan,
    shape,
    sorting,
    statistics,
)

__all__ = [
    "activation", "arithmetic", "comparison", "conversion", "convolution", "elementary", "extremes", "indexing", "loss", "matmul",
    "parts", "product", "quantile", "reduction", "renorm", "scan", "shape", "sorting", "statistics",
]  # fmt: skip
