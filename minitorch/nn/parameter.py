"""``Parameter``: a tensor that a module learns."""

from __future__ import annotations

from typing import Any

import numpy as np

from minitorch import printing
from minitorch.tensor import Tensor


class Parameter(Tensor):
    """A tensor that counts among a module's parameters once it is assigned to one.

    Args:
        data: a tensor, whose memory is shared; nothing for an empty one.
        requires_grad: whether operators on it are recorded.
    """

    __slots__ = ()

    def __new__(cls, data: Tensor | None = None, requires_grad: bool = True) -> Any:
        self = object.__new__(cls)
        self._array = np.empty(0, np.float32) if data is None else data._array
        self._version_counter = [0] if data is None else data._version_counter
        self._requires_grad = False
        self._edge = None
        return self.requires_grad_(requires_grad)

    def __repr__(self) -> str:
        return "Parameter containing:\n" + printing.format_tensor(self)

    __format__ = object.__format__
