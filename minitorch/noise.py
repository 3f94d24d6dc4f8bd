"""Noise for networks in training, which is dropout: a part of the numbers, drawn at random, is left out, and the rest is
scaled so that the mean stays.

Sources: N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014); for features, J. Tompson
et al., Efficient object localization using convolutional networks (2015); for alpha, G. Klambauer et al., Self-normalizing
neural networks (2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.variable import Variable
from minitorch.kernels import tables
from minitorch.ops import arithmetic
from minitorch.ops.operator import functions, methods, operators
from minitorch.sampling import bernoulli_

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

SATURATION = 1.7580993408473766  # of SELU: minus its value far below 0


def drop(
    input: Tensor, p: float, train: bool, feature: bool = False, alpha: bool = False, inplace: bool = False
) -> Tensor:
    """The input, of which each number (or with ``feature`` each channel) is left out with probability ``p``.

    Args:
        input: floating point; with ``feature`` of shape (batch, channels, ...).
        p: the probability.
        train: otherwise the input itself is returned.
        feature: leave out whole channels.
        alpha: what is left out becomes SELU's lowest value, and the result is scaled and shifted so that mean and variance stay.
        inplace: write over the input.

    Raises:
        RuntimeError: ``p`` is no probability, the dtype is not floating point, or there are no channels.
    """
    if not 0 <= p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {p:g}")
    if p == 0 or not train or not input._array.size:
        return input
    multiply: Callable[..., Any] = methods["mul_"] if inplace else arithmetic.mul
    if p == 1:
        return multiply(input, operators.zeros((), input))
    noise = _noise(input, feature)
    bernoulli_(noise, 1 - p)
    if not alpha:
        methods["div_"](noise, 1 - p)
        return multiply(input, noise)
    scale = 1 / math.sqrt((SATURATION * SATURATION * p + 1) * (1 - p))
    shift = arithmetic.add(arithmetic.mul(arithmetic.add(noise, -1), SATURATION * scale), SATURATION * scale * p)
    return methods["add_"](multiply(input, methods["mul_"](noise, scale)), shift)


def _noise(input: Tensor, feature: bool) -> Tensor:
    array = input._array
    if not feature:
        return Variable._of(tables[type(array)].clone(array))
    if array.ndim < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    return operators.zeros(array.shape[:2] + (1,) * (array.ndim - 2), input)


def _declare(name: str, feature: bool, alpha: bool, inplace: bool) -> None:
    def function(input: Tensor, p: float, train: bool) -> Tensor:
        return drop(input, p, train, feature, alpha, inplace)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = "As the function of ``minitorch.nn.functional``."
    functions[name] = function


for _feature in (False, True):
    for _alpha in (False, True):
        _name = "feature_" * _feature + "alpha_" * _alpha + "dropout"
        _declare(_name, _feature, _alpha, inplace=False)
        _declare(_name + "_", _feature, _alpha, inplace=True)
