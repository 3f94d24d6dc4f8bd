"""Bessel functions, Airy's function and Hurwitz's zeta function, under torch's names in ``torch.special``.

All but zeta have no gradients; zeta has one for its second argument.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import check_any_tensor, check_tensors
from minitorch.ops.operator import Comparison, Elementwise, Number, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


def check_not_half(name: str, *operands: Any) -> None:
    """Some functions have no form for float16.

    Raises:
        NotImplementedError: an operand is of that dtype.
    """
    if np.float16 in [each.dtype for each in operands if isinstance(each, np.ndarray)]:
        raise NotImplementedError(f"\"{name}_cpu\" not implemented for 'Half'")


class OfOneNumber(Comparison):
    """Without a gradient; integers are computed in the default floating point dtype."""

    floats = True

    def forward(self, k: Table, a: Any, name: str, kernel: str, **params: Any) -> Any:
        check_not_half(name, a)
        return getattr(k, kernel)(a, **params)


def _declare(name: str, what: str, kernel: str, **params: Any) -> Callable[[Tensor], Tensor]:
    def evaluate(input: Tensor) -> Tensor:
        check_tensors(f"special_{name}", input=input)
        return OfOneNumber.apply(input, name=name, kernel=kernel, **params)

    evaluate.__name__ = evaluate.__qualname__ = name
    evaluate.__doc__ = f"{what}. It has no gradient here, as in torch."
    return operator(evaluate, method=False, public=False)


_FIRST, _SECOND = "The Bessel function of the first kind, of order", "The Bessel function of the second kind, of order"
_MODIFIED_FIRST = "The modified Bessel function of the first kind, of order"
_MODIFIED = "The modified Bessel function of the second kind, of order"

airy_ai = _declare("airy_ai", "Airy's function Ai", "airy_ai")
bessel_j0 = _declare("bessel_j0", f"{_FIRST} 0", "bessel_j", order=0)
bessel_j1 = _declare("bessel_j1", f"{_FIRST} 1", "bessel_j", order=1)
bessel_y0 = _declare("bessel_y0", f"{_SECOND} 0", "bessel_y", order=0)
bessel_y1 = _declare("bessel_y1", f"{_SECOND} 1", "bessel_y", order=1)
modified_bessel_i0 = _declare("modified_bessel_i0", f"{_MODIFIED_FIRST} 0", "i0")
modified_bessel_i1 = _declare("modified_bessel_i1", f"{_MODIFIED_FIRST} 1", "i1")
modified_bessel_k0 = _declare("modified_bessel_k0", f"{_MODIFIED} 0", "bessel_k", order=0, scaled=False)
modified_bessel_k1 = _declare("modified_bessel_k1", f"{_MODIFIED} 1", "bessel_k", order=1, scaled=False)
scaled_modified_bessel_k0 = _declare(
    "scaled_modified_bessel_k0", f"{_MODIFIED} 0, times exp(input)", "bessel_k", order=0, scaled=True
)
scaled_modified_bessel_k1 = _declare(
    "scaled_modified_bessel_k1", f"{_MODIFIED} 1, times exp(input)", "bessel_k", order=1, scaled=True
)
spherical_bessel_j0 = _declare("spherical_bessel_j0", "sin(input) / input, and 1 at 0", "spherical_bessel_j0")


class SpecialZetaBackward0(Elementwise):
    """dζ(s, q) = -s ζ(s + 1, q) dq."""

    floats = True

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        check_not_half("zeta", a, b)
        self.save(a, b)
        return k.zeta(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        if self.needs[0]:
            raise NotImplementedError("the derivative for 'zeta' is not implemented.")
        return None, k.mul(k.mul(grad, k.neg(a)), k.zeta(k.add(a, 1), b))


class SpecialZetaBackward1(Elementwise):
    """For a number s."""

    __slots__ = ("number",)
    graph_inputs = 1
    floats = True

    def forward(self, k: Table, b: Any, number: Any) -> Any:
        check_not_half("zeta", b)
        self.number = number
        self.save(b)
        return k.zeta(number, b)

    def backward(self, k: Table, grad: Any, b: Any) -> tuple[Any, ...]:
        return (k.mul(k.mul(grad, -self.number), k.zeta(self.number + 1, b)),)


class SpecialZetaBackward2(SpecialZetaBackward0):
    """For a number q."""

    graph_inputs = 1


@operator(method=False, public=False)
def zeta(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """Hurwitz's zeta function: the sum of (other + k)^-input over k = 0, 1, 2, …; one of the two may be a number.

    The gradient is for ``other`` only.
    """
    check_any_tensor("special_zeta", input, other)
    if not isinstance(input, Variable):
        return SpecialZetaBackward1.apply(other, input)
    return (SpecialZetaBackward0 if isinstance(other, Variable) else SpecialZetaBackward2).apply(input, other)
