"""Random numbers written over tensors: ``uniform_`` and its kin; torch's for the same seed.

Every method checks its arguments first, so that a mistake draws nothing.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.inplace import check_inplace
from minitorch.autograd.variable import Variable
from minitorch.dtypes import from_numpy_dtype, limits_of
from minitorch.kernels.cpu import distributions
from minitorch.kernels.cpu import random as draws
from minitorch.kernels.cpu.unsigned import check_known
from minitorch.ops.arguments import cpp_name, dtype_name
from minitorch.ops.operator import in_place, methods
from minitorch.random import Generator
from minitorch.random_nodes import (
    BernoulliBackward1,
    BernoulliBackward2,
    CauchyBackward0,
    Drawn,
    ExponentialBackward0,
    GeometricBackward0,
    LogNormalBackward0,
    NormalBackward0,
    RandomBackward0,
    RandomBackward1,
    RandomBackward2,
    UniformBackward0,
    check_floating,
    drawn_from,
    probabilities_of,
)

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

Draw = Callable[[Generator, tuple[int, ...]], np.ndarray]


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


def _check_continuous(tensor: Tensor, name: str, given: str) -> None:
    if tensor._array.dtype.kind != "f":
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. dtype must be a floating point but you specified "
            f"{given}"
        )


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
    probabilities = np.broadcast_to(probabilities_of(p), self._array.shape).transpose(_memory_order(self._array))
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
