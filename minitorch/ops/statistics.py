"""Variances, and what sorting tells: medians, modes, the k-th smallest, quantiles."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch import return_types
from minitorch.ops.arguments import Dim, check_exact_dtype, dimension, dimensions
from minitorch.ops.elementary import check_not_bool
from minitorch.ops.maxima import MaxBackward1, Selection, check_not_empty
from minitorch.ops.operator import operator
from minitorch.ops.reduction import Reduction
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

# -- variances --------------------------------------------------------------------------------------------------------


class VarBackward0(Reduction):
    """v = sum (a - mean)² / (n - correction); dv = 2 sum (a - mean) da / (n - correction)."""

    __slots__ = ("correction",)

    def forward(self, k: Table, a: Any, dim: Any, keepdim: bool, correction: float) -> Any:
        self.reduce_over(a, dim, keepdim)
        self.correction = correction
        self.save(a)
        return k.var_mean(a, dim, keepdim, correction)[0]

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (self.by_variance(k, grad, a),)

    def by_variance(self, k: Table, grad: Any, a: Any) -> Any:
        deviation = k.sub(a, k.mean(a, self.dim, self.dim is not None))
        freedom = self.count() - self.correction
        if freedom == 0 or (freedom < 0 and self.dim is None):
            return k.mul(self.with_dims(k, grad), k.mul(k.abs(deviation), math.inf))
        return k.mul(k.mul(self.with_dims(k, grad), 2 / freedom), deviation)

    def count(self) -> int:
        return math.prod(self.shape if self.dim is None else [self.shape[d] for d in self.dim])


class StdBackward0(VarBackward0):
    """s = sqrt(v); ds = dv / 2s, and 0 where s is 0."""

    def forward(self, k: Table, a: Any, dim: Any, keepdim: bool, correction: float) -> Any:
        self.reduce_over(a, dim, keepdim)
        self.correction = correction
        result, _ = k.var_mean(a, dim, keepdim, correction, root=True)
        self.save(a, result)
        return result

    def backward(self, k: Table, grad: Any, a: Any, result: Any) -> tuple[Any, ...]:
        return (self.by_deviation(k, grad, a, result),)

    def by_deviation(self, k: Table, grad: Any, a: Any, result: Any) -> Any:
        return self.by_variance(k, k.where(k.eq(result, 0), 0.0, k.div(grad, k.mul(result, 2))), a)


class VarMeanBackward0(VarBackward0):
    """The variance, and the mean."""

    def forward(self, k: Table, a: Any, dim: Any, keepdim: bool, correction: float) -> Any:
        self.reduce_over(a, dim, keepdim)
        self.correction = correction
        self.save(a)
        return k.var_mean(a, dim, keepdim, correction)

    def backward(self, k: Table, grad: Any, grad_of_mean: Any, a: Any) -> tuple[Any, ...]:
        return (k.add(self.by_variance(k, grad, a), k.div(self.spread(k, grad_of_mean), self.count())),)


class StdMeanBackward0(StdBackward0):
    """The standard deviation, and the mean."""

    def forward(self, k: Table, a: Any, dim: Any, keepdim: bool, correction: float) -> Any:
        self.reduce_over(a, dim, keepdim)
        self.correction = correction
        result, mean = k.var_mean(a, dim, keepdim, correction, root=True)
        self.save(a, result)
        return result, mean

    def backward(self, k: Table, grad: Any, grad_of_mean: Any, a: Any, result: Any) -> tuple[Any, ...]:
        return (k.add(self.by_deviation(k, grad, a, result), k.div(self.spread(k, grad_of_mean), self.count())),)


def _deviations(
    name: str,
    node: type[VarBackward0],
    input: Tensor,
    dim: Any,
    unbiased: bool,
    keepdim: bool,
    correction: float | None,
) -> Any:
    if isinstance(dim, bool):
        dim, unbiased = None, dim
    if correction is None:
        correction = float(unbiased)
    if input._array.dtype.kind != "f":
        which = "std and var" if name in ("std", "var") else name
        raise RuntimeError(f"{which} only support floating point and complex dtypes")
    dims = dimensions(dim, input._array.ndim)
    shape = input._array.shape
    count = math.prod(shape if dims is None else [shape[d] for d in dims])
    if count - correction <= 0:
        warn(
            f"{name}(): degrees of freedom is <= 0. Correction should be strictly less than the reduction factor (input numel "
            "divided by output numel).",
            UserWarning,
        )
    return node.apply(input, dim=dims, keepdim=keepdim, correction=float(correction))


@operator(out=True)
def var(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The variance: the squared distances from the mean, summed and divided by the number of elements less ``correction``.

    Args:
        input: floating point.
        dim: one dimension or several; all unless given. A bool in its place is ``unbiased``.
        unbiased: the older word for a correction of 1 (without it, 0).
        keepdim: keep the dimensions, with size 1.
        correction: what is taken off the number of elements.

    Raises:
        RuntimeError: the dtype is not floating point.
    """
    return _deviations("var", VarBackward0, input, dim, unbiased, keepdim, correction)


