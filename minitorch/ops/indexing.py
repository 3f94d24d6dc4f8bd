"""``x[...]``, read and written, and the operators that take positions from tensors.

An index is taken apart as in torch: integers, slices, ``None`` and ``...`` become views one after another; tensors, lists
and masks that remain are looked up together at the end (``IndexBackward0``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, beside
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import dtype_name, lies_within
from minitorch.ops.operator import Number, check_apart, formula, in_place, methods, operator
from minitorch.ops.parts import SelectBackward0, slice
from minitorch.ops.promotion import array_of, check_fits
from minitorch.ops.shape import AliasBackward0, expand, unsqueeze, view
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

_slice = type(np.s_[:])  # Python's slice: the operator of that name hides it


LONG_LIST = 32  # from this length on, a list is looked up without a look at what it holds


class IndexBackward0(Function):
    """The gradient is added at the positions that were read. (A mask is saved as the positions where it holds.)"""

    __slots__ = ("shape",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, *indices: Any) -> Any:
        self.shape = a.shape
        self.save(*indices)
        return k.index(a, *indices)

    def backward(self, k: Table, grad: Any, *indices: Any) -> tuple[Any, ...]:
        return (k.index_backward(grad, *indices, shape=self.shape),)

    _saved_indices = property(lambda self: tuple(self.saved_in_graph()))


@formula("index_backward")
class IndexBackwardBackward(Function):
    graph_inputs = 1

    def forward(self, k: Table, grad: Any, *indices: Any, shape: tuple[int, ...]) -> Any:
        self.save(*indices)
        return k.index_backward(grad, *indices, shape=shape)

    def backward(self, k: Table, grad: Any, *indices: Any) -> tuple[Any, ...]:
        return (k.index(grad, *indices),)


formula("index")(IndexBackward0)


class IndexPutBackward0(Function):
    """What was overwritten gets no gradient; the values get what is there now."""

    __slots__ = ("accumulate",)
    broadcasts = True  # the values
    graph_inputs = 2

    def forward(self, k: Table, a: Any, values: Any, *indices: Any, accumulate: bool, over: bool = False) -> Any:
        self.accumulate = accumulate
        self.save(*indices)
        return k.index_put(a, indices, values, accumulate, over)

    def backward(self, k: Table, grad: Any, *indices: Any) -> tuple[Any, ...]:
        rest = grad if self.accumulate else self.needs[0] and k.index_put(grad, indices, k.zeros((), grad))
        return rest, self.needs[1] and k.index(grad, *indices)

    _saved_indices = IndexBackward0._saved_indices


def _in_parts(index: Any) -> tuple[Any, ...]:
    """The parts of an index; a list that holds more than numbers counts as a tuple, with torch's warning."""
    if isinstance(index, tuple):
        return index
    if not isinstance(index, Sequence) or isinstance(index, str) or len(index) >= LONG_LIST:
        return (index,)
    if any(each is None or each is Ellipsis or isinstance(each, _slice | Sequence | Variable) for each in index):
        warn(
            "Using a non-tuple sequence for multidimensional indexing is deprecated and will be changed in pytorch 2.9; use "
            "x[tuple(seq)] instead of x[seq]. In pytorch 2.9 this will be interpreted as tensor index, x[torch.tensor(seq)], "
            "which will result either in an error or a different result",
            UserWarning,
        )
        return tuple(index)
    return (index,)


def _is_mask(part: Any) -> bool:
    return isinstance(part, Variable) and part._array.dtype in (np.bool_, np.uint8)


def _consumed(part: Any) -> int:
    """How many dimensions of the tensor one part of an index takes up."""
    if part is None or part is Ellipsis or isinstance(part, bool):
        return 0
    return part._array.ndim if _is_mask(part) else 1


def _looked_up(part: Any) -> np.ndarray:
    """A part of an index that is no view, as an array of positions or a mask.

    Raises:
        IndexError, TypeError: it cannot be an index.
    """
    if isinstance(part, Variable):
        array = part._array
        if array.dtype == np.uint8:
            warn(
                "indexing with dtype torch.uint8 is now deprecated, please use a dtype torch.bool instead.", UserWarning
            )
            return tables[type(array)].cast(array, np.dtype(bool))
        if array.dtype not in (np.bool_, np.int32, np.int64):
            raise IndexError("tensors used as indices must be long, int, byte or bool tensors")
        return array
    if isinstance(part, str):
        raise TypeError("new(): invalid data type 'str'")
    if not isinstance(part, Sequence | np.ndarray):
        raise IndexError(
            "only integers, slices (`:`), ellipsis (`...`), None and long or byte Variables are valid indices "
            f"(got {type(part).__name__})"
        )
    array = np.asarray(part)
    if array.dtype.kind not in "iubf":
        raise TypeError(f"new(): invalid data type '{type(part[0]).__name__}'")
    return array if array.dtype == np.bool_ else array.astype(np.int64)


