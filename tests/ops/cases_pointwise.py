"""The rows of functions that work element by element (see ``cases.py``)."""

from __future__ import annotations

from typing import Any

from tests.ops.case import PAIR, TRIPLE, Case, fixed, of_one, one_of, op, unary


def functional(lib: Any) -> Any:
    return lib.nn.functional


FEW = one_of((), (3,), (2, 3), (1, 2, 2))

ONE_VARIABLE = [
    unary("ceil", "broken"),
    unary("trunc", "broken"),
    unary("round", "broken"),
    unary("frac", "broken"),
    unary("sgn", "not zero"),
    unary("rsqrt", "positive"),
    unary("exp2"),
    unary("expm1"),
    unary("log2", "positive"),
    unary("log10", "positive"),
    unary("tan", "inside"),
    unary("asin", "inside"),
    unary("acos", "inside"),
    unary("atan"),
    unary("sinh"),
    unary("cosh"),
    unary("asinh"),
    of_one("acosh", lambda lib, a: lib.acosh(a + 1), values="positive", special=True),
    unary("atanh", "inside"),
    unary("sinc", "not zero"),
    unary("deg2rad"),
    unary("rad2deg"),
    unary("nan_to_num"),
    unary("erf"),
    unary("erfc"),
    unary("erfinv", "inside"),
    unary("lgamma", "positive"),
    unary("i0"),
    of_one("digamma", lambda lib, a: lib.digamma(a), values="positive"),
    *(of_one(f"polygamma {n}", lambda lib, a, n=n: lib.polygamma(n, a), values="positive") for n in range(4)),
    of_one("mvlgamma", lambda lib, a: lib.mvlgamma(a + 2, 3), values="positive"),
    of_one("round decimals", lambda lib, a: lib.round(a, decimals=2)),
    of_one("round hundreds", lambda lib, a: (a * 1000).round(decimals=-2)),
    of_one("logit", lambda lib, a: lib.logit(a.sigmoid())),
    of_one("logit of any", lambda lib, a: lib.logit(a), values="inside", smooth=False),
    of_one("logit eps", lambda lib, a: lib.logit(a, 0.25)),
    # From 16 elements on, torch's gradient for -0.0 and NaN depends on the place in the memory.
    of_one("logit of few", lambda lib, a: lib.logit(a), FEW, values="inside", special=True, smooth=False),
    of_one("logit eps of few", lambda lib, a: lib.logit(a, 0.25), FEW, special=True),
    of_one("nan_to_num given", lambda lib, a: a.nan_to_num(1.0, 2.0, -3.0), special=True),
    *(
        of_one(f"special.{name}", lambda lib, a, name=name: getattr(lib.special, name)(a), values=values)
        for name, values in [
            ("entr", "positive"), ("erfcx", "any"), ("expit", "any"), ("gammaln", "positive"), ("i0e", "any"), ("i1", "any"),
            ("i1e", "any"), ("log_ndtr", "any"), ("ndtr", "any"), ("psi", "positive"),
        ]
    ),
    of_one("special.ndtri", lambda lib, a: lib.special.ndtri(a.sigmoid())),
    # torch has no gradients of asinh_, acosh_ and atanh_.
    *(
        of_one(f"{name}_ in place", lambda lib, a, name=name: getattr(a * 1, name + "_")(), values="inside")
        for name in (
            "acos", "arccos", "asin", "atan", "ceil", "cosh", "deg2rad", "digamma", "erf", "erfc", "erfinv", "exp2",
            "expm1", "fix", "frac", "i0", "lgamma", "nan_to_num", "rad2deg", "round", "sgn", "sinc", "sinh", "tan",
            "trunc", "absolute", "negative", "logit",
        )
    ),
]  # fmt: skip

