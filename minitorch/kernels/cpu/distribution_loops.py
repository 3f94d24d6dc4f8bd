"""The loops of ``distributions`` that are compiled."""

from __future__ import annotations

import math

from minitorch.kernels.cpu.compiler import jit

MANY = 10.0  # the rate from which numbers are proposed and rejected, and not counted


@jit
def poisson(rates, out, uniform):
    """Fills ``out`` until the uniform numbers run out; returns how many are made, and how many uniform numbers that took.

    Source: W. Hoermann, The transformed rejection method for generating Poisson random variables (1993).
    """
    used = 0
    for i in range(rates.size):
        rate = rates[i]
        at = used
        if rate == 0.0:
            out[i] = 0.0
        elif rate < MANY:
            least, product, count = math.exp(-rate), 1.0, -1
            while count < 0 or product > least:
                if at == uniform.size:
                    return i, used
                product *= uniform[at]
                at += 1
                count += 1
            out[i] = count
        else:
            root, log_rate = math.sqrt(rate), math.log(rate)
            b = 0.931 + 2.53 * root
            a = -0.059 + 0.02483 * b
            inverse_alpha = 1.1239 + 1.1328 / (b - 3.4)
            sure = 0.9277 - 3.6224 / (b - 2.0)
            while True:
                if at + 2 > uniform.size:
                    return i, used
                u, v = uniform[at] - 0.5, uniform[at + 1]
                at += 2
                distance = 0.5 - abs(u)
                k = math.floor((2.0 * a / distance + b) * u + rate + 0.43)
                if distance >= 0.07 and v <= sure:
                    break
                if k < 0 or (distance < 0.013 and v > distance):
                    continue
                proposed = math.log(v) + math.log(inverse_alpha) - math.log(a / (distance * distance) + b)
                if proposed <= -rate + k * log_rate - math.lgamma(k + 1.0):
                    break
            out[i] = k
        used = at
    return rates.size, used
