"""Random numbers for the numbers of a tensor: ``bernoulli``, ``poisson``, ``multinomial``; torch's for the same seed.

Arguments are checked first, so that a mistake draws nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from minitorch.autograd.graph import beside
from minitorch.autograd.variable import Variable
from minitorch.filling import bernoulli_
from minitorch.kernels import tables
from minitorch.kernels.cpu import distributions
from minitorch.kernels.cpu import random as draws
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.ops.arguments import dtype_name
from minitorch.ops.operator import operator, with_out
from minitorch.random import Generator
from minitorch.random_nodes import BernoulliBackward0, PoissonBackward0, check_floating, drawn_from, probabilities_of

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@operator(out=True)
def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """1 with the probability that ``input`` gives (or with probability ``p`` for all), else 0; of its shape and dtype.

    Raises:
        RuntimeError: something in it is not a probability.
    """
    if p is not None:
        return bernoulli_(Variable._of(tables[type(input._array)].clone(input._array)), p, generator=generator)
    probabilities = probabilities_of(input)
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
