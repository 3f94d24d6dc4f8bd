"""What ``tensor`` is given, as one array: nested sequences of numbers, of arrays and of tensors."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from minitorch import dtypes
from minitorch.autograd.variable import Variable
from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import from_numpy_dtype, get_default_dtype, promote_types
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys, cast, view_dtype
from minitorch.ops.promotion import number_dtype
from minitorch.tensor import Tensor


def as_array(data: Any, dtype: Dtype | None) -> np.ndarray:
    """The numbers as one array, in a dtype that is given or is theirs; it may share memory with them."""
    if dtype is not None and not isinstance(dtype, Dtype):
        raise TypeError(f"tensor(): argument 'dtype' must be torch.dtype, not {type(dtype).__name__}")
    if isinstance(data, Variable):
        array = tables[type(data._array)].to_host(data._array)
    elif isinstance(data, np.ndarray | np.generic):
        array = np.asanyarray(data)
        from_numpy_dtype(array.dtype)  # says which dtypes there are
    else:
        array = _from_sequence(data, dtype)
        if dtype is None and _holds_arrays(data):
            dtype = reduce(promote_types, _dtypes_in(data)) if array.size else from_numpy_dtype(array.dtype)
        elif dtype is None and array.dtype == np.float64:
            dtype = get_default_dtype()
    return with_our_dtype(array if dtype is None else cast(array, dtype.numpy))


def with_our_dtype(array: np.ndarray) -> np.ndarray:
    """The same memory, with the dtype object that is compared by identity: arrays that were pickled have another one."""
    return view_dtype(array, from_numpy_dtype(array.dtype).numpy)


def _holds_arrays(data: Any) -> bool:
    """Whether the innermost elements are numpy's or tensors, which keep their dtype."""
    while isinstance(data, list | tuple):
        if not data:
            return False
        data = data[0]
    return isinstance(data, np.ndarray | np.generic | Variable)


def _dtypes_in(data: Any) -> set[Dtype]:
    if isinstance(data, list | tuple):
        return set().union(*map(_dtypes_in, data))
    if isinstance(data, np.ndarray | np.generic | Variable):
        return {data.dtype if isinstance(data, Tensor) else from_numpy_dtype(data.dtype)}  # type: ignore[union-attr]  # an array
    return {number_dtype(data)}


def _from_sequence(data: Any, dtype: Dtype | None) -> np.ndarray:
    if isinstance(data, list | tuple):
        data = _without_tensors(data)
    try:
        array = np.asarray(data)
    except ValueError:
        _refuse_raggedness(data)
        raise
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
        if array.dtype.kind == "u" and (
            dtype is None or (dtype is not dtypes.uint64 and dtype.category != dtypes.FLOATING)
        ):
            raise ValueError("Overflow when unpacking long long")
        array = array if array.dtype.kind == "u" else array.astype(np.int64)
    if dtype is not None and dtype.category == dtypes.INTEGRAL and array.size:
        _check_range(array, dtype)
    return array


def _check_range(array: np.ndarray, dtype: Dtype) -> None:
    """Numbers have to fit; to unsigned types, negative ones do as far as the type reaches, and wrap around."""
    limits = np.iinfo(dtype.numpy)
    if not (np.isfinite(array) & (array >= (limits.min or -limits.max)) & (array <= limits.max)).all():
        raise RuntimeError(f"value cannot be converted to type {dtype.name} without overflow")


def _without_tensors(data: Any) -> Any:
    if isinstance(data, Variable):
        if data._array.ndim and data._array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return as_numpys(data._array).reshape(())[()]
    return [_without_tensors(each) for each in data] if isinstance(data, list | tuple) else data


def _refuse_raggedness(data: Any) -> None:
    """Raises torch's error where sequences are of other lengths than the first ones, or mixed with numbers."""
    sizes, first = [], data
    while isinstance(first, list | tuple):
        sizes.append(len(first))
        first = first[0] if first else None
    waiting = [(data, 1)]
    while waiting:
        sequence, depth = waiting.pop()
        for each in sequence:
            if depth < len(sizes):
                if not isinstance(each, list | tuple):
                    raise TypeError("not a sequence")
                if len(each) != sizes[depth]:
                    raise ValueError(f"expected sequence of length {sizes[depth]} at dim {depth} (got {len(each)})")
                waiting.append((each, depth + 1))
            elif isinstance(each, list | tuple):
                given = type(each).__name__
                if isinstance(first, float | np.floating):
                    raise TypeError(f"must be real number, not {given}")
                raise TypeError(f"'{given}' object cannot be interpreted as an integer")
