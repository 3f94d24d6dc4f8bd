"""Orthogonal polynomials, under torch's names in ``torch.special``. They have no gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.ops.arguments import check_any_tensor
from minitorch.ops.bessel import check_not_half
from minitorch.ops.operator import Comparison, Number, operator

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

KINDS = {
    "chebyshev_polynomial_t": "Chebyshev's polynomial of the first kind",
    "chebyshev_polynomial_u": "Chebyshev's polynomial of the second kind",
    "chebyshev_polynomial_v": "Chebyshev's polynomial of the third kind",
    "chebyshev_polynomial_w": "Chebyshev's polynomial of the fourth kind",
    "hermite_polynomial_h": "the physicist's Hermite polynomial",
    "hermite_polynomial_he": "the probabilist's Hermite polynomial",
    "laguerre_polynomial_l": "Laguerre's polynomial",
    "legendre_polynomial_p": "Legendre's polynomial",
}
KINDS |= {f"shifted_{name}": f"{KINDS[name]}, of 2x - 1" for name in KINDS if name.startswith("chebyshev")}


class Polynomial(Comparison):
    """Arguments and degrees in one floating point dtype."""

    floats = True

    def forward(self, k: Table, x: Any, n: Any, family: str) -> Any:
        check_not_half(family, x, n)
        return k.polynomial(x, n, family)


def _declare(name: str) -> Callable[..., Any]:
    def evaluate(x: Tensor | Number, n: Tensor | Number) -> Tensor:
        check_any_tensor(f"special_{name}", x, n)
        return Polynomial.apply(x, n, family=name)

    evaluate.__name__ = evaluate.__qualname__ = name
    evaluate.__doc__ = f"The value at ``x`` of {KINDS[name]} of degree ``n``; 0 for negative ``n``."
    return operator(evaluate, method=False, public=False)


chebyshev_polynomial_t = _declare("chebyshev_polynomial_t")
chebyshev_polynomial_u = _declare("chebyshev_polynomial_u")
chebyshev_polynomial_v = _declare("chebyshev_polynomial_v")
chebyshev_polynomial_w = _declare("chebyshev_polynomial_w")
hermite_polynomial_h = _declare("hermite_polynomial_h")
hermite_polynomial_he = _declare("hermite_polynomial_he")
laguerre_polynomial_l = _declare("laguerre_polynomial_l")
legendre_polynomial_p = _declare("legendre_polynomial_p")
shifted_chebyshev_polynomial_t = _declare("shifted_chebyshev_polynomial_t")
shifted_chebyshev_polynomial_u = _declare("shifted_chebyshev_polynomial_u")
shifted_chebyshev_polynomial_v = _declare("shifted_chebyshev_polynomial_v")
shifted_chebyshev_polynomial_w = _declare("shifted_chebyshev_polynomial_w")
