"""Of what torch's users use, by the count that torch publishes, minitorch has nearly all."""

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

LEFT_OUT = set(" ".join(OUTSIDE.values()).split())
SHARE = 0.95


def missing(names: list[str], place: object) -> list[str]:
    return [name for name in names if name not in LEFT_OUT and not hasattr(place, name)]


def test_functions_of_the_package():
    names = [name for name, _ in top_torch]
    absent = missing(names, minitorch)
    assert len(absent) <= (1 - SHARE) * len(set(names) - LEFT_OUT), f"missing: {absent}"


def test_methods_of_tensors():
    absent = missing(method_only_ops, minitorch.Tensor)
    assert len(absent) <= (1 - SHARE) * len(set(method_only_ops) - LEFT_OUT), f"missing: {absent}"
