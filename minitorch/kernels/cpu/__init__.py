"""The CPU's kernels: numpy, and numba where numpy would make several passes."""

from __future__ import annotations

import warnings

import numpy as np

from minitorch.kernels import Table, tables
from minitorch.kernels.cpu import (
    convolution,
    creation,
    elementwise,
    indexing,
    loss,
    matmul,
    optimizer,
    pooling,
    reduction,
    shape,
)

tables[np.ndarray] = Table(
    creation, elementwise, reduction, shape, indexing, matmul, convolution, pooling, loss, optimizer
)

# Infinities and NaN are results like others, as in torch: numpy's warnings about them are not the user's concern.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minitorch\.")
