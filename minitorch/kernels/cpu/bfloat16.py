"""bfloat16, which numpy does not have: arrays that hold the upper half of a float32's bits, and a table of kernels for them.

Nothing is computed with the bits. A kernel of this table widens such arrays to float32, calls the kernel of that name for
numpy's arrays and rounds what comes out of it, once; those that only move elements are given the bits as they are. As the
class of an array decides whose table it goes to (``minitorch.kernels.tables``), no other kernel ever looks for bfloat16.

The table for a GPU's arrays is made in the same way, of its other kernels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from minitorch.dtypes import BFLOAT16
from minitorch.kernels import Table

Array = np.ndarray
Kernel = Callable[..., Any]

NAN = 0x7FC0  # what every NaN is rounded to, as in torch

# fmt: off
MOVING = (
    "alias", "as_strided", "as_strided_scatter", "cat", "channel_shuffle", "clone", "clone_as", "contiguous_clone",
    "diagonal", "expand", "flip", "gather", "index", "index_select", "permute", "pixel_shuffle", "pixel_unshuffle",
    "read_region", "repeat", "reshape", "roll", "rot90", "select", "slice", "split", "squeeze", "stack", "t", "take",
    "transpose", "unbind", "unfold", "unsqueeze", "view",
)
"""Kernels that give elements of their arguments as they are, many of them as a view."""
# fmt: on

KNOWING = (
    "address",
    "beside",
    "cast",
    "coincide",
    "outline",
    "overlap",
    "owner",
    "storage",
    "to",
    "to_host",
    "view_dtype",
    "write_changes",
)
"""Kernels that know bfloat16 themselves."""

ROUNDING = ("add", "eq", "fmod", "ge", "gt", "le", "lt", "ne", "pow", "remainder", "sub")
"""Kernels before which numbers beside the arrays are rounded to bfloat16 too, as in torch."""

WRITING = {"add_into": (0,), "sgd": (0, 2), "write_over": (0,)}
"""Kernels that write over some of their arguments, and which these are."""


class BFloat16(Array):
    """Numbers of bfloat16. To numpy it is an array of their bits, so numpy's functions are refused, and assignments rounded."""

    dtype = property(lambda self: BFLOAT16)  # type: ignore[assignment]  # it stands for one of numpy's

    def astype(self, dtype: Any, order: Any = "K", copy: bool = True, **params: Any) -> Array:  # type: ignore[override]
        if dtype is BFLOAT16:
            return self.copy(order) if copy else self
        return widen(self).astype(dtype, order, copy=False, **params)

    def __getitem__(self, key: Any) -> Any:
        found = super().__getitem__(key)
        return found if type(found) is BFloat16 else float(widen(np.asarray(found)))

    def __setitem__(self, key: Any, values: Any) -> None:
        self.view(Array)[key] = narrow(values if isinstance(values, Array) else np.asarray(values, np.float32)).view(
            Array
        )

    def item(self, *index: Any) -> Any:
        return widen(self).item(*index)

    def tolist(self) -> Any:
        return widen(self).tolist()

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **params: Any) -> Any:
        raise TypeError(f"numpy's {ufunc.__name__} does not know bfloat16")

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if function not in (np.may_share_memory, np.shares_memory):
            raise TypeError(f"numpy's {function.__name__} does not know bfloat16")
        return super().__array_function__(function, types, args, kwargs)


def widen(a: Array) -> Array:
    """bfloat16, or the bits of it, as float32: exact."""
    return np.left_shift(a.view(Array), 16, dtype=np.uint32, out=...).view(np.float32)


def narrow(a: Array) -> BFloat16:
    """Any numbers as bfloat16, by way of float32, as in torch: the nearest one, of two that are as near the even one."""
    if type(a) is BFloat16:
        return a
    single = a.astype(np.float32, copy=False)
    bits = single.view(np.uint32)
    rounded = np.right_shift(bits, 16, out=...)
    rounded &= 1
    rounded += 0x7FFF
    rounded += bits
    rounded >>= 16
    np.copyto(rounded, NAN, where=np.isnan(single))
    return rounded.astype(np.uint16).view(BFloat16)


