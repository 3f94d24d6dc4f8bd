"""New tensors: from numbers, from arrays, filled, counted and random."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import dtypes
from minitorch.autograd.variable import Variable
from minitorch.device import device as Device
from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import from_numpy_dtype, get_default_dtype
from minitorch.kernels.cpu import random as draws
from minitorch.ops.arguments import sizes
from minitorch.ops.promotion import number_dtype
from minitorch.random import Generator, default_generator
from minitorch.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable

# Every function here takes these by keyword: dtype (the default one for floating point results), device ("cpu") and
# requires_grad.


def _made(array: np.ndarray, device: Any, requires_grad: bool) -> Tensor:
    if device is not None:
        Device(device)  # says that there is only the CPU
    if requires_grad and array.dtype.kind != "f":
        raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
    return Variable._of(array).requires_grad_(requires_grad)


def _shape(given: tuple[Any, ...], size: Any = None) -> tuple[int, ...]:
    shape = sizes(given if size is None else (size,))
    for each in shape:
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(shape)}")
    return shape


# -- from numbers and arrays ------------------------------------------------------------------------------------------


def tensor(data: Any, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """A new tensor that copies numbers, nested sequences of them, an array or a tensor.

    Args:
        data: what to copy. Python floats become the default dtype, ints int64, bools bool; arrays keep their dtype.
        dtype: the dtype to have instead.
        device: ``"cpu"``.
        requires_grad: whether operators on it are recorded.

    Raises:
        ValueError: nested sequences of different lengths.
        TypeError, RuntimeError: something in it is not a number.
    """
    return _made(np.array(_as_array(data, dtype), order="C"), device, requires_grad)


def as_tensor(data: Any, dtype: Dtype | None = None, device: Any = None) -> Tensor:
    """As ``tensor``, but without a copy (and with its history) where ``data`` is a tensor or array of that dtype already."""
    if isinstance(data, Tensor):
        return data if dtype is None else data.to(dtype)
    if isinstance(data, np.ndarray) and (dtype is None or dtype.numpy == data.dtype):
        return from_numpy(data)
    return tensor(data, dtype=dtype, device=device)


def _as_array(data: Any, dtype: Dtype | None) -> np.ndarray:
    if isinstance(data, Variable):
        array = data._array
    elif isinstance(data, np.ndarray | np.generic):
        array = np.asarray(data)
        from_numpy_dtype(array.dtype)  # says which dtypes there are
    else:
        array = _from_sequence(data)
        if dtype is None and array.dtype == np.float64 and (array.size == 0 or not _holds_arrays(data)):
            dtype = get_default_dtype()
    return _with_our_dtype(array if dtype is None else array.astype(dtype.numpy, copy=False))


def _with_our_dtype(array: np.ndarray) -> np.ndarray:
    """The same memory, with the dtype object that is compared by identity: arrays that were pickled have another one."""
    return array.view(from_numpy_dtype(array.dtype).numpy, np.ndarray)


def _holds_arrays(data: Any) -> bool:
    """Whether the innermost elements are numpy's or tensors, which keep their dtype."""
    while isinstance(data, list | tuple):
        if not data:
            return False
        data = data[0]
    return isinstance(data, np.ndarray | np.generic | Variable)


def _from_sequence(data: Any) -> np.ndarray:
    if isinstance(data, list | tuple):
        data = _without_tensors(data)
    try:
        array = np.asarray(data)
    except ValueError:
        raise ValueError(_describe_raggedness(data)) from None
    if array.dtype == np.dtype(object):
        if any(isinstance(each, int) for each in array.flat):
            raise ValueError("Overflow when unpacking long long")
        first = next((each for each in array.flat), data)
        raise RuntimeError(f"Could not infer dtype of {type(first).__name__}")
    if array.dtype.kind not in "fiub":
        kind = {"U": "str", "S": "bytes"}.get(array.dtype.kind, array.dtype.name)
        first = data
        while isinstance(first, list | tuple):
            first = first[0]
        if first is not data and isinstance(first, str | bytes):
            raise ValueError(f"too many dimensions '{kind}'")
        raise TypeError(f"new(): invalid data type '{kind}'")
    if array.dtype.kind in "iu" and not _holds_arrays(data):
        array = array.astype(np.int64)
    return array


def _without_tensors(data: Any) -> Any:
    if isinstance(data, Variable):
        return data._array if data._array.ndim else data._array[()]
    return [_without_tensors(each) for each in data] if isinstance(data, list | tuple) else data


def _describe_raggedness(data: Any, depth: int = 0) -> str:
    lengths = [len(each) if isinstance(each, list | tuple) else None for each in data]
    for length in lengths:
        if length != lengths[0]:
            if length is None or lengths[0] is None:
                return "expected sequences and numbers not to be mixed in one list"
            return f"expected sequence of length {lengths[0]} at dim {depth + 1} (got {length})"
    for each in data:
        if isinstance(each, list | tuple) and (found := _describe_raggedness(each, depth + 1)):
            return found
    return ""


