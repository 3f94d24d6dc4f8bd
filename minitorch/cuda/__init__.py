"""``minitorch.cuda``: the GPU. Tensors can be on one, number 0: which that is, ``CUDA_VISIBLE_DEVICES`` says.

What there is no GPU for says so in torch's words; what only asks, or gives memory back, does nothing then. With numba's simulator
(``NUMBA_ENABLE_CUDASIM=1``) there is a GPU, which is slow; what it lacks raises NotImplementedError.

In a process that is forked after the GPU was taken into use, tensors can only be on the CPU: processes that are to use the GPU
are spawned.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from minitorch.cuda import gpu as _gpu
from minitorch.cuda.gpu import index_of as _index_of
from minitorch.cuda.gpu import is_available
from minitorch.cuda.memory import (
    empty_cache,
    max_memory_allocated,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_reserved,
    memory_stats,
    memory_summary,
    reset_peak_memory_stats,
)
from minitorch.cuda.random import (
    get_rng_state,
    get_rng_state_all,
    initial_seed,
    manual_seed,
    manual_seed_all,
    seed,
    seed_all,
    set_rng_state,
    set_rng_state_all,
)
from minitorch.cuda.streams import (
    Event,
    ExternalStream,
    Stream,
    StreamContext,
    current_stream,
    default_stream,
    set_stream,
    stream,
)
from minitorch.cuda.types import (
    BFloat16Tensor,
    BoolTensor,
    ByteTensor,
    CharTensor,
    DoubleTensor,
    FloatTensor,
    HalfTensor,
    IntTensor,
    LongTensor,
    ShortTensor,
)  # fmt: skip
from minitorch.kernels.errors import AcceleratorError, OutOfMemoryError

__all__ = [
    "AcceleratorError",
    "BFloat16Tensor",
    "BoolTensor",
    "ByteTensor",
    "CharTensor",
    "DoubleTensor",
    "Event",
    "ExternalStream",
    "FloatTensor",
    "HalfTensor",
    "IntTensor",
    "LongTensor",
    "OutOfMemoryError",
    "ShortTensor",
    "Stream",
    "StreamContext",
    "current_device",
    "current_stream",
    "default_stream",
    "device",
    "device_count",
    "device_of",
    "empty_cache",
    "get_device_capability",
    "get_device_name",
    "get_device_properties",
    "get_rng_state",
    "get_rng_state_all",
    "init",
    "initial_seed",
    "is_available",
    "is_bf16_supported",
    "is_initialized",
    "manual_seed",
    "manual_seed_all",
    "max_memory_allocated",
    "max_memory_reserved",
    "mem_get_info",
    "memory_allocated",
    "memory_reserved",
    "memory_stats",
    "memory_summary",
    "reset_peak_memory_stats",
    "seed",
    "seed_all",
    "set_device",
    "set_rng_state",
    "set_rng_state_all",
    "set_stream",
    "stream",
    "synchronize",
]


def init() -> None:
    """Takes the GPU into use; whatever needs it does so by itself.

    Raises:
        RuntimeError: there is none that can be used.
    """
    _gpu.gpu()


def is_initialized() -> bool:
    """Whether the GPU has been taken into use."""
    return _gpu.in_use()


def device_count() -> int:
    """The number of GPUs that tensors can be on: 1 or 0."""
    return int(is_available())


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether tensors of bfloat16 can be on the GPU, which computes them in float32: if there is one."""
    return including_emulation and is_available()


def synchronize(device: Any = None) -> None:
    """Waits until the GPU has done all that it was given.

    Raises:
        RuntimeError: there is no GPU, or something on it has failed.
    """
    found = _gpu.gpu()
    _check(_index_of(device, optional=True))
    found.synchronize()


# -- which GPU --------------------------------------------------------------------------------------------------------


def current_device() -> int:
    """The number of the GPU in use: 0.

    Raises:
        RuntimeError: there is none.
    """
    _gpu.gpu()
    return 0


def set_device(device: Any) -> None:
    """Chooses the GPU, of which there is one; nothing if the number is negative.

    Raises:
        ValueError: it is another device, or none.
        RuntimeError: there is no such GPU.
    """
    _choose(_index_of(device))


def _choose(index: int | None) -> None:
    if index is None or index >= 0:
        _gpu.gpu()
        _check(index)


def _check(index: int | None) -> None:
    if index is not None and index > 0:
        raise AcceleratorError(
            "CUDA error: invalid device ordinal\nGPU device may be out of range, do you have enough GPUs?\n"
            f"minitorch uses one GPU, number 0, and not number {index}: CUDA_VISIBLE_DEVICES says which that is."
        )


class device:
    """Within the ``with`` block, this GPU is in use; as there is one, that only checks that it is there."""

    __module__ = "torch.cuda"

    def __init__(self, device: Any) -> None:
        self.idx = _index_of(device, optional=True)

    def __enter__(self) -> None:
        _choose(self.idx)

    def __exit__(self, *error: object) -> None: ...


class device_of(device):
    """Within the ``with`` block, the GPU is in use that a tensor is on; nothing for one on the CPU."""

    __module__ = "torch.cuda"

    def __init__(self, obj: Any) -> None:
        super().__init__(obj.get_device() if obj.is_cuda else -1)


# -- what it is -------------------------------------------------------------------------------------------------------


class DeviceProperties(NamedTuple):
    """What a GPU is; memory in bytes."""

    name: str
    major: int
    minor: int
    total_memory: int
    multi_processor_count: int
    uuid: str
    L2_cache_size: int
    warp_size: int
    max_threads_per_multi_processor: int
    shared_memory_per_block: int
    shared_memory_per_multiprocessor: int

    def __repr__(self) -> str:
        return (
            f"_CudaDeviceProperties(name='{self.name}', major={self.major}, minor={self.minor}, "
            f"total_memory={self.total_memory >> 20}MB, multi_processor_count={self.multi_processor_count}, "
            f"uuid={self.uuid.removeprefix('GPU-')}, L2_cache_size={self.L2_cache_size >> 20}MB)"
        )


def get_device_properties(device: Any = None) -> DeviceProperties:
    """What a GPU is.

    Raises:
        RuntimeError: there is none.
        AssertionError: there is none of this number.
        NotImplementedError: it is numba's simulator, which has no such properties.
    """
    found = _known(device)
    return DeviceProperties(found.name, *found.capability, *found.properties())


def get_device_name(device: Any = None) -> str:
    """The name of a GPU. Errors are those of ``get_device_properties``."""
    return _known(device).name


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The compute capability of a GPU: (9, 0) for Hopper. Errors are those of ``get_device_properties``."""
    return _known(device).capability


def _known(device: Any) -> Any:
    found = _gpu.gpu()
    if _index_of(device, optional=True) != 0:
        raise AssertionError("Invalid device id")
    return found
