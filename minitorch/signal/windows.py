"""Windows for signals: ``M`` numbers that rise and fall.

Each is symmetric, or without ``sym`` the same of one more number, without the last. All take dtype (float32 or float64), layout,
device and requires_grad by keyword.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from minitorch import dtypes
from minitorch.creation import made
from minitorch.dtypes import get_default_dtype
from minitorch.memory_format import strided

if TYPE_CHECKING:
    from minitorch.tensor import Tensor

__all__ = [
    "bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming", "hann",
    "kaiser", "nuttall",
]  # fmt: skip

Shape = Callable[[np.ndarray, int], np.ndarray]
"""The window's numbers for places 0, 1, …, and the last of the symmetric window."""


def _check(name: str, M: int, dtype: Any = None, layout: Any = None, **others: Any) -> None:
    """Raises ValueError for a negative length, another layout than the strided one, or another dtype."""
    wanted = dtype or get_default_dtype()
    if M < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={M}")
    if layout not in (None, strided):
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    if wanted not in (dtypes.float32, dtypes.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {wanted}")


def _window(
    shape: Shape,
    M: int,
    sym: bool,
    *,
    dtype: Any = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    wanted = (dtype or get_default_dtype()).numpy
    if M <= 1:
        return made(np.ones(M, wanted), device, requires_grad)
    numbers = shape(np.arange(M, dtype=np.float64), M - 1 if sym else M)
    return made(numbers.astype(wanted), device, requires_grad)


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True, **settings: Any) -> Tensor:
    """exp(-|n - center| / tau), with the center in the middle unless given.

    Raises:
        ValueError: tau is not positive, or a symmetric window has a center of its own.
    """
    _check("exponential", M, **settings)
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")
    return _window(
        lambda n, last: np.exp(-np.abs(n - (last / 2 if center is None else center)) / tau), M, sym, **settings
    )


def cosine(M: int, *, sym: bool = True, **settings: Any) -> Tensor:
    """sin(π (n + 1/2) / M)."""
    _check("cosine", M, **settings)
    return _window(lambda n, last: np.sin(math.pi * (n + 0.5) / (last + 1)), M, sym, **settings)


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, **settings: Any) -> Tensor:
    """exp(-(n - center)² / 2 std²).

    Raises:
        ValueError: the standard deviation is not positive.
    """
    _check("gaussian", M, **settings)
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return _window(lambda n, last: np.exp(-(((n - last / 2) / std) ** 2) / 2), M, sym, **settings)


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, **settings: Any) -> Tensor:
    """i0(beta √(1 - (2n/N - 1)²)) / i0(beta), with the Bessel function of ``torch.i0``.

    Raises:
        ValueError: beta is negative.
    """
    _check("kaiser", M, **settings)
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")

    def shape(n: np.ndarray, last: int) -> np.ndarray:
        return np.i0(beta * np.sqrt(np.maximum(1 - (2 * n / last - 1) ** 2, 0))) / np.i0(beta)

    return _window(shape, M, sym, **settings)


def bartlett(M: int, *, sym: bool = True, **settings: Any) -> Tensor:
    """1 - |2n/N - 1|: a triangle."""
    _check("bartlett", M, **settings)
    return _window(lambda n, last: 1 - np.abs(2 * n / last - 1), M, sym, **settings)


def general_cosine(M: int, *, a: Iterable[float], sym: bool = True, **settings: Any) -> Tensor:
    """The sum of (-1)^i a[i] cos(2π i n / N).

    Raises:
        TypeError: the coefficients are no sequence.
        ValueError: there are none.
    """
    _check("general_cosine", M, **settings)
    if M > 1 and not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    if M > 1 and not a:
        raise ValueError("Coefficients cannot be empty")

    def shape(n: np.ndarray, last: int) -> np.ndarray:
        waves = [(-1) ** i * weight * np.cos(2 * math.pi * i * n / last) for i, weight in enumerate(a)]
        return np.sum(waves, axis=0)

    return _window(shape, M, sym, **settings)


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, **settings: Any) -> Tensor:
    """alpha - (1 - alpha) cos(2πn/N)."""
    return general_cosine(M, a=[alpha, 1.0 - alpha], sym=sym, **settings)


def hamming(M: int, *, sym: bool = True, **settings: Any) -> Tensor:
    """0.54 - 0.46 cos(2πn/N)."""
    return general_hamming(M, sym=sym, **settings)


def hann(M: int, *, sym: bool = True, **settings: Any) -> Tensor:
    """1/2 - 1/2 cos(2πn/N)."""
    return general_hamming(M, alpha=0.5, sym=sym, **settings)


def blackman(M: int, *, sym: bool = True, **settings: Any) -> Tensor:
    """0.42 - 0.5 cos(2πn/N) + 0.08 cos(4πn/N)."""
    _check("blackman", M, **settings)
    return general_cosine(M, a=[0.42, 0.5, 0.08], sym=sym, **settings)


def nuttall(M: int, *, sym: bool = True, **settings: Any) -> Tensor:
    """A sum of four cosines with small side lobes."""
    return general_cosine(M, a=[0.3635819, 0.4891775, 0.1365995, 0.0106411], sym=sym, **settings)
