"""The forms of an operator beside the plain one: what writes in place (``add_``), and what writes to ``out=``."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from minitorch import return_types
from minitorch.autograd.gathering import refusal
from minitorch.autograd.grad_mode import no_grad, recording
from minitorch.autograd.inplace import check_inplace, check_written_once, is_expanded, take_over
from minitorch.autograd.variable import Variable
from minitorch.dtypes import can_cast, from_numpy_dtype
from minitorch.kernels import tables
from minitorch.ops.arguments import cpp_name, dtype_name
from minitorch.warn import warn

if TYPE_CHECKING:
    from minitorch.tensor import Tensor


def in_place(function: Callable[..., Any], expanded: str | None = None) -> Callable[..., Any]:
    """The form that writes over its first argument: the operator, then its result takes the place of the tensor.

    The graph is thereby the operator's own, with the tensor's old history below it.
    """

    @functools.wraps(function)
    def write_over(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        given = [x for x in (*args, *kwargs.values()) if isinstance(x, Variable)]
        recorded = recording.get() and (self._wants_grad() or True in [each._wants_grad() for each in given])
        overlaps = is_expanded(self)
        check_inplace(self, recorded, once=overlaps and (expanded is None or (not expanded and bool(given))))
        if overlaps and expanded:
            warn(
                f"Use of {function.__name__}_ on expanded tensors is deprecated. Please clone() the tensor before performing "
                f"this operation. This also applies to advanced indexing e.g. {expanded}",
                UserWarning,
            )
        if not (recorded or overlaps) and _at_once(function.__name__, self, args, kwargs):
            self._version_counter[0] += 1
            return self
        before, k = self, tables[type(self._array)]
        if recorded:
            before = Variable._of(k.clone(self._array))  # a node may save what is overwritten
            before._edge, before._requires_grad = (
                self._gradient_edge() if self._wants_grad() else None,
                self._wants_grad(),
            )
        for each in given:
            if each._version_counter is self._version_counter and not k.coincide(each._array, self._array):
                check_apart(self, each)
        result = function(before, *args, **kwargs)
        if result._array.shape != self._array.shape:
            raise RuntimeError(
                f"output with shape {list(self._array.shape)} doesn't match the broadcast shape {list(result._array.shape)}"
            )
        _check_placed(result, self)
        _check_castable(result, self)
        if overlaps:  # an element that stays would undo the change of another in its place
            k.write_changes(self._array, result._array)
        elif result._array is not self._array:
            k.write_over(self._array, result._array)
        take_over(self, result)
        return self

    write_over.__name__ = write_over.__qualname__ = function.__name__.rstrip("_") + "_"
    write_over.__doc__ = f"In-place version of ``{function.__name__}()``."
    return write_over


def _at_once(name: str, self: Tensor, args: tuple[Any, ...], settings: dict[str, Any]) -> bool:
    """Writes the result over the tensor in one pass, if there is a kernel for it and nothing to be converted or refused.

    Returns:
        Whether it did.
    """
    dtype = self._array.dtype
    known = {"alpha"} if name in ("add", "sub") else set()
    if dtype.kind != "f" or not settings.keys() <= known or type(settings.get("alpha", 1)) not in (int, float):
        return False
    operands = [each._array if isinstance(each, Variable) else each for each in args]
    for each in operands:
        if type(each) is int or type(each) is float:
            continue
        if type(each) is not type(self._array) or each.dtype is not dtype or each.shape != self._array.shape:
            return False
    return tables[type(self._array)].overwrite(name, self._array, *operands, **settings)


def with_out(
    function: Callable[..., Any], check: str | Callable[[Any, Any], None] | None = None, name: str | None = None
) -> Callable[..., Any]:
    """The form that writes its result to the tensor given as ``out=``, or its results to several.

    In errors, and as the type of several results, it is called ``name``: the function's own unless given.
    """
    check = _check_castable if check is None else check
    name = name or function.__name__

    @functools.wraps(function)
    def write_out(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        targets = tuple(out) if isinstance(out, tuple | list) else (out,)
        given = [x for x in (*args, *kwargs.values()) if isinstance(x, Variable)]
        if recording.get() and any(x._wants_grad() for x in (*targets, *given)):
            raise RuntimeError(
                f"{name}(): functions with out=... arguments don't support automatic differentiation, "
                "but one of the arguments requires grad."
            )
        with no_grad():
            if not isinstance(check, str):  # which comes later
                for target in targets:
                    check_inplace(target)
            result = function(*args, **kwargs)
        if isinstance(check, str):
            _check_strictly(result, out, given, check)
            _write_to(out, result)
            return out
        if not isinstance(out, tuple | list):
            check(result, out)
            _write_to(out, result)
            return out
        if any(tables[type(target._array)].overlap(target._array, x._array) for target in targets for x in given):
            raise RuntimeError(
                "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single "
                "memory location. Please clone() the tensor before performing the operation."
            )
        for target, each in zip(targets, result, strict=True):
            check(each, target)
            _write_to(target, each)
        return getattr(return_types, f"{name}_out", tuple)(targets)

    write_out.takes_out = True  # type: ignore[attr-defined]  # so says the stub that is written of it
    return write_out


def check_apart(out: Variable, *inputs: Variable, size: int | None = None) -> None:
    """Raises torch's error where writing to ``out`` (after it is resized to ``size``) would write to an input in one piece."""
    written, k = out._array, tables[type(out._array)]
    if size is not None:
        written = k.as_strided(written, (size,), (1,), out.storage_offset())  # type: ignore[attr-defined]  # it is a tensor
    if written.flags.forc and any(each._array.flags.forc and k.overlap(written, each._array) for each in inputs):
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor refer to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )


def _check_strictly(result: Tensor, out: Tensor, given: list[Any], other_dtype: str) -> None:
    """Checks that a result can be written as it is: to a tensor of its dtype, apart from what was given."""
    check_written_once(out)
    check_apart(out, *given, size=result._array.size if out._array.shape != result._array.shape else None)
    if out._array.dtype != result._array.dtype:
        names = {"wanted": dtype_name(result), "given": dtype_name(out)}
        raise RuntimeError(other_dtype.format(cpp_wanted=cpp_name(result), cpp_given=cpp_name(out), **names))


def _write_to(out: Tensor, result: Tensor) -> None:
    """Writes a result over a tensor, which takes its shape."""
    _check_placed(result, out)
    if out._array.shape != result._array.shape:
        if out._array.size:
            warn(
                f"An output with one or more elements was resized since it had shape {list(out._array.shape)}, which "
                f"does not match the required output shape {list(result._array.shape)}. This behavior is deprecated, and in a "
                "future PyTorch release outputs will not be resized unless they have zero elements. You can explicitly reuse an "
                "out tensor t by resizing it, inplace, to zero elements with t.resize_(0).",
                UserWarning,
            )
        out._array = tables[type(result._array)].cast(result._array, out._array.dtype)
    else:
        tables[type(out._array)].write_over(out._array, result._array)
    out._version_counter[0] += 1


def _check_placed(result: Tensor, target: Tensor) -> None:
    places = result._array.device, target._array.device
    if places[0] != places[1]:
        raise refusal(places)


def _check_castable(result: Tensor, target: Tensor) -> None:
    given, wanted = from_numpy_dtype(result._array.dtype), from_numpy_dtype(target._array.dtype)
    if not can_cast(given, wanted):
        raise RuntimeError(
            f"result type {given.scalar_type} can't be cast to the desired output type {wanted.scalar_type}"
        )
