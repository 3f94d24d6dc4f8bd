"""New tensors: from numbers, from arrays, filled and counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.autograd.variable import Variable
from minitorch.device import get_default_device, placed, table_at
from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import from_numpy_dtype, get_default_dtype
from minitorch.kernels import tables
from minitorch.kernels.cpu.unsigned import check_known
from minitorch.nested import as_array, with_our_dtype
from minitorch.ops.arguments import sizes
from minitorch.ops.mistakes import explained
from minitorch.ops.promotion import Number, as_dtype, check_fits, number_dtype
from minitorch.tensor import Tensor
from minitorch.warn import warn

# Every function here takes these by keyword: dtype (the default one for floating point results), device ("cpu" or "cuda") and
# requires_grad.


def made(array: np.ndarray, device: Any, requires_grad: bool) -> Tensor:
    """An array of numpy's as a tensor, with the settings that all functions here take."""
    return finished(placed(array, device), requires_grad)


def finished(array: Any, requires_grad: bool) -> Tensor:
    """An array, on the device where it is to be, as a tensor.

    Raises:
        RuntimeError: there are no gradients of its dtype.
    """
    if requires_grad and array.dtype.kind != "f":
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    return Variable._of(array).requires_grad_(requires_grad)


def asked_shape(function: str, given: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    """The shape that a function is given as numbers, as a sequence of them, or by the name of ``size``."""
    given = given if size is None else (size,)
    if not given:
        raise TypeError(f'{function}() missing 1 required positional arguments: "size"')
    if len(given) == 1 and (
        isinstance(given[0], str) or not (hasattr(given[0], "__iter__") or hasattr(given[0], "__index__"))
    ):
        raise TypeError(
            f"{function}(): argument 'size' (position 1) must be tuple of ints, not {type(given[0]).__name__}"
        )
    shape = sizes(given)
    for each in shape:
        if each < 0 and function == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(shape)}")
    return shape


def asked_dtype(function: str, dtype: Dtype | None) -> np.dtype:
    """The dtype of numpy's that stands for the one a function is given, or for the default one."""
    if dtype is not None and not isinstance(dtype, Dtype):
        raise TypeError(f"{function}(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")
    return (dtype or get_default_dtype()).numpy


# -- from numbers and arrays ------------------------------------------------------------------------------------------


