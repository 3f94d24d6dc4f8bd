"""Programs that rearrange arrays, and that work on signals, images and volumes: padding, pooling, resampling, convolution."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from minitorch.kernels.windows import adaptive_windows, pooled_size, pooling_windows
from tests.kernels.cuda.case import Case, Make, Program, call, classes, normal, special


def columns(*shape: int) -> Make:
    """Numbers about 0, and special ones, that lie column by column."""
    return lambda random, dtype: special(*shape[::-1])(random, dtype).T


# -- elements that move -------------------------------------------------------------------------------------------------

MOVED: list[tuple[str, tuple[Any, ...], tuple[int, ...]]] = [
    ("flip", ((1,),), (3, 87)), ("flip", ((0, 2),), (3, 5, 7)), ("flip", ((0,),), (0, 3)), ("flip", ((),), ()),
    ("roll", ((2, -9), (0, 2)), (3, 4, 7)), ("roll", ((100,), ()), (3, 87)), ("roll", ((1,), (1,)), (3, 0)),
    *[("rot90", (times, (2, 0)), (3, 2, 5)) for times in (0, 1, 2, -1)],
    ("repeat", ((2, 1, 3),), (7, 13)), ("repeat", ((0, 2),), (7, 13)), ("repeat", ((2,),), ()), ("repeat", ((),), ()),
    ("tril", (0,), (2, 13, 11)), ("tril", (3,), (5, 7)), ("tril", (0,), (0, 3)),
    ("triu", (-2,), (7, 5)), ("triu", (99,), (3, 3)), ("triu", (1,), (257, 1)),
    ("diag_embed", (0, 1, 2), (3, 5)), ("diag_embed", (-2, 0, 2), (3, 5)), ("diag_embed", (1, 0, 1), (0,)),
    ("pixel_shuffle", (2,), (2, 8, 3, 5)), ("pixel_shuffle", (1,), (3, 2, 2)), ("pixel_unshuffle", (2,), (3, 4, 6)),
    ("channel_shuffle", (3,), (2, 6, 5)), ("im2col", ((2, 3), (1, 2), (1, 0), (2, 1)), (2, 3, 6, 7)),
    ("im2col", ((2, 2), (1, 1), (0, 0), (1, 1)), (3, 2, 11)),
    ("constant_pad_nd", ((1, 2, -1, 3), 7), (3, 4, 5)), ("constant_pad_nd", ((0, -2, -1, 0), 7), (3, 4, 5)),
    ("constant_pad_nd", ((2, 2), 1), (3, 0)), ("constant_pad_nd", ((-2, 3), 0), (5,)),
    ("pad_edges", ((1, 2, 3, 0), "reflect"), (2, 4, 13)), ("pad_edges", ((7, 1, 0, 2), "replicate"), (2, 4, 5)),
    ("pad_edges", ((-1, 2, 3, 0, 1, 1), "replicate"), (1, 2, 3, 4)),
]  # fmt: skip


def rearranging() -> list[Case]:
    return [
        *[Case(f"{name} {params} {shape}", call(name, *params), (special(*shape),), "fl?") for name, params, shape in MOVED],
        Case("flip in columns", call("flip", (1, 2)), (columns(5, 3, 7),)),
        Case("flip permuted", lambda k, a: k.flip(k.permute(a, (2, 0, 1)), (0, 2)), (special(5, 3, 7),)),
        Case("flip expanded", lambda k, a: k.flip(k.expand(a, (4, 5)), (0, 1)), (special(5),)),
        Case("flip sliced", lambda k, a: k.flip(k.slice(a, 1, 1, 12, 3), (1,)), (special(5, 13),)),
        Case("roll in columns", call("roll", (2,), (1,)), (columns(5, 3),)),
        Case("repeat in columns", call("repeat", (1, 1)), (columns(5, 3),)),
        Case("tril in columns", call("tril", 1), (columns(5, 7),)),
        Case("pixel_shuffle in columns", call("pixel_shuffle", 2), (columns(4, 2, 3),)),
        Case("constant_pad_nd in columns", call("constant_pad_nd", (1, 1), 2), (columns(4, 3),)),
        Case("pad_edges in columns", call("pad_edges", (1, 1), "reflect"), (columns(4, 3),)),
        Case("trace", call("trace"), (normal(13, 31),), "fdl?", close=4),
        Case("block_diag", lambda k, *arrays: k.block_diag(arrays), (special(2, 3), special(5, 1), special(0, 2)), "fl"),
    ]  # fmt: skip


# -- sums of elements ---------------------------------------------------------------------------------------------------


def sums() -> list[Case]:
    return [
        *[
            Case(
                f"pad_edges_backward {mode} {padding}", call("pad_edges_backward", padding, mode),
                (normal(*size), normal(*own)), "fdl", close=4,
            )
            for mode, padding, size, own in (
                ("reflect", (1, 2, 3, 0), (2, 7, 16), (2, 4, 13)), ("replicate", (3, 4, -1, 2), (2, 5, 8), (2, 4, 1)),
                ("replicate", (1, 1), (0, 5), (0, 3)),
            )
        ],
        Case("unfold_backward", call("unfold_backward", (3, 9, 2), 1, 4, 2), (normal(3, 3, 2, 4),), "fdl", close=4),
        Case("unfold_backward apart", call("unfold_backward", (10,), 0, 2, 4), (normal(3, 2),)),
        Case("unfold_backward of a number", call("unfold_backward", (), 0, 1, 1), (normal(1),)),
        Case("col2im", call("col2im", (6, 7), (2, 3), (1, 2), (1, 0), (2, 1)), (normal(2, 18, 12),), "fdl", close=4),
        Case("col2im single", call("col2im", (2, 11), (2, 2), (1, 1), (0, 0), (1, 1)), (normal(12, 10),), close=4),
    ]  # fmt: skip


AVERAGES: list[tuple[tuple[int, ...], Any]] = []
for shape, *settings in (
    ((3, 18), (3,), (2,), (1,), True, True),
    ((2, 3, 9, 8), (3, 2), (2, 2), (1, 0), False, False),
    ((2, 4, 5, 6), (2, 3, 2), (1, 2, 2), (1, 1, 0), True, False),
    ((0, 4, 4), (2, 2), (2, 2), (0, 0), False, True),
):
    *lines, ceil_mode, with_padding = settings
    dims = len(lines[0])
    ends = [pooling_windows(*each, ceil_mode) for each in zip(shape[-dims:], *lines, strict=True)]
    counts = reduce(np.multiply.outer, [all_ if with_padding else end - begin for begin, end, all_ in ends])
    AVERAGES.append((shape, (tuple((begin, end) for begin, end, _ in ends), counts)))
for shape, size in (((2, 3, 7, 9), (3, 4)), ((2, 13, 17), (1, 1)), ((3, 5), (7,))):
    bounds = tuple(adaptive_windows(*each) for each in zip(shape[-len(size) :], size, strict=True))
    AVERAGES.append((shape, (bounds, reduce(np.multiply.outer, [end - begin for begin, end in bounds]))))


def averages() -> list[Case]:
    rows = []
    for shape, windows in AVERAGES:
        pooled = (*shape[: -len(windows[0])], *windows[1].shape)
        forward, backward = call("avg_pool", windows), call("avg_pool_backward", windows)
        rows += [
            Case(f"avg_pool {shape} {pooled}", forward, (normal(*shape),), "fdl", close=4),
            Case(f"avg_pool_backward {shape} {pooled}", backward, (normal(*pooled), normal(*shape)), close=4),
        ]
    special_ones = Case("avg_pool special", call("avg_pool", AVERAGES[1][1]), (special(2, 3, 9, 8),))
    return [*rows, special_ones._replace(close=4)]


def plan(dim: int, size: int, new: int, taps: int) -> tuple[int, np.ndarray, np.ndarray | None]:
    """Any indices, and weights if there are several for a place."""
    random = np.random.default_rng(size)
    indices = random.integers(0, size, (new, taps))
    return dim, indices, random.standard_normal((new, taps)).astype("f") if taps > 1 else None


PLANS: list[tuple[tuple[int, ...], tuple[Any, ...]]] = [
    ((2, 3, 11), (plan(2, 11, 29, 1),)),
    ((2, 3, 5, 7), (plan(2, 5, 8, 2), plan(3, 7, 4, 4))),
    ((1, 2, 3, 4, 5), (plan(2, 3, 4, 2), plan(3, 4, 4, 1), plan(4, 5, 9, 3))),
]


def resampling() -> list[Case]:
    rows = [Case("resample uint8", call("resample", PLANS[0][1]), (normal(2, 3, 11),), "b")]
    for shape, plans in PLANS:
        size = (*shape[:2], *[len(indices) for _, indices, _ in plans])
        rows += [
            Case(f"resample {shape}", call("resample", plans), (normal(*shape),), close=8),
            Case(f"resample_backward {shape}", call("resample_backward", shape, plans), (normal(*size),), close=8),
        ]
    return rows


# -- the largest of windows ---------------------------------------------------------------------------------------------


def gradients(name: str, *how: Any, dims: int) -> Program:
    """What a pooling gives, and the gradients of that, by the positions that it names."""

    def program(k: Any, a: Any, *samples: Any) -> Any:
        output, indices = getattr(k, name)(a, *samples, *how)
        grad = k.max_pool_backward(output, indices, a, dims)
        return output, indices, grad, k.max_pool_gather(a, indices, dims)

    return program


def shares(*shape: int) -> Make:
    return lambda random, dtype: random.random(shape).astype(dtype)


VOLUMES: list[tuple[tuple[int, ...], tuple[Any, ...]]] = [
    ((2, 5, 6, 7), ((2, 2, 3), (1, 2, 2), (1, 0, 1), (1, 1, 2), False)),
    ((1, 4, 3, 3), ((2, 3, 1), (2, 1, 1), (1, 1, 0), (3, 1, 1), True)),
    ((1, 2, 2, 2), ((2, 2, 2), (1, 1, 1), (1, 1, 1), (3, 3, 1), False)),
]


def largest() -> list[Case]:
    adapted = [((2, 3, 7, 9), (3, 4)), ((13, 17), (1, 1)), ((2, 4, 5, 6), (2, 3, 7)), ((0, 3, 3), (2, 2))]
    at_random = [((2, 3, 7, 9), (2, 3), (4, 5)), ((2, 3, 5, 6, 7), (2, 3, 1), (3, 2, 1))]
    return [
        *[Case(f"max_pool {shape}", gradients("max_pool", *how, dims=3), (normal(*shape),), "fdl") for shape, how in VOLUMES],
        Case("max_pool special", call("max_pool", *VOLUMES[0][1]), (special(2, 5, 6, 7),)),
        Case("max_pool of whole numbers", call("max_pool", (3, 2), (2, 1), (1, 1), (1, 2), True), (normal(2, 7, 9),), "lib"),
        *[
            Case(
                f"adaptive_max_pool {shape} {size}", gradients("adaptive_max_pool", size, dims=len(size)),
                (special(*shape),), "fdl", close=4,
            )
            for shape, size in adapted
        ],
        *[
            Case(
                f"fractional_max_pool {shape}", gradients("fractional_max_pool", kernel, size, dims=len(size)),
                (normal(*shape), shares(6, len(size))), close=4,
            )
            for shape, kernel, size in at_random
        ],
        Case("max_unpool", call("max_unpool", (3, 7)), (special(2, 3, 5, 4), classes(21, 2, 3, 5, 4)), "fdl"),
        Case("max_unpool of volumes", call("max_unpool", (9, 8, 7)), (normal(1, 2, 13, 23), classes(9 * 8 * 7, 1, 2, 13, 23))),
    ]  # fmt: skip


# -- read between pixels ------------------------------------------------------------------------------------------------


def somewhere(*shape: int) -> Make:
    """Positions, about a third of them outside."""
    return lambda random, dtype: (random.standard_normal(shape) * 1.1).astype(dtype)


def sampling() -> list[Case]:
    rows = []
    for mode in ("nearest", "bilinear", "bicubic"):
        for padding in ("zeros", "border", "reflection"):
            for aligned in (False, True):
                how = {"mode": mode, "padding_mode": padding, "align_corners": aligned}
                orders = (int(mode != "nearest" and aligned), 0)
                shape, size = (2, 3, 5, 6), (2, 3, 2, 7)
                grid = somewhere(2, *size[2:], 2)
                dtypes = "f" if aligned else "fd"
                read = call("grid_sample", orders=orders, **how)
                put_back = call("grid_sample_input_grad", input_shape=shape, orders=orders, **how)
                rows += [
                    Case(f"grid_sample {how}", read, (normal(*shape), grid), dtypes, close=20),
                    Case(f"grid_sample_input_grad {how}", put_back, (normal(*size), grid), dtypes, close=20),
                ]
    how = {"mode": "bilinear", "padding_mode": "reflection", "align_corners": False}
    shape, size = (1, 2, 3, 4, 5), (1, 2, 3, 2, 6)
    single = call("grid_sample", orders=(0, 0), mode="bilinear", padding_mode="reflection", align_corners=True)
    grid = somewhere(1, *size[2:], 3)
    return [
        *rows,
        Case("grid_sample volumes", call("grid_sample", orders=(1, 0, 1), **how), (normal(*shape), grid), close=20),
        Case(
            "grid_sample_input_grad volumes", call("grid_sample_input_grad", input_shape=shape, orders=(0, 1, 0), **how),
            (normal(*size), grid), close=20,
        ),
        Case(
            "grid_sample special", call("grid_sample", orders=(0, 0), **how),
            (special(1, 2, 4, 5), special(1, 3, 7, 2)), close=20,
        ),
        Case("grid_sample a pixel", single, (normal(1, 2, 1, 1), somewhere(1, 3, 5, 2)), close=20),
        Case("grid_sample nowhere", single, (normal(1, 2, 3, 3), somewhere(1, 0, 5, 2))),
    ]  # fmt: skip


# -- convolution over volumes -------------------------------------------------------------------------------------------

CONVOLUTIONS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [  # input, weight, and how
    ((2, 4, 5, 6, 7), (6, 2, 2, 3, 2), {"stride": (2, 1, 1), "padding": (1, 0, 1), "dilation": (1, 2, 1), "groups": 2}),
    ((1, 2, 4, 5, 5), (3, 2, 3, 3, 3), {"stride": (1, 1, 1), "padding": (1, 1, 1), "dilation": (1, 1, 1), "groups": 1}),
    ((1, 1, 6, 1, 2), (1, 1, 2, 1, 1), {"stride": (3, 1, 2), "padding": (0, 0, 0), "dilation": (2, 1, 1), "groups": 1}),
]


def convolutions() -> list[Case]:
    rows = []
    for shape, weight, how in CONVOLUTIONS:
        lines = zip(shape[2:], weight[2:], how["stride"], how["padding"], how["dilation"], strict=True)
        size = [pooled_size(*each) for each in lines]
        grad, larger = normal(shape[0], weight[0], *size), (*shape[:2], *[n + 1 for n in shape[2:]])
        images, weights, outputs = normal(*shape), normal(*weight), normal(weight[0])
        forward = call("convolution", **how)
        rows.append(Case(f"convolution {shape}", forward, (images, weights, outputs), "fdl", close=10))
        for whole, dtypes in ((shape, "fd"), (larger, "f")):
            of_input = call("convolution_input_grad", input_shape=whole, **how)
            rows.append(Case(f"convolution_input_grad {whole}", of_input, (grad, weights), dtypes, close=10))
        of_weight = call("convolution_weight_grad", weight_shape=weight, **how)
        rows.append(Case(f"convolution_weight_grad {shape}", of_weight, (grad, images), close=20))
    return rows


CASES = [*rearranging(), *sums(), *averages(), *resampling(), *largest(), *sampling(), *convolutions()]

# -- for the compile gate: a program, and the shapes of its arrays --------------------------------------------------------

CUBIC = {"orders": (0, 1), "mode": "bicubic", "padding_mode": "reflection", "align_corners": False}
NEAREST = {**CUBIC, "orders": (0, 0), "mode": "nearest"}
WHOLE = {"stride": (1, 1, 1), "padding": (1, 1, 1), "dilation": (1, 1, 1), "groups": 1}

PROGRAMS: dict[str, tuple[Any, ...]] = {
    "flip": (call("flip", (0, 2)), (3, 5, 7)),
    "tril": (call("tril", 1), (2, 13, 11)),
    "pad_edges": (call("pad_edges", (1, 2), "reflect"), (3, 7)),
    "avg_pool": (call("avg_pool", AVERAGES[1][1]), (2, 3, 9, 8)),
    "resample": (call("resample", PLANS[1][1]), (2, 3, 5, 7)),
    "max_pool of volumes": (call("max_pool", *VOLUMES[0][1]), (2, 5, 6, 7)),
    "fractional_max_pool": (call("fractional_max_pool", (2, 3), (4, 5)), (2, 3, 7, 9), (6, 2)),
    "max_unpool": (lambda k, a, at: k.max_unpool(a, k.cast(at, np.dtype("i8")), (3, 7)), (6, 5, 4), (6, 5, 4)),
    "grid_sample cubic": (call("grid_sample", **CUBIC), (2, 3, 5, 6), (2, 2, 7, 2)),
    "grid_sample nearest": (call("grid_sample", **NEAREST), (2, 3, 5, 6), (2, 2, 7, 2)),
    "grid_sample_input_grad": (call("grid_sample_input_grad", input_shape=(2, 3, 5, 6), **CUBIC), (2, 3, 2, 7), (2, 2, 7, 2)),
    "convolution of volumes": (call("convolution", None, **WHOLE), (1, 2, 4, 5, 5), (3, 2, 3, 3, 3)),
}  # fmt: skip
