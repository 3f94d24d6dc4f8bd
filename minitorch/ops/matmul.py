"""Products of matrices: d(AB) = dA B + A dB, so the gradients are grad Bᵀ and Aᵀ grad."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.ops.arguments import cpp_name, dtype_name
from minitorch.ops.arithmetic import add
from minitorch.ops.operator import Number, operator
from minitorch.ops.promotion import broadcast_shapes
from minitorch.ops.shape import (
    SqueezeBackward4,
    UnsafeViewBackward0,
    contiguous,
    expand,
    reshape,
    squeeze,
    t,
    transpose,
    unsqueeze,
    view,
)  # fmt: skip

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class MmBackward0(Function, saves={"b": "mat2"}):
    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a if self.needs[1] else None, b if self.needs[0] else None)
        return k.mm(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.mm(grad, k.t(b)), self.needs[1] and k.mm(k.t(a), grad)


class BmmBackward0(Function, saves={"b": "mat2"}):
    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a if self.needs[1] else None, b if self.needs[0] else None)
        return k.bmm(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.bmm(grad, k.transpose(b, 1, 2)),
            self.needs[1] and k.bmm(k.transpose(a, 1, 2), grad),
        )


class MvBackward0(Function, saves={"b": "vec"}):
    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a if self.needs[1] else None, b if self.needs[0] else None)
        return k.mv(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.outer(grad, b), self.needs[1] and k.mv(k.t(a), grad)


class DotBackward0(Function, saves={"b": "tensor"}):
    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a if self.needs[1] else None, b if self.needs[0] else None)
        return k.dot(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return self.needs[0] and k.mul(grad, b), self.needs[1] and k.mul(grad, a)


class AddmmBackward0(Function, saves={"a": "mat1", "b": "mat2"}):
    """beta bias + alpha A B; the bias is broadcast."""

    __slots__ = ("alpha", "beta")
    broadcasts = True

    def forward(self, k: Table, bias: Any, a: Any, b: Any, beta: Number = 1, alpha: Number = 1) -> Any:
        self.beta, self.alpha = beta, alpha
        self.save(a if self.needs[2] else None, b if self.needs[1] else None)
        return k.addmm(bias, a, b, beta, alpha)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        scaled = grad if self.alpha == 1 else k.mul(grad, self.alpha)
        return (
            self.needs[0] and (grad if self.beta == 1 else k.mul(grad, self.beta)),
            self.needs[1] and k.mm(scaled, k.t(b)),
            # Laid out as the weight of a linear layer, of which b is the transpose.
            self.needs[2] and k.t(k.mm(k.t(scaled), a)),
        )


def _check_dtypes(kernel: str, *tensors: Tensor) -> None:
    first = tensors[0]._array.dtype
    if first.kind == "b":
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'Bool'")
    for each in tensors[1:]:
        if each._array.dtype is not first:
            raise RuntimeError(
                f"expected m1 and m2 to have the same dtype, but got: {cpp_name(tensors[0])} != {cpp_name(each)}"
            )


def _check_matrices(a: Tensor, b: Tensor, first: str = "self", second: str = "mat2") -> None:
    for name, each in ((first, a), (second, b)):
        if each._array.ndim != 2:
            raise RuntimeError(f"{name} must be a matrix")
    _check_inner(a, b)


def _check_inner(a: Tensor, b: Tensor) -> None:
    (n, inner), (other, m) = a._array.shape, b._array.shape
    if inner != other:
        raise RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({n}x{inner} and {other}x{m})")


@operator(out=True)
def mm(input: Tensor, mat2: Tensor) -> Tensor:
    """(n, k) @ (k, m) -> (n, m), without broadcasting.

    Raises:
        RuntimeError: not matrices, or shapes or dtypes that do not fit.
    """
    _check_matrices(input, mat2)
    _check_dtypes("addmm_impl_cpu_", input, mat2)
    return MmBackward0.apply(input, mat2)


@operator(out=True)
def bmm(input: Tensor, mat2: Tensor) -> Tensor:
    """(b, n, k) @ (b, k, m) -> (b, n, m).

    Raises:
        RuntimeError: not three dimensions each, or shapes or dtypes that do not fit.
    """
    for name, each in (("batch1", input), ("batch2", mat2)):
        if each._array.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    (b, _, inner), (b2, inner2, _) = input._array.shape, mat2._array.shape
    if (b, inner) != (b2, inner2):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{b}, {inner}] but got: [{b2}, {inner2}]."
        )
    _check_dtypes("bmm", input, mat2)
    return BmmBackward0.apply(input, mat2)


@operator(out=True)
def mv(input: Tensor, vec: Tensor) -> Tensor:
    """(n, k) @ (k,) -> (n,).

    Raises:
        RuntimeError: not a matrix and a vector, or shapes that do not fit.
    """
    if input._array.ndim != 2 or vec._array.ndim != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {min(vec._array.ndim, 1)}, {input._array.ndim}, {vec._array.ndim}"
        )
    if input._array.shape[1] != vec._array.shape[0]:
        n, inner = input._array.shape
        raise RuntimeError(f"size mismatch, got input ({n}), mat ({n}x{inner}), vec ({vec._array.shape[0]})")
    _check_dtypes("addmv_impl_cpu", input, vec)
    return MvBackward0.apply(input, vec)


def check_dot(input: Tensor, tensor: Tensor) -> None:
    """Raises RuntimeError: not vectors of one length and dtype."""
    a, b = input._array, tensor._array
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"dot : expected both vectors to have same dtype, but found {dtype_name(input)} and {dtype_name(tensor)}"
        )
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.size}] and src [{b.size}] to have the same number of elements, "
            f"but got {a.size} and {b.size} elements respectively"
        )
    _check_dtypes("dot", input, tensor)


@operator(out=True)
def dot(input: Tensor, tensor: Tensor) -> Tensor:
    """(k,) @ (k,) -> ().

    Raises:
        RuntimeError: not vectors of one length and dtype.
    """
    check_dot(input, tensor)
    return DotBackward0.apply(input, tensor)


@operator(out=True)
def outer(input: Tensor, vec2: Tensor) -> Tensor:
    """(n,) by (m,) -> (n, m): every product.

    Raises:
        RuntimeError: not vectors.
    """
    for name, each in (("self", input), ("vec2", vec2)):
        if each._array.ndim != 1:
            raise RuntimeError(f"outer: Expected 1-D argument {name}, but got {each._array.ndim}-D")
    return reshape(input, (-1, 1)) * vec2


def _check_addmm(input: Tensor, mat1: Tensor, mat2: Tensor) -> None:
    _check_matrices(mat1, mat2, "mat1", "mat2")
    shape = (mat1._array.shape[0], mat2._array.shape[1])
    if input._array.shape not in (shape, shape[1:]):
        expand(input, shape)  # raises the error for shapes that do not fit
    if {input._array.dtype.kind, mat1._array.dtype.kind, mat2._array.dtype.kind} == {"b"}:
        raise NotImplementedError("\"addmm_impl_cpu_\" not implemented for 'Bool'")
    for name, each in (("self", input), ("mat1", mat1)):
        if each._array.dtype is not mat2._array.dtype:
            raise RuntimeError(
                f"{name} and mat2 must have the same dtype, but got {dtype_name(each)} and {dtype_name(mat2)}"
            )


@operator(inplace=True, out=True)
def addmm(input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """``beta * input + alpha * (mat1 @ mat2)``; ``input`` is broadcast to (n, m).

    Raises:
        RuntimeError: not matrices, or shapes or dtypes that do not fit.
    """
    bias, a, b = input._array, mat1._array, mat2._array
    fits = a.ndim == b.ndim == 2 and a.shape[1] == b.shape[0] and bias.shape == b.shape[1:]
    if not (fits and bias.dtype is a.dtype is b.dtype and a.dtype.kind == "f"):
        _check_addmm(input, mat1, mat2)
    if beta == alpha == 1:
        return AddmmBackward0.apply(input, mat1, mat2)
    return AddmmBackward0.apply(input, mat1, mat2, beta=beta, alpha=alpha)


@operator(out=True)
def matmul(input: Tensor, other: Tensor) -> Tensor:
    """The matrix product over the last two dimensions; the others are broadcast. Vectors count as rows or columns.

    Raises:
        RuntimeError: a tensor without dimensions, or shapes or dtypes that do not fit.
    """
    dims = input._array.ndim, other._array.ndim
    if 0 in dims:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {dims[0]}D and {dims[1]}D")
    if dims == (1, 1):
        return dot(input, other)
    if dims == (2, 1):
        return mv(input, other)
    if dims == (2, 2):
        return mm(input, other)
    if dims == (1, 2):
        return SqueezeBackward4.apply(mm(unsqueeze(input, 0), other), dim=(0,))
    if dims[1] <= 2 <= dims[0] and _folds(input, other, dims[0] == 2):
        return _folded(input, other)
    if dims[0] <= 2 and _folds(transpose(other, -2, -1), input, dims[0] == 2):
        product = _folded(transpose(other, -2, -1), t(input) if dims[0] == 2 else input)
        return contiguous(transpose(product, -2, -1)) if dims[0] == 2 else product
    return _batched(input, other)


def _folds(larger: Tensor, smaller: Tensor, transposed: bool) -> bool:
    """Whether a stack of matrices is multiplied as one matrix with more rows, as torch decides it.

    That saves expanding the smaller operand, which matters where a gradient has to be summed back to it.
    """
    if smaller._requires_grad:
        return True
    if transposed:
        return False
    shape, strides = larger._array.shape, larger.stride()
    return not larger._array.size or all(strides[d] == strides[d + 1] * shape[d + 1] for d in range(len(shape) - 2))


def _folded(stack: Tensor, other: Tensor) -> Tensor:
    """(…, n, k) by (k, m) or (k,), in one product."""
    *lead, inner = stack._array.shape
    rows = reshape(stack, (math.prod(lead), inner))
    product = mm(rows, other) if other._array.ndim == 2 else mv(rows, other)
    return UnsafeViewBackward0.apply(product, shape=(*lead, *other._array.shape[1:]))


def _batched(input: Tensor, other: Tensor) -> Tensor:
    """Products of two stacks of matrices; one of them may be a single matrix or vector."""
    *lead_a, n, inner = input._array.shape if input._array.ndim > 1 else (1, *input._array.shape)
    *lead_b, inner_b, m = other._array.shape if other._array.ndim > 1 else (*other._array.shape, 1)
    if len(lead_a) == len(lead_b) == 1 and lead_a != lead_b:
        # One matrix for the whole stack, with a gradient: multiplied as such, it folds.
        if lead_a == [1] and input._requires_grad:
            return matmul(squeeze(input, 0), other)
        if lead_b == [1] and other._requires_grad:
            return matmul(input, squeeze(other, 0))
    lead = broadcast_shapes(tuple(lead_a), tuple(lead_b))
    columns = unsqueeze(other, 1) if other._array.ndim == 1 else other
    a = reshape(expand(input, (*lead, n, inner)), (math.prod(lead), n, inner))
    b = reshape(expand(columns, (*lead, inner_b, m)), (math.prod(lead), inner_b, m))
    if other._array.ndim == 1:
        return UnsafeViewBackward0.apply(squeeze(bmm(a, b), -1), shape=(*lead, n))
    return UnsafeViewBackward0.apply(bmm(a, b), shape=(*lead, m) if input._array.ndim == 1 else (*lead, n, m))


@operator(method=False, public=False)
def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """``input @ weight.T + bias``: (…, in) by (out, in) and (out,) -> (…, out).

    Raises:
        RuntimeError: shapes or dtypes that do not fit.
    """
    if bias is None:
        return matmul(input, t(weight))
    *lead, inner = input._array.shape
    if input._array.ndim == 2:
        return addmm(bias, input, t(weight))
    if input.is_contiguous() and bias.is_contiguous():
        return view(addmm(bias, reshape(input, (math.prod(lead), inner)), t(weight)), (*lead, weight._array.shape[0]))
    return add(matmul(input, t(weight)), bias)