class Form(NamedTuple):
    """How arrays of a device hold bfloat16.

    Attributes:
        kind: the class of such arrays.
        plain: that of all others.
        widen: makes them float32.
        narrow: rounds others.
        bits: the same memory, as an array of the bits.
        of_bits: the opposite.
    """

    kind: type
    plain: type
    widen: Kernel
    narrow: Kernel
    bits: Kernel
    of_bits: Kernel

    def is_among(self, values: Any) -> bool:
        """Whether bfloat16 is among these arguments, as an array or a dtype."""
        return any(
            type(each) is self.kind or each is BFLOAT16 or (type(each) in (tuple, list) and self.is_among(each))
            for each in values
        )

    def widened(self, value: Any) -> Any:
        if type(value) is self.kind:
            return self.widen(value)
        return np.dtype(np.float32) if value is BFLOAT16 else value

    def rounded(self, value: Any) -> Any:
        single = type(value) in (self.plain, np.float32) and value.dtype == np.float32
        return self.narrow(np.asarray(value) if type(value) is np.float32 else value) if single else value

    def as_bits(self, value: Any) -> Any:
        return self.bits(value) if type(value) is self.kind else value


HOST = Form(BFloat16, Array, widen, narrow, lambda a: a.view(Array), lambda a: a.view(BFloat16))


def table(plain: Table, form: Form = HOST, knowing: Sequence[str] = KNOWING) -> Table:
    """The kernels for bfloat16, made of those for a device's other arrays, of which some know bfloat16 themselves."""
    kernels = Table()
    for name in plain:
        if name == "overwrite":
            kernels[name] = overwrite
        elif name in knowing:
            kernels[name] = getattr(plain, name)
        else:
            make = _moving if name in MOVING else _writing if name in WRITING else _in_float32
            kernels[name] = make(plain, name, form)
    return kernels


def overwrite(name: str, a: Array, *operands: Any, **settings: Any) -> bool:
    """It never does: what is computed is of another dtype."""
    return False


def _in_float32(plain: Table, name: str, form: Form) -> Kernel:
    def kernel(*args: Any, **params: Any) -> Any:
        values = (*args, *params.values())
        if name in ROUNDING:
            args = tuple([widen(narrow(np.asarray(each))).item() if type(each) is float else each for each in args])
        wide = _each(form.widened, args), {key: _each(form.widened, value) for key, value in params.items()}
        result = getattr(plain, name)(*wide[0], **wide[1])
        if not form.is_among(values) or any(each == np.float32 for each in values if isinstance(each, np.dtype)):
            return result  # float32 is what it is meant to be
        return _each(form.rounded, result)

    return kernel


def _writing(plain: Table, name: str, form: Form) -> Kernel:
    def kernel(*args: Any) -> Any:
        wide = _each(form.widened, args)
        result = getattr(plain, name)(*wide)
        for place in WRITING[name]:
            several = type(args[place]) is list
            pairs = zip(args[place], wide[place], strict=True) if several else [(args[place], wide[place])]
            for array, widened in pairs:
                if type(array) is form.kind:
                    plain.write_over(form.bits(array), form.bits(form.narrow(widened)))
        return args[0] if result is wide[0] else result

    return kernel


def _moving(plain: Table, name: str, form: Form) -> Kernel:
    def kernel(*args: Any, **params: Any) -> Any:
        result = getattr(plain, name)(*_each(form.as_bits, args), **params)
        return _each(form.of_bits, result) if form.is_among(args) else result

    return kernel


def _each(change: Callable[[Any], Any], value: Any) -> Any:
    """``value`` with all arrays changed that are in it."""
    if type(value) in (tuple, list):
        return type(value)([_each(change, each) for each in value])
    return change(value)
