"""uint16, uint32 and uint64, which torch stores, moves and casts, but hardly computes with: their class and their table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minitorch.kernels import Table

Array = np.ndarray

# fmt: off
REFUSED = {
    "abs": "abs_cpu", "add": "add_stub", "add_into": "add_stub", "add_product": "addmm_impl_cpu_", "amax": "max_values_cpu",
    "amin": "min_values_cpu", "argmax": "argmax_cpu", "argmin": "argmin_cpu", "bincount": "bincount_cpu",
    "bitwise_left_shift": "lshift_cpu", "bitwise_not": "bitwise_not_cpu", "bitwise_right_shift": "rshift_cpu",
    "bmm": "bmm", "clamp": "clamp_scalar_cpu", "count_nonzero": "nonzero_count_cpu", "cummax": "cummax_cpu",
    "cummin": "cummin_cpu", "div_rounded": "div_floor_cpu", "dot": "dot", "fmax": "maximum_cpu", "fmin": "minimum_cpu",
    "fmod": "fmod_cpu", "gcd": "gcd_cpu", "ge": "ge_cpu", "gt": "gt_cpu", "heaviside": "heaviside_cpu",
    "index_add": "index_add_", "index_copy": "index_copy_cpu", "index_fill": "index_fill_cpu", "index_put": "index_put",
    "kthvalue": "kthvalue_cpu", "lcm": "lcm_cpu", "le": "le_cpu", "logical_and": "logical_and_cpu",
    "logical_not": "logical_not_cpu", "logical_or": "logical_or_cpu", "logical_xor": "logical_xor_cpu", "lt": "lt_cpu",
    "masked_fill": "masked_fill", "masked_scatter": "masked_scatter", "masked_select": "masked_select",
    "max_dim": "max_cpu", "maximum": "maximum_cpu", "median": "median_cpu", "min_dim": "min_cpu", "minimum": "minimum_cpu",
    "mm": "addmm_impl_cpu_", "mode": "mode_cpu", "mv": "addmv_impl_cpu", "neg": "neg_cpu", "nonzero": "nonzero_count_cpu",
    "pow": "pow", "put": "take_put_cpu", "relu": "clamp_min_scalar_cpu", "remainder": "remainder_cpu",
    "searchsorted": "searchsorted_out_cpu", "sign": "sign_cpu", "sub": "add_stub", "take": "take_cpu", "topk": "topk_cpu",
    "trace": "trace", "tril": "tril", "triu": "triu",
}
"""Kernels that torch does not have for these types, under the names that its errors give them."""
# fmt: on


def check_known(kernel: str, dtype: np.dtype) -> None:
    """Raises torch's error where a kernel, under torch's name, is not there for these types.

    Raises:
        NotImplementedError: the dtype is one of them.
    """
    if dtype.kind == "u" and dtype.itemsize > 1:
        raise NotImplementedError(f"\"{kernel}\" not implemented for 'UInt{8 * dtype.itemsize}'")


class Unsigned(Array):
    """Numbers of such a type; what numpy computes of them is an array of its own."""

    def astype(self, *args: Any, **params: Any) -> Array:  # type: ignore[override]
        return _own(self.view(Array).astype(*args, **params))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **params: Any) -> Any:
        return getattr(ufunc, method)(*_plain(inputs), **{name: _plain(value) for name, value in params.items()})


def table(plain: Table) -> Table:
    """The kernels for these types, made of those for numpy's arrays."""
    kernels = Table()
    for name in plain:
        kernels[name] = (_refused if name in REFUSED else _known)(plain, name) if name != "owner" else plain.owner
    return kernels


def _known(kernels: Table, name: str) -> Callable[..., Any]:
    def kernel(*args: Any, **params: Any) -> Any:
        result = getattr(kernels, name)(*_plain(args), **{key: _plain(value) for key, value in params.items()})
        return tuple(map(_own, result)) if type(result) is tuple else _own(result)

    return kernel


def _refused(kernels: Table, name: str) -> Callable[..., Any]:
    def kernel(*args: Any, **params: Any) -> Any:
        for each in args:
            if type(each) is Unsigned:
                check_known(REFUSED[name], each.dtype)
        return getattr(kernels, name)(*args, **params)

    return kernel


def _plain(value: Any) -> Any:
    if type(value) in (tuple, list):
        return type(value)([_plain(each) for each in value])
    return value.view(Array) if type(value) is Unsigned else value


def _own(value: Any) -> Any:
    return value.view(Unsigned) if type(value) is Array and value.dtype.kind == "u" and value.itemsize > 1 else value
