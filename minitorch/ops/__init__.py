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
    dimensions,
    elementary,
    indexing,
    joining,
    loss,
    matmul,
    padding,
    parts,
    properties,
    rearranging,
    reduction,
    resampling,
    shape,
    splitting,
    strided,
)

__all__ = [
    "activation", "arithmetic", "comparison", "conversion", "convolution", "dimensions", "elementary", "indexing", "joining",
    "loss", "matmul", "padding", "parts", "properties", "rearranging", "reduction", "resampling", "shape", "splitting", "strided",
]  # fmt: skip
