"""Writes the ``.pyi`` files that tell editors and type checkers of the declared operators: ``python -m minitorch.ops.stubs``.

``methods.pyi`` has the methods that ``Tensor`` gets, ``minitorch/__init__.pyi`` the names of the package. A test compares
them with what is declared.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import minitorch
from minitorch import tensor_types
from minitorch.ops.operator import functions, methods
from minitorch.tensor import ARITHMETIC_SIGNS, Tensor

MODULES = (
    "autograd", "backends", "cuda", "linalg", "nn", "optim", "random", "return_types", "serialization", "signal", "special",
    "utils",
)  # fmt: skip
"""What a user finds without importing it."""
PACKAGE = Path(minitorch.__file__).parent
HEADER = """# Written by `python -m minitorch.ops.stubs`.
import builtins
from collections.abc import Sequence
from typing import Any

import numpy as np

from minitorch.dtypes import dtype as Dtype
from minitorch.ops.arguments import Dim, Each
from minitorch.ops.promotion import Number
from minitorch.random import Generator as Generator
from minitorch.tensor import Tensor as Tensor
"""


def _signature(function: Callable[..., Any], self: bool, out: bool) -> str:
    parameters, keyword_only = [], False
    for position, each in enumerate(inspect.signature(inspect.unwrap(function)).parameters.values()):
        if self and position == 0:
            parameters.append("self")
            continue
        if each.kind is each.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            parameters.append("*")
        keyword_only |= each.kind is each.VAR_POSITIONAL
        star = "*" if each.kind is each.VAR_POSITIONAL else "**" if each.kind is each.VAR_KEYWORD else ""
        default = "" if each.default is each.empty else " = ..."
        parameters.append(f"{star}{each.name}: {_annotation(each.annotation)}{default}")
    if out:
        parameters += [] if keyword_only else ["*"]
        several = inspect.signature(function).return_annotation == "Any"
        parameters.append(f"out: {'Sequence[Tensor] | ' if several else ''}Tensor | None = ...")
    return f"({', '.join(parameters)}) -> {_annotation(inspect.signature(function).return_annotation)}: ..."


def _annotation(text: Any) -> str:
    if text is inspect.Parameter.empty:
        return "Any"
    return re.sub(
        r"\b(bool|int|float|str|tuple)\b", r"builtins.\1", str(text)
    )  # tensors and the package have names like these


def methods_stub() -> str:
    """The text of ``methods.pyi``."""
    lines = [HEADER, "from minitorch.autograd.variable import Variable\n\nclass Methods(Variable):"]
    for name in sorted(methods):
        if vars(Tensor).get(name) is methods[name]:
            lines.append(f"    def {name}{_signature(methods[name], self=True, out=False)}")
    for name in sorted(ARITHMETIC_SIGNS):
        ignored = (
            "  # type: ignore[override]  # element by element, unlike object's" if name in ("__eq__", "__ne__") else ""
        )
        lines.append(f"    def {name}(self, other: Any) -> Tensor: ...{ignored}")
    return "\n".join(lines) + "\n"


def package_stub() -> str:
    """The text of ``minitorch/__init__.pyi``."""
    lines = [HEADER, *(f"from minitorch import {name} as {name}" for name in MODULES)]
    for name, value in sorted(vars(minitorch).items()):
        known = name.startswith("_") or name in functions or name in ("annotations", "Generator", "Tensor")
        if not (known or value is None or isinstance(value, float) or inspect.ismodule(value)):
            lines.append(f"from {_home(name, value)} import {name} as {name}")
    lines.append("\n__version__: builtins.str\nnewaxis: None")
    lines += [*(f"{name}: builtins.float" for name in ("e", "inf", "nan", "pi")), ""]
    for name in sorted(functions):
        out = hasattr(functions[name], "takes_out")
        lines.append(f"def {name}{_signature(functions[name], self=False, out=out)}")
    return "\n".join(lines) + "\n"


def _home(name: str, value: Any) -> str:
    """The module that a name of the package comes from."""
    if isinstance(value, minitorch.dtype):
        return "minitorch.dtypes"
    if name in vars(tensor_types):  # which say that they are torch's
        return "minitorch.tensor_types"
    return "minitorch.random" if name == "default_generator" else value.__module__


def main() -> None:
    (PACKAGE / "ops" / "methods.pyi").write_text(methods_stub())
    (PACKAGE / "__init__.pyi").write_text(package_stub())


if __name__ == "__main__":
    main()
