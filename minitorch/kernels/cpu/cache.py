"""Compiled kernels for the CPU on disk, in numba's own description of compiled functions.

numba has a cache of its own, on which kernels cannot rely: it does not see that a kernel is stale because another one,
which it inlines, has changed; it stops at a damaged file; and before it loads machine code it prepares for compiling, which
takes longer than all else that a process does until its first step.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import llvmlite
from numba.core.caching import NullCache
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from minitorch.kernels.store import Store, file_name

STORE = Store(Path(__file__).parent, (), f"llvmlite {llvmlite.__version__}")


class KernelCache(NullCache):
    """What numba asks for a kernel's machine code before it compiles, and gives it to afterwards."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._file = function.__code__.co_filename

    @property
    def cache_path(self) -> str | None:
        folder = STORE.place.writable
        return None if folder is None else str(folder)

    def load_overload(self, sig: Any, target_context: Any) -> CompileResult | None:
        """The kernel compiled for arguments of these types; None where it is not stored, or no longer valid."""
        rtsys.initialize(target_context)  # the reference counts of arrays; machine code needs nothing else of numba's
        stored = STORE.read(self._name(sig, target_context.codegen()), self._file)
        return None if stored is None else CompileResult._rebuild(target_context, *pickle.loads(stored))

    def save_overload(self, sig: Any, data: Any) -> None:
        """Stores a compiled kernel, unless something of this process is built into it."""
        if not data.library.has_dynamic_globals:
            STORE.write(self._name(sig, data.codegen), dumps(data._reduce()), self._file)

    def _name(self, sig: Any, codegen: Any) -> str:
        function = self._function
        enclosed = [cell.cell_contents for cell in function.__closure__ or ()]
        identity = repr((str(sig), codegen.magic_tuple())).encode() + function.__code__.co_code + dumps(enclosed)
        return file_name(function.__module__, function.__name__, identity)
