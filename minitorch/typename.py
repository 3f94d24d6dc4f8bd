"""Names of types, as error messages quote them."""

from __future__ import annotations

from typing import Any

from minitorch.autograd.variable import Variable


def typename(obj: Any) -> str:
    """``torch.FloatTensor`` for a tensor; for anything else the name of its type (its own, if it is one), with its module."""
    if isinstance(obj, Variable):
        return obj._type_name()  # type: ignore[attr-defined]  # every variable is a tensor
    kind = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(kind, "__module__", None)
    return kind.__qualname__ if module in (None, "", "builtins") else f"{module}.{kind.__qualname__}"
