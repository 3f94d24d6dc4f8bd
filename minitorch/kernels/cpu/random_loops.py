"""The loops over many random numbers, compiled: ``random`` has what they are for."""

from __future__ import annotations

import math

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from minitorch.kernels.cpu.compiler import jit


@intrinsic
def _fma(typing_context, a, b, c):
    """a * b + c, rounded once."""

    def generate(context, builder, signature, arguments):
        return builder.fma(*arguments)

    return a(a, a, a), generate


@intrinsic
def _sqrt(typing_context, x):
    """The square root as an instruction: numba's own calls the C library, and no loop with a call is vectorised."""

    def generate(context, builder, signature, arguments):
        return builder.call(builder.module.declare_intrinsic("llvm.sqrt", [arguments[0].type]), arguments)

    return x(x), generate


@intrinsic
def _bits_of(typing_context, number):
    """The bits of a float32, as int32."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.IntType(32))

    return types.int32(types.float32), generate


@intrinsic
def _from_bits(typing_context, bits):
    """The float32 that an int32 has the bits of."""

    def generate(context, builder, signature, arguments):
        return builder.bitcast(arguments[0], ir.FloatType())

    return types.float32(types.int32), generate


@jit
def to_uniform(words, out, digits, low, high):
    """out = low + (high - low) * the lowest `digits` bits of each word, read as a binary fraction."""
    number = out.dtype.type
    mask = np.uint64((1 << digits) - 1)
    unit = 1.0 / (1 << digits)
    first, past = number(low), number(high)
    width = past - first
    for i in range(out.size):
        fraction = number(np.int64(words[i] & mask) * unit)
        scaled = _fma(fraction, width, first)
        out[i] = first if scaled >= past else scaled


@jit
def scale_and_shift(out, mean, std):
    for i in range(out.size):
        out[i] = _fma(out[i], std, mean)


@jit
def pairs_to_normal(out):
    for i in range(0, out.size, 2):
        angle, radius = 2.0 * math.pi * out[i], math.sqrt(-2.0 * math.log1p(-out[i + 1]))
        out[i], out[i + 1] = radius * math.cos(angle), radius * math.sin(angle)


@jit
def groups_to_normal64(out, mean, std):
    """Makes groups of 16 uniform numbers normal: number k and number k + 8 of a group are a pair."""
    for group in range(0, out.size, 16):
        for k in range(group, group + 8):
            radius, angle = math.sqrt(-2.0 * math.log(1.0 - out[k])), 2.0 * math.pi * out[k + 8]
            out[k] = _fma(radius * math.cos(angle), std, mean)
            out[k + 8] = _fma(radius * math.sin(angle), std, mean)


@jit
def groups_to_normal32(out, mean, std):
    """The same in float32, with the polynomials for logarithm, sine and cosine that torch's build has."""
    mean32, std32 = np.float32(mean), np.float32(std)
    for group in range(0, out.size, 16):
        for k in range(group, group + 8):
            first = np.uint64(k)  # no sign, so no index to count from the end: without that LLVM vectorises the loop
            second = np.uint64(k + 8)
            radius = _sqrt(np.float32(-2) * _log32(np.float32(1) - out[first]))
            sine, cosine = _sine_and_cosine32(np.float32(2 * math.pi) * out[second])
            out[first] = _fma(radius * cosine, std32, mean32)
            out[second] = _fma(radius * sine, std32, mean32)


@jit
def _log32(x):
    """ln(x) for a normal positive float32. Source: S. L. Moshier, Cephes, ``logf``."""
    f = np.float32
    bits = _bits_of(x)
    mantissa = _from_bits((bits & np.int32(0x007FFFFF)) | np.int32(0x3F000000))  # in [0.5, 1)
    exponent = f((bits >> np.int32(23)) - np.int32(126))
    small = mantissa < f(0.707106781186547524)
    exponent = exponent - f(1) if small else exponent
    x = mantissa - f(1) + (mantissa if small else f(0))
    square = x * x
    y = _fma(f(7.0376836292e-2), x, f(-1.1514610310e-1))
    y = _fma(y, x, f(1.1676998740e-1))
    y = _fma(y, x, f(-1.2420140846e-1))
    y = _fma(y, x, f(1.4249322787e-1))
    y = _fma(y, x, f(-1.6668057665e-1))
    y = _fma(y, x, f(2.0000714765e-1))
    y = _fma(y, x, f(-2.4999993993e-1))
    y = _fma(y, x, f(3.3333331174e-1))
    y = _fma(y * x, square, exponent * f(-2.12194440e-4))  # ln 2, in two parts, times the exponent
    y = _fma(square, f(-0.5), y)
    return _fma(exponent, f(0.693359375), x + y)


@jit
def _sine_and_cosine32(x):
    """sin(x) and cos(x) for a float32 of 0 to 8192. Source: S. L. Moshier, Cephes, ``sinf`` and ``cosf``."""
    f = np.float32
    octant = (np.int32(x * f(1.27323954473516)) + np.int32(1)) & np.int32(~1)  # 4 / pi
    eighths = f(octant)
    x = _fma(eighths, f(-0.78515625), x)  # x less octant * pi / 4, in three parts
    x = _fma(eighths, f(-2.4187564849853515625e-4), x)
    x = _fma(eighths, f(-3.77489497744594108e-8), x)
    square = x * x
    cosine = _fma(f(2.443315711809948e-5), square, f(-1.388731625493765e-3))
    cosine = _fma(cosine, square, f(4.166664568298827e-2))
    cosine = _fma(cosine * square, square, f(-0.5) * square) + f(1)
    sine = _fma(f(-1.9515295891e-4), square, f(8.3321608736e-3))
    sine = _fma(sine, square, f(-1.6666654611e-1))
    sine = _fma(sine * square, x, x)
    swapped = (octant & np.int32(2)) != 0
    sine, cosine = (cosine, sine) if swapped else (sine, cosine)
    sine = -sine if octant & np.int32(4) else sine
    cosine = cosine if (octant - np.int32(2)) & np.int32(4) else -cosine
    return sine, cosine


@jit
def shuffle(out, words):
    """Fisher and Yates: place i takes one of those from i on."""
    for i in range(words.size):
        j = i + np.int64(words[i] % np.uint64(out.size - i))
        out[i], out[j] = out[j], out[i]


@jit
def insert_shuffled(out, start, words):
    """The same inside out: number i goes to one of the places up to i, and what was there moves to i."""
    for i in range(start, start + words.size):
        j = np.int64(words[i - start] % np.uint64(i + 1))
        out[i] = out[j]
        out[j] = i
