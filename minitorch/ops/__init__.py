"""Floor 2: the operators, one family to a file, each with its forward beside its backward.

Importing a family declares its operators (see ``minitorch.ops.operator``).
"""

from __future__ import annotations

from minitorch.ops import (
    activation,
    added_product,
    arithmetic,
    bessel,
    bivariate,
    closeness,
    comparison,
    conjugates,
    contraction,
    conversion,
    convolution,
    copies,
    covariance,
    dimensions,
    einsum,
    elementary,
    exponential,
    extremes,
    gathering,
    histograms,
    incomplete_gamma,
    indexing,
    inplace,
    joining,
    loss,
    matmul,
    maxima,
    nonlinearity,
    overwriting,
    padding,
    parts,
    piecewise,
    polynomials,
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
    trigonometry,
)

inplace.declare()

__all__ = [
    "activation", "added_product", "arithmetic", "bessel", "bivariate", "closeness", "comparison", "conjugates",
    "contraction", "conversion", "convolution", "copies", "covariance", "dimensions", "einsum", "elementary",
    "exponential", "extremes", "gathering", "histograms", "incomplete_gamma", "indexing", "inplace", "joining", "loss",
    "matmul", "maxima", "nonlinearity", "overwriting", "padding", "parts", "piecewise", "polynomials", "product",
    "properties", "quantile", "rearranging", "reduction", "renorm", "resampling", "rounding", "scan", "scattering",
    "shape", "sorting", "special", "splitting", "statistics", "strided", "trigonometry",
]  # fmt: skip
