"""Special functions: error functions, gamma functions, Bessel functions, entropy, logit, element by element."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from minitorch.autograd.variable import Variable
from minitorch.ops.arguments import check_any_tensor
from minitorch.ops.arithmetic import AddBackward1, MulBackward1
from minitorch.ops.exponential import XlogyBackward0, XlogyBackward1, XlogyBackward2
from minitorch.ops.operator import (
    Number,
    Parametric,
    Univariate,
    UnivariateOfResult,
    in_place,
    methods,
    operator,
)

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

TWO_BY_ROOT_PI = 2 / math.sqrt(math.pi)

# -- error functions --------------------------------------------------------------------------------------------------


class ErfBackward0(Univariate):
    """2/√π exp(-a²)."""

    kernel = "erf"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.mul(k.exp(k.neg(k.mul(a, a))), TWO_BY_ROOT_PI)


class ErfcBackward0(Univariate):
    kernel = "erfc"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.mul(k.exp(k.neg(k.mul(a, a))), -TWO_BY_ROOT_PI)


class ErfinvBackward0(UnivariateOfResult):
    """√π/2 exp(result²)."""

    kernel = "erfinv"

    def derivative(self, k: Table, result: Any) -> Any:
        return k.mul(k.exp(k.mul(result, result)), 1 / TWO_BY_ROOT_PI)


class SpecialErfcxBackward0(Univariate):
    """2a erfcx(a) - 2/√π."""

    kernel = "erfcx"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.sub(k.mul(k.mul(a, 2), k.erfcx(a)), TWO_BY_ROOT_PI)


class SpecialNdtriBackward0(UnivariateOfResult):
    """√(2π) exp(result²/2)."""

    kernel = "ndtri"

    def derivative(self, k: Table, result: Any) -> Any:
        return k.mul(k.exp(k.mul(k.mul(result, result), 0.5)), math.sqrt(2 * math.pi))


class SpecialLogNdtrBackward0(Univariate):
    """exp(-a²/2) / √(2π), divided by the distribution function itself."""

    kernel = "log_ndtr"

    def derivative(self, k: Table, a: Any) -> Any:
        exponent = k.neg(k.add(k.log_ndtr(a), k.mul(k.mul(a, a), 0.5)))
        return k.mul(k.exp(exponent), 1 / math.sqrt(2 * math.pi))


@operator(inplace=True, out=True)
def erf(input: Tensor) -> Tensor:
    """The error function: 2/√π times the integral of exp(-t²) from 0 to ``input``."""
    return ErfBackward0.apply(input)


@operator(inplace=True, out=True)
def erfc(input: Tensor) -> Tensor:
    """1 - erf(input), exact where that is small."""
    return ErfcBackward0.apply(input)


@operator(inplace=True, out=True)
def erfinv(input: Tensor) -> Tensor:
    """The inverse of ``erf``; infinite at -1 and 1, NaN beyond."""
    return ErfinvBackward0.apply(input)


@operator(method=False, public=False)
def erfcx(input: Tensor) -> Tensor:
    """exp(input²) erfc(input), without overflow."""
    return SpecialErfcxBackward0.apply(input)


@operator(method=False, public=False)
def ndtri(input: Tensor) -> Tensor:
    """The quantile of the standard normal distribution for a probability."""
    return SpecialNdtriBackward0.apply(input)


@operator(method=False, public=False)
def ndtr(input: Tensor) -> Tensor:
    """The standard normal distribution function: the probability of a smaller number."""
    scaled = MulBackward1.apply(input, math.sqrt(0.5))
    return MulBackward1.apply(AddBackward1.apply(erf(scaled), 1), 0.5)


@operator(method=False, public=False)
def log_ndtr(input: Tensor) -> Tensor:
    """log(ndtr(input)), exact far out to the left."""
    return SpecialLogNdtrBackward0.apply(input)


# -- gamma functions --------------------------------------------------------------------------------------------------


class LgammaBackward0(Univariate):
    kernel = "lgamma"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.digamma(a)


class DigammaBackward0(Univariate):
    kernel = "digamma"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.polygamma(1, a)


class PolygammaBackward0(Parametric):
    def forward(self, k: Table, a: Any, n: int) -> Any:
        self.params = {"n": n}
        self.save(a)
        return k.polygamma(n, a)

    def gradient(self, k: Table, grad: Any, a: Any, n: int) -> Any:
        return k.mul(grad, k.polygamma(n + 1, a))


class MvlgammaBackward0(Parametric):
    """The sum of ψ(a - j/2) over j < p."""

    def forward(self, k: Table, a: Any, p: int) -> Any:
        self.params = {"p": p}
        self.save(a)
        result = k.lgamma(a)
        for j in range(1, p):
            result = k.add(result, k.lgamma(k.sub(a, j / 2)))
        return k.add(result, p * (p - 1) / 4 * math.log(math.pi))

    def gradient(self, k: Table, grad: Any, a: Any, p: int) -> Any:
        total = k.digamma(a)
        for j in range(1, p):
            total = k.add(total, k.digamma(k.sub(a, j / 2)))
        return k.mul(grad, total)


@operator(inplace=True, out=True)
def lgamma(input: Tensor) -> Tensor:
    """log |Γ(input)|; infinite at 0, -1, -2, …"""
    return LgammaBackward0.apply(input)


@operator(inplace=True, out=True)
def digamma(input: Tensor) -> Tensor:
    """The derivative of ``lgamma``."""
    return DigammaBackward0.apply(input)


@operator(method=False, out=True)
def polygamma(n: int, input: Tensor) -> Tensor:
    """The ``n``-th derivative of ``digamma``.

    Raises:
        RuntimeError: ``n`` is negative.
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    return PolygammaBackward0.apply(input, n=n)


