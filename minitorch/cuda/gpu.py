"""The GPU behind this package. Nothing of it, nor of numba's CUDA target, is imported before it is asked for."""

from __future__ import annotations

import ctypes
import os
import sys
from typing import TYPE_CHECKING, Any

from minitorch.device import device as Device

if TYPE_CHECKING:
    from minitorch.kernels.cuda.hardware import Hardware

SEAM = "minitorch.kernels.cuda.device"
DRIVERS = ("nvcuda.dll",) if sys.platform == "win32" else ("libcuda.so", "libcuda.so.1")
FOLDERS = ("", "/usr/lib/", "/usr/lib64/")


def seam() -> Any:
    """The module that knows numba's CUDA target.

    Raises:
        RuntimeError: numba cannot compile for CUDA at all.
    """
    from minitorch.kernels.cuda import device

    return device


def gpu() -> Hardware:
    """The GPU, which is taken into use.

    Raises:
        RuntimeError: there is none that can be used.
    """
    return seam().hardware()


def in_use() -> bool:
    """Whether the GPU has been taken into use. This does not do so."""
    return SEAM in sys.modules and seam().is_initialized()


def may_be_there() -> bool:
    """Whether it makes sense to ask numba for a GPU, whose CUDA target takes about half a second to import."""
    simulated = os.environ.get("NUMBA_ENABLE_CUDASIM", "0") not in ("", "0")
    return simulated or SEAM in sys.modules or any(_loads(folder + name) for name in DRIVERS for folder in FOLDERS)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def is_available() -> bool:
    """Whether tensors can be on a GPU. It is never an error to ask."""
    if not may_be_there():
        return False
    try:
        return seam().unavailable() is None
    except RuntimeError:  # numba cannot compile for CUDA at all
        return False


def index_of(device: Any, optional: bool = False) -> int | None:
    """The number of a GPU that is given as such, as a text or a device; if optional, the current one's, if there is one.

    Raises:
        ValueError: it is another device, or none.
    """
    if isinstance(device, int):
        return device
    if isinstance(device, str):
        device = Device(device)
    if isinstance(device, Device):
        if device.type != "cuda":
            raise ValueError(f"Expected a cuda device, but got: {device}")
        if device.index is not None:
            return device.index
    if not optional:
        raise ValueError(f"Expected a torch.device with a specified index or an integer, but got:{device}")
    return 0 if is_available() else None
