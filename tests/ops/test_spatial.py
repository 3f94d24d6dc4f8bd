"""What the table of cases has no rows for: mistakes, whole numbers, unusual sizes and layouts, and warnings, against torch."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import assert_close, assert_same, assert_same_error

SHAPES = {1: (2, 3, 6), 2: (2, 3, 6, 6), 3: (2, 3, 6, 6, 6)}
ODD_SHAPES = [
    (), (4,), (3, 6), (3, 6, 6), (1, 3, 6, 6), (1, 3, 6, 6, 6), (1, 1, 3, 6, 6, 6), (2, 0, 6), (2, 3, 0), (2, 0, 6, 6), (2, 3, 0, 6),
    (2, 0, 6, 6, 6), (2, 3, 0, 6, 6), (0, 3, 6), (0, 3, 6, 6), (0, 3, 6, 6, 6),
]  # fmt: skip


def assert_same_answer(call: Callable[[Any], Any]) -> None:
    """Both libraries give the same, or refuse with the same error."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            expected = call(torch)
    except Exception:  # which one it is, is what is compared
        assert_same_error(lambda: call(minitorch), lambda: call(torch))
    else:
        assert_same(call(minitorch), expected)


def windows(dims: int) -> list[dict[str, Any]]:
    more = [1] * (dims + 1)
    given: list[dict[str, Any]] = [
        {"kernel_size": more}, {"kernel_size": []}, {"kernel_size": 0}, {"kernel_size": -1}, {"kernel_size": 9}, {"stride": 0},
        {"stride": -1}, {"stride": more}, {"stride": []}, {"padding": -1}, {"padding": 2}, {"padding": more},
        {"kernel_size": 9, "ceil_mode": True},
    ]  # fmt: skip
    return [{"kernel_size": 2} | each for each in given]


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("kind", ["max_pool", "avg_pool"])
def test_windows_that_do_not_fit_get_torchs_answers(kind: str, dims: int):
    settings = windows(dims)
    if kind == "max_pool":
        settings += [{"kernel_size": 2, "dilation": each} for each in (0, -1, [1] * (dims + 1))]
    elif dims > 1:
        settings += [{"kernel_size": 2, "divisor_override": each} for each in (0, -3)]
    for given in settings:
        assert_same_answer(
            lambda lib, given=given: getattr(lib.nn.functional, f"{kind}{dims}d")(lib.ones(*SHAPES[dims]), **given)
        )


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("kind", ["max_pool", "avg_pool", "adaptive_max_pool", "adaptive_avg_pool"])
def test_shapes_and_dtypes_that_do_not_fit_get_torchs_answers(kind: str, dims: int):
    for shape in ODD_SHAPES:
        if (
            kind == "avg_pool" and dims == 2 and not shape
        ):  # torch says that a number has no dimension -3, we that it has one
            continue
        assert_same_answer(lambda lib, shape=shape: getattr(lib.nn.functional, f"{kind}{dims}d")(lib.ones(shape), 2))
    for dtype in ("int64", "int32", "uint8", "bool"):
        assert_same_answer(
            lambda lib, dtype=dtype: getattr(lib.nn.functional, f"{kind}{dims}d")(
                lib.ones(SHAPES[dims]).to(getattr(lib, dtype)), 2
            )
        )


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("kind", ["adaptive_max_pool", "adaptive_avg_pool"])
def test_sizes_to_adapt_to_get_torchs_answers(kind: str, dims: int):
    for size in (2, 0, -1, 1, [], [2] * (dims + 1), [2] * (dims - 1), [3] * dims):
        assert_same_answer(
            lambda lib, size=size: getattr(lib.nn.functional, f"{kind}{dims}d")(lib.ones(SHAPES[dims]), size)
        )


