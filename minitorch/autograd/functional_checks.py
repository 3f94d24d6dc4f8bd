"""What ``autograd.functional`` refuses, and says then. In strict mode, that is all that does not depend on the inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

_NOT_ALLOWED = "This is not allowed in strict mode"


def check_strategy(strategy: str) -> None:
    if strategy == "forward-mode":
        raise NotImplementedError("derivatives are computed in reverse mode only: leave strategy as it is")
    assert strategy == "reverse-mode", 'Expected strategy to be either "forward-mode" or "reverse-mode".'


def check_vector(vector: tuple[Any, ...], others: tuple[Any, ...], several: bool) -> None:
    if len(others) != len(vector):
        raise RuntimeError(
            f"v is a tuple of invalid length: should be {len(others)} but got {len(vector)}." if several
            else "The given v should contain a single Tensor."
        )  # fmt: skip
    for position, (each, other) in enumerate(zip(vector, others, strict=True)):
        if each._array.shape != other._array.shape:
            where = f"Entry {position} in " if several else ""
            raise RuntimeError(f"{where}v has invalid size: should be {other.size()} but got {each.size()}.")


def check_single(several: bool, results: tuple[Any, ...], name: str) -> None:
    if several:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if results[0]._array.size != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")


def check_requires_grad(tensors: Sequence[Any], what: str, strict: bool) -> None:
    """In strict mode, refuses what does not depend on the inputs."""
    for number, each in enumerate(tensors if strict else ()):
        if each is None:
            raise RuntimeError(
                f"The output of the user-provided function is independent of input {number}. {_NOT_ALLOWED}."
            )
        if not each._requires_grad:
            raise RuntimeError(_INDEPENDENT[what].format(number=number))


_INDEPENDENT = {
    "outputs": "Output {number} of the user-provided function does not require gradients. The outputs must be computed in a "
    "differentiable manner from the input when running in strict mode.",
    "grad_inputs": "The gradient with respect to input {number} is independent of the inputs of the user-provided function. "
    f"{_NOT_ALLOWED}.",
    "jacobian": "While computing the hessian, found that the jacobian of the user-provided function with respect to input "
    f"{{number}} is independent of the input. {_NOT_ALLOWED}. You should ensure that your function is twice differentiable and "
    "that the jacobian depends on the inputs (this would be violated by a linear function for example).",
    "hessian": "The hessian of the user-provided function with respect to input {number} is independent of the input. "
    f"{_NOT_ALLOWED}. You should ensure that your function is thrice differentiable and that the hessian depends on the inputs.",
}


def check_gradients(grads: Sequence[Any], create_graph: bool, stage: str) -> None:
    """In strict mode, refuses gradients that are missing, or cannot themselves be differentiated where they are to be."""
    for number, each in enumerate(grads):
        if each is None:
            raise RuntimeError(_MISSING[stage].format(number=number))
        if create_graph and not each._requires_grad:
            raise _constant("hessian" if "double" in stage else "jacobian", number)


_MISSING = {
    "back": f"The output of the user-provided function is independent of input {{number}}. {_NOT_ALLOWED}.",
    "back_trick": "The gradient with respect to the input is independent of entry {number} in the grad_outputs when using the "
    f"double backward trick to compute forward mode gradients. {_NOT_ALLOWED}.",
    "double_back": f"The jacobian of the user-provided function is independent of input {{number}}. {_NOT_ALLOWED}.",
    "double_back_trick": "The hessian of the user-provided function is independent of entry {number} in the grad_jacobian. "
    f"{_NOT_ALLOWED} as it prevents from using the double backward trick to replace forward mode AD.",
}


def check_row(gradient: Any, result: int, input: int, create_graph: bool) -> None:
    """In strict mode, refuses what an element of a result does not depend on."""
    if gradient is None:
        raise RuntimeError(
            f"Output {result} of the user-provided function is independent of input {input}. {_NOT_ALLOWED}."
        )
    if create_graph and not gradient._requires_grad:
        raise _constant("jacobian", result)


def _constant(what: str, number: int) -> RuntimeError:
    return RuntimeError(
        f"The {what} of the user-provided function is independent of input {number}. {_NOT_ALLOWED} when create_graph=True."
    )