def _check_place(positions: Any, array: Any) -> None:
    if positions.device not in ("cpu", array.device):
        raise RuntimeError(
            f"indices should be either on cpu or on the same device as the indexed tensor ({array.device})"
        )


def _views(input: Tensor, parts: tuple[Any, ...], alone: bool) -> tuple[Tensor, list[np.ndarray | None]]:
    """Goes through the parts of an index that are views, and collects the others by dimension.

    A slice of a whole dimension is no step on the way, except that ``x[:]`` is a new view when it is read.

    Raises:
        IndexError: more parts than dimensions, an index out of range, a mask that does not fit.
    """
    left = input._array.ndim - sum(_consumed(part) for part in parts)
    if not input._array.ndim and parts and isinstance(parts[0], _slice):
        raise IndexError("slice() cannot be applied to a 0-dim tensor.")
    if left < 0:
        raise IndexError(f"too many indices for tensor of dimension {input._array.ndim}")
    dim, lookups = 0, dict[int, np.ndarray]()
    own = 0  # the dimension of the tensor that was given
    for part in parts:
        if (
            isinstance(part, Variable)
            and not part._array.ndim
            and part._array.dtype.kind in "iu"
            and not _is_mask(part)
        ):
            part = int(part._array.item())
        if part is Ellipsis:
            dim += left
        elif part is None:
            input = unsqueeze(input, dim)
            dim += 1
        elif isinstance(part, bool | np.bool_) or (_is_mask(part) and not part._array.ndim):
            input = unsqueeze(input, dim)
            lookups[dim] = np.zeros(int(bool(part)), np.int64)
            dim += 1
        elif isinstance(part, int | np.integer):
            input = _select_at(input, dim, int(part), own)
        elif isinstance(part, _slice):
            start, stop, step = _bounds(part, input._array.shape[dim])
            if alone or part.start not in (None, 0) or step != 1 or stop != input._array.shape[dim]:
                input = slice(input, dim, start, stop, step)
            dim += 1
        else:
            array = _looked_up(part)
            _check_place(array, input._array)
            if array.dtype.kind == "b":
                _check_mask(array, input._array.shape, dim)
                for offset, positions in enumerate(array.nonzero()):
                    lookups[dim + offset] = positions
                dim += array.ndim
            else:
                lookups[dim] = tables[type(array)].cast(array, np.dtype(np.int64))
                dim += 1
        own += left if part is Ellipsis else _consumed(part)
    return input, [lookups.get(d) for d in range(max(lookups) + 1)] if lookups else []


def _select_at(input: Tensor, dim: int, index: int, own: int) -> Tensor:
    size = input._array.shape[dim]
    if not -size <= index < size:
        raise IndexError(f"index {index} is out of bounds for dimension {own} with size {size}")
    return SelectBackward0.apply(input, dim=dim, index=index % size)


def _bounds(part: Any, size: int) -> tuple[int, int, int]:
    if part.step is not None and part.step < 0:
        raise ValueError("step must be greater than zero")
    start, stop, step = part.indices(size)
    return start, max(start, stop), step


def _check_mask(mask: np.ndarray, shape: tuple[int, ...], dim: int) -> None:
    for offset, size in enumerate(mask.shape):
        if size != shape[dim + offset]:
            raise IndexError(
                f"The shape of the mask {list(mask.shape)} at index {offset} does not match the shape of the indexed tensor "
                f"{list(shape)} at index {dim + offset}"
            )


def _check_lookups(lookups: list[np.ndarray | None], shape: tuple[int, ...]) -> None:
    """Raises torch's errors, which count only the dimensions that are looked up."""
    if len(lookups) > len(shape):
        raise IndexError(f"too many indices for tensor of dimension {len(shape)} (got {len(lookups)})")
    given = [(positions, size) for positions, size in zip(lookups, shape, strict=False) if positions is not None]
    for d, (positions, size) in enumerate(given):
        if positions.size and not size:
            raise IndexError("index is out of bounds for dimension with size 0")
        if not lies_within(positions, -size, size):
            outside = next(p for p in as_numpys(positions).flat if not -size <= p < size)
            raise IndexError(f"index {outside} is out of bounds for dimension {d} with size {size}")
    shapes = [each.shape for each in lookups if each is not None]
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        raise IndexError(
            "shape mismatch: indexing tensors could not be broadcast together with shapes "
            + ", ".join(str(list(s)) for s in shapes)
        ) from None


def getitem(input: Tensor, index: Any) -> Tensor:
    """``input[index]``: a view for integers, slices, ``None`` and ``...``; a copy where tensors, lists or masks choose.

    Raises:
        IndexError: the index does not fit the tensor.
    """
    if type(index) is int and input._array.ndim:
        return _select_at(input, 0, index, 0)
    if type(index) is int:
        raise _of_a_number()
    parts = _in_parts(index)
    viewed, lookups = _views(input, parts, alone=isinstance(index, _slice))
    if lookups:
        _check_lookups(lookups, viewed._array.shape)
        return IndexBackward0.apply(viewed, *_tensors_of(lookups, parts))
    return AliasBackward0.apply(input) if viewed is input else viewed


