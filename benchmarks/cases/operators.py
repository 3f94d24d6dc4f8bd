"""The operators that ``ops`` measures: how each is called, in either library, and on what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import isqrt
from typing import Any

import numpy as np

Shape = tuple[int, ...]

CHANNELS, IMAGE, KERNEL = 8, 32, 3  # of convolution and pooling
CLASSES = 10  # of losses

KINDS: dict[str, Callable[[np.random.Generator, Shape], np.ndarray]] = {
    "any": lambda source, shape: source.standard_normal(shape, np.float32),
    "positive": lambda source, shape: source.uniform(0.3, 3, shape).astype(np.float32),
    "not zero": lambda source, shape: (source.uniform(0.3, 3, shape) * source.choice([-1, 1], shape)).astype(
        np.float32
    ),
    "one": lambda source, shape: np.ones(shape, np.float32),
    "bool": lambda source, shape: source.integers(0, 2, shape).astype(np.bool_),
    "int": lambda source, shape: source.integers(0, 2**31, shape),
    "class": lambda source, shape: source.integers(0, CLASSES, shape),
    "index": lambda source, shape: source.integers(0, shape[0], shape),
}
DIFFERENTIABLE = ("any", "positive", "not zero")


@dataclass(frozen=True)
class Operator:
    """An operator and what it is measured on.

    Attributes:
        name: torch's.
        call: ``call(library, *inputs)``.
        inputs: the kind of numbers in each input, a key of ``KINDS``.
        shapes: the shapes of the inputs, for a number of elements.
        gradients: torch differentiates it.
        layouts: the inputs need not lie row by row.
        reads: the result depends on what is in the inputs.
        view: the result shares the input's memory.
        creates: the result is a new tensor, on the device that is asked for.
        random: the result is drawn by the library's generator.
        flops: of products, forward; what other operators compute is no more than what they read and write.
    """

    name: str
    call: Callable[..., Any]
    inputs: tuple[str, ...]
    shapes: Callable[[int], tuple[Shape, ...]]
    gradients: bool = True
    layouts: bool = True
    reads: bool = True
    view: bool = False
    creates: bool = False
    random: bool = False
    flops: Callable[[int], int] = lambda size: 0


def matrix(size: int) -> Shape:
    """As many columns as rows, or ten times as many."""
    rows = 10 ** ((len(str(size)) - 1) // 2)
    return rows, size // rows


def side(size: int) -> int:
    """Of a square of about so many elements."""
    return isqrt(size)


def images(size: int) -> Shape:
    """A batch of images, smaller ones if there is not enough for a single one."""
    extent = min(IMAGE, isqrt(size // CHANNELS))
    return max(1, size // (CHANNELS * extent**2)), CHANNELS, extent, extent


def one(name: str, call: Callable[..., Any] | None = None, kind: str = "any", **settings: Any) -> Operator:
    return Operator(name, call or _function(name), (kind,), lambda size: (matrix(size),), **settings)


def two(name: str, call: Callable[..., Any] | None = None, kind: str = "any", **settings: Any) -> Operator:
    return Operator(name, call or _function(name), (kind, kind), lambda size: (matrix(size),) * 2, **settings)


def product(name: str, flops: Callable[[int], int], *shapes: Callable[[int], Shape]) -> Operator:
    return Operator(
        name, _function(name), ("any",) * len(shapes), lambda size: tuple(shape(size) for shape in shapes), flops=flops
    )


def loss(name: str, kinds: tuple[str, str], call: Callable[..., Any] | None = None) -> Operator:
    """Of scores, (rows, classes), and of targets: a class for each row, or as many numbers."""

    def shapes(size: int) -> tuple[Shape, ...]:
        rows = size // CLASSES
        return (rows, CLASSES), (rows,) if kinds[1] == "class" else (rows, CLASSES)

    return Operator(name, call or _functional(name), kinds, shapes)


def _function(name: str) -> Callable[..., Any]:
    return lambda library, *inputs: getattr(library, name)(*inputs)


def _functional(name: str) -> Callable[..., Any]:
    return lambda library, *inputs: getattr(library.nn.functional, name)(*inputs)


def _method(name: str, *arguments: Any) -> Callable[..., Any]:
    return lambda library, x, *inputs: getattr(x, name)(*inputs, *arguments)


ELEMENTWISE = [
    *(one(name) for name in ("neg", "abs", "exp", "sin", "cos", "tanh", "sigmoid", "relu", "square", "sign", "floor")),
    *(one(name, kind="positive") for name in ("log", "log1p", "sqrt", "reciprocal")),
    *(two(name) for name in ("add", "sub", "rsub", "mul", "maximum", "minimum")),
    *(two(name, kind="positive") for name in ("div", "pow", "remainder")),
    two("floor_divide", kind="positive", gradients=False),
    one("add number", lambda library, a: a + 1.5),
    one("mul number", lambda library, a: a * 1.5),
    one("pow 2", lambda library, a: a**2),
    one("pow 0.5", lambda library, a: a**0.5, "positive"),
    Operator("add row", lambda library, a, b: a + b, ("any",) * 2, lambda size: (matrix(size), matrix(size)[1:])),
    Operator(
        "mul column", lambda library, a, b: a * b, ("any",) * 2, lambda size: (matrix(size), (matrix(size)[0], 1))
    ),
    one("clamp", lambda library, a: a.clamp(-0.5, 0.7)),
    Operator(
        "where",
        lambda library, c, a, b: library.where(c, a, b),
        ("bool", "any", "any"),
        lambda size: (matrix(size),) * 3,
    ),
    Operator(
        "masked_fill", lambda library, a, c: a.masked_fill(c, 2.5), ("any", "bool"), lambda size: (matrix(size),) * 2
    ),
    one("clone"),
    one("contiguous", _method("contiguous")),
    one("to double", _method("double")),
    *(two(name, gradients=False) for name in ("eq", "ne", "lt", "le", "gt", "ge")),
    two("equal", kind="one", gradients=False),
    *(one(name, gradients=False) for name in ("isnan", "isinf", "isfinite")),
    *(two(name, kind="bool", gradients=False) for name in ("logical_and", "logical_or", "logical_xor")),
    one("logical_not", kind="bool", gradients=False),
    *(two(name, kind="int", gradients=False) for name in ("bitwise_and", "bitwise_or", "bitwise_xor")),
    one("bitwise_not", kind="int", gradients=False),
]

REDUCTIONS = [
    *(one(name) for name in ("sum", "mean", "norm", "max", "min", "amax", "amin")),
    *(one(name, gradients=False) for name in ("argmax", "argmin")),
    one("any", lambda library, a: (a > 100).any(), gradients=False),
    one("all", lambda library, a: (a < 100).all(), gradients=False),
    *(
        one(f"{name} dim {dim}", lambda library, a, name=name, dim=dim: getattr(a, name)(dim))
        for name in ("sum", "mean", "amax")
        for dim in (0, 1)
    ),
    one("max dim 1", lambda library, a: a.max(1).values),
    one("argmax dim 1", lambda library, a: a.argmax(1), gradients=False),
    *(
        one(f"{name} dim {dim}", lambda library, a, name=name, dim=dim: getattr(a, name)(dim))
        for name in ("softmax", "log_softmax")
        for dim in (0, 1)
    ),
]

SHAPES = [
    one("view", _method("view", -1), view=True, layouts=False),
    *(
        one(name, _method(name, *arguments), view=True)
        for name, arguments in [
            ("flatten", ()),
            ("transpose", (0, 1)),
            ("t", ()),
            ("permute", (1, 0)),
            ("squeeze", ()),
            ("unsqueeze", (0,)),
            ("select", (0, 1)),
            ("narrow", (1, 1, 5)),
        ]
    ),
    one("x[1:]", lambda library, a: a[1:], view=True),
    one("reshape transposed", lambda library, a: a.t().reshape(-1)),
    Operator("expand", _method("expand", 10, -1, -1), ("any",), lambda size: (matrix(size // 10),), view=True),
    Operator("unbind", lambda library, a: a.unbind(0)[1], ("any",), lambda size: ((10, size // 10),), view=True),
    two("cat", lambda library, a, b: library.cat([a, b], 0)),
    two("stack", lambda library, a, b: library.stack([a, b], 0)),
]

INDEXING = [
    Operator("x[rows]", lambda library, a, i: a[i], ("any", "index"), lambda size: (matrix(size), (matrix(size)[0],))),
    Operator("x[mask]", lambda library, a, c: a[c], ("any", "bool"), lambda size: (matrix(size),) * 2),
    Operator(
        "gather", lambda library, a, i: a.gather(0, i), ("any", "index"), lambda size: (matrix(size), matrix(size))
    ),
    Operator(
        "index_put",
        lambda library, a, i, b: a.index_put((i,), b, accumulate=True),
        ("any", "index", "any"),
        lambda size: (matrix(size), (matrix(size)[0],), matrix(size)),
    ),
]


def square(size: int) -> Shape:
    return side(size), side(size)


def vector(size: int) -> Shape:
    return (side(size),)


def matrices(size: int) -> Shape:
    """Ten of them."""
    return 10, side(size // 10), side(size // 10)


def one_of_ten(size: int) -> Shape:
    return matrices(size)[1:]


def row(size: int) -> Shape:
    return (size,)


PRODUCTS = [
    product("mm", lambda size: 2 * side(size) ** 3, square, square),
    product("matmul", lambda size: 20 * side(size // 10) ** 3, matrices, one_of_ten),
    product("bmm", lambda size: 20 * side(size // 10) ** 3, matrices, matrices),
    product("addmm", lambda size: 2 * side(size) ** 3, vector, square, square),
    product("mv", lambda size: 2 * side(size) ** 2, square, vector),
    product("dot", lambda size: 2 * size, row, row),
    product("outer", lambda size: side(size) ** 2, vector, vector),
    Operator(
        "linear",
        _functional("linear"),
        ("any",) * 3,
        lambda size: (square(size), square(size), vector(size)),
        flops=lambda size: 2 * side(size) ** 3,
    ),
]


def _conv2d_flops(size: int) -> int:
    batch, channels, height, width = images(size)
    return 2 * batch * channels**2 * height * width * KERNEL**2


WINDOWS = [
    Operator(
        "conv2d",
        lambda library, a, w, b: library.nn.functional.conv2d(a, w, b, padding=KERNEL // 2),
        ("any",) * 3,
        lambda size: (images(size), (CHANNELS, CHANNELS, KERNEL, KERNEL), (CHANNELS,)),
        flops=_conv2d_flops,
    ),
    Operator(
        "max_pool2d", lambda library, a: library.nn.functional.max_pool2d(a, 2), ("any",), lambda size: (images(size),)
    ),
]

LOSSES = [
    loss("cross_entropy", ("any", "class")),
    loss("nll_loss", ("any", "class")),
    loss("mse_loss", ("any", "any")),
    loss("l1_loss", ("any", "any")),
]

IN_PLACE = [
    two("copy_", _method("copy_"), gradients=False),
    two("add_", _method("add_"), gradients=False),
    one("mul_ number", lambda library, a: a.mul_(-1.0), gradients=False),
    one("relu_", _method("relu_"), gradients=False),
    one("fill_", _method("fill_", 2.5), gradients=False, reads=False),
    one("zero_", _method("zero_"), gradients=False, reads=False),
    one("uniform_", _method("uniform_"), gradients=False, reads=False, layouts=False, random=True),
    one("normal_", _method("normal_"), gradients=False, reads=False, layouts=False, random=True),
]

CREATION = [
    one(
        name,
        lambda library, a, name=name, **where: getattr(library, name)(a.shape, **where),
        gradients=False,
        reads=False,
        layouts=False,
        creates=True,
        random="rand" in name,
    )
    for name in ("zeros", "ones", "rand", "randn")
]

OPERATORS = [*ELEMENTWISE, *REDUCTIONS, *SHAPES, *INDEXING, *PRODUCTS, *WINDOWS, *LOSSES, *IN_PLACE, *CREATION]
