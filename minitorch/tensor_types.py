"""``FloatTensor`` and its kin, by which tensors were made before they had dtypes; ``Tensor(...)`` works like the default one."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.autograd.variable import Variable
from minitorch.creation import empty, tensor
from minitorch.dtypes import dtype as Dtype
from minitorch.ops.shape import AliasBackward0
from minitorch.size import Size
from minitorch.tensor import Tensor
from minitorch.warn import warn


def constructed(data: tuple[Any, ...], dtype: Dtype, device: Any = None) -> Tensor:
    """What ``Tensor(*data)`` is: of a shape, with arbitrary contents; of numbers; or over the memory of another tensor.

    Raises:
        TypeError: the data is none of these.
    """
    if not data:
        return empty(0, dtype=dtype, device=device)
    first = data[0]
    if isinstance(first, Size) or type(first) is int:
        return empty(*data, dtype=dtype, device=device)
    if isinstance(first, Variable):
        return AliasBackward0.apply(first)
    if isinstance(first, str):
        raise TypeError("new(): invalid data type 'str'")
    if not hasattr(first, "__len__"):
        raise TypeError(f"new(): data must be a sequence (got {type(first).__name__})")
    return tensor(first if isinstance(first, np.ndarray) else list(first), dtype=dtype, device=device)


class TensorType(type):
    """The class of ``FloatTensor``: its instances are the tensors of one dtype on one kind of device."""

    dtype: Dtype
    place: str

    def __call__(cls, *data: Any) -> Tensor:
        if cls.place == "cuda":
            warn(
                "The torch.cuda.*DtypeTensor constructors are no longer recommended. It's best to use methods such as "
                "torch.tensor(data, dtype=*, device='cuda') to create tensors.",
                UserWarning,
            )
        if data and isinstance(data[0], Tensor) and not isinstance(data[0], cls):
            raise TypeError(
                f"expected {_options(cls.dtype, cls.place)} (got {_options(data[0].dtype, data[0].device)})"
            )
        return constructed(data, cls.dtype, cls.place if cls.place == "cuda" else None)

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype and instance.device.type == cls.place


def _options(dtype: Dtype, place: Any) -> str:
    return (
        f"TensorOptions(dtype={dtype.cpp_name}, device={place}, layout=Strided, requires_grad=false (default), "
        "pinned_memory=false (default), memory_format=(nullopt))"
    )


def declared(dtype: Dtype, place: str = "cpu") -> TensorType:
    """The class of tensors of a dtype on a kind of device."""
    module = "torch" if place == "cpu" else f"torch.{place}"
    return TensorType(dtype.tensor_type, (), {"__module__": module, "dtype": dtype, "place": place})


def named(kind: Any) -> tuple[Any, ...]:
    """What a tensor is moved to that shall be of a type: a dtype, a class such as ``FloatTensor``, or the name of one.

    Raises:
        ValueError: there is no type of that name.
    """
    if isinstance(kind, Dtype):
        return (kind,)
    if isinstance(kind, TensorType):
        return kind.place, kind.dtype
    for dtype in dtypes.ALL:
        if kind == repr(dtype):
            return (dtype,)
        for place, module in (("cpu", "torch"), ("cuda", "torch.cuda")):
            if kind == f"{module}.{dtype.tensor_type}":
                return place, dtype
    raise ValueError(f"invalid type: '{kind}'")


BoolTensor = declared(dtypes.bool)
ByteTensor = declared(dtypes.uint8)
CharTensor = declared(dtypes.int8)
ShortTensor = declared(dtypes.int16)
IntTensor = declared(dtypes.int32)
LongTensor = declared(dtypes.int64)
BFloat16Tensor = declared(dtypes.bfloat16)
HalfTensor = declared(dtypes.float16)
FloatTensor = declared(dtypes.float32)
DoubleTensor = declared(dtypes.float64)


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
