"""Random numbers written over tensors, and drawn for them; torch's for the same seed.

Every method that draws checks its arguments first, so that a mistake draws nothing. What a tensor held before has no say in
what it holds after: the gradient of everything here is 0.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function, beside
from minitorch.autograd.inplace import check_inplace
from minitorch.autograd.variable import Variable
from minitorch.dtypes import from_numpy_dtype, limits_of
from minitorch.kernels import tables
from minitorch.kernels.cpu import distributions
from minitorch.kernels.cpu import random as draws
from minitorch.kernels.cpu.creation import as_numpys, cast
from minitorch.kernels.cpu.unsigned import check_known
from minitorch.ops.arguments import cpp_name, dtype_name
from minitorch.ops.operator import in_place, methods, operator, with_out
from minitorch.random import Generator, generator_for

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

Draw = Callable[[Generator, tuple[int, ...]], np.ndarray]


class Drawn(Function):
    """Everything is replaced by numbers that the caller has drawn."""

    def forward(self, k: Table, *inputs: Any, drawn: np.ndarray) -> Any:
        return k.beside(cast(np.asanyarray(drawn), inputs[0].dtype), inputs[0])

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return tuple(needed and k.zeros(grad.shape, grad) for needed in self.needs)


class BernoulliBackward0(Drawn):
    """``bernoulli(p)``."""


class BernoulliBackward1(Drawn):
    """``bernoulli_(p)`` with a tensor of probabilities."""

    broadcasts = True


class BernoulliBackward2(Drawn):
    """``bernoulli_(p)`` with one probability."""


class CauchyBackward0(Drawn): ...


class ExponentialBackward0(Drawn): ...


class GeometricBackward0(Drawn): ...


class LogNormalBackward0(Drawn): ...


class NormalBackward0(Drawn): ...


class NormalBackward1(Drawn):
    """Of a tensor of means."""


class NormalBackward2(Drawn):
    """Of a tensor of standard deviations."""


class NormalBackward3(Drawn):
    """Of both."""

    broadcasts = True


class PoissonBackward0(Drawn): ...


class RandomBackward0(Drawn):
    """``random_(low, high)``."""


class RandomBackward1(Drawn):
    """``random_(high)``."""


class RandomBackward2(Drawn):
    """``random_()``."""


class UniformBackward0(Drawn): ...


def drawn_from(generator: Generator | None, device: Any, draw: Callable[[Generator], np.ndarray]) -> np.ndarray:
    """What is drawn for a device from a generator (its default one, unless given), which is locked meanwhile.

    Raises:
        RuntimeError: the generator is another device's.
    """
    source = generator_for(device, generator)
    with source.lock:
        return draw(source)


def _write(tensor: Tensor, node: type[Drawn], generator: Generator | None, draw: Draw, *others: Tensor) -> Tensor:
    """Writes what is drawn for a shape over a tensor, in the order in which its elements lie in memory.

    The node has an edge to the others too.
    """
    check_inplace(tensor)
    array = tensor._array
    order = _memory_order(array)
    drawn = drawn_from(generator, array.device, lambda source: draw(source, tuple(array.shape[axis] for axis in order)))
    return _writers(node)(tensor, *others, drawn=drawn.transpose(_inverse(order)))


def _memory_order(array: np.ndarray) -> list[int]:
    """The dimensions, from the one with the longest steps to the one with the shortest."""
    return sorted(range(array.ndim), key=lambda axis: -array.strides[axis])


def _inverse(order: list[int]) -> list[int]:
    return sorted(range(len(order)), key=order.__getitem__)


@functools.cache
def _writers(node: type[Drawn]) -> Callable[..., Any]:
    def drawn_for(*inputs: Tensor, drawn: np.ndarray) -> Tensor:
        return node.apply(*inputs, drawn=drawn)

    return in_place(drawn_for)


def _method(function: Callable[..., Any]) -> Callable[..., Any]:
    methods[function.__name__] = function
    return function


def check_floating(dtype: np.dtype, kernel: str) -> None:
    """Only floating point numbers can be drawn, or drawn for.

    Raises:
        NotImplementedError: the dtype is another one.
    """
    if dtype.kind != "f":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{from_numpy_dtype(dtype).scalar_type}'")


def check_range(low: int, high: int, dtype: np.dtype) -> None:
    """Whole numbers from ``low`` to ``high - 1`` can be drawn.

    Raises:
        ValueError: a bound does not fit into 64 bits.
        RuntimeError: there is no number between the bounds, or the dtype does not hold all of them.
    """
    if not -(2**63) <= low <= high < 2**63 and low <= high:
        raise ValueError("Overflow when unpacking long long")
    if low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    if dtype.kind == "b":
        least, most = 0, 1
    else:
        limits = limits_of(dtype) if dtype.kind == "f" else np.iinfo(dtype)
        least, most = int(limits.min), int(limits.max)
    for name, bound in (("from", low), ("to - 1", high - 1)):
        if not least <= bound <= most:
            raise RuntimeError(f"{name} is out of bounds for {from_numpy_dtype(dtype).cpp_name}")


def _probabilities(p: Tensor) -> np.ndarray:
    """The numbers of a tensor of probabilities.

    Raises:
        NotImplementedError: the dtype is not floating point.
        RuntimeError: one of them is not in [0, 1].
    """
    check_floating(p._array.dtype, "bernoulli_tensor_cpu_p_")
    array = as_numpys(p._array)
    if not ((array >= 0) & (array <= 1)).all():
        raise RuntimeError(
            "Expected p_in >= 0 && p_in <= 1 to be true, but got false.  (Could this error message be improved?  If so, please "
            "report an enhancement request to PyTorch.)"
        )
    return array


def _check_continuous(tensor: Tensor, name: str, given: str) -> None:
    if tensor._array.dtype.kind != "f":
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. dtype must be a floating point but you specified "
            f"{given}"
        )


# -- written over a tensor --------------------------------------------------------------------------------------------


@_method
def uniform_(
    self: Tensor, from_: float = 0.0, to: float = 1.0, *, generator: Generator | None = None, **bounds: float
) -> Tensor:
    """Writes numbers spread evenly over [from, to).

    Raises:
        RuntimeError: ``from`` is larger than ``to``, or the dtype is not floating point.
    """
    low, high = float(bounds.pop("from", from_)), float(to)
    if bounds:
        raise TypeError(f"uniform_() got an unexpected keyword argument '{next(iter(bounds))}'")
    check_floating(self._array.dtype, "check_uniform_bounds")
    if not low <= high:
        raise RuntimeError(f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}")
    dtype = self._array.dtype
    return _write(
        self, UniformBackward0, generator, lambda source, shape: draws.uniform(source, shape, dtype, low, high)
    )


@_method
def normal_(self: Tensor, mean: float = 0.0, std: float = 1.0, *, generator: Generator | None = None) -> Tensor:
    """Writes normally distributed numbers.

    Raises:
        RuntimeError: ``std`` is negative, or the dtype is not floating point.
    """
    if not std >= 0.0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    check_floating(self._array.dtype, "normal_kernel_cpu")
    array = self._array

    def draw(source: Generator, shape: tuple[int, ...]) -> np.ndarray:
        return draws.normal(source, shape, array.dtype, mean, std, array.flags.c_contiguous)

    return _write(self, NormalBackward0, generator, draw)


@_method
def random_(self: Tensor, *bounds: int, generator: Generator | None = None) -> Tensor:
    """Writes whole numbers: over all that the dtype holds, below ``bounds[0]``, or from ``bounds[0]`` to below ``bounds[1]``.

    Raises:
        RuntimeError: there is no number between the bounds.
    """
    dtype = self._array.dtype
    low, high = (0, bounds[0]) if len(bounds) == 1 else bounds or (0, 0)
    if bounds:
        check_range(low, high, dtype)
    else:
        check_known("random_kernel_cpu", dtype)

    def draw(source: Generator, shape: tuple[int, ...]) -> np.ndarray:
        return draws.randint(source, low, high, shape, dtype) if bounds else draws.random(source, shape, dtype)

    node = (RandomBackward2, RandomBackward1, RandomBackward0)[len(bounds)]
    return _write(self, node, generator, draw)


@_method
def bernoulli_(self: Tensor, p: Tensor | float = 0.5, *, generator: Generator | None = None) -> Tensor:
    """Writes 1 with a probability, else 0.

    Args:
        self: any dtype.
        p: the probability, or a tensor of probabilities that broadcasts to this one.
        generator: what to draw from, if not the default generator.

    Raises:
        RuntimeError: that is no probability.
    """
    dtype = self._array.dtype
    if not isinstance(p, Variable):
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        number = float(p)
        return _write(
            self,
            BernoulliBackward2,
            generator,
            lambda source, shape: distributions.bernoulli(source, shape, dtype, number),
        )
    probabilities = np.broadcast_to(_probabilities(p), self._array.shape).transpose(_memory_order(self._array))
    return _write(
        self, BernoulliBackward1, generator, lambda source, shape: draws.bernoulli(source, probabilities, dtype), p
    )


@_method
def exponential_(self: Tensor, lambd: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Writes waiting times for events that come ``lambd`` times in a unit of time: of density ``lambd * exp(-lambd * x)``.

    Raises:
        RuntimeError: the rate is not positive.
    """
    if not lambd > 0.0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    dtype = self._array.dtype
    _check_continuous(self, "Exponential", dtype_name(self))
    return _write(
        self,
        ExponentialBackward0,
        generator,
        lambda source, shape: distributions.exponential(source, shape, dtype, lambd),
    )


