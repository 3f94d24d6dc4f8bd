"""Is a gradient right? ``gradcheck`` compares it with differences of values, ``gradgradcheck`` does so for the second.

Source: central differences, (f(x + h) - f(x - h)) / 2h, whose error is of the order of h²; in float64 with h = 1e-6 they
are right to about nine digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minitorch.autograd.engine import grad
from minitorch.autograd.variable import Variable

Outputs = Variable | Sequence[Variable]


class GradcheckError(RuntimeError):
    """A gradient differs from the difference of values."""


def gradcheck(
    func: Callable[..., Outputs],
    inputs: Variable | Sequence[Any],
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Compares the whole Jacobian that ``backward`` gives with the one that differences of values give.

    Args:
        func: takes the inputs and returns a tensor or several.
        inputs: tensors and other arguments; those that require gradients are checked. They should be float64.
        eps: the step h, in units of the inputs.
        atol: how far an entry may be off ...
        rtol: ... plus this share of it.
        raise_exception: raise an error and do not return False.

    Raises:
        GradcheckError: an entry is off.
        ValueError: no input requires gradients.
    """
    given = [inputs] if isinstance(inputs, Variable) else list(inputs)
    checked = [n for n, each in enumerate(given) if isinstance(each, Variable) and each._requires_grad]
    if not checked:
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of the them have requires_grad=True."
        )
    outputs = [n for n, each in enumerate(_outputs(func, given)) if each._requires_grad]
    for number in outputs:
        for position in checked:
            analytical = _analytical(func, given, number, position)
            numerical = _numerical(func, given, number, position, eps)
            if not np.allclose(analytical, numerical, rtol, atol, equal_nan=True):
                if not raise_exception:
                    return False
                raise GradcheckError(
                    f"Jacobian mismatch for output {number} with respect to input {position},\n"
                    f"numerical:{numerical}\nanalytical:{analytical}\n"
                )
    return True


def gradgradcheck(
    func: Callable[..., Outputs],
    inputs: Variable | Sequence[Any],
    grad_outputs: Variable | Sequence[Variable] | None = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
) -> bool:
    """Checks the gradient of the gradient: ``gradcheck`` of the backward pass, in the inputs and the cotangents.

    Args:
        func: as for ``gradcheck``.
        inputs: as for ``gradcheck``.
        grad_outputs: a cotangent for each output; by default random ones.
        eps: as for ``gradcheck``.
        atol: as for ``gradcheck``.
        rtol: as for ``gradcheck``.
        raise_exception: as for ``gradcheck``.

    Raises:
        GradcheckError: an entry is off.
        ValueError: no input requires gradients.
    """
    given = [inputs] if isinstance(inputs, Variable) else list(inputs)
    checked = [n for n, each in enumerate(given) if isinstance(each, Variable) and each._requires_grad]
    produced = [each for each in _outputs(func, given) if each._requires_grad]
    if grad_outputs is None:
        generator = np.random.default_rng(0)
        cotangents = [
            _leaf(generator.standard_normal(each._array.shape).astype(each._array.dtype)) for each in produced
        ]
    else:
        cotangents = [grad_outputs] if isinstance(grad_outputs, Variable) else list(grad_outputs)

    def first_gradient(*arguments: Any) -> tuple[Variable, ...]:
        values, seeds = arguments[: len(given)], arguments[len(given) :]
        differentiable = [each for each in _outputs(func, list(values)) if each._requires_grad]
        found = grad(
            differentiable,
            [values[n] for n in checked],
            seeds,
            create_graph=True,
            allow_unused=True,
            materialize_grads=True,
        )
        return tuple(each for each in found if each is not None)

    return gradcheck(
        first_gradient, [*given, *cotangents], eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception
    )


def _outputs(func: Callable[..., Outputs], inputs: list[Any]) -> list[Variable]:
    result = func(*inputs)
    return [result] if isinstance(result, Variable) else list(result)


def _leaf(array: np.ndarray) -> Variable:
    return Variable._of(array).requires_grad_()


def _analytical(func: Callable[..., Outputs], inputs: list[Any], number: int, position: int) -> np.ndarray:
    """The Jacobian (elements of the output, elements of the input), row by row from backward passes."""
    output = _outputs(func, inputs)[number]
    shape, source = output._array.shape, inputs[position]
    jacobian = np.zeros((output._array.size, source._array.size))
    for row in range(output._array.size):
        seed = np.zeros(output._array.size, output._array.dtype)
        seed[row] = 1
        (found,) = grad(output, source, Variable._of(seed.reshape(shape)), retain_graph=True, allow_unused=True)
        if found is not None:
            jacobian[row] = found._array.reshape(-1)
    return jacobian


def _numerical(func: Callable[..., Outputs], inputs: list[Any], number: int, position: int, eps: float) -> np.ndarray:
    """The same Jacobian, column by column from differences."""
    source = inputs[position]._array
    columns = []
    for element in range(source.size):
        values = []
        for step in (eps, -eps):
            moved = np.array(source)
            moved.reshape(-1)[element] += step
            values.append(
                _outputs(func, [*inputs[:position], _leaf(moved), *inputs[position + 1 :]])[number]._array.copy()
            )
        columns.append((values[0] - values[1]).reshape(-1) / (2 * eps))
    return np.stack(columns, axis=1) if columns else np.zeros((_outputs(func, inputs)[number]._array.size, 0))
