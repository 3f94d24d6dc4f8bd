"""Element types: names, numpy's type for each, and torch's rules for mixing them.

Nothing of the project is imported here, so every floor may use this module.
"""

from __future__ import annotations

import builtins
from typing import Any, NamedTuple

import numpy as np


class BFloat16Type:
    """What bfloat16 arrays have for a dtype: it answers what is asked of one of numpy's, but makes no arrays of numpy's own.

    Attributes:
        memory: numpy's type for the bits.
        type: numpy's class for one of the numbers.
    """

    name, kind, char, itemsize, type, memory = "bfloat16", "f", "E", 2, np.float32, np.dtype(np.uint16)

    def __repr__(self) -> str:
        return f"dtype({self.name})"

    def __reduce__(self) -> str:
        return "BFLOAT16"


BFLOAT16: Any = BFloat16Type()


class dtype:
    """An element type. There is one instance of each, printed as torch prints it (``torch.float32``)."""

    __slots__ = ("category", "itemsize", "name", "numpy", "tensor_type")

    def __init__(self, numpy: np.dtype | str, category: builtins.int, tensor_type: str) -> None:
        self.numpy = np.dtype(numpy) if isinstance(numpy, str) else numpy
        self.name = self.numpy.name
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
    "float16": "c10::Half", "bfloat16": "c10::BFloat16", "float32": "float", "float64": "double",
}  # fmt: skip


BOOLEAN, INTEGRAL, FLOATING = 0, 1, 2

bool = dtype("bool", BOOLEAN, "BoolTensor")
uint8 = dtype("uint8", INTEGRAL, "ByteTensor")
int8 = dtype("int8", INTEGRAL, "CharTensor")
int16 = short = dtype("int16", INTEGRAL, "ShortTensor")
int32 = int = dtype("int32", INTEGRAL, "IntTensor")
int64 = long = dtype("int64", INTEGRAL, "LongTensor")
uint16 = dtype("uint16", INTEGRAL, "UInt16Tensor")
uint32 = dtype("uint32", INTEGRAL, "UInt32Tensor")
uint64 = dtype("uint64", INTEGRAL, "UInt64Tensor")
float16 = half = dtype("float16", FLOATING, "HalfTensor")
bfloat16 = dtype(BFLOAT16, FLOATING, "BFloat16Tensor")
float32 = float = dtype("float32", FLOATING, "FloatTensor")
float64 = double = dtype("float64", FLOATING, "DoubleTensor")

UNSIGNED = (uint16, uint32, uint64)
"""Those that few operators know, as in torch."""

ALL = (bool, uint8, int8, int16, int32, int64, *UNSIGNED, float16, bfloat16, float32, float64)
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
            "float64, float32, float16, int64, int32, int16, int8, uint64, uint32, uint16, uint8, and bool."
        )
    return found


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest type to which both can be cast, as in torch: categories never grow wider than they need to.

    Two types promote to the larger one of the higher category; uint8 with a signed type needs the next
    signed type that holds both, and float16 with bfloat16 float32.

    Raises:
        RuntimeError: one is an unsigned type beyond uint8, and the other is another type that is not floating point.
    """
    _check_dtypes("promote_types", type1=type1, type2=type2)
    low, high = sorted((type1, type2), key=_RANK.__getitem__)
    if high in UNSIGNED and low is not high:
        raise RuntimeError(
            "Promotion for uint16, uint32, uint64 types is not supported, attempted to promote "
            f"{type1.scalar_type} and {type2.scalar_type}"
        )
    if low is uint8 and high is int8:
        return int16
    return float32 if low is float16 and high is bfloat16 else high


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


class Limits(NamedTuple):
    """The limits of a floating point type of numpy's, or of bfloat16; ``digits`` are the binary ones."""

    eps: builtins.float
    max: builtins.float
    min: builtins.float
    resolution: builtins.float
    tiny: builtins.float
    digits: builtins.int


def limits_of(given: np.dtype) -> Limits:
    """The limits of a floating point type."""
    if given is BFLOAT16:
        most = (2 - 2.0**-7) * 2.0**127
        return Limits(2.0**-7, most, -most, 0.01, 2.0**-126, 8)
    known = np.finfo(given)
    eps, most, least, resolution, tiny = (
        builtins.float(each) for each in (known.eps, known.max, known.min, str(known.resolution), known.tiny)
    )
    return Limits(eps, most, least, resolution, tiny, builtins.int(known.nmant) + 1)


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
        limits = limits_of(type.numpy)
        self.bits = 8 * type.itemsize
        self.eps, self.max, self.min = limits.eps, limits.max, limits.min
        self.resolution = limits.resolution
        self.smallest_normal = self.tiny = limits.tiny
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
