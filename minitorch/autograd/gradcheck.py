"""Is a gradient right? ``gradcheck`` compares it with differences of values, ``gradgradcheck`` does so for the second.

Source: central differences, (f(x + h) - f(x - h)) / 2h, whose error is of the order of h²; in float64 with h = 1e-6 they
are right to about nine digits.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch.autograd.gradients import grad
from minitorch.autograd.graph import beside, new_tensor
from minitorch.autograd.variable import Variable
from minitorch.kernels import tables

Outputs = Variable | Sequence[Variable]


class GradcheckError(RuntimeError):
    """A gradient differs from the difference of values, or is not one for another reason."""


def gradcheck(
    func: Callable[..., Outputs],
    inputs: Variable | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Compares the whole Jacobian that ``backward`` gives with the one that differences of values give.

    Args:
        func: takes the inputs and returns a tensor or several.
        inputs: tensors and other arguments; those that require gradients are checked. They should be float64.
        eps: the step h, in units of the inputs.
        atol: how far an entry may be off ...
        rtol: ... plus this share of it.
        raise_exception: raise an error and do not return False.
        nondet_tol: how far two passes over the same graph may be from each other.
        check_undefined_grad: check that results which nothing depends on count as having a gradient of 0.
        check_grad_dtypes: gradients have to have the dtypes of their inputs; here they always do.
        check_batched_grad: not supported.
        check_batched_forward_grad: not supported.
        check_forward_ad: not supported.
        check_backward_ad: has to be true.
        fast_mode: of no effect: the whole Jacobian is compared.
        masked: of no effect.

    Raises:
        GradcheckError: an entry is off, two passes differ, or a gradient is not linear in its cotangent.
        ValueError: no input requires gradients.
        RuntimeError: elements of an input share memory.
        NotImplementedError: a check is asked for that is not supported.
    """
    assert check_forward_ad or check_backward_ad, (
        "Expected at least one of check_forward_ad or check_backward_ad to be True"
    )
    assert check_backward_ad or not check_batched_grad, (
        "Setting check_batched_grad=True requires check_backward_ad to be True"
    )
    assert check_forward_ad or not check_batched_forward_grad, (
        "Setting check_batched_forward_grad=True requires check_forward_ad to be True"
    )
    if check_forward_ad or check_batched_grad:
        raise NotImplementedError("gradcheck() checks gradients of backward passes, one cotangent at a time")
    given = _as_list(inputs)
    _check_inputs(given)
    try:
        outputs = _differentiable(func(*given))
        _compare(func, given, outputs, eps, atol, rtol, nondet_tol)
        _check_linear(outputs, given)
        if check_undefined_grad:
            _check_without_one(func, given)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Callable[..., Outputs],
    inputs: Variable | Sequence[Any],
    grad_outputs: Variable | Sequence[Variable] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Checks the gradient of the gradient: ``gradcheck`` of the backward pass, in the inputs and the cotangents.

    Args:
        func: as for ``gradcheck``.
        inputs: as for ``gradcheck``.
        grad_outputs: a cotangent for each output; by default random ones.
        eps: as for ``gradcheck``.
        atol: as for ``gradcheck``.
        rtol: as for ``gradcheck``.
        gen_non_contig_grad_outputs: the random cotangents do not lie row by row.
        raise_exception: as for ``gradcheck``.
        nondet_tol: as for ``gradcheck``.
        check_undefined_grad: as for ``gradcheck``.
        check_grad_dtypes: as for ``gradcheck``.
        check_batched_grad: not supported.
        check_fwd_over_rev: not supported.
        check_rev_over_rev: has to be true.
        fast_mode: of no effect.
        masked: of no effect.

    Raises:
        GradcheckError: an entry is off.
        ValueError: no input requires gradients.
    """
    assert check_fwd_over_rev or check_rev_over_rev, (
        "Expected at least one of check_fwd_over_rev or check_rev_over_rev to be True"
    )
    assert check_rev_over_rev or not check_undefined_grad, (
        "Setting check_undefined_grad=True requires check_rev_over_rev to be True"
    )
    given = _as_list(inputs)
    if grad_outputs is None:
        cotangents = _random_cotangents(_differentiable(func(*given)), gen_non_contig_grad_outputs)
    else:
        cotangents = _as_list(grad_outputs)
    return gradcheck(
        _gradient_of(func, given),
        [*given, *cotangents],
        eps=eps,
        atol=atol,
        rtol=rtol,
        raise_exception=raise_exception,
        nondet_tol=nondet_tol,
        check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
    )


def _gradient_of(func: Callable[..., Outputs], given: list[Any]) -> Callable[..., tuple[Variable, ...]]:
    """The backward pass as a function of what ``func`` is given, and then of the cotangents."""
    checked = _positions(given)

    def gradient(*arguments: Any) -> tuple[Variable, ...]:
        values, cotangents = arguments[: len(given)], arguments[len(given) :]
        outputs = _differentiable(func(*values))
        found = grad(outputs, [values[n] for n in checked], cotangents, create_graph=True, allow_unused=True)
        return tuple(each for each in found if each is not None)

    return gradient


def _random_cotangents(outputs: list[Variable], stepped: bool) -> list[Variable]:
    generator = np.random.default_rng(0)
    return [_leaf(_random(generator, each._array, stepped), each) for each in outputs]


# -- inputs and outputs -----------------------------------------------------------------------------------------------


def _as_list(given: Any) -> list[Any]:
    return list(given) if isinstance(given, tuple | list) else [given]


def _positions(inputs: list[Any]) -> list[int]:
    """Which inputs are checked."""
    return [n for n, each in enumerate(inputs) if isinstance(each, Variable) and each._requires_grad]


def _differentiable(outputs: Outputs) -> list[Variable]:
    return [each for each in _as_list(outputs) if each._requires_grad]


def _numbers(tensor: Variable) -> np.ndarray:
    return tables[type(tensor._array)].to_host(tensor._array)


def _leaf(array: np.ndarray, like: Variable) -> Variable:
    return beside(array, like).requires_grad_()


def _random(generator: np.random.Generator, like: Any, stepped: bool) -> np.ndarray:
    numbers = generator.uniform(-1, 1, (*like.shape, 2)).astype(like.dtype)
    return numbers[..., 0] if stepped else np.ascontiguousarray(numbers[..., 0]).reshape(like.shape)


def _check_inputs(inputs: list[Any]) -> None:
    checked = _positions(inputs)
    for number in checked:
        array = inputs[number]._array
        if array.dtype.itemsize != 8:
            warnings.warn(
                f"Input #{number} requires gradient and is not a double precision floating point or complex. This check will "
                "likely fail if all the inputs are not of double precision floating point or complex. ",
                stacklevel=3,
            )
        if array.size and any(step <= 0 and size > 1 for step, size in zip(array.strides, array.shape, strict=True)):
            raise RuntimeError(
                f"The {number}th input has a dimension with stride 0. gradcheck only supports inputs that are non-overlapping to "
                "be able to compute the numerical gradients correctly. You should call .contiguous on the input before passing "
                "it to gradcheck."
            )
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )


# -- checks -----------------------------------------------------------------------------------------------------------


def _compare(
    func: Callable[..., Outputs],
    inputs: list[Any],
    outputs: list[Variable],
    eps: float,
    atol: float,
    rtol: float,
    nondet_tol: float,
) -> None:
    checked = _positions(inputs)
    numerical = [_numerical(func, inputs, position, eps, bool(outputs)) for position in checked]
    if not outputs and any(each.any() for by_input in numerical for each in by_input):
        raise GradcheckError("Numerical gradient for function expected to be zero")
    for number, output in enumerate(outputs):
        analytical, again = (_analytical(output, [inputs[n] for n in checked]) for _ in range(2))
        if any(np.abs(a - b).max(initial=0) > nondet_tol for a, b in zip(analytical, again, strict=True)):
            raise GradcheckError(
                "Backward is not reentrant, i.e., running backward with same input and grad_output multiple times gives "
                "different values, although analytical gradient matches numerical gradient."
                f"The tolerance for nondeterminism was {nondet_tol}."
            )
        for position, (a, by_input) in enumerate(zip(analytical, numerical, strict=True)):
            n = by_input[number]
            if not np.allclose(a, n, rtol, atol):
                raise GradcheckError(
                    f"Jacobian mismatch for output {number} with respect to input {position},\n"
                    f"numerical:{new_tensor(n)}\nanalytical:{new_tensor(a)}\n"
                )


def _analytical(output: Variable, inputs: list[Variable]) -> list[np.ndarray]:
    """For each input the derivatives (elements of the input, elements of the output), column by column from backward passes."""
    shape, size = output._array.shape, output._array.size
    jacobians = [np.zeros((each._array.size, size), each._array.dtype) for each in inputs]
    for column in range(size):
        seed = np.zeros(size, output._array.dtype)
        seed[column] = 1
        found = grad(output, inputs, beside(seed.reshape(shape), output), retain_graph=True, allow_unused=True)
        for jacobian, each in zip(jacobians, found, strict=True):
            if each is not None:
                jacobian[:, column] = _numbers(each).reshape(-1)
    return jacobians


def _numerical(
    func: Callable[..., Outputs], inputs: list[Any], position: int, eps: float, differentiable: bool
) -> list[np.ndarray]:
    """For each output the same, row by row from differences."""

    def values(moved: np.ndarray) -> list[np.ndarray]:
        outputs = _as_list(func(*inputs[:position], _leaf(moved, inputs[position]), *inputs[position + 1 :]))
        return [
            _numbers(each).copy()
            for each in outputs
            if each._array.dtype.kind == "f" and (each._requires_grad or not differentiable)
        ]

    source = _numbers(inputs[position])
    jacobians = [np.zeros((source.size, each.size), each.dtype) for each in values(source.copy())]
    for element in range(source.size):
        below, above = (np.array(source) for _ in range(2))
        below.reshape(-1)[element] -= eps
        above.reshape(-1)[element] += eps
        for jacobian, a, b in zip(jacobians, values(below), values(above), strict=True):
            jacobian[element] = ((b - a) / (2 * eps)).reshape(-1)
    return jacobians


def _zeros_like(tensors: list[Variable]) -> list[Variable]:
    return [new_tensor(tables[type(each._array)].zeros(each._array.shape, each._array)) for each in tensors]


def _check_linear(outputs: list[Variable], inputs: list[Any]) -> None:
    """Of the cotangent 0, the gradient is 0."""
    if outputs:
        found = grad(
            outputs, [inputs[n] for n in _positions(inputs)], _zeros_like(outputs), retain_graph=True, allow_unused=True
        )
        if any(each is not None and each._array.any() for each in found):
            raise GradcheckError("backward not multiplied by grad_output")


def _check_without_one(func: Callable[..., Outputs], inputs: list[Any]) -> None:
    """An output that nothing depends on has the gradient 0."""
    outputs = _differentiable(func(*inputs))
    checked = [inputs[n] for n in _positions(inputs)]
    for left_out in range(len(outputs)) if len(outputs) > 1 else ():
        others = outputs[:left_out] + outputs[left_out + 1 :]
        try:
            found = grad(others, checked, _zeros_like(others), retain_graph=True, allow_unused=True)
        except RuntimeError as error:
            raise GradcheckError(
                "Expected backward function to handle undefined output grads. Please look at "
                '"Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
            ) from error
        if any(each is not None and each._array.any() for each in found):
            raise GradcheckError(
                "Expected all input grads to be undefined or zero when all output grads are undefined or zero. Please look at "
                '"Notes about undefined output gradients" in "tools/autograd/derivatives.yaml"'
            )
