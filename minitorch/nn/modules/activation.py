"""Activations as layers: what each computes is said of the function in ``minitorch.nn.functional`` that it names."""

from __future__ import annotations

import warnings
from typing import Any

from minitorch.creation import empty
from minitorch.dtypes import dtype as Dtype
from minitorch.nn import functional as F
from minitorch.nn import init
from minitorch.nn.modules.declared import Activation, Declared
from minitorch.nn.modules.module import Module
from minitorch.nn.parameter import Parameter
from minitorch.tensor import Tensor


class ReLU(Activation):
    """max(input, 0)."""

    function = F.relu
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:  # type: ignore[override]  # written out, for speed
        return F.relu(input, self.inplace)


class Sigmoid(Activation):
    """1 / (1 + exp(-input))."""

    function = F.sigmoid


class Tanh(Activation):
    """The hyperbolic tangent."""

    function = F.tanh


class ELU(Activation):
    """``input``, and below 0 ``alpha * (exp(input) - 1)``."""

    function = F.elu
    alpha: float = 1.0
    inplace: bool = False


class CELU(Activation):
    """``input``, and below 0 ``alpha * (exp(input / alpha) - 1)``."""

    function = F.celu
    alpha: float = 1.0
    inplace: bool = False


class SELU(Activation):
    """``elu``, scaled so that mean 0 and variance 1 are kept."""

    function = F.selu
    inplace: bool = False


class LeakyReLU(Activation):
    """``input``, and ``negative_slope * input`` below 0."""

    function = F.leaky_relu
    negative_slope: float = 0.01
    inplace: bool = False


class GELU(Activation):
    """``input`` times the normal distribution function of it; ``approximate`` is ``"none"`` or ``"tanh"``."""

    function = F.gelu
    approximate: str = "none"


class SiLU(Activation):
    """``input * sigmoid(input)``."""

    function = F.silu
    inplace: bool = False


class Mish(Activation):
    """``input * tanh(softplus(input))``."""

    function = F.mish
    inplace: bool = False


class Hardswish(Declared):
    """``input * hardsigmoid(input)``."""

    function = F.hardswish
    inplace: bool = False


class Hardsigmoid(Declared):
    """(input + 3) / 6, but between 0 and 1."""

    function = F.hardsigmoid
    inplace: bool = False


class Hardtanh(Activation):
    """``input``, but between ``min_val`` and ``max_val``.

    Args:
        min_val: the lower bound.
        max_val: the upper bound.
        inplace: write the result over the input.
        min_value, max_value: older words for the bounds.

    Raises:
        AssertionError: the bounds cross.
    """

    function = F.hardtanh
    min_val: float = -1.0
    max_val: float = 1.0
    inplace: bool = False

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        for name, older in (("min_val", min_value), ("max_val", max_value)):
            if older is not None:
                warnings.warn(
                    f"keyword argument `{name}ue` is deprecated and renamed to `{name}`", FutureWarning, stacklevel=2
                )
        min_val, max_val = (min_val if min_value is None else min_value, max_val if max_value is None else max_value)
        super().__init__(min_val, max_val, inplace)
        if max_val <= min_val:
            raise AssertionError(f"max_val ({max_val}) must be greater than min_val ({min_val})")


class ReLU6(Hardtanh):
    """``input``, but between 0 and 6."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__(0.0, 6.0, inplace)

    def extra_repr(self) -> str:
        return "inplace=True" if self.inplace else ""


class Threshold(Activation):
    """``input`` where it is above ``threshold``, ``value`` elsewhere."""

    function = F.threshold
    threshold: float
    value: float
    inplace: bool = False


class Softplus(Activation):
    """``log(1 + exp(beta * input)) / beta``; ``input`` where ``beta * input`` is above ``threshold``."""

    function = F.softplus
    beta: float = 1.0
    threshold: float = 20.0


class GLU(Activation):
    """The first half of ``input`` along ``dim``, times the sigmoid of the second."""

    function = F.glu
    dim: int = -1


class LogSigmoid(Activation):
    """log(sigmoid(input))."""

    function = F.logsigmoid


class Softsign(Activation):
    """``input / (1 + |input|)``."""

    function = F.softsign


class Tanhshrink(Activation):
    """``input - tanh(input)``."""

    function = F.tanhshrink


class _Shrink(Declared):
    lambd: float

    def extra_repr(self) -> str:
        return f"{self.lambd}"


class Hardshrink(_Shrink):
    """0 from ``-lambd`` to ``lambd``, ``input`` elsewhere."""

    function = F.hardshrink
    lambd: float = 0.5


class Softshrink(_Shrink):
    """0 from ``-lambd`` to ``lambd``, ``input`` brought nearer to 0 by that much elsewhere."""

    function = F.softshrink
    lambd: float = 0.5


class RReLU(Activation):
    """``input``, and below 0 times a slope between ``lower`` and ``upper``: drawn at random in training, else their middle."""

    function = F.rrelu
    lower: float = 1.0 / 8
    upper: float = 1.0 / 3
    inplace: bool = False

    def forward(self, input: Tensor) -> Tensor:  # type: ignore[override]  # it takes one input
        return F.rrelu(input, self.lower, self.upper, self.training, self.inplace)


class PReLU(Module):
    """``input``, and ``weight * input`` below 0.

    Args:
        num_parameters: 1, or the number of channels.
        init: what the weight is at first.
        device: ``"cpu"``.
        dtype: of the weight.

    Attributes:
        weight: (num_parameters,).
    """

    def __init__(
        self, num_parameters: int = 1, init: float = 0.25, device: Any = None, dtype: Dtype | None = None
    ) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.init = init
        self.weight = Parameter(empty(num_parameters, device=device, dtype=dtype))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Starts anew."""
        init.constant_(self.weight, self.init)

    def forward(self, input: Tensor) -> Tensor:
        return F.prelu(input, self.weight)

    def extra_repr(self) -> str:
        return f"num_parameters={self.num_parameters}"


class _AlongDimension(Activation):
    """Softmax and its like; the dimension is better given than left to an old rule."""

    def forward(self, input: Tensor) -> Tensor:  # type: ignore[override]  # it takes one input
        return type(self).function(input, self.dim)


class Softmax(_AlongDimension):
    """exp(input), divided by its sum along ``dim``."""

    function = F.softmax
    dim: int | None = None

    def __init__(self, dim: int | None = None) -> None:
        if dim is not None and (not isinstance(dim, int) or isinstance(dim, bool)):
            raise TypeError(f"dim must be an int or None, got {type(dim)}")
        super().__init__(dim)


class Softmin(_AlongDimension):
    """``softmax(-input)``."""

    function = F.softmin
    dim: int | None = None


class LogSoftmax(_AlongDimension):
    """The logarithm of softmax along ``dim``."""

    function = F.log_softmax
    dim: int | None = None


class Softmax2d(Module):
    """Softmax over the channels, at each place of a picture: (batch, channels, height, width), or one of a batch.

    Raises:
        ValueError: there are other numbers of dimensions.
    """

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim not in (3, 4):
            raise ValueError(f"Softmax2d: expected input to be 3D or 4D, got {input.ndim}D instead")
        return F.softmax(input, -3)