TWO_VARIABLES = [
    Case("atan2", lambda lib, a, b: lib.atan2(a, b), PAIR, "not zero", special=True),
    Case("hypot", lambda lib, a, b: lib.hypot(a, b), PAIR, "not zero", special=True),
    Case("logaddexp", lambda lib, a, b: lib.logaddexp(a, b), PAIR, special=True),
    Case("logaddexp2", lambda lib, a, b: lib.logaddexp2(a, b), PAIR, special=True),
    Case("ldexp", lambda lib, a, b: lib.ldexp(a, b), PAIR, special=True),
    Case("xlogy", lambda lib, a, b: lib.xlogy(a, b), PAIR, "positive", special=True),
    of_one("xlogy of a number", lambda lib, a: lib.xlogy(2.5, a), values="positive", special=True),
    of_one("xlogy with a number", lambda lib, a: a.xlogy(2.5), values="positive", special=True),
    of_one("xlogy with 0", lambda lib, a: a.xlogy(0), values="not zero", special=True, smooth=False),
    Case("special.xlog1py", lambda lib, a, b: lib.special.xlog1py(a, b), PAIR, "positive", special=True),
    of_one("special.xlog1py of a number", lambda lib, a: lib.special.xlog1py(2.5, a), values="positive", special=True),
    of_one(
        "special.xlog1py with a number", lambda lib, a: lib.special.xlog1py(a, 2.5), values="positive", special=True
    ),
    Case("float_power", lambda lib, a, b: lib.float_power(a, b), PAIR, "positive", special=True),
    of_one("float_power with a number", lambda lib, a: a.float_power(1.5), values="positive", special=True),
    Case("true_divide", lambda lib, a, b: lib.true_divide(a, b), PAIR, "not zero"),
    Case(
        "subtract, multiply, divide", lambda lib, a, b: lib.multiply(lib.subtract(a, b), a).divide(b), PAIR, "not zero"
    ),
]

OF_SEVERAL = [
    Case("rsub alpha", lambda lib, a, b: lib.rsub(a, b, alpha=2.5), PAIR, special=True),
    of_one("rsub alpha from a number", lambda lib, a: lib.rsub(a, 1, alpha=-2), special=True),
    Case("lerp", lambda lib, a, b: lib.lerp(a, b, 0.3), PAIR, special=True),
    Case("lerp from the end", lambda lib, a, b: a.lerp(b, 0.7), PAIR, special=True),
    Case("lerp by a tensor", lambda lib, a, b, c: lib.lerp(a, b, c), TRIPLE, special=True),
    Case("addcmul", lambda lib, a, b, c: lib.addcmul(a, b, c), TRIPLE, special=True),
    Case("addcmul value", lambda lib, a, b, c: a.addcmul(b, c, value=2.5), TRIPLE),
    Case("addcdiv", lambda lib, a, b, c: lib.addcdiv(a, b, c, value=-0.5), TRIPLE, "not zero", special=True),
    Case("fmod", lambda lib, a, b: lib.fmod(a, b), PAIR, "not zero", special=True),
    of_one("fmod by a number", lambda lib, a: a.fmod(1.5), values="broken", special=True),
    Case("copysign", lambda lib, a, b: lib.copysign(a, b), PAIR, "not zero", special=True),
    of_one("copysign of a number", lambda lib, a: a.copysign(-2), values="not zero", special=True),
    Case("nextafter", lambda lib, a, b: lib.nextafter(a, b), PAIR, special=True, smooth=False),
    Case("dist", lambda lib, a, b: lib.dist(a, b), fixed((2, 3), (3,))),
    *(
        Case(f"dist {p}", lambda lib, a, b, p=p: lib.dist(a, b, p), fixed((2, 3), (3,)))
        for p in (1, 2, 3, float("inf"))
    ),
    Case("lerp_", lambda lib, a, b: (a * 1).lerp_(b, 0.3), fixed((2, 3), (3,))),
    Case("addcmul_", lambda lib, a, b: (a * 1).addcmul_(b, b, value=2), fixed((2, 3), (3,))),
    Case("addcdiv_", lambda lib, a, b: (a * 1).addcdiv_(b, b), fixed((2, 3), (3,)), "positive"),
]

