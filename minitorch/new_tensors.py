"""New tensors of a tensor's dtype and on its device, which ``Tensor`` has as methods: ``x.new_zeros(2, 3)`` and its kin."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.variable import Variable
from minitorch.device import placed, table_at
from minitorch.dtypes import dtype as Dtype
from minitorch.kernels import tables
from minitorch.kernels.cpu.creation import as_numpys
from minitorch.memory_format import check
from minitorch.ops.arguments import sizes
from minitorch.ops.mistakes import explained_method

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


@explained_method
def new_tensor(
    self: Tensor, data: Any, *, dtype: Dtype | None = None, device: Any = None, requires_grad: bool = False
) -> Tensor:
    """New numbers, of this dtype unless another is given."""
    given = as_numpys(data._array).copy("K") if isinstance(data, Variable) else np.array(data)
    return _new(self, given, dtype, device, requires_grad)


@explained_method
def new_full(self: Tensor, size: Any, fill_value: Any, *, dtype: Dtype | None = None, **settings: Any) -> Tensor:
    """One number everywhere, of another shape and this dtype; settings as for ``new_zeros``."""
    return (
        new_empty(self, size, dtype=dtype, **settings | {"requires_grad": False})
        .fill_(fill_value)
        .requires_grad_(settings.get("requires_grad", False))
    )


@explained_method
def new_zeros(self: Tensor, *shape: Any, **settings: Any) -> Tensor:
    """Zeros of another shape, of this dtype; settings are size, dtype, device and requires_grad."""
    return _new_of_shape(self, 0, shape, **settings)


@explained_method
def new_ones(self: Tensor, *shape: Any, **settings: Any) -> Tensor:
    """Ones of another shape, of this dtype; settings as for ``new_zeros``."""
    return _new_of_shape(self, 1, shape, **settings)


@explained_method
def new_empty(self: Tensor, *shape: Any, **settings: Any) -> Tensor:
    """Arbitrary contents of another shape, of this dtype; settings as for ``new_zeros``."""
    return _new_of_shape(self, None, shape, **settings)


@explained_method
def new_empty_strided(self: Tensor, size: Any, stride: Any, *, dtype: Dtype | None = None, **settings: Any) -> Tensor:
    """Arbitrary contents of another shape and other strides, of this dtype; settings as for ``new_zeros``."""
    span = 1 + sum((n - 1) * step for n, step in zip(size, stride, strict=True)) if 0 not in size else 0
    memory = new_empty(self, span, dtype=dtype)
    array = tables[type(memory._array)].as_strided(memory._array, tuple(size), tuple(stride), 0)
    return _new(self, array, dtype, settings.get("device"), settings.get("requires_grad", False))


def _new_of_shape(
    self: Tensor,
    value: Any,
    shape: tuple[Any, ...],
    *,
    size: Any = None,
    dtype: Dtype | None = None,
    layout: Any = None,
    device: Any = None,
    pin_memory: bool = False,
    requires_grad: bool = False,
) -> Tensor:
    check(layout, None)
    wanted = sizes(shape if size is None else (size,))
    for each in wanted:
        if each < 0:
            raise RuntimeError(f"Trying to create tensor with negative dimension {each}: {list(wanted)}")
    k = table_at(self.device if device is None else device)
    kind = self._array.dtype if dtype is None else dtype.numpy
    return Variable._of(k.full(wanted, value, kind)).requires_grad_(requires_grad)


def _new(self: Tensor, array: np.ndarray, dtype: Dtype | None, device: Any, requires_grad: bool) -> Tensor:
    wanted = self._array.dtype if dtype is None else dtype.numpy
    here = placed(array, self.device if device is None else device)
    return Variable._of(tables[type(here)].cast(here, wanted)).requires_grad_(requires_grad)
