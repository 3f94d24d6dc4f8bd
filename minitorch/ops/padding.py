"""Padding: more elements at both ends of the last dimensions, or fewer where the number is negative.

``padding`` has two numbers for each dimension, before and after, and begins with the last dimension.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from minitorch.autograd.graph import Function, Unary
from minitorch.ops.operator import Number, formula, operator, operators
from minitorch.ops.parts import slice

if TYPE_CHECKING:
    from minitorch.kernels import Table
    from minitorch.tensor import Tensor


class ConstantPadNdBackward0(Unary):
    __slots__ = ("padding",)

    def forward(self, k: Table, a: Any, pad: Sequence[int], value: Number) -> Any:
        self.padding = pad
        return k.constant_pad_nd(a, pad, value)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (k.constant_pad_nd(grad, [-each for each in self.padding], 0),)


class EdgePad(Unary):
    """What is added shows elements of the input, which get its gradient too."""

    __slots__ = ("padding",)
    mode: ClassVar[str]

    def forward(self, k: Table, a: Any, padding: Sequence[int]) -> Any:
        self.padding = padding
        self.save(a)
        return k.pad_edges(a, padding, self.mode)

    def backward(self, k: Table, grad: Any, a: Any) -> tuple[Any, ...]:
        return (k.pad_edges_backward(grad, a, padding=self.padding, mode=self.mode),)


class ReflectionPad1DBackward0(EdgePad):
    mode = "reflect"


class ReflectionPad2DBackward0(EdgePad):
    mode = "reflect"


class ReflectionPad3DBackward0(EdgePad):
    mode = "reflect"


class ReplicationPad1DBackward0(EdgePad):
    mode = "replicate"


class ReplicationPad2DBackward0(EdgePad):
    mode = "replicate"


class ReplicationPad3DBackward0(EdgePad):
    mode = "replicate"


NODES = {
    "reflect": (ReflectionPad1DBackward0, ReflectionPad2DBackward0, ReflectionPad3DBackward0),
    "replicate": (ReplicationPad1DBackward0, ReplicationPad2DBackward0, ReplicationPad3DBackward0),
}


@formula("pad_edges_backward")
class EdgePadBackwardBackward0(Function):
    """The input only lends its shape; its gradient is zero, as in torch."""

    __slots__ = ("mode", "padding", "shape")

    def forward(self, k: Table, grad: Any, a: Any, padding: Sequence[int], mode: str) -> Any:
        self.padding, self.mode, self.shape = padding, mode, a.shape
        return k.pad_edges_backward(grad, a, padding, mode)

    def backward(self, k: Table, grad: Any) -> tuple[Any, ...]:
        return (
            self.needs[0] and k.pad_edges(grad, self.padding, self.mode),
            self.needs[1] and k.zeros(self.shape, grad),
        )


@operator(method=False, public=False)
def pad_edges(input: Tensor, padding: Sequence[int], mode: str) -> Tensor:
    """Padding by elements of the input: mirrored without the last one (``"reflect"``), or the last one (``"replicate"``)."""
    return NODES[mode][len(padding) // 2 - 1].apply(input, padding=tuple(padding))


@operator(method=False)
def constant_pad_nd(input: Tensor, pad: Sequence[int], value: Number = 0) -> Tensor:
    """Padding by a number.

    Raises:
        RuntimeError: more numbers than there are dimensions for, or more is taken away than there is.
    """
    shape = input._array.shape
    if len(pad) % 2:
        raise RuntimeError(f"Length of pad must be even but instead it equals {len(pad)}")
    if len(pad) > 2 * len(shape):
        raise RuntimeError(
            "Length of pad should be no more than twice the number of dimensions of the input. Pad length is "
            f"{len(pad)}while the input has {len(shape)}dimensions."
        )
    for size, before, after in zip(reversed(shape), pad[::2], pad[1::2], strict=False):
        if size + min(before, 0) + min(after, 0) < 0:
            raise RuntimeError("narrow(): length must be non-negative.")
    return ConstantPadNdBackward0.apply(input, pad=tuple(pad), value=value)


@operator(method=False, public=False)
def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Padding of the last dimensions.

    Args:
        input: any shape for a constant; else (C, W), (N, C, W), … with up to three dimensions to pad.
        pad: before and after the last dimension, before and after the one before, and so on.
        mode: ``"constant"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
        value: the constant.

    Raises:
        RuntimeError, NotImplementedError: the mode does not go with the shape, the padding or the value.
    """
    ndim = input._array.ndim
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(pad) > 2 * ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(pad)} and input of dimension {ndim}"
        )
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if value:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    if mode not in ("reflect", "replicate", "circular"):
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    padded = len(pad) // 2
    if not 1 <= padded <= 3 or ndim not in (padded + 1, padded + 2):
        raise NotImplementedError(f"Padding size {len(pad)} is not supported for {ndim}D input tensor.")
    if mode == "circular":
        return _pad_circular(input, pad)
    _check_edges(tuple(input._array.shape), pad, mode)
    return pad_edges(input, pad, mode)


