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

    @property
    def cpp_name(self) -> str:
        """What other error messages call it: ``float``, ``long int``."""
        return _CPP_NAMES.get(self.name, self.name)

    def __reduce__(self) -> str:
        return self.name


_CPP_NAMES = {
    "uint8": "unsigned char", "int8": "signed char", "int16": "short", "int32": "int", "int64": "long int",
    "float16": "c10::Half", "float32": "float", "float64": "double",
}  # fmt: skip


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
    _check_dtypes("promote_types", type1=type1, type2=type2)
    low, high = sorted((type1, type2), key=_RANK.__getitem__)
    if low is uint8 and high is int8:
        return int16
    return high


def can_cast(from_: dtype, to: dtype) -> builtins.bool:
    """Whether results of one type may be written to the other: not from a higher category to a lower one."""
    _check_dtypes("can_cast", from_=from_, to=to)
    return from_.category <= to.category


def _check_dtypes(function: str, **given: object) -> None:
    for position, (name, each) in enumerate(given.items(), 1):
        if not isinstance(each, dtype):
            raise TypeError(
                f"{function}(): argument '{name}' (position {position}) must be torch.dtype, not {type(each).__name__}"
            )


def get_default_dtype() -> dtype:
    """The type of new floating point tensors when none is named."""
    return _default


def set_default_dtype(new: dtype) -> None:
    """Sets the type of new floating point tensors.

    Raises:
        TypeError: the type is not floating point.
    """
    global _default
    if not isinstance(new, dtype):
        raise TypeError("invalid dtype object: only floating-point types are supported as the default type")
    if not new.is_floating_point:
        raise TypeError("only floating-point types are supported as the default type")
    _default = new


class finfo:
    """The limits of a floating point type, the default one unless another is given.

    Attributes:
        bits: how many bits a number takes.
        eps: the distance from 1 to the next larger number.
        max, min: the largest number, and the lowest.
        resolution: the power of ten that the decimal digits reach to which every number has.
        smallest_normal, tiny: the smallest positive number with all its digits.
        dtype: the type's name.

    Raises:
        TypeError: the type is not floating point.
    """

    def __init__(self, type: dtype | None = None) -> None:
        type = _default if type is None else type
        _check_dtypes("finfo", type=type)
        if type.category != FLOATING:
            raise TypeError(
                "torch.finfo() requires a floating point input type. Use torch.iinfo to handle 'torch.finfo'"
            )
        limits = np.finfo(type.numpy)
        self.bits = 8 * type.itemsize
        self.eps, self.max, self.min = (
            builtins.float(limits.eps),
            builtins.float(limits.max),
            builtins.float(limits.min),
        )
        self.resolution = builtins.float(str(limits.resolution))
        self.smallest_normal = self.tiny = builtins.float(limits.tiny)
        self.dtype = type.name

    def __eq__(self, other: object) -> builtins.bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    __hash__ = None  # type: ignore[assignment]  # as in torch

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return f"finfo({', '.join(f'{name}={getattr(self, name):g}' for name in names)}, dtype={self.dtype})"


class iinfo:
    """The limits of an integer type.

    Attributes:
        bits: how many bits a number takes.
        max, min: the largest number, and the lowest.
        dtype: the type's name.

    Raises:
        TypeError: the type is not an integer.
    """

    def __init__(self, type: dtype) -> None:
        _check_dtypes("iinfo", type=type)
        if type.category == FLOATING:
            raise TypeError("torch.iinfo() requires an integer input type. Use torch.finfo to handle 'torch.iinfo'")
        if type.category == BOOLEAN:
            raise TypeError("torch.bool is not supported by torch.iinfo")
        limits = np.iinfo(type.numpy)
        self.bits, self.max, self.min = 8 * type.itemsize, builtins.int(limits.max), builtins.int(limits.min)
        self.dtype = type.name

    def __eq__(self, other: object) -> builtins.bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    __hash__ = None  # type: ignore[assignment]  # as in torch

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