BOUNDS = [
    Case("fmax", lambda lib, a, b: lib.fmax(a, b), PAIR, special=True),
    Case("fmin", lambda lib, a, b: lib.fmin(a, b), PAIR, special=True),
    Case("clamp between tensors", lambda lib, a, b, c: lib.clamp(a, b, c), TRIPLE, special=True),
    Case("clamp by a lower tensor", lambda lib, a, b: lib.clamp(a, min=b), PAIR, special=True),
    Case("clamp by an upper tensor", lambda lib, a, b: a.clip(max=b), PAIR, special=True),
    Case("clamp_min by a tensor", lambda lib, a, b: a.clamp_min(b), PAIR, special=True),
    Case("clamp_max by a tensor", lambda lib, a, b: lib.clamp_max(a, b), PAIR, special=True),
    of_one("clamp_min", lambda lib, a: a.clamp_min(0.25), special=True),
    of_one("clamp_max", lambda lib, a: lib.clamp_max(a, 1), special=True),
    of_one("clamp_min_", lambda lib, a: (a * 1).clamp_min_(0.25)),
    Case("clip_", lambda lib, a, b, c: (a * 1).clip_(b, c), fixed((2, 3), (3,), ())),
]

# torch has no second gradient of hardsigmoid; the database tests its first.
ACTIVATIONS = [
    *(
        of_one(name, lambda lib, a, name=name: op(lib, name)(a), values="not zero", special=name != "gelu")
        for name in (
            "celu", "elu", "gelu", "hardshrink", "hardswish", "hardtanh", "leaky_relu", "mish", "selu", "silu",
            "softplus", "softshrink", "softsign", "tanhshrink",
        )
    ),
    of_one("logsigmoid", lambda lib, a: functional(lib).logsigmoid(a), special=True),
    of_one("relu6", lambda lib, a: functional(lib).relu6(a), values="distinct", special=True),
    of_one("elu alpha", lambda lib, a: functional(lib).elu(a, 0.5), values="not zero", special=True),
    of_one("celu alpha", lambda lib, a: lib.celu(a, alpha=2), values="not zero", special=True),
    of_one("softplus beta", lambda lib, a: functional(lib).softplus(a, beta=4, threshold=2), special=True),
    of_one("leaky_relu slope", lambda lib, a: functional(lib).leaky_relu(a, 0.3), values="not zero", special=True),
    of_one("threshold", lambda lib, a: lib.threshold(a, 0.1, 5), values="not zero", special=True),
    of_one("hardshrink 1", lambda lib, a: a.hardshrink(1), special=True),
    of_one("softshrink 1", lambda lib, a: functional(lib).softshrink(a, 1.0), special=True),
    of_one("gelu tanh", lambda lib, a: functional(lib).gelu(a, approximate="tanh")),
    of_one("glu", lambda lib, a: functional(lib).glu(a), one_of((4,), (2, 6), (2, 3, 2))),
    of_one("glu dim", lambda lib, a: functional(lib).glu(a, 0), one_of((4,), (2, 3))),
    Case("prelu", lambda lib, a, b: lib.prelu(a, b), fixed((2, 3, 4), (3,)), "not zero"),
    Case("prelu of one weight", lambda lib, a, b: a.prelu(b), fixed((2, 3), (1,)), "not zero"),
    Case("prelu of a number", lambda lib, a, b: a.prelu(b), fixed((3,), ()), "not zero"),
    *(
        of_one(
            f"{name} in place",
            lambda lib, a, name=name: getattr(functional(lib), name)(a * 1, inplace=True),
            values="not zero",
        )
        for name in (
            "celu", "elu", "hardswish", "hardtanh", "leaky_relu", "mish", "relu6", "selu", "silu",
        )
    ),
    of_one("threshold in place", lambda lib, a: functional(lib).threshold(a * 1, 0.1, 2.0, True), values="not zero"),
]  # fmt: skip

CASES = [*ACTIVATIONS, *OF_SEVERAL, *BOUNDS, *ONE_VARIABLE, *TWO_VARIABLES]
