"""Formulas for one element, or two, that several kernels share. See ``lifting``."""

from __future__ import annotations

import math
from typing import Any


def same(x: Any) -> Any:
    return x


def add(x: Any, y: Any) -> Any:
    return x + y


def subtract(x: Any, y: Any) -> Any:
    return x - y


def multiply(x: Any, y: Any) -> Any:
    return x * y


def divide(x: Any, y: Any) -> Any:
    return x / y


def absolute(x: Any) -> Any:
    return x if x > 0 else -x if x < 0 else x * x


def negative(x: Any) -> Any:
    return -x


def root(x: Any) -> Any:
    return math.sqrt(x)


def larger(x: Any, y: Any) -> Any:
    """The larger; NaN wins."""
    return x if x > y or x != x else y


def smaller(x: Any, y: Any) -> Any:
    """The smaller; NaN wins."""
    return x if x < y or x != x else y
