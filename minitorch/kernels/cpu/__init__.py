"""The CPU's kernels: numpy, and numba where numpy would make several passes.

Importing numba takes longer than importing all the rest, so the modules whose kernels are compiled are imported when one
of their kernels is first asked for.
"""

from __future__ import annotations

import warnings

import numpy as np

from minitorch.kernels import Table, tables
from minitorch.kernels.cpu import (
    bfloat16,
    creation,
    elementwise,
    indexing,
    linalg,
    matmul,
    rearranging,
    reduction,
    resampling,
    scan,
    scattering,
    shape,
    sorting,
    strides,
    unsigned,
)
from minitorch.kernels.cpu.memory import keep_freed_memory

# fmt: off
COMPILED = {
    "activation": (
        "elu", "elu_backward", "gelu", "gelu_backward", "hardshrink", "hardshrink_backward", "hardsigmoid",
        "hardsigmoid_backward", "hardswish", "hardswish_backward", "hardtanh", "hardtanh_backward", "leaky_relu",
        "leaky_relu_backward", "log_sigmoid", "log_sigmoid_backward", "mish", "mish_backward", "silu",
        "silu_backward", "softplus", "softplus_backward", "softshrink", "softshrink_backward", "threshold",
    ),
    "convolution": ("conv2d", "conv2d_input_grad", "conv2d_weight_grad"),
    "division": ("div_rounded", "remainder"),
    "gathering": ("gather", "gather_backward", "scatter_add"),
    "gemm": ("addmm", "mm"),
    "loss": ("nll_loss_backward", "nll_loss_forward", "nll_loss_pick", "nll_outside"),
    "optimizer": ("sgd",),
    "pooling": ("max_pool2d", "max_pool2d_backward", "max_pool2d_gather"),
    "special": (
        "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "i0", "i0e", "i1", "i1e", "lgamma", "log_ndtr", "logit", "ndtri",
        "polygamma", "xlog1py",
    ),
    "ranking": ("kthvalue", "median", "mode", "of_ranks", "searchsorted", "topk"),
    "recurrence": ("cummax", "cummin", "recurrence"),
    "selection": ("clamp", "masked_fill", "relu", "relu_backward", "sign", "where"),
    "exponential": ("log1p", "log_softmax", "log_softmax_backward", "sigmoid", "softmax", "softmax_backward"),
}
# fmt: on
"""The modules of compiled kernels, each with its ``__all__``."""

tables[np.ndarray] = plain = Table(
    creation, elementwise, indexing, linalg, matmul, rearranging, reduction, resampling, scan, scattering, shape, sorting,
    strides,
    later={f"{__name__}.{module}": names for module, names in COMPILED.items()},
)  # fmt: skip

tables[bfloat16.BFloat16] = bfloat16.table(plain)
tables[unsigned.Unsigned] = unsigned.table(plain)

keep_freed_memory()

# Infinities and NaN are results like others, as in torch: numpy's warnings about them are not the user's concern.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minitorch\.")
