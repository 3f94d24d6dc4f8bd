"""Floor 2: the operators, one family to a file, each with its forward beside its backward.

Importing a family declares its operators (see ``minitorch.ops.operator``).
"""

from __future__ import annotations

from minitorch.ops import (
    activation,
    added_product,
    arithmetic,
    attention,
    bags,
    batch_normalisation,
    bilinear,
    bivariate,
    closeness,
    comparison,
    contraction,
    conversion,
    convolution,
    ctc,
    differences,
    dimensions,
    einsum,
    elementary,
    exponential,
    extremes,
    gathering,
    indexing,
    inplace,
    joining,
    likelihood,
    loss,
    margins,
    matmul,
    maxima,
    nonlinearity,
    normalisation,
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
    similarity,
    sorting,
    special,
    splitting,
    statistics,
    strided,
    trigonometry,
)

inplace.declare()

__all__ = [
    "activation", "added_product", "arithmetic", "attention", "bags", "batch_normalisation", "bilinear", "bivariate",
    "closeness", "comparison", "contraction", "conversion", "convolution", "ctc", "differences", "dimensions", "einsum",
    "elementary", "exponential", "extremes", "gathering", "indexing", "inplace", "joining", "likelihood", "loss", "margins",
    "matmul", "maxima", "nonlinearity", "normalisation", "overwriting", "padding", "parts", "piecewise", "product",
    "properties", "quantile", "rearranging", "reduction", "renorm", "resampling", "rounding", "scan", "scattering", "shape",
    "similarity", "sorting", "special", "splitting", "statistics", "strided", "trigonometry",
]  # fmt: skip
