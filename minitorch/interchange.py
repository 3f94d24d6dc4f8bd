"""A tensor's memory, handed to other libraries: numpy, and what takes DLPack's capsules or knows the interface of CUDA arrays.

``Tensor`` has these as methods.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import new_tensor
from minitorch.dtypes import BFLOAT16, from_numpy_dtype
from minitorch.kernels.cpu import dlpack
from minitorch.kernels.cpu.creation import as_numpys, view_dtype

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

DLPACK_CUDA = 2  # DLPack's number for a GPU


def numpy(self: Tensor, *, force: bool = False) -> np.ndarray:
    """The same memory as a numpy array; changes show on both sides.

    Args:
        force: leave the graph behind, as ``detach().numpy()`` does.

    Raises:
        RuntimeError: the tensor requires gradients.
    """
    if self._requires_grad and not force:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
    if self._array.dtype is BFLOAT16 and (force or not self.is_cuda):
        raise TypeError("Got unsupported ScalarType BFloat16")
    return (as_numpys(self._array) if force and self.is_cuda else np.asarray(self._array)).view(np.ndarray)


def array(self: Tensor, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
    return np.array(self.numpy(), dtype=dtype, copy=copy)


def array_wrap(self: Tensor, array: np.ndarray, context: Any = None, return_scalar: bool = False) -> Tensor:
    """What a numpy function makes of tensors is a tensor again; truth values are uint8 in it, as in torch."""
    array = np.asarray(array)
    if array.dtype == np.bool:
        array = array.astype(np.uint8)
    return new_tensor(view_dtype(array, from_numpy_dtype(array.dtype).numpy))


def capsule(
    self: Tensor,
    *,
    stream: int | None = -1,
    max_version: tuple[int, int] | None = None,
    dl_device: tuple[int, int] | None = None,
    copy: bool | None = None,
) -> Any:
    """The same memory in a capsule that other libraries take.

    Raises:
        BufferError: the tensor requires gradients.
    """
    if self._requires_grad:
        raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
    if stream is not None and type(stream) is not int:
        raise TypeError("stream must be ``int`` or ``none``")
    if self.is_cuda:
        from minitorch.kernels.cuda.dlpack import to_dlpack

        return to_dlpack((self.clone() if copy else self)._array, stream, max_version)
    if stream not in (None, -1):
        raise AssertionError("stream should be None on cpu.")
    memory = self._array.view(np.ndarray)
    capsule = memory.__dlpack__(max_version=max_version, dl_device=dl_device, copy=copy)
    if self._array.dtype is BFLOAT16:
        dlpack.change_type(capsule, dlpack.UNSIGNED, dlpack.BFLOAT16)
    return capsule


def dlpack_device(self: Tensor) -> tuple[int, int]:
    return (DLPACK_CUDA, 0) if self.is_cuda else self._array.__dlpack_device__()


def cuda_array_interface(self: Tensor) -> dict[str, Any]:
    """The memory on a GPU, for libraries that know this interface, as CuPy and numba do.

    Raises:
        AttributeError: it is not on a GPU.
        RuntimeError: the tensor requires gradients.
    """
    if not self.is_cuda:
        raise AttributeError(
            f"Can't get __cuda_array_interface__ on non-CUDA tensor type: {self._type_name()} If CUDA data is required "
            "use tensor.cuda() to copy tensor to device memory."
        )
    if self._requires_grad:
        raise RuntimeError(
            "Can't get __cuda_array_interface__ on Variable that requires grad. If gradients aren't required, use "
            "var.detach() to get Variable that doesn't require grad."
        )
    return self._array.__cuda_array_interface__  # type: ignore[attr-defined]  # an array on a GPU has it
