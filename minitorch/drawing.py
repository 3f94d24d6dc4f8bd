"""New tensors of random numbers; torch's for the same seed.

Every function checks its arguments first, so that a mistake draws nothing.
"""

from __future__ import annotations

from operator import index
from typing import Any

from minitorch import dtypes
from minitorch.autograd.gathering import refusal
from minitorch.autograd.variable import Variable
from minitorch.creation import asked_dtype, asked_shape, empty, empty_like, made
from minitorch.dtypes import dtype as Dtype
from minitorch.dtypes import limits_of
from minitorch.filling import check_range
from minitorch.kernels.cpu import random as draws
from minitorch.kernels.cpu.creation import as_numpys, cast
from minitorch.kernels.cpu.unsigned import check_known
from minitorch.ops.mistakes import explained
from minitorch.ops.promotion import broadcast_shapes, check_fits
from minitorch.random import Generator
from minitorch.random_nodes import NormalBackward1, NormalBackward2, NormalBackward3, check_floating, drawn_from
from minitorch.tensor import Tensor


@explained
def rand(
    *shape: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers spread evenly over [0, 1); torch's for the same seed."""
    wanted = asked_dtype("rand", dtype)
    check_floating(wanted, "check_uniform_bounds")
    dims = asked_shape("rand", shape, size)
    return made(
        drawn_from(generator, device, lambda source: draws.uniform(source, dims, wanted)), device, requires_grad
    )


@explained
def randn(
    *shape: Any,
    size: Any = None,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normally distributed numbers of mean 0 and variance 1; torch's for the same seed, to the last place."""
    wanted = asked_dtype("randn", dtype)
    check_floating(wanted, "normal_kernel_cpu")
    dims = asked_shape("randn", shape, size)
    return made(drawn_from(generator, device, lambda source: draws.normal(source, dims, wanted)), device, requires_grad)


@explained
def randint(
    low: int,
    high: Any = None,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``randint(high, size)``, ``randint(low, high, size)``: whole numbers from low to high - 1; torch's for the same seed.

    Raises:
        RuntimeError: there is no number between the bounds.
    """
    if size is None:
        if high is None or isinstance(high, int):
            raise TypeError("randint() needs a size: randint(high, size) or randint(low, high, size)")
        low, high, size = 0, low, high
    elif high is None:
        low, high = 0, low
    wanted = (dtype or dtypes.int64).numpy
    check_range(low, high, wanted)
    dims = asked_shape("randint", (size,))
    return made(
        drawn_from(generator, device, lambda source: draws.randint(source, low, high, dims, wanted)),
        device,
        requires_grad,
    )


@explained
def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """The numbers 0 to n - 1 in random order, as int64; torch's for the same seed.

    Raises:
        RuntimeError: ``n`` is negative.
    """
    wanted = (dtype or dtypes.int64).numpy
    _check_permutation(n, dtype or dtypes.int64)
    return made(drawn_from(generator, device, lambda source: draws.randperm(source, n, wanted)), device, requires_grad)


def _check_permutation(n: int, dtype: Dtype) -> None:
    asked_shape("randperm", (index(n),))
    if dtype is dtypes.bool:
        raise NotImplementedError("\"randperm\" not implemented for 'Bool'")
    check_known("randperm", dtype.numpy)
    check_fits(n, dtype)
    exact = 2 ** limits_of(dtype.numpy).digits + 1 if dtype.category == dtypes.FLOATING else n
    if n > exact:
        raise RuntimeError(f"n cannot be greater than {exact} for {dtype.scalar_type} type.")


@explained
def rand_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Numbers spread evenly over [0, 1), of another tensor's shape, dtype and layout."""
    made = empty_like(input, dtype=dtype, device=device)
    return made.uniform_(generator=generator).requires_grad_(requires_grad)


@explained
def randn_like(
    input: Tensor,
    *,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Normally distributed numbers of mean 0 and variance 1, of another tensor's shape, dtype and layout."""
    made = empty_like(input, dtype=dtype, device=device)
    return made.normal_(generator=generator).requires_grad_(requires_grad)


@explained
def randint_like(
    input: Tensor,
    low: int,
    high: int | None = None,
    *,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """``randint_like(input, high)``, ``randint_like(input, low, high)``: whole numbers from low to high - 1, as ``randint``."""
    low, high = (0, low) if high is None else (low, high)
    made = empty_like(input, dtype=dtype, device=device)
    return made.random_(low, high, generator=generator).requires_grad_(requires_grad)


@explained
def normal(
    mean: Tensor | float,
    std: Tensor | float = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: Dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    out: Tensor | None = None,
) -> Tensor:
    """Normally distributed numbers: each with the mean and the standard deviation that tensors give for it.

    Args:
        mean: of all numbers, or a tensor of means.
        std: of all numbers, or a tensor that broadcasts with ``mean``.
        size: the shape, where neither of the two is a tensor.
        generator: what to draw from, if not the default generator.
        dtype: the default dtype, unless given; for tensors it is theirs.
        device: ``"cpu"`` or ``"cuda"``.
        requires_grad: whether operators on the result are recorded.
        out: a tensor to write to.

    Raises:
        RuntimeError: a standard deviation is negative.
    """
    if isinstance(mean, Tensor) or isinstance(std, Tensor):
        drawn = _normal(mean, std, generator)
    elif size is None:
        raise TypeError("normal() needs a size where neither mean nor std is a tensor")
    else:
        drawn = empty(size, dtype=dtype, device=device).normal_(mean, std, generator=generator)
    return drawn.requires_grad_(True) if requires_grad else drawn if out is None else out.copy_(drawn)


def _normal(mean: Tensor | float, std: Tensor | float, generator: Generator | None) -> Tensor:
    """Normally distributed numbers of which at least one of mean and standard deviation is a tensor.

    Raises:
        RuntimeError: a standard deviation is negative, or the shapes do not broadcast.
    """
    if isinstance(std, Variable):
        if not (as_numpys(std._array) >= 0).all():
            raise RuntimeError("normal expects all elements of std >= 0.0")
    elif not std >= 0.0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    given = [each for each in (mean, std) if isinstance(each, Variable)]
    check_floating(given[0]._array.dtype, "normal_kernel_cpu")
    places = {each._array.device for each in given if each._array.ndim}
    if len(places) > 1:
        raise refusal(places)
    shape, dtype = broadcast_shapes(*(each._array.shape for each in given)), given[0]._array.dtype
    if isinstance(std, Variable):
        standard = drawn_from(generator, given[0].device, lambda source: draws.normal(source, shape, dtype))
        numbers = as_numpys(standard) * as_numpys(std._array)
    else:
        numbers = drawn_from(generator, given[0].device, lambda source: draws.normal(source, shape, dtype, 0.0, std))
    drawn = cast(
        as_numpys(cast(numbers, dtype)) + (as_numpys(mean._array) if isinstance(mean, Variable) else mean), dtype
    )
    if len(given) == 2:
        return NormalBackward3.apply(mean, std, drawn=drawn)
    return (NormalBackward1 if given[0] is mean else NormalBackward2).apply(given[0], drawn=drawn)
