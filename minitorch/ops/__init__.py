"""Floor 2: the operators, one family to a file, each with its forward beside its backward.

Importing a family declares its operators (see ``minitorch.ops.operator``).
"""

from __future__ import annotations

from minitorch.ops import (
    _triangular_placeholder,
    activation,
    added_product,
    arithmetic,
    bivariate,
    closeness,
    comparison,
    contraction,
    conversion,
    convolution,
    dimensions,
    distances,
    einsum,
    elementary,
    exponential,
    extremes,
    gathering,
    indexing,
    inplace,
    joining,
    least_squares,
    loss,
    matmul,
    matrix_norms,
    maxima,
    nonlinearity,
    orthogonal,
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
    spectral,
    splitting,
    statistics,
    strided,
    trigonometry,
    vandermonde,
)

inplace.declare()

__all__ = [
    "_triangular_placeholder", "activation", "added_product", "arithmetic", "bivariate", "closeness", "comparison",
    "contraction", "conversion", "convolution", "dimensions", "distances", "einsum", "elementary", "exponential",
    "extremes", "gathering", "indexing", "inplace", "joining", "least_squares", "loss", "matmul", "matrix_norms", "maxima",
    "nonlinearity", "orthogonal", "overwriting", "padding", "parts", "piecewise", "product", "properties", "quantile",
    "rearranging", "reduction", "renorm", "resampling", "rounding", "scan", "scattering", "shape", "sorting", "special",
    "spectral", "splitting", "statistics", "strided", "trigonometry", "vandermonde",
]  # fmt: skip
