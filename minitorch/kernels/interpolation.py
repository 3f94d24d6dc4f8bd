"""How much pixels near a position count, for all devices: for each of them a polynomial in the distance t from the first."""

from __future__ import annotations

import numpy as np

SHARPNESS = -0.75  # of the cubic; Keys, Cubic Convolution Interpolation for Digital Image Processing, 1981
POLYNOMIALS = {  # for each tap, the factors of 1, t, t², t³
    "nearest": np.array([[1.0]]),
    "bilinear": np.array([[1.0, -1.0], [0.0, 1.0]]),
    "bicubic": np.array([[0, 0, 0, 0], [1, 0, -3, 2], [0, 0, 3, -2], [0, 0, 0, 0]])
    + SHARPNESS * np.array([[0, 1, -2, 1], [0, 0, -1, 1], [0, -1, 2, -1], [0, 0, 1, -1]]),
}


def weight_polynomials(mode: str, order: int) -> np.ndarray:
    """The factors for each tap, (taps, powers), of the weights' derivatives of that order."""
    polynomials = POLYNOMIALS[mode]
    for _ in range(order):
        polynomials = polynomials[:, 1:] * np.arange(1, polynomials.shape[1])
    return polynomials
