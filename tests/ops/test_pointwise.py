"""Functions that work element by element: dtypes beside float32 and float64, large arrays, and results written elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from minitorch.ops.operator import functions
from tests.oracle import assert_same, assert_same_error, numbers, pull_back

OF_ONE = [
    "abs", "absolute", "acos", "acosh", "arccos", "asin", "asinh", "atan", "atanh", "ceil", "cos", "cosh", "deg2rad", "digamma",
    "erf", "erfc", "erfinv", "exp", "exp2", "expm1", "fix", "floor", "frac", "i0", "isfinite", "isinf", "isnan", "isneginf",
    "isposinf", "isreal", "lgamma", "log", "log10", "log1p", "log2", "logical_not", "logit", "nan_to_num", "neg", "negative",
    "positive", "rad2deg", "reciprocal", "relu", "round", "rsqrt", "sgn", "sigmoid", "sign", "signbit", "sin", "sinc", "sinh",
    "sqrt", "square", "tan", "tanh", "trunc",
]  # fmt: skip
OF_TWO = [
    "add", "atan2", "bitwise_left_shift", "bitwise_right_shift", "clamp_max", "clamp_min", "copysign", "div", "dist", "eq",
    "float_power", "floor_divide", "fmax", "fmin", "fmod", "gcd", "greater", "heaviside", "hypot", "isclose", "lcm", "ldexp",
    "less_equal", "logaddexp", "logaddexp2", "maximum", "mul", "nextafter", "not_equal", "pow", "remainder", "sub", "xlogy",
]  # fmt: skip
ACTIVATIONS = [
    "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu", "logsigmoid", "mish", "relu6",
    "selu", "silu", "softplus", "softshrink", "softsign", "tanhshrink",
]  # fmt: skip
SPECIAL = ["entr", "erfcx", "i0e", "i1", "i1e", "log_ndtr", "ndtr", "ndtri"]

dtypes = pytest.mark.parametrize("dtype", ["bool", "uint8", "int8", "int16", "int32", "int64", "float16"])


def assert_same_or_refused(call: Callable[[Any], Any]) -> None:
    """Checks that both libraries give the same, or refuse alike."""
    try:
        theirs = call(torch)
    except (RuntimeError, TypeError):
        assert_same_error(lambda: call(minitorch), lambda: call(torch))
    else:
        assert_same(call(minitorch), theirs)


def array(dtype: str, seed: int = 0, low: float = -3) -> np.ndarray:
    source = np.random.default_rng(seed)
    if dtype == "float16":
        return source.uniform(low, 3, (3, 4)).astype(dtype)
    return source.integers(0 if dtype in ("bool", "uint8") else int(low), 2 if dtype == "bool" else 4, (3, 4)).astype(
        dtype
    )


@pytest.mark.parametrize("name", OF_ONE)
@dtypes
def test_other_dtypes_of_one(name: str, dtype: str):
    assert_same_or_refused(lambda lib: getattr(lib, name)(lib.from_numpy(array(dtype))))


@pytest.mark.parametrize("name", OF_TWO)
@dtypes
def test_other_dtypes_of_two(name: str, dtype: str):
    low = 1 if name in ("fmod", "remainder", "floor_divide", "pow") else -3
    assert_same_or_refused(
        lambda lib: getattr(lib, name)(*[lib.from_numpy(array(dtype, seed, low)) for seed in (0, 1)])
    )


@pytest.mark.parametrize("name", ACTIVATIONS)
@dtypes
def test_other_dtypes_of_activations(name: str, dtype: str):
    assert_same_or_refused(lambda lib: getattr(lib.nn.functional, name)(lib.from_numpy(array(dtype))))


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("dtype", ["bool", "int64"])
def test_other_dtypes_of_special_functions(name: str, dtype: str):
    assert_same_or_refused(lambda lib: getattr(lib.special, name)(lib.from_numpy(array(dtype))))


@pytest.mark.parametrize("name", [*OF_ONE, *ACTIVATIONS, *SPECIAL])
@pytest.mark.parametrize("layout", ["rows", "columns", "stepped"])
def test_large_arrays(name: str, layout: str):
    whole = np.random.default_rng(0).uniform(-3, 3, (301, 404)).astype(np.float32)
    given = {"rows": whole, "columns": whole.T, "stepped": whole[:, ::2]}[layout]

    def call(lib: Any) -> Any:
        places = [lib, lib.nn.functional, lib.special]
        function = next(getattr(place, name) for place in places if hasattr(place, name))
        return function(lib.from_numpy(given))

    ours, theirs = call(minitorch), call(torch)
    assert ours.stride() == theirs.stride()
    np.testing.assert_allclose(numbers(ours), numbers(theirs), 2e-5, 2e-6)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
@pytest.mark.parametrize("size", [7, 40_000])
def test_gradients_on_arrays(name: str, dtype: str, size: int):
    """Without ``create_graph``: some have a kernel of their own for it."""
    source = np.random.default_rng(0)
    a, cotangent = (source.uniform(-5, 5, (2, size)).astype(dtype) for _ in range(2))

    def call(lib: Any, a: np.ndarray, cotangent: np.ndarray) -> Any:
        x = lib.from_numpy(a).requires_grad_()
        return lib.autograd.grad(getattr(lib.nn.functional, name)(x), x, lib.from_numpy(cotangent))

    judge = call(torch, a.astype(np.float64), cotangent.astype(np.float64))
    assert_same(call(minitorch, a, cotangent), call(torch, a, cotangent), lambda: judge)


@pytest.mark.parametrize("name", ["erf", "round", "tan", "log2", "trunc", "logit", "i0", "rsqrt"])
def test_results_written_elsewhere(name: str):
    for lib in (minitorch, torch):
        x, out = lib.tensor([0.2, 0.7, 0.4]), lib.empty(3)
        assert getattr(lib, name)(x, out=out) is out
        assert_same(minitorch.from_numpy(numbers(out)), getattr(torch, name)(torch.tensor([0.2, 0.7, 0.4])))


@pytest.mark.parametrize(
    "name", sorted(name for name in functions if name.endswith("_") and "dropout" not in name)
)  # random
def test_functions_that_write_in_place(name: str):
    more = {
        "addmv_": lambda lib: (lib.ones(2, 2), lib.ones(2)),
        "as_strided_": lambda lib: ((1, 2), (1, 1)),
        "fill_": lambda lib: (3,),
        "index_put_": lambda lib: ((lib.tensor([1]),), lib.tensor(5.0)),
        "threshold_": lambda lib: (0.5, 3.0),
    }
    others = {"clamp_max_": 1, "clamp_min_": 1, "gcd_": 1, "lcm_": 1, "ldexp_": 1, "xlogy_": 1}.get(name, 0)

    def call(lib: Any) -> Any:
        x, *rest = [
            lib.tensor([4, 6]) if name in ("gcd_", "lcm_") else lib.tensor([0.25, 0.75]) for _ in range(others + 1)
        ]
        keywords = {"min": 0.5} if name in ("clamp_", "clip_") else {}
        if name in more:
            rest = more[name](lib)
        assert getattr(lib, name)(x, *rest, **keywords) is x
        return x

    assert_same(call(minitorch), call(torch))


@pytest.mark.parametrize("name", ["elu_", "celu_", "selu_", "leaky_relu_", "hardtanh_"])
def test_activations_in_place(name: str):
    def call(lib: Any) -> Any:
        x = lib.tensor([-2.0, -0.5, 0.5, 2.0])
        assert getattr(lib.nn.functional, name)(x) is x
        return x

    assert_same(call(minitorch), call(torch))


@pytest.mark.parametrize("name", ["elu", "leaky_relu"])
def test_what_a_negative_slope_has_overwritten_cannot_be_differentiated(name: str):
    def call(lib: Any) -> Any:
        x = lib.tensor([-2.0, 0.5], requires_grad=True)
        pull_back(getattr(lib.nn.functional, name + "_")(x * 1, -0.5))

    assert_same_error(lambda: call(minitorch), lambda: call(torch))


@pytest.mark.parametrize(
    "call",
    [
        lambda lib: lib.tensor([1.5, 2.5, -0.5, 1234.5]).round(decimals=-2),
        lambda lib: lib.tensor([1, 2, 3]) << lib.tensor([1, 63, 64]),
        lambda lib: lib.tensor([-1, 2, 3]) >> lib.tensor([1, 70, -1]),
        lambda lib: 2 << lib.tensor([1, 2]),
        lambda lib: lib.tensor([True, False]) << 1,
        lambda lib: lib.tensor([5, 6]).__irshift__(1),
        lambda lib: lib.addcmul(*[lib.tensor([1, 2])] * 3, value=3),
        lambda lib: lib.clamp(lib.tensor([1, 2, 3]), lib.tensor(1.5)),
        lambda lib: lib.tensor([1, 2, 3]).clamp_min(1.5),
        lambda lib: lib.nan_to_num(lib.tensor([float("nan"), float("inf"), 1.0]), neginf=1.0),
        lambda lib: lib.isclose(
            lib.tensor([float("nan"), float("inf"), 1.0]), lib.tensor([float("nan"), float("inf"), 1.1])
        ),
        lambda lib: lib.isclose(lib.tensor([float("nan"), 1.0]), lib.tensor([float("nan"), 1.0]), equal_nan=True),
        lambda lib: lib.isclose(lib.tensor([100, 101]), lib.tensor([101, 101]), rtol=0.01),
        lambda lib: lib.allclose(lib.tensor([1.0]), lib.tensor([1.0 + 1e-7])),
        lambda lib: lib.polygamma(3, lib.tensor([0.5, 2.0])),
        lambda lib: lib.tensor([0.5, 2.0]).polygamma(2),
        lambda lib: lib.tensor([0.5, 2.0]).polygamma_(1),
        lambda lib: lib.special.multigammaln(lib.tensor([2.5, 3.0]), 3),
        lambda lib: lib.digamma(lib.tensor([0.0, -0.0, -1.0, float("inf"), -float("inf"), float("nan")])),
        lambda lib: lib.lgamma(lib.tensor([0.0, -1.0, -1.5, float("inf"), -float("inf"), float("nan")])),
        lambda lib: lib.erfinv(lib.tensor([1.0, -1.0, 1.5, 0.0, 1e-30, 0.9999999, float("nan")])),
        lambda lib: lib.erfinv(lib.tensor([1 - 1e-15, 1e-300, 0.3], dtype=lib.float64)),
        lambda lib: lib.special.ndtri(lib.tensor([0.0, 1.0, 1e-30, 0.5, -1.0, 2.0], dtype=lib.float64)),
        lambda lib: lib.special.log_ndtr(lib.tensor([-1e4, -30.0, 0.0, 30.0], dtype=lib.float64)),
        lambda lib: lib.special.erfcx(lib.tensor([-30.0, -3.0, 0.0, 20.0, 30.0, 1e10], dtype=lib.float64)),
        lambda lib: lib.i0(lib.tensor([0.0, 8.0, 29.0, 31.0, 600.0, -600.0, 1e4], dtype=lib.float64)),
        lambda lib: lib.special.i1(lib.tensor([0.0, 8.0, 29.0, 31.0, 600.0, -600.0], dtype=lib.float64)),
        lambda lib: lib.special.i1e(lib.tensor([0.0, 8.0, 29.0, 31.0, 600.0, -1e6], dtype=lib.float64)),
    ],
)
def test_numbers_at_the_edges(call: Callable[[Any], Any]):
    assert_same(call(minitorch), call(torch))


def test_the_power_of_zero_is_flat_even_for_infinite_gradients():
    def call(lib: Any) -> Any:
        x = lib.tensor([0.0, 2.0, -1.0]).requires_grad_()
        cotangent = lib.tensor([float("inf"), float("nan"), 3.0])
        return lib.autograd.grad(x**0, x, cotangent, create_graph=True)

    assert_same(call(minitorch), call(torch))


@pytest.mark.parametrize("exponent", [0.5, -0.5, 2.0, -1.0, 0.0])
@pytest.mark.parametrize("shape", [(), (1,), (6,)])
def test_powers_of_zeros_and_infinities_to_a_tensor(shape: tuple[int, ...], exponent: float):
    def call(lib: Any) -> Any:
        powers = lib.tensor([-0.0, 0.0, -np.inf, np.inf, np.nan, -1.0]) ** lib.full(shape, exponent)
        return powers, powers.nan_to_num().signbit()

    assert_same(call(minitorch), call(torch))


@pytest.mark.parametrize("size", [6, 3000])
def test_the_gradient_of_relu_passes_where_there_is_nan(size: int):
    def call(lib: Any) -> Any:
        x = lib.tensor([np.nan, 0.0, -0.0, 2.0, -2.0, np.inf] * (size // 6), requires_grad=True)
        return lib.autograd.grad(x.relu(), x, lib.arange(1.0, size + 1))

    assert_same(call(minitorch), call(torch))
