"""Kernels that a GPU does not have yet: their arrays go to the host, and what the CPU's kernel gives comes back.

Programs that use them run and are right, but wait for two copies each time. None of them shows a part of its arguments' memory,
or writes over it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.kernels import Table, tables
from minitorch.kernels.cuda.array import DeviceArray, from_host, to_host


def table(given: Table) -> Table:
    """The kernels in ``given``, and all that the CPU has beside."""
    whole = Table()
    for name in given:
        whole[name] = getattr(given, name)
    for name in tables[np.ndarray]:
        if name not in given:
            whole[name] = _on_host(name)
    return whole


def _on_host(name: str) -> Callable[..., Any]:
    def kernel(*args: Any, **params: Any) -> Any:
        on_cpu = getattr(tables[np.ndarray], name)
        result = on_cpu(*_each(_read, args), **{key: _each(_read, value) for key, value in params.items()})
        return _each(_written, result)

    kernel.on_host = True  # type: ignore[attr-defined]  # so that it is known which these are
    return kernel


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    """``value`` with all arrays changed that are in it."""
    if type(value) in (tuple, list):
        return type(value)([_each(change, each) for each in value])
    return change(value)


def _read(value: Any) -> Any:
    return to_host(value) if isinstance(value, DeviceArray) else value


def _written(value: Any) -> Any:
    return from_host(np.asarray(value)) if isinstance(value, np.ndarray | np.generic) else value
