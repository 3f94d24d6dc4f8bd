"""A tensor's numbers in other dtypes and on other devices: ``x.to(...)`` and its kin, which ``Tensor`` has as methods."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, Any

from minitorch.autograd.variable import Variable
from minitorch.device import CPU, GPU
from minitorch.device import device as Device
from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import from_numpy_dtype
from minitorch.memory_format import check
from minitorch.ops import conversion
from minitorch.ops.conversion import ToCopyBackward0
from minitorch.ops.mistakes import PYTHONS_TYPES

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def to(
    self: Tensor,
    *target: Any,
    dtype: Dtype | None = None,
    device: Any = None,
    non_blocking: bool = False,
    copy: bool = False,
    memory_format: Any = None,
) -> Tensor:
    """The same numbers in another dtype, or on another device; the tensor itself where nothing changes.

    Takes a dtype, a device, both, or another tensor to be like.
    """
    check(None, memory_format)
    for each in target:
        if isinstance(each, Dtype):
            dtype = each
        elif isinstance(each, builtins.type) and each in PYTHONS_TYPES:
            dtype = PYTHONS_TYPES[each]
        elif isinstance(each, Variable):
            dtype, device = from_numpy_dtype(each._array.dtype), each.device  # type: ignore[attr-defined]  # a tensor
        elif isinstance(each, bool):
            continue
        elif each is not None:
            device = each
    flags = [each for each in target if isinstance(each, bool)]  # by position, they are non_blocking and copy
    wanted = self._array.dtype if dtype is None else dtype.numpy
    if device is None:
        device = self.device
    if copy or flags[1:] == [True]:
        return ToCopyBackward0.apply(self, dtype=wanted, device=device)
    return conversion.to(self, wanted, device, wait=not (non_blocking or flags[:1] == [True]))


def type(self: Tensor, dtype: Any = None) -> Any:
    """The name of the tensor's type, or the tensor in another dtype."""
    from minitorch.tensor_types import named  # which is written with tensors

    return self._type_name() if dtype is None else self.to(*named(dtype))


def type_as(self: Tensor, other: Tensor) -> Tensor:
    """In the dtype and on the device of another tensor."""
    return self.to(other)


def cpu(self: Tensor, memory_format: Any = None) -> Tensor:
    """The tensor, on the CPU: itself, if it is there."""
    return self.to(CPU, memory_format=memory_format)


def cuda(self: Tensor, device: Any = None, non_blocking: bool = False, memory_format: Any = None) -> Tensor:
    """The tensor, on a GPU: itself, if it is there.

    Raises:
        RuntimeError: there is none.
    """
    wanted = GPU if device is None else Device(device)
    if wanted.type != "cuda":
        raise RuntimeError("Invalid device, must be cuda device")
    return self.to(wanted, non_blocking=non_blocking, memory_format=memory_format)