def _check_edges(shape: tuple[int, ...], pad: Sequence[int], mode: str) -> None:
    padded, ndim = len(pad) // 2, len(shape)
    if 0 in shape[1 if ndim == padded + 2 else 0 :]:
        raise RuntimeError(
            f"Expected {padded + 1}D or {padded + 2}D (batch mode) tensor with possibly 0 batch size and other non-zero "
            f"dimensions for input, but got: {list(shape)}"
        )
    sizes = shape[-padded:]
    results = [size + pad[2 * n] + pad[2 * n + 1] for n, size in enumerate(reversed(sizes))][::-1]
    for number in range(padded if mode == "reflect" else 0):
        before, after = pad[2 * number], pad[2 * number + 1]
        if max(before, after) >= shape[-1 - number]:
            raise RuntimeError(
                f"Argument #{4 + 2 * number}: Padding size should be less than the corresponding input dimension, but got: "
                f"padding ({before}, {after}) at dimension {ndim - 1 - number} of input {list(shape)}"
            )
    if min(results) < 1:
        names = "DHW"[-padded:]
        given, made = ([f"{name}: {size}" for name, size in zip(names, each, strict=True)] for each in (sizes, results))
        if padded == 2 and mode == "replicate":
            raise RuntimeError(
                f"Calculated output {' '.join(made)} must be >= 1 in every dimension (input {', '.join(given)})"
            )
        raise RuntimeError(f"input ({' '.join(given)}) is too small. Calculated output {' '.join(made)}")


def _pad_circular(input: Tensor, pad: Sequence[int]) -> Tensor:
    """Padding by what comes round from the other end: written into a larger tensor part by part, and so recorded."""
    shape, ndim = list(input._array.shape), input._array.ndim
    dims = [(ndim - 1 - n, pad[2 * n], pad[2 * n + 1]) for n in range(len(pad) // 2)]
    for d, before, after in dims:
        if max(before, after) > shape[d]:
            raise RuntimeError("Padding value causes wrapping around more than once.")
        shape[d] += before + after
        if shape[d] < 0:
            raise RuntimeError("Negative padding value is resulting in an empty dimension")
    out = operators.zeros(tuple(shape), input)
    inside, source = out, input
    for d, before, after in dims:
        inside = slice(inside, d, max(before, 0), shape[d] - max(after, 0), 1)
        source = slice(source, d, max(-before, 0), input._array.shape[d] - max(-after, 0), 1)
    inside.copy_(source)
    for d, before, after in dims:
        first, last = max(before, 0), shape[d] - max(after, 0)
        if before > 0:
            slice(out, d, 0, before, 1).copy_(slice(out, d, last - before, last, 1))
        if after > 0:
            slice(out, d, last, shape[d], 1).copy_(slice(out, d, first, first + after, 1))
    return out
