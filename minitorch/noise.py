"""Noise for networks in training.

Dropout: a part of the numbers, drawn at random, is left out, and the rest is scaled so that the mean stays. A leaky relu whose
slopes are drawn. Choices among classes that are drawn, and yet have a gradient.

Sources: N. Srivastava et al., Dropout: a simple way to prevent neural networks from overfitting (2014); for features, J. Tompson
et al., Efficient object localization using convolutional networks (2015); for alpha, G. Klambauer et al., Self-normalizing
neural networks (2017); for slopes, B. Xu et al., Empirical evaluation of rectified activations (2015); for choices, E. Jang et
al., Categorical reparameterization with Gumbel-Softmax (2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.graph import beside
from minitorch.autograd.variable import Variable
from minitorch.filling import bernoulli_, exponential_, uniform_
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys, cast, numpys_dtype
from minitorch.ops import arithmetic
from minitorch.ops.activation import softmax
from minitorch.ops.arguments import check_floating
from minitorch.ops.elementary import log
from minitorch.ops.operator import functions, in_place, methods, operator, operators
from minitorch.ops.piecewise import RreluWithNoiseBackward0, RreluWithNoiseBackward1
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.random import Generator
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


# -- slopes -----------------------------------------------------------------------------------------------------------


def _rrelu(
    node: type[RreluWithNoiseBackward0],
    input: Tensor,
    lower: float,
    upper: float,
    training: bool,
    generator: Generator | None,
) -> Tensor:
    array = input._array
    if lower > upper:
        raise RuntimeError("Lower bound should be less than or equal to the upper bound")
    for name, bound in (("lower", lower), ("upper", upper)):
        if not math.isfinite(bound):
            raise RuntimeError(f"rrelu: {name} bound must be finite, got {bound:g}")
    check_floating("rrelu_with_noise_out_cpu" if training else "leaky_relu_cpu", input)
    slopes = np.ones(array.shape, numpys_dtype(array.dtype))
    below = as_numpys(array) <= 0
    if training:
        drawn = Variable._of(np.empty(int(below.sum())))
        slopes[below] = uniform_(drawn, lower, upper, generator=generator)._array
    else:
        slopes[below] = (lower + upper) / 2
    return node.apply(input, beside(cast(slopes, array.dtype), input))


@operator(method=False)
def rrelu(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    """``input``, and below 0 times a slope: drawn for each number between two bounds in training, else their middle.

    Args:
        input: any shape, floating point.
        lower: bound of the slopes.
        upper: likewise.
        training: draw the slopes.
        generator: where they come from.

    Raises:
        RuntimeError: the bounds cross.
        NotImplementedError: the dtype is not floating point.
    """
    return _rrelu(RreluWithNoiseBackward0, input, lower, upper, training, generator)


@in_place
def rrelu_(
    input: Tensor,
    lower: float = 1.0 / 8,
    upper: float = 1.0 / 3,
    training: bool = False,
    generator: Generator | None = None,
) -> Tensor:
    return _rrelu(RreluWithNoiseBackward1, input, lower, upper, training, generator)


functions["rrelu_"] = rrelu_


# -- choices ----------------------------------------------------------------------------------------------------------


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Softmax of scores to which noise is added, so that its largest part is a class drawn with the scores' probabilities.

    Args:
        logits: any shape, floating point.
        tau: the temperature, by which all is divided; the smaller, the more is on the largest part.
        hard: 1 for that part and 0 elsewhere; the gradient is that of the softmax.
        eps: of no effect.
        dim: along which the classes lie.
    """
    if eps != 1e-10:
        warn("`eps` parameter is deprecated and has no effect.")
    noise = arithmetic.neg(log(exponential_(operators.zeros(logits._array.shape, logits))))
    soft = softmax(arithmetic.div(arithmetic.add(logits, noise), tau), dim)
    if not hard:
        return soft
    values = np.atleast_1d(as_numpys(soft._array))
    chosen = np.zeros_like(values)
    np.put_along_axis(chosen, values.argmax(dim, keepdims=True), 1, dim)
    return arithmetic.add(beside(cast((chosen - values).reshape(soft._array.shape), soft._array.dtype), soft), soft)
