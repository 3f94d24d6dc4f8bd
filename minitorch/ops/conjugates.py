"""What complex numbers have, for tensors of real ones: most of it is the tensor itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Unary
from minitorch.ops.arguments import check_found_dtype, check_tensors
from minitorch.ops.operator import in_place, methods, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class ConjPhysicalBackward1(Unary):
    """In place."""

    def forward(self, k: Table, a: Any) -> Any:
        return k.clone(a)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (grad,)


@operator
def is_conj(input: Tensor) -> bool:
    """Whether the tensor is to be conjugated when it is read: never."""
    check_tensors("is_conj", input=input)
    return False


@operator
def is_neg(input: Tensor) -> bool:
    """Whether the tensor is to be negated when it is read: never."""
    check_tensors("is_neg", input=input)
    return False


@operator
def resolve_conj(input: Tensor) -> Tensor:
    """The tensor itself."""
    check_tensors("resolve_conj", input=input)
    return input


@operator
def resolve_neg(input: Tensor) -> Tensor:
    """The tensor itself."""
    check_tensors("resolve_neg", input=input)
    return input


@operator
def conj(input: Tensor) -> Tensor:
    """The tensor itself, as its numbers are real."""
    check_tensors("conj", input=input)
    return input


@operator(method=False)
def real(input: Tensor) -> Tensor:
    """The tensor itself, as its numbers are real; also ``tensor.real``, which can be assigned to."""
    check_tensors("real", input=input)
    return input


def _write_real(input: Tensor, value: Any) -> None:
    methods["copy_"](input, value)


real_part = property(real, _write_real, doc="The tensor itself, as its numbers are real.")


@operator(out=check_found_dtype)
def conj_physical(input: Tensor) -> Tensor:
    """The tensor itself, as its numbers are real."""
    check_tensors("conj_physical", input=input)
    return input


def _conjugate(input: Tensor) -> Tensor:
    """The same numbers."""
    return ConjPhysicalBackward1.apply(input)


_conjugate.__name__ = _conjugate.__qualname__ = "conj_physical"
methods["conj_physical_"] = in_place(_conjugate)
