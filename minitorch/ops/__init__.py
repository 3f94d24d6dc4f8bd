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
    dimensions,
    elementary,
    exponential,
    extremes,
    indexing,
    inplace,
    joining,
    loss,
    matmul,
    nonlinearity,
    padding,
    parts,
    piecewise,
    properties,
    rearranging,
    reduction,
    rounding,
    shape,
    special,
    splitting,
    strided,
    trigonometry,
)

inplace.declare()

__all__ = [
    "activation", "arithmetic", "bivariate", "closeness", "comparison", "conversion", "convolution", "dimensions",
    "elementary", "exponential", "extremes", "indexing", "inplace", "joining", "loss", "matmul", "nonlinearity", "padding",
    "parts", "piecewise", "properties", "rearranging", "reduction", "rounding", "shape", "special", "splitting", "strided",
    "trigonometry",
]  # fmt: skip
