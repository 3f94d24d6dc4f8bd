"""Rows for what goes over signals, images and volumes: convolution, pooling, sampling between pixels."""

from __future__ import annotations

from typing import Any

from tests.ops.case import Case, fixed, of_one

SHAPES = {1: (2, 4, 7), 2: (1, 4, 5, 6), 3: (1, 4, 4, 3, 5)}


def spatial(name: str, call: Any, *shapes: tuple[int, ...], values: str = "any", **settings: Any) -> Case:
    """A row whose call is given ``nn.functional`` in place of the library."""
    return Case(name, lambda lib, *x: call(lib.nn.functional, *x), fixed(*shapes), values, **settings)


def pool(name: str, dims: int, *args: Any, values: str = "any", batch: bool = True, **kwargs: Any) -> Case:
    words = " ".join(
        [name, "" if batch else "without batch", *map(str, args), *(f"{k}={v}" for k, v in kwargs.items())]
    )
    shape = SHAPES[dims][0 if batch else 1 :]
    return spatial(words, lambda F, a: getattr(F, name)(a, *args, **kwargs), shape, values=values)


def convolution(dims: int, transposed: bool, groups: int = 1, **kwargs: Any) -> Case:
    """A convolution from four channels to six."""
    name = f"conv{'_transpose' if transposed else ''}{dims}d"
    weight = (4, 6 // groups) if transposed else (6, 4 // groups)
    return spatial(
        f"{name} groups={groups} {kwargs}",
        lambda F, a, w, b: getattr(F, name)(a, w, b, groups=groups, **kwargs),
        SHAPES[dims],
        (*weight, *(3, 2, 3)[:dims]),
        (6,),
    )


def sampled(dims: int, mode: str, padding_mode: str, align_corners: bool) -> Case:
    return spatial(
        f"grid_sample {dims}d {mode} {padding_mode} {align_corners}",
        lambda F, a, grid: F.grid_sample(a, grid * 0.7, mode, padding_mode, align_corners),
        (2, 3, 5, 4, 3)[: 2 + dims],
        (2, 2, 4, 3, dims) if dims == 3 else (2, 4, 3, dims),
        smooth=mode != "nearest",
    )


def unpooled(dims: int, **kwargs: Any) -> Case:
    def call(F: Any, a: Any) -> Any:
        _, indices = getattr(F, f"max_pool{dims}d")(a.detach(), 2, return_indices=True, **kwargs)
        values = getattr(F, f"max_pool{dims}d")(a * 2, 2, **kwargs)
        return getattr(F, f"max_unpool{dims}d")(values, indices, 2, output_size=a.shape, **kwargs)

    # Of elements that were chosen several times, only the last is in the result, but all get the gradient, as in torch.
    return spatial(f"max_unpool{dims}d {kwargs}", call, SHAPES[dims], values="distinct", smooth="stride" not in kwargs)


CASES = [
    *(
        convolution(dims, transposed, **settings)
        for dims in (1, 2, 3)
        for transposed in (False, True)
        for settings in (
            {},
            {"groups": 2, "stride": 2, "padding": 1},
            {"dilation": 2, "padding": 2},
            {"stride": (3, 2, 1)[:dims], "padding": (0, 1, 1)[:dims]},
        )
    ),
    *(convolution(dims, True, stride=2, padding=1, output_padding=1) for dims in (1, 2, 3)),
    *(convolution(dims, True, dilation=3, output_padding=2) for dims in (1, 2, 3)),
    *(convolution(dims, False, padding="same", dilation=2) for dims in (1, 2, 3)),
    spatial("conv1d without batch", lambda F, a, w: F.conv1d(a, w), (3, 6), (4, 3, 2)),
    spatial("conv3d without batch", lambda F, a, w: F.conv3d(a, w), (2, 4, 3, 5), (4, 2, 2, 3, 2)),
    spatial("conv_transpose1d without batch", lambda F, a, w: F.conv_transpose1d(a, w), (3, 6), (3, 4, 2)),
    spatial("conv_transpose3d without batch", lambda F, a, w: F.conv_transpose3d(a, w), (2, 3, 2, 3), (2, 4, 2, 2, 3)),
    spatial("conv_tbc", lambda F, a, w, b: F.conv_tbc(a, w, b, 1), (5, 2, 3), (3, 3, 4), (4,), layouts=False),
    *(pool(f"avg_pool{dims}d", dims, 2, batch=batch) for dims in (1, 2, 3) for batch in (True, False)),
    *(
        pool(f"avg_pool{dims}d", dims, 3, 2, 1, ceil_mode=True, count_include_pad=counted)
        for dims in (1, 2, 3)
        for counted in (True, False)
    ),
    *(pool(f"avg_pool{dims}d", dims, 2, 1, divisor_override=3) for dims in (2, 3)),
    *(pool(f"max_pool{dims}d", dims, 2, values="distinct", batch=b) for dims in (1, 2, 3) for b in (True, False)),
    *(pool(f"max_pool{dims}d", dims, 3, 2, 1, 2, ceil_mode=True, values="distinct") for dims in (1, 2, 3)),
    *(pool(f"adaptive_avg_pool{dims}d", dims, size) for dims in (1, 2, 3) for size in (1, 3)),
    *(pool(f"adaptive_avg_pool{dims}d", dims, 2, batch=False) for dims in (1, 2, 3)),
    pool("adaptive_avg_pool2d", 2, (None, 4)),
    pool("adaptive_avg_pool3d", 3, (7, None, 2)),
    *(pool(f"adaptive_max_pool{dims}d", dims, 3, values="distinct") for dims in (1, 2, 3)),
    *(pool(f"adaptive_max_pool{dims}d", dims, 2, values="distinct", batch=False) for dims in (1, 2, 3)),
    pool("adaptive_max_pool2d", 2, (None, 4), values="distinct"),
    *(pool(f"lp_pool{dims}d", dims, norm, 2, values="positive") for dims in (1, 2, 3) for norm in (2, 1.5)),
    pool("lp_pool1d", 1, float("inf"), 3, values="distinct"),
    pool("lp_pool2d", 2, float("-inf"), (2, 3), 1, values="distinct"),
    *(unpooled(dims) for dims in (1, 2, 3)),
    unpooled(2, stride=1),
    *(
        sampled(2, mode, padding_mode, align_corners)
        for mode in ("bilinear", "nearest", "bicubic")
        for padding_mode in ("zeros", "border", "reflection")
        for align_corners in (True, False)
    ),
    *(
        sampled(3, mode, padding_mode, align_corners)
        for mode, padding_mode, align_corners in (
            ("bilinear", "zeros", False), ("bilinear", "border", True), ("bilinear", "reflection", False), ("nearest", "zeros", True),
        )
    ),
    *(
        spatial(f"affine_grid {len(size)} {aligned}", lambda F, a, size=size, aligned=aligned: F.affine_grid(a, size, aligned), shape)
        for size, shape in (((2, 1, 3, 4), (2, 2, 3)), ((2, 1, 3, 2, 4), (2, 3, 4)))
        for aligned in (True, False)
    ),
    *(
        spatial(f"interpolate area {ndim}", lambda F, a: F.interpolate(a, scale_factor=0.6, mode="area"), SHAPES[ndim])
        for ndim in (1, 2, 3)
    ),
    *(
        spatial(
            f"interpolate {mode} antialias {settings}",
            lambda F, a, mode=mode, settings=settings: F.interpolate(a, mode=mode, antialias=True, **settings),
            (1, 2, 9, 8),
        )
        for mode in ("bilinear", "bicubic", "lanczos")
        for settings in ({"size": (3, 4)}, {"size": (12, 8)}, {"scale_factor": (0.3, 1.7)})
    ),
    spatial(
        "interpolate bicubic antialias corners",
        lambda F, a: F.interpolate(a, (4, 3), mode="bicubic", antialias=True, align_corners=True),
        (1, 2, 9, 8),
    ),
]  # fmt: skip

SPECIAL = [
    of_one(f"{case.name} special", case.call, case.shapes, case.values, special=True, smooth=False)
    for case in (
        pool("avg_pool1d", 1, 2, 1), pool("avg_pool2d", 2, 3, 2, 1), pool("max_pool1d", 1, 2, 1), pool("max_pool3d", 3, 3, 2, 1),
        pool("adaptive_max_pool1d", 1, 3), pool("adaptive_max_pool2d", 2, 3), pool("adaptive_max_pool3d", 3, 3),
    )
]  # fmt: skip
"""Rows that are for zeros, ties, infinities and NaN too."""
