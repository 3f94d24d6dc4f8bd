"""minitorch: torch that can be read.

Tensors, autograd, ``nn``, losses, optimisers and the data pipeline, written out in Python on numpy and numba, equal to
torch in values, gradients, graphs, messages and printed text. Start reading at ``minitorch/autograd/graph.py``.
"""

from __future__ import annotations

from minitorch import autograd
from minitorch.autograd import enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from minitorch.creation import (
    arange, as_tensor, bernoulli, empty, empty_like, eye, from_numpy, full, full_like, linspace, ones, ones_like, rand,
    rand_like, randint, randn, randn_like, randperm, tensor, zeros, zeros_like,
)  # fmt: skip
from minitorch.device import device
from minitorch.dtypes import (
    bool, can_cast, double, dtype, float, float16, float32, float64, get_default_dtype, half, int, int8, int16, int32, int64,
    long, promote_types, set_default_dtype, short, uint8,
)  # fmt: skip
from minitorch.kernels.cpu.threads import get_num_threads, set_num_threads
from minitorch.ops.operator import functions as _functions
from minitorch.printing import get_printoptions, set_printoptions
from minitorch.random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from minitorch.size import Size
from minitorch.tensor import Tensor

globals().update(_functions)  # add, mul, sum, …: every operator that is declared as a function of the package

# These are built on the names above.
from minitorch import linalg, nn, optim, utils
from minitorch.serialization import load, save

__version__ = "0.1.0"
