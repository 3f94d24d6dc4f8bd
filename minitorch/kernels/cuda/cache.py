"""Compiled kernels for GPUs on disk: the machine code for a compute capability.

numba's own cache does not store kernels that were made with a formula, as most are here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from types import CodeType
from typing import Any

import numpy as np
from numba import types

from minitorch.kernels.cuda import errors
from minitorch.kernels.store import Store, file_name

_HERE = Path(__file__).parent
_ALL = _HERE.parent
STORE = Store(_HERE, (_ALL, _ALL / "cpu"), " ".join(f"{part} {errors.version_of(part)}" for part in errors.PARTS))


def name_of(kernel: Callable[..., None], threads: int, types: Sequence[Any], capability: tuple[int, int]) -> str | None:
    """The file for a kernel, compiled for blocks of so many threads and arguments of these types.

    None if it cannot be told from other kernels: if its source is not in this package, or it was made with what only this process
    knows.
    """
    made_of: list[str] = []
    if not _identify(kernel, made_of):
        return None
    identity = repr((made_of, threads, [str(each) for each in types], capability))
    return file_name(kernel.__module__, kernel.__name__.strip("_"), identity.encode())


def _identify(value: Any, found: list[str]) -> bool:
    """Gathers what tells a value that kernels are made with from others, as long as no source changes, which the store sees.

    Returns whether that is possible.
    """
    function = getattr(value, "py_func", value)
    code = getattr(function, "__code__", None)
    if isinstance(code, CodeType):
        constants = [each for each in code.co_consts if not isinstance(each, CodeType)]
        found.append(f"{function.__module__} {function.__qualname__} {code.co_code.hex()} {code.co_names} {constants}")
        enclosed = [cell.cell_contents for cell in function.__closure__ or ()]
        return Path(code.co_filename).is_relative_to(_ALL) and all(_identify(each, found) for each in enclosed)
    if isinstance(value, tuple):
        found.append(f"{len(value)}")
        return all(_identify(each, found) for each in value)
    found.append(repr(value))
    return value is None or isinstance(value, int | float | str | type | np.generic | np.dtype | types.Type)