def from_numpy(ndarray: np.ndarray) -> Tensor:
    """A tensor over the memory of a numpy array: changes show on both sides.

    Raises:
        TypeError: not an array, or one of a dtype that tensors do not have.
        ValueError: the array has negative strides, or another byte order than this machine.
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
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
    return Variable._of(_with_our_dtype(ndarray))


# -- filled -----------------------------------------------------------------------------------------------------------


def empty(
    *shape: Any, size: Any = None, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """A tensor with arbitrary contents."""
    return _made(np.empty(_shape(shape, size), (dtype or get_default_dtype()).numpy), device, requires_grad)


def zeros(
    *shape: Any, size: Any = None, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Zeros."""
    if any(each < 0 for each in sizes(shape if size is None else (size,))):
        raise RuntimeError("zeros: Dimension size must be non-negative.")
    return _made(np.zeros(_shape(shape, size), (dtype or get_default_dtype()).numpy), device, requires_grad)


def ones(
    *shape: Any, size: Any = None, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones."""
    return _made(np.ones(_shape(shape, size), (dtype or get_default_dtype()).numpy), device, requires_grad)


def full(
    size: Any, fill_value: float, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One number everywhere; the dtype follows the number unless given."""
    wanted = dtype or number_dtype(fill_value)
    return _made(np.full(_shape((size,)), fill_value, wanted.numpy), device, requires_grad)


def zeros_like(input: Tensor, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Zeros of another tensor's shape and dtype."""
    return _made(np.zeros_like(input._array, dtype=_numpy(dtype)), device, requires_grad)


def ones_like(input: Tensor, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Ones of another tensor's shape and dtype."""
    return _made(np.ones_like(input._array, dtype=_numpy(dtype)), device, requires_grad)


def empty_like(input: Tensor, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Arbitrary contents, of another tensor's shape and dtype."""
    return _made(np.empty_like(input._array, dtype=_numpy(dtype)), device, requires_grad)


def full_like(
    input: Tensor, fill_value: float, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """One number everywhere, of another tensor's shape and dtype."""
    return _made(np.full_like(input._array, fill_value, dtype=_numpy(dtype)), device, requires_grad)


def eye(
    n: int, m: int | None = None, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """Ones on the diagonal of (n, m), zeros elsewhere."""
    for name, count in (("n", n), ("m", 0 if m is None else m)):
        if count < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {count}")
    return _made(np.eye(n, m, dtype=(dtype or get_default_dtype()).numpy), device, requires_grad)


def _numpy(dtype: Dtype | None) -> Any:
    return None if dtype is None else dtype.numpy


# -- counted ----------------------------------------------------------------------------------------------------------


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
    count = -((start - end) // step) if whole else math.ceil((end - start) / step)
    precise = np.int64 if wanted.category != dtypes.FLOATING and whole else np.float64
    steps: np.ndarray = np.arange(count, dtype=precise)
    return _made((start + step * steps).astype(wanted.numpy), device, requires_grad)


# -- random -----------------------------------------------------------------------------------------------------------


def _drawn(
    draw: Callable[[Generator], np.ndarray], generator: Generator | None, device: Any, requires_grad: bool
) -> Tensor:
    source = default_generator if generator is None else generator
    with source.lock:
        return _made(draw(source), device, requires_grad)


def rand(
    *shape: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers spread evenly over [0, 1); torch's for the same seed."""
    wanted = (dtype or get_default_dtype()).numpy
    dims = _shape(shape, size)
    return _drawn(lambda source: draws.uniform(source, dims, wanted), generator, device, requires_grad)


def randn(
    *shape: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normally distributed numbers of mean 0 and variance 1; torch's for the same seed, to the last place."""
    wanted = (dtype or get_default_dtype()).numpy
    dims = _shape(shape, size)
    return _drawn(lambda source: draws.normal(source, dims, wanted), generator, device, requires_grad)


def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``randint(high, size)``, ``randint(low, high, size)``: whole numbers from low to high - 1; torch's for the same seed.

    Raises:
        RuntimeError: there is no number between the bounds.
    """
    if size is None:
        if high is None or isinstance(high, int):
            raise TypeError("randint() needs a size: randint(high, size) or randint(low, high, size)")
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    wanted = (dtype or dtypes.int64).numpy
    dims = _shape((size,))
    return _drawn(lambda source: draws.randint(source, low, high, dims, wanted), generator, device, requires_grad)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The numbers 0 to n - 1 in random order, as int64; torch's for the same seed.

    Raises:
        RuntimeError: ``n`` is negative.
    """
    if n < 0:
        raise RuntimeError("n must be non-negative, got" + str(n))
    wanted = (dtype or dtypes.int64).numpy
    return _drawn(lambda source: draws.randperm(source, n, wanted), generator, device, requires_grad)


def bernoulli(input: Tensor, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that ``input`` gives, else 0; of its shape and dtype. Torch's for the same seed.

    Raises:
        RuntimeError: something in it is not a probability.
    """
    if not ((input._array >= 0) & (input._array <= 1)).all():
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    return _drawn(lambda source: draws.bernoulli(source, input._array), generator, None, False)


def rand_like(input: Tensor, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Numbers spread evenly over [0, 1), of another tensor's shape and dtype."""
    return rand(input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)


def randn_like(input: Tensor, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Normally distributed numbers, of another tensor's shape and dtype."""
    return randn(input.shape, dtype=dtype or input.dtype, device=device, requires_grad=requires_grad)
