"""Floor 0: arithmetic. Arrays in, arrays out; no tensors and no gradients.

A *table* maps the name of a kernel to the function that computes it, as attributes: ``k.mul(a, b)``. Every kind of array
has a table of its own, and so have tensors (floor 2 registers its operators under the same names). A formula that is
written against ``k`` therefore means arithmetic on arrays, or operators that record a graph, by what it is given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any


class Table:
    """Kernels by name, as attributes. ``table[name] = kernel`` adds one, ``iter(table)`` gives the names."""

    def __init__(self, *modules: ModuleType) -> None:
        for module in modules:
            for name in module.__all__:
                self[name] = getattr(module, name)

    def __setitem__(self, name: str, kernel: Callable[..., Any]) -> None:
        if name in self.__dict__:
            raise ValueError(f"there is already a kernel named {name}")
        self.__dict__[name] = kernel

    def __getattr__(self, name: str) -> Callable[..., Any]:
        raise AttributeError(f"there is no kernel named {name}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)


tables: dict[type, Table] = {}
"""The table for each type of operand: ``tables[type(x)]``."""
