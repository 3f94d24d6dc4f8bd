"""Copies of what view operators show: ``transpose_copy`` is to ``transpose`` as ``clone`` is to the tensor itself."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch.autograd.variable import Variable
from minitorch.ops import parts, shape, splitting, strided
from minitorch.ops.arguments import check_exact_dtype
from minitorch.ops.operator import operator
from minitorch.ops.shape import ViewBackward0, copying, viewed_shape

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


def _alias(input: Tensor) -> Tensor:
    return shape.AliasBackward0.apply(input)


def _slice(input: Tensor, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1) -> Tensor:
    return parts.slice(input, *parts.slice_bounds(input, dim, start, end, step))


VIEWS: dict[str, Callable[..., Any]] = {
    "alias": _alias, "as_strided": strided.as_strided, "diagonal": strided.diagonal, "expand": shape.expand,
    "permute": shape.permute, "select": parts.select, "slice": _slice, "split": splitting.split,
    "split_with_sizes": splitting.split_with_sizes, "squeeze": shape.squeeze, "t": shape.t, "transpose": shape.transpose,
    "unbind": parts.unbind, "unfold": strided.unfold, "unsqueeze": shape.unsqueeze,
}  # fmt: skip


def _declare(name: str, view: Callable[..., Any]) -> None:
    """Declares the operator that copies what a view shows. The view itself checks the arguments, and says what to copy."""

    @functools.wraps(view)
    def copy(input: Tensor, *args: Any, **kwargs: Any) -> Any:
        twin = Variable._of(input._array)
        twin._version_counter = [0]  # in inference mode too, so that its views know how they came about
        shown = view(twin, *args, **kwargs)
        first = shown if isinstance(shown, Variable) else next(iter(shown), None)
        if first is None:
            return ()
        node, params, _ = first._view[1][1]  # type: ignore[index]  # it is a view
        return copying(node).apply(input, **params)

    copy.__name__ = copy.__qualname__ = f"{name}_copy"
    copy.__doc__ = f"A copy of what ``{name}()`` shows; arguments and errors are its own."
    operator(copy, method=False, out=check_exact_dtype)


for _name, _view in VIEWS.items():
    _declare(_name, _view)


class ViewBackward0_copy(ViewBackward0):
    """A tensor of any strides, in another shape."""

    is_view = False

    def forward(self, k: Table, a: Any, shape: tuple[int, ...]) -> Any:
        self.shape = a.shape
        return k.contiguous_clone(k.reshape(a, shape))


@operator(method=False, out=check_exact_dtype)
def view_copy(input: Tensor, size: Any = None, dtype: Any = None) -> Tensor:
    """A copy in another shape, or of the same bytes as another dtype."""
    if dtype is not None or not isinstance(size, tuple | list):
        view = strided.view_as_dtype(input, size if dtype is None else dtype)
        return copying(strided.ViewBackward1).apply(input, dtype=view._array.dtype)
    return ViewBackward0_copy.apply(input, shape=viewed_shape(input, (size,)))
