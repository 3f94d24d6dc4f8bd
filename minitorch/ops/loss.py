"""Losses of classes: negative log-likelihood, cross entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from minitorch.autograd.graph import Function
from minitorch.kernels import tables
from minitorch.ops.activation import log_softmax
from minitorch.ops.arguments import dtype_name
from minitorch.ops.arithmetic import AddBackward1, DivBackward1, MulBackward1, add, mul, neg
from minitorch.ops.operator import formula, operator
from minitorch.ops.reduced_loss import check_reduction
from minitorch.ops.reduction import sum
from minitorch.ops.scattering import masked_fill
from minitorch.ops.shape import view

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class NllLossBackward0(Function):
    """The loss picks -input[target] of each sample, times its class's weight; so it is linear in the input."""

    __slots__ = ("ignore_index",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
        loss, weights = k.nll_loss_forward(a, target, weight, ignore_index, reduction)
        self.ignore_index = ignore_index
        self.save(a, target, weights)
        return loss

    def backward(self, k: Table, grad: Any, a: Any, target: Any, weights: Any) -> tuple[Any, ...]:
        return (k.nll_loss_backward(grad, target, weights, a, ignore_index=self.ignore_index),)


class NllLoss2DBackward0(NllLossBackward0):
    """With more dimensions: one loss at each position."""


@formula("nll_loss_backward")
class NllLossBackwardBackward(Function):
    """Linear in the gradient, which is broadcast, and flat in the input of the loss (which gives the shape)."""

    __slots__ = ("ignore_index",)
    broadcasts = True

    def forward(self, k: Table, grad: Any, target: Any, weights: Any, a: Any, ignore_index: int) -> Any:
        self.ignore_index = ignore_index
        self.save(target, weights)
        return k.nll_loss_backward(grad, target, weights, a, ignore_index)

    def backward(self, k: Table, grad: Any, target: Any, weights: Any) -> tuple[Any, ...]:
        by_grad = self.needs[0] and k.nll_loss_pick(grad, target, weights, ignore_index=self.ignore_index)
        return by_grad, None, None, self.needs[3] and k.zeros(grad.shape, grad)


@formula("nll_loss_pick")
class NllLossPick(Function):
    """The adjoint of the one above."""

    __slots__ = ("ignore_index",)
    graph_inputs = 1

    def forward(self, k: Table, a: Any, target: Any, weights: Any, ignore_index: int) -> Any:
        self.ignore_index = ignore_index
        self.save(a, target, weights)
        return k.nll_loss_pick(a, target, weights, ignore_index)

    def backward(self, k: Table, grad: Any, a: Any, target: Any, weights: Any) -> tuple[Any, ...]:
        return (k.nll_loss_backward(grad, target, weights, a, ignore_index=self.ignore_index),)


@operator(method=False, public=False)
def nll_loss(
    input: Tensor, target: Tensor, weight: Tensor | None = None, ignore_index: int = -100, reduction: str = "mean"
) -> Tensor:
    """``-weight[target] * input[target]`` of each sample: the negative log-likelihood, for log-probabilities.

    Args:
        input: (batch, classes, …), or (classes,) for a single sample.
        target: class indices, int64: (batch, …), or () for a single sample.
        weight: (classes,), how much each class counts.
        ignore_index: samples with this target count nothing.
        reduction: ``"mean"`` (weighted), ``"sum"`` or ``"none"``.

    Raises:
        RuntimeError, ValueError: shapes or dtypes that do not fit.
        IndexError: a target is not the index of a class.
    """
    check_reduction(reduction)
    _check_targets(input, target, weight, ignore_index)
    params = {"reduction": reduction, "ignore_index": ignore_index}
    ndim = input._array.ndim
    if ndim == 1:
        # One sample counts as a batch of one; the node is still the only one in the graph.
        return _SingleNllLoss.apply(input, target, weight, **params)
    if ndim in (2, 4):
        return (NllLossBackward0 if ndim == 2 else NllLoss2DBackward0).apply(input, target, weight, **params)
    batch, classes, *rest = input._array.shape
    planes = NllLoss2DBackward0.apply(
        view(input.contiguous(), (batch, classes, 1, -1)), view(target.contiguous(), (batch, 1, -1)), weight, **params
    )
    return view(planes, (batch, *rest)) if reduction == "none" else planes


class _SingleNllLoss(NllLossBackward0):
    def forward(self, k: Table, a: Any, target: Any, weight: Any, reduction: str, ignore_index: int) -> Any:
        result = super().forward(k, k.unsqueeze(a, 0), k.unsqueeze(target, 0), weight, reduction, ignore_index)
        return k.reshape(result, ())

    def backward(self, k: Table, grad: Any, a: Any, target: Any, weights: Any) -> tuple[Any, ...]:
        (by_batch,) = super().backward(k, k.unsqueeze(grad, 0), a, target, weights)
        return (k.squeeze(by_batch, (0,)),)

    def name(self) -> str:
        return "NllLossBackward0"


def _check_targets(input: Tensor, target: Tensor, weight: Tensor | None, ignore_index: int) -> None:
    shape, target_shape = list(input._array.shape), list(target._array.shape)
    if not shape:
        raise RuntimeError("input tensor should be 1D or 2D")
    if len(shape) == 1:
        if target_shape not in ([], [1]):
            raise RuntimeError(f"size mismatch (got input: {shape}, target: {target_shape})")
    elif shape[0] != (target_shape or [None])[0]:
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size ({(target_shape or [0])[0]})."
        )
    elif [shape[0], *shape[2:]] != target_shape:
        raise RuntimeError(f"Expected target size {[shape[0], *shape[2:]]}, got {target_shape}")
    if input._array.dtype.kind != "f":
        raise NotImplementedError(f"\"nll_loss_out_frame\" not implemented for '{dtype_name(input)}'")
    if target._array.dtype.str[1:] not in ("i8", "u1"):
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {dtype_name(target)}")
    classes = shape[0] if len(shape) == 1 else shape[1]
    if weight is not None and list(weight._array.shape) != [classes]:
        raise RuntimeError(
            f"weight tensor should be defined either for all {classes} classes or no classes but got weight tensor of shape: "
            f"{list(weight._array.shape)}"
        )
    outside = tables[type(target._array)].nll_outside(target._array, classes, ignore_index)
    if outside is not None:
        raise IndexError(f"Target {outside} is out of bounds.")


