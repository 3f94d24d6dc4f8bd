"""What nodes have saved is read under torch's names: for every row of the table of cases."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import minitorch
from tests.ops.case import VALUES, Case
from tests.ops.cases import CASES
from tests.oracle import assert_close, numbers

OTHERWISE = {
    ("LerpBackward1", "_saved_self"): "quantiles keep both ends, though their weights never need a gradient",
    ("LerpBackward1", "_saved_end"): "quantiles keep both ends, though their weights never need a gradient",
    ("MaskedFillBackward0", "_saved_mask"): "the mask is kept as it was given, not expanded",
    ("DivBackward2", "_saved_self"): "its gradient is 0, for which nothing needs saving",
    ("DivBackward2", "_saved_other"): "its gradient is 0, for which nothing needs saving",
    ("GatherBackward0", "_saved_self"): "only the shape is kept",
    ("IndexSelectBackward0", "_saved_index"): "the indices are kept as an array",
    (
        "IndexFillBackward0",
        "_saved_index",
    ): "indices that count from the end are kept as those that count from the beginning",
    **dict.fromkeys(
        [("ScatterReduceBackward0", f"_saved_{name}") for name in ("self", "src", "result")],
        "sums and means have gradients that do not depend on what was taken together, and it is not kept",
    ),
    ("SgnBackward0", "_saved_self"): "real numbers have a gradient of 0, for which nothing needs saving",
    ("SgnBackward0", "_saved_result"): "real numbers have a gradient of 0, for which nothing needs saving",
    ("LogSigmoidBackward0", "_saved_buffer"): "it would hold exp(-|a|), which takes less time to compute than to keep",
    ("ErfinvBackward0", "_saved_self"): "the result is kept, of which the derivative is a formula",
    **dict.fromkeys(
        [(f"{name}Backward1", "_saved_result") for name in ("Celu", "Elu", "LeakyRelu")]
        + [(f"Special{name}Backward0", "_saved_result") for name in ("Erfcx", "I0E", "I1", "I1E", "LogNdtr")],
        "the derivative is a formula in the input, which is kept",
    ),
    ("NllLossBackward0", "_saved_self"): "a single sample is saved as a batch of one",
    ("NllLossBackward0", "_saved_target"): "a single sample is saved as a batch of one",
    ("NllLossBackward0", "_saved_weight"): "one weight for each sample is saved",
    ("NllLossBackward0", "_saved_total_weight"): "one weight for each sample is saved",
    ("NllLoss2DBackward0", "_saved_weight"): "one weight for each position is saved",
    ("NllLoss2DBackward0", "_saved_total_weight"): "one weight for each position is saved",
    **dict.fromkeys(
        [
            ("LinalgSvdBackward0", "_saved_U"),
            ("LinalgSvdBackward0", "_saved_Vh"),
            ("LinalgEighBackward0", "_saved_eigenvectors"),
        ],
        "the signs of vectors are not determined",
    ),
}

WITH_SIGNS = [case for case in CASES if not case.name.startswith(("linalg.svd ", "svd", "linalg.eigh "))]
"""Without singular vectors and eigenvectors, which may be the others' opposites."""

COMPLETE = {
    "AbsBackward0", "AddBackward0", "AddmmBackward0", "AmaxBackward0", "BmmBackward0", "ClampBackward1", "ConvolutionBackward0",
    "CosBackward0", "DivBackward0", "DotBackward0", "ExpBackward0", "LinalgVectorNormBackward0", "Log1PBackward0", "LogBackward0",
    "LogSoftmaxBackward0", "MaxBackward0", "MaxBackward1", "MaximumBackward0", "MaxPool2DWithIndicesBackward0", "MmBackward0",
    "MseLossBackward0", "MulBackward0", "MvBackward0", "PowBackward0", "PowBackward1", "PowBackward2", "ReciprocalBackward0",
    "ReluBackward0", "SigmoidBackward0", "SinBackward0", "SoftmaxBackward0", "SqrtBackward0", "TanhBackward0", "WhereBackward0",
}  # fmt: skip
"""Nodes that show everything that torch's show."""


def nodes(tensor: Any) -> list[Any]:
    found: dict[Any, None] = {}
    waiting = [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in found:
            found[node] = None
            waiting.extend(below for below, _ in reversed(node.next_functions))
    return list(found)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", WITH_SIGNS, ids=lambda case: case.name)
@settings(max_examples=2)
@given(data=st.data())
def test_saved_tensors_have_torchs_names_and_contents(case: Case, data: Any):
    source = np.random.default_rng(0)
    arrays = [VALUES[case.values](source, shape) for shape in data.draw(case.shapes)]
    ours, theirs = (
        case.call(lib, *(lib.from_numpy(np.array(array)).requires_grad_() for array in arrays))
        for lib in (minitorch, torch)
    )
    for mine, node in zip(nodes(ours), nodes(theirs), strict=True):
        for name in dir(node):
            if not name.startswith("_saved_") or (node.name(), name) in OTHERWISE:
                continue
            saved = getattr(node, name)
            if isinstance(saved, torch.Tensor):
                if not hasattr(mine, name):  # a formula may need less, or something else, than torch's
                    assert node.name() not in COMPLETE, (node.name(), name)
                    continue
                found = getattr(mine, name)
                assert tuple(found.shape) == tuple(saved.shape), (node.name(), name)
                assert found.requires_grad == saved.requires_grad, (node.name(), name)
                assert_close(numbers(found).astype(np.float64), numbers(saved).astype(np.float64))
            elif saved is None:
                assert getattr(mine, name, None) is None, (node.name(), name)