@explained
def tensor(data: Any, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor that copies numbers, nested sequences of them, an array or a tensor.

    Args:
        data: what to copy. Python floats become the default dtype, ints int64, bools bool; arrays keep their dtype.
        dtype: the dtype to have instead.
        device: ``"cpu"`` or ``"cuda"``.
        requires_grad: whether operators on it are recorded.

    Raises:
        ValueError: nested sequences of different lengths.
        TypeError, RuntimeError: something in it is not a number.
    """
    if isinstance(data, Variable):
        warn(
            "To copy construct from a tensor, it is recommended to use sourceTensor.detach().clone() or "
            "sourceTensor.detach().clone().requires_grad_(True), rather than torch.tensor(sourceTensor)."
        )
    elif isinstance(data, list | tuple) and data and isinstance(data[0], np.ndarray):
        warn(
            "Creating a tensor from a list of numpy.ndarrays is extremely slow. Please consider converting the list to a single "
            "numpy.ndarray with numpy.array() before converting to a tensor."
        )
    array = as_array(data, dtype)
    if isinstance(data, Variable) and device is None:
        device = data.device  # type: ignore[attr-defined]  # it is a tensor
    return made(array.copy("C"), device, requires_grad)


@explained
def as_tensor(data: Any, dtype: Dtype | None = None, device: Any = None) -> Tensor:
    """As ``tensor``, but without a copy (and with its history) where ``data`` is a tensor or array of that dtype already."""
    if isinstance(data, Tensor):
        return data.to(device, dtype)
    if hasattr(data, "__cuda_array_interface__"):
        from minitorch.kernels.cuda.placement import from_cuda_array_interface

        return Variable._of(from_cuda_array_interface(data)).to(device, dtype)
    if isinstance(data, np.ndarray) and (dtype is None or dtype.numpy == data.dtype):
        return from_numpy(data).to(get_default_device() if device is None else device)
    return tensor(data, dtype=dtype, device=device)


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor over the memory of a numpy array: changes show on both sides.

    Raises:
        TypeError: not an array, or one of a dtype that tensors do not have.
        ValueError: the array has negative strides, or another byte order than this machine.
    """
    if not isinstance(ndarray, np.ndarray):
        kind = type(ndarray)
        named = kind.__module__ == "builtins" or kind is Tensor
        name = kind.__name__ if named else f"{kind.__module__}.{kind.__name__}"
        raise TypeError(f"expected np.ndarray (got {name})")
    from_numpy_dtype(ndarray.dtype.newbyteorder("="))
    if not ndarray.dtype.isnative:
        raise ValueError(
            "given numpy array has byte order different from the native byte order. "
            "Conversion between byte orders is currently not supported."
        )
    if any(step < 0 for step in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not currently "
            "supported. (You can probably work around this by making a copy of your array  with array.copy().) "
        )
    if any(step % ndarray.itemsize for step in ndarray.strides):
        raise ValueError(
            "given numpy array strides not a multiple of the element byte size. Copy the numpy array to reallocate the memory."
        )
    if not ndarray.flags.writeable:
        warn(
            "The given NumPy array is not writable, and PyTorch does not support non-writable tensors. This means writing to "
            "this tensor will result in undefined behavior. You may want to copy the array to protect its data or make it "
            "writable before converting it to a tensor. This type of warning will be suppressed for the rest of this program."
        )
    return Variable._of(with_our_dtype(lent(ndarray)))


def lent(array: np.ndarray) -> np.ndarray:
    """The same memory, to be written in any case, as an array that is a view of nothing but memory."""
    return np.asarray(_Lent(array))


class _Lent:
    """Shows the memory of an array, and keeps it alive."""

    def __init__(self, owner: np.ndarray) -> None:
        self.owner = owner
        interface = owner.__array_interface__
        self.__array_interface__ = interface | {"data": (interface["data"][0], False), "strides": owner.strides}


# -- filled -----------------------------------------------------------------------------------------------------------


def _filled(
    function: str, shape: tuple[Any, ...], size: Any, value: Any, dtype: Dtype | None, device: Any, requires_grad: bool
) -> Tensor:
    """What a function that is given a shape makes: ``value`` everywhere, or arbitrary contents for ``None``."""
    array = table_at(device).full(asked_shape(function, shape, size), value, asked_dtype(function, dtype))
    return finished(array, requires_grad)


def _filled_like(input: Tensor, value: Any, dtype: Dtype | None, device: Any, requires_grad: bool) -> Tensor:
    """Likewise, of the shape, the dtype and on the device of a tensor, unless others are given."""
    like = input._array
    k, wanted = table_at(device or input.device), like.dtype if dtype is None else dtype.numpy
    return finished(k.full_like(tables[type(like)].outline(like), value, wanted), requires_grad)


@explained
def empty(
    *shape: Any, size: Any = None, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with arbitrary contents."""
    return _filled("empty", shape, size, None, dtype, device, requires_grad)


@explained
def zeros(
    *shape: Any, size: Any = None, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Zeros."""
    return _filled("zeros", shape, size, 0, dtype, device, requires_grad)


@explained
def ones(
    *shape: Any, size: Any = None, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones."""
    return _filled("ones", shape, size, 1, dtype, device, requires_grad)


@explained
def full(
    size: Any, fill_value: Number, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One number everywhere; the dtype follows the number unless given."""
    wanted = dtype or number_dtype(fill_value)
    check_fits(fill_value, wanted)
    return _filled("full", (size,), None, as_dtype(fill_value, wanted), wanted, device, requires_grad)


@explained
def zeros_like(input: Tensor, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of another tensor's shape and dtype."""
    return _filled_like(input, 0, dtype, device, requires_grad)


@explained
def ones_like(input: Tensor, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of another tensor's shape and dtype."""
    return _filled_like(input, 1, dtype, device, requires_grad)


@explained
def empty_like(input: Tensor, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Arbitrary contents, of another tensor's shape and dtype."""
    return _filled_like(input, None, dtype, device, requires_grad)


@explained
def full_like(
    input: Tensor, fill_value: Number, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One number everywhere, of another tensor's shape and dtype."""
    wanted = dtype or input.dtype
    check_fits(fill_value, wanted)
    return _filled_like(input, as_dtype(fill_value, wanted), wanted, device, requires_grad)


@explained
def eye(
    n: int, m: int | None = None, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones on the diagonal of (n, m), zeros elsewhere."""
    for name, count in (("n", n), ("m", 0 if m is None else m)):
        if count < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {count}")
    wanted = asked_dtype("eye", dtype)
    check_known("eye", wanted)
    return finished(table_at(device).eye(n, n if m is None else m, wanted), requires_grad)


# -- counted ----------------------------------------------------------------------------------------------------------


@explained
def arange(
    *bounds: float,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    **named: float,
) -> Tensor:
    """``arange(end)``, ``arange(start, end)``, ``arange(start, end, step)``: from start up to, but without, end.

    Raises:
        RuntimeError: the step is 0 or leads away from the end.
    """
    # A single bound is the end, unless the end has a name of its own.
    places = ("end",) if len(bounds) == 1 and "end" not in named else ("start", "end", "step")
    given = dict(zip(places, bounds, strict=False)) | named
    if unknown := given.keys() - {"start", "end", "step"}:
        raise TypeError(f"arange() got an unexpected keyword argument '{unknown.pop()}'")
    if "end" not in given:
        raise TypeError("arange() missing required argument 'end'")
    start, end, step = given.get("start", 0), given["end"], given.get("step", 1)
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if math.isinf(start) or math.isinf(end):
        raise RuntimeError(f"unsupported range: {start:g} -> {end:g}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    whole = all(number_dtype(each).category != dtypes.FLOATING for each in (start, end, step))
    wanted = dtype or (dtypes.int64 if whole else get_default_dtype())
    check_known("arange_cpu", wanted.numpy)
    count = -((start - end) // step) if whole else math.ceil((end - start) / step)
    return finished(table_at(device).arange(start, step, count, wanted.numpy), requires_grad)
