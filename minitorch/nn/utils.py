"""``minitorch.nn.utils``: gradients kept within bounds, and parameters as one vector."""

from __future__ import annotations

from collections.abc import Iterable

from minitorch.autograd import no_grad
from minitorch.creation import tensor
from minitorch.ops.matrix_norms import norm
from minitorch.ops.parts import cat, stack
from minitorch.tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_", "parameters_to_vector", "vector_to_parameters"]


def _gradients(parameters: Tensor | Iterable[Tensor]) -> list[Tensor]:
    given = [parameters] if isinstance(parameters, Tensor) else parameters
    return [each.grad for each in given if each.grad is not None]


def clip_grad_norm_(
    parameters: Tensor | Iterable[Tensor],
    max_norm: float,
    norm_type: float = 2.0,
    error_if_nonfinite: bool = False,
    foreach: bool | None = None,
) -> Tensor:
    """Scales the gradients of parameters down together, where the norm of all of them is larger than ``max_norm``.

    Args:
        parameters: a parameter, or several; those without a gradient are passed over.
        max_norm: the largest norm to leave.
        norm_type: of the norm; may be infinite.
        error_if_nonfinite: refuse norms that are infinite or NaN.
        foreach: of no effect.

    Returns:
        The norm before.

    Raises:
        RuntimeError: the norm is infinite or NaN, and ``error_if_nonfinite``.
    """
    grads = _gradients(parameters)
    if not grads:
        return tensor(0.0)
    with no_grad():
        total: Tensor = norm(stack([norm(each, float(norm_type)) for each in grads]), float(norm_type))
        if error_if_nonfinite and not total.isfinite():
            raise RuntimeError(
                f"The total norm of order {float(norm_type)} for gradients from `parameters` is non-finite, so it cannot be "
                "clipped. To disable this error and scale the gradients by the non-finite norm anyway, set "
                "`error_if_nonfinite=False`"
            )
        factor = (max_norm / (total + 1e-6)).clamp(max=1.0)
        for each in grads:
            each.mul_(factor)
    return total


def clip_grad_value_(parameters: Tensor | Iterable[Tensor], clip_value: float, foreach: bool | None = None) -> None:
    """Cuts every element of the gradients off at ``clip_value`` and its negative; ``foreach`` is of no effect."""
    with no_grad():
        for each in _gradients(parameters):
            each.clamp_(-clip_value, clip_value)


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """All elements of all parameters, one after the other."""
    return cat([each.view(-1) for each in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Lets the parameters be parts of a vector, one after the other.

    Raises:
        TypeError: ``vec`` is no tensor.
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: torch.{type(vec).__name__}")
    begin = 0
    for each in parameters:
        each.data = vec[begin : begin + each.numel()].view_as(each).data
        begin += each.numel()
