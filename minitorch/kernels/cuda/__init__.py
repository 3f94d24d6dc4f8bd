"""The GPU's kernels, in Python, through numba's CUDA target. Imported only when a GPU is asked for.

A kernel has the name, the arguments and the result that it has on the CPU, and works on `DeviceArray`s. Kernels count in 32 bits,
unsigned: ``uint32(…)`` around every step keeps numba from widening it. For the same reason constants have their type written out.

No result depends on the order in which threads happen to run: nothing is added up atomically.
"""

from __future__ import annotations

import importlib
from operator import attrgetter

from minitorch.kernels import Table, tables
from minitorch.kernels.cpu import bfloat16
from minitorch.kernels.cuda import lifting
from minitorch.kernels.cuda.array import BFloat16Array, DeviceArray, from_host, to_host

__all__ = ["DeviceArray", "from_host", "to_host"]

# fmt: off
MODULES = (
    "activation", "attention", "averaging", "bags", "cholesky", "columns", "compaction", "counting", "creation", "ctc",
    "distances", "division", "elementwise", "exponential", "gathering", "gemm", "grid_sampling", "indexing", "ldl",
    "least_squares", "linalg", "loss", "lu", "margins", "normalisation", "optimizer", "orthogonal", "placement", "pooling",
    "ranking", "rearranging", "recurrence", "reduction", "resampling", "scan", "scattering", "selection", "shape", "sorting",
    "special", "spectral", "strides", "substitution", "volumes",
)
# fmt: on
"""The modules of kernels, each with its ``__all__``."""

tables[DeviceArray] = Table(*[importlib.import_module(f"{__name__}.{name}") for name in MODULES])
tables[BFloat16Array] = bfloat16.table(
    tables[DeviceArray],
    bfloat16.Form(BFloat16Array, DeviceArray, lifting.widen, lifting.narrow, attrgetter("bits"), BFloat16Array.of),
)
