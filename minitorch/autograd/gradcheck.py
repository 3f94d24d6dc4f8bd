"""Whether gradients are right: formulas against differences, in float64.

The derivative of f along an input's element is (f(x + eps) - f(x - eps)) / 2 eps, up to terms in eps². Every element of every
input is moved so, which gives the numerical Jacobian; the analytical one comes from one backward pass for every element of
the outputs.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch.autograd.engine import grad
from minitorch.autograd.graph import Function

if TYPE_CHECKING:
    from minitorch.autograd.variable import Variable

MISSING = {"check_batched_grad", "check_batched_forward_grad", "check_forward_ad", "check_fwd_over_rev", "masked"}


class GradcheckError(RuntimeError):
    """A gradient is wrong: raised by ``gradcheck`` and ``gradgradcheck``."""


def gradcheck(
    func: Callable[..., Any],
    inputs: Variable | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    **missing: bool,
) -> bool:
    """Compares the gradients of ``func`` with differences of its values.

    Each output is differentiated alone, so that the absence of the other outputs' gradients is checked too.

    Args:
        func: takes the inputs; returns a tensor or several.
        inputs: those that require gradients are to be float64, and no two elements may share memory.
        eps: how far an element is moved to either side.
        atol, rtol: how far the Jacobians may differ: by ``atol + rtol * |numerical|``.
        raise_exception: raise when they differ, rather than return False.
        nondet_tol: how far two backward passes may differ from each other.
        missing: the checks that torch has besides (of forward mode, of batched gradients, of sparse tensors); only False.

    Returns:
        True where all agree.

    Raises:
        GradcheckError: a gradient is wrong.
        ValueError: no input requires gradients.
        RuntimeError: elements of an input share memory.
        NotImplementedError: a check of something that is not there was asked for.
    """
    _refuse(missing)
    given = _as_tuple(inputs)
    checked = _checked_inputs(given)
    try:
        _compare(func, given, checked, eps, atol, rtol, nondet_tol)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Any],
    inputs: Variable | Sequence[Any],
    grad_outputs: Variable | Sequence[Variable] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    **missing: bool,
) -> bool:
    """Compares second gradients with differences of first ones, in the inputs and in the cotangents.

    Args:
        func: takes the inputs; returns a tensor or several.
        inputs: those that require gradients are to be float64.
        grad_outputs: the cotangents; random, and the same at each call, unless given.
        eps, atol, rtol, raise_exception, nondet_tol, missing: as for ``gradcheck``.

    Returns:
        True where all agree.

    Raises:
        GradcheckError, ValueError, RuntimeError, NotImplementedError: as for ``gradcheck``.
    """
    _refuse(missing)
    given = _as_tuple(inputs)
    if grad_outputs is None:
        source = np.random.default_rng(0)
        cotangents: tuple[Any, ...] = tuple(
            Function.Tensor._of(np.asarray(source.uniform(-1, 1, each._array.shape).astype(each._array.dtype))).requires_grad_()
            for each in _differentiable(func(*given))
        )
    else:
        cotangents = _as_tuple(grad_outputs)

    def gradients(*values: Any) -> tuple[Any, ...]:
        inputs, cotangents = values[: len(given)], values[len(given) :]
        wanted = [each for each in inputs if isinstance(each, Function.Tensor) and each._requires_grad]
        found = grad(_differentiable(func(*inputs)), wanted, cotangents, create_graph=True, allow_unused=True)
        return tuple(each for each in found if each is not None)

    return gradcheck(
        gradients,
        (*given, *cotangents),
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
    )


def _refuse(missing: dict[str, bool]) -> None:
    for name, asked in missing.items():
        if name not in MISSING:
            raise TypeError(f"gradcheck() got an unexpected keyword argument '{name}'")
        if asked:
            raise NotImplementedError(f"{name}=True is not supported: minitorch differentiates backwards, one tensor at a time")


def _as_tuple(values: Any) -> tuple[Any, ...]:
    return tuple(values) if isinstance(values, tuple | list) else (values,)


def _differentiable(outputs: Any) -> list[Variable]:
    return [each for each in _as_tuple(outputs) if each._requires_grad]


def _checked_inputs(inputs: tuple[Any, ...]) -> list[int]:
    """Which of the inputs require gradients."""
    checked = [n for n, each in enumerate(inputs) if isinstance(each, Function.Tensor) and each._requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )
    for number in checked:
        array = inputs[number]._array
        if array.dtype != np.float64:
            warnings.warn(
                f"Input #{number} requires gradient and is not a double precision floating point or complex. This check will "
                "likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=3,
            )
        if array.size and any(step == 0 and size > 1 for step, size in zip(array.strides, array.shape, strict=True)):
            raise RuntimeError(
                f"The {number}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping "
                "to be able to compute the numerical gradients correctly. You should call .contiguous on the input before "
                "passing it to gradcheck."
            )
    return checked


def _compare(
    func: Callable[..., Any],
    inputs: tuple[Any, ...],
    checked: list[int],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
) -> None:
    outputs = _as_tuple(func(*inputs))
    for number in checked:
        for which, (output, numerical) in enumerate(
            zip(outputs, _numerical_jacobians(func, inputs, inputs[number]._array, eps), strict=True)
        ):
            if not output._requires_grad:
                if not np.allclose(numerical, 0, rtol, atol):
                    raise GradcheckError("Numerical gradient for function expected to be zero")
                continue
            analytical, again = (_analytical_jacobian(output, inputs[number]) for _ in range(2))
            if not np.allclose(analytical, numerical, rtol, atol):
                raise GradcheckError(
                    f"Jacobian mismatch for output {which} with respect to input {number},\n"
                    f"numerical:{Function.Tensor._of(numerical)}\nanalytical:{Function.Tensor._of(analytical)}\n"
                )
            if not np.allclose(analytical, again, 0, nondet_tol, equal_nan=True):
                raise GradcheckError(
                    "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives "
                    "different values, although analytical gradient matches numerical gradient."
                    f"The tolerance for nondeterminism was {nondet_tol}."
                )


def _numerical_jacobians(func: Callable[..., Any], inputs: tuple[Any, ...], moved: Any, eps: float) -> list[np.ndarray]:
    """For each output the derivatives by one input, (elements of the input, elements of the output)."""

    def outputs() -> list[np.ndarray]:
        return [each._array.astype(np.float64).ravel() for each in _as_tuple(func(*inputs))]

    rows = [np.zeros((moved.size, each.size)) for each in outputs()]
    for row, position in enumerate(np.ndindex(moved.shape)):
        value = moved[position]
        moved[position] = value + eps
        above = outputs()
        moved[position] = value - eps
        below = outputs()
        moved[position] = value
        for jacobian, a, b in zip(rows, above, below, strict=True):
            jacobian[row] = (a - b) / (2 * eps)
    return rows


def _analytical_jacobian(output: Variable, input: Variable) -> np.ndarray:
    """The derivatives of one output by one input, (elements of the input, elements of the output)."""
    jacobian = np.zeros((input._array.size, output._array.size))
    for column, position in enumerate(np.ndindex(output._array.shape)):
        cotangent = np.zeros_like(output._array)
        cotangent[position] = 1
        (found,) = grad(output, input, Function.Tensor._of(cotangent), retain_graph=True, allow_unused=True)
        if found is not None:
            jacobian[:, column] = found._array.ravel()
    return jacobian