CONVOLUTIONS: dict[str, Callable[[Any, Any, Any, int], Any]] = {
    "too few dimensions": lambda f, x, w, d: f(x[0, 0], w),
    "too many dimensions": lambda f, x, w, d: f(x[None], w),
    "a weight with too few dimensions": lambda f, x, w, d: f(x, w[0]),
    "a weight with too many dimensions": lambda f, x, w, d: f(x, w[None]),
    "too few channels": lambda f, x, w, d: f(x[:, :2], w),
    "a bias for other channels": lambda f, x, w, d: f(x, w, w.new_zeros(3)),
    "a bias with two dimensions": lambda f, x, w, d: f(x, w, w.new_zeros(4, 1)),
    "stride 0": lambda f, x, w, d: f(x, w, stride=0),
    "negative stride": lambda f, x, w, d: f(x, w, stride=-1),
    "negative padding": lambda f, x, w, d: f(x, w, padding=-1),
    "negative dilation": lambda f, x, w, d: f(x, w, dilation=-1),
    "no groups": lambda f, x, w, d: f(x, w, groups=0),
    "groups that do not divide": lambda f, x, w, d: f(x, w, groups=2),
    "more groups": lambda f, x, w, d: f(x, w, groups=3),
    "too many groups": lambda f, x, w, d: f(x, w, groups=9),
    "too many strides": lambda f, x, w, d: f(x, w, stride=[1] * (d + 1)),
    "too many paddings": lambda f, x, w, d: f(x, w, padding=[1] * (d + 1)),
    "too many dilations": lambda f, x, w, d: f(x, w, dilation=[1] * (d + 1)),
    "a list of one": lambda f, x, w, d: f(x, w, stride=[2]),
    "two dtypes": lambda f, x, w, d: f(x, w.double()),
    "a bias of another dtype": lambda f, x, w, d: f(x, w, w.new_zeros(4).double()),
    "whole numbers": lambda f, x, w, d: f(x.long(), w.long()),
    "bytes": lambda f, x, w, d: f(x.to(int8(x)), w.to(int8(x))),
    "truth values": lambda f, x, w, d: f(x.bool(), w.bool()),
    "an empty batch": lambda f, x, w, d: f(x[:0], w),
    "empty images": lambda f, x, w, d: f(x[..., :0], w),
}


def int8(x: Any) -> Any:
    return torch.int8 if isinstance(x, torch.Tensor) else minitorch.int8


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("name", ["conv", "conv_transpose"])
def test_what_does_not_go_together_in_convolutions_gets_torchs_answers(name: str, dims: int):
    weight = (4, 3) if name == "conv" else (3, 4)
    source = np.random.default_rng(0)
    arrays = [
        source.integers(-9, 9, shape).astype(np.float32) for shape in ((2, 3, *[5] * dims), (*weight, *[2] * dims))
    ]

    def call(lib: Any, mistake: Callable[..., Any]) -> Any:
        return mistake(getattr(lib.nn.functional, f"{name}{dims}d"), *map(lib.from_numpy, arrays), dims)

    for mistake in CONVOLUTIONS.values():
        assert_same_answer(lambda lib, mistake=mistake: call(lib, mistake))
    more: list[dict[str, Any]] = [
        {"padding": "same", "stride": 2},
        {"padding": "whole"},
    ]
    if name == "conv_transpose":
        more = [{"output_padding": each} for each in (1, -1, [1] * (dims + 1))] + [{"output_padding": 1, "dilation": 2}]
    for given in more:
        assert_same_answer(lambda lib, given=given: call(lib, lambda f, x, w, d: f(x, w, **given)))


