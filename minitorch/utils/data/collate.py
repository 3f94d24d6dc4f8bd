"""Collating: many samples of one structure become one sample of that structure, whose leaves are batches."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from minitorch.creation import as_tensor, tensor
from minitorch.dtypes import float64
from minitorch.ops.parts import stack
from minitorch.tensor import Tensor

NOT_COLLATABLE = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"
TEXT_OR_OBJECT = "SaUO"  # numpy's kinds of dtype that no tensor has

CollateFunctions = dict[type | tuple[type, ...], Callable[..., Any]]


def default_collate(batch: Sequence[Any]) -> Any:
    """The batch of a list of samples: their tensors, arrays and numbers become tensors with one dimension more.

    Strings and bytes stay in a list; dicts, named tuples, tuples and lists are entered, and tuples become lists.

    Raises:
        TypeError: a sample contains something else.
        RuntimeError: tensors, or sequences, of different samples differ in size.
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Sequence[Any], *, collate_fn_map: CollateFunctions | None = None) -> Any:
    """`default_collate` with other functions for the leaves: ``function(batch, collate_fn_map=...)`` by type of leaf.

    A leaf's own type is looked up first, then the types that it is an instance of, in the order of the map.
    """
    first = batch[0]
    functions = collate_fn_map or {}
    function = functions.get(type(first)) or next(
        (functions[kind] for kind in functions if isinstance(first, kind)), None
    )
    if function is not None:
        return function(batch, collate_fn_map=collate_fn_map)

    def collated(parts: Sequence[Any]) -> Any:
        return collate(parts, collate_fn_map=collate_fn_map)

    if isinstance(first, Mapping):
        return _like_mapping(first, {key: collated([sample[key] for sample in batch]) for key in first})
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(collated(parts) for parts in zip(*batch, strict=False)))
    if isinstance(first, Sequence):
        if any(len(sample) != len(first) for sample in batch):
            raise RuntimeError("each element in list of batch should be of equal size")
        return _like_sequence(first, [collated(parts) for parts in zip(*batch, strict=True)])
    raise TypeError(NOT_COLLATABLE.format(type(first)))


def default_convert(data: Any) -> Any:
    """The sample with its numpy arrays and scalars as tensors; the loader's default when it does not make batches."""
    if isinstance(data, np.ndarray | np.generic):
        return data if data.dtype.kind in TEXT_OR_OBJECT else as_tensor(data)
    if isinstance(data, Mapping):
        return _like_mapping(data, {key: default_convert(data[key]) for key in data})
    if isinstance(data, tuple) and hasattr(data, "_fields"):
        return type(data)(*(default_convert(part) for part in data))
    if isinstance(data, Sequence) and not isinstance(data, str | bytes):
        return _like_sequence(data, [default_convert(part) for part in data])
    return data


def _like_mapping(original: Mapping[Any, Any], values: dict[Any, Any]) -> Any:
    """`values` as a mapping of the original's type with its other attributes; a dict where there can be none."""
    try:
        if not isinstance(original, MutableMapping):
            return type(original)(values)  # type: ignore[call-arg]  # the TypeError is caught
        clone = copy.copy(original)
        clone.update(values)
        return clone
    except TypeError:
        return values


def _like_sequence(original: Sequence[Any], values: list[Any]) -> Any:
    """`values` as a sequence of the original's type; a list for tuples, as in torch, and where there can be none."""
    if isinstance(original, tuple):
        return values
    try:
        if not isinstance(original, MutableSequence):
            return type(original)(values)  # type: ignore[call-arg]  # the TypeError is caught
        clone = copy.copy(original)
        for position, value in enumerate(values):
            clone[position] = value
        return clone
    except TypeError:
        return values


def _collate_tensors(batch: Sequence[Tensor], *, collate_fn_map: CollateFunctions | None = None) -> Tensor:
    return stack(batch, 0)


def _collate_arrays(batch: Sequence[np.ndarray], *, collate_fn_map: CollateFunctions | None = None) -> Any:
    if batch[0].dtype.kind in TEXT_OR_OBJECT:
        raise TypeError(NOT_COLLATABLE.format(batch[0].dtype))
    return collate([as_tensor(array) for array in batch], collate_fn_map=collate_fn_map)


def _collate_numbers(batch: Sequence[Any], *, collate_fn_map: CollateFunctions | None = None) -> Tensor:
    return as_tensor(batch)


def _collate_floats(batch: Sequence[float], *, collate_fn_map: CollateFunctions | None = None) -> Tensor:
    return tensor(batch, dtype=float64)


def _collate_texts(batch: Sequence[Any], *, collate_fn_map: CollateFunctions | None = None) -> Sequence[Any]:
    return batch


default_collate_fn_map: CollateFunctions = {
    Tensor: _collate_tensors,
    np.ndarray: _collate_arrays,
    (np.bool_, np.number, np.object_): _collate_numbers,
    float: _collate_floats,
    int: _collate_numbers,
    str: _collate_texts,
    bytes: _collate_texts,
}
