"""Every instruction that the interpreter knows against numpy, Python's integers, or exact fractions."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from tests.ptx.assembly import evaluate
from tests.ptx.meanings import MEANINGS
from tests.ptx.module import DTYPES, PTXError

SIZE = 256
RANDOM = np.random.default_rng(3)
EDGES = {
    "f": [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 1e-40, -1e-40, 3.4e38, 0.5, 2.5, -2.5, 1e9, -3e9, 1e30],
    "i": [0, 1, -1, 2, 31, 32, 33, 63, 64, 65, 127, -128],
    "u": [0, 1, 2, 31, 32, 33, 63, 64, 65, 127, 255],
}


def numbers(type):
    """Edge cases, and random numbers of all magnitudes."""
    dtype = DTYPES[type]
    if dtype.kind == "f":
        drawn = RANDOM.standard_normal(SIZE) * 10.0 ** RANDOM.integers(-6, 7, SIZE)
    else:
        bits = RANDOM.integers(0, 2**63, SIZE, np.uint64) << np.uint64(1) | RANDOM.integers(0, 2, SIZE, np.uint64)
        drawn = (bits >> RANDOM.integers(0, 64, SIZE).astype(np.uint64)).astype(dtype)
    drawn = drawn.astype(dtype)
    edges = np.array(EDGES[dtype.kind]).astype(dtype)
    drawn[: len(edges)] = RANDOM.permutation(edges)
    return RANDOM.permutation(drawn)


def wrapped(value, type):
    """An integer of Python as one of that type."""
    bits = 8 * DTYPES[type].itemsize
    return np.array([int(each) % 2**bits for each in value], f"u{bits // 8}").view(DTYPES[type])


def integers(function):
    return lambda *operands: [function(*map(int, each)) for each in zip(*operands, strict=True)]


def towards_zero(a, b):
    return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


WHOLE = [
    ("add.{t}", 2, lambda a, b: a + b),
    ("sub.{t}", 2, lambda a, b: a - b),
    ("mul.lo.{t}", 2, lambda a, b: a * b),
    ("mad.lo.{t}", 3, lambda a, b, c: a * b + c),
    ("min.{t}", 2, min),
    ("max.{t}", 2, max),
]
INTEGER_ROWS = [
    *[(text.format(t=t), t, [t] * count, f) for text, count, f in WHOLE for t in ("s32", "u32", "s64", "u64")],
    *[(f"mul.wide.{t}", t[0] + w, [t] * 2, lambda a, b: a * b) for t, w in (("s32", "64"), ("u32", "64"), ("u16", "32"))],
    *[(f"mad.wide.{t}", t[0] + "64", [t, t, t[0] + "64"], lambda a, b, c: a * b + c) for t in ("s32", "u32")],
    *[(f"mul.hi.{t}", t, [t] * 2, lambda a, b, n=int(t[1:]): a * b >> n) for t in ("s32", "u32", "s64", "u64")],
    *[(f"and.{t}", t, [t] * 2, lambda a, b: a & b) for t in ("b32", "b64", "b16")],
    *[(f"or.{t}", t, [t] * 2, lambda a, b: a | b) for t in ("b32", "b64")],
    *[(f"xor.{t}", t, [t] * 2, lambda a, b: a ^ b) for t in ("b32", "b64")],
    *[(f"not.{t}", t, [t], lambda a: ~a) for t in ("b32", "b64")],
    *[(f"neg.{t}", t, [t], lambda a: -a) for t in ("s32", "s64")],
    *[(f"abs.{t}", t, [t], abs) for t in ("s32", "s64")],
    *[(f"shl.{t}", t, [t, "u32"], lambda a, b: a << min(b, 64)) for t in ("b32", "b64")],
    *[(f"shr.{t}", t, [t, "u32"], lambda a, b: a >> min(b, 64)) for t in ("u32", "s32", "u64", "s64")],
    *[(f"popc.{t}", "u32", [t], lambda a: a.bit_count()) for t in ("b32", "b64")],
    *[(f"clz.{t}", "u32", [t], lambda a, n=int(t[1:]): n - a.bit_length()) for t in ("b32", "b64")],
    *[(f"cvt.{d}.{s}", d, [s], lambda a: a) for s in ("s32", "u32", "s64", "u64") for d in ("s32", "u64", "s16", "u8")],
    *[(f"cvt.{d}.{s}", d, [s], lambda a: a) for s in ("s8", "u8", "s16") for d in ("s32", "u32", "s64")],
    *[(f"mov.{t}", t, [t], lambda a: a) for t in ("u32", "b64", "b16")],
]  # fmt: skip


@pytest.mark.parametrize(("text", "result", "types", "expected"), INTEGER_ROWS, ids=lambda each: str(each)[:20])
def test_of_integers(text, result, types, expected):
    inputs = [numbers(each) for each in types]
    operands = ", ".join("{" + each + "}" for each in "dabc"[: len(types) + 1])
    ours = evaluate(f"{text} {operands}", result, *zip(types, inputs, strict=True))
    np.testing.assert_array_equal(ours, wrapped(integers(expected)(*inputs), result))


@pytest.mark.parametrize("type", ["s32", "u32", "s64", "u64"])
@pytest.mark.parametrize("name", ["div", "rem"])
def test_division_goes_towards_zero(name, type):
    a, b = numbers(type), numbers(type)
    b[b == 0] = 3
    b[(b == -1) & (a == np.iinfo(a.dtype).min)] = 3 if a.dtype.kind == "i" else 1
    quotient = integers(towards_zero)(a, b)
    expected = quotient if name == "div" else integers(lambda a, b, q: a - q * b)(a, b, quotient)
    np.testing.assert_array_equal(
        evaluate(f"{name}.{type} {{d}}, {{a}}, {{b}}", type, (type, a), (type, b)), wrapped(expected, type)
    )


def test_a_division_by_zero_is_an_error():
    with pytest.raises(PTXError, match="division by zero"):
        evaluate("div.u32 {d}, {a}, {b}", "u32", ("u32", np.ones(32, np.uint32)), ("u32", np.zeros(32, np.uint32)))


def flushed(a):
    return np.where(np.abs(a) < np.finfo(a.dtype).tiny, np.copysign(a.dtype.type(0), a), a)


BOTH = ("f32", "f64")
FLOAT_ROWS = [
    *[(f"{name}.{t}", t, [t] * 2, f) for name, f in (
        ("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("div.rn", np.true_divide), ("add.rn", np.add),
        ("max.NaN", np.maximum), ("min.NaN", np.minimum), ("max", np.fmax), ("min", np.fmin),
        ("copysign", lambda a, b: np.copysign(b, a)),
    ) for t in BOTH],
    *[(f"{name}.{t}", t, [t], f) for name, f in (
        ("neg", np.negative), ("abs", np.abs), ("sqrt.rn", np.sqrt), ("rcp.rn", lambda a: (1 / a).astype(a.dtype)),
        ("mov", lambda a: a),
    ) for t in BOTH],
    ("add.ftz.f32", "f32", ["f32"] * 2, lambda a, b: flushed(flushed(a) + flushed(b))),
    ("mul.ftz.f32", "f32", ["f32"] * 2, lambda a, b: flushed(flushed(a) * flushed(b))),
    ("ex2.approx.ftz.f32", "f32", ["f32"], lambda a: flushed(np.exp2(a.astype("d")).astype("f"))),
    ("lg2.approx.f32", "f32", ["f32"], lambda a: np.log2(a.astype("d")).astype("f")),
    ("rsqrt.approx.f32", "f32", ["f32"], lambda a: (1 / np.sqrt(a.astype("d"))).astype("f")),
    ("sin.approx.f32", "f32", ["f32"], lambda a: np.sin(a.astype("d")).astype("f")),
    ("cos.approx.f32", "f32", ["f32"], lambda a: np.cos(a.astype("d")).astype("f")),
    ("tanh.approx.f32", "f32", ["f32"], lambda a: np.tanh(a.astype("d")).astype("f")),
    *[(f"cvt.{m}.{t}.{t}", t, [t], f) for t in BOTH for m, f in (
        ("rni", np.rint), ("rzi", np.trunc), ("rmi", np.floor), ("rpi", np.ceil))],
    ("cvt.sat.f32.f32", "f32", ["f32"], lambda a: np.nan_to_num(np.clip(a, 0, 1))),
    ("cvt.rn.f32.f64", "f32", ["f64"], lambda a: a.astype("f")),
    ("cvt.f64.f32", "f64", ["f32"], lambda a: a.astype("d")),
    *[(f"cvt.rn.{t}.{i}", t, [i], lambda a, t=t: a.astype(DTYPES[t])) for t in BOTH for i in ("s32", "u32", "s64", "u64")],
]  # fmt: skip


@pytest.mark.parametrize(("text", "result", "types", "expected"), FLOAT_ROWS, ids=lambda each: str(each)[:20])
def test_of_floats(text, result, types, expected):
    inputs = [numbers(each) for each in types]
    operands = ", ".join("{" + each + "}" for each in "dabc"[: len(types) + 1])
    ours = evaluate(f"{text} {operands}", result, *zip(types, inputs, strict=True))
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(ours, expected(*inputs))


@pytest.mark.parametrize(("name", "of_zeros"), [("min", -0.0), ("max", 0.0)])
def test_zeros_have_an_order(name, of_zeros):
    a, b = np.tile(np.float32([0.0, -0.0]), 16), np.tile(np.float32([-0.0, 0.0]), 16)
    ours = evaluate(name + ".f32 {d}, {a}, {b}", "f32", ("f32", a), ("f32", b))
    np.testing.assert_array_equal(np.signbit(ours), np.signbit(np.full(32, of_zeros)))


def is_nearest(a, exact):
    """Whether no neighbour is nearer, and of two as near it is the even one."""
    distance = abs(Fraction(float(a)) - exact)
    for towards in (-np.inf, np.inf):
        other = abs(Fraction(float(np.nextafter(a, a.dtype.type(towards)))) - exact)
        if other < distance or (other == distance and a.view(f"u{a.itemsize}") & 1):
            return False
    return True


def hard_sums(dtype):
    """Products and terms whose sum is near halfway between two numbers."""
    one = np.finfo(dtype).eps
    a = (1 + RANDOM.integers(0, 64, SIZE) * one).astype(dtype)
    b = (1 + RANDOM.integers(0, 64, SIZE) * one).astype(dtype)
    c = (RANDOM.choice([0.5, 2.0, one / 2, -(one**2), 3 * one, 1 / one], SIZE) * RANDOM.choice([-1, 1], SIZE)).astype(
        dtype
    )
    return a, b, c


@pytest.mark.parametrize("hard", [False, True])
@pytest.mark.parametrize("type", BOTH)
def test_fma_rounds_once(type, hard):
    dtype = DTYPES[type]
    a, b, c = hard_sums(dtype) if hard else (RANDOM.standard_normal(SIZE).astype(dtype) for _ in range(3))
    ours = evaluate(f"fma.rn.{type} {{d}}, {{a}}, {{b}}, {{c}}", type, (type, a), (type, b), (type, c))
    for result, *operands in zip(ours, a, b, c, strict=True):
        x, y, z = (Fraction(float(each)) for each in operands)
        assert is_nearest(result, x * y + z)


@pytest.mark.parametrize("type", BOTH)
def test_fma_of_infinities_and_nan(type):
    a, b, c = (numbers(type) for _ in range(3))
    ours = evaluate(f"fma.rn.{type} {{d}}, {{a}}, {{b}}, {{c}}", type, (type, a), (type, b), (type, c))
    with np.errstate(all="ignore"):
        np.testing.assert_allclose(ours, a.astype(np.longdouble) * b + c, rtol=1e-6, atol=1e-40)


@pytest.mark.parametrize(("mode", "ours_is"), [("rm", "below"), ("rp", "above"), ("rz", "towards zero")])
def test_directed_rounding(mode, ours_is):
    a, b, c = (RANDOM.standard_normal(SIZE).astype("f") for _ in range(3))
    ours = evaluate(f"fma.{mode}.f32 {{d}}, {{a}}, {{b}}, {{c}}", "f32", ("f32", a), ("f32", b), ("f32", c))
    for result, *operands in zip(ours, a, b, c, strict=True):
        x, y, z = (Fraction(float(each)) for each in operands)
        exact, given = x * y + z, Fraction(float(result))
        up = ours_is == "above" or (ours_is == "towards zero" and exact < 0)
        beyond = Fraction(float(np.nextafter(result, np.float32(-np.inf if up else np.inf))))
        assert beyond < exact <= given if up else given <= exact < beyond


@pytest.mark.parametrize("type", ["s32", "u32", "s64"])
@pytest.mark.parametrize(("mode", "round_"), [("rzi", np.trunc), ("rni", np.rint), ("rmi", np.floor), ("rpi", np.ceil)])
def test_floats_become_integers_in_range(mode, round_, type):
    a, limits = numbers("f32"), np.iinfo(DTYPES[type])
    expected = [0 if np.isnan(x) else min(max(round_(x), limits.min), limits.max) for x in a.astype(np.longdouble)]
    ours = evaluate(f"cvt.{mode}.{type}.f32 {{d}}, {{a}}", type, ("f32", a))
    np.testing.assert_array_equal(ours, [int(each) for each in expected])


COMPARISONS = {
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
}


@pytest.mark.parametrize("type", ["f32", "f64", "s32", "u64"])
@pytest.mark.parametrize("name", [*COMPARISONS, "equ", "neu", "ltu", "leu", "gtu", "geu", "num", "nan"])
def test_comparisons_and_choices(name, type):
    if type[0] != "f" and name not in COMPARISONS:
        return
    a, b = numbers(type), numbers(type)
    b[::5] = a[::5]
    text = f"setp.{name}.{type} %p1, {{a}}, {{b}};\nselp.{type.replace('s', 'b').replace('u', 'b')} {{d}}, {{a}}, {{b}}, %p1"
    nan = (a != a) | (b != b)
    if name in ("num", "nan"):
        truth = nan == (name == "nan")
    else:
        truth = np.where(nan, name.endswith("u") and len(name) == 3, COMPARISONS[name[:2]](a, b))
    np.testing.assert_array_equal(evaluate(text, type, (type, a), (type, b)), np.where(truth, a, b))


def test_predicates_are_combined_and_guard():
    a, b = numbers("s32"), numbers("s32")
    text = "setp.lt.s32 %p1, {a}, {b};\nsetp.gt.and.s32 %p2, {a}, 0, %p1;\nnot.pred %p3, %p2;\n"
    text += "mov.u32 {d}, 7;\n@!%p3 mov.u32 {d}, 9"
    expected = np.where((a > 0) & (a < b), 9, 7)
    np.testing.assert_array_equal(evaluate(text, "s32", ("s32", a), ("s32", b)), expected)


def test_sums_with_carry():
    a, b = numbers("u64"), numbers("u64")
    halves = "mov.b64 {%r1, %r2}, %rd0;\nmov.b64 {%r3, %r4}, %rd1;\n"
    add = halves + "add.cc.u32 %r5, %r1, %r3;\naddc.u32 %r6, %r2, %r4;\nmov.b64 {d}, {%r5, %r6}"
    sub = halves + "sub.cc.u32 %r5, %r1, %r3;\nsubc.u32 %r6, %r2, %r4;\nmov.b64 {d}, {%r5, %r6}"
    mul = halves + "mul.lo.u32 %r5, %r1, %r3;\nmul.hi.u32 %r6, %r1, %r3;\nmad.lo.cc.u32 %r6, %r1, %r4, %r6;\n"
    mul += "mad.lo.u32 %r6, %r2, %r3, %r6;\nmov.b64 {d}, {%r5, %r6}"
    for text, expected in ((add, a + b), (sub, a - b), (mul, a * b)):
        np.testing.assert_array_equal(evaluate(text, "u64", ("u64", a), ("u64", b)), expected)


def test_bit_fields():
    a, b = numbers("b32"), numbers("b32")
    ours = evaluate("bfi.b32 {d}, {a}, {b}, 5, 9", "b32", ("b32", a), ("b32", b))
    mask = 0x1FF << 5
    np.testing.assert_array_equal(ours, (b & ~np.uint32(mask)) | ((a << np.uint32(5)) & np.uint32(mask)))
    np.testing.assert_array_equal(evaluate("bfe.u32 {d}, {a}, 5, 9", "u32", ("u32", a)), (a >> np.uint32(5)) & 0x1FF)


UNKNOWN = [
    "tex.1d.v4.f32 {d}, {a}", "add.sat.f32 {d}, {a}, {a}", "fma.rz.f64 %fd1, %fd1, %fd1, %fd1",
    "atom.global.add.f32 {d}, [%rd20], {a}",
    "shfl.sync.bfly.b32 {d}, {a}, 1, 31, -1", "cvt.rz.sat.f32.f64 {d}, {a}", "bar.red.popc.u32 {d}, 0, %p1",
]  # fmt: skip


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_not_known_is_an_error(text):
    with pytest.raises(PTXError, match="unknown instruction"):
        evaluate(text, "f32", ("f32", numbers("f32")))


def test_every_meaning_is_tested():
    """Each opcode that has a meaning stands in this file."""
    with open(__file__) as file:
        text = file.read()
    elsewhere = {"bar", "cvta", "ld", "st", "madc"}  # in every kernel of test_faults.py; madc in those of sin
    assert [
        each for each in MEANINGS if f"{each}." not in text and f'"{each}"' not in text and each not in elsewhere
    ] == []
