"""Sorting, the largest few, places in sorted rows, distinct elements, and counts of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import dtypes, return_types
from minitorch.autograd.gathering import refusal
from minitorch.autograd.graph import Function, beside
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import check_any_tensor, check_exact_dtype, dimension, dtype_name, lies_within
from minitorch.ops.maxima import Selection
from minitorch.ops.operator import Number, operator
from minitorch.ops.promotion import array_of, as_dtype, number_dtype, result_dtype
from minitorch.ops.reduction import Question

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class SortBackward0(Selection):
    """The gradient of each element goes where it came from."""


class SortBackward1(SortBackward0):
    """Where the caller says whether equal elements keep their order."""


class TopkBackward0(Selection):
    """The gradient of each element goes where it came from."""


@operator(out=check_exact_dtype)
def sort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool | None = None) -> Any:
    """The elements in order of size along ``dim``, and where each was: ``(values, indices)``.

    NaN counts as larger than all numbers. Equal elements keep their order if ``stable``; otherwise they come in the order in
    which torch leaves them, which is always the same.
    """
    d = dimension(dim, input._array.ndim)
    node = SortBackward0 if stable is None else SortBackward1
    found = node.apply(input, dim=d, kernel="sort", descending=descending, stable=bool(stable))
    return return_types.sort(found)


@operator(out=True)
def argsort(input: Tensor, dim: int = -1, descending: bool = False, *, stable: bool = False) -> Tensor:
    """The indices that ``sort`` gives."""
    return sort(input, dim, descending, stable=stable).indices


@operator(out=check_exact_dtype)
def msort(input: Tensor) -> Tensor:
    """The elements in order of size along the first dimension."""
    return sort(input, 0).values


@operator(out=check_exact_dtype)
def topk(input: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The ``k`` largest (or smallest) elements along ``dim``, and where they are: ``(values, indices)``.

    Args:
        input: any dtype but bool. NaN counts as larger than all numbers.
        k: how many.
        dim: the dimension, which gets this size.
        largest: the largest, not the smallest.
        sorted: in order of size.

    Raises:
        RuntimeError: there are not as many elements.
    """
    d = dimension(dim, input._array.ndim)
    if input._array.dtype.kind == "b":
        raise RuntimeError("topk does not support bool dtypes on CPU")
    if not 0 <= k <= (input._array.shape[d] if input._array.ndim else 1):
        raise RuntimeError("selected index k out of range")
    return return_types.topk(TopkBackward0.apply(input, dim=d, kernel="topk", count=k, largest=largest, sorted=sorted))


# -- places in sorted rows --------------------------------------------------------------------------------------------


