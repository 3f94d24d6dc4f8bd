"""Convolutions over one and three dimensions against torch, on all threads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from minitorch.kernels.cpu import volumes
from tests.oracle import assert_close


@pytest.mark.parametrize("dims", [1, 3])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_convolutions_of_many_channels_are_as_exact_as_torchs(dims: int, dtype: str):
    """Sums long enough to need more than one tile, on all threads."""
    source = np.random.default_rng(0)
    shapes = [(3, 16, 40), (24, 8, 5)] if dims == 1 else [(2, 8, 7, 9, 10), (12, 4, 3, 2, 3)]
    x, weight = (source.standard_normal(shape).astype(dtype) for shape in shapes)
    settings = {"stride": (2,) * dims, "padding": (1,) * dims, "dilation": (1,) * dims, "groups": 2}
    ours = volumes.convolution(x, weight, None, **settings)
    grad = source.standard_normal(ours.shape).astype(dtype)
    found = [
        ours,
        volumes.convolution_input_grad(grad, weight, x.shape, **settings),
        volumes.convolution_weight_grad(grad, x, weight.shape, **settings),
    ]

    def torchs(dtype: str) -> list[np.ndarray]:
        a, b, c = (torch.from_numpy(each.astype(dtype)).requires_grad_() for each in (x, weight, grad))
        result = getattr(torch.nn.functional, f"conv{dims}d")(a, b, **settings)
        return [each.detach().numpy() for each in (result, *torch.autograd.grad(result, (a, b), c))]

    for each, theirs, judge in zip(found, torchs(dtype), torchs("float64"), strict=True):
        assert each.dtype == dtype
        assert_close(each, theirs, lambda judge=judge: judge)
