"""Floor 2: the operators, one family to a file, each with its forward beside its backward.

Importing a family declares its operators (see ``minitorch.ops.operator``).
"""

from __future__ import annotations

from minitorch.ops import (
    activation,
    arithmetic,
    bivariate,
    closeness,
    comparison,
    conversion,
    convolution,
    elementary,
    exponential,
    extremes,
    indexing,
    loss,
    matmul,
    nonlinearity,
    parts,
    piecewise,
    reduction,
    rounding,
    shape,
    special,
    trigonometry,
)

__all__ = [
    "activation", "arithmetic", "bivariate", "closeness", "comparison", "conversion", "convolution", "elementary",
    "exponential", "extremes", "indexing", "loss", "matmul", "nonlinearity", "parts", "piecewise", "reduction",
    "rounding", "shape", "special", "trigonometry",
]  # fmt: skip
