"""Sums with scaled products: ``beta * input + alpha * product``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.ops.operator import Number, operator
from minitorch.ops.shape import expand

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class AddProduct(Function):
    """beta input + alpha product(a, b); the input is broadcast."""

    __slots__ = ("alpha", "beta")
    broadcasts = True
    product = ""
    """The kernel."""

    def forward(self, k: Table, input: Any, a: Any, b: Any, beta: Number, alpha: Number) -> Any:
        self.beta, self.alpha = beta, alpha
        self.save(a if self.needs[2] else None, b if self.needs[1] else None)
        return k.add_product(input, getattr(k, self.product)(a, b), beta, alpha)

    def scaled(self, k: Table, grad: Any) -> tuple[Any, Any]:
        """The gradients of the input and of the product."""
        return (
            self.needs[0] and (grad if self.beta == 1 else k.mul(grad, self.beta)),
            grad if self.alpha == 1 else k.mul(grad, self.alpha),
        )


class AddmvBackward0(AddProduct):
    product = "mv"

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        by_input, grad = self.scaled(k, grad)
        return by_input, self.needs[1] and k.outer(grad, b), self.needs[2] and k.mv(k.t(a), grad)


class AddrBackward0(AddProduct):
    product = "outer"

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        by_input, grad = self.scaled(k, grad)
        return by_input, self.needs[1] and k.mv(grad, b), self.needs[2] and k.mv(k.t(grad), a)


class BaddbmmBackward0(AddProduct):
    product = "bmm"

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        by_input, grad = self.scaled(k, grad)
        return (
            by_input,
            self.needs[1] and k.bmm(grad, k.transpose(b, 1, 2)),
            self.needs[2] and k.bmm(k.transpose(a, 1, 2), grad),
        )


class AddbmmBackward0(AddProduct):
    """The products of a stack are added up."""

    __slots__ = ("stack",)

    def forward(self, k: Table, input: Any, a: Any, b: Any, beta: Number, alpha: Number) -> Any:
        self.beta, self.alpha, self.stack = beta, alpha, len(a)
        self.save(a if self.needs[2] else None, b if self.needs[1] else None)
        return k.addbmm(input, a, b, beta, alpha)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        by_input, scaled = self.scaled(k, grad)
        each = k.expand(k.unsqueeze(scaled, 0), (self.stack, *grad.shape))
        return (
            by_input,
            self.needs[1] and k.bmm(each, k.transpose(b, 1, 2)),
            self.needs[2] and k.bmm(k.transpose(a, 1, 2), each),
        )


def _check_numbers(input: Tensor, beta: Number, alpha: Number, name: str) -> None:
    if input._array.dtype.kind == "b":
        raise NotImplementedError(f"\"{name}\" not implemented for 'Bool'")
    if input._array.dtype.kind != "f":
        for argument, number in (("beta", beta), ("alpha", alpha)):
            if isinstance(number, float):
                raise RuntimeError(
                    f"For integral input tensors, argument {argument} must not be a floating point number."
                )


@operator(inplace=True, out=True)
def addmv(input: Tensor, mat: Tensor, vec: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """``beta * input + alpha * (mat @ vec)``; ``input`` is broadcast to (n,).

    Raises:
        RuntimeError: not a matrix and a vector, or shapes or dtypes that do not fit.
    """
    a, b = mat._array, vec._array
    if a.ndim != 2 or b.ndim != 1 or input._array.ndim > 1:
        raise RuntimeError(f"vector + matrix @ vector expected, got {input._array.ndim}, {a.ndim}, {b.ndim}")
    if a.shape[1] != b.shape[0] or input._array.size not in (1, a.shape[0]):
        raise RuntimeError(
            f"size mismatch, got input ({input._array.size}), mat ({a.shape[0]}x{a.shape[1]}), vec ({b.shape[0]})"
        )
    _check_numbers(input, beta, alpha, "addmv_impl_cpu")
    return AddmvBackward0.apply(input, mat, vec, beta=beta, alpha=alpha)


@operator(inplace=True, out=True)
def addr(input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """``beta * input + alpha * outer(vec1, vec2)``; ``input`` is broadcast to (n, m).

    Raises:
        RuntimeError: not vectors, or an input that does not broadcast.
    """
    a, b = vec1._array, vec2._array
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"addr: Expected 1-D argument {'vec1' if a.ndim != 1 else 'vec2'}, but got "
                           f"{(a if a.ndim != 1 else b).ndim}-D")  # fmt: skip
    expand(input, (len(a), len(b)))  # raises the error for a shape that does not broadcast
    return AddrBackward0.apply(input, vec1, vec2, beta=beta, alpha=alpha)


def _check_stacks(batch1: Tensor, batch2: Tensor, whole: bool = True) -> tuple[Any, Any]:
    """The shapes (b, n, k) and (b, k, m); with ``whole``, k is compared too."""
    for name, each in (("batch1", batch1), ("batch2", batch2)):
        if each._array.ndim != 3:
            raise RuntimeError(f"{name} must be a 3D tensor")
    a, b = batch1._array.shape, batch2._array.shape
    if a[0] != b[0] or (whole and a[2] != b[1]):
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{a[0]}, {a[2]}] but got: [{b[0]}, {b[1]}]."
        )
    return a, b


@operator(inplace=True, out=True)
def baddbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """``beta * input + alpha * bmm(batch1, batch2)``; ``input`` is broadcast to (b, n, m).

    Raises:
        RuntimeError: not three dimensions each, or shapes that do not fit.
    """
    if batch1._array.ndim >= 2 and batch2._array.ndim == 3:
        expand(input, (*batch1._array.shape[:2], batch2._array.shape[2]))
    _check_stacks(batch1, batch2)
    _check_numbers(input, beta, alpha, "baddbmm")
    return BaddbmmBackward0.apply(input, batch1, batch2, beta=beta, alpha=alpha)


@operator(inplace=True, out=True)
def addbmm(input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Number = 1, alpha: Number = 1) -> Tensor:
    """``beta * input + alpha * bmm(batch1, batch2).sum(0)``; ``input`` is broadcast to (n, m).

    Raises:
        RuntimeError: not three dimensions each, or shapes that do not fit.
    """
    (_, n, inner), (_, inner2, m) = _check_stacks(batch1, batch2, whole=False)
    if inner != inner2:
        raise RuntimeError(f"Incompatible matrix sizes for bmm ({n}x{inner} and {inner2}x{m})")
    expand(input, (n, m))
    _check_numbers(input, beta, alpha, "addbmm")
    return AddbmmBackward0.apply(input, batch1, batch2, beta=beta, alpha=alpha)
