"""minitorch: torch that can be read.

Tensors, autograd, ``nn``, losses, optimisers and the data pipeline, written out in Python on numpy and numba, equal to
torch in values, gradients, graphs, messages and printed text. Start reading at ``minitorch/autograd/graph.py``.
"""

from __future__ import annotations

from math import e, inf, nan, pi

from minitorch import autograd, noise, return_types
from minitorch.autograd import enable_grad, inference_mode, is_grad_enabled, no_grad, set_grad_enabled
from minitorch.autograd.anomaly_mode import is_anomaly_check_nan_enabled, is_anomaly_enabled, set_anomaly_enabled
from minitorch.autograd.grad_mode import is_inference_mode_enabled
from minitorch.autograd.variable import is_inference
from minitorch.creation import (
    arange, as_tensor, empty, empty_like, eye, from_numpy, full, full_like, ones, ones_like, tensor, zeros, zeros_like,
)  # fmt: skip
from minitorch.device import device, get_default_device, set_default_device
from minitorch.drawing import normal, rand, rand_like, randint, randint_like, randn, randn_like, randperm
from minitorch.dtypes import (
    bfloat16, bool, can_cast, double, dtype, finfo, float, float16, float32, float64, get_default_dtype, half, iinfo, int, int8,
    int16, int32, int64, long, promote_types, set_default_dtype, short, uint8, uint16, uint32, uint64,
)  # fmt: skip
from minitorch.kernels.errors import AcceleratorError, OutOfMemoryError
from minitorch.kernels.cpu.threads import get_num_threads, set_num_threads
from minitorch.low_rank import pca_lowrank, svd_lowrank
from minitorch.memory_format import contiguous_format, layout, memory_format, preserve_format, strided
from minitorch.ops.operator import functions as _functions
from minitorch.printing import get_printoptions, set_printoptions
from minitorch.random import Generator, default_generator, get_rng_state, initial_seed, manual_seed, seed, set_rng_state
from minitorch.runtime import (
    compiled_with_cxx11_abi, get_num_interop_threads, set_flush_denormal, set_num_interop_threads,
)  # fmt: skip
from minitorch.sequences import (
    asarray, bartlett_window, blackman_window, empty_strided, hamming_window, hann_window, kaiser_window, linspace, logspace,
    range, scalar_tensor, tril_indices, triu_indices,
)  # fmt: skip
from minitorch.size import Size
from minitorch.storage import (
    BoolStorage, ByteStorage, CharStorage, DoubleStorage, FloatStorage, HalfStorage, IntStorage, LongStorage, ShortStorage,
    TypedStorage, UntypedStorage, is_storage,
)  # fmt: skip
from minitorch.tensor import Tensor
from minitorch.tensor_types import (
    BFloat16Tensor, BoolTensor, ByteTensor, CharTensor, DoubleTensor, FloatTensor, HalfTensor, IntTensor, LongTensor, ShortTensor,
    set_default_tensor_type,
)  # fmt: skip
from minitorch.traits import detach, detach_, resize_as_

globals().update(_functions)  # add, mul, sum, …: every operator that is declared as a function of the package

# These are built on the names above.
from minitorch import backends, cuda, linalg, nn, optim, signal, special, utils
from minitorch.serialization import load, save
from minitorch.typename import typename
from minitorch.utils.dlpack import from_dlpack, to_dlpack

newaxis = None

__version__ = "0.1.0"
