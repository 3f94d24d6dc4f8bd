"""What losses share: each element has its loss, and ``reduction`` says whether these are added up, or their mean is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from minitorch.ops.operator import Elementwise
from minitorch.ops.reduction import mean, sum

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor

REDUCTIONS = ("none", "mean", "sum")
"""By torch's numbers, which its functions outside of ``nn`` take."""


def check_reduction(reduction: str | int) -> str:
    """The reduction's name, for a name or a number.

    Raises:
        ValueError: it is not known.
    """
    if isinstance(reduction, int):
        return REDUCTIONS[reduction] if reduction in (1, 2) else "none"
    if reduction not in REDUCTIONS:
        raise ValueError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduced(losses: Tensor, reduction: str | int) -> Tensor:
    """The losses, their mean, or their sum.

    Raises:
        ValueError: the reduction is not known.
    """
    reduction = check_reduction(reduction)
    return losses if reduction == "none" else mean(losses) if reduction == "mean" else sum(losses)


class ReducedLoss(Elementwise, saves={"b": "target"}):
    """A loss in one node: ``losses`` computes it for each element, ``gradients`` those of input and target.

    A third input, or ``None``, is how much each element counts; it has no gradient, nor have those after it.
    """

    __slots__ = ("params", "scale")
    graph_inputs = 2
    shaped_as: ClassVar[int] = 1
    """The losses have the shape of this input, to which the others are broadcast."""

    @classmethod
    def mixed(cls, arrays: list[Any]) -> list[Any]:
        given = iter(super().mixed([each for each in arrays if each is not None]))
        return [None if each is None else next(given) for each in arrays]

    def forward(self, k: Table, a: Any, b: Any, weight: Any, *others: Any, reduction: str, **params: Any) -> Any:
        self.save(a, b, weight, *others)
        self.params = params
        losses = self.losses(k, a, b, *others, **params)
        if weight is not None:
            losses = k.mul(losses, weight)
        wanted = (a, b)[self.shaped_as].shape
        if losses.shape != wanted:
            raise RuntimeError(
                f"output with shape {list(wanted)} doesn't match the broadcast shape {list(losses.shape)}"
            )
        self.scale = 1 / losses.size if reduction == "mean" and losses.size else 1.0
        return losses if reduction == "none" else getattr(k, reduction)(losses, None, False)

    def backward(self, k: Table, grad: Any, a: Any, b: Any, weight: Any, *others: Any) -> tuple[Any, ...]:
        if self.scale != 1:
            grad = k.mul(grad, self.scale)
        if weight is not None:
            grad = k.mul(grad, weight)
        return self.gradients(k, grad, a, b, *others, **self.params)

    def losses(self, k: Table, a: Any, b: Any, *others: Any, **params: Any) -> Any:
        """The loss of each element."""
        raise NotImplementedError

    def gradients(self, k: Table, grad: Any, a: Any, b: Any, *others: Any, **params: Any) -> tuple[Any, ...]:
        """The gradients of input and target."""
        raise NotImplementedError
