"""Floor 0: arithmetic. Arrays in, arrays out; no tensors and no gradients.

A *table* maps the name of a kernel to the function that computes it, as attributes: ``k.mul(a, b)``. Every kind of array
has a table of its own, and so have tensors (floor 2 registers its operators under the same names). A formula that is
written against ``k`` therefore means arithmetic on arrays, or operators that record a graph, by what it is given.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any


class Table:
    """Kernels by name, as attributes. ``table[name] = kernel`` adds one, ``iter(table)`` gives the names.

    Args:
        modules: their kernels, which ``__all__`` names, are in the table.
        later: names of modules, and the kernels of each. Such a module is imported when one of its kernels is first
            called; until then something stands in for it.
    """

    __slots__ = ("__dict__",)  # it holds kernels and nothing else

    def __init__(self, *modules: ModuleType, later: Mapping[str, Sequence[str]] | None = None) -> None:
        for module in modules:
            for name in module.__all__:
                self[name] = getattr(module, name)
        for place, names in (later or {}).items():
            for name in names:
                self[name] = self._stand_in(place, name)

    def __setitem__(self, name: str, kernel: Callable[..., Any]) -> None:
        if name in self.__dict__:
            raise ValueError(f"there is already a kernel named {name}")
        self.__dict__[name] = kernel

    def _stand_in(self, place: str, name: str) -> Callable[..., Any]:
        def first_call(*args: Any, **params: Any) -> Any:
            module = importlib.import_module(place)
            for each in module.__all__:
                if hasattr(self.__dict__[each], "stands_in"):  # somebody may have put another kernel there meanwhile
                    self.__dict__[each] = getattr(module, each)
            return getattr(module, name)(*args, **params)

        first_call.stands_in = True  # type: ignore[attr-defined]
        return first_call

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Callable[..., Any]: ...

    def __iter__(self) -> Iterator[str]:
        return iter(self.__dict__)


tables: dict[type, Table] = {}
"""The table for each type of operand: ``tables[type(x)]``."""
