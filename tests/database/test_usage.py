"""Of what torch's users use, by the count that torch publishes: what minitorch has, and what it has not."""

from __future__ import annotations

from torch._functorch.top_operators_github_usage import method_only_ops, top_torch

import minitorch

OUTSIDE = {
    "complex numbers and Fourier transforms": "fft ifft rfft irfft stft istft real imag angle conj",
    "sparse tensors": "sparse_coo_tensor to_mkldnn",
    "quantised tensors": "quantize_per_tensor quantize_per_channel dequantize",
    "removed from torch": "symeig eig solve lstsq matrix_rank",
}
"""Families that are out of scope, and their names in the lists."""

NOT_YET = {
    "the largest eigenvalues of large matrices": "lobpcg",
}
"""What is still to be written; a name that is there goes from here."""


def names_in(families: dict[str, str]) -> set[str]:
    return set(" ".join(families.values()).split())


def test_what_is_missing_is_known():
    wanted = {name: minitorch for name, _ in top_torch} | dict.fromkeys(method_only_ops, minitorch.Tensor)
    missing = {name for name, place in wanted.items() if not hasattr(place, name)}
    assert missing - names_in(OUTSIDE) == names_in(NOT_YET)
