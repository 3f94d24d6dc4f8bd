"""PTX that is kept in files, since compiling takes longer than anything else here: processes that share the tests share it too.

A text is found by all that it is made of: the sources of the kernels, the compiler's version, the code of this kernel with what
it encloses and names, and the types of its arguments.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

import numba
import numpy as np

import minitorch.kernels
from minitorch.kernels.cuda.device import compile_to_ptx

COMPILERS = ("numba", "numba-cuda", "nvidia-nvvm")  # of which another version may give another text
PLAIN = (bool, int, float, str, bytes, type, type(None), type(Ellipsis), np.generic, np.dtype, numba.types.Type)


def ptx_of(kernel: Callable[..., None], types: tuple[Any, ...], capability: tuple[int, int], threads: int) -> str:
    """What ``compile_to_ptx`` gives, or once gave, for these."""
    try:
        known = "\n".join(_described((kernel, types, capability, threads), set()))
    except TypeError:  # it has something in it that is not known from one process to the next
        return compile_to_ptx(kernel, types, capability, threads)
    path = _folder() / sha256(known.encode()).hexdigest()
    try:
        return path.read_text()
    except FileNotFoundError:
        text = compile_to_ptx(kernel, types, capability, threads)
        path.parent.mkdir(exist_ok=True)  # tests of other sources may have thrown it away
        unfinished = path.with_suffix(f".{os.getpid()}")
        unfinished.write_text(text)
        unfinished.replace(path)
        return text


@cache
def _folder() -> Path:
    """Where the texts of today's sources are. Those of others are thrown away."""
    versions = sorted(f"{each.name} {each.version}" for each in distributions() if each.name in COMPILERS)
    known = sha256("\n".join(versions).encode())
    for path in sorted(Path(minitorch.kernels.__file__).parent.rglob("*.py")):
        known.update(path.read_bytes())
    all_texts = Path(numba.config.CACHE_DIR or Path(__file__).parent / "__pycache__") / "ptx"
    folder = all_texts / known.hexdigest()
    folder.mkdir(parents=True, exist_ok=True)
    for each in all_texts.iterdir():
        if each != folder:
            shutil.rmtree(each, ignore_errors=True)
    return folder


def _described(value: Any, above: set[int]) -> Iterator[str]:
    """Lines that two values share only if kernels that are made of them are the same.

    Raises:
        TypeError: there are none for values of this type.
    """
    value = getattr(value, "py_func", getattr(value, "_defn", value))  # what numba has made of a function
    if isinstance(value, PLAIN):
        yield f"{type(value).__qualname__} {value!r}"
    elif isinstance(value, ModuleType):
        yield f"module {value.__name__}"
    elif isinstance(value, np.ufunc) or (
        isinstance(value, BuiltinFunctionType) and isinstance(value.__self__, ModuleType)
    ):
        yield f"{type(value).__name__} {value.__name__} {getattr(value, '__module__', '')}"
    elif isinstance(value, np.ndarray):
        yield f"array {value.dtype} {value.shape} {value.tobytes()!r}"
    elif isinstance(value, tuple):
        yield f"tuple of {len(value)}"
        for each in value:
            yield from _described(each, above)
    elif isinstance(value, FunctionType):
        yield f"function {value.__module__} {value.__qualname__}"
        if id(value) not in above:
            above = above | {id(value)}
            yield from _described(value.__defaults__, above)
            yield from _described(tuple(each.cell_contents for each in value.__closure__ or ()), above)
            yield from _described_code(value.__code__, value.__globals__, above)
    else:
        raise TypeError(f"no description of a {type(value).__name__}")


def _described_code(code: CodeType, names: dict[str, Any], above: set[int]) -> Iterator[str]:
    yield f"code {code.co_code.hex()} {code.co_names} {code.co_varnames} {code.co_freevars} {code.co_cellvars}"
    for each in code.co_consts:
        yield from _described_code(each, names, above) if isinstance(each, CodeType) else _described(each, above)
    named = [names[each] for each in code.co_names if each in names]
    for each in named:
        yield from _described(each, above)
        if isinstance(each, ModuleType) and each.__name__.startswith("minitorch."):
            for part in code.co_names:
                if hasattr(each, part):
                    yield from _described(getattr(each, part), above)
