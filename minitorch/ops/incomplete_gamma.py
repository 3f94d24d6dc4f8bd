"""The regularised incomplete gamma functions, which are differentiated in their second argument only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.ops.arguments import check_floating, check_tensors
from minitorch.ops.operator import Binary, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class IgammaBackward0(Binary):
    """dP(a, x) = x^(a - 1) exp(-x) / Γ(a) dx."""

    kernel = "igamma"

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return getattr(k, self.kernel)(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        if self.needs[0]:
            raise NotImplementedError(f"the derivative for '{self.kernel}: input' is not implemented.")
        exponent = k.sub(k.sub(k.mul(k.sub(a, 1), k.log(b)), b), k.lgamma(a))
        return None, k.mul(grad, k.exp(exponent))


class IgammacBackward0(IgammaBackward0):
    """dQ = -dP."""

    kernel = "igammac"

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        return super().backward(k, k.neg(grad), a, b)


@operator(inplace=True, out=True)
def igamma(input: Tensor, other: Tensor) -> Tensor:
    """The integral of t^(input - 1) exp(-t) from 0 to ``other``, divided by that to infinity; NaN for negative numbers.

    The gradient is for ``other`` only.

    Raises:
        NotImplementedError: both are of integer dtypes.
    """
    return _applied("igamma", IgammaBackward0, input, other)


@operator(inplace=True, out=True)
def igammac(input: Tensor, other: Tensor) -> Tensor:
    """1 - igamma(input, other), exact where that is small."""
    return _applied("igammac", IgammacBackward0, input, other)


@operator(method=False, public=False)
def gammainc(input: Tensor, other: Tensor) -> Tensor:
    """``igamma``, under its name in ``special``."""
    return _applied("special_gammainc", IgammaBackward0, input, other)


@operator(method=False, public=False)
def gammaincc(input: Tensor, other: Tensor) -> Tensor:
    """``igammac``, under its name in ``special``."""
    return _applied("special_gammaincc", IgammacBackward0, input, other)


def _applied(name: str, node: type[IgammaBackward0], input: Tensor, other: Tensor) -> Tensor:
    check_tensors(name, input=input, other=other)
    check_floating(f"{node.kernel}_cpu", input, other)
    return node.apply(input, other)
