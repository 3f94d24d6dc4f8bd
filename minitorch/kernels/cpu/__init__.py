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
    folding,
    indexing,
    least_squares,
    linalg,
    matmul,
    orthogonal,
    placement,
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
        "leaky_relu_backward", "log_sigmoid", "log_sigmoid_backward", "mish", "mish_backward", "silu", "silu_backward",
        "softplus", "softplus_backward", "softshrink", "softshrink_backward", "threshold",
    ),
    "attention": ("attention", "attention_backward", "safe_softmax"),
    "averaging": ("avg_pool", "avg_pool_backward"),
    "bags": ("embedding_bag",),
    "bessel": ("airy_ai", "bessel_j", "bessel_k", "bessel_y", "spherical_bessel_j0", "zeta"),
    "cholesky": ("cholesky_inverse", "cholesky_solve", "linalg_cholesky"),
    "ctc": ("ctc_loss", "ctc_loss_backward"),
    "distances": ("cdist", "cdist_backward", "euclidean_dist", "pdist", "pdist_backward"),
    "division": ("div_rounded", "remainder"),
    "exponential": ("log1p", "log_softmax", "log_softmax_backward", "sigmoid", "softmax", "softmax_backward"),
    "gathering": ("gather", "gather_backward", "scatter_add"),
    "gemm": ("addmm", "mm"),
    "grid_sampling": ("grid_sample", "grid_sample_input_grad"),
    "incomplete_gamma": ("igamma", "igammac"),
    "ldl": ("linalg_ldl_factor", "linalg_ldl_solve"),
    "loss": ("nll_loss_backward", "nll_loss_forward", "nll_loss_pick", "nll_outside"),
    "lu": (
        "linalg_det", "linalg_inv", "linalg_lu_factor", "linalg_lu_solve", "linalg_solve", "lu_det", "lu_permutation",
        "lu_slogdet",
    ),
    "margins": ("multi_margin", "multilabel_margin"),
    "normalisation": (
        "batch_norm", "batch_norm_backward", "group_norm", "group_norm_backward", "layer_norm", "layer_norm_backward",
    ),
    "optimizer": ("sgd",),
    "polynomials": ("polynomial",),
    "pooling": ("adaptive_max_pool", "fractional_max_pool", "max_pool", "max_pool_backward", "max_pool_gather", "max_unpool"),
    "ranking": ("kthvalue", "median", "mode", "of_ranks", "searchsorted", "topk"),
    "recurrence": ("cummax", "cummin", "recurrence"),
    "selection": ("clamp", "masked_fill", "relu", "relu_backward", "sign", "where"),
    "special": (
        "digamma", "entr", "erf", "erfc", "erfcx", "erfinv", "i0", "i0e", "i1", "i1e", "lgamma", "log_ndtr", "logit",
        "ndtri", "polygamma", "xlog1py",
    ),
    "substitution": ("copied_stack", "linalg_solve_triangular"),
    "volumes": ("convolution", "convolution_input_grad", "convolution_weight_grad"),
}
# fmt: on
"""The modules of compiled kernels, each with its ``__all__``."""

tables[np.ndarray] = plain = Table(
    creation, elementwise, folding, indexing, least_squares, linalg, matmul, orthogonal, placement, rearranging,
    reduction, resampling, scan, scattering, shape, sorting, strides,
    later={f"{__name__}.{module}": names for module, names in COMPILED.items()},
)  # fmt: skip

tables[bfloat16.BFloat16] = bfloat16.table(plain)
tables[unsigned.Unsigned] = unsigned.table(plain)

keep_freed_memory()

# Infinities and NaN are results like others, as in torch: numpy's warnings about them are not the user's concern.
warnings.filterwarnings("ignore", category=RuntimeWarning, module=r"minitorch\.")
