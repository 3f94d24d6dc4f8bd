"""``FloatTensor`` and its kin, by which tensors were made before they had dtypes; ``Tensor(...)`` works like the default one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.autograd.variable import Variable
from minitorch.creation import empty, tensor
from minitorch.dtypes import dtype as Dtype
from minitorch.ops.arguments import cpp_name
from minitorch.ops.shape import AliasBackward0
from minitorch.size import Size
from minitorch.tensor import Tensor


def constructed(data: tuple[Any, ...], dtype: Dtype) -> Tensor:
    """What ``Tensor(*data)`` is: of a shape, with arbitrary contents; of numbers; or over the memory of another tensor.

    Raises:
        TypeError: the data is none of these.
    """
    if not data:
        return empty(0, dtype=dtype)
    first = data[0]
    if isinstance(first, Size) or type(first) is int:
        return empty(*data, dtype=dtype)
    if isinstance(first, Variable):
        return AliasBackward0.apply(first)
    if isinstance(first, str):
        raise TypeError("new(): invalid data type 'str'")
    if not hasattr(first, "__len__"):
        raise TypeError(f"new(): data must be a sequence (got {type(first).__name__})")
    return tensor(first if isinstance(first, np.ndarray) else list(first), dtype=dtype)


class TensorType(type):
    """The class of ``FloatTensor``: its instances are the tensors of one dtype."""

    dtype: Dtype

    def __call__(cls, *data: Any) -> Tensor:
        if data and isinstance(data[0], Variable) and data[0].dtype is not cls.dtype:  # type: ignore[attr-defined]  # a tensor
            wanted, given = (_options(cpp_name(each)) for each in (empty(0, dtype=cls.dtype), data[0]))  # type: ignore[arg-type]
            raise TypeError(f"expected {wanted} (got {given})")
        return constructed(data, cls.dtype)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype


def _options(dtype: str) -> str:
    return (
        f"TensorOptions(dtype={dtype}, device=cpu, layout=Strided, requires_grad=false (default), pinned_memory=false (default), "
        "memory_format=(nullopt))"
    )


def _declared(dtype: Dtype) -> TensorType:
    return TensorType(dtype.tensor_type, (), {"__module__": "torch", "dtype": dtype})


BoolTensor = _declared(dtypes.bool)
ByteTensor = _declared(dtypes.uint8)
CharTensor = _declared(dtypes.int8)
ShortTensor = _declared(dtypes.int16)
IntTensor = _declared(dtypes.int32)
LongTensor = _declared(dtypes.int64)
BFloat16Tensor = _declared(dtypes.bfloat16)
HalfTensor = _declared(dtypes.float16)
FloatTensor = _declared(dtypes.float32)
DoubleTensor = _declared(dtypes.float64)


def set_default_tensor_type(t: TensorType | str) -> None:
    """Sets the default dtype to that of a class such as ``FloatTensor``, or of its name; ``set_default_dtype`` is better.

    Raises:
        TypeError: there is no such class, or its dtype is not floating point.
    """
    warnings.warn(
        "torch.set_default_tensor_type() is deprecated as of PyTorch 2.1, please use torch.set_default_dtype() and "
        "torch.set_default_device() as alternatives.",
        stacklevel=2,
    )
    if isinstance(t, TensorType):
        dtypes.set_default_dtype(t.dtype)
        return
    found = [each for each in dtypes.ALL if t == f"torch.{each.tensor_type}"]
    if not found:
        raise TypeError(f"invalid type object: {t!r}")
    dtypes.set_default_dtype(found[0])