@_method
def geometric_(self: Tensor, p: float, *, generator: Generator | None = None) -> Tensor:
    """Writes how many trials it takes until one succeeds, which each does with probability ``p``.

    Raises:
        RuntimeError: ``p`` is not between 0 and 1.
    """
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    dtype = self._array.dtype
    return _write(
        self, GeometricBackward0, generator, lambda source, shape: distributions.geometric(source, shape, dtype, p)
    )


@_method
def cauchy_(self: Tensor, median: float = 0, sigma: float = 1, *, generator: Generator | None = None) -> Tensor:
    """Writes numbers of Cauchy's distribution: of density ``sigma / (pi * (sigma**2 + (x - median)**2))``.

    Raises:
        RuntimeError: ``sigma`` is not positive.
    """
    if not sigma > 0.0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    dtype = self._array.dtype
    _check_continuous(self, "Cauchy", cpp_name(self))
    return _write(
        self,
        CauchyBackward0,
        generator,
        lambda source, shape: distributions.cauchy(source, shape, dtype, median, sigma),
    )


@_method
def log_normal_(self: Tensor, mean: float = 1, std: float = 2, *, generator: Generator | None = None) -> Tensor:
    """Writes numbers whose logarithms are normally distributed.

    Raises:
        RuntimeError: ``std`` is not positive.
    """
    if not std > 0.0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    dtype = self._array.dtype
    check_floating(self._array.dtype, "log_normal_cpu")
    return _write(
        self,
        LogNormalBackward0,
        generator,
        lambda source, shape: distributions.log_normal(source, shape, dtype, mean, std),
    )


