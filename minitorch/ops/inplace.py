"""Forms that write in place, as functions of the package: ``exp_(x)`` is ``x.exp_()``.

torch has them for these operators, and for no others.
"""

from __future__ import annotations

from minitorch.ops import nonlinearity, piecewise
from minitorch.ops.operator import functions, methods

NAMES = (
    "abs", "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "asin", "asinh", "atan",
    "atanh", "ceil", "clamp", "clamp_max", "clamp_min", "clip", "cos", "cosh", "deg2rad", "erf", "erfc", "exp",
    "exp2", "expm1", "fix", "floor", "frac", "gcd", "i0", "lcm", "ldexp", "log", "log10", "log1p", "log2", "logit",
    "nan_to_num", "neg", "negative", "rad2deg", "reciprocal", "relu", "round", "rsqrt", "sigmoid", "sin", "sinc",
    "sinh", "sqrt", "square", "tan", "tanh", "trunc", "xlogy",
)  # fmt: skip


def declare() -> None:
    """Enters them, once all families have declared their methods."""
    for name in NAMES:
        functions[name + "_"] = methods[name + "_"]
    functions["celu_"], functions["selu_"] = nonlinearity.celu_, nonlinearity.selu_
    functions["threshold_"] = piecewise.threshold_
