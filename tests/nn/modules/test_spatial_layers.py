"""Layers over signals, images and volumes against torch's: printing, first parameters, values, gradients, graphs, mistakes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.nn.modules.test_layers import Layer, differentiated
from tests.nn.networks import tensors, twins
from tests.oracle import assert_same, assert_same_error, graph

pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths:UserWarning")

SHAPES = {1: (2, 4, 6), 2: (1, 4, 6, 4), 3: (1, 4, 4, 2, 4)}


def layer(name: str, *args: Any, dims: int = 0, **kwargs: Any) -> tuple[str, Layer]:
    dims = dims or int(name[-2])
    words = ", ".join([*map(str, args), *(f"{key}={value}" for key, value in kwargs.items())])
    return f"{name}({words})", Layer(lambda nn, lib: getattr(nn, name)(*args, **kwargs), SHAPES[dims])


LAYERS = dict([
    *(layer(f"Conv{d}d", 4, 2, 2) for d in (1, 2, 3)),
    *(layer(f"Conv{d}d", 4, 6, 2, stride=2, padding=1, dilation=2, groups=2, bias=False) for d in (1, 2, 3)),
    *(layer("Conv2d", 4, 2, 3, padding=1, padding_mode=mode) for mode in ("reflect", "replicate", "circular")),
    layer("Conv1d", 4, 2, 4, padding="same", padding_mode="circular"),
    layer("Conv3d", 4, 2, (1, 2, 3), padding="valid", padding_mode="replicate"),
    *(layer(f"ConvTranspose{d}d", 4, 2, 2) for d in (1, 2, 3)),
    *(layer(f"ConvTranspose{d}d", 4, 6, 2, 2, 1, 1, 2, False, 2) for d in (1, 2, 3)),
    *(layer(f"MaxPool{d}d", 2) for d in (1, 2, 3)),
    layer("MaxPool1d", 3, stride=2, padding=1, dilation=2, ceil_mode=True),
    *(layer(f"AvgPool{d}d", 2) for d in (1, 2, 3)),
    layer("AvgPool1d", 3, 2, 1, True, False),
    layer("AvgPool2d", (3, 2), 2, (1, 0), ceil_mode=True, count_include_pad=False, divisor_override=5),
    *(layer(f"AdaptiveAvgPool{d}d", 2) for d in (1, 2, 3)),
    *(layer(f"AdaptiveMaxPool{d}d", 2) for d in (1, 2, 3)),
    layer("AdaptiveAvgPool2d", (None, 3)),
    *(layer(f"LPPool{d}d", 2, 2, stride=1) for d in (1, 2, 3)),
    layer("Upsample", scale_factor=2, mode="bilinear", dims=2),
    layer("Upsample", size=(3, 5), dims=2),
    layer("Upsample", scale_factor=(1.5, 2), mode="bicubic", align_corners=True, dims=2),
    layer("UpsamplingNearest2d", scale_factor=2),
    layer("UpsamplingBilinear2d", size=3),
    layer("PixelShuffle", 2, dims=2),
    layer("PixelUnshuffle", 2, dims=2),
    layer("ChannelShuffle", 2, dims=2),
    layer("Unfold", 2, padding=1, stride=2, dims=2),
    layer("Fold", (3, 3), (1, 2), dims=1),
    *(layer(f"{kind}Pad{d}d", 1) for kind in ("Zero", "Reflection", "Replication", "Circular") for d in (1, 2, 3)),
    *(layer(f"ConstantPad{d}d", 2, 1.5) for d in (1, 2, 3)),
    layer("ConstantPad2d", (0, 1, 2, -1), -1),
])  # fmt: skip


@pytest.mark.parametrize("name", LAYERS)
def test_layers_print_and_start_as_in_torch(name: str):
    made = []
    for lib in (minitorch, torch):
        lib.manual_seed(3)
        made.append(LAYERS[name].make(lib.nn, lib))
    ours, theirs = made
    assert repr(ours) == repr(theirs)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    assert_same(list(ours.parameters()), list(theirs.parameters()))


@pytest.mark.parametrize("name", LAYERS)
def test_values_gradients_of_first_and_second_order_and_graphs_are_torchs(name: str):
    source = np.random.default_rng(0)
    nets = twins(lambda lib: LAYERS[name].make(lib.nn, lib), 0, "float64")
    inputs = tensors(source.uniform(0.5, 2.0, LAYERS[name].shape), requires_grad=True)
    results = [net(x) for net, x in zip(nets, inputs, strict=True)]
    assert graph(results[0]) == graph(results[1])
    shapes = [results[1].shape, LAYERS[name].shape, *(each.shape for each in nets[1].parameters())]
    cotangents = list(zip(*(tensors(source.standard_normal(each)) for each in shapes), strict=True))
    assert_same(
        *(
            differentiated(lib, net, x, [], list(along))
            for lib, net, x, along in zip((minitorch, torch), nets, inputs, cotangents, strict=True)
        )
    )


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_pooling_gives_indices_and_unpooling_takes_them(dims: int):
    found = []
    for lib, x in zip((minitorch, torch), tensors(np.random.default_rng(0).standard_normal(SHAPES[dims])), strict=True):
        pooled = getattr(lib.nn, f"MaxPool{dims}d")(2, return_indices=True)(x)
        adapted = getattr(lib.nn, f"AdaptiveMaxPool{dims}d")(2, return_indices=True)(x)
        layer = getattr(lib.nn, f"MaxUnpool{dims}d")(2)
        found.append([*pooled, *adapted, layer(*pooled), layer(*pooled, output_size=x.shape), repr(layer)])
    assert_same(*found)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_windows_at_random_lie_where_torchs_lie(dims: int, dtype: str):
    settings: list[dict[str, Any]] = [{"output_size": 2}, {"output_ratio": 0.6}, {"output_size": 1}]
    found = []
    shape = (2, 3, 7, 6, 5)[: 2 + dims]
    arrays = tensors(np.random.default_rng(0).standard_normal(shape).astype(dtype), requires_grad=True)
    for lib, x in zip((minitorch, torch), arrays, strict=True):
        lib.manual_seed(5)
        for given in settings:
            for batch in (x, x[0]):
                layer = getattr(lib.nn, f"FractionalMaxPool{dims}d")(2, return_indices=True, **given)
                values, indices = layer(batch)
                (grad,) = lib.autograd.grad((values * values).sum(), x)
                found.append((lib, [values, indices, grad, repr(layer)]))
    assert_same([each for lib, each in found if lib is minitorch], [each for lib, each in found if lib is torch])


def test_transposed_convolution_makes_the_size_that_is_asked_for():
    nets = twins(lambda lib: lib.nn.ConvTranspose2d(3, 2, 3, stride=2, padding=1), 0, "float64")
    inputs = tensors(np.random.default_rng(0).standard_normal((2, 3, 4, 5)))
    for size in ((7, 10), (2, 2, 8, 9)):
        assert_same(*(net(x, output_size=size) for net, x in zip(nets, inputs, strict=True)))
    for size in ((9, 10), (6, 9), (7,), (2, 7, 9)):
        assert_same_error(
            *(lambda net=net, x=x, size=size: net(x, output_size=size) for net, x in zip(nets, inputs, strict=True))
        )


@pytest.mark.parametrize(
    "mistake",
    [
        lambda nn, lib: nn.ConvTranspose1d(2, 3, 2, padding_mode="reflect"),
        lambda nn, lib: nn.Conv3d(3, 4, 3, groups=2),
        lambda nn, lib: nn.Conv1d(3, 4, 3, stride=2, padding="same"),
        lambda nn, lib: nn.CircularPad2d(1)(lib.zeros(2, 3)),
        lambda nn, lib: nn.FractionalMaxPool2d(2),
        lambda nn, lib: nn.FractionalMaxPool2d(2, 3, 0.5),
        lambda nn, lib: nn.FractionalMaxPool2d(2, output_ratio=1.5),
        lambda nn, lib: nn.FractionalMaxPool3d((2, 0, 1), 3),
        lambda nn, lib: nn.LPPool2d(0, 2),
    ],
)
def test_mistakes_get_torchs_answers(mistake: Any):
    assert_same_error(lambda: mistake(minitorch.nn, minitorch), lambda: mistake(torch.nn, torch))