@operator(method=False, public=False)
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    ignore_index: int = -100,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """The negative log-likelihood of ``log_softmax(input)``.

    Args:
        input: scores, (batch, classes, …), or (classes,) for a single sample.
        target: class indices (int64; (batch, …), or ()), or probabilities of the input's shape and a floating point dtype.
        weight: (classes,), how much each class counts.
        ignore_index: samples with this class index count nothing.
        reduction: ``"mean"``, ``"sum"`` or ``"none"``.
        label_smoothing: mixes the targets with this much of a uniform distribution; from 0 to 1.

    Raises:
        RuntimeError, ValueError: shapes, dtypes or settings that do not fit.
        IndexError: a target is not the index of a class.

    Source: label smoothing as in Szegedy et al., "Rethinking the Inception Architecture", 2016.
    """
    check_reduction(reduction)
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing:g}")
    class_dim = 0 if input._array.ndim == 1 else 1
    if input._array.shape == target._array.shape:
        return _with_probabilities(input, target, weight, reduction, label_smoothing, class_dim)
    if input._array.ndim and target._array.dtype.kind == "f":
        raise RuntimeError(f"expected target dtype to be Long or Byte, but got {dtype_name(target)}")
    log_probabilities = log_softmax(input, class_dim)
    loss = nll_loss(log_probabilities, target, weight, ignore_index, reduction)
    if label_smoothing == 0.0:
        return loss
    return _smoothed(loss, log_probabilities, target, weight, ignore_index, reduction, label_smoothing, class_dim)


def _with_probabilities(
    input: Tensor, target: Tensor, weight: Tensor | None, reduction: str, label_smoothing: float, class_dim: int
) -> Tensor:
    if target._array.dtype.kind != "f":
        raise RuntimeError(
            "Expected floating point type for target with class probabilities, got " + dtype_name(target)
        )
    log_probabilities = log_softmax(input, class_dim)
    shape = input._array.shape
    if label_smoothing > 0.0:
        target = AddBackward1.apply(MulBackward1.apply(target, 1 - label_smoothing), label_smoothing / shape[class_dim])
    product = mul(log_probabilities, target)
    if weight is not None:
        product = mul(product, _along(weight, class_dim, len(shape)))
    if reduction == "none":
        return neg(sum(product, class_dim))
    total = neg(sum(product))
    samples = input._array.size // shape[class_dim] if shape[class_dim] else 0
    return total if reduction == "sum" else DivBackward1.apply(total, samples)


def _smoothed(
    loss: Tensor,
    log_probabilities: Tensor,
    target: Tensor,
    weight: Tensor | None,
    ignore_index: int,
    reduction: str,
    label_smoothing: float,
    class_dim: int,
) -> Tensor:
    """Mixes the loss with the mean over all classes."""
    ndim, classes = log_probabilities._array.ndim, log_probabilities._array.shape[class_dim]
    weighted = log_probabilities if weight is None else mul(log_probabilities, _along(weight, class_dim, ndim))
    ignored = target == ignore_index
    smooth = masked_fill(neg(sum(weighted, class_dim)), ignored, 0.0)
    if reduction == "sum":
        smooth = sum(smooth)
    elif reduction == "mean":
        kept = ignored.logical_not()
        count = sum(kept) if weight is None else sum(weight[target.masked_fill(ignored, 0)].masked_fill(ignored, 0.0))
        smooth = sum(smooth) / count
    return add(MulBackward1.apply(loss, 1 - label_smoothing), MulBackward1.apply(smooth, label_smoothing / classes))


def _along(weight: Tensor, class_dim: int, ndim: int) -> Tensor:
    """Class weights, shaped to be multiplied along the dimension of the classes."""
    return view(weight, tuple(-1 if d == class_dim else 1 for d in range(ndim)))
