"""``conv``: the three kernels of convolution at sizes of usual networks, as a share of a matrix product's speed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import minitorch
from benchmarks.cases import Results, Settings
from benchmarks.measure import compare
from benchmarks.place import Place

ROUNDS = 20
BATCH, IMAGE = 16, 32  # images of 32 x 32 pixels
CHANNELS = [(32, 32), (32, 64), (64, 64)]
KERNELS = [3, 5]


def conv(settings: Settings) -> Results:
    """Convolution, its input's and its weight's gradient, with 32 to 64 channels"""
    for batch in settings.batch or [BATCH]:
        for kernel in KERNELS:
            for channels, out_channels in CHANNELS:
                out = IMAGE - kernel + 1
                flops = 2 * batch * out_channels * out**2 * channels * kernel**2
                limit = settings.limits.work(flops=flops)
                sizes = (batch, channels, out_channels, kernel)
                ours, torchs = (programs(each, *sizes, settings.place) for each in (minitorch, torch))
                for name in ours:
                    title = f"{name}, {channels} to {out_channels}, {kernel}x{kernel}, batch {batch}"
                    label = settings.label("conv", title, group=name)
                    yield compare(
                        label, ours[name], torchs[name], settings.rounds or ROUNDS, settings.place, limit=limit
                    )


def programs(
    library: Any, batch: int, channels: int, out_channels: int, kernel: int, place: Place
) -> dict[str, Callable[[], Any]]:
    """The three kernels, by name. The gradients are asked for with ``backward``, one at a time, of a graph that is kept."""
    generator = np.random.default_rng(0)

    def numbers(*shape: int) -> Any:
        return place.put(library.from_numpy(generator.standard_normal(shape, np.float32)))

    out = IMAGE - kernel + 1
    inputs = numbers(batch, channels, IMAGE, IMAGE)
    weight = numbers(out_channels, channels, kernel, kernel)
    cotangent = numbers(batch, out_channels, out, out)
    conv2d = library.nn.functional.conv2d

    def gradient_of(leaf: Any) -> Callable[[], Any]:
        leaf.requires_grad_()
        result = conv2d(*(leaf if each is leaf else each.detach() for each in (inputs, weight)))

        def gradient() -> Any:
            leaf.grad = None
            result.backward(cotangent, retain_graph=True)
            return leaf.grad

        return gradient

    return {
        "forward": lambda: conv2d(inputs.detach(), weight.detach()),
        "input's gradient": gradient_of(inputs),
        "weight's gradient": gradient_of(weight),
    }
