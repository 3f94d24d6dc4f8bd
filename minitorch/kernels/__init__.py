"""Floor 0: arithmetic. Arrays in, arrays out; no tensors and no gradients.

A *table* maps the name of a kernel to the function that computes it, as attributes: ``k.mul(a, b)``. Every kind of array
has a table of its own, and so have tensors (floor 2 registers its operators under the same names). A formula that is
written against ``k`` therefore means arithmetic on arrays, or operators that record a graph, by what it is given.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any


class Table:
    """Kernels by name, as attributes. ``table[name] = kernel`` adds one, ``iter(table)`` gives the names.

    Args:
        modules: their kernels, which ``__all__`` names, are in the table.
        later: names of modules, and the kernels of each. Such a module is imported when one of its kernels is first asked
            for.
    """

    __slots__ = ("__dict__", "_module_of")  # the dictionary holds kernels and nothing else

    def __init__(self, *modules: ModuleType, later: Mapping[str, Sequence[str]] | None = None) -> None:
        self._module_of = {name: module for module, names in (later or {}).items() for name in names}
        for module in modules:
            for name in module.__all__:
                self[name] = getattr(module, name)

    def __setitem__(self, name: str, kernel: Callable[..., Any]) -> None:
        if name in self.__dict__ or name in self._module_of:
            raise ValueError(f"there is already a kernel named {name}")
        self.__dict__[name] = kernel

    def __getattr__(self, name: str) -> Callable[..., Any]:
        """Called for what is not in the dictionary: a kernel whose module is still to be imported, or none at all."""
        if name not in self._module_of:
            raise AttributeError(f"there is no kernel named {name}")
        module = importlib.import_module(self._module_of[name])
        self.__dict__.update({each: getattr(module, each) for each in module.__all__})
        return self.__dict__[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__.keys() | self._module_of.keys())


tables: dict[type, Table] = {}
"""The table for each type of operand: ``tables[type(x)]``."""