@operator(out=True)
def std(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> Tensor:
    """The standard deviation: the square root of ``var``, whose arguments it takes. Its gradient is 0 where it is 0."""
    return _deviations("std", StdBackward0, input, dim, unbiased, keepdim, correction)


@operator(method=False)
def var_mean(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The variance and the mean; arguments as for ``var``."""
    return _deviations("var_mean", VarMeanBackward0, input, dim, unbiased, keepdim, correction)


@operator(method=False)
def std_mean(
    input: Tensor,
    dim: Dim | bool = None,
    unbiased: bool = True,
    keepdim: bool = False,
    *,
    correction: float | None = None,
) -> tuple[Tensor, Tensor]:
    """The standard deviation and the mean; arguments as for ``var``."""
    return _deviations("std_mean", StdMeanBackward0, input, dim, unbiased, keepdim, correction)


# -- in order of size -------------------------------------------------------------------------------------------------


class MedianBackward0(MaxBackward1):
    """Of all elements: those that equal the median share the gradient evenly."""

    def forward(self, k: Table, a: Any, ignore_nan: bool) -> Any:
        self.reduce_over(a, None, False)
        result, _ = k.median(k.reshape(a, (a.size,)), 0, False, ignore_nan)
        self.save(a, result)
        return result


class NanmedianBackward0(MedianBackward0):
    """Likewise, of those that are not NaN."""


class MedianBackward1(Selection):
    """Along one dimension."""


class NanmedianBackward1(Selection):
    """Along one dimension, of those that are not NaN."""


class ModeBackward0(Selection):
    """The most frequent."""


class KthvalueBackward0(Selection):
    """The k-th smallest."""


@operator(out=check_exact_dtype)
def median(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """The middle element in order of size, the lower of two; along ``dim``, ``(values, indices)``. NaN where there is one.

    Without ``dim`` elements that equal it share the gradient evenly; with it, the one that ``indices`` names gets it.

    Raises:
        IndexError: the dimension has no elements.
    """
    return _median("median", input, dim, keepdim)


@operator(out=check_exact_dtype)
def nanmedian(input: Tensor, dim: int | None = None, keepdim: bool = False) -> Any:
    """``median`` of the elements that are not NaN."""
    return _median("nanmedian", input, dim, keepdim)


def _median(name: str, input: Tensor, dim: int | None, keepdim: bool) -> Any:
    check_not_bool("median_cpu" if dim is None else "median_out", input)
    ignore_nan = name == "nanmedian"
    if dim is None:
        return (NanmedianBackward0 if ignore_nan else MedianBackward0).apply(input, ignore_nan=ignore_nan)
    d = dimension(dim, input._array.ndim)
    check_not_empty("median", input, d)
    node = NanmedianBackward1 if ignore_nan else MedianBackward1
    found = node.apply(input, dim=d, keepdim=keepdim, kernel="median", ignore_nan=ignore_nan)
    return getattr(return_types, name)(found)


@operator(out=check_exact_dtype)
def mode(input: Tensor, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element along ``dim``, the smallest of several, and where it is: ``(values, indices)``.

    Every NaN counts as an element of its own.

    Raises:
        IndexError: the dimension has no elements.
    """
    d = dimension(dim, input._array.ndim)
    check_not_empty("mode", input, d)
    return return_types.mode(ModeBackward0.apply(input, dim=d, keepdim=keepdim, kernel="mode"))


@operator(out=check_exact_dtype)
def kthvalue(input: Tensor, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The k-th smallest element along ``dim``, counted from 1, and where it is: ``(values, indices)``.

    Raises:
        RuntimeError: there are not as many elements.
    """
    check_not_bool("kthvalue_cpu", input)
    d = dimension(dim, input._array.ndim)
    check_not_empty("kthvalue", input, d)
    if not 1 <= k <= (input._array.shape[d] if input._array.ndim else 1):
        raise RuntimeError(f"kthvalue(): selected number k out of range for dimension {d}")
    return return_types.kthvalue(KthvalueBackward0.apply(input, dim=d, keepdim=keepdim, kernel="kthvalue", rank=k))
