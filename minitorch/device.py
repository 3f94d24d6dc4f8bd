"""Where the memory of tensors is."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from minitorch.kernels import Table, tables
from minitorch.kernels.errors import AcceleratorError

TYPES = (
    "cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla", "lazy", "vulkan",
    "mps", "meta", "hpu", "mtia", "privateuseone",
)  # fmt: skip
"""What devices may be called; that there are kernels for one is another matter."""


class device:
    """A place for tensors: ``device("cpu")``, ``device("cuda:1")``, ``device("cuda", 1)``; a number alone is that of a GPU.

    In a ``with`` block, new tensors are made there where nothing else is asked for.

    Raises:
        RuntimeError: no type of device has that name.
        TypeError: the type is no text.
    """

    __slots__ = ("index", "type")

    def __init__(self, type: str | device | int = "cpu", index: int | None = None) -> None:
        if isinstance(type, device):
            type = str(type)
        if isinstance(type, int):
            type = f"cuda:{type}"
        if not isinstance(type, str):
            raise TypeError(
                f"device() received an invalid combination of arguments - got ({type.__class__.__name__}), but expected one of:\n"
                " * (str type, int index)\n * (int index)"
            )
        if not type:
            raise RuntimeError("Device string must not be empty")
        name, colon, number = type.partition(":")
        if name not in TYPES:
            raise RuntimeError(f"Expected one of {', '.join(TYPES)} device type at start of device string: {name}")
        if colon and not re.fullmatch("0|[1-9][0-9]*", number):
            raise RuntimeError(f"Invalid device string: '{type}'")
        if colon and index is not None:
            raise RuntimeError(f"type (string) must not include an index because index was passed explicitly: {type}")
        self.type = name
        self.index = int(number) if colon else index

    def __enter__(self) -> device:
        _default.append(_checked(self))
        return self

    def __exit__(self, *error: object) -> None:
        _default.pop()

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __repr__(self) -> str:
        place = f"type='{self.type}'" + ("" if self.index is None else f", index={self.index}")
        return f"device({place})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and str(self) == str(other)

    def __hash__(self) -> int:
        return hash(str(self))


CPU, GPU = device("cpu"), device("cuda", 0)

_default = [CPU]  # the last is the one in use


def get_default_device() -> device:
    """Where new tensors are, if nothing else is asked for."""
    return _default[-1]


def set_default_device(device: Any) -> None:
    """Has new tensors made on a device, where nothing else is asked for; ``None`` means the CPU."""
    _default[-1] = CPU if device is None else _checked(device)


def _checked(asked: Any) -> device:
    """The device that is asked for, if tensors can be there.

    Raises:
        RuntimeError: they cannot.
    """
    wanted = asked if isinstance(asked, device) else device(asked)
    if wanted.type == "cuda":
        from minitorch.kernels.cuda.device import current

        current()  # which says why there is no GPU, if so
        if wanted.index:
            raise AcceleratorError(
                "CUDA error: invalid device ordinal\nGPU device may be out of range, do you have enough GPUs?"
            )
    elif wanted.type != "cpu":
        raise RuntimeError(
            f"minitorch computes on the CPU and on CUDA: devices 'cpu' and 'cuda' are there, '{wanted}' is not"
        )
    return wanted


def check_present(asked: Any) -> None:
    """Checks that tensors can be on a device.

    Raises:
        RuntimeError: they cannot be there.
    """
    if asked is not None:
        _checked(asked)


def table_at(asked: Any) -> Table:
    """The kernels of a device, the default one unless another is asked for.

    Raises:
        RuntimeError: arrays cannot be there.
    """
    wanted = _default[-1] if asked is None else _checked(asked)
    if wanted.type == "cpu":
        return tables[np.ndarray]
    from minitorch.kernels.cuda import DeviceArray

    return tables[DeviceArray]


def placed(array: Any, asked: Any, wait: bool = True) -> Any:
    """An array on a device, the default one unless another is asked for: a copy, if it is not there already.

    Without ``wait``, copies that a GPU can make by itself are only begun.

    Raises:
        RuntimeError: arrays cannot be there.
    """
    wanted = _default[-1] if asked is None else _checked(asked)
    if array.device.startswith(wanted.type):
        return array
    if wanted.type == "cpu":
        return tables[type(array)].to_host(array, wait)
    from minitorch.kernels.cuda.array import from_host

    return from_host(array, wait)
