"""What the operators of linear algebra share: the namespace ``minitorch.linalg``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from minitorch.ops.operator import operators, with_out

linalg: dict[str, Callable[..., Any]] = {}
"""What ``minitorch.linalg`` offers by name."""


def linalg_operator(function: Callable[..., Any] | None = None, *, out: bool = False) -> Any:
    """Declares an operator of the namespace; with ``out`` it takes ``out=`` too.

    In the table of operators its name begins with ``linalg_``.
    """

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        name = function.__name__
        operators[f"linalg_{name}"] = function
        linalg[name] = with_out(function) if out else function
        return function

    return declare if function is None else declare(function)