@operator(method=False, out=check_exact_dtype)
def searchsorted(
    sorted_sequence: Tensor,
    input: Tensor | Number,
    *,
    out_int32: bool = False,
    right: bool = False,
    side: str | None = None,
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each element of ``input`` could be put into the sorted rows, so that they stay sorted.

    Args:
        sorted_sequence: one row, or rows of which each serves the elements in the same place of ``input``.
        input: a tensor, or with one row a number.
        out_int32: the result is int32, not int64.
        right: behind equal elements, not before them.
        side: ``"right"`` or ``"left"``, another word for that.
        sorter: the indices that put each row in order.

    Raises:
        RuntimeError: shapes that do not fit, contradictory sides, or a sorter that is none.
    """
    rows, values = sorted_sequence, input
    if not isinstance(values, Variable):
        values = beside(array_of(values, number_dtype(values).numpy), rows)
    places = [each._array.device.partition(":")[0] for each in (rows, values)]
    if places[0] != places[1]:
        raise RuntimeError(
            "torch.searchsorted(): boundaries and input value tensors should have same device type, but got boundaries tensor "
            f"device type {places[0]} and input value tensor device type {places[1]}"
        )
    if side is not None and side not in ("left", "right"):
        raise RuntimeError(f"torch.searchsorted(): side can only be 'left' or 'right' but got {side}")
    if side == "left" and right:
        raise RuntimeError(
            f"torch.searchsorted(): side and right can't be set to opposites, got side of {side} while right was True"
        )
    if sorter is not None:
        _check_sorter(rows, sorter)
    _check_rows(rows, values)
    common = result_dtype([rows._array, values._array if isinstance(input, Variable) else input])
    if common is dtypes.bool:
        raise NotImplementedError("\"searchsorted_out_cpu\" not implemented for 'Bool'")
    return Question.apply(
        *(Variable._of(as_dtype(each._array, common)) for each in (rows, values)),
        kernel="searchsorted",
        right=right or side == "right",
        dtype=(dtypes.int32 if out_int32 else dtypes.int64).numpy,
        sorter=None if sorter is None else sorter._array,
    )


def _check_sorter(rows: Tensor, sorter: Tensor) -> None:
    if sorter._array.shape != rows._array.shape:
        raise RuntimeError(
            "torch.searchsorted(): boundary and sorter must have the same size, but got boundary tensor "
            f"{list(rows._array.shape)}and got sorter tensor {list(sorter._array.shape)}"
        )
    if sorter._array.dtype != np.int64:
        raise RuntimeError(
            f"torch.searchsorted(): sorter must be a tensor of long dtype but got dtype {dtype_name(sorter)}"
        )
    if sorter._array.size and not lies_within(sorter._array, 0, sorter._array.shape[-1]):
        raise RuntimeError("torch.searchsorted(): sorter index out of range")


def _check_rows(rows: Tensor, values: Tensor) -> None:
    own, given = rows._array.shape, values._array.shape
    if not given and len(own) != 1:
        raise RuntimeError(
            "torch.searchsorted(): input value can be a scalar only when boundaries tensor dimension is 1, but we got boundaries "
            f"tensor dim({len(own)}) and input value's dim(0) numel(1)"
        )
    if not own:
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should have positive dimension, but got 0 dimension"
        )
    if len(own) > 1 and (len(own) != len(given) or own[:-1] != given[:-1]):
        raise RuntimeError(
            "torch.searchsorted(): boundaries tensor should be 1 dimension or the first N-1 dimensions of boundaries tensor and "
            f"input value tensor must match, but we got boundaries tensor {list(own)} and input value tensor {list(given)}"
        )


@operator(method=False, out=check_exact_dtype)
def bucketize(input: Tensor | Number, boundaries: Tensor, *, out_int32: bool = False, right: bool = False) -> Tensor:
    """The number of the interval that each element falls into, between sorted ``boundaries`` (one dimension).

    Intervals include their upper boundary, or with ``right`` their lower one.

    Raises:
        RuntimeError: the boundaries have another number of dimensions.
    """
    if boundaries._array.ndim != 1:
        raise RuntimeError(f"boundaries tensor must be 1 dimension, but got dim({boundaries._array.ndim})")
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)


# -- distinct elements ------------------------------------------------------------------------------------------------


class Unique2Backward0(Function):
    """Recorded, but without a formula: torch has none."""

    operator = "_unique2"

    def forward(self, k: Table, a: Any, kernel: str, **params: Any) -> tuple[Any, Any, Any]:
        return getattr(k, kernel)(a, **params)

    def backward(self, k: Table, *grads: Any) -> tuple[Any, ...]:
        raise NotImplementedError(f"the derivative for '{self.operator}' is not implemented.")


class UniqueDimBackward0(Unique2Backward0):
    operator = "unique_dim"


class UniqueConsecutiveBackward0(Unique2Backward0):
    operator = "unique_consecutive"


@operator
def unique(
    input: Tensor,
    sorted: bool = True,
    return_inverse: bool = False,
    return_counts: bool = False,
    dim: int | None = None,
) -> Any:
    """The distinct elements, in order of size; with ``dim``, the distinct slices along it. Every NaN is distinct.

    Args:
        input: any shape and dtype.
        sorted: the result is sorted in any case.
        return_inverse: also, for each element (or slice) the place of its equal in the result.
        return_counts: also, how often each occurs.
        dim: compare slices along this dimension.

    Raises:
        RuntimeError: with ``dim``, other dimensions have no elements.
    """
    node = Unique2Backward0 if dim is None else UniqueDimBackward0
    return _distinct("unique", node, input, True, return_inverse, return_counts, dim)


@operator
def unique_consecutive(
    input: Tensor, return_inverse: bool = False, return_counts: bool = False, dim: int | None = None
) -> Any:
    """Of equal elements (or with ``dim``, slices) that follow each other, the first; arguments as for ``unique``."""
    return _distinct("unique_consecutive", UniqueConsecutiveBackward0, input, False, return_inverse, return_counts, dim)


def _distinct(
    name: str, node: type[Function], input: Tensor, sorted: bool, inverse: bool, counts: bool, dim: int | None
) -> Any:
    if dim is None:
        found = node.apply(input, kernel="unique", sorted=sorted)
    else:
        d, shape = dimension(dim, input._array.ndim), input._array.shape
        empty = [axis for axis, size in enumerate(shape) if size == 0]
        if empty and d not in empty:
            raise RuntimeError(f"There are 0 sized dimensions, and they aren't selected, so {name} cannot be applied")
        if len(empty) > 1:
            raise RuntimeError(f"Number of zero sized dimensions is more than one, so {name} cannot be applied ")
        found = node.apply(input, kernel="unique_dim", dim=d, sorted=sorted)
    wanted = tuple(each for each, asked in zip(found, (True, inverse, counts), strict=True) if asked)
    return wanted if inverse or counts else found[0]


# -- counts -----------------------------------------------------------------------------------------------------------


@operator
def bincount(input: Tensor, weights: Tensor | None = None, minlength: int = 0) -> Tensor:
    """How often each whole number from 0 on occurs; with ``weights``, the sum of the weights of its occurrences.

    Args:
        input: one dimension of integers that are not negative.
        weights: one for each of them.
        minlength: at least so many numbers are counted.

    Raises:
        RuntimeError: other inputs than these.
    """
    array = input._array
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if array.dtype.kind in "fb":
        raise NotImplementedError(f"\"bincount_cpu\" not implemented for '{dtype_name(input)}'")
    if array.ndim != 1 or (array.size and array.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if weights is not None and weights._array.shape != array.shape:
        raise RuntimeError("weights should be 1-d and have the same length as input")
    return Question.apply(input, weights, kernel="bincount", minlength=minlength)


@operator(method=False, out=True)
def isin(
    elements: Tensor | Number, test_elements: Tensor | Number, *, assume_unique: bool = False, invert: bool = False
) -> Tensor:
    """Where elements are among others; with ``invert``, where they are not. NaN is among none.

    Args:
        elements: a tensor of any shape, or a number.
        test_elements: likewise.
        assume_unique: a promise that no element is there twice, which nothing depends on.
        invert: the opposite.

    Raises:
        RuntimeError: a tensor is of dtype bool.
    """
    check_any_tensor("isin", elements, test_elements)
    tensors = [each for each in (elements, test_elements) if isinstance(each, Variable)]
    places = {each._array.device for each in tensors if each._array.ndim}
    if len(places) > 1:
        raise refusal(places)
    given, others = (
        as_numpys(each._array) if isinstance(each, Variable) else each for each in (elements, test_elements)
    )
    if any(isinstance(each, np.ndarray) and each.dtype.kind == "b" for each in (given, others)):
        raise RuntimeError("Unsupported input type encountered for isin(): Bool")
    like = elements if isinstance(elements, Variable) else test_elements
    return beside(np.asarray(np.isin(given, others, invert=invert)), like)  # type: ignore[arg-type]  # one of them is a tensor


@operator(out=check_exact_dtype)
def histc(input: Tensor, bins: int = 100, min: Number = 0, max: Number = 0) -> Tensor:
    """How many elements fall into each of ``bins`` intervals of equal width between ``min`` and ``max``.

    What lies outside is not counted. Where both bounds are equal, those of the elements are taken.

    Raises:
        RuntimeError: no bins, or bounds that are not in order or not finite.
        NotImplementedError: the dtype is not floating point.
    """
    array = input._array
    if array.dtype.kind != "f":
        raise NotImplementedError(f"\"histogram_cpu\" not implemented for '{dtype_name(input)}'")
    if bins <= 0:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    low, high = float(min), float(max)
    if low == high and array.size:
        k = tables[type(array)]
        low, high = k.amin(array, None, False).item(), k.amax(array, None, False).item()
    if low == high:
        low, high = low - 1, high + 1
    if not (np.isfinite(low) and np.isfinite(high)):
        sign = "-" if np.isnan(low) and min == max and array.size > 1 else ""  # which a reduction gives to its NaN
        raise RuntimeError(f"torch.histc: range of [{sign}{low:g}, {sign}{high:g}] is not finite")
    if low > high:
        raise RuntimeError("torch.histc: max must be larger than min")
    return Question.apply(input, kernel="histc", bins=bins, low=low, high=high)
