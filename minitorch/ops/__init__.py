"""Floor 2: the operators, one family to a file, each with its forward beside its backward.

Importing a family declares its operators (see ``minitorch.ops.operator``).
"""

from __future__ import annotations

from minitorch.ops import (
    activation,
    adaptive_pooling,
    added_product,
    arithmetic,
    average_pooling,
    bivariate,
    closeness,
    comparison,
    contraction,
    conversion,
    convolution,
    dimensions,
    einsum,
    elementary,
    exponential,
    extremes,
    folding,
    fractional_pooling,
    gathering,
    grid_sampling,
    indexing,
    inplace,
    joining,
    loss,
    matmul,
    max_pooling,
    max_unpooling,
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
    sorting,
    special,
    splitting,
    statistics,
    strided,
    transposed_convolution,
    trigonometry,
)

inplace.declare()

__all__ = [
    "activation", "adaptive_pooling", "added_product", "arithmetic", "average_pooling", "bivariate", "closeness",
    "comparison", "contraction", "conversion", "convolution", "dimensions", "einsum", "elementary", "exponential", "extremes",
    "folding", "fractional_pooling", "gathering", "grid_sampling", "indexing", "inplace", "joining", "loss", "matmul",
    "max_pooling", "max_unpooling", "maxima", "nonlinearity", "overwriting", "padding", "parts", "piecewise", "product",
    "properties", "quantile", "rearranging", "reduction", "renorm", "resampling", "rounding", "scan", "scattering", "shape",
    "sorting", "special", "splitting", "statistics", "strided", "transposed_convolution", "trigonometry",
]  # fmt: skip
