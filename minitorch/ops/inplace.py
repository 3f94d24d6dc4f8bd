"""Forms that write in place, as functions of the package: ``exp_(x)`` is ``x.exp_()``.

torch has them for these operators, and for no others.
"""

from __future__ import annotations

from minitorch.ops import nonlinearity, piecewise
from minitorch.ops.operator import functions, methods

NAMES = (
    "abs", "acos", "acosh", "addmv", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "as_strided", "asin",
    "asinh", "atan", "atanh", "ceil", "clamp", "clamp_max", "clamp_min", "clip", "conj_physical", "cos", "cosh", "deg2rad", "erf",
    "erfc", "exp", "exp2", "expm1", "fill", "fix", "floor", "frac", "gcd", "i0", "index_put", "lcm", "ldexp", "log",
    "log10", "log1p", "log2", "logit",
    "nan_to_num", "neg", "negative", "rad2deg", "reciprocal", "relu", "round", "rsqrt", "sigmoid", "sin", "sinc",
    "sinh", "sqrt", "square", "tan", "tanh", "trunc", "xlogy", "zero",
)  # fmt: skip


def declare() -> None:
    """Enters them, once all families have declared their methods."""
    for name in NAMES:
        functions[name + "_"] = methods[name + "_"]
    functions["celu_"], functions["selu_"] = nonlinearity.celu_, nonlinearity.selu_
    functions["threshold_"] = piecewise.threshold_
