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
    inplace,
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

inplace.declare()

__all__ = [
    "activation", "arithmetic", "bivariate", "closeness", "comparison", "conversion", "convolution", "elementary",
    "exponential", "extremes", "indexing", "inplace", "loss", "matmul", "nonlinearity", "parts", "piecewise", "reduction",
    "rounding", "shape", "special", "trigonometry",
]  # fmt: skip