def _polygamma(input: Tensor, n: int) -> Tensor:
    """The ``n``-th derivative of ``digamma``."""
    return polygamma(n, input)


methods["polygamma"], methods["polygamma_"] = _polygamma, in_place(_polygamma)


@operator(inplace=True, out=True)
def mvlgamma(input: Tensor, p: int) -> Tensor:
    """The logarithm of the gamma function of ``p`` dimensions, for numbers above (p - 1) / 2.

    Raises:
        RuntimeError: ``p`` is below 1, or the tensor is of dtype bool.
    """
    if input._array.dtype.kind == "b":
        raise RuntimeError("The input tensor may not be a boolean tensor.")
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    return MvlgammaBackward0.apply(input, p=p)


# -- Bessel functions -------------------------------------------------------------------------------------------------


class I0Backward0(Univariate):
    kernel = "i0"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.i1(a)


class SpecialI0EBackward0(Univariate):
    kernel = "i0e"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.sub(k.i1e(a), k.mul(k.sign(a), k.i0e(a)))


class SpecialI1Backward0(Univariate):
    """i0(a) - i1(a) / a, and 1/2 at 0."""

    kernel = "i1"

    def derivative(self, k: Table, a: Any) -> Any:
        zero = k.eq(a, 0)
        divisor = k.where(zero, 1.0, a)
        return k.where(zero, 0.5, k.sub(k.i0(a), k.div(k.i1(a), divisor)))


class SpecialI1EBackward0(Univariate):
    """i0e(a) - i1e(a) (sign(a) + 1/a), and 1/2 at 0."""

    kernel = "i1e"

    def derivative(self, k: Table, a: Any) -> Any:
        zero = k.eq(a, 0)
        divisor = k.where(zero, 1.0, a)
        factor = k.add(k.sign(a), k.reciprocal(divisor))
        return k.where(zero, 0.5, k.sub(k.i0e(a), k.mul(k.i1e(a), factor)))


