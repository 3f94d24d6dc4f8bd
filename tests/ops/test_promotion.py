"""Which dtype a result has, and its value: all pairs of dtypes, tensors without dimensions, and Python numbers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.oracle import numbers

VALUES: dict[str, list[Any]] = {
    "bool": [True, False, True],
    "uint8": [3, 250, 7],
    "int8": [-3, 100, 7],
    "int16": [-3, 300, 7],
    "int32": [-3, 300, 7],
    "int64": [-3, 300, 7],
    "float16": [-2.5, 3, 0.5],
    "bfloat16": [-2.5, 3, 0.5],
    "float32": [-2.5, 3, 0.5],
    "float64": [-2.5, 3, 0.5],
}
NUMBERS = [True, 3, -2, 2.5, 0, 300]
Operands = Callable[[Any], tuple[Any, Any]]

SIGNS = {
    name: getattr(operator, name)
    for name in (
        "add",
        "sub",
        "mul",
        "truediv",
        "floordiv",
        "mod",
        "pow",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "and_",
        "or_",
        "xor",
    )
}
FUNCTIONS: dict[str, Callable[[Any, Any, Any], Any]] = {
    **{name: lambda lib, a, b, sign=sign: sign(a, b) for name, sign in SIGNS.items()},
    **{
        name: lambda lib, a, b, name=name: getattr(lib, name)(a, b)
        for name in ("maximum", "minimum", "logical_and", "logical_or", "logical_xor")
    },
    "where": lambda lib, a, b: lib.where(lib.tensor([True, False, True]), a, b),
    "div trunc": lambda lib, a, b: lib.div(a, b, rounding_mode="trunc"),
    "add alpha": lambda lib, a, b: lib.add(a, b, alpha=2),
    "add alpha float": lambda lib, a, b: lib.add(a, b, alpha=2.5),
    "cat": lambda lib, a, b: lib.cat([lib.as_tensor(each).reshape(-1) for each in (a, b)]),
    "stack": lambda lib, a, b: lib.stack([lib.as_tensor(each).reshape(-1)[0] for each in (a, b)]),
}
IN_PLACE = {name: getattr(operator, name) for name in ("iadd", "isub", "imul", "itruediv", "ipow")}


def made(dtype: str, without_dims: bool = False, reverse: bool = False) -> Callable[[Any], Any]:
    values = VALUES[dtype][::-1] if reverse else VALUES[dtype]
    return lambda lib: lib.tensor(values[0] if without_dims else values, dtype=getattr(lib, dtype))


def pairs() -> Iterator[tuple[str, Operands]]:
    for a, b in product(VALUES, VALUES):
        yield f"{a} {b}", lambda lib, a=a, b=b: (made(a)(lib), made(b, reverse=True)(lib))
        yield f"{a} {b}()", lambda lib, a=a, b=b: (made(a)(lib), made(b, without_dims=True)(lib))
        yield f"{a}() {b}", lambda lib, a=a, b=b: (made(a, without_dims=True)(lib), made(b)(lib))
    for a, number in product(VALUES, NUMBERS):
        yield f"{a} {number}", lambda lib, a=a, n=number: (made(a)(lib), n)
        yield f"{a}() {number}", lambda lib, a=a, n=number: (made(a, without_dims=True)(lib), n)
        yield f"{number} {a}", lambda lib, a=a, n=number: (n, made(a)(lib))


def outcome(compute: Callable[..., Any], *operands: Any) -> tuple[Any, ...]:
    """The dtype and the numbers, or the error."""
    try:
        result = compute(*operands)
    except Exception as error:
        return type(error).__name__, str(error).partition("\n")[0]
    return (str(result.dtype), numbers(result)) if hasattr(result, "dtype") else (result,)


def assert_same_outcome(label: str, ours: tuple[Any, ...], theirs: tuple[Any, ...]) -> None:
    if isinstance(theirs[-1], np.ndarray):
        assert ours[0] == theirs[0], f"{label}: {ours} and not {theirs}"
        relative = 2.0**-7 if theirs[0] == "torch.bfloat16" else 1e-3  # a unit in its last place
        np.testing.assert_allclose(ours[1], theirs[1], relative, 1e-4, err_msg=label)
    else:
        assert ours == theirs, label


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_pair_of_dtypes_gives_torchs_dtype_and_numbers_or_error(name: str):
    for label, operands in pairs():
        ours, theirs = (outcome(FUNCTIONS[name], lib, *operands(lib)) for lib in (minitorch, torch))
        assert_same_outcome(label, ours, theirs)


@pytest.mark.parametrize("name", IN_PLACE)
def test_writing_in_place_keeps_the_dtype_or_is_refused(name: str):
    for label, operands in pairs():
        if "()" not in label and not label[0].isdigit():
            ours, theirs = (outcome(IN_PLACE[name], *operands(lib)) for lib in (minitorch, torch))
            assert_same_outcome(label, ours, theirs)


@pytest.mark.parametrize(
    "name",
    [
        "exp",
        "sqrt",
        "sin",
        "tanh",
        "sigmoid",
        "reciprocal",
        "log1p",
        "neg",
        "abs",
        "sign",
        "floor",
        "square",
        "relu",
        "sum",
        "mean",
        "norm",
        "max",
        "min",
        "amax",
        "argmax",
        "all",
        "any",
        "logical_not",
        "bitwise_not",
        "isnan",
        "isinf",
        "isfinite",
        "softmax",
        "log_softmax",
        "clone",
    ],
)
def test_every_dtype_alone_gives_torchs_dtype_and_numbers_or_error(name: str):
    for dtype in VALUES:
        ours, theirs = (
            outcome(getattr(lib, name), made(dtype)(lib), *([0] if "softmax" in name else []))
            for lib in (minitorch, torch)
        )
        assert_same_outcome(dtype, ours, theirs)


@pytest.mark.parametrize(
    "make",
    [
        lambda lib, x: x.sum(0),
        lambda lib, x: x.max(0).values,
        lambda lib, x: x.max(0)[1],
        lambda lib, x: x.amin(0),
        lambda lib, x: x.argmin(0),
        lambda lib, x: x.all(0),
        lambda lib, x: x.any(0),
        lambda lib, x: x @ x,
        lambda lib, x: x.reshape(1, 3) @ x,
        lambda lib, x: x.reshape(3, 1) @ x.reshape(1, 3),
        lambda lib, x: x.outer(x),
        lambda lib, x: x.clamp(1, 2),
        lambda lib, x: x.clamp(0.5),
        lambda lib, x: x.clamp(max=300),
        lambda lib, x: x.masked_fill(x > 0, 300),
        lambda lib, x: x.clone().fill_(2.5),
        lambda lib, x: x.clone().fill_(300),
        lambda lib, x: x.float(),
        lambda lib, x: x.bool(),
        lambda lib, x: x.to(lib.float16),
        lambda lib, x: x.sum(dtype=lib.float32),
        lambda lib, x: x.mean(dtype=lib.float64),
        lambda lib, x: x[x > 0],
        lambda lib, x: ~x,
        lambda lib, x: -x,
        lambda lib, x: x**0,
        lambda lib, x: x**0.5,
        lambda lib, x: x**-1,
        lambda lib, x: x == x.double(),
        lambda lib, x: x.softmax(0, dtype=lib.float32),
        lambda lib, x: 1 / x,
        lambda lib, x: x.copy_(lib.tensor(2.5)),
    ],
)
def test_operators_of_one_tensor_of_any_dtype_give_torchs_result_or_error(make: Callable[[Any, Any], Any]):
    for dtype in VALUES:
        ours, theirs = (outcome(make, lib, made(dtype)(lib)) for lib in (minitorch, torch))
        assert_same_outcome(dtype, ours, theirs)


FAR = [300, -300, 2**40, 2**63 - 1, 2**63, 2**64, np.float32(2.5), np.int8(3), np.bool_(True), np.float64(0.25)]
WITH_A_NUMBER: dict[str, Callable[[Any, Any], Any]] = {
    **{
        name: SIGNS[name]
        for name in ("add", "sub", "mul", "eq", "ne", "lt", "le", "gt", "ge", "floordiv", "mod", "and_")
    },
    **{name: IN_PLACE[name] for name in ("iadd", "isub", "imul")},
    "fill_": lambda x, n: x.fill_(n),
    "masked_fill": lambda x, n: x.masked_fill(x > 3, n),
}


@pytest.mark.parametrize("name", WITH_A_NUMBER)
def test_numbers_out_of_range_and_numpys_numbers_count_as_in_torch(name: str):
    for dtype in VALUES:
        for number in FAR:
            if dtype == "bool" and name != "fill_" and isinstance(number, int) and number >= 2**63:
                continue  # torch takes these for uint64, which does not mix with bool; here they are int64
            if "float" in dtype and type(number) is int and number == 2**64:
                continue  # torch refuses integers of more than 64 bits; here floating point numbers take them as they are
            ours, theirs = (outcome(WITH_A_NUMBER[name], made(dtype)(lib), number) for lib in (minitorch, torch))
            assert_same_outcome(f"{dtype} {number!r}", ours, theirs)
