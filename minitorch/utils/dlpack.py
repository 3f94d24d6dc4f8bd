"""Memory that is shared with other libraries by the DLPack protocol. Source: the Python array API standard, data interchange."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from minitorch import cuda
from minitorch.creation import from_numpy, lent
from minitorch.device import check_present
from minitorch.dtypes import bfloat16
from minitorch.kernels.cpu.dlpack import BFLOAT16, UNSIGNED, change_type
from minitorch.tensor import Tensor


class DLDeviceType(enum.IntEnum):
    """Where memory is, by DLPack's number."""

    kDLCPU = 1
    kDLCUDA = 2


class _Capsule:
    """A capsule as something that has one, which is what numpy takes."""

    def __init__(self, capsule: Any) -> None:
        self.capsule = capsule

    def __dlpack__(self, **kwargs: Any) -> Any:
        return self.capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        if not cuda.is_available():
            return DLDeviceType.kDLCPU, 0
        from minitorch.kernels.cuda.dlpack import device_in

        return device_in(self.capsule)


class _Numpys:
    """What has a capsule, for numpy, which is told that bfloat16 is uint16."""

    def __init__(self, owner: Any) -> None:
        self.owner, self.is_bfloat16 = owner, False

    def __dlpack__(self, **kwargs: Any) -> Any:
        capsule = self.owner.__dlpack__(**kwargs)
        self.is_bfloat16 = change_type(capsule, BFLOAT16, UNSIGNED)
        return capsule

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.owner.__dlpack_device__()


def to_dlpack(tensor: Tensor) -> Any:
    """A capsule with the tensor's memory, which can be used once."""
    return tensor.__dlpack__()


def from_dlpack(ext_tensor: Any, *, device: Any = None, copy: bool | None = None) -> Tensor:
    """A tensor over the memory of another library's tensor, or of a capsule: changes show on both sides.

    Args:
        ext_tensor: it has ``__dlpack__``, or is a capsule that has not been used.
        device: ``"cpu"`` or ``"cuda"``.
        copy: of memory of its own.

    Raises:
        RuntimeError: neither of the two.
        BufferError: the other library does not give its memory.
    """
    check_present(device)
    if not hasattr(ext_tensor, "__dlpack__"):
        if type(ext_tensor).__name__ != "PyCapsule" or '"dltensor' not in repr(ext_tensor):
            raise RuntimeError(
                "from_dlpack received an invalid capsule. Note that DLTensor capsules can be consumed only once, so you might "
                "have already constructed a tensor from it once."
            )
        ext_tensor = _Capsule(ext_tensor)
    if ext_tensor.__dlpack_device__()[0] == DLDeviceType.kDLCUDA:
        from minitorch.kernels.cuda.device import current
        from minitorch.kernels.cuda.dlpack import from_dlpack as on_gpu

        shared = Tensor._of(on_gpu(ext_tensor.__dlpack__(stream=current().stream_number())))
        return shared.to(device, copy=bool(copy))
    given = _Numpys(ext_tensor)
    tensor = from_numpy(lent(np.from_dlpack(given, copy=copy)))
    return tensor.view(bfloat16) if given.is_bfloat16 else tensor