UNPOOLING: dict[str, Callable[[Any, Any, Any, int], Any]] = {
    "indices of another shape": lambda f, x, at, d: f(x, at[..., :1], 2),
    "indices of another dtype": lambda f, x, at, d: f(x, at.int(), 2),
    "indices beyond": lambda f, x, at, d: f(x, at + 100, 2),
    "negative indices": lambda f, x, at, d: f(x, at - 100, 2),
    "another size": lambda f, x, at, d: f(x, at, 2, output_size=(9,) * d),
    "too many sizes": lambda f, x, at, d: f(x, at, 2, output_size=(4,) * (d + 1)),
    "no channels": lambda f, x, at, d: f(x[0, 0], at[0, 0], 2),
    "one sample": lambda f, x, at, d: f(x[0], at[0], 2),
    "an empty batch": lambda f, x, at, d: f(x[:0], at[:0], 2),
    "empty channels": lambda f, x, at, d: f(x[:, :0], at[:, :0], 2),
    "too much padding": lambda f, x, at, d: f(x, at, 2, padding=5),
    "stride 0": lambda f, x, at, d: f(x, at, 2, stride=0),
    "whole numbers": lambda f, x, at, d: f(x.long(), at, 2),
}


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("mistake", UNPOOLING)
def test_what_does_not_go_together_in_unpooling_gets_torchs_answers(mistake: str, dims: int):
    def call(lib: Any) -> Any:
        shape = (2, 3, *[2] * dims)
        indices = lib.arange(2**dims).reshape(1, 1, *shape[2:]).expand(*shape).contiguous()
        return UNPOOLING[mistake](getattr(lib.nn.functional, f"max_unpool{dims}d"), lib.ones(shape), indices, dims)

    assert_same_answer(call)


SAMPLING: dict[str, Callable[[Any, Any], Any]] = {
    "grids of another size": lambda F, z: F.grid_sample(z(2, 3, 4, 4), z(2, 5, 6, 3)),
    "another batch": lambda F, z: F.grid_sample(z(2, 3, 4, 4), z(1, 5, 6, 2)),
    "a grid for volumes": lambda F, z: F.grid_sample(z(2, 3, 4, 4), z(2, 5, 6, 6, 2)),
    "no batch": lambda F, z: F.grid_sample(z(3, 4, 4), z(5, 6, 2)),
    "four dimensions": lambda F, z: F.grid_sample(z(2, 3, 4, 4, 4, 4), z(2, 5, 6, 6, 6, 4)),
    "two dtypes": lambda F, z: F.grid_sample(z(2, 3, 4, 4), z(2, 5, 6, 2).double()),
    "empty images": lambda F, z: F.grid_sample(z(2, 3, 0, 4), z(2, 5, 6, 2)),
    "an empty batch": lambda F, z: F.grid_sample(z(0, 3, 4, 4), z(0, 5, 6, 2)),
    "no channels": lambda F, z: F.grid_sample(z(2, 0, 4, 4), z(2, 5, 6, 2)),
    "an empty grid": lambda F, z: F.grid_sample(z(2, 3, 4, 4), z(2, 0, 6, 2)),
    "cubes": lambda F, z: F.grid_sample(z(2, 3, 4, 4, 4), z(2, 5, 6, 6, 3), mode="bicubic"),
    "whole numbers": lambda F, z: F.grid_sample(z(2, 3, 4, 4).long(), z(2, 5, 6, 2).long()),
    "an unknown mode": lambda F, z: F.grid_sample(z(2, 3, 4, 4), z(2, 5, 6, 2), "linear"),
    "unknown padding": lambda F, z: F.grid_sample(z(2, 3, 4, 4), z(2, 5, 6, 2), padding_mode="circular"),
    "maps of another size": lambda F, z: F.affine_grid(z(2, 3, 3), (2, 1, 4, 4)),
    "maps of whole numbers": lambda F, z: F.affine_grid(z(2, 2, 3).long(), (2, 1, 4, 4)),
    "a size of three numbers": lambda F, z: F.affine_grid(z(2, 2, 3), (2, 1, 4)),
    "a size of nothing": lambda F, z: F.affine_grid(z(2, 2, 3), (2, 1, 0, 4)),
    "area with corners": lambda F, z: F.interpolate(z(1, 1, 4, 4), 2, mode="area", align_corners=True),
    "antialias of nearest": lambda F, z: F.interpolate(z(1, 1, 4, 4), 2, antialias=True),
    "antialias of signals": lambda F, z: F.interpolate(z(1, 1, 4), 2, mode="linear", antialias=True),
    "lanczos without antialias": lambda F, z: F.interpolate(z(1, 1, 4, 4), 2, mode="lanczos"),
    "lanczos with corners": lambda F, z: F.interpolate(z(1, 1, 4, 4), 2, mode="lanczos", align_corners=True, antialias=True),
    "lanczos of signals": lambda F, z: F.interpolate(z(1, 1, 4), 2, mode="lanczos"),
    "sequences of another size": lambda F, z: F.conv_tbc(z(5, 2, 3), z(2, 2, 4), z(4)),
    "too short sequences": lambda F, z: F.conv_tbc(z(5, 2, 3), z(9, 3, 4), z(4)),
    "sequences of two dtypes": lambda F, z: F.conv_tbc(z(5, 2, 3), z(2, 3, 4).double(), z(4)),
    "sequences without a bias": lambda F, z: F.conv_tbc(z(5, 2, 3), z(2, 3, 4), None),
    "power 0": lambda F, z: F.lp_pool2d(z(1, 1, 4, 4), 0, 2),
    "random windows of no size": lambda F, z: F.fractional_max_pool2d(z(1, 1, 4, 4), 2),
    "random windows too large": lambda F, z: F.fractional_max_pool3d(z(1, 1, 4, 4, 4), 4, 3),
    "random windows of nothing": lambda F, z: F.fractional_max_pool2d(z(1, 1, 4, 4), 0, 3),
    "random windows of too many sizes": lambda F, z: F.fractional_max_pool2d(z(1, 1, 4, 4), [2] * 3, 3),
    "random numbers of another shape": lambda F, z: F.fractional_max_pool2d(z(1, 2, 4, 4), 2, 2, _random_samples=z(1, 1, 2)),
    "random numbers of another dtype": lambda F, z: F.fractional_max_pool2d(
        z(1, 1, 4, 4), 2, 2, _random_samples=z(1, 1, 2).double()
    ),
}  # fmt: skip


