"""Element-wise kernels beside the first ones: dtypes of all kinds, numbers as operands, halves."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.kernels.cuda.case import Case, Make, Program, call, inside, normal, positive, special


def above(least: float, *shape: int) -> Make:
    return lambda random, dtype: (np.abs(random.standard_normal(shape)) + least).astype(dtype)


def shifts(*shape: int) -> Make:
    """As many bits as there are, more, and fewer than none."""
    return lambda random, dtype: random.integers(-2, 2 + 8 * dtype.itemsize, shape).astype(dtype)


def whole(*shape: int) -> Make:
    """Integers of all sizes, with the extremes and 0."""

    def make(random: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        limits = np.iinfo(dtype)
        a = random.integers(limits.min, limits.max, shape, dtype) >> random.integers(
            0, 8 * dtype.itemsize, shape, dtype
        )
        a.reshape(-1)[: 8 * (a.size // 8)].reshape(-1, 8)[:2] = [
            limits.min,
            limits.max,
            0,
            1,
            limits.max,
            0,
            -1 % 2**7,
            2,
        ]
        a.reshape(-1)[1::7] = limits.max if limits.min == 0 else -1
        return a

    return make


def number_first(name: str, number: Any) -> Program:
    return lambda k, a: getattr(k, name)(number, a)


FUNCTIONS = [  # of a float, where each is defined
    ("acosh", above(1, 67)), ("asinh", special(67)), ("atanh", inside(67)), ("deg2rad", special(67)), ("rad2deg", special(67)),
    ("frac", special(67)), ("frexp", special(67)), ("isneginf", special(67)), ("isposinf", special(67)), ("isreal", special(67)),
    ("signbit", special(67)), ("sinc", special(67)),
]  # fmt: skip
OF_TWO = ["atan2", "fmax", "fmin", "fmod", "heaviside", "hypot", "logaddexp", "logaddexp2", "nextafter", "xlogy"]
OF_INTEGERS = ["fmod", "gcd", "lcm", "fmax", "fmin", "maximum", "minimum"]
CLOSE = {"logaddexp": 2, "logaddexp2": 2, "xlogy": 2, "sinc": 4, "atan2": 2, "acosh": 2, "atanh": 2, "asinh": 2}


def functions() -> list[Case]:
    rows = [Case(name, call(name), (make,), close=CLOSE.get(name, 1)) for name, make in FUNCTIONS]
    for name in OF_TWO:
        rows.append(Case(name, call(name), (special(67), normal(67)), close=CLOSE.get(name, 1)))
    across = Case("hypot broadcast", call("hypot"), (normal(5, 1, 7), normal(3, 1)))
    lerps = [
        Case("lerp", call("lerp"), (normal(67), normal(67), inside(67)), close=4),
        Case("lerp number", call("lerp", 0.75), (normal(5, 7), normal(7)), close=4),
    ]
    products = [
        Case(f"{name} {value}", call(name, value), (normal(5, 1, 7), normal(3, 1), positive(7)), close=4)
        for name in ("addcmul", "addcdiv")
        for value in (1, -0.3)
    ]
    numbers = [
        Case("xlogy number", call("xlogy", 2.5), (special(67),)),
        Case("xlogy of a number", number_first("xlogy", 1.5), (positive(67),)),
        Case("nan_to_num", call("nan_to_num", 0.1, 7.0, -7.0), (special(67),), "fdl"),
        *[Case(f"round {n}", call("round", n), (normal(67),), "fdl", close=2) for n in (0, 2, -1)],
    ]
    return [*rows, across, *lerps, *products, *numbers]


def of_integers() -> list[Case]:
    rows = [Case(f"{name} whole", call(name), (whole(67), whole(67)), "lbB") for name in OF_INTEGERS]
    rows += [
        Case(name, call(name), (whole(67), shifts(67)), "lb") for name in ("bitwise_left_shift", "bitwise_right_shift")
    ]
    rows += [
        Case(f"{name} whole", call(name), (whole(67),), "lB") for name in ("floor", "ceil", "trunc", "abs", "isinf")
    ]
    rows += [Case(f"{name} truth", call(name), (normal(67),), "?") for name in ("floor", "isinf", "isposinf", "sqrt")]
    rows += [
        Case(f"{name} whole", call(name), (normal(67),), "b") for name in ("sqrt", "signbit", "isposinf", "isreal")
    ]
    rows += [
        Case("pow whole", call("pow"), (normal(67), lambda random, dtype: random.integers(0, 9, 67).astype(dtype)), "lB"),
        Case("pow negative", call("pow"), (normal(67), normal(67)), "lb"),
        Case("pow of 2", number_first("pow", 2), (normal(67),), "l"),
        *[Case(f"pow {n} whole", call("pow", n), (normal(67),), "lb?") for n in (0, 2, 5)],
        Case("pow 0.5 whole", call("pow", 0.5), (positive(67),), "l", close=2),
        Case("addcmul whole", call("addcmul", 3), (normal(5, 7), normal(7), normal(7)), "l"),
    ]  # fmt: skip
    return rows


def of_kinds() -> list[Case]:
    """Operands of other kinds: the result has the dtype that numpy gives it."""

    def across(name: str) -> Program:
        return lambda k, a, b: getattr(k, name)(k.cast(a, np.dtype("i1")), k.cast(b, np.dtype("f")))

    rows = [
        Case(f"{name} kinds", across(name), (normal(67), normal(67)), "l") for name in ("add", "div", "lt", "maximum")
    ]
    for name in ("add", "mul", "div", "eq", "maximum", "logical_and"):
        rows += [Case(f"{name} {number!r}", call(name, number), (normal(67),), "lb?") for number in (2, 0.5)]
    return [
        *rows,
        *[Case(f"{name} truths", call(name), (normal(67), normal(67)), "?") for name in ("add", "mul", "maximum", "div")],
        *[Case(f"{name} True", call(name, True), (normal(67),), "fl?") for name in ("mul", "add")],
        Case("bitwise_and True", call("bitwise_and", True), (normal(67),), "l?"),
        Case("clamp 0.5", call("clamp", 0.5, None), (normal(67),), "l"),
        Case("add no dimensions", call("add"), (normal(67), normal()), "l?"),
        Case("mul of none", call("mul"), (normal(), normal()), "l?"),
    ]  # fmt: skip


def halves() -> list[Case]:
    rows = [
        Case(f"{name} half", call(name), (special(67),), "e")
        for name in (
            "abs",
            "neg",
            "exp",
            "sqrt",
            "floor",
            "isnan",
            "sign",
            "relu",
            "clone",
            "sigmoid",
            "logical_not",
            "sinc",
        )
    ]
    rows += [
        Case(f"{name} halves", call(name), (special(67), normal(67)), "e")
        for name in ("add", "sub", "mul", "div", "maximum", "lt", "atan2", "fmod")
    ]  # fmt: skip
    return [
        *rows,
        Case("add halves broadcast", call("add"), (normal(5, 1), normal(7)), "e"),
        *[Case(f"{name} half and 0.1", call(name, 0.1), (normal(67),), "e") for name in ("add", "mul", "leaky_relu")],
        Case("addcmul halves", call("addcmul", 0.1), (normal(67), normal(67), normal(67)), "e"),
        Case("where halves", lambda k, a, b: k.where(k.lt(a, b), a, 0.1), (normal(67), normal(67)), "e"),
        *[Case(f"cast halves {to}", lambda k, a, to=to: k.cast(a, np.dtype(to)), (normal(67),), "e") for to in "fdl?"],
        Case("cast to halves", lambda k, a: k.cast(a, np.dtype("e")), (special(67),), "fdl?"),
        Case("fill halves", call("fill", 0.1), (normal(67),), "e"),
        Case("zeros of halves", lambda k, a: k.zeros((67,), a), (normal(1),), "e"),
        Case("overwritten halves", lambda k, a, b: (k.add_into(a, b), a)[1], (normal(67), normal(67)), "e"),
    ]  # fmt: skip


def between(low: float, high: float, *shape: int) -> Make:
    return lambda random, dtype: random.uniform(low, high, shape).astype(dtype)


def edges(low: float, high: float) -> Make:
    """Numbers from there to there, with whole ones, zeros of both signs, infinities and NaN."""

    def make(random: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        a = random.uniform(low, high, 47).astype(dtype)
        a[:11] = [0.0, -0.0, 1, -1, 2, -2, 0.5, -0.5, np.inf, -np.inf, np.nan]
        return a

    return make


EVERYWHERE = [
    "digamma",
    "erf",
    "erfc",
    "erfcx",
    "i0",
    "i0e",
    "i1",
    "i1e",
    "lgamma",
    "log_ndtr",
    "entr",
    "airy_ai",
    "spherical_bessel_j0",
]
PROBABILITIES = ["erfinv", "ndtri"]
BESSEL = [("bessel_j", (0,)), ("bessel_j", (1,)), ("bessel_y", (0,)), ("bessel_y", (1,))]
SCALED_BESSEL = [("bessel_k", (order, scaled)) for order in (0, 1) for scaled in (False, True)]
POLYNOMIALS = [
    "chebyshev_polynomial_t", "chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v", "chebyshev_polynomial_w",
    "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
]  # fmt: skip


def specials() -> list[Case]:
    def degrees(random: np.random.Generator, dtype: np.dtype) -> np.ndarray:
        a = random.integers(-1, 12, 31).astype(dtype)
        a[:3] = [70, 130, 2.5]
        return a

    rows = [Case(name, call(name), (edges(-9, 9),), close=8) for name in EVERYWHERE]
    rows += [
        Case(f"{name} far", call(name), (between(-80, 80, 31),), close=8) for name in ("i1e", "log_ndtr", "airy_ai")
    ]
    rows += [Case(name, call(name), (edges(-1, 1),), close=8) for name in PROBABILITIES]
    for name, params in BESSEL + SCALED_BESSEL:
        program = call(name, *params)
        rows.append(Case(f"{name} {params}", program, (edges(-1, 40),), "f", close=8))
        # Between these, terms of the series are so large that double precision has no more than 11 digits of the sum.
        rows += [Case(f"{name} {params} {n}", program, (between(*n, 31),), "d", close=8) for n in ((0, 3), (15, 40))]
    rows += [Case(f"polygamma {n}", lambda k, a, n=n: k.polygamma(n, a), (edges(-4, 15),), close=8) for n in range(4)]
    rows += [
        Case(f"polynomial {family}", call("polynomial", family), (between(-1, 1, 31), degrees), close=8)
        for family in POLYNOMIALS
    ]
    return [
        *rows,
        *[Case(f"{name}", call(name), (edges(0, 30), between(0, 30, 47)), close=8) for name in ("igamma", "igammac")],
        Case("igamma broadcast", call("igamma"), (between(0, 3, 5, 1), between(0, 3, 7)), close=8),
        Case("zeta", call("zeta"), (between(1, 6, 47), edges(-4, 20)), close=8),
        Case("zeta of a number", number_first("zeta", 2.5), (between(0, 9, 31),), "f", close=8),
        Case("polynomial of degree 3", call("polynomial", 3, "legendre_polynomial_p"), (between(-1, 1, 31),), "f", close=8),
        Case("logit", call("logit", None), (edges(0, 1),), close=8),
        Case("logit within", call("logit", 0.1), (edges(0, 1),), close=8),
        Case("xlog1py", call("xlog1py"), (edges(-5, 5), between(0, 5, 47)), close=4),
        Case("xlog1py number", call("xlog1py", 2.5), (edges(-5, 5),), close=4),
        Case("lgamma of halves", call("lgamma"), (edges(0, 9),), "e"),
        Case("polygamma of halves", lambda k, a: k.polygamma(1, a), (between(0.5, 9, 31),), "e"),
    ]  # fmt: skip


def divisions() -> list[Case]:
    floor, trunc = call("div_rounded", "floor"), call("div_rounded", "trunc")
    kinds = [("remainder", call("remainder")), ("div_rounded floor", floor), ("div_rounded trunc", trunc)]
    rows = [Case(name, program, (special(67), normal(67))) for name, program in kinds]
    rows += [Case(f"{name} whole", program, (whole(67), whole(67)), "lbB") for name, program in kinds]
    rows += [Case(f"{name} wholes", program, (normal(67), normal(67)), "fdl?") for name, program in kinds]
    return [
        *rows,
        Case("remainder number", call("remainder", -1.5), (special(67),), "fd"),
        Case("remainder of a number", number_first("remainder", 7), (normal(67),), "fl"),
        Case("div_rounded number", lambda k, a: k.div_rounded(a, 0.7, "floor"), (normal(67),), "fdl"),
    ]


CASES = [*functions(), *of_integers(), *of_kinds(), *halves(), *specials(), *divisions()]

PROGRAMS = {
    "fmod": (lambda k, a, b: k.fmod(a, b), (257,), (257,)),
    "hypot": (lambda k, a, b: k.hypot(a, b), (257,), (257,)),
    "isposinf": (lambda k, a: k.isposinf(a), (257,)),
    "lerp strided": (lambda k, a, b, c: k.lerp(k.t(a), b, c), (5, 7), (7, 5), (5,)),
    "logaddexp2": (lambda k, a, b: k.logaddexp2(a, b), (257,), (257,)),
    "nan_to_num": (lambda k, a: k.nan_to_num(a, 0.0, 1.0, -1.0), (257,)),
    "nextafter": (lambda k, a, b: k.nextafter(a, b), (257,), (257,)),
    "xlogy": (lambda k, a, b: k.xlogy(a, b), (257,), (257,)),
    "erfc": (lambda k, a: k.erfc(a), (257,)),
    "logit": (lambda k, a: k.logit(a, 0.1), (257,)),
    "remainder": (lambda k, a, b: k.remainder(a, b), (257,), (257,)),
    "div_rounded": (lambda k, a, b: k.div_rounded(a, b, "floor"), (257,), (257,)),
    "airy_ai": (lambda k, a: k.airy_ai(a), (257,)),
    "bessel_y": (lambda k, a: k.bessel_y(a, 1), (257,)),
    "digamma": (lambda k, a: k.digamma(a), (257,)),
    "erfinv": (lambda k, a: k.erfinv(a), (257,)),
    "i0": (lambda k, a: k.i0(a), (257,)),
    "igamma": (lambda k, a, b: k.igamma(a, b), (257,), (257,)),
    "log_ndtr": (lambda k, a: k.log_ndtr(a), (257,)),
    "polygamma": (lambda k, a: k.polygamma(2, a), (257,)),
    "polynomial": (lambda k, a, b: k.polynomial(a, b, "legendre_polynomial_p"), (257,), (257,)),
}
"""For the compile gate."""
IN_DOUBLE = {"airy_ai", "bessel_y", "digamma", "erfinv", "i0", "igamma", "log_ndtr", "polygamma", "polynomial"}
"""Of these, what float32 is computed in double precision for: series and recurrences, as on the CPU."""
OF_ANGLES = {"airy_ai", "bessel_y", "digamma", "polynomial"}
"""Those with sines, of which the library's functions keep 40 bytes on the stack for angles that are huge."""
