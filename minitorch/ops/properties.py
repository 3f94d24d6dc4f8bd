"""Questions about a tensor, which need no arithmetic."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import new_tensor
from minitorch.autograd.variable import Variable
from minitorch.device import check_present
from minitorch.dtypes import from_numpy_dtype
from minitorch.ops.arguments import check_tensors, sizes
from minitorch.ops.operator import functions, operator
from minitorch.ops.reduction import sum as add_up
from minitorch.ops.shape import AliasBackward0, view

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def is_tensor(obj: Any) -> bool:
    """Whether this is a tensor."""
    return isinstance(obj, Variable)


functions["is_tensor"] = is_tensor


@operator(method=False)
def numel(input: Tensor) -> int:
    """The number of elements."""
    check_tensors("numel", input=input)
    return input._array.size


@operator
def is_floating_point(input: Tensor) -> bool:
    """Whether the dtype is a floating point one."""
    check_tensors("is_floating_point", input=input)
    return input._array.dtype.kind == "f"


@operator
def is_complex(input: Tensor) -> bool:
    """Whether the elements are complex numbers: there are none here."""
    check_tensors("is_complex", input=input)
    return False


@operator
def is_signed(input: Tensor) -> bool:
    """Whether the dtype has negative numbers."""
    check_tensors("is_signed", input=input)
    return from_numpy_dtype(input._array.dtype).is_signed


@operator
def is_nonzero(input: Tensor) -> bool:
    """Whether the only element is not zero.

    Raises:
        RuntimeError: there is not exactly one element.
    """
    return bool(input)


@operator
def is_same_size(input: Tensor, other: Tensor) -> bool:
    """Whether the shapes are equal."""
    return input._array.shape == other._array.shape


@operator(public=False)
def is_set_to(input: Tensor, tensor: Tensor) -> bool:
    """Whether both show the same memory with the same shape and strides."""
    return input.data_ptr() == tensor.data_ptr() and (input.shape, input.stride()) == (tensor.shape, tensor.stride())


@operator(public=False)
def is_shared(input: Tensor) -> bool:
    """Whether the memory is shared between processes: never on the CPU; a GPU's counts as shared, as in torch."""
    return input._array.device != "cpu"


@operator(public=False)
def share_memory_(input: Tensor) -> Tensor:
    """The tensor, if it is on a GPU, whose memory counts as shared between processes.

    Raises:
        NotImplementedError: it is on the CPU.
    """
    if not is_shared(input):
        raise NotImplementedError("memory of the CPU that processes share is not supported")
    return input


@operator(public=False)
def is_pinned(input: Tensor, device: Any = None) -> bool:
    """Whether the memory is locked for transfers to a GPU."""
    if "minitorch.kernels.cuda" not in sys.modules or input._array.device != "cpu":
        return False
    from minitorch.kernels.cuda import placement

    return placement.is_pinned(input._array)


@operator(public=False)
def pin_memory(input: Tensor, device: Any = None) -> Tensor:
    """A copy in memory that is locked for transfers to a GPU; the tensor itself if it is.

    Raises:
        RuntimeError: there is no GPU, or the tensor is on it.
    """
    if is_pinned(input):
        return input
    if input._array.device != "cpu":
        raise RuntimeError(f"cannot pin '{input._type_name()}' only dense CPU tensors can be pinned")
    check_present("cuda")
    from minitorch.kernels.cuda import placement

    return new_tensor(placement.pinned(input._array))


@operator(public=False)
def get_device(input: Tensor) -> int:
    """The number of the GPU; -1 on the CPU."""
    return -1 if input._array.device == "cpu" else 0


@operator(public=False)
def sum_to_size(input: Tensor, size: Any = (), *others: int) -> Tensor:
    """Summed until its shape is ``size``, which would broadcast to the tensor's: what undoes broadcasting.

    Raises:
        RuntimeError: the size does not broadcast to the tensor's.
    """
    wanted, own = sizes((size, *others)), input._array.shape
    extra = len(own) - len(wanted)
    if extra < 0 or any(n not in (1, m) for n, m in zip(wanted, own[extra:], strict=True)):
        raise RuntimeError(f"size {{{list(wanted)}}} is not expandable to size {{{list(own)}}}.")
    dims = tuple(d for d in range(len(own)) if d < extra or (wanted[d - extra] == 1 != own[d]))
    if not dims:
        return AliasBackward0.apply(input)
    summed = add_up(input, dims, keepdim=True)
    return view(summed, wanted) if extra else summed
