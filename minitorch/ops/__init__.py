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
    gathering,
    indexing,
    loss,
    matmul,
    overwriting,
    parts,
    reduction,
    scattering,
    shape,
)

__all__ = [
    "activation", "arithmetic", "comparison", "conversion", "convolution", "elementary", "gathering", "indexing", "loss",
    "matmul", "overwriting", "parts", "reduction", "scattering", "shape",
]  # fmt: skip
