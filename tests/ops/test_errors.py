"""Mistakes: torch's type of error, and the first line of its text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import minitorch
from tests.ops.case import op
from tests.oracle import assert_same_error

MISTAKES: dict[str, Callable[[Any], Any]] = {
    "shapes that do not broadcast": lambda lib: lib.zeros(2, 3) + lib.zeros(2, 4),
    "shapes that do not broadcast, of unequal length": lambda lib: lib.zeros(5, 2, 3) * lib.zeros(3, 3),
    "comparing shapes that do not broadcast": lambda lib: lib.zeros(9) == lib.zeros(27),
    "where of shapes that do not broadcast": lambda lib: lib.where(lib.zeros(2) > 0, lib.zeros(3), lib.zeros(3)),
    "in place to a smaller shape": lambda lib: lib.zeros(3).add_(lib.zeros(2, 3)),
    "in place to a lower dtype": lambda lib: lib.zeros(3, dtype=lib.int64).add_(0.5),
    "in place division of integers": lambda lib: lib.ones(3, dtype=lib.int64).div_(2),
    "add a string": lambda lib: lib.add(lib.zeros(3), "a"),
    "add None": lambda lib: lib.mul(lib.zeros(3), None),
    "unknown rounding": lambda lib: lib.div(lib.zeros(3), 2, rounding_mode="up"),
    "integers divided by zero": lambda lib: lib.ones(3, dtype=lib.int64) // 0,
    "integers modulo zeros": lambda lib: lib.ones(3, dtype=lib.int64) % lib.zeros(3, dtype=lib.int64),
    "integers to a negative power": lambda lib: lib.ones(3, dtype=lib.int64) ** -1,
    "clamp without bounds": lambda lib: lib.zeros(3).clamp(),
    "where without a mask": lambda lib: lib.where(lib.zeros(3), 1, 2),
    "masked_fill without a mask": lambda lib: lib.zeros(3).masked_fill(lib.zeros(3), 1),
    "masked_fill with a row": lambda lib: lib.zeros(3).masked_fill(lib.zeros(3) > 0, lib.zeros(3)),
    "fill_ with a row": lambda lib: lib.zeros(3).fill_(lib.zeros(3)),
    "sum over a dimension that is not there": lambda lib: lib.zeros(2, 3).sum(2),
    "sum over a dimension before the first": lambda lib: lib.zeros(2, 3).sum(-3),
    "sum over a dimension twice": lambda lib: lib.zeros(2, 3).sum((0, 0)),
    "sum of a number over a dimension": lambda lib: lib.zeros(()).sum(1),
    "mean of integers": lambda lib: lib.zeros(3, dtype=lib.int64).mean(),
    "mean of integers over a dimension": lambda lib: lib.zeros(3, dtype=lib.int64).mean(0),
    "norm of integers": lambda lib: lib.zeros(3, dtype=lib.int64).norm(),
    "max of nothing": lambda lib: lib.zeros(0).max(),
    "min of nothing": lambda lib: lib.zeros(0, 2).min(),
    "max of nothing over a dimension": lambda lib: lib.zeros(2, 0).max(1),
    "amax of nothing": lambda lib: lib.zeros(0).amax(),
    "amin of nothing over a dimension": lambda lib: lib.zeros(2, 0).amin(1),
    "argmax of nothing": lambda lib: lib.zeros(0).argmax(),
    "argmax of nothing over a dimension": lambda lib: lib.zeros(2, 0).argmax(1),
    "max over a dimension that is not there": lambda lib: lib.zeros(2).max(1),
    "maximum with a number": lambda lib: lib.maximum(lib.zeros(2), 1),
    "view of another size": lambda lib: lib.zeros(15).view(4, 4),
    "view with two unknowns": lambda lib: lib.zeros(15).view(-1, -1),
    "view with a negative size": lambda lib: lib.zeros(15).view(-2, 3),
    "view that does not divide": lambda lib: lib.zeros(15).view(4, -1),
    "view of nothing with an unknown": lambda lib: lib.zeros(0).view(0, -1),
    "view across strides": lambda lib: lib.zeros(3, 4).t().view(12),
    "reshape to another size": lambda lib: lib.zeros(15).reshape(4, 4),
    "flatten backwards": lambda lib: lib.zeros(2, 3).flatten(1, 0),
    "expand another size": lambda lib: lib.zeros(2, 3).expand(2, 4),
    "expand to fewer dimensions": lambda lib: lib.zeros(2, 3).expand(3),
    "expand a new dimension to -1": lambda lib: lib.zeros(3).expand(-1, 3),
    "squeeze a dimension that is not there": lambda lib: lib.zeros(2, 3).squeeze(2),
    "unsqueeze too far": lambda lib: lib.zeros(2).unsqueeze(3),
    "transpose a dimension that is not there": lambda lib: lib.zeros(2, 3).transpose(0, 2),
    "t of a cube": lambda lib: lib.zeros(2, 3, 4).t(),
    "permute too few": lambda lib: lib.zeros(2, 3).permute(0),
    "permute one twice": lambda lib: lib.zeros(2, 3).permute(0, 0),
    "mT of a vector": lambda lib: lib.zeros(2).mT,
    "select beyond": lambda lib: lib.zeros(2, 3).select(1, 3),
    "select from a number": lambda lib: lib.zeros(()).select(0, 0),
    "narrow beyond": lambda lib: lib.zeros(3).narrow(0, 1, 3),
    "narrow from beyond": lambda lib: lib.zeros(3).narrow(0, 4, 1),
    "unbind a number": lambda lib: lib.zeros(()).unbind(),
    "iterate over a number": lambda lib: list(lib.zeros(())),
    "len of a number": lambda lib: len(lib.zeros(())),
    "cat of nothing": lambda lib: lib.cat([]),
    "cat of other sizes": lambda lib: lib.cat([lib.zeros(2, 3), lib.zeros(2, 4)]),
    "cat of other dimensions": lambda lib: lib.cat([lib.zeros(2, 3), lib.zeros(2)]),
    "cat of numbers": lambda lib: lib.cat([lib.zeros(()), lib.zeros(())]),
    "stack of nothing": lambda lib: lib.stack([]),
    "stack of other sizes": lambda lib: lib.stack([lib.zeros(2), lib.zeros(3)]),
    "index beyond": lambda lib: lib.zeros(2, 3)[2],
    "index beyond, second": lambda lib: lib.zeros(2, 3)[0, 3],
    "index before": lambda lib: lib.zeros(2, 3)[-3],
    "too many indices": lambda lib: lib.zeros(2, 3)[0, 0, 0],
    "index of a number": lambda lib: lib.zeros(())[0],
    "index with a float": lambda lib: lib.zeros(2)[0.5],
    "index with a string": lambda lib: lib.zeros(2)["a"],
    "index with a float tensor": lambda lib: lib.zeros(2)[lib.zeros(2)],
    "index with a tensor beyond": lambda lib: lib.zeros(2)[lib.tensor([0, 2])],
    "index with a mask of another shape": lambda lib: lib.zeros(2, 3)[lib.zeros(3) > 0],
    "index with tensors that do not broadcast": lambda lib: lib.zeros(2, 3)[lib.tensor([0, 1]), lib.tensor([0, 1, 2])],
    "index backwards": lambda lib: lib.zeros(3)[::-1],
    "index with step 0": lambda lib: lib.zeros(3)[::0],
    "set with a value of another shape": lambda lib: lib.zeros(2, 3).__setitem__(0, lib.zeros(4)),
    "set with a value of too many dimensions": lambda lib: lib.zeros(2, 3).__setitem__(0, lib.zeros(2, 3)),
    "set a mask with a value of another shape": lambda lib: lib.zeros(3).__setitem__(
        lib.tensor([True, True, False]), lib.zeros(3)
    ),
    "set positions with another dtype": lambda lib: lib.zeros(3).__setitem__([0, 1], lib.zeros(2).double()),
    "set with a list": lambda lib: lib.zeros(3).__setitem__(0, [1]),
    "set with a string": lambda lib: lib.zeros(3).__setitem__(0, "a"),
    "copy_ of another shape": lambda lib: lib.zeros(2, 3).copy_(lib.zeros(4)),
    "copy_ of more dimensions": lambda lib: lib.zeros(3).copy_(lib.zeros(2, 3)),
    "gather with another dtype": lambda lib: lib.zeros(3).gather(0, lib.zeros(3)),
    "gather with other dimensions": lambda lib: lib.zeros(3).gather(0, lib.tensor([[0]])),
    "gather beyond": lambda lib: lib.zeros(3).gather(0, lib.tensor([3])),
    "gather with too many": lambda lib: lib.zeros(2, 3).gather(1, lib.zeros(3, 1, dtype=lib.int64)),
    "mm of shapes that do not fit": lambda lib: lib.mm(lib.zeros(2, 3), lib.zeros(4, 5)),
    "mm of a vector": lambda lib: lib.mm(lib.zeros(3), lib.zeros(3, 4)),
    "mm of dtypes": lambda lib: lib.mm(lib.zeros(2, 3), lib.zeros(3, 4).double()),
    "matmul of shapes that do not fit": lambda lib: lib.zeros(2, 3) @ lib.zeros(4, 5),
    "matmul of a number": lambda lib: lib.zeros(()) @ lib.zeros(3),
    "matmul of vectors that do not fit": lambda lib: lib.zeros(2) @ lib.zeros(3),
    "matmul of matrix and vector that do not fit": lambda lib: lib.zeros(2, 3) @ lib.zeros(4),
    "matmul of vector and matrix that do not fit": lambda lib: lib.zeros(2) @ lib.zeros(3, 4),
    "matmul of stacks that do not broadcast": lambda lib: lib.zeros(2, 2, 3) @ lib.zeros(3, 3, 4),
    "matmul of stacks that do not fit": lambda lib: lib.zeros(2, 2, 3) @ lib.zeros(2, 4, 5),
    "matmul of stack and matrix that do not fit": lambda lib: lib.zeros(2, 2, 3) @ lib.zeros(4, 5),
    "bmm of matrices": lambda lib: lib.bmm(lib.zeros(2, 3), lib.zeros(3, 4)),
    "bmm of stacks that do not fit": lambda lib: lib.bmm(lib.zeros(2, 2, 3), lib.zeros(3, 3, 4)),
    "mv that does not fit": lambda lib: lib.mv(lib.zeros(2, 3), lib.zeros(2)),
    "dot of matrices": lambda lib: lib.dot(lib.zeros(2, 3), lib.zeros(3)),
    "dot of dtypes": lambda lib: lib.dot(lib.zeros(3), lib.zeros(3).double()),
    "outer of matrices": lambda lib: lib.outer(lib.zeros(2, 3), lib.zeros(3)),
    "addmm with a bias that does not fit": lambda lib: lib.addmm(lib.zeros(5), lib.zeros(2, 3), lib.zeros(3, 4)),
    "addmm of shapes that do not fit": lambda lib: lib.addmm(lib.zeros(5), lib.zeros(2, 3), lib.zeros(4, 5)),
    "linear that does not fit": lambda lib: op(lib, "linear")(lib.zeros(2, 3), lib.zeros(4, 5), lib.zeros(4)),
    "linear of dtypes": lambda lib: op(lib, "linear")(lib.zeros(2, 3), lib.zeros(4, 3).double(), lib.zeros(4).double()),
    "softmax of integers": lambda lib: lib.softmax(lib.zeros(3, dtype=lib.int64), 0),
    "log_softmax over a dimension that is not there": lambda lib: lib.log_softmax(lib.zeros(3), 1),
    "nll_loss with a target beyond": lambda lib: op(lib, "nll_loss")(lib.zeros(2, 3), lib.tensor([0, 3])),
    "nll_loss with a float target": lambda lib: op(lib, "nll_loss")(lib.zeros(2, 3), lib.zeros(2)),
    "nll_loss with another batch": lambda lib: op(lib, "nll_loss")(lib.zeros(2, 3), lib.tensor([0, 1, 2])),
    "nll_loss with a weight of another size": lambda lib: op(lib, "nll_loss")(
        lib.zeros(2, 3), lib.tensor([0, 1]), lib.zeros(2)
    ),
    "nll_loss with an unknown reduction": lambda lib: op(lib, "nll_loss")(
        lib.zeros(2, 3), lib.tensor([0, 1]), reduction="all"
    ),
    "cross_entropy with another batch": lambda lib: op(lib, "cross_entropy")(lib.zeros(2, 3), lib.tensor([0, 1, 2])),
    "cross_entropy with a target beyond": lambda lib: op(lib, "cross_entropy")(lib.zeros(2, 3), lib.tensor([0, -1])),
    "cross_entropy with a float target": lambda lib: op(lib, "cross_entropy")(lib.zeros(2, 3), lib.zeros(2)),
    "cross_entropy with too much smoothing": lambda lib: op(lib, "cross_entropy")(
        lib.zeros(2, 3), lib.tensor([0, 1]), label_smoothing=2.0
    ),
    "cross_entropy with integer probabilities": lambda lib: op(lib, "cross_entropy")(
        lib.zeros(2, 3), lib.zeros(2, 3, dtype=lib.int64)
    ),
    "mse_loss with an unknown reduction": lambda lib: op(lib, "mse_loss")(lib.zeros(2), lib.zeros(2), reduction="all"),
    "out of a lower dtype": lambda lib: lib.add(lib.zeros(3), lib.zeros(3), out=lib.zeros(3, dtype=lib.int64)),
    "out with a gradient": lambda lib: lib.add(lib.zeros(3), lib.zeros(3, requires_grad=True), out=lib.zeros(3)),
    "item of several": lambda lib: lib.zeros(3).item(),
    "bool of several": lambda lib: bool(lib.zeros(3)),
    "bool of none": lambda lib: bool(lib.zeros(0)),
    "a number out of range": lambda lib: lib.zeros(2, dtype=lib.uint8).fill_(256),
    "equal with a number": lambda lib: lib.equal(lib.zeros(2), 0),
    "numpy of a tensor with a gradient": lambda lib: lib.zeros(2, requires_grad=True).numpy(),
    "clamp between a tensor and a number": lambda lib: lib.clamp(lib.zeros(2), lib.zeros(2), 1),
    "clamp of bools": lambda lib: lib.zeros(2, dtype=lib.bool).clamp(False, True),
    "clamp_min with None": lambda lib: lib.clamp_min(lib.zeros(2), None),
    "round to decimals, of integers": lambda lib: lib.round(lib.arange(2), decimals=1),
    "round of bools": lambda lib: lib.zeros(2, dtype=lib.bool).round(),
    "frac of integers": lambda lib: lib.arange(2).frac(),
    "positive of bools": lambda lib: lib.positive(lib.zeros(2, dtype=lib.bool)),
    "erf of a number": lambda lib: lib.erf(0.5),
    "erf_ of integers": lambda lib: lib.arange(2).erf_(),
    "float_power_ of float": lambda lib: lib.zeros(2).float_power_(2),
    "hypot of integers": lambda lib: lib.hypot(lib.arange(2), lib.arange(2)),
    "logaddexp with a number": lambda lib: lib.logaddexp(lib.zeros(2), 1.0),
    "xlogy of numbers": lambda lib: lib.xlogy(1, 2),
    "fmod of a number": lambda lib: lib.fmod(2, lib.ones(2)),
    "fmod by zero": lambda lib: lib.arange(2).fmod(0),
    "gcd of floats": lambda lib: lib.gcd(lib.ones(2), lib.ones(2)),
    "shift of floats": lambda lib: lib.ones(2) << 1,
    "heaviside of two dtypes": lambda lib: lib.heaviside(lib.ones(2), lib.ones(2).double()),
    "a gradient of heaviside": lambda lib: lib.heaviside(lib.ones(2, requires_grad=True), lib.ones(2)).sum().backward(),
    "lerp to another dtype": lambda lib: lib.lerp(lib.ones(2), lib.ones(2).double(), 0.5),
    "lerp by another dtype": lambda lib: lib.lerp(lib.ones(2), lib.ones(2), lib.ones(2).double()),
    "lerp of integers": lambda lib: lib.lerp(lib.arange(2), lib.arange(2), 0.5),
    "addcdiv of integers": lambda lib: lib.addcdiv(lib.arange(2), lib.arange(2), lib.arange(2)),
    "addcmul of bools": lambda lib: lib.addcmul(*[lib.zeros(2, dtype=lib.bool)] * 3),
    "isclose of two dtypes": lambda lib: lib.isclose(lib.ones(2), lib.ones(2).double()),
    "allclose with a negative tolerance": lambda lib: lib.allclose(lib.ones(2), lib.ones(2), rtol=-1),
    "dist of integers": lambda lib: lib.dist(lib.arange(2), lib.arange(2)),
    "polygamma of negative order": lambda lib: lib.polygamma(-1, lib.ones(2)),
    "mvlgamma of no dimensions": lambda lib: lib.mvlgamma(lib.ones(2), 0),
    "in with a string": lambda lib: "a" in lib.zeros(2),
    "a gradient of another dtype": lambda lib: setattr(lib.zeros(2), "grad", lib.zeros(2).double()),
    "a gradient of halves": lambda lib: setattr(lib.zeros(2), "grad", lib.zeros(2).half()),
    "a gradient of another shape": lambda lib: setattr(lib.zeros(2), "grad", lib.zeros(3)),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_raises_torchs_error(mistake: Callable[[Any], Any]):
    assert_same_error(lambda: mistake(minitorch), lambda: mistake(torch))


def test_a_target_of_another_size_is_warned_about():
    for lib in (minitorch, torch):
        with pytest.warns(
            UserWarning, match=r"Using a target size \(torch.Size\(\[3\]\)\) that is different to the input size"
        ):
            result = lib.nn.functional.mse_loss(lib.ones(2, 3), lib.zeros(3))
        np.testing.assert_allclose(result.numpy(), 1)


def test_an_output_of_another_shape_is_resized_with_a_warning():
    for lib in (minitorch, torch):
        out = lib.zeros(2)
        with pytest.warns(UserWarning, match="An output with one or more elements was resized since it had shape"):
            assert lib.add(lib.ones(3), 1, out=out) is out
        assert out.tolist() == [2.0, 2.0, 2.0]


def test_the_gradient_of_a_tensor_that_is_not_a_leaf_is_warned_about_in_torchs_words():
    texts = []
    for lib in (minitorch, torch):
        with pytest.warns(UserWarning, match=r"The \.grad attribute of a Tensor that is not a leaf") as caught:
            assert (lib.ones(2, requires_grad=True) * 2).grad is None
        texts.append(str(caught[0].message).partition(" (Triggered")[0])
    assert texts[0] == texts[1]
