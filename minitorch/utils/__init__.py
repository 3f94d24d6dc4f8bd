"""What surrounds training: the loading of data (``minitorch.utils.data``, imported when it is first asked for), and DLPack."""

from __future__ import annotations

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    if name == "data":
        return importlib.import_module("minitorch.utils.data")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
