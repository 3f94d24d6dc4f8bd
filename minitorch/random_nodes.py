"""The nodes of random numbers, which torch numbers by the forms of an operator; and how numbers for them are drawn.

What a tensor held before has no say in what it holds after: the gradient of everything here is 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import Function
from minitorch.dtypes import from_numpy_dtype
from minitorch.kernels.cpu.creation import as_numpys, cast
from minitorch.random import Generator, generator_for

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


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


def check_floating(dtype: np.dtype, kernel: str) -> None:
    """Only floating point numbers can be drawn, or drawn for.

    Raises:
        NotImplementedError: the dtype is another one.
    """
    if dtype.kind != "f":
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{from_numpy_dtype(dtype).scalar_type}'")


def probabilities_of(p: Tensor) -> np.ndarray:
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
