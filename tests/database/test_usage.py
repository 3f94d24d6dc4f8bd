"""Of what torch's users use, by the count that torch publishes: what minitorch has, and what it has not."""

from __future__ import annotations

from typing import Any

from torch._functorch.top_operators_github_usage import method_only_ops, top_nn_functional, top_nn_module, top_torch

import minitorch

OUTSIDE = {
    "complex numbers and Fourier transforms": "fft ifft rfft irfft stft istft real imag angle conj",
    "sparse tensors": "sparse_coo_tensor to_mkldnn",
    "quantised tensors": "quantize_per_tensor quantize_per_channel dequantize",
    "removed from torch": "symeig eig solve lstsq matrix_rank",
}
"""Families that are out of scope, and their names in the lists."""

NO_FUNCTIONS = "torch math grad boolean_dispatch assert_int_or_pair handle_torch_function"
NO_FUNCTIONS += " has_torch_function has_torch_function_unary has_torch_function_variadic"
"""What else torch's module of functions has, and programs take from there: modules, and what torch itself is built with."""

NOT_YET = {"the largest eigenvalues of large matrices": "lobpcg"}
"""What is still to be written; a name that is there goes from here."""

NO_MODULES_YET = {
    "recurrent networks": "RNN LSTM GRU RNNBase RNNCell LSTMCell GRUCell RNNCellBase",
    "Transformers": """
        Transformer TransformerEncoder TransformerEncoderLayer TransformerDecoder TransformerDecoderLayer""",
    "modules that learn their sizes later": """
        LazyLinear LazyConv1d LazyConv2d LazyConv3d LazyConvTranspose1d LazyConvTranspose2d LazyConvTranspose3d LazyBatchNorm1d
        LazyBatchNorm2d LazyBatchNorm3d UninitializedParameter UninitializedBuffer""",
    "containers of parameters": "ParameterList ParameterDict Container",
    "several devices": "DataParallel SyncBatchNorm",
    "seldom used": "AdaptiveLogSoftmaxWithLoss CrossMapLRN2d NLLLoss2d",
}


def names_in(families: dict[str, str]) -> set[str]:
    return set(" ".join(families.values()).split())


def missing(names: list[str], place: Any) -> set[str]:
    return {name for name in names if not hasattr(place, name)}


def test_what_is_missing_is_known():
    absent = missing([name for name, _ in top_torch], minitorch) | missing(method_only_ops, minitorch.Tensor)
    assert absent - names_in(OUTSIDE) == names_in(NOT_YET)


def test_what_is_missing_of_nn_is_known():
    functions, modules = ([name.rpartition(".")[2] for name, *_ in each] for each in (top_nn_functional, top_nn_module))
    assert missing(functions, minitorch.nn.functional) == set(NO_FUNCTIONS.split())
    assert missing(modules, minitorch.nn) == names_in(NO_MODULES_YET)
