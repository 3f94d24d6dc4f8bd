"""Floor 2: the operators, one family to a file, each with its forward beside its backward.

Importing a family declares its operators (see ``minitorch.ops.operator``).
"""

from __future__ import annotations

from minitorch.ops import (
    activation,
    added_product,
    arithmetic,
    bivariate,
    cholesky,
    closeness,
    comparison,
    contraction,
    conversion,
    convolution,
    determinant,
    dimensions,
    einsum,
    elementary,
    exponential,
    extremes,
    gathering,
    indexing,
    inplace,
    joining,
    ldl,
    loss,
    lu,
    matmul,
    maxima,
    nonlinearity,
    overwriting,
    padding,
    parts,
    piecewise,
    product,
    properties,
    quantile,
    rearranging,
    reduction,
    renorm,
    resampling,
    rounding,
    scan,
    scattering,
    shape,
    solving,
    sorting,
    special,
    splitting,
    statistics,
    strided,
    triangular,
    trigonometry,
)

inplace.declare()

__all__ = [
    "activation", "added_product", "arithmetic", "bivariate", "cholesky", "closeness", "comparison", "contraction",
    "conversion", "convolution", "determinant", "dimensions", "einsum", "elementary", "exponential", "extremes", "gathering",
    "indexing", "inplace", "joining", "ldl", "loss", "lu", "matmul", "maxima", "nonlinearity", "overwriting", "padding", "parts",
    "piecewise", "product", "properties", "quantile", "rearranging", "reduction", "renorm", "resampling", "rounding", "scan",
    "scattering", "shape", "solving", "sorting", "special", "splitting", "statistics", "strided", "triangular", "trigonometry",
]  # fmt: skip