@pytest.mark.parametrize("mistake", SAMPLING)
@pytest.mark.filterwarnings("ignore:Default grid_sample and affine_grid behavior")
def test_what_does_not_go_together_in_sampling_gets_torchs_answers(mistake: str):
    assert_same_answer(lambda lib: SAMPLING[mistake](lib.nn.functional, lib.zeros))


@pytest.mark.parametrize(
    "call",
    [
        lambda F, lib: F.upsample(lib.ones(1, 1, 4, 4), 2),
        lambda F, lib: F.upsample_nearest(lib.ones(1, 1, 4, 4), 2),
        lambda F, lib: F.upsample_bilinear(lib.ones(1, 1, 4, 4), 2),
        lambda F, lib: F.grid_sample(lib.ones(1, 1, 4, 4), lib.ones(1, 2, 2, 2)),
        lambda F, lib: F.affine_grid(lib.ones(1, 2, 3), (1, 1, 2, 2)),
        lambda F, lib: F.affine_grid(lib.ones(1, 2, 3), (1, 1, 1, 2), align_corners=True),
    ],
)
def test_warnings_are_torchs_and_point_at_the_call(call: Any):
    texts = []
    for lib in (minitorch, torch):
        with pytest.warns(UserWarning, match="deprecated|behavior has changed") as caught:
            call(lib.nn.functional, lib)
        assert caught[0].filename == __file__
        texts.append([str(each.message) for each in caught])
    assert texts[0] == texts[1]


LAYOUTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "rows": lambda array: array,
    "columns": lambda array: array.T.copy().T,
    "parts": lambda array: array[:, ::2, 1:],
}


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_pooling_reads_inputs_in_any_layout(dims: int, layout: str, dtype: str):
    shape = (2, 3, 9, 8, 7)[: 2 + dims]
    array = LAYOUTS[layout](np.random.default_rng(0).standard_normal(shape).astype(dtype))
    for name, size in (("avg_pool", 2), ("max_pool", 2), ("adaptive_avg_pool", 3), ("adaptive_max_pool", 3)):
        if name == "avg_pool" and dims == 3 and dtype == "float16":
            continue  # torch has no such kernel
        pool = getattr(torch.nn.functional, f"{name}{dims}d")
        ours = getattr(minitorch.nn.functional, f"{name}{dims}d")(minitorch.from_numpy(array), size)
        theirs = pool(torch.from_numpy(array), size)
        exact = torch.from_numpy(array.astype(np.float64))
        assert_close(ours.numpy(), theirs.numpy(), lambda pool=pool, exact=exact, size=size: pool(exact, size).numpy())


