"""Activations: relu, sigmoid, tanh, and softmax with its logarithm."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Unary
from minitorch.dtypes import dtype as Dtype
from minitorch.ops.arguments import dimension, dtype_name
from minitorch.ops.operator import Binary, UnivariateOfResult, formula, operator, operators

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class ReluBackward0(Unary):
    """The derivative is 1 where the result is positive, else 0: also at 0."""

    def forward(self, k: Table, a: Any) -> Any:
        result = k.relu(a)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.relu_backward(grad, result),)


@formula("relu_backward")
class ReluBackwardBackward(Binary):
    """Linear in the gradient, flat in the result of relu."""

    def forward(self, k: Table, grad: Any, result: Any) -> Any:
        self.save(result)
        return k.relu_backward(grad, result)

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.relu_backward(grad, result), self.needs[1] and k.zeros(grad.shape, grad)


class SigmoidBackward0(UnivariateOfResult):
    """s' = s (1 - s)."""

    kernel = "sigmoid"

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.mul(k.mul(grad, k.sub(1, result)), result),)


class TanhBackward0(UnivariateOfResult):
    """t' = 1 - t²."""

    kernel = "tanh"

    def derivative(self, k: Table, result: Any) -> Any:
        return k.sub(1, k.mul(result, result))


class SoftmaxBackward0(Unary):
    """ds_i = s_i (da_i - sum_j s_j da_j)."""

    __slots__ = ("dim",)

    def forward(self, k: Table, a: Any, dim: int) -> Any:
        self.dim = dim
        result = k.softmax(a, dim)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.softmax_backward(grad, result, dim=self.dim),)


class LogSoftmaxBackward0(Unary):
    """dl_i = da_i - sum_j s_j da_j; transposed, that is grad - s sum(grad)."""

    __slots__ = ("dim",)

    def forward(self, k: Table, a: Any, dim: int) -> Any:
        self.dim = dim
        result = k.log_softmax(a, dim)
        self.save(result)
        return result

    def backward(self, k: Table, grad: Any, result: Any) -> tuple[Any, ...]:
        return (k.log_softmax_backward(grad, result, dim=self.dim),)


@operator(method=False, public=False)
def softmax_backward(grad: Tensor, result: Tensor, dim: int) -> Tensor:
    """The gradient of softmax, for tensors: its own gradient is that of its parts."""
    k = operators
    weighted = k.mul(grad, result)
    return k.sub(weighted, k.mul(result, k.sum(weighted, dim if result.ndim else None, bool(result.ndim))))


@operator(method=False, public=False)
def log_softmax_backward(grad: Tensor, result: Tensor, dim: int) -> Tensor:
    """The gradient of log_softmax, for tensors: its own gradient is that of its parts."""
    k = operators
    return k.sub(grad, k.mul(k.exp(result), k.sum(grad, dim if result.ndim else None, bool(result.ndim))))


@operator(inplace=True)
def relu(input: Tensor) -> Tensor:
    """max(input, 0); NaN stays. Its gradient at 0 is 0.

    Raises:
        NotImplementedError: the dtype is bool.
    """
    if input._array.dtype.kind == "b":
        raise NotImplementedError("Boolean inputs not supported for relu")
    return ReluBackward0.apply(input)


@operator(inplace=True, out=True)
def sigmoid(input: Tensor) -> Tensor:
    """1 / (1 + exp(-input))."""
    return SigmoidBackward0.apply(input)


@operator(inplace=True, out=True)
def tanh(input: Tensor) -> Tensor:
    """The hyperbolic tangent."""
    return TanhBackward0.apply(input)


def _floating(name: str, input: Tensor, dim: int, dtype: Dtype | None) -> tuple[Tensor, int]:
    """The input cast, and the dimension counted from the front."""
    d = dimension(dim, input._array.ndim)
    if dtype is not None:
        input = operators.cast(input, dtype.numpy)
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"{name}_lastdim_kernel_impl\" not implemented for '{dtype_name(input)}'")
    return input, d


@operator
def softmax(input: Tensor, dim: int, dtype: Dtype | None = None) -> Tensor:
    """exp(input) / sum(exp(input)) along ``dim``; ``dtype`` casts first.

    Raises:
        NotImplementedError: the dtype is not floating point.
    """
    input, d = _floating("softmax", input, dim, dtype)
    return SoftmaxBackward0.apply(input, dim=d)


@operator
def log_softmax(input: Tensor, dim: int, dtype: Dtype | None = None) -> Tensor:
    """log(softmax(input)) along ``dim``, without overflow; ``dtype`` casts first.

    Raises:
        NotImplementedError: the dtype is not floating point.
    """
    input, d = _floating("log_softmax", input, dim, dtype)
    return LogSoftmaxBackward0.apply(input, dim=d)
