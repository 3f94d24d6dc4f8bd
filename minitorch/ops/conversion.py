"""Other dtypes, and writing over what is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import dtypes
from minitorch.autograd.graph import Function
from minitorch.autograd.variable import Variable
from minitorch.device import device as device_of
from minitorch.device import placed
from minitorch.dtypes import dtype as Dtype
from minitorch.kernels import tables
from minitorch.memory_format import check
from minitorch.ops.operator import Number, functions, methods, operator
from minitorch.ops.promotion import array_of, as_dtype, broadcast_shapes, check_fits, number_dtype, result_dtype

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class ToCopyBackward0(Function):
    """Another dtype, another device, or both."""

    __slots__ = ("device", "dtype")

    def forward(self, k: Table, a: Any, dtype: np.dtype, device: Any = None, wait: bool = True) -> Any:
        self.dtype, self.device = a.dtype, a.device
        stays = device is None or device_of(device).type == device_of(a.device).type
        cast = k.cast(a, dtype)
        if stays:
            return k.clone(a) if cast is a else cast
        return placed(cast, device, wait)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.to(grad, self.dtype, self.device),)


@operator(method=False, public=False)
def to(input: Tensor, dtype: np.dtype, device: Any, wait: bool = True) -> Tensor:
    """The same numbers in another dtype, on another device; the tensor itself if it has that dtype and is there.

    Without ``wait``, a copy from page-locked memory, or to the host, is only begun.
    """
    a = input._array
    if a.dtype == dtype and device_of(device).type == device_of(a.device).type:
        return input
    return ToCopyBackward0.apply(input, dtype=dtype, device=device, wait=wait)


@operator(method=False, public=False)
def cast(input: Tensor, dtype: np.dtype) -> Tensor:
    """The same numbers in another dtype; the tensor itself if it has that dtype."""
    return input if input._array.dtype == dtype else ToCopyBackward0.apply(input, dtype=dtype)


def _conversion(wanted: Dtype) -> Callable[[Tensor], Tensor]:
    def convert(input: Tensor, memory_format: Any = None) -> Tensor:
        check(None, memory_format)
        return cast(input, wanted.numpy)

    convert.__doc__ = f"As {wanted.name}."
    return convert


for _name in ("half", "bfloat16", "float", "double", "byte", "char", "short", "int", "long", "bool"):
    methods[_name] = _conversion(getattr(dtypes, {"byte": "uint8", "char": "int8"}.get(_name, _name)))


class CopyBackwards(Function):
    """Everything is overwritten: what was there gets no gradient, the source gets all of it."""

    __slots__ = ("source",)
    broadcasts = True
    namespace = "torch::autograd::"

    def forward(self, k: Table, a: Any, source: Any) -> Any:
        self.source = source.dtype, source.device
        return k.expand(tables[type(source)].to(source, a.dtype, a.device), a.shape)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.zeros(grad.shape, grad), self.needs[1] and k.to(grad, *self.source)


class FillBackward2(Function):
    """Everything is overwritten by one number."""

    def forward(self, k: Table, a: Any, value: Number) -> Any:
        return k.fill(a, value)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.zeros(grad.shape, grad),)


class FillBackward3(Function):
    """Everything is overwritten by the one element of another tensor."""

    broadcasts = True

    def forward(self, k: Table, a: Any, value: Any) -> Any:
        return k.fill(a, value)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.zeros(grad.shape, grad), self.needs[1] and k.sum(grad, None, False)


class FillBackward0(FillBackward2):
    """Not in place: every element has its own memory."""

    def forward(self, k: Table, a: Any, value: Number) -> Any:
        return k.clone_as(k.fill(a, value), a)


class FillBackward1(FillBackward3):
    """Likewise."""

    def forward(self, k: Table, a: Any, value: Any) -> Any:
        return k.clone_as(k.fill(a, value), a)


class ZeroBackward0(FillBackward2):
    """Everything becomes 0."""


@operator(inplace=True, method=False, public=False)
def copy(input: Tensor, source: Any) -> Tensor:
    """What ``input`` is after ``source`` (broadcast, cast) was written over it.

    Raises:
        RuntimeError: the source does not broadcast to the tensor's shape.
    """
    if isinstance(source, int | float):
        source = Variable._of(array_of(source, number_dtype(source).numpy))
    shape = broadcast_shapes(input._array.shape, source._array.shape)
    if shape != input._array.shape:
        raise RuntimeError(
            f"output with shape {list(input._array.shape)} doesn't match the broadcast shape {list(shape)}"
        )
    return CopyBackwards.apply(input, source)


@operator(inplace="", method=False, public=False)
def fill(input: Tensor, value: Tensor | Number) -> Tensor:
    """``value`` everywhere.

    Raises:
        RuntimeError: the value is a tensor that has dimensions.
    """
    return _fill(FillBackward2, FillBackward3, input, value)


def _filled(input: Tensor, value: Tensor | Number) -> Tensor:
    """A tensor of the input's shape and dtype that is ``value`` everywhere.

    Raises:
        RuntimeError: the value is a tensor that has dimensions.
    """
    return _fill(FillBackward0, FillBackward1, input, value)


functions["fill"] = _filled


def _fill(by_number: type[Function], by_tensor: type[Function], input: Tensor, value: Tensor | Number) -> Tensor:
    if not isinstance(value, Variable):
        check_fits(value, input.dtype)
        return by_number.apply(input, value=as_dtype(value, input.dtype))
    if value._array.ndim:
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value._array.ndim} dimensions."
        )
    return by_tensor.apply(input, value)


@operator(inplace="", method=False, public=False)
def zero(input: Tensor) -> Tensor:
    """0 everywhere."""
    return ZeroBackward0.apply(input, value=0)


@operator(method=False, public=False)
def zeros(shape: tuple[int, ...], like: Tensor, dtype: np.dtype | None = None) -> Tensor:
    """Zeros, of the dtype of ``like`` unless another is given; a constant in every formula."""
    array = like._array
    return Variable._of(tables[type(array)].zeros(shape, array, dtype))


@operator(method=False)
def result_type(tensor1: Tensor | Number, tensor2: Tensor | Number) -> Dtype:
    """The dtype that arithmetic on the two has."""
    return result_dtype([each._array if isinstance(each, Variable) else each for each in (tensor1, tensor2)])
