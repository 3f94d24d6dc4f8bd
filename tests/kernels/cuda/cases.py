"""Programs on a table of kernels, to be run on the CPU's and on the GPU's. Sizes are ragged: 1, a prime, one more than a block."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.kernels.cuda import (
    cases_attention,
    cases_creation,
    cases_indexing,
    cases_linalg,
    cases_losses,
    cases_normal,
    cases_pointwise,
    cases_sorting,
    cases_spatial,
)
from tests.kernels.cuda.case import Case, Program, call, classes, inside, normal, positive, special, truth

SIZES = [(1,), (13, 31), (257,)]
UNARY = {
    "fd": [
        "sqrt", "rsqrt", "reciprocal", "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "atan", "sinh",
        "cosh", "tanh", "sigmoid", "floor", "ceil", "trunc", "round", "isnan", "isinf", "isfinite",
    ],
    "fdlib": ["abs", "neg", "sign", "clone", "relu"],
    "fdlib?": ["logical_not"],
    "lib?": ["bitwise_not"],
}  # fmt: skip
BINARY = {
    "fdlib": ["add", "sub", "mul", "maximum", "minimum"],
    "fdlib?": ["eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"],
    "lib?": ["bitwise_and", "bitwise_or", "bitwise_xor"],
    "fd": ["div", "copysign", "relu_backward"],
}
NOT_FOR_TRUTH = {"abs", "neg", "sign", "relu", "sub"}


def pointwise() -> list[Case]:
    rows = []
    for dtypes, names in UNARY.items():
        for name in names:
            rows += [Case(f"{name} {size}", call(name), (special(*size),), dtypes) for size in SIZES[1:]]
    rows += [Case(f"{name} inside", call(name), (inside(257),)) for name in ("asin", "acos")]
    for dtypes, names in BINARY.items():
        for name in names:
            rows += [Case(f"{name} {size}", call(name), (special(*size), normal(*size)), dtypes) for size in SIZES]
            if name != "relu_backward":  # whose arrays have one shape
                rows.append(Case(f"{name} broadcast", call(name), (normal(5, 1, 7), normal(11, 1)), dtypes[:2]))
    across = ["add", "mul", "where"]
    rows += [
        Case("pow", call("pow"), (positive(31), normal(31)), close=8),
        *[Case(f"pow {n}", call("pow", n), (positive(31),), close=4) for n in (2, 3, 0.5, -1, -0.5, -2, 1, 1.7)],
        *[
            Case(f"{name} number", lambda k, a, n=name: getattr(k, n)(a, 2), (normal(31),), "fdl")
            for name in across[:2]
        ],
        *[
            Case(f"number {name}", lambda k, a, n=name: getattr(k, n)(3, a), (normal(31),), "fd")
            for name in ("sub", "div")
        ],
        Case("transposed", lambda k, a, b: k.add(k.transpose(a, 0, 1), b), (normal(7, 13), normal(13, 7))),
        Case("both transposed", lambda k, a, b: k.sub(k.t(a), k.t(b)), (normal(7, 13), normal(7, 13))),
        Case("permuted", lambda k, a: k.exp(k.permute(a, (2, 0, 1))), (normal(3, 4, 5),)),
        Case("expanded", lambda k, a: k.neg(k.expand(a, (4, 3, 5))), (normal(3, 1),)),
        Case("sliced", lambda k, a: k.add(k.slice(a, 1, 1, 12, 3), 1), (normal(5, 13),)),
        Case("selected", lambda k, a: k.mul(k.select(a, 1, 2), k.select(a, 1, 3)), (normal(5, 7, 3),)),
        Case("five dimensions", lambda k, a: k.clone(k.permute(a, (4, 2, 0, 3, 1))), (normal(2, 3, 4, 3, 2),)),
        Case("no elements", call("add"), (normal(0, 3), normal(3))),
        Case("no dimensions", call("add"), (normal(), normal())),
        Case("where", call("where"), (truth(13, 31), special(13, 31), normal(31)), "fdl"),
        Case("where number", lambda k, c, a: k.where(c, a, 0.0), (truth(31), normal(31))),
        Case("where other number", lambda k, c, a: k.where(c, 1.5, a), (truth(31), normal(31))),
        Case("masked_fill", lambda k, a, m: k.masked_fill(a, m, 7), (normal(5, 31), truth(31)), "fdl"),
        Case("clamp", call("clamp", -1, 2), (special(31),), "fdl"),
        Case("clamp below", call("clamp", -1, None), (special(31),)),
        Case("cast down", lambda k, a: k.cast(a, np.dtype("f")), (normal(257),), "dl?"),
        Case("cast to whole", lambda k, a: k.cast(a, np.dtype("i8")), (normal(257),), "fdi?"),
        Case("cast to truth", lambda k, a: k.cast(a, np.dtype(bool)), (normal(257),), "fdl"),
        Case("relu_backward NaN", lambda k, a, b: k.relu_backward(b, a), (special(257), normal(257))),
        Case("fill", call("fill", 3), (normal(5, 7),), "fdl?"),
        Case("fill whole", call("fill", 300.5), (normal(5, 7),), "ib"),
        Case("fill broadcast", call("fill"), (normal(5, 7), normal(5, 1)), "fl"),
        Case("zeros", lambda k, a: k.zeros((3, 4), a), (normal(1),), "fl?"),
        Case("ones", lambda k, a: k.ones((257,), a), (normal(1),), "fl?"),
        Case("add_into", lambda k, a, b: k.add_into(k.clone(a), b), (normal(257), normal(257))),
    ]
    for name in ("abs", "neg", "sqrt"):
        rows.append(Case(f"overwrite {name}", overwritten(name), (special(13, 31),)))
    for name in ("add", "sub", "mul", "div"):
        rows += [
            Case(f"overwrite {name}", overwritten(name), (special(13, 31), normal(13, 31))),
            Case(f"overwrite {name} number", overwritten(name, 0.1), (normal(13, 31),)),
        ]
    return [*rows, Case("overwrite alpha", overwritten("sub", alpha=0.5), (normal(31), normal(31)), close=2)]


def overwritten(name: str, *numbers: Any, **settings: Any) -> Program:
    def program(k: Any, a: Any, *others: Any) -> Any:
        target = k.clone(a)
        assert k.overwrite(name, target, *others, *numbers, **settings)
        return target

    return program


ACTIVATIONS: dict[str, tuple[Any, ...]] = {
    "elu": (1.5, 0.7, 1.2), "gelu": ("none",), "hardshrink": (0.5,), "hardsigmoid": (), "hardswish": (), "hardtanh": (-1.0, 2.0),
    "leaky_relu": (0.1,), "log_sigmoid": (), "mish": (), "silu": (), "softplus": (2.0, 5.0), "softshrink": (0.5,),
}  # fmt: skip


def activations() -> list[Case]:
    rows = []
    for name, numbers in [*ACTIVATIONS.items(), ("gelu", ("tanh",))]:
        kind = f"{name} {numbers}"
        rows.append(Case(kind, call(name, *numbers), (special(13, 31),), close=8))
        rows.append(
            Case(f"{name}_backward {numbers}", call(f"{name}_backward", *numbers), (normal(257), normal(257)), close=8)
        )
    return [*rows, Case("threshold", call("threshold", 0.5, 7.0), (special(257),))]


def reductions() -> list[Case]:
    rows = []
    spans = [
        ((1,), None),
        ((257,), None),
        ((17000,), None),
        ((3, 300), (1,)),
        ((300, 3), (0,)),
        ((5, 7, 11), (0, 2)),
        ((5, 7, 11), (1,)),
    ]
    for shape, dim in spans:
        for name in ("sum", "mean", "amax", "amin"):
            dtypes = "fd" if name == "mean" else "fdl"
            rows.append(Case(f"{name} {shape} {dim}", call(name, dim, False), (normal(*shape),), dtypes, close=4))
        rows += [
            Case(f"{name} {shape} {dim}", call(name, dim, True), (normal(*shape),), "?l") for name in ("all", "any")
        ]
    rows += [
        *[Case(f"{name} NaN", call(name, (1,), False), (special(5, 40),)) for name in ("amax", "amin")],
        *[
            Case(f"{name} {d}", call(name, d, False), (special(5, 300),), "fl")
            for name in ("argmax", "argmin")
            for d in (0, 1, None)
        ],
        *[Case(f"{name} kept", call(name, 1, True), (normal(5, 30, 3),), "dl") for name in ("max_dim", "min_dim")],
        Case("prod", lambda k, a: k.prod(a, (1,), False, np.dtype("d")), (normal(5, 9),), close=10),
        Case("sum of truth", lambda k, a: k.sum(a, None, False, np.dtype("i8")), (normal(300),), "?"),
        Case("count_nonzero", call("count_nonzero", (1,)), (normal(5, 70),), "fl?"),
        Case("sum transposed", lambda k, a: k.sum(k.transpose(a, 0, 1), (0,), False), (normal(40, 50),), close=4),
        Case("sum of nothing", call("sum", (0,), False), (normal(0, 3),)),
        Case("sum_to", call("sum_to", (7, 1)), (normal(3, 7, 5),), close=4),
    ]
    for name in ("softmax", "log_softmax"):
        for shape, dim in (((1, 1), 1), ((7, 10), 1), ((3, 300), 1), ((4, 5, 6), 1), ((129, 3), 1), ((0, 3), 1)):
            rows.append(Case(f"{name} {shape}", call(name, dim), (normal(*shape),), close=4))
            rows.append(
                Case(f"{name}_backward {shape}", backward_of(name, dim), (normal(*shape), normal(*shape)), close=8)
            )
    return rows


def backward_of(name: str, dim: int) -> Program:
    return lambda k, grad, a: getattr(k, name + "_backward")(grad, getattr(k, name)(a, dim), dim)


def shapes() -> list[Case]:
    return [
        Case("cat", lambda k, a, b: k.cat([a, b], 1), (normal(3, 4), normal(3, 5)), "fl"),
        Case("stack", lambda k, a, b: k.stack([a, b], 1), (normal(3, 4), normal(3, 4))),
        Case("unbind", lambda k, a: k.add(*k.unbind(a, 1)), (normal(5, 2, 3),)),
        Case("reshape a view", lambda k, a: k.reshape(k.t(a), (6, 2)), (normal(3, 4),)),
        Case("view", lambda k, a: k.view(k.transpose(a, 0, 1), (4, 3, 2, 2)), (normal(3, 4, 4),)),
        Case("squeeze", lambda k, a: k.neg(k.squeeze(k.unsqueeze(a, 1), (1,))), (normal(3, 4),)),
        Case("select_backward", call("select_backward", (3, 4), 1, 2), (normal(3),)),
        Case("slice_backward", call("slice_backward", (3, 9), 1, 1, 8, 3), (normal(3, 3),)),
    ]


def products() -> list[Case]:
    rows = []
    for n, depth, m in ((1, 1, 1), (67, 31, 65), (68, 36, 72), (5, 600, 3), (4, 1048, 8), (64, 0, 3)):
        size = f"{n}x{depth}x{m}"
        rows += [
            Case(f"mm {size}", call("mm"), (normal(n, depth), normal(depth, m)), close=10),
            Case(f"mm tn {size}", lambda k, a, b: k.mm(k.t(a), b), (normal(depth, n), normal(depth, m)), close=10),
            Case(f"mm nt {size}", lambda k, a, b: k.mm(a, k.t(b)), (normal(n, depth), normal(m, depth)), close=10),
        ]
    rows += [
        Case("mm tt", lambda k, a, b: k.mm(k.t(a), k.t(b)), (normal(20, 12), normal(8, 20)), close=10),
        Case("mm of columns", lambda k, a, b: k.mm(k.slice(a, 1, 1, 9, 2), b), (normal(5, 9), normal(4, 3)), close=10),
        Case("addmm", lambda k, c, a, b: k.addmm(c, a, b, 1, 1), (normal(17), normal(9, 40), normal(40, 17)), close=10),
        Case(
            "addmm scaled",
            lambda k, c, a, b: k.addmm(c, a, b, 2, 3),
            (normal(9, 1), normal(9, 40), normal(40, 17)),
            close=20,
        ),
        Case("bmm", call("bmm"), (normal(3, 9, 20), normal(3, 20, 7)), close=10),
        Case("mv", call("mv"), (normal(9, 70), normal(70)), close=10),
        Case("dot", call("dot"), (normal(300), normal(300)), close=10),
        Case("outer", call("outer"), (normal(9), normal(31))),
    ]
    return rows


CONVOLUTIONS: list[tuple[tuple[int, ...], tuple[int, ...], dict[str, Any]]] = [  # input, weight, and how
    ((2, 4, 13), (6, 2, 3), {"stride": (2,), "padding": (1,), "dilation": (2,), "groups": 2}),
    ((2, 3, 8, 9), (5, 3, 3, 3), {"stride": (1, 1), "padding": (1, 1), "dilation": (1, 1), "groups": 1}),
    ((2, 4, 9, 7), (6, 2, 3, 2), {"stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "groups": 2}),
    ((1, 1, 5, 5), (1, 1, 1, 1), {"stride": (1, 1), "padding": (0, 0), "dilation": (1, 1), "groups": 1}),
    ((3, 2, 11, 10), (70, 2, 3, 3), {"stride": (2, 3), "padding": (2, 1), "dilation": (2, 1), "groups": 1}),
]


def convolutions() -> list[Case]:
    rows = []
    for shape, weight, how in CONVOLUTIONS:
        outputs = normal(weight[0])
        size = [
            (n + 2 * p - d * (w - 1) - 1) // s + 1
            for n, w, s, p, d in zip(shape[2:], weight[2:], how["stride"], how["padding"], how["dilation"], strict=True)
        ]
        grad = normal(shape[0], weight[0], *size)
        id = f"{shape} {weight}"
        rows += [
            Case(f"convolution {id}", call("convolution", **how), (normal(*shape), normal(*weight), outputs), close=10),
            Case(
                f"convolution_input_grad {id}",
                call("convolution_input_grad", shape, **how),
                (grad, normal(*weight)),
                close=10,
            ),
            Case(
                f"convolution_weight_grad {id}",
                call("convolution_weight_grad", weight, **how),
                (grad, normal(*shape)),
                close=20,
            ),
        ]
    return rows


POOLINGS: list[tuple[tuple[int, ...], tuple[Any, ...]]] = [
    ((3, 18), ((3,), (2,), (1,), (1,), True)),
    ((1, 2), ((2,), (1,), (1,), (3,), False)),
    ((2, 3, 8, 9), ((2, 2), (2, 2), (0, 0), (1, 1), False)),
    ((2, 30, 31), ((3, 3), (1, 1), (1, 1), (1, 1), False)),
    ((1, 7, 7), ((3, 2), (2, 3), (1, 1), (2, 1), True)),
    ((1, 2, 2), ((2, 2), (1, 1), (1, 1), (3, 3), False)),
]


def poolings() -> list[Case]:
    def gradient(how: Any) -> Program:
        def program(k: Any, a: Any) -> Any:
            output, indices = k.max_pool(a, *how)
            dims = len(how[0])
            grad = k.max_pool_backward(k.exp(k.mul(output, 0.1)), indices, a, dims)
            return grad, k.max_pool_gather(a, indices, dims)

        return program

    rows = []
    for shape, how in POOLINGS:
        rows.append(Case(f"max_pool {shape}", call("max_pool", *how), (special(*shape),), "fd"))
        rows.append(Case(f"max_pool gradients {shape}", gradient(how), (normal(*shape),), "fd", close=4))
    return rows


def losses() -> list[Case]:
    rows = []
    for reduction in ("none", "sum", "mean"):
        for shape, target in (((300, 10), (300,)), ((3, 4, 5), (3, 5)), ((1, 2), (1,))):

            def program(k: Any, a: Any, target: Any, weight: Any, by: str = reduction) -> Any:
                loss, weights = k.nll_loss_forward(a, target, weight, 1, by)
                plain, _ = k.nll_loss_forward(a, target, None, -100, by)
                grad = k.mul(loss, 0.5)
                return (
                    loss,
                    weights,
                    plain,
                    k.nll_loss_backward(grad, target, weights, a, 1),
                    k.nll_loss_pick(a, target, weights, 1),
                )

            inputs = (normal(*shape), classes(shape[1], *target), positive(shape[1]))
            rows.append(Case(f"nll_loss {reduction} {shape}", program, inputs, close=10))
    return rows


CASES = [*pointwise(), *activations(), *reductions(), *shapes(), *products(), *convolutions(), *poolings(), *losses()]
CASES += cases_indexing.CASES + cases_sorting.CASES
CASES += cases_spatial.CASES
CASES += cases_creation.CASES
CASES += cases_linalg.CASES
CASES += cases_normal.CASES
CASES += cases_pointwise.CASES
CASES += cases_attention.CASES
CASES += cases_losses.CASES