@operator(inplace=True, out=True)
def i0(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind, of order 0."""
    return I0Backward0.apply(input)


@operator(method=False, public=False)
def i0e(input: Tensor) -> Tensor:
    """exp(-|input|) i0(input)."""
    return SpecialI0EBackward0.apply(input)


@operator(method=False, public=False)
def i1(input: Tensor) -> Tensor:
    """The modified Bessel function of the first kind, of order 1."""
    return SpecialI1Backward0.apply(input)


@operator(method=False, public=False)
def i1e(input: Tensor) -> Tensor:
    """exp(-|input|) i1(input)."""
    return SpecialI1EBackward0.apply(input)


# -- probabilities ----------------------------------------------------------------------------------------------------


class LogitBackward0(Parametric):
    """1 / (a (1 - a)) between the bounds, infinite at 0 and 1; outside 0, or without ``eps`` NaN."""

    kernel = "logit"

    def gradient(self, k: Table, grad: Any, a: Any, eps: float | None) -> Any:
        low, flat = (0.0, math.nan) if eps is None else (eps, 0.0)
        outside = k.logical_or(k.lt(a, low), k.gt(a, 1 - low))
        return k.where(outside, flat, k.div(grad, k.abs(k.mul(a, k.sub(1, a)))))


class SpecialEntrBackward0(Univariate):
    """-(1 + log a)."""

    kernel = "entr"

    def derivative(self, k: Table, a: Any) -> Any:
        return k.neg(k.add(k.log(a), 1))


class SpecialXlog1PyBackward0(XlogyBackward0):
    """d(a log(1 + b)) = log(1 + b) da + a/(1 + b) db, where 0 log 0 is flat in a."""

    def forward(self, k: Table, a: Any, b: Any) -> Any:
        self.save(a, b)
        return k.xlog1py(a, b)

    def backward(self, k: Table, grad: Any, a: Any, b: Any) -> tuple[Any, ...]:
        flat = self.needs[0] and k.logical_and(k.eq(a, 0), k.le(b, -1))
        return (
            self.needs[0] and k.where(flat, 0.0, k.xlog1py(grad, b)),
            self.needs[1] and k.div(k.mul(grad, a), k.add(b, 1)),
        )


class SpecialXlog1PyBackward1(XlogyBackward1):
    """For a number a."""

    def forward(self, k: Table, b: Any, number: Any) -> Any:
        self.number = number
        self.save(b)
        return k.xlog1py(number, b)

    def backward(self, k: Table, grad: Any, b: Any) -> tuple[Any, ...]:
        return (k.div(k.mul(grad, self.number), k.add(b, 1)),)


class SpecialXlog1PyBackward2(XlogyBackward2):
    """For a number b."""

    def forward(self, k: Table, a: Any, number: Any) -> Any:
        self.number = number
        self.save(a)
        return k.xlog1py(a, number)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        result = k.xlog1py(grad, self.number)
        return (result if self.number > -1 else k.where(k.eq(a, 0), 0.0, result),)


@operator(inplace=True, out=True)
def logit(input: Tensor, eps: float | None = None) -> Tensor:
    """log(input / (1 - input)), the inverse of ``sigmoid``; with ``eps`` the input is first brought to [eps, 1 - eps]."""
    return LogitBackward0.apply(input, eps=eps)


@operator(method=False, public=False)
def entr(input: Tensor) -> Tensor:
    """-input * log(input), each term of an entropy: 0 at 0, -inf below."""
    return SpecialEntrBackward0.apply(input)


@operator(method=False, public=False)
def xlog1py(input: Tensor | Number, other: Tensor | Number) -> Tensor:
    """``input * log(1 + other)``, which is 0 where ``input`` is, unless ``other`` is NaN; one of the two may be a number."""
    check_any_tensor("special_xlog1py", input, other)
    if not isinstance(input, Variable):
        return SpecialXlog1PyBackward1.apply(other, input)
    return (SpecialXlog1PyBackward0 if isinstance(other, Variable) else SpecialXlog1PyBackward2).apply(input, other)