# -- for the numbers of a tensor --------------------------------------------------------------------------------------


@operator(out=True)
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that ``input`` gives (or with probability ``p`` for all), else 0; of its shape and dtype.

    Raises:
        RuntimeError: something in it is not a probability.
    """
    if p is not None:
        return bernoulli_(Variable._of(tables[type(input._array)].clone(input._array)), p, generator=generator)
    probabilities = _probabilities(input)
    drawn = drawn_from(generator, input.device, lambda source: draws.bernoulli(source, probabilities))
    return BernoulliBackward0.apply(input, drawn=drawn)


@operator(method=False)
def poisson(input: Tensor, generator: Generator | None = None) -> Tensor:
    """How many events come in a unit of time, for the rates that ``input`` gives; of its shape and dtype.

    Raises:
        RuntimeError: a rate is negative.
    """
    check_floating(input._array.dtype, "poisson_cpu")
    rates = as_numpys(input._array)
    if not (rates >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    drawn = drawn_from(generator, input.device, lambda source: distributions.poisson(source, rates))
    return PoissonBackward0.apply(input, drawn=drawn)


@operator
def multinomial(
    input: Tensor,
    num_samples: int,
    replacement: bool = False,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
) -> Tensor:
    """Places in a row of weights, each drawn with a probability in proportion to its weight; int64.

    Args:
        input: a row of weights, or several of them: of shape (categories) or (rows, categories), floating point.
        num_samples: how many to draw from each row.
        replacement: whether a place can be drawn more than once.
        generator: what to draw from, if not the default generator.
        out: a tensor of int64 to write to.

    Raises:
        RuntimeError: too many samples, or weights that are negative, not finite, or all 0.
    """
    if out is not None:
        if out._array.dtype != np.int64:
            raise RuntimeError(f"multinomial expects Long tensor out, got: {dtype_name(out)}")
        return _multinomial_into(input, num_samples, replacement, generator=generator, out=out)
    weights = as_numpys(input._array)
    _check_multinomial(input, num_samples, replacement)
    if replacement and num_samples > 1:
        drawn = drawn_from(
            generator,
            input.device,
            lambda source: distributions.multinomial_with_replacement(source, weights, num_samples),
        )
        return beside(drawn, input)
    # The race: of waiting times at rates in proportion to the weights, the shortest come first.
    times = drawn_from(
        generator, input.device, lambda source: distributions.exponential(source, weights.shape, weights.dtype, 1.0)
    )
    first = np.argsort(-(weights / times), axis=-1, kind="stable")
    return beside(first[..., :num_samples].astype(np.int64), input)


_multinomial_into = with_out(multinomial)


def _check_multinomial(input: Tensor, num_samples: int, replacement: bool) -> None:
    weights = as_numpys(input._array)
    if weights.dtype.kind != "f":
        raise RuntimeError(f"multinomial only supports floating-point dtypes for input, got: {dtype_name(input)}")
    if weights.ndim not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if weights.shape[-1] > 2**24:
        raise RuntimeError("number of categories cannot exceed 2^24")
    if not replacement or num_samples == 1:
        if not (np.isfinite(weights) & (weights >= 0)).all():
            raise RuntimeError("probability tensor contains either `inf`, `nan` or element < 0")
    elif not (weights >= 0).all():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry < 0)")
    elif not np.isfinite(weights).all():
        raise RuntimeError("invalid multinomial distribution (encountering probability entry = infinity or NaN)")
    if (weights.sum(-1) == 0).any():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
