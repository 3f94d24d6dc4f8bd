"""What a call with arguments that make no sense is answered: torch's errors, found out after the call has failed.

A call that succeeds pays a twentieth of a microsecond. numpy's names of arguments (``axis`` for ``dim``) are found here too.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any, TypeVar

from minitorch import dtypes
from minitorch.autograd.variable import Variable
from minitorch.ops.promotion import Number

F = TypeVar("F", bound=Callable[..., Any])

NUMPYS_NAMES = {
    "axis": "dim", "keepdims": "keepdim", "x": "input", "a": "input", "x1": "input", "x2": "other",
}  # fmt: skip
"""Names that torch takes too, and what they stand for."""

PYTHONS_TYPES: dict[Any, dtypes.dtype] = {float: dtypes.float64, int: dtypes.int64, bool: dtypes.bool}
"""Types that torch takes for dtypes."""

KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "Tensor": (lambda given: isinstance(given, Variable), "Tensor"),
    "int": (lambda given: isinstance(given, Integral | Variable) and not isinstance(given, bool), "int"),
    "bool": (lambda given: isinstance(given, bool), "bool"),
    "float": (lambda given: isinstance(given, Number | Variable), "float"),
    "Number": (lambda given: isinstance(given, Number | Variable), "Number"),
    "Dim": (
        lambda given: given is None or isinstance(given, Integral) or _are_integers(given),
        "tuple of ints",
    ),
}
"""For annotations of parameters: whether they hold for an argument, and what torch calls that."""

SIZES = ("dims", "repeats", "shape", "shifts", "size")
"""Parameters that may be given as several numbers, whatever their annotation."""

IN_SEVERAL_FORMS = {
    "all", "any", "bitwise_and", "bitwise_left_shift", "bitwise_or", "bitwise_right_shift", "bitwise_xor", "bucketize",
    "clamp", "clamp_max", "clamp_min", "clip", "conv2d", "copysign", "divide", "dsplit", "eq", "float_power", "floor_divide",
    "fmod", "ge", "greater", "greater_equal", "gt", "hsplit", "index_fill", "le", "lerp", "less", "less_equal", "lt",
    "masked_fill", "moveaxis", "movedim", "multiply", "nanquantile", "narrow", "ne", "not_equal", "pow", "quantile",
    "remainder", "result_type", "rsub", "scatter", "searchsorted", "std", "std_mean", "subtract", "tensor_split",
    "true_divide", "var", "var_mean", "vsplit", "where", "xlogy",
}  # fmt: skip
"""Operators that torch has in several forms, which it lists when none of them fits."""

ONCE_IN_SEVERAL_FORMS = IN_SEVERAL_FORMS | {
    "add", "addbmm", "addcdiv", "addcmul", "addmm", "addmv", "addr", "baddbmm", "bmm", "div", "eye", "linspace", "logspace",
    "mm", "randint", "randperm", "sub",
}  # fmt: skip
"""Likewise, if there are too few arguments: the other forms are old ones, of more."""

IN_FORMS_OF_A_TENSOR = IN_SEVERAL_FORMS | {
    "argsort", "bernoulli", "count_nonzero", "fill", "max", "mean", "min", "prod", "random", "repeat_interleave", "sort",
    "squeeze", "sum", "view",
}  # fmt: skip
"""Likewise, if the first argument is a tensor: the other forms begin with one too."""


def explained(function: F, method: bool = False, counts: bool = True) -> F:
    """The function, with torch's errors for arguments of the wrong number, name or type.

    Args:
        function: any.
        method: the first argument is the tensor whose method it is.
        counts: it is written in C++ in torch, which words errors about the number of arguments in its own way.
    """

    @functools.wraps(function)
    def call(*args: Any, **settings: Any) -> Any:
        try:
            return function(*args, **settings)
        except (AttributeError, IndexError, TypeError, ValueError) as error:
            signature = inspect.signature(function)
            meant = {_name(name, signature): _value(each) for name, each in settings.items()}
            if list(meant) != list(settings) or any(meant[name] is not each for name, each in settings.items()):
                return call(*args, **meant)
            if hasattr(function, "takes_out"):  # which its signature does not say
                settings.pop("out", None)
            try:
                bound = signature.bind(*args, **settings)
            except TypeError:
                if not counts:
                    raise error from None
                raise _wrong_number(function, signature, args, settings, method) or error from None
            said = str(error).startswith(function.__name__ + "(")  # it says what is wrong itself
            if said and function.__name__.rstrip("_") not in IN_SEVERAL_FORMS:
                raise
            raise _wrong_type(function, signature, bound, args, settings, method) or error from None

    return call  # type: ignore[return-value]  # it takes what the function takes


def explained_method(function: F) -> F:
    """Likewise for a method of tensors, if it takes any arguments."""
    code = inspect.unwrap(function).__code__
    return explained(function, method=True) if code.co_argcount > 1 or code.co_flags & inspect.CO_VARARGS else function


def _value(given: Any) -> Any:
    return PYTHONS_TYPES.get(given, given) if isinstance(given, type) else given


def _name(given: str, signature: inspect.Signature) -> str:
    torchs = NUMPYS_NAMES.get(given, given)
    return torchs if torchs in signature.parameters and given not in signature.parameters else given


def _wrong_number(
    function: Any, signature: inspect.Signature, args: Sequence[Any], settings: dict[str, Any], method: bool
) -> TypeError | None:
    """The error for arguments that are missing, too many, or of an unknown name."""
    name = function.__name__
    places = [
        each
        for each in signature.parameters.values()
        if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
    ]
    missing = [each.name for each in places[len(args) :] if each.default is each.empty and each.name not in settings]
    too_many = len(args) > len(places) and all(
        each.kind != each.VAR_POSITIONAL for each in signature.parameters.values()
    )
    if not (missing or too_many):
        unknown = next((each for each in settings if each not in signature.parameters), None)
        return TypeError(f"{name}() got an unexpected keyword argument '{unknown}'") if unknown else None
    forms = (
        IN_SEVERAL_FORMS
        if too_many
        else IN_FORMS_OF_A_TENSOR | ONCE_IN_SEVERAL_FORMS
        if args
        else ONCE_IN_SEVERAL_FORMS
    )
    if name.rstrip("_") in forms:
        return invalid_combination(name, *args[method:], **settings)
    if too_many:
        count = len(places) - method
        plural = "s" * (count != 1)
        return TypeError(f"{name}() takes {count} positional argument{plural} but {len(args) - method} were given")
    names = ", ".join(f'"{each}"' for each in missing)
    plural = "s" * (len(missing) == 1)  # as torch has it
    return TypeError(f"{name}() missing {len(missing)} required positional argument{plural}: {names}")


def _wrong_type(
    function: Any,
    signature: inspect.Signature,
    bound: inspect.BoundArguments,
    args: Sequence[Any],
    settings: dict[str, Any],
    method: bool,
) -> TypeError | None:
    """The error for the first argument that is not what its annotation says."""
    for position, (name, given) in enumerate(bound.arguments.items()):
        parameter = signature.parameters[name]
        kinds = str(parameter.annotation).split(" | ")
        if name in SIZES:
            kinds = ["Dim"]
            given = given[0] if parameter.kind == parameter.VAR_POSITIONAL and len(given) == 1 else given
        if not set(kinds) <= KINDS.keys() | {"None"}:
            continue
        if (given is None and "None" in kinds) or any(KINDS[each][0](given) for each in kinds if each != "None"):
            continue
        if function.__name__.rstrip("_") in (IN_FORMS_OF_A_TENSOR if position else IN_SEVERAL_FORMS):
            return invalid_combination(function.__name__, *args[method:], **settings)
        place = "" if name in settings else f" (position {position + 1 - method})"
        wanted = KINDS[kinds[0]][1]
        return TypeError(
            f"{function.__name__}(): argument '{name}'{place} must be {wanted}, not {type(given).__name__}"
        )
    return None


def _are_integers(given: Any) -> bool:
    return isinstance(given, Sequence) and all(isinstance(each, Integral) for each in given)


def invalid_combination(operator: str, *arguments: Any, **settings: Any) -> TypeError:
    """The error for arguments whose types do not go together."""
    given = [_kind(each) for each in arguments] + [f"{name}={_kind(each)}" for name, each in settings.items()]
    end = ", " if settings and not arguments else ""
    return TypeError(
        f"{operator}() received an invalid combination of arguments - got ({', '.join(given)}{end}), but expected one of:\n"
        f" * those that help(torch.{operator}) names"
    )


def _kind(given: Any) -> str:
    return "Tensor" if isinstance(given, Variable) else type(given).__name__
