"""Padding, before and after each of the last dimensions; the numbers begin with the last of them (see ``functional.pad``)."""

from __future__ import annotations

from typing import ClassVar

from minitorch.nn import functional as F
from minitorch.nn.modules.module import Module
from minitorch.ops.arguments import Each, several
from minitorch.tensor import Tensor


class _PadNd(Module):
    dims: ClassVar[int]
    mode: ClassVar[str]

    def __init__(self, padding: Each) -> None:
        super().__init__()
        self.padding = several(padding, 2 * self.dims)

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    mode = "constant"

    def __init__(self, padding: Each, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Tensor) -> Tensor:
        return F.pad(input, self.padding, self.mode, self.value)

    def extra_repr(self) -> str:
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPadNd):
    """``value`` before and after each signal."""

    dims = 1


class ConstantPad2d(_ConstantPadNd):
    """``value`` around each image."""

    dims = 2


class ConstantPad3d(_ConstantPadNd):
    """``value`` around each volume."""

    dims = 3


class ZeroPad1d(ConstantPad1d):
    """Zeros before and after each signal."""

    def __init__(self, padding: Each) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad2d(ConstantPad2d):
    """Zeros around each image."""

    def __init__(self, padding: Each) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ZeroPad3d(ConstantPad3d):
    """Zeros around each volume."""

    def __init__(self, padding: Each) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        return f"{self.padding}"


class ReflectionPad1d(_PadNd):
    """Each signal mirrored at its ends."""

    dims, mode = 1, "reflect"


class ReflectionPad2d(_PadNd):
    """Each image mirrored at its edges."""

    dims, mode = 2, "reflect"


class ReflectionPad3d(_PadNd):
    """Each volume mirrored at its faces."""

    dims, mode = 3, "reflect"


class ReplicationPad1d(_PadNd):
    """The first and the last element of each signal, repeated."""

    dims, mode = 1, "replicate"


class ReplicationPad2d(_PadNd):
    """The outermost pixels of each image, repeated."""

    dims, mode = 2, "replicate"


class ReplicationPad3d(_PadNd):
    """The outermost elements of each volume, repeated."""

    dims, mode = 3, "replicate"


class _CircularPadNd(_PadNd):
    mode = "circular"

    def forward(self, input: Tensor) -> Tensor:
        if input.dim() not in (self.dims + 1, self.dims + 2):
            raise ValueError(f"expected {self.dims + 1}D or {self.dims + 2}D input (got {input.dim()}D input)")
        return super().forward(input)


class CircularPad1d(_CircularPadNd):
    """Before and after each signal, what comes round from its other end."""

    dims = 1


class CircularPad2d(_CircularPadNd):
    """Around each image, what comes round from its other edge."""

    dims = 2


class CircularPad3d(_CircularPadNd):
    """Around each volume, what comes round from its other face."""

    dims = 3