LARGE: dict[str, tuple[Callable[..., Any], list[tuple[int, ...]]]] = {
    "avg_pool2d": (lambda F, x: F.avg_pool2d(x, 3, 2, 1), [(3, 4, 50, 61)]),
    "avg_pool3d": (lambda F, x: F.avg_pool3d(x, 2), [(2, 3, 16, 18, 20)]),
    "adaptive_avg_pool2d": (lambda F, x: F.adaptive_avg_pool2d(x, (20, 21)), [(3, 4, 50, 61)]),
    "max_pool1d": (lambda F, x: F.max_pool1d(x, 3, 2), [(3, 4, 2001)]),
    "max_pool3d": (lambda F, x: F.max_pool3d(x, 3, 2, 1), [(2, 3, 20, 22, 24)]),
    "adaptive_max_pool2d": (lambda F, x: F.adaptive_max_pool2d(x, (20, 21)), [(3, 4, 50, 61)]),
    "fractional_max_pool2d": (
        lambda F, x, share: F.fractional_max_pool2d(x, 3, (20, 21), _random_samples=share.sigmoid().detach()),
        [(3, 4, 50, 61), (3, 4, 2)],
    ),
    "grid_sample": (lambda F, x, grid: F.grid_sample(x, grid, align_corners=False), [(2, 4, 30, 31), (2, 40, 41, 2)]),
    "conv3d": (lambda F, x, w: F.conv3d(x, w, padding=1), [(2, 4, 9, 10, 12), (6, 4, 3, 3, 3)]),
    "conv_transpose2d": (lambda F, x, w: F.conv_transpose2d(x, w, stride=2), [(2, 8, 20, 22), (8, 6, 3, 3)]),
}


@pytest.mark.parametrize("name", LARGE)
def test_work_that_is_shared_among_threads_gives_what_torch_gives(name: str):
    call, shapes = LARGE[name]
    source = np.random.default_rng(0)
    arrays = [source.standard_normal(shape) for shape in shapes]
    found = []
    for lib in (minitorch, torch):
        inputs = [lib.from_numpy(array).requires_grad_() for array in arrays]
        result = call(lib.nn.functional, *inputs)
        cotangent = lib.from_numpy(np.random.default_rng(1).standard_normal(tuple(result.shape)))
        found.append([result, *lib.autograd.grad(result, inputs, cotangent, allow_unused=True, materialize_grads=True)])
    assert_same(*found)


def test_copies_lie_as_torchs_do():
    a, grid = np.random.default_rng(1).standard_normal((2, 4, 3)).astype("f"), np.zeros((1, 2, 2, 2), "f")

    def image_gradient(lib: Any) -> Any:
        image = lib.ones(1, 2, 3, 4).requires_grad_()
        read = lib.nn.functional.grid_sample(image, lib.tensor(grid), align_corners=False)
        return lib.autograd.grad((read * lib.arange(8.0).reshape(1, 2, 2, 2)).sum(), image)[0]

    programs: list[Callable[[Any], Any]] = [
        lambda lib: lib.tensor(a).permute(2, 0, 1).repeat(1, 1, 1),
        lambda lib: lib.tensor(a[0]).t().repeat(2, 1),
        lambda lib: lib.tensor(3.0).repeat(()),
        image_gradient,
    ]
    for program in programs:
        ours, theirs = program(minitorch), program(torch)
        assert_same(ours, theirs)
        assert tuple(ours.stride()) == theirs.stride()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_second_gradients_go_through_what_was_copied_into_a_part(dtype: str):
    def program(lib: Any) -> Any:
        x = lib.arange(10.0, dtype=getattr(lib, dtype)).reshape(2, 5).requires_grad_()
        y = lib.zeros(2, 8)
        y[:, 1:6] = x * x
        (grad,) = lib.autograd.grad((y**3).sum(), x, create_graph=True)
        return lib.autograd.grad((grad * grad).sum(), x)[0]

    assert_same(program(minitorch), program(torch))
