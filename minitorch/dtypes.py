"""Element types: names, numpy's type for each, and torch's rules for mixing them.

Nothing of the project is imported here, so every floor may use this module.
"""

from __future__ import annotations

import builtins

import numpy as np


class dtype:
    """An element type. There is one instance of each, printed as torch prints it (``torch.float32``)."""

    __slots__ = ("category", "itemsize", "name", "numpy", "tensor_type")

    def __init__(self, name: str, numpy_name: str, category: builtins.int, tensor_type: str) -> None:
        self.name = name
        self.numpy = np.dtype(numpy_name)
        self.itemsize = self.numpy.itemsize
        self.category = category
        self.tensor_type = tensor_type  # as in torch.FloatTensor, which error messages quote

    @property
    def is_floating_point(self) -> builtins.bool:
        return self.category == FLOATING

    @property
    def is_complex(self) -> builtins.bool:
        return False

    @property
    def is_signed(self) -> builtins.bool:
        return self.numpy.kind in "if"

    def __repr__(self) -> str:
        return f"torch.{self.name}"

    @property
    def scalar_type(self) -> str:
        """Its C++ name, which error messages quote: ``Float``, ``Long``."""
        return self.tensor_type.removesuffix("Tensor")

    def __reduce__(self) -> str:
        return self.name


BOOLEAN, INTEGRAL, FLOATING = 0, 1, 2

bool = dtype("bool", "bool", BOOLEAN, "BoolTensor")
uint8 = dtype("uint8", "uint8", INTEGRAL, "ByteTensor")
int8 = dtype("int8", "int8", INTEGRAL, "CharTensor")
int16 = short = dtype("int16", "int16", INTEGRAL, "ShortTensor")
int32 = int = dtype("int32", "int32", INTEGRAL, "IntTensor")
int64 = long = dtype("int64", "int64", INTEGRAL, "LongTensor")
float16 = half = dtype("float16", "float16", FLOATING, "HalfTensor")
float32 = float = dtype("float32", "float32", FLOATING, "FloatTensor")
float64 = double = dtype("float64", "float64", FLOATING, "DoubleTensor")

ALL = (bool, uint8, int8, int16, int32, int64, float16, float32, float64)
_BY_NUMPY = {each.numpy: each for each in ALL}
_RANK = {each: rank for rank, each in enumerate(ALL)}
_default = float32


def from_numpy_dtype(given: np.dtype) -> dtype:
    """The element type that stands for a numpy one.

    Raises:
        TypeError: numpy's type has no counterpart (complex numbers, strings, objects, …).
    """
    found = _BY_NUMPY.get(given)
    if found is None:
        raise TypeError(
            f"can't convert np.ndarray of type {given.type.__module__}.{given.type.__name__}. The only supported types are: "
            "float64, float32, float16, int64, int32, int16, int8, uint8, and bool."
        )
    return found


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type to which both can be cast, as in torch: categories never grow wider than they need to.

    Two types promote to the larger one of the higher category; uint8 with a signed type needs the next
    signed type that holds both.
    """
    low, high = sorted((type1, type2), key=_RANK.__getitem__)
    if low is uint8 and high is int8:
        return int16
    return high


def can_cast(from_: dtype, to: dtype) -> builtins.bool:
    """Whether results of one type may be written to the other: not from a higher category to a lower one."""
    return from_.category <= to.category


def get_default_dtype() -> dtype:
    """The type of new floating point tensors when none is named."""
    return _default


def set_default_dtype(new: dtype) -> None:
    """Sets the type of new floating point tensors.

    Raises:
        TypeError: the type is not floating point.
    """
    global _default
    if not new.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = new