def _tensors_of(lookups: Sequence[np.ndarray | None], parts: Sequence[Any]) -> list[Any]:
    """Positions as the tensors that they were given as, where they were: a node is to see whether these are changed."""
    given = {id(part._array): part for part in parts if isinstance(part, Variable)}
    return [given.get(id(each), each) for each in lookups]


def _of_a_number() -> IndexError:
    return IndexError(
        "invalid index of a 0-dim tensor. Use `tensor.item()` in Python or `tensor.item<T>()` in C++ to convert a 0-dim "
        "tensor to a number"
    )


def setitem(input: Tensor, index: Any, value: Any) -> None:
    """``input[index] = value``; the value is broadcast and cast.

    Raises:
        IndexError: the index does not fit the tensor.
        RuntimeError: the value does not fit the place, or the tensor may not be changed in place.
    """
    if index is False:
        return
    if type(index) is int and not input._array.ndim:
        raise _of_a_number()
    parts = (None,) if index is True else _in_parts(index)
    viewed, lookups = _views(input, parts, alone=False)
    if not isinstance(value, Variable):
        if not isinstance(value, Number):
            raise TypeError(f"can't assign a {type(value).__name__} to a {input._type_name()}")
        check_fits(value, input.dtype)
        value = beside(array_of(value, input._array.dtype), input)
    if lookups:
        if value._array.size > 1:
            check_apart(viewed, value)
        shape = _without_leading_ones(value._array.shape)
        positions = tuple(_tensors_of(lookups, parts))
        methods["index_put_"](viewed, positions, value if shape == value._array.shape else view(value, shape))
    elif viewed._array.shape == value._array.shape:
        viewed.copy_(value)
    elif not value._array.ndim:
        viewed.fill_(value)
    else:
        fitting = view(value, _without_leading_ones(value._array.shape))
        viewed.copy_(fitting if fitting._array.shape == viewed._array.shape else expand(fitting, viewed._array.shape))


def _without_leading_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Dimensions of size 1 in front do not count when a value is written."""
    return shape[next((d for d, size in enumerate(shape) if size != 1), len(shape)) :]


@operator
def index_put(input: Tensor, indices: tuple[Any, ...], values: Tensor, accumulate: bool = False) -> Tensor:
    """Other values (broadcast) at the positions that ``indices`` name for the leading dimensions, or added to them.

    Raises:
        RuntimeError: the values do not fit the place, or are of another dtype.
        IndexError: a position is out of bounds.
        TypeError: the indices are no tuple, or the values no tensor.
    """
    return _put(input, indices, values, accumulate, over=False)


def _index_put_(input: Tensor, indices: tuple[Any, ...], values: Tensor, accumulate: bool = False) -> Tensor:
    return _put(input, indices, values, accumulate, over=True)


_index_put_.__name__ = "index_put"
methods["index_put_"] = in_place(_index_put_, "tensor[indices] = tensor")


def _put(input: Tensor, indices: tuple[Any, ...], values: Tensor, accumulate: bool, over: bool) -> Tensor:
    if isinstance(indices, Variable):
        raise TypeError("index_put(): argument 'indices' (position 1) must be tuple of Tensors, not Tensor")
    if not isinstance(values, Variable):
        raise TypeError(f"index_put(): argument 'values' (position 2) must be Tensor, not {type(values).__name__}")
    lookups: list[np.ndarray | None] = []
    for each in indices:
        array = each if each is None or not isinstance(each, Variable | Sequence) else _looked_up(each)
        if array is not None:
            _check_place(array, input._array)
        if array is None or array.dtype.kind == "i":
            lookups.append(array)
        else:
            _check_mask(array, input._array.shape, len(lookups))
            lookups.extend(array.nonzero())
    _check_lookups(lookups, input._array.shape)
    place = _place(lookups, input._array.shape)
    given = values._array.shape
    if len(given) > len(place) or any(a not in (1, b) for a, b in zip(given[::-1], place[::-1], strict=False)):
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {list(given)} cannot be broadcast to indexing result of shape {list(place)}"
        )
    if values._array.dtype is not input._array.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {dtype_name(input)} for the destination and "
            f"{dtype_name(values)} for the source."
        )
    positions = _tensors_of(lookups, indices)
    return IndexPutBackward0.apply(input, values, *positions, accumulate=accumulate, over=over)


def _place(lookups: list[np.ndarray | None], shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of what an index reads: lookups side by side stay where they are, others come to the front."""
    given = [d for d, each in enumerate(lookups) if each is not None]
    read = np.broadcast_shapes(*(each.shape for each in lookups if each is not None))
    rest = [size for d, size in enumerate(shape) if d not in given]
    first = given[0] if given and given[-1] - given[0] == len(given) - 1 else 0
    return (*rest[:first], *read, *rest[first:])
