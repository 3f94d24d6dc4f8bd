"""New arrays: filled and counted."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.kernels.cuda.case import Case, normal

CASES = [
    Case("full", lambda k, a: k.full(a.shape, 2, a.dtype), (normal(5, 67),), "fdeli?"),
    Case("full_like", lambda k, a: k.full_like(a, 2, a.dtype), (normal(5, 67),), "fdeli?"),
    Case("arange", lambda k, a: k.arange(3, -2, a.size, a.dtype), (normal(257),), "fdelib"),
    Case("arange of floats", lambda k, a: k.arange(0.3, 0.7, a.size, a.dtype), (normal(257),), "fdeli"),
    Case("linspace", lambda k, a: k.linspace(-1.7, 33, a.size, a.dtype), (normal(257),), "fdeli"),
    Case("linspace of the nearly same", lambda k, a: k.linspace(0.0, 5e-324, a.size, a.dtype), (normal(5),)),
    Case("eye", lambda k, a: k.eye(*a.shape, a.dtype), (normal(31, 37),), "fdeli?"),
]

PROGRAMS: dict[str, tuple[Any, ...]] = {
    "full": (lambda k, a: k.full((257,), 2, np.dtype("f")), (1,)),
    "arange": (lambda k, a: k.arange(0, 1, 257, np.dtype("l")), (1,)),
    "linspace": (lambda k, a: k.linspace(0, 1, 257, np.dtype("f")), (1,)),
    "eye": (lambda k, a: k.eye(31, 37, np.dtype("f")), (1,)),
}
"""For the compile gate."""
IN_DOUBLE = {"linspace"}
"""What is rounded once, at the end."""
